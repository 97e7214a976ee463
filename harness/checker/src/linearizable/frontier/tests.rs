//! Every width of masks and every number of configurations kept, against the depth-first search.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::mask::{Mask, Wide};
use super::refute::refutes;
use super::search::{Search, Stop};
use crate::Budget;
use crate::linearizable::{Algorithm, Call, Finding, Meter, Model, Task, ValueId, Values, Wgl};
use crate::models::{Register, RegisterOp};

fn meter() -> Meter {
    Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 28 })
}

/// Clients that each do one operation after the other at random, with the values of a register that is right
/// but for `flips` observations. Every eighth operation crashes.
fn history(rng: &mut ChaCha8Rng, clients: usize, count: usize, flips: usize) -> Task<Register> {
    let mut values = Values::default();
    let v: Vec<ValueId> = (0..4).map(|value| values.intern(&Value::from(value))).collect();
    let (mut calls, mut open) = (Vec::new(), Vec::new());
    let (mut state, mut now) = (ValueId::NIL, 0);
    while calls.len() < count || !open.is_empty() {
        now += 1;
        if calls.len() < count && open.len() < clients {
            let (a, b) = (v[rng.random_range(0..4)], v[rng.random_range(0..4)]);
            let op =
                [RegisterOp::Read(a), RegisterOp::Write(a), RegisterOp::Cas(a, b)][rng.random_range(0..3)];
            open.push((calls.len(), false));
            calls.push(Call { op, invoke: now, complete: None });
            continue;
        }
        let at = rng.random_range(0..open.len());
        let (call, taken): (usize, bool) = open[at];
        let made: &mut Call<RegisterOp> = &mut calls[call];
        if taken || (!matches!(made.op, RegisterOp::Read(_)) && rng.random_range(0..8) == 0) {
            made.complete = taken.then_some(now);
            open.swap_remove(at);
            continue;
        }
        open[at].1 = true;
        match made.op {
            RegisterOp::Read(_) => made.op = RegisterOp::Read(state),
            RegisterOp::Cas(from, to) if from != state => made.op = RegisterOp::Refused(from, to),
            RegisterOp::Cas(_, to) | RegisterOp::Write(to) => state = to,
            RegisterOp::Refused(..) => {}
        }
    }
    for _ in 0..flips {
        let at = rng.random_range(0..count);
        if let RegisterOp::Read(value) = &mut calls[at].op {
            *value = v[rng.random_range(0..4)];
        }
    }
    Task { init: ValueId::NIL, calls }
}

/// The verdict of one pass that keeps so many configurations; `None` where too much was cut.
fn verdict<K: Mask>(task: &Task<Register>, width: usize, stuck: Option<usize>) -> Option<bool> {
    let (model, meter) = (Register::with_cas(Value::Null), meter());
    let mut search = Search::<_, K>::begin(&model, task, &meter, width).unwrap();
    let found = search.run(&mut 0);
    confirm(&model, task, found, stuck)
}

