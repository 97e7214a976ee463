//! What Raft promises (Figure 3, and thesis §6.3, §6.4), one promise a file, checked after every
//! event of hundreds of random schedules with loss, duplication, reordering, partitions, and
//! crashes that lose what was not yet durable. Each promise is also seen broken by a planted
//! defect, without which the check would prove nothing.

mod election_safety;
mod exactly_once;
mod leader_completeness;
mod linearizable_reads;
mod log_matching;
mod state_machine_safety;

use ordalia_node::NodeId;

use crate::network::{Plan, World};

/// A promise, and what it remembers of a run.
trait Invariant {
    fn check(&mut self, world: &World, node: NodeId) -> Result<(), String>;
}

/// Runs one schedule. The first promise broken, or the number of requests answered.
fn run(plan: &Plan, promises: &mut [&mut dyn Invariant]) -> Result<usize, String> {
    let mut world = World::new(plan);
    while let Some(node) = world.step() {
        let Some(node) = node else { continue };
        for promise in promises.iter_mut() {
            promise.check(&world, node).map_err(|what| format!("seed {}: {what}", plan.seed))?;
        }
    }
    Ok(world.answered)
}

fn plan(seed: u64, bugs: &[&'static str]) -> Plan {
    let reads = ["read-index", "lease"][(seed % 2) as usize];
    Plan { seed, bugs: bugs.to_vec(), options: vec![("reads", reads)] }
}

/// Asserts that a planted defect breaks the promise in one of the first schedules.
fn assert_broken_by<I: Invariant + Default>(bug: &'static str, schedules: u64) {
    assert_broken_with::<I>(bug, &[], schedules);
}

/// The same, with options.
fn assert_broken_with<I: Invariant + Default>(
    bug: &'static str,
    options: &[(&'static str, &'static str)],
    schedules: u64,
) {
    let broken = (0..schedules).any(|seed| {
        let mut plan = plan(seed, &[bug]);
        plan.options.extend(options);
        run(&plan, &mut [&mut I::default()]).is_err()
    });
    assert!(broken, "{bug} was not noticed in {schedules} schedules");
}

fn assert_holds(seeds: std::ops::Range<u64>) {
    let mut answered = 0;
    for seed in seeds.clone() {
        let mut promises = (
            election_safety::ElectionSafety::default(),
            log_matching::LogMatching::default(),
            leader_completeness::LeaderCompleteness,
            state_machine_safety::StateMachineSafety::default(),
            exactly_once::ExactlyOnce::default(),
            linearizable_reads::LinearizableReads::default(),
        );
        let mut all: [&mut dyn Invariant; 6] = [
            &mut promises.0,
            &mut promises.1,
            &mut promises.2,
            &mut promises.3,
            &mut promises.4,
            &mut promises.5,
        ];
        answered += run(&plan(seed, &[]), &mut all).unwrap_or_else(|what| panic!("{what}"));
    }
    let schedules = usize::try_from(seeds.end - seeds.start).unwrap();
    assert!(answered > 50 * schedules, "only {answered} answers in {schedules} schedules prove little");
}

#[test]
fn all_hold_under_random_faults() {
    assert_holds(0..100);
}

#[test]
fn all_hold_under_more_random_faults() {
    assert_holds(100..200);
}
