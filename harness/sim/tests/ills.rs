//! What ill clocks, ill disks and faults at moments do to a node.

// A panic is a test's way to fail.
#![allow(clippy::unwrap_used)]

mod toy;

use std::time::Duration;

use ordalia_checker::{Budget, Verdict};
use ordalia_node::NodeId;
use ordalia_record::TargetSettings;
use ordalia_schedule::{DiskIll, Fault, Occasion, Profile, Role, Schedule, Targets, TimedFault, generate};
use ordalia_sim::{Happened, Nature, SimRun, SimSettings, Watch, simulate};

use toy::{Toy, Writes};

fn settings(faults: Vec<TimedFault>) -> SimSettings {
    SimSettings {
        seed: 1,
        target: TargetSettings::default(),
        nodes: 3,
        concurrency: 3,
        rate: None,
        time_limit: Duration::from_secs(3),
        client_timeout: Duration::from_millis(500),
        max_operations: None,
        schedule: Schedule::new(3, None, faults),
        nature: Nature::default(),
        liveness: Duration::from_secs(1),
    }
}

fn run(faults: Vec<TimedFault>) -> SimRun {
    play(&settings(faults))
}

fn play(settings: &SimSettings) -> SimRun {
    simulate::<Toy>(settings, &Writes, Watch { status: false, trace: true })
}

fn n2() -> Targets {
    Targets::Nodes(vec![NodeId::new(2)])
}

/// One fault from half a second on, for two seconds.
fn one(fault: Fault) -> Vec<TimedFault> {
    vec![TimedFault::new(500, 2_000, fault)]
}

/// What happened to the second node, with the time since the start of the load in milliseconds.
fn of_n2(run: &SimRun, want: impl Fn(&Happened) -> bool) -> Vec<u64> {
    let node = |what: &Happened| serde_json::to_value(what).unwrap()["node"] == "n2";
    let wanted = run.trace.iter().filter(|event| want(&event.what) && node(&event.what));
    wanted.map(|event| event.at.saturating_sub(run.load_start_ns) / 1_000_000).collect()
}

/// How often the second node's timer ran out while the fault was in force.
fn pings(run: &SimRun) -> usize {
    let times = of_n2(run, |what| matches!(what, Happened::Timer { .. }));
    times.iter().filter(|at| (500..2_500).contains(*at)).count()
}

fn is_effective(run: &SimRun) -> bool {
    run.faults.iter().any(|record| record.effective == Some(true))
}

#[test]
fn a_clock_that_runs_fast_has_its_timers_run_out_sooner_until_it_is_cured() {
    let usual = pings(&run(Vec::new()));
    let fast = run(one(Fault::Clock { targets: n2(), jump_ms: 0, drift_ppm: 1_000_000 }));
    let slow = run(one(Fault::Clock { targets: n2(), jump_ms: 0, drift_ppm: -500_000 }));
    assert!((185..=200).contains(&usual), "{usual}");
    assert!((usual * 19 / 10..=usual * 2).contains(&pings(&fast)), "{}", pings(&fast));
    assert!((usual * 2 / 5..=usual * 11 / 20).contains(&pings(&slow)), "{}", pings(&slow));
    let after = |run: &SimRun| {
        of_n2(run, |what| matches!(what, Happened::Timer { .. })).iter().filter(|at| **at > 2_500).count()
    };
    assert!(after(&fast).abs_diff(after(&run(Vec::new()))) <= 2, "its own rate comes back");
    assert!(is_effective(&fast) && is_effective(&slow));
}

#[test]
fn a_clock_that_jumps_has_its_timers_run_out_at_once_and_once() {
    // Twenty jumps of a second, each of which is worth one ping more at most.
    let jump = Fault::Clock { targets: n2(), jump_ms: 1_000, drift_ppm: 0 };
    let jumps = (0..20).map(|at| TimedFault::new(500 + 95 * at, 10, jump.clone())).collect();
    let (usual, jumped) = (pings(&run(Vec::new())), pings(&run(jumps)));
    assert!((usual + 3..=usual + 20).contains(&jumped), "{usual} {jumped}");
}

#[test]
fn a_slow_disk_makes_writes_take_longer() {
    let synced = |run: &SimRun| {
        let times = of_n2(run, |what| matches!(what, Happened::Synced { .. }));
        times.iter().filter(|at| (500..2_500).contains(*at)).count()
    };
    let slow = run(one(Fault::Disk { targets: n2(), ill: DiskIll::Slow { delay_ms: 100 } }));
    assert!((15..=20).contains(&synced(&slow)), "{}", synced(&slow));
    let usual = run(Vec::new());
    assert!(synced(&usual) > 100);
    assert_eq!(
        usual.disks[1].fsyncs,
        of_n2(&usual, |what| matches!(what, Happened::Synced { .. })).len() as u64
    );
    let healed = slow.faults.last().unwrap();
    assert_eq!(healed.effective, Some(true));
    assert!(healed.evidence["writes_slowed"].as_u64() >= Some(15), "{}", healed.evidence);
}

#[test]
fn a_full_disk_ends_the_process_at_its_next_write_until_there_is_room() {
    let full = run(one(Fault::Disk { targets: n2(), ill: DiskIll::Full }));
    let down = of_n2(&full, |what| matches!(what, Happened::Down { .. }));
    let up = of_n2(&full, |what| matches!(what, Happened::Up { .. }));
    assert_eq!((down.len(), up.len()), (1, 2), "{down:?} {up:?}");
    assert!((500..600).contains(&down[0]) && (2_500..2_600).contains(&up[1]), "{down:?} {up:?}");
    assert!(full.info.deaths.is_empty(), "it is no finding");
    assert!(is_effective(&full));
    let verdict = full.judge(&settings(Vec::new()), &Writes, &Budget::default()).unwrap();
    assert_eq!(verdict.checkers["liveness"].valid, Verdict::Valid, "{verdict:?}");
}

