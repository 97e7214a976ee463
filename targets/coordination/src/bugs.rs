//! The defects of the service that can be planted, beside those of the Raft core.

use std::collections::BTreeSet;

use ordalia_node::BugInfo;
use serde::{Deserialize, Serialize};

/// One defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// An outbox is emptied by time, and not by what the client has taken.
    LostWatch,
    /// A new leader's expiry spares the nodes that are older than its office.
    EphemeralLeak,
    /// A new leader counts time-outs from when it first heard of the sessions.
    EarlyExpiry,
    /// `sync` does not ask the leader.
    StaleSync,
    /// Numbers of writes are remembered by the node that took them.
    DoubleCreate,
    /// Within a `multi` nobody compares the version of a `set`.
    VersionIgnored,
}

/// The defects by name, as the target declares them.
pub const INFO: &[BugInfo] = &[
    BugInfo {
        name: "lost-watch",
        about: "events are forgotten once they were told, whether or not the client took them",
        with: &[],
    },
    BugInfo {
        name: "ephemeral-leak",
        about: "a leader that ends a session removes only the ephemerals that were created since it leads",
        with: &[],
    },
    BugInfo {
        name: "early-expiry",
        about: "a new leader does not give the sessions their time-out anew",
        with: &[],
    },
    BugInfo {
        name: "stale-sync",
        about: "sync is answered by the asked node from what it has applied",
        // Reads of the leader are fresh, whatever a sync before them did, and an agent may ask two members.
        with: &[("reads", "local"), ("ensemble", "9")],
    },
    BugInfo {
        name: "double-create",
        about: "each node remembers for itself which writes it took, so that another carries a retry out again",
        with: &[],
    },
    BugInfo { name: "version-ignored", about: "a set within a multi does not compare versions", with: &[] },
];

const ALL: [Bug; 6] = [
    Bug::LostWatch,
    Bug::EphemeralLeak,
    Bug::EarlyExpiry,
    Bug::StaleSync,
    Bug::DoubleCreate,
    Bug::VersionIgnored,
];

/// Which defects are planted. Commands carry them, so that all nodes apply one alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bugs(u8);

impl Bugs {
    /// Those of that name; names of others are passed over.
    pub fn among(names: &BTreeSet<&str>) -> Self {
        let mut bugs = Self::default();
        for (info, bug) in INFO.iter().zip(ALL) {
            if names.contains(info.name) {
                bugs.plant(bug);
            }
        }
        bugs
    }

    /// Plants one more.
    pub fn plant(&mut self, bug: Bug) {
        self.0 |= 1 << bug as u8;
    }

    /// Whether that one is planted.
    pub const fn has(self, bug: Bug) -> bool {
        self.0 & (1 << bug as u8) != 0
    }

    /// Whether none is.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_plants_its_own_bug() {
        for (place, info) in INFO.iter().enumerate() {
            let bugs = Bugs::among(&BTreeSet::from([info.name]));
            let planted: Vec<usize> = (0..ALL.len()).filter(|place| bugs.has(ALL[*place])).collect();
            assert_eq!(planted, [place], "{}", info.name);
        }
        assert!(Bugs::among(&BTreeSet::from(["any-vote"])).is_empty());
    }
}
