//! How long operations took.

use ordalia_history::{Operation, Outcome};
use serde::{Deserialize, Serialize};

/// Exact quantiles by nearest rank, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The median.
    pub p50_us: f64,
    /// 99 of 100 took at most this.
    pub p99_us: f64,
    /// 999 of 1000 took at most this.
    pub p999_us: f64,
    /// The greatest.
    pub max_us: f64,
}

/// The latency of the operations that were answered ok.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// From the invocation to the completion.
    #[serde(flatten)]
    pub invocation: Quantiles,
    /// From the intended start, where there was a rate: with the wait behind slow predecessors, which the
    /// invocation leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<Quantiles>,
}

/// The latency of the ok ones among these; `None` if there are none.
pub(crate) fn latency<'a>(operations: impl Iterator<Item = &'a Operation> + Clone) -> Option<Latency> {
    let ok = operations.filter(|operation| operation.outcome == Outcome::Ok);
    let since = |operation: &Operation, start: u64| Some(operation.completed_ns?.saturating_sub(start));
    let invocation = ok.clone().filter_map(|operation| since(operation, operation.invoked_ns)).collect();
    let intended = ok.filter_map(|operation| since(operation, operation.intended_ns?)).collect();
    Some(Latency { invocation: quantiles(invocation)?, intended: quantiles(intended) })
}

/// The quantiles of latencies in nanoseconds; `None` of nothing.
fn quantiles(mut latencies: Vec<u64>) -> Option<Quantiles> {
    latencies.sort_unstable();
    let max = *latencies.last()?;
    let microseconds = |ns: u64| ns as f64 / 1e3;
    let rank = |q: f64| {
        let rank = (latencies.len() as f64 * q).ceil() as usize;
        microseconds(latencies[rank.clamp(1, latencies.len()) - 1])
    };
    Some(Quantiles { p50_us: rank(0.5), p99_us: rank(0.99), p999_us: rank(0.999), max_us: microseconds(max) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_exact() {
        let all = quantiles((1..=1000).rev().map(|us| us * 1000).collect()).unwrap();
        assert_eq!((all.p50_us, all.p99_us, all.p999_us, all.max_us), (500.0, 990.0, 999.0, 1000.0));
        let one = quantiles(vec![7_500]).unwrap();
        assert_eq!((one.p50_us, one.p999_us, one.max_us), (7.5, 7.5, 7.5));
        assert_eq!(quantiles(Vec::new()), None);
    }
}