#[test]
fn a_node_with_a_flipped_bit_refuses_to_start_and_is_left_out_of_the_heal() {
    let flip = run(one(Fault::Disk { targets: n2(), ill: DiskIll::Flip }));
    let up = of_n2(&flip, |what| matches!(what, Happened::Up { .. }));
    let refused = |what: &Happened| matches!(what, Happened::Down { why, .. } if why.contains("damaged"));
    assert_eq!(up.len(), 1, "it never runs again");
    assert!((2_500..2_600).contains(&of_n2(&flip, refused)[0]));
    assert!(flip.info.deaths.is_empty() && is_effective(&flip));
    let heal = flip.info.heal.as_ref().unwrap();
    assert!(heal.problems.is_empty(), "{heal:?}");
    let verdict = flip.judge(&settings(Vec::new()), &Writes, &Budget::default()).unwrap();
    assert_eq!(verdict.checkers["liveness"].valid, Verdict::Valid, "{verdict:?}");
}

/// The moments that a trace shows, by the names that the node gives them.
const MOMENTS: [(Occasion, &str); 3] = [
    (Occasion::Election, "become-candidate"),
    (Occasion::Append, "append"),
    (Occasion::Snapshot, "snapshot"),
];

#[test]
fn a_fault_at_a_moment_strikes_the_one_that_shows_it_before_anything_leaves() {
    for (occasion, name) in MOMENTS {
        let kill = Fault::Kill { targets: Targets::Role(Role::Witness) };
        let run = run(vec![TimedFault::new(200, 2_000, kill).upon(occasion, 0)]);
        let at = run.trace.iter().position(|event| matches!(event.what, Happened::Fault { .. })).unwrap();
        let Happened::Told { node, event, .. } = &run.trace[at - 1].what else {
            panic!("{:?}", &run.trace[at - 1]);
        };
        assert_eq!(event, name);
        let same_time = run.trace[at..].iter().take_while(|event| event.at == run.trace[at].at);
        let left = same_time.filter(|event| {
            matches!(&event.what, Happened::Sent { node: of, .. } | Happened::Replied { node: of, .. } if of == node)
        });
        assert_eq!(left.count(), 0, "{occasion:?}");
        assert!(is_effective(&run));
    }
}

#[test]
fn what_a_process_was_about_to_send_when_it_was_stopped_leaves_when_it_goes_on() {
    let pause = Fault::Pause { targets: Targets::Role(Role::Witness) };
    let run = run(vec![TimedFault::new(200, 300, pause).upon(Occasion::Append, 0)]);
    let at = |want: fn(&Happened) -> bool| run.trace.iter().position(|event| want(&event.what)).unwrap();
    let (paused, resumed) = (
        at(|what| matches!(what, Happened::Paused { .. })),
        at(|what| matches!(what, Happened::Resumed { .. })),
    );
    let Happened::Paused { node } = run.trace[paused].what else { panic!("it was not stopped") };
    let replied = |from: usize, to: usize| {
        let of = |what: &Happened| matches!(what, Happened::Replied { node: of, .. } if *of == node);
        run.trace[from..to].iter().filter(|event| of(&event.what)).count()
    };
    assert_eq!(replied(paused, resumed), 0);
    assert!(replied(resumed, run.trace.len().min(resumed + 5)) > 0, "{:?}", &run.trace[resumed..resumed + 5]);
}

#[test]
fn a_hold_lets_time_pass_after_the_moment_and_one_that_does_not_come_is_told() {
    let kill = Fault::Kill { targets: Targets::Role(Role::Witness) };
    let held = run(vec![TimedFault::new(200, 2_000, kill.clone()).upon(Occasion::Election, 7)]);
    let start = |text: &str| text.ends_with("Start");
    let fault = held.trace.iter().find(|e| matches!(&e.what, Happened::Fault { text, .. } if start(text)));
    let told = |at: u64| {
        held.trace.iter().any(|event| {
            event.at == at
                && matches!(&event.what, Happened::Told { event, .. } if event == "become-candidate")
        })
    };
    assert!(told(fault.unwrap().at - 7_000_000));
    let never = run(vec![TimedFault::new(200, 1, kill).upon(Occasion::Snapshot, 0)]);
    let record = &never.faults[0];
    assert_eq!((never.faults.len(), record.effective), (1, None));
    assert!(record.error.as_ref().unwrap().contains("did not come in time"), "{record:?}");
}

#[test]
fn every_family_changes_the_run_and_leaves_it_repeatable() {
    let quiet = run(Vec::new()).digest;
    for family in ["clock", "disk:slow", "disk:full", "disk:flip", "kill,pause,moments", "all,moments"] {
        let profile = Profile { interval_ms: 400, ..Profile::parse(family).unwrap() };
        let schedule = generate(7, 3, 3_000, &profile);
        let settings = SimSettings { schedule, ..settings(Vec::new()) };
        let (first, second) = (play(&settings), play(&settings));
        assert_ne!(first.digest, quiet, "{family}");
        assert!(is_effective(&first), "{family}");
        assert!(first == second, "{family}: two runs of one seed differ");
    }
}
