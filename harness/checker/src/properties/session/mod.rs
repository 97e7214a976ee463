//! `read-your-writes`, `monotonic-reads`, `monotonic-writes`, `writes-follow-reads`: what a session sees.
//!
//! Source: Terry et al., *Session guarantees for weakly consistent replicated data* (PDIS 1994), in the formal
//! terms of Viotti and Vukolić, *Consistency in non-transactional distributed storage systems* (2016): a read
//! returns the last of the writes that are visible to it, in one order of all writes to its key.
//!
//! Assumes: registers (`read`, `write`, `cas`), nothing written twice to a key and nothing that a key holds at
//! first; what repeats makes the verdict of its key unknown. A session is a process. Where an operation ended
//! in `info` the session ends with it: the client goes on under another number, and what the same number
//! does next counts as a session of its own.
//!
//! A history does not tell in which order writes took effect, but each guarantee demands something of that order:
//! - read your writes: a read returns the session's own last write to the key, or what came after it;
//! - monotonic reads: a read returns what the session's last read of the key returned, or what came after it;
//! - monotonic writes: a session's writes came in its order, to one key and over all keys, in the eyes of
//!   sessions whose own reads are monotonic: who has read the later one reads the earlier one, or what came after;
//! - writes follow reads: a write came after what its session had read before, in the eyes of such sessions.
//!
//! In all four the writes of a session to one key come in the session's order. The guarantee is broken where no
//! order of a key's writes meets the demands, that is, where they form a cycle with a demand of the guarantee
//! in it, or where a demand is that something came before the value at first. A demand against the real time of two
//! writes of different sessions breaks the guarantee only in a store that orders writes by real time, which is
//! not assumed: the verdict is unknown then. So a sequentially consistent history breaks none of the four.
//!
//! Left out: of the reads of one session and key that precede a write, writes follow reads hands on to other keys
//! only the last. A history cannot tell who is to blame: a reader that goes back, or a writer whose writes came
//! in the wrong order. Two of the four may be broken by one cause.
//!
//! Cost: linear in the operations, and for the last two times the number of sessions that a session reads from.

mod demands;
mod order;
mod traces;

use ordalia_history::Value;

use super::findings::Findings;
use crate::linearizable::Meter;
use crate::{Budget, Checker, History, Judgement};
use demands::demands;
use order::judge;
use traces::Traces;

/// One of the four guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// A read sees the session's own writes.
    ReadYourWrites,
    /// A read sees what earlier reads saw.
    MonotonicReads,
    /// Writes are seen in the session's order.
    MonotonicWrites,
    /// Writes are seen after what their session had read.
    WritesFollowReads,
}

impl Guarantee {
    /// All four.
    pub const ALL: [Guarantee; 4] = [
        Guarantee::ReadYourWrites,
        Guarantee::MonotonicReads,
        Guarantee::MonotonicWrites,
        Guarantee::WritesFollowReads,
    ];

    /// The name of its checker.
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::ReadYourWrites => "read-your-writes",
            Guarantee::MonotonicReads => "monotonic-reads",
            Guarantee::MonotonicWrites => "monotonic-writes",
            Guarantee::WritesFollowReads => "writes-follow-reads",
        }
    }
}

/// Checks one guarantee by itself.
#[derive(Clone, Debug)]
pub struct SessionGuarantee {
    guarantee: Guarantee,
    initial: Value,
}

impl SessionGuarantee {
    /// The checker of a guarantee, for registers that hold nil at first.
    pub fn new(guarantee: Guarantee) -> Self {
        Self { guarantee, initial: Value::Null }
    }

    /// The same for registers that hold another value at first.
    #[must_use]
    pub fn beginning_with(mut self, initial: Value) -> Self {
        self.initial = initial;
        self
    }
}

impl Checker for SessionGuarantee {
    fn name(&self) -> &str {
        self.guarantee.name()
    }

    fn check(&self, history: &History, budget: &Budget) -> Judgement {
        let mut findings = Findings::of(&["broken"]);
        let traces = Traces::read(&history.operations, &self.initial, &mut findings);
        let meter = Meter::new(budget);
        match demands(self.guarantee, &traces, &meter) {
            Ok(demands) => judge(&traces, &demands, &mut findings),
            Err(limit) => findings.unknown("exhausted", || format!("undecided, for {limit}")),
        }
        findings.detail("sessions", traces.sessions.len());
        findings.detail("reads", traces.reads());
        if traces.reads() == 0 {
            findings
                .unknown("nothing", || "no read was ok, so nothing is known of what sessions see".to_owned());
        }
        findings.conclude()
    }
}
