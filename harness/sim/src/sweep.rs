//! Many tests side by side, one thread each.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

/// Runs one function for every seed on so many threads, and hands the results over as they come, in any order.
/// Ends early, with what was found so far, once `stop` is true or `seen` says so.
pub fn sweep<T: Send>(
    seeds: Range<u64>,
    threads: usize,
    stop: &AtomicBool,
    run: impl Fn(u64) -> T + Sync,
    mut seen: impl FnMut(u64, T) -> Go,
) {
    let next = AtomicU64::new(seeds.start);
    let (results, arrived) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (results, next, run, end) = (results.clone(), &next, &run, seeds.end);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || results.send((seed, run(seed))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        for (seed, result) in arrived {
            if seen(seed, result) == Go::Stop {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
}

/// Whether a sweep goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// It does.
    On,
    /// What is under way is finished, and nothing more begun.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_run_once() {
        let mut seen = Vec::new();
        sweep(
            5..205,
            3,
            &AtomicBool::new(false),
            |seed| seed * 2,
            |seed, twice| {
                assert_eq!(twice, seed * 2);
                seen.push(seed);
                Go::On
            },
        );
        seen.sort_unstable();
        assert_eq!(seen, (5..205).collect::<Vec<_>>());
    }

    #[test]
    fn a_sweep_that_is_stopped_keeps_what_it_found() {
        let mut seen = 0;
        sweep(
            0..u64::MAX,
            2,
            &AtomicBool::new(false),
            |_| (),
            |_, ()| {
                seen += 1;
                if seen == 10 { Go::Stop } else { Go::On }
            },
        );
        assert!(seen >= 10);
    }
}
