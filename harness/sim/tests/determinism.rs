//! One seed is one run, event by event; and what is not is noticed.

mod toy;

use std::collections::HashMap;
use std::time::Duration;

use ordalia_node::{Effects, Env, Input, Node, NodeConfig, NodeId, NodeInfo, Recovered, StartError, Status};
use ordalia_record::TargetSettings;
use ordalia_schedule::{Profile, Schedule, generate};
use ordalia_sim::{Nature, SimRun, SimSettings, Watch, first_difference, simulate};

use toy::{Message, Toy, Writes};

const ALL: Watch = Watch { status: true, trace: true };

fn settings(nodes: u16, schedule: Schedule) -> SimSettings {
    SimSettings {
        seed: 7,
        target: TargetSettings::default(),
        nodes,
        concurrency: 3,
        rate: None,
        time_limit: Duration::from_secs(3),
        client_timeout: Duration::from_millis(500),
        max_operations: None,
        schedule,
        nature: Nature::default(),
        liveness: Duration::from_secs(1),
    }
}

/// Kills, cuts, ill clocks and disks, some of them at moments.
fn hostile() -> SimSettings {
    let profile = Profile { interval_ms: 300, ..Profile::parse("all,moments").expect("a profile") };
    settings(3, generate(7, 3, 3_000, &profile))
}

fn quiet(nodes: u16) -> SimSettings {
    settings(nodes, Schedule::new(nodes, None, Vec::new()))
}

#[test]
fn the_same_settings_give_the_same_run() {
    let settings = hostile();
    let first = simulate::<Toy>(&settings, &Writes, ALL);
    let second = simulate::<Toy>(&settings, &Writes, ALL);
    assert_eq!(first_difference(&first, &second), None);
    assert_eq!(json(&first), json(&second), "byte by byte");
    assert!(first.faults.len() > 4 && first.events.len() > 500 && first.trace.len() > 5_000);
    let other = simulate::<Toy>(&SimSettings { seed: 8, ..settings }, &Writes, ALL);
    assert!(first_difference(&first, &other).is_some(), "another seed is another run");
}

#[test]
fn what_is_watched_does_not_change_the_run() {
    let settings = hostile();
    let watched = simulate::<Toy>(&settings, &Writes, ALL);
    let unwatched = simulate::<Toy>(&settings, &Writes, Watch::default());
    assert_eq!(watched.events, unwatched.events);
    assert_eq!(watched.faults, unwatched.faults);
    assert_eq!(watched.info, unwatched.info);
}

/// History and trace as they are stored.
fn json(run: &SimRun) -> String {
    let lines = run.trace.iter().map(|event| serde_json::to_string(event).expect("an event has a JSON form"));
    let events = run.events.iter().map(|event| format!("{event:?}"));
    lines.chain(events).collect::<Vec<_>>().join("\n")
}

/// The run of one seed, on every machine and however it was compiled. A change of what the simulator does
/// changes these numbers, and they are to be written anew then; nothing else may.
#[test]
fn a_known_seed_gives_a_known_run() {
    let run = simulate::<Toy>(&quiet(3), &Writes, ALL);
    let found = (run.digest, run.trace.len());
    assert_eq!(found, (3_729_015_560_920_554_139, 15_263));
}

/// A node that sends in the order of a map whose order differs from one map to the next.
#[derive(Debug)]
struct Careless {
    toy: Toy,
    peers: Vec<NodeId>,
}

impl Node for Careless {
    type Message = Message;
    type Record = u64;
    type Timer = u8;

    const INFO: NodeInfo = NodeInfo { name: "careless", ..Toy::INFO };

    fn start(
        config: &NodeConfig,
        disk: Recovered<u64>,
        env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        let toy = Toy::start(config, disk, env, &mut Effects::new())?;
        out.set_timer(0, Duration::from_millis(10));
        Ok(Self { toy, peers: config.peers().collect() })
    }

    fn step(&mut self, input: Input<Self>, _env: &mut Env, out: &mut Effects<Self>) {
        if let Input::Timer(timer) = input {
            out.set_timer(timer, Duration::from_millis(10));
            let peers: HashMap<NodeId, ()> = self.peers.iter().map(|peer| (*peer, ())).collect();
            peers.keys().for_each(|peer| out.send(*peer, Message::Ping));
        }
    }

    fn status(&self) -> Status {
        self.toy.status()
    }
}

#[test]
fn a_node_whose_order_is_by_chance_is_noticed() {
    let settings = quiet(5);
    let run = || simulate::<Careless>(&settings, &Writes, ALL);
    let difference = first_difference(&run(), &run()).expect("some of hundreds of maps differ in order");
    assert!(difference.contains("Sent"), "{difference}");
    assert_ne!(run().digest, run().digest, "the checksum alone shows it too");
}