/// Checks what is given as proof; `stuck` is where the history fails. Returns the verdict; `None` where too much
/// was cut.
fn confirm(
    model: &Register,
    task: &Task<Register>,
    found: Result<Finding<ValueId>, Stop>,
    stuck: Option<usize>,
) -> Option<bool> {
    match found {
        Ok(Finding::Linearizable { order }) => {
            let step = |state: ValueId, call: &usize| model.step(&state, &task.calls[*call].op);
            assert!(order.iter().try_fold(task.init, step).is_some());
            assert!((0..task.calls.len()).all(|at| task.calls[at].complete.is_none() || order.contains(&at)));
            Some(true)
        }
        Ok(Finding::NotLinearizable(deadlock)) => {
            assert_eq!(Some(deadlock.stuck), stuck, "{:#?}", task.calls);
            Some(false)
        }
        Err(Stop::Cut) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_width_decides_as_the_depth_first_search_does() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let model = Register::with_cas(Value::Null);
    let (mut verdicts, mut cut) = ([0; 2], [0; 2]);
    for round in 0..400 {
        let task = history(&mut rng, 2 + round % 6, 30 + round % 50, round % 5);
        let stuck = match Wgl.search(&model, &task, &meter()) {
            Finding::Linearizable { .. } => None,
            Finding::NotLinearizable(deadlock) => Some(deadlock.stuck),
            Finding::Exhausted { limit, .. } => panic!("{limit}"),
        };
        let legal = stuck.is_none();
        verdicts[usize::from(legal)] += 1;
        assert_eq!(verdict::<u64>(&task, usize::MAX, stuck), Some(legal), "{:#?}", task.calls);
        assert_eq!(verdict::<Wide<4>>(&task, usize::MAX, stuck), Some(legal));
        for width in [1, 3] {
            let found = verdict::<u128>(&task, width, stuck);
            assert!(found.is_none_or(|found| found == legal), "{width}: {:#?}", task.calls);
            cut[usize::from(legal)] += usize::from(found.is_none());
        }
    }
    assert!(verdicts.iter().all(|count| *count > 50), "{verdicts:?}");
    assert!(cut.iter().all(|count| *count > 0), "{cut:?}");
}

#[test]
fn more_operations_under_way_than_slots_ask_for_more_slots() {
    let read = |at| Call { op: RegisterOp::Read(ValueId::NIL), invoke: at, complete: Some(1_000 + at) };
    let task = Task { init: ValueId::NIL, calls: (0..65).map(read).collect() };
    let (model, meter) = (Register::new(Value::Null), meter());
    let mut narrow = Search::<_, u64>::begin(&model, &task, &meter, 1).unwrap();
    assert_eq!(narrow.run(&mut 0), Err(Stop::TooNarrow));
    let found = super::Frontier.search(&model, &task, &meter);
    assert_eq!(found, Finding::Linearizable { order: (0..65).collect() });
}

#[test]
fn a_pass_in_trouble_goes_back_and_decides_all_the_same() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let (model, meter) = (Register::with_cas(Value::Null), meter());
    let (mut asked, mut decided) = (0, [0; 2]);
    for round in 0..60 {
        let mut task = history(&mut rng, 4 + round % 7, 400, 0);
        let is_read = |call: &Call<RegisterOp>| matches!(call.op, RegisterOp::Read(_));
        let late = task.calls.iter().rposition(is_read).filter(|_| round % 2 == 1);
        if let Some(late) = late {
            task.calls[late].op = RegisterOp::Read(ValueId::of(9));
        }
        let mut search = Search::<_, u64>::begin(&model, &task, &meter, 1).unwrap();
        let found = search.run(&mut 0);
        let found = confirm(&model, &task, found, late);
        assert!(found.is_none_or(|found| found == late.is_none()), "{:#?}", task.calls);
        asked += search.asked;
        decided[usize::from(late.is_none())] += usize::from(found.is_some() && search.worst > 0);
    }
    assert!(decided.iter().all(|count| *count > 10) && asked > 10, "{decided:?}, {asked} asked");
}

#[test]
fn only_what_cannot_be_passed_is_refuted() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let (model, meter) = (Register::with_cas(Value::Null), meter());
    let mut refuted = 0;
    for round in 0..200 {
        let task = history(&mut rng, 2 + round % 5, 24, round % 3);
        let stuck = match Wgl.search(&model, &task, &meter) {
            Finding::NotLinearizable(deadlock) => Some(deadlock.stuck),
            _ => None,
        };
        let states: Vec<ValueId> = (0..5).map(ValueId::of).collect();
        let calls = &task.calls;
        // What comes after a failure is no matter.
        let before = |at: &usize| stuck.is_none_or(|stuck| calls[*at].complete <= calls[stuck].complete);
        for at in (0..24).filter(|at| calls[*at].complete.is_some()).filter(before) {
            for start in (0..=at).step_by(3) {
                let found = refutes::<_, u64>((&model, &task, &meter), &states, start, at).unwrap();
                assert!(!found || stuck == Some(at), "{at} from {start}: {calls:#?}");
                refuted += usize::from(found);
            }
        }
    }
    assert!(refuted > 20, "{refuted}");
}

#[test]
fn what_is_cut_off_at_a_completion_is_not_held_against_the_history() {
    let [nil, one] = [ValueId::NIL, ValueId::of(1)];
    let call = |op, invoke, complete| Call { op, invoke, complete: Some(complete) };
    // The write is tried first, and leaves nothing to the cas.
    let write = call(RegisterOp::Write(one), 0, 9);
    let cas = call(RegisterOp::Cas(nil, one), 1, 8);
    let read = call(RegisterOp::Read(one), 2, 3);
    let task = Task { init: nil, calls: vec![write, cas, read] };
    assert_eq!(verdict::<u64>(&task, 1, None), None);
    assert_eq!(verdict::<u64>(&task, 2, None), Some(true));
}
