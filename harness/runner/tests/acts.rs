//! Nodes that act, on real machines: acts, posts and groups from end to end. This program is the test and, when
//! it is called as one, the node.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use ordalia_checker::{Budget, Checker, History};
use ordalia_history::{Operation, Outcome, jsonl};
use ordalia_host::HostSettings;
use ordalia_node::{
    Act, ActKind, Anatomy, Answer, Effects, Env, Group, Input, Key, Node, NodeConfig, NodeId, NodeInfo,
    Outside, OutsideReply, Recovered, Request, RequestKind, StartError, Status, Value,
};
use ordalia_record::{ActsInfo, LinkTotals, RunFolder, TargetSettings, read_json};
use ordalia_runner::{BuiltIn, Silent, TestSettings, run_test};
use ordalia_schedule::{Fault, Schedule, Targets, TimedFault};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, generators};
use tokio::sync::watch;

/// The nodes that answer clients; the others post.
const CORE: u16 = 2;

/// A node of the core answers clients. A sensor always has a post under way.
#[derive(Debug)]
struct Sensor {
    is_core: bool,
    url: String,
    count: u64,
}

impl Sensor {
    fn post(&mut self, out: &mut Effects<Self>) {
        self.count += 1;
        out.act(Act::new(1, ActKind::Invoke, "post", self.count));
        out.post(self.count, self.url.clone(), self.count.into(), Duration::from_secs(20));
    }
}

impl Node for Sensor {
    type Message = u8;
    type Record = u64;
    type Timer = u8;

    const INFO: NodeInfo =
        NodeInfo { name: "sensor", about: "posts", answers: &[RequestKind::Write], options: &[], bugs: &[] };

    fn start(
        config: &NodeConfig,
        _: Recovered<u64>,
        _: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        assert_eq!(config.nodes, NodeId::all(4), "a node knows of all, also of those it never speaks to");
        let url = config.options.get(NodeConfig::API_URL).cloned().unwrap_or_default();
        let mut sensor = Self { is_core: config.id.number() <= CORE, url, count: 0 };
        if !sensor.is_core {
            sensor.post(out);
        }
        Ok(sensor)
    }

    fn step(&mut self, input: Input<Self>, _: &mut Env, out: &mut Effects<Self>) {
        match input {
            Input::Request { ticket, .. } => out.reply(ticket, Ok(Answer::WriteOk)),
            Input::Posted { call, outcome } => {
                out.act(match outcome {
                    Ok(status) => Act::new(1, ActKind::Ok, "post", status),
                    Err(error) => Act::new(1, ActKind::Info, "post", call).because("lost", error.text),
                });
                self.post(out);
            }
            Input::Message { .. } | Input::Timer(_) => {}
        }
    }

    fn status(&self) -> Status {
        let leader = NodeId::new(if self.is_core { 1 } else { 9 });
        Status { role: "follower".to_owned(), leader: Some(leader), term: Some(1), ..Status::default() }
    }

    fn groups(nodes: u16, _: &BTreeMap<String, String>) -> Vec<Group> {
        let (core, sensors) = NodeId::all(nodes).into_iter().partition(|node| node.number() <= CORE);
        vec![
            Group { name: "core", nodes: core, takes_clients: true, elects: true },
            Group { name: "sensors", nodes: sensors, takes_clients: false, elects: false },
        ]
    }

    fn neighbours(config: &NodeConfig) -> Vec<NodeId> {
        if config.id.number() <= CORE { config.nodes.clone() } else { NodeId::all(CORE) }
    }

    fn outside(_: &BTreeMap<String, String>, _: &BTreeSet<String>, _: u64) -> Option<Box<dyn Outside>> {
        Some(Box::new(Sink(0)))
    }
}

/// Breaks the connection of every eighth post.
#[derive(Debug)]
struct Sink(u64);

impl Outside for Sink {
    fn post(&mut self, _: u64, _: &str, body: &Value, _: &mut dyn FnMut() -> u64) -> OutsideReply {
        self.0 += 1;
        let status = (!self.0.is_multiple_of(8)).then_some(201);
        let acts = vec![Act::new(0, ActKind::Ok, "posted", body.clone())];
        OutsideReply { after: Duration::from_millis(10), status, acts }
    }
}

struct Writes;

impl Workload for Writes {
    fn name(&self) -> &'static str {
        "writes"
    }
    fn asks(&self) -> &'static [RequestKind] {
        &[RequestKind::Write]
    }
    fn load(&self) -> Box<dyn Generator> {
        let op = |number: u64| Op { f: "write", key: None, value: number.into() };
        Box::new(generators::delay(5_000_000, generators::ops((0..).map(op))))
    }
    fn closing(&self, _: u64) -> Box<dyn Generator> {
        Box::new(generators::ops([]))
    }
    fn request(&self, op: &Op) -> Request {
        Request::Write { key: Key::new("x"), value: op.value.clone() }
    }
    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match reply {
            Reply::Answer(Answer::WriteOk) => Completion::ok(op.value.clone()),
            reply => Completion::unanswered(op, request, reply),
        }
    }
    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        Vec::new()
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "node") {
        return be_node(&arguments);
    }
    acts_join_the_history();
    ExitCode::SUCCESS
}

