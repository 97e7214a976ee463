//! Nodes that act: what they do stands in the history, and what stands outside takes their posts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_checker::{Checker, History};
use ordalia_history::{Operation, Outcome};
use ordalia_node::{
    Act, ActKind, Answer, Effects, Env, Group, Input, Node, NodeConfig, NodeId, NodeInfo, Outside,
    OutsideReply, Recovered, Request, RequestKind, StartError, Status, Value,
};
use ordalia_record::{FIRST_ACTING_PROCESS, TargetSettings};
use ordalia_schedule::{Profile, Schedule, generate};
use ordalia_sim::{Nature, SimRun, SimSettings, Watch, first_difference, simulate};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, generators};

/// The nodes that take clients; the others post.
const CORE: u16 = 2;

/// A sensor posts a number, one after the other; a node of the core answers clients and says nothing of posts.
#[derive(Debug)]
struct Sensor {
    is_core: bool,
    url: String,
    count: u64,
}

impl Node for Sensor {
    type Message = ();
    type Record = u64;
    type Timer = u8;

    const INFO: NodeInfo = NodeInfo {
        name: "sensor",
        about: "posts numbers",
        answers: &[RequestKind::Write],
        options: &[],
        bugs: &[],
    };

    fn start(
        config: &NodeConfig,
        _: Recovered<u64>,
        _: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        out.act(Act::new(2, ActKind::Ok, "up", config.id.to_string()));
        out.set_timer(0, Duration::from_millis(5));
        let url = config.options.get("elsewhere").or(config.options.get(NodeConfig::API_URL));
        let is_core = config.id.number() <= CORE;
        Ok(Self { is_core, url: url.cloned().unwrap_or_default(), count: 0 })
    }

    fn step(&mut self, input: Input<Self>, _: &mut Env, out: &mut Effects<Self>) {
        match input {
            Input::Message { .. } => {}
            Input::Request { ticket, .. } => out.reply(ticket, Ok(Answer::WriteOk)),
            Input::Timer(_) if self.is_core => {}
            Input::Timer(_) => {
                self.count += 1;
                out.act(Act::new(1, ActKind::Invoke, "post", self.count));
                out.post(self.count, self.url.clone(), self.count.into(), Duration::from_millis(20));
            }
            Input::Posted { call, outcome } => {
                out.act(match outcome {
                    Ok(status) => Act::new(1, ActKind::Ok, "post", status),
                    Err(error) if error.definite => {
                        Act::new(1, ActKind::Fail, "post", call).because("refused", error.text)
                    }
                    Err(error) => Act::new(1, ActKind::Info, "post", call).because("lost", error.text),
                });
                out.set_timer(0, Duration::from_millis(5));
            }
        }
    }

    fn status(&self) -> Status {
        // One who is asked about leaders has no idea, and that must unsettle nobody.
        let leader = if self.is_core { NodeId::new(1) } else { NodeId::new(9) };
        Status { role: "follower".to_owned(), leader: Some(leader), term: Some(1), ..Status::default() }
    }

    fn groups(nodes: u16, _: &BTreeMap<String, String>) -> Vec<Group> {
        let (core, sensors) = NodeId::all(nodes).into_iter().partition(|node| node.number() <= CORE);
        vec![
            Group { name: "core", nodes: core, takes_clients: true, elects: true },
            Group { name: "sensors", nodes: sensors, takes_clients: true, elects: false },
        ]
    }

    fn neighbours(_: &NodeConfig) -> Vec<NodeId> {
        NodeId::all(CORE)
    }

    fn outside(_: &BTreeMap<String, String>, _: &BTreeSet<String>, _: u64) -> Option<Box<dyn Outside>> {
        Some(Box::new(Sink))
    }
}

/// Answers three posts of four at once, lets the others wait, and now and then breaks the connection.
#[derive(Debug)]
struct Sink;

impl Outside for Sink {
    fn post(&mut self, _: u64, path: &str, body: &Value, dice: &mut dyn FnMut() -> u64) -> OutsideReply {
        assert_eq!(path, "/means");
        let drawn = dice();
        let after = Duration::from_millis(if drawn.is_multiple_of(4) { 100 } else { 0 });
        let status = if drawn % 16 == 1 { None } else { Some(201) };
        OutsideReply { after, status, acts: vec![Act::new(0, ActKind::Ok, "posted", body.clone())] }
    }
}

