//! Barriers against brute force: each arrival and each passage tried at every place that time allows.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use ordalia_checker::linearizable::{Barrier, Examiner};
use ordalia_checker::{Budget, History, Verdict};
use ordalia_history::{Operation, Outcome, Value};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use support::shapes;

/// One arrival or passage: of which operation, in which generation, by whom.
struct Point {
    operation: usize,
    generation: Value,
    party: Value,
    arrives: bool,
    certain: bool,
}

fn points(operations: &[Operation]) -> Vec<Point> {
    let mut points = Vec::new();
    for (at, operation) in operations.iter().enumerate() {
        let certain = operation.outcome == Outcome::Ok;
        let mut point = |arrives| {
            let (generation, party) = (operation.input[0].clone(), operation.input[1].clone());
            points.push(Point { operation: at, generation, party, arrives, certain });
        };
        if operation.f != "pass" {
            point(true);
        }
        if operation.f != "arrive" && certain {
            point(false);
        }
    }
    points
}

/// Whether the points can be put into an order that time and the barrier allow.
fn oracle(operations: &[Operation], parties: Option<u64>) -> bool {
    let points = points(operations);
    let mut arrived = BTreeMap::new();
    extend(operations, &points, parties, &mut vec![false; points.len()], &mut arrived)
}

type Arrived = BTreeMap<String, BTreeSet<String>>;

fn extend(
    operations: &[Operation],
    points: &[Point],
    parties: Option<u64>,
    placed: &mut Vec<bool>,
    arrived: &mut Arrived,
) -> bool {
    if points.iter().zip(&*placed).all(|(point, placed)| *placed || !point.certain) {
        return true;
    }
    (0..points.len()).any(|next| {
        let point = &points[next];
        let begins = operations[point.operation].invoke_index;
        let due = |other: &Point| {
            let twin = other.operation == point.operation && other.arrives && !point.arrives;
            twin || operations[other.operation].complete_index.is_some_and(|end| end < begins)
        };
        let waiting =
            points.iter().zip(&*placed).any(|(other, placed)| !placed && other.certain && due(other));
        if placed[next] || waiting || !may_be_next(points, point, parties, arrived) {
            return false;
        }
        let before = arrived.clone();
        if point.arrives {
            arrived.entry(point.generation.to_string()).or_default().insert(point.party.to_string());
        }
        placed[next] = true;
        let found = extend(operations, points, parties, placed, arrived);
        placed[next] = false;
        *arrived = before;
        found
    })
}

fn may_be_next(points: &[Point], point: &Point, parties: Option<u64>, arrived: &Arrived) -> bool {
    let none = BTreeSet::new();
    let here = arrived.get(&point.generation.to_string()).unwrap_or(&none);
    let awaited = |other: &&Point| other.arrives && other.certain && other.generation == point.generation;
    point.arrives
        || (here.contains(&point.party.to_string())
            && parties.is_none_or(|parties| here.len() as u64 >= parties)
            && points.iter().filter(awaited).all(|other| here.contains(&other.party.to_string())))
}

fn operation(f: &str, generation: u64, party: u64, span: (u64, Option<u64>)) -> Operation {
    Operation {
        process: party,
        f: f.into(),
        key: None,
        input: json!([generation, party]),
        output: Value::Null,
        outcome: if span.1.is_some() { Outcome::Ok } else { Outcome::Info },
        error: None,
        node: None,
        invoked_ns: span.0,
        intended_ns: None,
        completed_ns: span.1,
        invoke_index: span.0,
        complete_index: span.1,
    }
}

/// Compares the checker with brute force, and checks the order that it gives. Returns the verdict.
fn compare(operations: &[Operation], parties: Option<u64>) -> bool {
    let expected = oracle(operations, parties);
    let history = History { events: Vec::new(), operations: operations.to_vec() };
    let found = Barrier::new(parties).examine(&history, &Budget::default(), &std::sync::Arc::default());
    let completed = operations.iter().any(|operation| operation.complete_index.is_some());
    let verdict = if expected { Verdict::Valid } else { Verdict::Invalid };
    let verdict = if completed { verdict } else { Verdict::Unknown };
    assert_eq!(found.judgement.valid, verdict, "{parties:?} {operations:#?} {:?}", found.judgement);
    let order = &found.keys[0].order;
    for (at, later) in order.iter().enumerate() {
        let ends = operations[*later].complete_index.unwrap_or(u64::MAX);
        assert!(order[..at].iter().all(|ahead| operations[*ahead].invoke_index < ends), "{operations:#?}");
    }
    if expected {
        let all = (0..operations.len()).filter(|at| operations[*at].complete_index.is_some());
        assert!(all.into_iter().all(|at| order.contains(&at)), "{order:?} {operations:#?}");
    }
    expected
}

#[test]
fn all_histories_of_three_operations() {
    let mut verdicts = [0u32; 2];
    let alphabet: Vec<(&str, u64)> =
        ["arrive", "pass", "await"].into_iter().flat_map(|f| [(f, 0), (f, 1)]).collect();
    shapes(3, &mut |spans| {
        for choice in 0..alphabet.len().pow(3) {
            let letter = |at: usize| alphabet[choice / alphabet.len().pow(at as u32) % alphabet.len()];
            let operations: Vec<Operation> = spans
                .iter()
                .enumerate()
                .map(|(at, span)| operation(letter(at).0, 1, letter(at).1, *span))
                .collect();
            for parties in [None, Some(2)] {
                verdicts[usize::from(compare(&operations, parties))] += 1;
            }
        }
    });
    assert!(verdicts.iter().all(|count| *count > 1_000), "{verdicts:?}");
}

#[test]
fn random_histories_of_two_generations() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut verdicts = [0u32; 2];
    for _ in 0..4_000 {
        let mut now = 0;
        let mut spans: Vec<(u64, Option<u64>)> = Vec::new();
        let count = rng.random_range(3..7);
        while spans.len() < count || spans.iter().filter(|span| span.1.is_none()).count() > 1 {
            now += 1;
            let at = rng.random_range(0..=spans.len());
            if at < spans.len() {
                spans[at].1 = spans[at].1.or(Some(now));
            } else if at < count {
                spans.push((now, None));
            }
        }
        let mut letter = |span| {
            let f = ["arrive", "arrive", "await", "await", "pass"][rng.random_range(0..5)];
            operation(f, rng.random_range(1..3), rng.random_range(0..3), span)
        };
        let operations: Vec<Operation> = spans.into_iter().map(&mut letter).collect();
        let parties = [None, Some(1), Some(2), Some(3)][rng.random_range(0..4)];
        verdicts[usize::from(compare(&operations, parties))] += 1;
    }
    assert!(verdicts.iter().all(|count| *count > 400), "{verdicts:?}");
}
