//! What can be said of the figures of several runs.
//!
//! Runs of the same seed under the same faults belong together: what the seed and the faults do to a figure they do
//! to both runs of a pair, so differences are taken within pairs and summed up by their median. Its interval is a
//! percentile bootstrap (Efron, *Bootstrap Methods: Another Look at the Jackknife*, 1979): the median of pairs drawn
//! again with replacement, [`RESAMPLES`] times, and what lies between the outer 2.5 % on both sides.
//!
//! With 5 pairs that is from the least to the greatest difference, which holds the true median in 15 of 16 cases; no
//! smaller number of pairs can come near 95 %, so below [`LEAST_PAIRS`] nothing is ever called significant.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How often a sample is drawn again.
pub const RESAMPLES: usize = 10_000;

/// The least number of pairs with which a difference can be significant.
pub const LEAST_PAIRS: usize = 5;

/// How sure intervals are.
pub const LEVEL: f64 = 0.95;

/// Where a value lies, with some certainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The certainty, such as 0.95.
    pub level: f64,
}

impl Interval {
    /// Whether the value lies in it.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// How a figure differs between two sides, over pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// How many pairs there were.
    pub pairs: usize,
    /// The median over the pairs of the second less the first, in the figure's unit; `None` without a pair.
    pub median_difference: Option<f64>,
    /// The interval of that median; `None` without a pair.
    pub interval: Option<Interval>,
    /// The median over the pairs of the second as a multiple of the first; `None` unless all firsts are above 0.
    pub median_ratio: Option<f64>,
    /// The interval of that median.
    pub ratio_interval: Option<Interval>,
    /// Whether the interval of the difference excludes 0, with pairs enough to say so.
    pub significant: bool,
    /// Why nothing can be said, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// The median; of an even number the mean of the two in the middle. `None` of nothing. Values that are no numbers
/// are left out, here and in all that follows.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The quantile `q`, 0 to 1, linear between the two values that it falls between; `None` of nothing.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    at(&sorted, q)
}

/// The quantile of values that are sorted.
fn at(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (place.floor() as usize, (place.ceil() as usize).min(last));
    Some(sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64))
}

/// The interval of the median of a sample; `None` of nothing. The same values and seed give the same interval.
pub fn bootstrap_median(values: &[f64], seed: u64) -> Option<Interval> {
    interval_of_median(values, seed, RESAMPLES)
}

fn interval_of_median(values: &[f64], seed: u64, resamples: usize) -> Option<Interval> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    // Ranks are drawn and not values, because whole numbers are sorted sooner.
    let mut ranks = vec![0; sorted.len()];
    let mut medians = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        ranks.fill_with(|| dice.random_range(0..sorted.len()));
        ranks.sort_unstable();
        let upper = *ranks.get(ranks.len() / 2)?;
        let lower = ranks[(ranks.len() - 1) / 2];
        medians.push(f64::midpoint(sorted[lower], sorted[upper]));
    }
    medians.sort_by(f64::total_cmp);
    let outer = (1.0 - LEVEL) / 2.0;
    Some(Interval { low: at(&medians, outer)?, high: at(&medians, 1.0 - outer)?, level: LEVEL })
}

/// How the second of each pair differs from the first. The same pairs and seed give the same answer.
pub fn paired_difference(pairs: &[(f64, f64)], seed: u64) -> Difference {
    let pairs: Vec<(f64, f64)> =
        pairs.iter().copied().filter(|(first, second)| first.is_finite() && second.is_finite()).collect();
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
    let comparable = !pairs.is_empty() && pairs.iter().all(|(first, _)| *first > 0.0);
    let ratios: Vec<f64> = match comparable {
        true => pairs.iter().map(|(first, second)| second / first).collect(),
        false => Vec::new(),
    };
    let interval = bootstrap_median(&differences, seed);
    let excludes_0 = interval.is_some_and(|interval| !interval.contains(0.0));
    let why_not = (pairs.len() < LEAST_PAIRS).then(|| {
        let (found, least) = (pairs.len(), LEAST_PAIRS);
        format!("{found} pairs are too few to tell a difference from chance; expected at least {least}")
    });
    Difference {
        pairs: pairs.len(),
        median_difference: median(&differences),
        interval,
        median_ratio: median(&ratios),
        ratio_interval: bootstrap_median(&ratios, seed),
        significant: excludes_0 && why_not.is_none(),
        why_not,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, f64::NAN, 2.0, 3.0]), Some(2.5));
        assert_eq!(quantile(&[10.0, 20.0, 30.0], 0.75), Some(25.0));
        assert_eq!((quantile(&[1.0, 2.0], 0.0), quantile(&[1.0, 2.0], 1.0)), (Some(1.0), Some(2.0)));
        assert_eq!(median(&[]), None);
        assert_eq!(bootstrap_median(&[f64::INFINITY], 1), None);
    }

    #[test]
    fn five_pairs_of_one_sign_are_significant_and_four_never() {
        let pairs: Vec<(f64, f64)> = (1..=5).map(|at| (100.0, 110.0 + f64::from(at))).collect();
        let five = paired_difference(&pairs, 7);
        assert!(five.significant && five.why_not.is_none(), "{five:?}");
        assert_eq!((five.median_difference, five.median_ratio), (Some(13.0), Some(1.13)));
        assert_eq!(five.interval, Some(Interval { low: 11.0, high: 15.0, level: LEVEL }));
        let four = paired_difference(&pairs[..4], 7);
        assert!(!four.significant && four.why_not.is_some_and(|why| why.contains("4 pairs are too few")));
    }

    #[test]
    fn differences_of_both_signs_are_not_significant() {
        let found = paired_difference(&[(5.0, 4.0), (5.0, 6.0), (5.0, 6.0), (5.0, 6.0), (5.0, 6.0)], 7);
        assert!(!found.significant && found.why_not.is_none(), "{found:?}");
        let none = paired_difference(&[], 7);
        assert_eq!((none.median_difference, none.interval, none.significant), (None, None, false));
        assert_eq!(paired_difference(&[(0.0, 1.0)], 7).median_ratio, None);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let values: Vec<f64> = (0..30).map(|at| f64::from(at * at % 17)).collect();
        assert_eq!(bootstrap_median(&values, 3), bootstrap_median(&values, 3));
    }

    /// Twelve standard normal values (Box and Muller, 1958).
    fn normal(dice: &mut ChaCha8Rng) -> Vec<f64> {
        let mut unit = || (f64::from(dice.random_range(1..=1_000_000u32)) - 0.5) / 1e6;
        (0..12).map(|_| (-2.0 * unit().ln()).sqrt() * (std::f64::consts::TAU * unit()).cos()).collect()
    }

    #[test]
    fn the_interval_holds_the_median_nearly_as_often_as_it_claims() {
        let (mut dice, rounds) = (ChaCha8Rng::seed_from_u64(11), 200);
        let held = (0..rounds).filter(|round| {
            let sample = normal(&mut dice);
            interval_of_median(&sample, *round, 1000).is_some_and(|interval| interval.contains(0.0))
        });
        let held = held.count() as f64 / f64::from(rounds as u32);
        assert!((0.88..=0.99).contains(&held), "{held}");
    }
}
