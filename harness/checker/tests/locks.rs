//! Locks against brute force: on all small histories, on random ones with crashed calls, and on mutated ones.

// A panic is the way in which a test fails.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{
    Call, Decision, Finding, Holds, Meter, Model, Specialist, Task, Tie, ValueId, Values, Wgl,
};
use ordalia_checker::models::{Fence, FencedLock, FencedLockOp, Mutex, MutexOp, ValueToken};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use support::{compare, compare_all, replay, search, shapes};

#[test]
fn all_histories_of_four_calls_of_a_mutex() {
    let alphabet = [MutexOp::Acquire, MutexOp::Release, MutexOp::Refused];
    let free = compare_all(&Mutex::default(), &false, &alphabet, 4);
    let held = compare_all(&Mutex { held: true }, &true, &alphabet, 3);
    assert!(free.iter().chain(&held).all(|count| *count > 300), "{free:?} {held:?}");
}

/// The numbers of 0, 1, 2, …: tokens and processes both.
fn ids(count: u64) -> Vec<ValueId> {
    let mut values = Values::default();
    (0..count).map(|value| values.intern(&json!(value))).collect()
}

fn token(ids: &[ValueId], number: usize) -> ValueToken {
    ValueToken { number: number as u64, value: ids[number] }
}

fn task(calls: &[Call<FencedLockOp>]) -> Task<FencedLock> {
    Task { init: Fence::default(), calls: calls.to_vec() }
}

/// Whether no process does two things at once and no acquire is of the wrong kind.
fn qualifies(calls: &[Call<FencedLockOp>]) -> bool {
    let process = |call: &Call<FencedLockOp>| match call.op {
        FencedLockOp::Acquire(process, _) | FencedLockOp::Release(process, _) => Some(process),
        _ => None,
    };
    calls.iter().enumerate().all(|(at, call)| {
        let earlier =
            calls[..at].iter().filter(|other| process(call).is_some() && process(other) == process(call));
        let alone = earlier.into_iter().all(|other| other.complete.is_some_and(|end| end < call.invoke));
        alone
            && match call.op {
                FencedLockOp::Acquire(..) => call.complete.is_some(),
                FencedLockOp::Grab | FencedLockOp::Held | FencedLockOp::NotHeld(_) => call.complete.is_none(),
                FencedLockOp::Release(..) => true,
            }
    })
}

/// Holds the decision by holds to the verdict that brute force finds. Returns both.
fn confirm(calls: &[Call<FencedLockOp>]) -> (bool, bool) {
    let task = task(calls);
    let expected = compare(&FencedLock, &task);
    let meter = Meter::new(&Budget { time: Duration::MAX, memory_bytes: 1 << 24 });
    match Holds.decide(&FencedLock, &task, &meter).unwrap() {
        Decision::Legal { order } => {
            assert!(expected, "wrongly legal: {calls:#?}");
            replay(&FencedLock, &task, &order);
            let missing = (0..calls.len()).find(|at| !order.contains(at) && calls[*at].complete.is_some());
            assert_eq!(missing, None, "{calls:#?}");
        }
        Decision::Illegal { core } => {
            assert!(!expected, "wrongly illegal: {calls:#?} {core:?}");
            check_core(calls, &core);
        }
        Decision::Abstain(why) => {
            assert!(!qualifies(calls), "{why}: {calls:#?}");
            return (expected, true);
        }
    }
    (expected, false)
}

/// The core fails alone, and no call outside it is tied to one inside it.
fn check_core(calls: &[Call<FencedLockOp>], core: &[usize]) {
    let alone: Vec<_> = core.iter().map(|at| calls[*at].clone()).collect();
    let finding = search(&Wgl, &FencedLock, &task(&alone));
    assert!(matches!(finding, Finding::NotLinearizable(_)), "{calls:#?} {core:?}");
    let tie = |at: &usize| FencedLock.tie(&calls[*at].op);
    let left: Vec<usize> = (0..calls.len())
        .filter(|at| !core.contains(at) && !FencedLock.is_observation(&calls[*at].op))
        .collect();
    assert!(left.is_empty() || (0..calls.len()).all(|at| tie(&at) != Tie::Fixed), "{calls:#?} {core:?}");
    for outside in &left {
        let Tie::Values(named) = tie(outside) else { panic!("{calls:#?} {core:?}") };
        let shared =
            |at: &usize| matches!(tie(at), Tie::Values(all) if all.iter().any(|value| named.contains(value)));
        assert!(!core.iter().any(shared), "{outside} is tied to the core {core:?}: {calls:#?}");
    }
}

