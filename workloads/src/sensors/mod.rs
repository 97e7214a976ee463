//! The sensors at their barrier: clients only change what is configured, now and then, and read the counter in the end.
//! What is on trial are the sensors themselves, whose acts are in the history.
//!
//! Periods are mostly short. Some outlast the time-out of a session, so that a sensor that sends no heartbeat while it
//! samples loses its session; and some values are malformed, which no sensor may follow.

mod plan;

use std::time::Duration;

use ordalia_checker::{Availability, Checker, Recovery, Stats, properties};
use ordalia_history::Value;
use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest, ErrorCode, Refusal, Request, RequestKind,
};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, WorkloadSettings, generators};

use crate::settings::key_text;
use plan::Plan;

/// The name on the command line.
pub(crate) const NAME: &str = "sensors";

/// The kinds of request that it asks.
pub(crate) const ASKS: &[RequestKind] = &[RequestKind::Coordination];

/// The least mean time between operations, whatever the rate: sensors must come to live by what is configured.
const LEAST_GAP_NS: u64 = 1_000_000_000;

/// How long the sensors go on under a short period before the counter is read.
const CALM_NS: u64 = 11_000_000_000;

/// Within which time a value is in force everywhere when nothing is broken: a heartbeat to the next member of the ensemble
/// is due long before. Less than the calm in the end, so that something is judged however often faults come.
const ARRIVAL: Duration = Duration::from_secs(4);

/// Within which time a round ends when nothing is broken: the longest period, a session that runs out, an election. Less than
/// the calm in the end as well.
const ROUND: Duration = Duration::from_secs(10);

/// So many rounds prove something, where faults leave time for little else.
const LEAST_ROUNDS: usize = 3;

/// How often the counter is read in the end.
const READS: usize = 3;

/// After what time an operation that failed in the end is tried again.
const AGAIN_NS: u64 = 100_000_000;

/// Apart from the choice of operations, so that pacing draws from numbers of its own.
const PACE_SEED: u64 = 0x7061_6365;

/// The workload.
#[derive(Clone, Copy, Debug)]
pub struct Sensors {
    settings: WorkloadSettings,
}

impl Sensors {
    /// The workload with these settings.
    pub fn new(settings: &WorkloadSettings) -> Self {
        Self { settings: *settings }
    }

    fn gap_ns(&self) -> u64 {
        let asked = self.settings.rate.filter(|rate| *rate > 0.0).map_or(0, |rate| (1e9 / rate) as u64);
        asked.max(LEAST_GAP_NS)
    }
}

impl Workload for Sensors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn asks(&self) -> &'static [RequestKind] {
        ASKS
    }

    /// One thread alone configures, so that what it learned of the address is known to all that follows.
    fn load(&self) -> Box<dyn Generator> {
        let seed = self.settings.seed;
        let talk = generators::dialogues(move |_| Plan::new(seed));
        let talk = generators::on_threads(|thread| thread == 0, talk);
        Box::new(generators::stagger(self.gap_ns(), seed ^ PACE_SEED, talk))
    }

    fn closing(&self, _: u64) -> Box<dyn Generator> {
        let read = || Op { f: "counter_read", key: None, value: Value::Null };
        let reads = (0..READS).map(move |_| surely(read()));
        let pause = || Box::new(generators::sleep(CALM_NS / 2));
        // The sensors whose sessions a late fault ended are back by the second, so that a value is judged at all of
        // them in every run.
        let mut parts: Vec<Box<dyn Generator>> =
            vec![Box::new(surely(plan::calm())), pause(), Box::new(surely(plan::calmer())), pause()];
        parts.extend(reads.map(|one| Box::new(one) as Box<dyn Generator>));
        Box::new(generators::on_threads(|thread| thread == 0, generators::phases(parts)))
    }

    fn request(&self, op: &Op) -> Request {
        let path = format!("/config/{}", key_text(op));
        Request::Coordination(match op.f {
            "configure" => {
                let value = op.value.clone();
                CoordinationRequest::Set { path, value, version: None, session: None, seq: None }
            }
            "configuration_read" => CoordinationRequest::Get { path, watch: None, session: None },
            _ => CoordinationRequest::Get { path: "/counter".to_owned(), watch: None, session: None },
        })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match (op.f, reply) {
            ("configure", Reply::Answer(Answer::Coordination(CoordinationAnswer::SetDone { stat }))) => {
                Completion::ok(stat.version.into())
            }
            (
                "configuration_read",
                Reply::Answer(Answer::Coordination(CoordinationAnswer::Got { value, stat })),
            ) => Completion::ok(vec![value, stat.version.into()].into()),
            ("counter_read", Reply::Answer(Answer::Coordination(CoordinationAnswer::Got { value, .. }))) => {
                Completion::ok(value)
            }
            // A counter that nobody added to yet is not there.
            ("counter_read", Reply::Refused(Refusal { code: ErrorCode::KeyDoesNotExist, .. })) => {
                Completion::ok(0.into())
            }
            (_, reply) => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        let stats = Stats { min_answered: 1, min_ok: 1, ..Stats::default() };
        vec![
            Box::new(properties::BarrierSafety),
            Box::new(properties::OneLeader),
            Box::new(properties::Means),
            Box::new(properties::PassesCounted::default()),
            Box::new(properties::Configuration { bound: ARRIVAL }),
            Box::new(properties::SessionsKept::default()),
            Box::new(properties::Progress { bound: ROUND, min_rounds: LEAST_ROUNDS }),
            Box::new(stats.expecting(["configure", "counter_read"]).sparing(["configuration_read"])),
            Box::new(Availability::default()),
            Box::new(Recovery::default()),
        ]
    }
}

/// The operation until it is ok.
fn surely(op: Op) -> impl Generator {
    generators::until_ok(generators::delay(AGAIN_NS, generators::repeat(op)))
}

#[cfg(test)]
mod tests;
