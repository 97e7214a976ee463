//! Brute force, against which every algorithm and every model is held.

// Helpers of tests are not tests to the lint; a panic is their way to fail. Not every test uses all.
#![allow(clippy::unwrap_used, dead_code)]

pub mod objects;

use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{Algorithm, Auto, Call, Finding, Frontier, Meter, Model, Task, Wgl};

/// Whether any order of all completed calls and some of the crashed ones respects time and the model.
pub fn oracle<M: Model>(model: &M, task: &Task<M>) -> bool {
    fn extend<M: Model>(model: &M, calls: &[Call<M::Op>], placed: &mut Vec<bool>, state: &M::State) -> bool {
        if calls.iter().zip(&*placed).all(|(call, placed)| *placed || call.complete.is_none()) {
            return true;
        }
        (0..calls.len()).any(|next| {
            let barred = |other: &Call<M::Op>| other.complete.is_some_and(|end| end < calls[next].invoke);
            let too_early = calls.iter().zip(&*placed).any(|(other, placed)| !placed && barred(other));
            if placed[next] || too_early {
                return false;
            }
            let Some(after) = model.step(state, &calls[next].op) else { return false };
            placed[next] = true;
            let found = extend(model, calls, placed, &after);
            placed[next] = false;
            found
        })
    }
    extend(model, &task.calls, &mut vec![false; task.calls.len()], &task.init)
}

/// Replays an order: each call legal where it stands, placed once, and none ahead of one that completed
/// before it began. Returns the state that it leaves.
pub fn replay<M: Model>(model: &M, task: &Task<M>, order: &[usize]) -> M::State {
    let calls = &task.calls;
    let mut state = task.init.clone();
    let mut last_begun = 0;
    let mut placed = vec![false; calls.len()];
    for call in order {
        state = model.step(&state, &calls[*call].op).expect("each step is legal");
        // None of the calls ahead began after this one completed.
        assert!(calls[*call].complete.is_none_or(|end| last_begun < end), "{calls:?} {order:?}");
        last_begun = last_begun.max(calls[*call].invoke);
        assert!(!placed[*call], "no call is placed twice: {calls:?} {order:?}");
        placed[*call] = true;
    }
    state
}

/// What an algorithm finds without limits that matter.
pub fn search<M: Model>(algorithm: &dyn Algorithm<M>, model: &M, task: &Task<M>) -> Finding<M::State> {
    let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 28 });
    algorithm.search(model, task, &meter)
}

/// The searches that decide every history of every model.
pub fn searches<M: Model>() -> Vec<Box<dyn Algorithm<M>>> {
    vec![Box::new(Wgl), Box::new(Frontier), Box::new(Auto)]
}

/// Compares all searches with brute force, and checks what each gives as proof. Returns the verdict.
pub fn compare<M: Model>(model: &M, task: &Task<M>) -> bool {
    let expected = oracle(model, task);
    for algorithm in searches() {
        confirm(algorithm.as_ref(), model, task, expected);
    }
    expected
}

/// Holds one algorithm to the verdict that is right, and checks what it gives as proof.
pub fn confirm<M: Model>(algorithm: &dyn Algorithm<M>, model: &M, task: &Task<M>, expected: bool) {
    let (calls, name) = (&task.calls, algorithm.name());
    match search(algorithm, model, task) {
        Finding::Linearizable { order } => {
            assert!(expected, "{name}: wrongly legal: {calls:#?}");
            replay(model, task, &order);
            let missing = (0..calls.len()).filter(|call| !order.contains(call));
            assert!(missing.into_iter().all(|call| calls[call].complete.is_none()), "{name}: {calls:#?}");
        }
        Finding::NotLinearizable(deadlock) => {
            assert!(!expected, "{name}: wrongly illegal: {calls:#?} {deadlock:?}");
            let stuck = &calls[deadlock.stuck];
            assert!(!deadlock.prefix.contains(&deadlock.stuck) && stuck.complete.is_some());
            assert!(deadlock.states.iter().all(|state| model.step(state, &stuck.op).is_none()));
        }
        Finding::Exhausted { limit, .. } => panic!("{name}: {limit}: {calls:#?}"),
    }
}

/// All ways in which that many calls can be invoked and completed, or left open: invocation and completion of
/// each, in order of invocation.
pub fn shapes(count: usize, visit: &mut impl FnMut(&[(u64, Option<u64>)])) {
    fn extend(
        count: usize,
        now: u64,
        spans: &mut Vec<(u64, Option<u64>)>,
        visit: &mut impl FnMut(&[(u64, Option<u64>)]),
    ) {
        if spans.len() == count {
            // The order of what is left to complete, and crashing, tell histories apart.
            visit(spans);
        }
        for at in 0..spans.len() {
            if spans[at].1.is_none() {
                spans[at].1 = Some(now);
                extend(count, now + 1, spans, visit);
                spans[at].1 = None;
            }
        }
        if spans.len() < count {
            spans.push((now, None));
            extend(count, now + 1, spans, visit);
            spans.pop();
        }
    }
    extend(count, 0, &mut Vec::new(), visit);
}

/// All histories of that many operations of an alphabet, each compared with brute force. Returns how many were
/// illegal and how many legal.
pub fn compare_all<M: Model>(model: &M, init: &M::State, alphabet: &[M::Op], count: usize) -> [u64; 2] {
    let mut verdicts = [0; 2];
    shapes(count, &mut |spans| {
        for choice in 0..alphabet.len().pow(count as u32) {
            let op = |at: usize| alphabet[choice / alphabet.len().pow(at as u32) % alphabet.len()].clone();
            let calls = spans.iter().enumerate();
            let calls = calls.map(|(at, span)| Call { op: op(at), invoke: span.0, complete: span.1 });
            let task = Task { init: init.clone(), calls: calls.collect() };
            verdicts[usize::from(compare(model, &task))] += 1;
        }
    });
    verdicts
}
