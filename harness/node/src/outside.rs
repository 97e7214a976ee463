//! What stands outside a cluster and takes posts.

use std::fmt::Debug;
use std::time::Duration;

use crate::{Act, Value};

/// A service outside the cluster, as a state machine. A driver hands it every post that arrives: an HTTP
/// server in a real run, the simulator in virtual time.
pub trait Outside: Send + Debug {
    /// A post arrived.
    ///
    /// `time_ns` counts from the start of the load, and is 0 before it. `path` is that of the URL, with its
    /// leading slash. What is random is drawn from `dice`, any 64 bits at a time.
    fn post(&mut self, time_ns: u64, path: &str, body: &Value, dice: &mut dyn FnMut() -> u64)
    -> OutsideReply;
}

/// What comes of a post.
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideReply {
    /// How long it takes until the answer leaves, or the connection breaks.
    pub after: Duration,
    /// The HTTP status; `None` if the connection breaks without an answer.
    pub status: Option<u16>,
    /// What goes into the history, at the time of the post.
    pub acts: Vec<Act>,
}

/// Why a post has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostError {
    /// Whether it is certain that nothing was sent.
    pub definite: bool,
    /// For a person.
    pub text: String,
}
