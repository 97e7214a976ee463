//! The properties by their names on the command line.

use super::{
    Bank, Convergence, Counter, Guarantee, LongFork, Monotonic, Sequential, SessionGuarantee, SetFull,
    TotalQueue, UniqueIds,
};
use crate::Checker;

/// A property for the command line and for lists.
#[derive(Clone, Copy, Debug)]
pub struct PropertyInfo {
    /// The name of its checker.
    pub name: &'static str,
    /// What it demands, in a line.
    pub about: &'static str,
    /// Makes its checker with the usual settings.
    pub make: fn() -> Box<dyn Checker>,
}

/// All properties.
pub const PROPERTIES: &[PropertyInfo] = &[
    PropertyInfo {
        name: "sequential",
        about: "one order of all register operations keeps each process's own order; real time does not count",
        make: || Box::new(Sequential::registers()),
    },
    PropertyInfo {
        name: "read-your-writes",
        about: "a process never reads a register as it was before its own write",
        make: || Box::new(SessionGuarantee::new(Guarantee::ReadYourWrites)),
    },
    PropertyInfo {
        name: "monotonic-reads",
        about: "a process never reads an older value of a register than it read before",
        make: || Box::new(SessionGuarantee::new(Guarantee::MonotonicReads)),
    },
    PropertyInfo {
        name: "monotonic-writes",
        about: "a process's writes to registers are seen in the order in which it made them",
        make: || Box::new(SessionGuarantee::new(Guarantee::MonotonicWrites)),
    },
    PropertyInfo {
        name: "writes-follow-reads",
        about: "who sees a write sees what its process had read before it",
        make: || Box::new(SessionGuarantee::new(Guarantee::WritesFollowReads)),
    },
    PropertyInfo {
        name: "set-full",
        about: "no element of a set is lost, duplicated or made up; how long until all reads show it",
        make: || Box::new(SetFull { linearizable: false }),
    },
    PropertyInfo {
        name: "set-full-linearizable",
        about: "set-full, and each read shows all that was acknowledged before it",
        make: || Box::new(SetFull { linearizable: true }),
    },
    PropertyInfo {
        name: "total-queue",
        about: "what was enqueued is dequeued once by the time the queue is drained",
        make: || Box::new(TotalQueue::default()),
    },
    PropertyInfo {
        name: "unique-ids",
        about: "no identifier is generated twice",
        make: || Box::new(UniqueIds),
    },
    PropertyInfo {
        name: "counter",
        about: "each read of a counter lies within what was certainly and what was possibly added",
        make: || Box::new(Counter::default()),
    },
    PropertyInfo {
        name: "bank",
        about: "transfers between accounts keep the total, and no balance is negative",
        make: || Box::new(Bank::default()),
    },
    PropertyInfo {
        name: "long-fork",
        about: "no two reads of a group of keys see two writes in opposite orders",
        make: || Box::new(LongFork),
    },
    PropertyInfo {
        name: "monotonic",
        about: "values from one increasing source are never seen to go backwards",
        make: || Box::new(Monotonic::default()),
    },
    PropertyInfo {
        name: "convergence",
        about: "after the last write all nodes come to show the same",
        make: || Box::new(Convergence::default()),
    },
];

/// The property of that name; `None` where there is none.
pub fn property(name: &str) -> Option<&'static PropertyInfo> {
    PROPERTIES.iter().find(|property| property.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, History, Verdict};

    #[test]
    fn each_checker_has_the_name_that_it_goes_by_and_says_nothing_of_nothing() {
        let nothing = History::new(Vec::new()).unwrap();
        for info in PROPERTIES {
            let checker = (info.make)();
            assert_eq!(checker.name(), info.name);
            assert_eq!(property(info.name).map(|found| found.about), Some(info.about));
            let judgement = checker.check(&nothing, &Budget::default());
            assert_eq!(judgement.valid, Verdict::Unknown, "{}", info.name);
            assert!(!judgement.reasons.is_empty(), "{}", info.name);
        }
        assert!(property("no such").is_none());
    }
}
