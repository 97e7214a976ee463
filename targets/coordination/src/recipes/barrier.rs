//! A barrier that one node opens for all who wait.

use ordalia_node::{CoordinationAnswer, Refusal, Stat, WatchMode};

use super::unfit;
use super::{Look, View};
use crate::client::{Happening, Session};

/// What opens a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// That its node is gone, as on ZooKeeper's page. Whoever waits before it was put up passes.
    WhenGone,
    /// That its node is there. Whoever waits before that waits.
    WhenThere,
}

/// What became of waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// The barrier is open. What is known of its node comes along where it opens by being there.
    Open(Option<Stat>),
    /// The look failed, and nobody waits any more.
    Failed(Refusal),
}

/// One who waits at a barrier, which is a node.
///
/// Guarantees: nobody passes unless the node was gone (or there) at some time between the beginning of
/// the wait and the passing; whoever waits when it opens and stays so passes.
///
/// Leaves out: a time-out, with which the barrier would be none; and a barrier that opens and shuts again
/// so quickly that nobody looked meanwhile, so use a path once. The watch of one who has passed stays until
/// the node changes or the session ends, so remove the nodes of old barriers.
#[derive(Debug)]
pub struct Barrier {
    look: Option<Look>,
    opens: Opens,
}

impl Barrier {
    /// Begins to wait at the barrier of that path.
    pub fn wait(path: impl Into<String>, opens: Opens, session: &mut Session) -> Self {
        Self { look: Some(Look::new(path, View::Existence, WatchMode::Once, session)), opens }
    }

    /// Takes note of what befell. Gives an outcome once.
    pub fn on(&mut self, happening: &Happening, session: &mut Session) -> Option<Passed> {
        let outcome = match (self.look.as_mut()?.on(happening, session)?, self.opens) {
            (Ok(CoordinationAnswer::Existence { stat: None }), Opens::WhenGone) => Passed::Open(None),
            (Ok(CoordinationAnswer::Existence { stat: Some(stat) }), Opens::WhenThere) => {
                Passed::Open(Some(stat))
            }
            (Ok(CoordinationAnswer::Existence { .. }), _) => return None,
            (Ok(answer), _) => Passed::Failed(unfit(&answer)),
            (Err(refusal), _) => Passed::Failed(refusal),
        };
        self.look = None;
        Some(outcome)
    }
}
