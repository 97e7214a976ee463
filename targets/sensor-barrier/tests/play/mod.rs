//! One run of the simulator: what faults there are and what is configured is said, and every link is alike.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_checker::Checker;
use ordalia_history::Event;
use ordalia_node::{CoordinationRequest, Request, RequestKind, Value};
use ordalia_record::TargetSettings;
use ordalia_schedule::Schedule;
use ordalia_sensor_barrier::SensorBarrier;
use ordalia_sim::{Latency, Nature, SimSettings, Watch, simulate};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, generators};
use serde_json::json;

/// What is to be played.
#[derive(Clone, Debug)]
pub struct Play {
    pub nodes: u16,
    pub options: BTreeMap<String, String>,
    pub bugs: Vec<String>,
    /// In the shape of `schedule.json`.
    pub faults: Vec<Value>,
    /// When, in ms, and what.
    pub configured: Vec<(u64, String, Value)>,
    pub for_ms: u64,
}

impl Play {
    pub fn new(nodes: u16) -> Self {
        Self {
            nodes,
            options: BTreeMap::new(),
            bugs: Vec::new(),
            faults: Vec::new(),
            configured: Vec::new(),
            for_ms: 1000,
        }
    }

    /// The history of the run.
    pub fn run(&self) -> Vec<Event> {
        simulate::<SensorBarrier>(&self.settings(), self, Watch::default()).events
    }

    fn settings(&self) -> SimSettings {
        let schedule: Schedule =
            serde_json::from_value(json!({"version": 1, "nodes": self.nodes, "faults": self.faults}))
                .unwrap();
        let always = |us| Latency::micros(us, us);
        SimSettings {
            seed: 1,
            target: TargetSettings {
                name: "sensor-barrier".to_owned(),
                options: self.options.clone(),
                bugs: self.bugs.clone(),
            },
            nodes: self.nodes,
            concurrency: 1,
            rate: None,
            time_limit: Duration::from_millis(self.for_ms),
            client_timeout: Duration::from_secs(1),
            max_operations: None,
            schedule,
            nature: Nature {
                link: always(500),
                client: always(500),
                sync: always(100),
                boot: always(5_000),
                drift_ppm: 0,
            },
            liveness: Duration::from_secs(10),
        }
    }
}

impl Workload for Play {
    fn name(&self) -> &'static str {
        "play"
    }

    fn asks(&self) -> &'static [RequestKind] {
        &[RequestKind::Coordination]
    }

    fn load(&self) -> Box<dyn Generator> {
        let mut parts: Vec<Box<dyn Generator>> = Vec::new();
        let mut now = 0;
        for (at, name, value) in &self.configured {
            parts.push(Box::new(generators::sleep((at - now) * 1_000_000)));
            let op = Op { f: "configure", key: Some(json!(name)), value: value.clone() };
            parts.push(Box::new(generators::once(op)));
            now = *at;
        }
        parts.push(Box::new(generators::sleep((self.for_ms - now) * 1_000_000)));
        Box::new(generators::phases(parts))
    }

    fn closing(&self, _: u64) -> Box<dyn Generator> {
        Box::new(generators::sleep(1))
    }

    fn request(&self, op: &Op) -> Request {
        let path = format!("/config/{}", op.key.as_ref().unwrap().as_str().unwrap());
        Request::Coordination(CoordinationRequest::SimpleSet { path, value: op.value.clone() })
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match reply {
            Reply::Answer(_) => Completion::ok(op.value.clone()),
            reply => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        Vec::new()
    }
}
