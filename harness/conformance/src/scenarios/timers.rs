//! When timers run out.

use std::time::Duration;

use super::{Entry, N1, N2, inputs, journal, three};
use crate::Deed::{Cancel, Persist, Reply, Send, SetTimer};
use crate::{BOOT, Deed, Stage};

pub(super) fn scenarios<S: Stage>() -> Vec<Entry> {
    vec![
        ("a-timer-runs-out-once", "a timer runs out once, at its time and not before", once::<S>),
        ("a-timer-is-replaced", "a timer set again has only its new deadline", replaced::<S>),
        (
            "a-timer-is-cancelled",
            "a timer that was cancelled does not run out, nor does one not set",
            cancelled::<S>,
        ),
        ("a-clock-of-its-own", "timers run by the node's own clock", own_clock::<S>),
        (
            "messages-before-timers",
            "what waited is handled ahead of timers that ran out meanwhile, and can stop them or put them off",
            messages_first::<S>,
        ),
        ("a-timer-set-to-zero", "a timer set to zero runs out after the inputs of its batch", zero::<S>),
        (
            "a-timer-that-comes-again",
            "a timer that sets itself to zero again runs out as often as it was set, and inputs still come",
            again::<S>,
        ),
        ("equal-deadlines", "of timers with one deadline, the one set first runs out first", equal::<S>),
        (
            "timers-in-order",
            "timers that ran out meanwhile come in the order of their deadlines",
            in_order::<S>,
        ),
        ("a-timer-stops-a-timer", "a timer can stop another one that has run out too", stops_another::<S>),
        (
            "timers-wait-for-a-write",
            "a timer that runs out during a write comes after it",
            during_a_write::<S>,
        ),
    ]
}

/// Sets a timer in so many microseconds that does nothing.
fn set(timer: char, after_us: u64) -> Deed {
    SetTimer(timer, after_us, vec![])
}

const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// How long `n1` has run when all three nodes do, in microseconds.
const BEGUN: u64 = 2 * BOOT.as_micros() as u64;

/// The timers of `n1` that ran out, and when, after [`BEGUN`].
fn ran_out<S: Stage>(stage: &mut S) -> Vec<(char, u64)> {
    let inputs = inputs(stage);
    let timers = inputs.iter().filter_map(|input| input.strip_prefix("timer ")?.split_once(" at "));
    let timer = |(name, at): (&str, &str)| Some((name.chars().next()?, at.parse::<u64>().ok()? - BEGUN));
    timers.filter_map(timer).collect()
}

fn once<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![set('a', 5_000)]);
    stage.pass(micros(4_999));
    assert_eq!(ran_out(&mut stage), []);
    stage.pass(micros(1));
    assert_eq!(ran_out(&mut stage), [('a', 5_000)]);
    stage.pass(micros(20_000));
    assert_eq!(ran_out(&mut stage), [('a', 5_000)]);
}

fn replaced<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![set('a', 5_000), set('b', 5_000)]);
    stage.ask(N1, vec![set('a', 7_000), set('b', 2_000)]);
    stage.pass(micros(20_000));
    assert_eq!(ran_out(&mut stage), [('b', 2_000), ('a', 7_000)]);
}

fn cancelled<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![set('a', 5_000), set('b', 5_000), Cancel('a'), Cancel('z')]);
    stage.pass(micros(20_000));
    assert_eq!(ran_out(&mut stage), [('b', 5_000)]);
}

fn own_clock<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![SetTimer('a', 5_000, vec![Send(N2, 1)])]);
    stage.ask(N2, vec![SetTimer('a', 5_000, vec![Send(N1, 2)])]);
    stage.pass(micros(1_000));
    stage.jump_clock(N1, micros(3_000));
    stage.pass(micros(999));
    assert_eq!(journal(&mut stage), [""; 0]);
    stage.pass(micros(1));
    assert_eq!(journal(&mut stage), ["send 1 to n2"]);
    assert_eq!(ran_out(&mut stage), [('a', 5_000)], "as its own clock has it");
    stage.pass(micros(2_999));
    assert_eq!(stage.journal(N2), [""; 0]);
    stage.pass(micros(1));
    assert_eq!(stage.journal(N2), ["send 2 to n1"]);
}

fn messages_first<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![set('a', 1_000), set('b', 1_000), SetTimer('c', 1_000, vec![Send(N2, 2)])]);
    stage.hold(N1);
    stage.pass(micros(3_000));
    stage.tell(N2, N1, 7, vec![Cancel('a'), set('b', 1_000), Send(N2, 1)]);
    stage.let_go(N1);
    assert_eq!(journal(&mut stage), ["send 1 to n2", "send 2 to n2"]);
    assert_eq!(ran_out(&mut stage), [('c', 3_000)]);
    stage.pass(micros(3_000));
    assert_eq!(ran_out(&mut stage), [('c', 3_000), ('b', 4_000)]);
}

fn zero<S: Stage>() {
    let mut stage = three::<S>();
    stage.hold(N1);
    stage.ask(N1, vec![SetTimer('a', 0, vec![Send(N2, 1)])]);
    stage.ask(N1, vec![Send(N2, 2), Reply]);
    stage.let_go(N1);
    assert_eq!(journal(&mut stage), ["send 2 to n2", "answer 1", "send 1 to n2"]);
    assert_eq!(ran_out(&mut stage), [('a', 0)]);
}

fn again<S: Stage>() {
    let mut stage = three::<S>();
    let thrice = SetTimer('a', 0, vec![SetTimer('a', 0, vec![SetTimer('a', 0, vec![Send(N2, 1)])])]);
    stage.ask(N1, vec![thrice]);
    stage.pass(micros(10));
    assert_eq!(ran_out(&mut stage), [('a', 0); 3]);
    stage.ask(N1, vec![Reply]);
    assert_eq!(journal(&mut stage), ["send 1 to n2", "answer 1"]);
}

fn equal<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![set('c', 1_000), set('a', 1_000), set('b', 1_000), set('c', 1_000)]);
    stage.pass(micros(1_000));
    assert_eq!(ran_out(&mut stage), [('a', 1_000), ('b', 1_000), ('c', 1_000)]);
    stage.ask(N1, vec![set('b', 1_000), set('a', 1_000)]);
    stage.pass(micros(1_000));
    assert_eq!(ran_out(&mut stage)[3..], [('b', 2_000), ('a', 2_000)]);
}

fn in_order<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![set('a', 3_000), set('b', 1_000), set('c', 2_000)]);
    stage.hold(N1);
    stage.pass(micros(5_000));
    stage.let_go(N1);
    stage.pass(micros(10));
    assert_eq!(ran_out(&mut stage), [('b', 5_000), ('c', 5_000), ('a', 5_000)]);
}

fn stops_another<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![SetTimer('a', 1_000, vec![Cancel('b')]), set('b', 1_000)]);
    stage.pass(micros(5_000));
    assert_eq!(ran_out(&mut stage), [('a', 1_000)]);
}

fn during_a_write<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![SetTimer('a', 50, vec![Send(N2, 1)]), Persist(1), Reply]);
    stage.pass(micros(60));
    stage.tell(N2, N1, 7, vec![Send(N2, 2)]);
    assert_eq!(journal(&mut stage), ["disk [1]", "answer 0", "send 2 to n2", "send 1 to n2"]);
    assert_eq!(ran_out(&mut stage), [('a', 100)]);
}
