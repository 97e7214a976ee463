//! Many independent registers: read, write and cas, each key linearizable.
//!
//! A few keys are in use at a time. Each is given up after some hundreds of operations and replaced by a fresh
//! one, so that no key's history grows without bound and checking stays quick however long the test is.
//! Every value written to a key is a new one, so that a read tells which write it saw, and a stale one shows.

mod plan;

use ordalia_checker::{Availability, Checker, Recovery, Stats, models};
use ordalia_history::Value;
use ordalia_node::{Answer, ErrorCode, Refusal, Request, RequestKind};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings, generators};

use crate::settings::{paced, request_key};
use plan::Plan;

/// The name on the command line.
pub(crate) const NAME: &str = "register";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Read, RequestKind::Write, RequestKind::Cas];

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    settings: WorkloadSettings,
}

impl Register {
    /// The workload with these settings.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings }
    }

    /// The operations of the load, without end: a function of the seed alone.
    fn plan(&self) -> Plan {
        Plan::new(self.settings.seed)
    }
}

impl Workload for Register {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    fn load(&self) -> Box<dyn Generator> {
        paced(&self.settings, generators::ops(self.plan()))
    }

    /// Reads every key that the load used, forth and back, so that the two reads of a key mostly come from
    /// different threads and thus from different nodes.
    fn closing(&self, invoked: u64) -> Box<dyn Generator> {
        let keys = self.plan().keys_used(invoked);
        let back: Vec<u64> = keys.iter().rev().copied().collect();
        let read = |key| Op { f: "read", key: Some(plan::key(key)), value: Value::Null };
        Box::new(generators::ops(keys.into_iter().chain(back).map(read)))
    }

    fn request(&self, op: &Op) -> Request {
        let key = request_key(op);
        let argument = |at: usize| op.value.get(at).cloned().unwrap_or_default();
        match op.f {
            "write" => Request::Write { key, value: op.value.clone() },
            "cas" => Request::Cas { key, from: argument(0), to: argument(1), create_if_not_exists: false },
            _ => Request::Read { key },
        }
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match (request, reply) {
            (Request::Read { .. }, Reply::Answer(Answer::ReadOk { value })) => Completion::ok(value),
            // A key that was never written holds nothing, which is an answer.
            (Request::Read { .. }, Reply::Refused(Refusal { code: ErrorCode::KeyDoesNotExist, .. })) => {
                Completion::ok(Value::Null)
            }
            (Request::Write { .. }, Reply::Answer(Answer::WriteOk))
            | (Request::Cas { .. }, Reply::Answer(Answer::CasOk)) => Completion::ok(op.value.clone()),
            // A cas that is refused since the value was another is a `fail` whose error says so; the
            // checker takes that for an observation.
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        let kinds = ASKS.iter().map(|kind| kind.name());
        vec![
            models::Register::with_cas(Value::Null).checker(),
            Box::new(Stats::default().expecting(kinds)),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}

#[cfg(test)]
mod tests;