/// Writes, of which only those of the core are to be asked.
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
        Request::Write { key: ordalia_node::Key::new("x"), value: op.value.clone() }
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

fn settings(options: &[(&str, &str)], faults: &str) -> SimSettings {
    let profile = Profile { interval_ms: 300, ..Profile::parse(faults).expect("a profile") };
    let schedule =
        if faults == "none" { Schedule::new(5, None, Vec::new()) } else { generate(7, 5, 10_000, &profile) };
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    SimSettings {
        seed: 7,
        target: TargetSettings { options, ..TargetSettings::default() },
        nodes: 5,
        concurrency: 4,
        rate: None,
        time_limit: Duration::from_secs(if faults == "none" { 3 } else { 10 }),
        client_timeout: Duration::from_millis(500),
        max_operations: None,
        schedule,
        nature: Nature::default(),
        liveness: Duration::from_secs(1),
    }
}

fn operations(run: &SimRun, f: &str) -> Vec<Operation> {
    let history = History::new(run.events.clone()).expect("acts pair like all other operations");
    history.operations.into_iter().filter(|op| op.f == f).collect()
}

fn count(operations: &[Operation], outcome: Outcome) -> usize {
    operations.iter().filter(|op| op.outcome == outcome).count()
}

#[test]
fn posts_are_answered_lost_and_broken() {
    let run = simulate::<Sensor>(&settings(&[], "none"), &Writes, Watch::default());
    let posts = operations(&run, "post");
    assert!(count(&posts, Outcome::Ok) > 100, "{}", posts.len());
    let lost = |text: &str| {
        let why = |op: &&Operation| op.error.as_ref().and_then(|error| error.text.as_deref()) == Some(text);
        posts.iter().filter(why).count()
    };
    assert!(lost("no answer within 20ms") > 10 && lost("the connection broke") > 3);
    assert_eq!(count(&posts, Outcome::Fail), 0);
    assert!(posts.iter().all(|op| op.process >= FIRST_ACTING_PROCESS));
    let taken = operations(&run, "posted");
    assert!(taken.iter().all(|op| op.node.as_ref().is_some_and(|node| *node == "outside")));
    // All arrived but those still on their way at the end.
    assert!(posts.len() - taken.len() <= 3, "{} of {}", taken.len(), posts.len());
    // An answer takes its way there and back. Times before the load are not known.
    let mut under_load = posts.iter().filter(|op| op.invoked_ns > 0);
    assert!(under_load.all(|op| op.latency_ns().is_none_or(|ns| ns >= 200_000)));
}

#[test]
fn a_post_to_nowhere_was_never_sent() {
    let run =
        simulate::<Sensor>(&settings(&[("elsewhere", "http://nowhere/")], "none"), &Writes, Watch::default());
    let posts = operations(&run, "post");
    assert_eq!(count(&posts, Outcome::Fail), posts.iter().filter(|op| op.completed_ns.is_some()).count());
    assert!(posts.len() > 100 && operations(&run, "posted").is_empty());
}

#[test]
fn clients_speak_to_the_first_group_and_the_other_settles_nothing() {
    let run = simulate::<Sensor>(&settings(&[], "none"), &Writes, Watch::default());
    let asked: BTreeSet<String> =
        operations(&run, "write").into_iter().filter_map(|op| Some(op.node?.to_string())).collect();
    assert_eq!(asked, BTreeSet::from(["n1".to_owned(), "n2".to_owned()]));
    assert!(run.load_start_ns < 1_000_000_000, "settled at once: {}", run.load_start_ns);
    assert_eq!(run.info.heal.map(|heal| heal.problems), Some(Vec::new()));
    assert!(run.links.iter().all(|link| link.to == "n1" || link.to == "n2"), "{:?}", run.links);
}

#[test]
fn what_a_killed_node_had_open_has_crashed() {
    let settings = settings(&[], "kill");
    let run = simulate::<Sensor>(&settings, &Writes, Watch::default());
    let posts = operations(&run, "post");
    let crashed = posts.iter().filter(|op| op.error.as_ref().is_some_and(|error| error.kind == "crashed"));
    assert!(crashed.count() > 2);
    let lives: BTreeSet<u64> = operations(&run, "up").iter().map(|op| op.process).collect();
    assert!(lives.len() > 6, "each life notes its start as a process of its own: {lives:?}");
    let again = simulate::<Sensor>(&settings, &Writes, Watch::default());
    assert_eq!(first_difference(&run, &again), None);
}
