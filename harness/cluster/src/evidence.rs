//! What was seen to have happened to a process.

use std::fmt;

use ordalia_node::NodeId;
use serde::Serialize;

/// How a process ended. Either a code or a signal is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exit {
    /// The exit status of a process that ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The name of the signal that ended it, `SIGKILL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Whether the controller had asked it to end, by a kill or a termination.
    pub asked: bool,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.signal, self.code) {
            (Some(signal), _) => write!(f, "ended by {signal}"),
            (None, Some(code)) => write!(f, "ended with status {code}"),
            (None, None) => write!(f, "ended in an unknown way"),
        }
    }
}

/// A process was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartEvidence {
    /// The node.
    pub node: NodeId,
    /// Its process id.
    pub pid: i32,
    /// How many times the node was started, this time included.
    pub life: u32,
}

/// A process was stopped: it is gone, and so is the rest of its process group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopEvidence {
    /// The node.
    pub node: NodeId,
    /// The process id it had.
    pub pid: i32,
    /// How it ended.
    pub exit: Exit,
    /// Whether SIGKILL was sent: always by a kill, by a termination only once its grace was over.
    pub forced: bool,
    /// From the first signal to the end of the last process of its group, in microseconds.
    pub took_us: u64,
}

/// A process was paused, or resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PauseEvidence {
    /// The node.
    pub node: NodeId,
    /// Its process id.
    pub pid: i32,
    /// The state that /proc/PID/stat showed at last: `T` when it is paused, another when not.
    pub state: char,
    /// The threads it has. A pause holds for all of them.
    pub threads: usize,
    /// From the signal to that state, in microseconds.
    pub took_us: u64,
}
