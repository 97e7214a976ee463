//! The models with all searches.

use ordalia_checker::linearizable::{Call, Task};
use ordalia_checker::models::{BufferOp, UnorderedQueue};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{compare, compare_all, oracle};
use crate::worlds::{Shape, Tests, World, each, mutate, name, simulate, values};

#[derive(Debug)]
struct AllOfTwo;

impl Tests for AllOfTwo {
    fn run<W: World>(&self) {
        let verdicts = compare_all(&W::of(), &W::first(), &W::alphabet(), 2);
        assert!(verdicts.iter().all(|count| *count > 50), "{}: {verdicts:?}", name::<W>());
    }
}

#[test]
fn all_histories_of_two_operations() {
    each(&AllOfTwo);
}

#[derive(Debug)]
struct RandomOnes;

impl Tests for RandomOnes {
    fn run<W: World>(&self) {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut verdicts = [0u32; 2];
        for round in 0..1_000 {
            let shape = Shape {
                clients: 2 + round % 4,
                count: 3 + round % 6,
                domain: round % 5,
                crashes: if round % 2 == 0 { 0.0 } else { 0.25 },
            };
            let mut task: Task<W> = simulate(&mut rng, shape);
            for _ in 0..round % 3 {
                mutate(&mut rng, &mut task);
            }
            verdicts[usize::from(compare(&W::of(), &task))] += 1;
        }
        assert!(verdicts.iter().all(|count| *count > 100), "{}: {verdicts:?}", name::<W>());
    }
}

#[test]
fn random_histories_with_crashes_and_duplicates() {
    each(&RandomOnes);
}

/// The verdict of brute force where each crashed dequeue took one certain value, for all choices of these.
fn by_choice(task: &Task<UnorderedQueue>, at: usize) -> bool {
    let model = UnorderedQueue::of();
    let unknown = |call: &Call<BufferOp>| call.op == BufferOp::TakeUnknown;
    let Some(next) = (at..task.calls.len()).find(|call| unknown(&task.calls[*call])) else {
        return oracle(&model, task);
    };
    values(task.calls.len()).into_iter().any(|value| {
        let mut task = task.clone();
        task.calls[next].op = BufferOp::Take(value);
        by_choice(&task, next + 1)
    })
}

#[test]
fn a_debt_of_the_unordered_queue_is_as_good_as_any_choice() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let (mut verdicts, mut unknowns) = ([0u32; 2], 0);
    for round in 0..1_000 {
        let shape = Shape { clients: 3, count: 4 + round % 3, domain: round % 3, crashes: 0.4 };
        let mut task: Task<UnorderedQueue> = simulate(&mut rng, shape);
        if rng.random_bool(0.7) {
            mutate(&mut rng, &mut task);
        }
        // Such as find nothing are what a crashed dequeue can matter to.
        for call in &mut task.calls {
            if matches!(call.op, BufferOp::Take(_)) && rng.random_bool(0.4) {
                call.op = BufferOp::Empty;
            }
        }
        unknowns += task.calls.iter().filter(|call| call.op == BufferOp::TakeUnknown).count();
        let expected = oracle(&UnorderedQueue::of(), &task);
        assert_eq!(by_choice(&task, 0), expected, "{:#?}", task.calls);
        verdicts[usize::from(expected)] += 1;
    }
    assert!(verdicts.iter().all(|count| *count > 120) && unknowns > 300, "{verdicts:?} {unknowns}");
}

#[derive(Debug)]
struct LongOnes;

impl Tests for LongOnes {
    fn run<W: World>(&self) {
        let mut rng = ChaCha8Rng::seed_from_u64(13);
        for round in 0..20 {
            let shape = Shape { clients: 1 + round % 4, count: 60, domain: round % 5, crashes: 0.0 };
            let task: Task<W> = simulate(&mut rng, shape);
            for algorithm in crate::support::searches::<W>() {
                crate::support::confirm(algorithm.as_ref(), &W::of(), &task, true);
            }
        }
    }
}

#[test]
fn what_a_real_object_did_is_linearizable() {
    each(&LongOnes);
}

#[test]
fn observations_change_no_state() {
    #[derive(Debug)]
    struct Observations;
    impl Tests for Observations {
        fn run<W: World>(&self) {
            let (model, mut states) = (W::of(), vec![W::first()]);
            for _ in 0..4 {
                let after = states.iter().flat_map(|state| {
                    W::alphabet().into_iter().filter_map(|op| model.step(state, &op)).collect::<Vec<_>>()
                });
                let mut after: Vec<W::State> = after.collect();
                states.append(&mut after);
                let mut seen = std::collections::HashSet::new();
                states.retain(|state| seen.insert(state.clone()));
            }
            for op in W::alphabet().iter().filter(|op| model.is_observation(op)) {
                let changes = |state: &W::State| model.step(state, op).is_some_and(|after| after != *state);
                assert!(!states.iter().any(changes), "{op:?}");
            }
        }
    }
    each(&Observations);
}