/// What `ordalia node` does with these arguments.
fn be_node(arguments: &[String]) -> ExitCode {
    let all = |name: &str| {
        let pairs = arguments.windows(2).filter(|pair| pair[0] == format!("--{name}"));
        pairs.map(|pair| pair[1].clone()).collect::<Vec<_>>()
    };
    let one = |name: &str| all(name).pop().unwrap();
    let peer = |text: String| {
        let (node, address) = text.split_once('=').unwrap();
        (node.parse().unwrap(), address.parse().unwrap())
    };
    let nodes = all("cluster").pop().map_or(4, |count| count.parse().unwrap());
    let options = [(NodeConfig::API_URL.to_owned(), one("outside"))].into();
    let id: NodeId = one("id").parse().unwrap();
    let settings = HostSettings {
        config: NodeConfig { id, nodes: NodeId::all(nodes), options, bugs: BTreeSet::new() },
        listen: one("listen").parse().unwrap(),
        peers: all("peer").into_iter().map(peer).collect(),
        data: one("data").into(),
        acts: Some(one("acts").into()),
        seed: 1,
        reuse_port: true,
        exit_on_stdin_eof: true,
    };
    if ordalia_host::run::<Sensor>(settings).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn settings(results: &std::path::Path) -> TestSettings {
    let kill = Fault::Kill { targets: Targets::Nodes(vec![NodeId::new(4)]) };
    TestSettings {
        nodes: 4,
        concurrency: 2,
        rate: None,
        time_limit: Duration::from_millis(1_500),
        client_timeout: Duration::from_secs(5),
        seed: 7,
        schedule: Schedule::new(4, None, vec![TimedFault::new(400, 300, kill)]),
        faults: vec!["schedule".to_owned()],
        fault_interval: Duration::from_secs(1),
        proxied: true,
        results: results.to_owned(),
        command: String::new(),
        version: String::new(),
        budget: Budget::default(),
    }
}

fn acts_join_the_history() {
    let results = tempfile::tempdir().unwrap();
    let target = BuiltIn {
        executable: std::env::current_exe().unwrap(),
        info: Sensor::INFO,
        anatomy: Anatomy::of::<Sensor>(),
        settings: TargetSettings { name: "sensor".to_owned(), ..TargetSettings::default() },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_go_on, interrupt) = watch::channel(false);
    let settings = settings(results.path());
    let test = run_test(&target, &Writes, &settings, &Silent, interrupt);
    let folder = runtime.block_on(test).unwrap();
    examine(&folder);
}

fn examine(folder: &RunFolder) {
    let history = History::new(jsonl::read(&folder.history()).unwrap().events).unwrap();
    let of = |f: &str| -> Vec<&Operation> { history.operations.iter().filter(|op| op.f == f).collect() };
    let is_at = |op: &Operation, node: &str| op.node.as_ref().is_some_and(|name| *name == node);
    let posts = of("post");
    for node in ["n3", "n4"] {
        let mut answered = posts.iter().filter(|op| is_at(op, node) && op.outcome == Outcome::Ok);
        assert!(answered.clone().count() > 10, "posts of {node} are answered");
        // The machine takes 10 ms, and an act is written ahead of its post.
        assert!(answered.all(|op| op.invoked_ns == 0 || op.latency_ns() >= Some(10_000_000)));
    }
    let ended = |kind: &str| -> Vec<&Operation> {
        let why = |op: &&&Operation| op.error.as_ref().is_some_and(|error| error.kind == kind);
        posts.iter().filter(why).copied().collect()
    };
    assert!(!ended("lost").is_empty(), "connections break without an answer");
    let crashed = ended("crashed");
    assert!(crashed.len() == 1 && is_at(crashed[0], "n4"), "{crashed:?}");
    let taken = of("posted");
    assert!(taken.len() > 20 && taken.iter().all(|op| is_at(op, "outside")));
    assert!(of("write").iter().all(|op| is_at(op, "n1") || is_at(op, "n2")), "of the first group alone");
    assert!(of("write").len() > 50);
    let info: ActsInfo = read_json(&folder.acts_json(), "acts").unwrap();
    assert!(info.merged.is_some_and(|merged| merged.events > 100 && merged.torn == 0), "{info:?}");
    let links: Vec<LinkTotals> = read_json(&folder.links(), "links").unwrap();
    let strange = links.iter().filter(|link| link.from.as_str() > "n2" && link.to.as_str() > "n2");
    assert_eq!((links.len(), strange.count()), (10, 0));
}
