//! Latency: from which moment it counts, its quantiles, and how they move over time.

use ordalia_history::{Operation, Outcome};

/// The moment from which latency counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The invocation: what a client saw that had nothing to do but wait.
    Invocation,
    /// The intended start: what a caller saw who came at a fixed rate. It holds the wait behind slow
    /// predecessors, which the invocation leaves out (coordinated omission).
    Intended,
}

/// Quantiles of a set of latencies, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantiles {
    /// How many there were.
    pub count: usize,
    /// The median.
    pub p50: u64,
    /// Nine tenths are at most this.
    pub p90: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
    /// 999 of 1000 are at most this.
    pub p999: u64,
    /// The greatest.
    pub max: u64,
}

/// A latency with the moment that it counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// The start, in nanoseconds since the start of the load.
    pub at_ns: u64,
    /// From there to the completion.
    pub latency_ns: u64,
}

/// The latency of an operation; `None` if it never completed, or has no intended start where that is asked.
pub(crate) fn sample(operation: &Operation, basis: Basis) -> Option<Sample> {
    let at_ns = match basis {
        Basis::Invocation => operation.invoked_ns,
        Basis::Intended => operation.intended_ns?,
    };
    Some(Sample { at_ns, latency_ns: operation.completed_ns?.saturating_sub(at_ns) })
}

/// The latencies of the operations that were answered ok.
pub(crate) fn ok_samples(operations: &[Operation], basis: Basis) -> Vec<Sample> {
    let ok = operations.iter().filter(|operation| operation.outcome == Outcome::Ok);
    ok.filter_map(|operation| sample(operation, basis)).collect()
}

/// The exact quantiles by nearest rank; `None` of nothing.
pub(crate) fn quantiles(mut latencies: Vec<u64>) -> Option<Quantiles> {
    latencies.sort_unstable();
    let max = *latencies.last()?;
    let rank = |q: f64| {
        let rank = (latencies.len() as f64 * q).ceil() as usize;
        latencies[rank.clamp(1, latencies.len()) - 1]
    };
    Some(Quantiles {
        count: latencies.len(),
        p50: rank(0.5),
        p90: rank(0.9),
        p95: rank(0.95),
        p99: rank(0.99),
        p999: rank(0.999),
        max,
    })
}

/// The quantiles in windows of `width_ns`, by the samples' starts; `None` for a window without any.
pub(crate) fn over_time(samples: &[Sample], width_ns: u64, end_ns: u64) -> Vec<Option<Quantiles>> {
    let width_ns = width_ns.max(1);
    let mut windows = vec![Vec::new(); (end_ns / width_ns) as usize + 1];
    for sample in samples {
        if let Some(window) = windows.get_mut((sample.at_ns / width_ns) as usize) {
            window.push(sample.latency_ns);
        }
    }
    windows.into_iter().map(quantiles).collect()
}

/// The width of windows that cut a run into 60 to 150: 1, 2 or 5 times a power of ten.
pub(crate) fn window_ns(end_ns: u64) -> u64 {
    round_step(end_ns as f64 / 150.0).max(1.0) as u64
}

/// The least of 1, 2 and 5 times a power of ten that is not less than `least`.
pub(crate) fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-12).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= least * 0.999_999);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_exact() {
        let all = quantiles((1..=1000).rev().collect()).unwrap();
        assert_eq!((all.p50, all.p90, all.p95, all.p99, all.p999, all.max), (500, 900, 950, 990, 999, 1000));
        let one = quantiles(vec![7]).unwrap();
        assert_eq!((one.p50, one.p999, one.max), (7, 7, 7));
        assert_eq!(quantiles(Vec::new()), None);
    }

    #[test]
    fn windows_take_what_starts_in_them() {
        let at = |at_ns, latency_ns| Sample { at_ns, latency_ns };
        let windows = over_time(&[at(0, 1), at(9, 3), at(10, 5), at(30, 9)], 10, 30);
        let tops: Vec<Option<u64>> = windows.iter().map(|w| w.map(|w| w.max)).collect();
        assert_eq!(tops, [Some(3), Some(5), None, Some(9)]);
    }

    #[test]
    fn windows_are_round_and_neither_few_nor_many() {
        assert_eq!(window_ns(20_000_000_000), 200_000_000);
        assert_eq!(window_ns(60_000_000_000), 500_000_000);
        for end in [1, 1_000, 34_567_890_123, u64::MAX] {
            assert!(end / window_ns(end) <= 150, "{end}");
        }
    }
}
