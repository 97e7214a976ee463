//! A schedule and its file form.

use serde::{Deserialize, Serialize};

use crate::{Fault, Injection};

/// Something that happens in the cluster at a time that nobody knows beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A node leads in a term later than that of any leader at the fault's time.
    NewLeader,
    /// A node stands for election.
    Election,
    /// A node appends an entry that is not committed yet.
    Append,
    /// A node writes a snapshot, or installs one.
    Snapshot,
}

/// A fault with its time.
///
/// Most faults begin at `at_ms`. One that hangs on an election waits for an [`Occasion`], and then for
/// another `hold_ms`: `{"id":3,"at_ms":2480,"for_ms":2400,"upon":"new-leader","hold_ms":150,…}` may begin
/// at any time from 2630 ms on. It ends at `at_ms + for_ms` all the same, and if its time to begin has not come
/// by then, nothing is done. A role in such a fault is resolved when the occasion comes, so that the leader is
/// the new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedFault {
    /// Its number in the schedule, from 0 in order of time.
    pub id: u64,
    /// When it fires, or begins to wait for its occasion, in milliseconds since the start of the load.
    pub at_ms: u64,
    /// How long after that it is healed, in milliseconds.
    pub for_ms: u64,
    /// What it waits for; absent if it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upon: Option<Occasion>,
    /// How long after its occasion it begins, in milliseconds; 0 without an occasion.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hold_ms: u64,
    /// What it does.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The faults of one test, in order of time: `schedule.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The version of this format, 1.
    pub version: u32,
    /// The size of the cluster that it was made for.
    pub nodes: u16,
    /// The seed that it was generated from; absent in a schedule made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The faults.
    pub faults: Vec<TimedFault>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Occasion {
    /// The moments for which faults are made to wait where a profile asks for `moments`.
    pub const MOMENTS: [Occasion; 3] = [Occasion::Election, Occasion::Append, Occasion::Snapshot];

    /// The occasion that an event of a node's trace shows. `become-candidate` is an election, `append` an
    /// append, `snapshot` and `install-snapshot` are snapshots, and `become-leader` is a new leader.
    pub fn shown_by(event: &str) -> Option<Self> {
        match event {
            "become-leader" => Some(Occasion::NewLeader),
            "become-candidate" => Some(Occasion::Election),
            "append" => Some(Occasion::Append),
            "snapshot" | "install-snapshot" => Some(Occasion::Snapshot),
            _ => None,
        }
    }

    /// Whether it shows in what nodes say of themselves when they are asked, as real ones are; the others only
    /// show in a trace.
    pub fn is_in_status(self) -> bool {
        self != Occasion::Snapshot
    }

    /// What it is called in labels.
    pub fn about(self) -> &'static str {
        match self {
            Occasion::NewLeader => "a new leader",
            Occasion::Election => "an election",
            Occasion::Append => "an append",
            Occasion::Snapshot => "a snapshot",
        }
    }
}

impl TimedFault {
    /// A fault that begins at its time. Its number is given by [`Schedule::new`].
    pub fn new(at_ms: u64, for_ms: u64, fault: Fault) -> Self {
        Self { id: 0, at_ms, for_ms, upon: None, hold_ms: 0, fault }
    }

    /// The fault, once that occasion has come and `hold_ms` more have passed.
    #[must_use]
    pub fn upon(self, occasion: Occasion, hold_ms: u64) -> Self {
        Self { upon: Some(occasion), hold_ms, ..self }
    }

    /// [`Fault::label`] with what the fault waits for: `partition leader (n3) upon a new leader`, or
    /// `kill n2 150 ms after a new leader`.
    pub fn label(&self, resolved: Option<&Injection>) -> String {
        let label = self.fault.label(resolved);
        match (self.upon, self.hold_ms) {
            (None, _) => label,
            (Some(occasion), 0) => format!("{label} upon {}", occasion.about()),
            (Some(occasion), hold_ms) => format!("{label} {hold_ms} ms after {}", occasion.about()),
        }
    }

    /// When it is healed, in milliseconds since the start of the load.
    pub fn end_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.for_ms)
    }
}

impl Schedule {
    /// The version of the format that this crate reads and writes.
    pub const VERSION: u32 = 1;

    /// A schedule of faults in any order: sorts them by time and numbers them.
    pub fn new(nodes: u16, seed: Option<u64>, mut faults: Vec<TimedFault>) -> Self {
        faults.sort_by_key(|fault| fault.at_ms);
        for (id, fault) in (0..).zip(&mut faults) {
            fault.id = id;
        }
        Self { version: Self::VERSION, nodes, seed, faults }
    }

    /// A schedule without any fault.
    pub fn empty(nodes: u16) -> Self {
        Self::new(nodes, None, Vec::new())
    }

    /// When the last fault is healed, in milliseconds since the start of the load; 0 without faults.
    pub fn end_ms(&self) -> u64 {
        self.faults.iter().map(TimedFault::end_ms).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, Targets};

    fn kill_leader() -> TimedFault {
        TimedFault::new(5, 90, Fault::Kill { targets: Targets::Role(Role::Leader) })
    }

    #[test]
    fn what_a_fault_waits_for_is_written_only_where_it_waits() {
        let plain = r#"{"id":0,"at_ms":5,"for_ms":90,"kind":"kill","targets":{"role":"leader"}}"#;
        assert_eq!(serde_json::to_string(&kill_leader()).unwrap(), plain);
        let waits = r#"{"id":0,"at_ms":5,"for_ms":90,"upon":"new-leader","hold_ms":7,"kind":"kill","targets":{"role":"leader"}}"#;
        let waiting = kill_leader().upon(Occasion::NewLeader, 7);
        assert_eq!(serde_json::to_string(&waiting).unwrap(), waits);
        for (text, fault) in [(plain, kill_leader()), (waits, waiting)] {
            assert_eq!(serde_json::from_str::<TimedFault>(text).unwrap(), fault);
        }
    }

    #[test]
    fn a_label_says_what_the_fault_waits_for() {
        assert_eq!(kill_leader().label(None), "kill leader");
        let at_once = kill_leader().upon(Occasion::NewLeader, 0);
        assert_eq!(at_once.label(None), "kill leader upon a new leader");
        let later = kill_leader().upon(Occasion::NewLeader, 70);
        assert_eq!(later.label(None), "kill leader 70 ms after a new leader");
    }
}
