//! The properties by their names on the command line.

use ordalia_history::Value;

use super::{
    Bank, BarrierSafety, Configuration, Convergence, Counter, Ephemeral, Guarantee, LongFork, Means,
    Membership, Monotonic, Office, OneLeader, PassesCounted, Progress, Sequential, SessionGuarantee,
    SessionsKept, SetFull, Synced, TotalQueue, UniqueIds, Watch,
};
use crate::Checker;

/// A property for the command line and for lists.
#[derive(Clone, Copy, Debug)]
pub struct PropertyInfo {
    /// The name of its checker.
    pub name: &'static str,
    /// What it demands, in a line.
    pub about: &'static str,
    /// Makes its checker with the usual settings, for objects that hold that value at first, where that
    /// matters; null for what such objects mostly do.
    pub make: fn(&Value) -> Box<dyn Checker>,
}

/// All properties.
pub static PROPERTIES: &[PropertyInfo] = &[
    PropertyInfo {
        name: "sequential",
        about: "one order of all register operations keeps each process's own order; real time does not count",
        make: |initial| Box::new(Sequential::registers(initial.clone())),
    },
    PropertyInfo {
        name: "read-your-writes",
        about: "a process never reads a register as it was before its own write",
        make: |initial| session(Guarantee::ReadYourWrites, initial),
    },
    PropertyInfo {
        name: "monotonic-reads",
        about: "a process never reads an older value of a register than it read before",
        make: |initial| session(Guarantee::MonotonicReads, initial),
    },
    PropertyInfo {
        name: "monotonic-writes",
        about: "a process's writes to registers are seen in the order in which it made them",
        make: |initial| session(Guarantee::MonotonicWrites, initial),
    },
    PropertyInfo {
        name: "writes-follow-reads",
        about: "who sees a write sees what its process had read before it",
        make: |initial| session(Guarantee::WritesFollowReads, initial),
    },
    PropertyInfo {
        name: "set-full",
        about: "no element of a set is lost, duplicated or made up; how long until all reads show it",
        make: |_| Box::new(SetFull { linearizable: false }),
    },
    PropertyInfo {
        name: "set-full-linearizable",
        about: "set-full, and each read shows all that was acknowledged before it",
        make: |_| Box::new(SetFull { linearizable: true }),
    },
    PropertyInfo {
        name: "total-queue",
        about: "what was enqueued is dequeued once by the time the queue is drained",
        make: |_| Box::new(TotalQueue::default()),
    },
    PropertyInfo {
        name: "unique-ids",
        about: "no identifier is generated twice",
        make: |_| Box::new(UniqueIds),
    },
    PropertyInfo {
        name: "counter",
        about: "each read of a counter lies within what was certainly and what was possibly added",
        make: |initial| Box::new(Counter { initial: initial.as_i64().unwrap_or(0) }),
    },
    PropertyInfo {
        name: "bank",
        about: "transfers between accounts keep the total, and no balance is negative",
        make: |_| Box::new(Bank::default()),
    },
    PropertyInfo {
        name: "long-fork",
        about: "no two reads of a group of keys see two writes in opposite orders",
        make: |_| Box::new(LongFork),
    },
    PropertyInfo {
        name: "monotonic",
        about: "values from one increasing source are never seen to go backwards",
        make: |_| Box::new(Monotonic::default()),
    },
    PropertyInfo {
        name: "convergence",
        about: "after the last write all nodes come to show the same",
        make: |_| Box::new(Convergence::default()),
    },
    PropertyInfo {
        name: "barrier-safety",
        about: "no sensor goes on before its round was released, and a release waits for all that it expects",
        make: |_| Box::new(BarrierSafety),
    },
    PropertyInfo {
        name: "one-leader",
        about: "one sensor acts in an epoch, and none of an earlier epoch after a later one",
        make: |_| Box::new(OneLeader),
    },
    PropertyInfo {
        name: "means",
        about: "what is recorded of a round is the mean of exactly its measurements, once",
        make: |_| Box::new(Means),
    },
    PropertyInfo {
        name: "passes-counted",
        about: "the sensors' counter holds the number of their passes",
        make: |initial| Box::new(PassesCounted { initial: initial.as_u64() }),
    },
    PropertyInfo {
        name: "configuration",
        about: "what is configured is in force at all sensors within a bound, and never if malformed",
        make: |_| Box::new(Configuration::default()),
    },
    PropertyInfo {
        name: "sessions-kept",
        about: "no session expires while no fault is in force",
        make: |_| Box::new(SessionsKept::default()),
    },
    PropertyInfo {
        name: "progress",
        about: "rounds go on within a bound after the last heal",
        make: |_| Box::new(Progress::default()),
    },
    PropertyInfo {
        name: "synced",
        about: "a read after a sync at the same node is no older than what was acknowledged before the sync",
        make: |_| Box::new(Synced),
    },
    PropertyInfo {
        name: "watch",
        about: "a persistent watch tells of every change, in order",
        make: |_| Box::new(Watch::default()),
    },
    PropertyInfo {
        name: "ephemeral",
        about: "an ephemeral node is seen as long as its session lives, and gone soon after",
        make: |_| Box::new(Ephemeral::default()),
    },
    PropertyInfo {
        name: "office",
        about: "who is said to lead holds the office at some moment while it is asked",
        make: |_| Box::new(Office),
    },
    PropertyInfo {
        name: "membership",
        about: "a group shows who joined and did not leave, as long as their sessions live",
        make: |_| Box::new(Membership::default()),
    },
];

fn session(guarantee: Guarantee, initial: &Value) -> Box<dyn Checker> {
    Box::new(SessionGuarantee::new(guarantee).beginning_with(initial.clone()))
}

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
            let checker = (info.make)(&Value::Null);
            assert_eq!(checker.name(), info.name);
            assert_eq!(property(info.name).map(|found| found.about), Some(info.about));
            let judgement = checker.check(&nothing, &Budget::default());
            assert_eq!(judgement.valid, Verdict::Unknown, "{}", info.name);
            assert!(!judgement.reasons.is_empty(), "{}", info.name);
        }
        assert!(property("no such").is_none());
    }
}
