//! What clients ask of a target, and how the answers are judged: one module each.

mod counter;
mod election;
mod keys;
mod lock;
mod presence;
mod queue;
mod register;
mod sensors;
mod settings;
mod synced;
mod versions;
mod watch;

use ordalia_node::RequestKind;
use ordalia_workload::{Workload, WorkloadSettings};

pub use counter::Counter;
pub use election::Election;
pub use lock::Lock;
pub use presence::Presence;
pub use queue::Queue;
pub use register::Register;
pub use sensors::Sensors;
pub use synced::Synced;
pub use versions::Versions;
pub use watch::Watch;

/// A workload for the command line and for lists.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadInfo {
    /// The name on the command line.
    pub name: &'static str,
    /// What it asks and what it shows, in a line.
    pub about: &'static str,
    /// Makes it.
    pub make: fn(&WorkloadSettings) -> Box<dyn Workload>,
    /// The kinds of request that a target must answer.
    pub asks: &'static [RequestKind],
}

/// All workloads.
pub static ALL: &[WorkloadInfo] = &[
    WorkloadInfo {
        name: register::NAME,
        about: "reads, writes and cas on many keys, each of which must be linearizable",
        make: |settings| Box::new(Register::new(settings)),
        asks: register::ASKS,
    },
    WorkloadInfo {
        name: versions::NAME,
        about: "reads, writes and cas by version on nodes of a tree, each linearizable",
        make: |settings| Box::new(Versions::new(settings)),
        asks: versions::ASKS,
    },
    WorkloadInfo {
        name: synced::NAME,
        about: "a read after a sync at the same node is no older than what was acknowledged before",
        make: |settings| Box::new(Synced::new(settings)),
        asks: synced::ASKS,
    },
    WorkloadInfo {
        name: lock::NAME,
        about: "locks with fencing tokens, which may be lost with a session and are never held twice",
        make: |settings| Box::new(Lock::new(settings)),
        asks: lock::ASKS,
    },
    WorkloadInfo {
        name: election::NAME,
        about: "clients are elected and resign; one leader an epoch, and epochs rise",
        make: |settings| Box::new(Election::new(settings)),
        asks: election::ASKS,
    },
    WorkloadInfo {
        name: counter::NAME,
        about: "increments that tell the value after them, none lost or made twice",
        make: |settings| Box::new(Counter::new(settings)),
        asks: counter::ASKS,
    },
    WorkloadInfo {
        name: queue::NAME,
        about: "queues that are first in, first out, and are drained in the end",
        make: |settings| Box::new(Queue::new(settings)),
        asks: queue::ASKS,
    },
    WorkloadInfo {
        name: watch::NAME,
        about: "persistent watches tell of every change, in order",
        make: |settings| Box::new(Watch::new(settings)),
        asks: watch::ASKS,
    },
    WorkloadInfo {
        name: presence::EPHEMERAL,
        about: "ephemeral nodes are seen as long as their session lives, and gone soon after",
        make: |settings| Box::new(Presence::ephemeral(settings)),
        asks: presence::EPHEMERAL_ASKS,
    },
    WorkloadInfo {
        name: presence::MEMBERSHIP,
        about: "a group shows who joined and did not leave, as long as their sessions live",
        make: |settings| Box::new(Presence::membership(settings)),
        asks: presence::MEMBERSHIP_ASKS,
    },
    WorkloadInfo {
        name: sensors::NAME,
        about: "sensors go round by round through a barrier while their configuration changes",
        make: |settings| Box::new(Sensors::new(settings)),
        asks: sensors::ASKS,
    },
];

/// The workload of that name.
pub fn find(name: &str) -> Option<&'static WorkloadInfo> {
    ALL.iter().find(|workload| workload.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_found_by_the_names_that_they_have() {
        let settings = WorkloadSettings { seed: 1, threads: 2, rate: None };
        for info in ALL {
            let made = (find(info.name).unwrap().make)(&settings);
            assert_eq!((made.name(), made.asks()), (info.name, info.asks));
        }
        assert!(find("nothing").is_none());
    }
}
