//! `membership`: a group shows who joined and did not leave, as long as their sessions live.
//!
//! Source: group membership in Hunt et al., *ZooKeeper*, USENIX ATC 2010, §2.4.
//!
//! Assumes `join` and `leave` with an owner, `members` which completes with a list of owners, and `session` acts of the agents
//! with owner and state. It demands what `ephemeral` does, and that who left (ok) is gone from the next look on until it
//! joins again. Without it work is given to the dead, or never to the living.
//!
//! Whoever may have left is not demanded to be seen, and a join of unknown outcome excuses being seen.

use std::time::Duration;

use super::presence::Presence;
use crate::{Budget, Checker, History, Judgement};

/// Checks groups.
#[derive(Clone, Copy, Debug)]
pub struct Membership {
    /// How long after the end of its session a member may still be seen.
    pub bound: Duration,
    /// After how long without heartbeats a session ends.
    pub timeout: Duration,
}

impl Default for Membership {
    /// Five seconds, and a time-out of two.
    fn default() -> Self {
        Self { bound: Duration::from_secs(5), timeout: Duration::from_secs(2) }
    }
}

impl Checker for Membership {
    fn name(&self) -> &str {
        "membership"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let (bound, timeout) = (self.bound, self.timeout);
        Presence { enter: "join", leave: Some("leave"), look: "members", bound, timeout }.judge(history)
    }
}
