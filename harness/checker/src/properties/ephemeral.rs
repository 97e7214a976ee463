//! `ephemeral`: a node of a session is seen as long as the session lives, and is gone soon after.
//!
//! Source: ephemeral znodes in Hunt et al., *ZooKeeper*, USENIX ATC 2010, §2.2.
//!
//! Assumes `hold` with an owner, `holders` which completes with a list of owners, and `session` acts of the agents with owner and
//! state. Without it locks and memberships outlive the dead, or are lost by the living.
//!
//! - A look shows each owner whose hold was ok before it began, if the owner held again under the same session after the look.
//! - No look shows an owner from the bound after the end of its session on; where an agent crashed, its session ends at most a
//!   time-out after the owner's next one was opened. The look counts if no fault was in force for the bound before it.
//! - Nobody is seen who never began to hold.
//!
//! A hold of unknown outcome may take effect at any time: from then on its owner may be seen for ever. Looks
//! are taken for linearizable; a service that reads locally breaks this.

use std::time::Duration;

use super::presence::Presence;
use crate::{Budget, Checker, History, Judgement};

/// Checks ephemeral nodes.
#[derive(Clone, Copy, Debug)]
pub struct Ephemeral {
    /// How long after the end of its session a node may still be seen.
    pub bound: Duration,
    /// After how long without heartbeats a session ends.
    pub timeout: Duration,
}

impl Default for Ephemeral {
    /// Five seconds, and a time-out of two.
    fn default() -> Self {
        Self { bound: Duration::from_secs(5), timeout: Duration::from_secs(2) }
    }
}

impl Checker for Ephemeral {
    fn name(&self) -> &str {
        "ephemeral"
    }

    fn check(&self, history: &History, _budget: &Budget) -> Judgement {
        let (bound, timeout) = (self.bound, self.timeout);
        Presence { enter: "hold", leave: None, look: "holders", bound, timeout }.judge(history)
    }
}
