//! What drivers do alike.

mod acts;
mod effects;
mod lives;
mod storage;
mod timers;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ordalia_node::NodeId;

use crate::{Setup, Stage};

/// One thing that every driver must do.
pub struct Scenario {
    /// A name for reports.
    pub name: &'static str,
    /// What must hold, in one sentence.
    pub about: &'static str,
    /// Plays it on a stage of its own, and panics if it does not hold.
    pub play: fn(),
}

/// All scenarios, over one driver.
pub fn scenarios<S: Stage>() -> Vec<Scenario> {
    [
        acts::scenarios::<S>(),
        effects::scenarios::<S>(),
        timers::scenarios::<S>(),
        storage::scenarios::<S>(),
        lives::scenarios::<S>(),
    ]
    .into_iter()
    .flatten()
    .map(|(name, about, play)| Scenario { name, about, play })
    .collect()
}

/// Plays all scenarios over one driver; those that do not hold, with what they demand.
pub fn failures<S: Stage>() -> Vec<String> {
    let fails = |scenario: &Scenario| catch_unwind(AssertUnwindSafe(scenario.play)).is_err();
    let told = |scenario: Scenario| format!("{} of {}: {}", scenario.name, S::NAME, scenario.about);
    scenarios::<S>().into_iter().filter(fails).map(told).collect()
}

/// Name, sentence, play.
type Entry = (&'static str, &'static str, fn());

const N1: NodeId = NodeId::new(1);
const N2: NodeId = NodeId::new(2);

/// Three nodes that run and do nothing by themselves.
fn three<S: Stage>() -> S {
    S::running(&Setup::default())
}

/// The journal of `n1` when nothing is under way any more.
fn journal<S: Stage>(stage: &mut S) -> Vec<String> {
    stage.settle(N1);
    stage.journal(N1)
}

/// What `n1` was handed in this life, after its start.
fn inputs<S: Stage>(stage: &mut S) -> Vec<String> {
    let seen = stage.seen(N1).expect("n1 runs");
    seen[1..].to_vec()
}

/// Kills `n1` and starts it again; what its disk held.
fn reborn<S: Stage>(stage: &mut S) -> String {
    stage.kill(N1);
    assert!(stage.start(N1), "it starts again");
    let seen = stage.seen(N1).expect("n1 runs");
    seen[0].trim_start_matches("start with ").to_owned()
}