#[test]
fn all_histories_of_three_calls_of_a_fenced_lock() {
    use FencedLockOp::{Acquire, Grab, Held, NotHeld, Release};
    let v = ids(10);
    let (p, q) = (v[8], v[9]);
    let alphabet = [
        Acquire(p, token(&v, 1)),
        Acquire(q, token(&v, 2)),
        Acquire(p, token(&v, 2)),
        Release(p, None),
        Release(p, Some(token(&v, 1))),
        Release(q, None),
        Grab,
        Held,
        NotHeld(p),
    ];
    let mut seen = [[0; 2]; 2];
    shapes(3, &mut |spans| {
        for choice in 0..alphabet.len().pow(3) {
            let op = |at: usize| alphabet[choice / alphabet.len().pow(at as u32) % alphabet.len()];
            let calls = spans.iter().enumerate();
            let calls: Vec<_> =
                calls.map(|(at, span)| Call { op: op(at), invoke: span.0, complete: span.1 }).collect();
            let (legal, abstained) = confirm(&calls);
            seen[usize::from(abstained)][usize::from(legal)] += 1;
        }
    });
    assert!(seen[0].iter().all(|count| *count > 500), "{seen:?}");
}

/// Of a client its process, the token under which that has the lock, and its open call and whether that is done.
type Client = (usize, Option<usize>, Option<(usize, bool)>);

/// Clients of a real lock; some crash, and then another takes their place.
fn simulate(rng: &mut ChaCha8Rng, count: usize, clients: usize, refusals: bool) -> Vec<Call<FencedLockOp>> {
    let v = ids(64);
    let mut calls: Vec<Call<FencedLockOp>> = Vec::new();
    let mut processes: Vec<Client> = (0..clients).map(|client| (40 + client, None, None)).collect();
    let (mut held, mut next_token, mut next_process, mut now) = (false, 1, 40 + clients, 0);
    while calls.len() < count || processes.iter().any(|(.., open)| open.is_some()) {
        now += 1;
        let client = rng.random_range(0..clients);
        let (process, token_held, open) = processes[client];
        let Some((call, done)) = open else {
            if calls.len() < count {
                let named = token_held.filter(|_| rng.random_bool(0.7)).map(|number| token(&v, number));
                let op = match token_held {
                    Some(_) => FencedLockOp::Release(v[process], named),
                    None => FencedLockOp::Grab,
                };
                processes[client].2 = Some((calls.len(), false));
                calls.push(Call { op, invoke: now, complete: None });
            }
            continue;
        };
        let acquires = token_held.is_none();
        if done {
            calls[call].complete = Some(now);
            if let FencedLockOp::Acquire(_, token) = calls[call].op {
                processes[client].1 = Some(token.number as usize);
            } else if !acquires {
                processes[client].1 = None;
            }
            processes[client].2 = None;
        } else if rng.random_bool(0.1) {
            // A crashed release may have happened; a crashed acquire that did would end all.
            held &= acquires || rng.random_bool(0.5);
            processes[client] = (next_process, None, None);
            next_process += 1;
        } else if !acquires {
            held = false;
            processes[client].2 = Some((call, true));
        } else if !held {
            held = true;
            calls[call].op = FencedLockOp::Acquire(v[process], token(&v, next_token));
            next_token += rng.random_range(1..3);
            processes[client].2 = Some((call, true));
        } else if refusals && rng.random_bool(0.3) {
            calls[call].op = FencedLockOp::Held;
            processes[client].2 = Some((call, true));
        }
        // Nobody may be left who could release it.
        if now > 2_000 {
            break;
        }
    }
    calls
}

fn mutate(rng: &mut ChaCha8Rng, calls: &mut [Call<FencedLockOp>]) {
    let v = ids(64);
    let at = rng.random_range(0..calls.len());
    let other = token(&v, rng.random_range(1..6));
    calls[at].op = match calls[at].op {
        FencedLockOp::Acquire(process, _) => FencedLockOp::Acquire(process, other),
        FencedLockOp::Release(process, Some(_)) => FencedLockOp::Release(process, Some(other)),
        same => same,
    };
    let later = calls[at].complete.map(|end| (end, rng.random_range(0..end + 1).max(calls[at].invoke + 1)));
    if let Some((end, sooner)) = later.filter(|_| rng.random_bool(0.3)) {
        let taken =
            |moment: u64| calls.iter().any(|call| call.invoke == moment || call.complete == Some(moment));
        calls[at].complete = Some(if taken(sooner) { end } else { sooner });
    }
}

fn random_as_brute_force_decides(rounds: usize, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut verdicts, mut abstained) = ([0usize; 2], 0);
    for round in 0..rounds {
        let count = rng.random_range(3..9);
        let mut calls = simulate(&mut rng, count, 2 + round % 3, round % 4 == 0);
        for _ in 0..round % 3 {
            mutate(&mut rng, &mut calls);
        }
        let (legal, gave_up) = confirm(&calls);
        verdicts[usize::from(legal)] += 1;
        abstained += usize::from(gave_up);
    }
    assert!(verdicts.iter().all(|count| *count > rounds / 6), "{verdicts:?}");
    assert!(abstained < rounds / 3, "{abstained}");
}

#[test]
fn random_histories_as_brute_force_decides() {
    random_as_brute_force_decides(2_000, 1);
}

/// `cargo test --release -p ordalia-checker --test locks -- --ignored`
#[test]
#[ignore = "a soak of a million histories"]
fn random_histories_as_brute_force_decides_soak() {
    (0..20).for_each(|seed| random_as_brute_force_decides(50_000, 100 + seed));
}
