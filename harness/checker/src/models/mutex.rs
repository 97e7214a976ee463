//! A lock without owners: `acquire` and `release`.
//!
//! A second `acquire` cannot succeed while the lock is held, nor a `release` while it is free; who does either
//! does not matter. An acquire that failed because the lock was held (`held`, `already-held`) shows that it
//! was. A release that failed with `not-held` may say no more than that its process did not hold the lock, so
//! it shows nothing of a lock without owners; like all other failures it only did not happen.

use ordalia_history::{Operation, Outcome};

use super::words::Unread;
use crate::linearizable::{Model, Part, Tie, Unfit, Values};

/// The model `mutex`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutex {
    /// Whether the lock is held at first.
    pub held: bool,
}

/// What was done with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutexOp {
    /// It was free, and is held afterwards.
    Acquire,
    /// It was held, and is free afterwards.
    Release,
    /// It was held, so it could not be acquired.
    Refused,
}

/// Whether an acquire failed because somebody held the lock.
pub(super) fn found_held(operation: &Operation) -> bool {
    let held = |kind: &str| matches!(kind, "held" | "already-held");
    operation.outcome == Outcome::Fail && operation.error.as_ref().is_some_and(|error| held(&error.kind))
}

impl Model for Mutex {
    /// Whether it is held.
    type State = bool;
    type Op = MutexOp;

    fn name(&self) -> &'static str {
        "mutex"
    }

    fn object(&self) -> &'static str {
        "lock"
    }

    fn init(&self, _: &mut Values) -> bool {
        self.held
    }

    fn parse(&self, operation: &Operation, _: &mut Values) -> Result<Part<MutexOp>, Unfit> {
        let op = match &*operation.f {
            "acquire" if found_held(operation) => return Ok(Part::Must(MutexOp::Refused)),
            "acquire" => MutexOp::Acquire,
            "release" => MutexOp::Release,
            _ => return Err(Unread { model: self.name(), operation }.name("acquire or release")),
        };
        Ok(match operation.outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        })
    }

    fn step(&self, held: &bool, op: &MutexOp) -> Option<bool> {
        match op {
            MutexOp::Acquire => (!held).then_some(true),
            MutexOp::Release => held.then_some(false),
            MutexOp::Refused => held.then_some(true),
        }
    }

    fn is_observation(&self, op: &MutexOp) -> bool {
        *op == MutexOp::Refused
    }

    fn tie(&self, op: &MutexOp) -> Tie {
        match op {
            // Any release may have freed it for any acquire.
            MutexOp::Acquire | MutexOp::Release => Tie::Fixed,
            MutexOp::Refused => Tie::Global,
        }
    }

    fn show_state(&self, held: &bool, _: &Values) -> String {
        (if *held { "held" } else { "free" }).to_owned()
    }

    fn show(&self, op: &MutexOp, _: &Values) -> String {
        let words = match op {
            MutexOp::Acquire => "acquire",
            MutexOp::Release => "release",
            MutexOp::Refused => "refused acquire",
        };
        words.to_owned()
    }

    fn claim(&self, op: &MutexOp, _: &Values) -> String {
        let words = match op {
            MutexOp::Acquire => "got the lock",
            MutexOp::Release => "gave the lock back",
            MutexOp::Refused => "was refused because the lock was held",
        };
        words.to_owned()
    }

    fn legal(&self, held: &bool, op: &MutexOp, _: &Values) -> String {
        let words = match (op, held) {
            (MutexOp::Acquire, true) => "refused acquire, the lock being held",
            (MutexOp::Release, false) => "refused release, the lock being free",
            (MutexOp::Refused, false) | (MutexOp::Acquire, false) => "acquire",
            (MutexOp::Refused, true) => "refused acquire",
            (MutexOp::Release, true) => "release",
        };
        words.to_owned()
    }
}
