//! Whether a figure got worse by more than noise.
//!
//! Two kinds of noise want two rules.
//!
//! - **Real runs** of one seed face the same faults and still differ, from run to run. A baseline repeats each seed several times,
//!   and each repetition is held against the median of the others of its seed as if it were a new run: how far the
//!   median of these differences over the seeds *strayed* at most is the noise that the baseline recorded. A new run fails if it is
//!   worse by more than [`STRAYS`] times that.
//! - **Simulated runs** of one seed and one program are the same to the byte, so repetitions tell nothing; but any change of
//!   the program sends all dice another way, and then each seed is a new draw. The seeds themselves are the sample: the difference
//!   of the medians is drawn again with replacement from both sides, and a run fails if less than one in
//!   [`ONE_IN`] of these differences is no worsening.
//!
//! In both cases a worsening must also be worth telling, whatever is sure of it ([`Figure::worth_telling`]).

use std::collections::BTreeMap;

use ordalia_measure::statistics::median;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::figure::Figure;

/// How many times the baseline's own straying a real run may be off. With five repetitions the largest of them is
/// about 1.2 standard deviations, so this is between 3 and 4 of them.
const STRAYS: f64 = 3.0;

/// How rarely a resampled difference of simulated runs may be no worsening.
const ONE_IN: usize = 2000;

/// How often the medians are drawn again.
const RESAMPLES: usize = 10_000;

/// The fewest seeds of which a median says something.
const FEWEST_SIMULATED: usize = 8;

/// A figure's values by seed, those of repetitions in their order.
pub type BySeed = BTreeMap<u64, Vec<f64>>;

/// A figure that got worse by more than noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worsening {
    /// The median over the seeds in the baseline.
    pub before: f64,
    /// The median now.
    pub now: f64,
    /// What would have been taken for noise or not worth telling, in the figure's unit.
    pub allowed: f64,
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Held {
    /// Not worse by more than noise.
    Within,
    /// Worse.
    Worse(Worsening),
    /// Nothing can be said; why.
    Untold(&'static str),
}

/// Holds a figure of real runs against the baseline's, over the seeds that both have.
pub fn real(figure: Figure, baseline: &BySeed, now: &BySeed) -> Held {
    let common: BTreeMap<u64, (&[f64], f64)> = now
        .iter()
        .filter_map(|(seed, values)| Some((*seed, (baseline.get(seed)?.as_slice(), median(values)?))))
        .collect();
    let repetitions = common.values().map(|(before, _)| before.len()).min().unwrap_or(0);
    if repetitions < 3 {
        return Held::Untold("the baseline holds fewer than 3 repetitions of these seeds");
    }
    let differences =
        common.values().filter_map(|(before, now)| Some(figure.worsening(median(before)?, *now)));
    let Some(worse_by) = median(&differences.collect::<Vec<_>>()) else {
        return Held::Untold("no seed shows it");
    };
    let strays =
        (0..repetitions).filter_map(|at| stray(figure, common.values().map(|(before, _)| *before), at));
    let noise = strays.map(f64::abs).fold(0.0, f64::max);
    let befores: Vec<f64> = common.values().filter_map(|(before, _)| median(before)).collect();
    let nows: Vec<f64> = common.values().map(|(_, now)| *now).collect();
    told(figure, &befores, &nows, worse_by, STRAYS * noise)
}

/// How far one repetition strayed from the others: the median over the seeds.
fn stray<'a>(figure: Figure, seeds: impl Iterator<Item = &'a [f64]>, at: usize) -> Option<f64> {
    let differences = seeds.filter_map(|values| {
        let others: Vec<f64> =
            values.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, value)| *value).collect();
        Some(figure.worsening(median(&others)?, *values.get(at)?))
    });
    median(&differences.collect::<Vec<_>>())
}

/// Holds a figure of simulated runs against the baseline's. The same values give the same answer.
pub fn simulated(figure: Figure, baseline: &BySeed, now: &BySeed) -> Held {
    let firsts = |by_seed: &BySeed| by_seed.values().filter_map(|values| values.first().copied()).collect();
    let (befores, nows): (Vec<f64>, Vec<f64>) = (firsts(baseline), firsts(now));
    if befores.len().min(nows.len()) < FEWEST_SIMULATED {
        return Held::Untold("it takes 8 seeds on both sides to tell simulated runs apart");
    }
    let (Some(before), Some(after)) = (median(&befores), median(&nows)) else {
        return Held::Untold("no seed shows it");
    };
    let mut dice = ChaCha8Rng::seed_from_u64(befores.len() as u64);
    let (sorted_befores, sorted_nows) = (sorted(&befores), sorted(&nows));
    let mut redrawn: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            figure.worsening(
                redrawn_median(&sorted_befores, &mut dice),
                redrawn_median(&sorted_nows, &mut dice),
            )
        })
        .collect();
    redrawn.sort_by(f64::total_cmp);
    let worse_by = figure.worsening(before, after);
    let surely = redrawn.get(redrawn.len() / ONE_IN).copied().unwrap_or(0.0);
    // What the least of the likely differences leaves of the one that was seen is noise.
    told(figure, &befores, &nows, worse_by, worse_by - surely)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The median of as many values, drawn again with replacement; `sorted` holds at least one. Ranks are drawn and not
/// values, because the middle of whole numbers is found sooner.
fn redrawn_median(sorted: &[f64], dice: &mut ChaCha8Rng) -> f64 {
    let mut ranks: Vec<usize> = sorted.iter().map(|_| dice.random_range(0..sorted.len())).collect();
    let middle = ranks.len() / 2;
    let (below, upper, _) = ranks.select_nth_unstable(middle);
    let lower = if sorted.len().is_multiple_of(2) { below.iter().max().unwrap_or(upper) } else { &*upper };
    f64::midpoint(sorted[*lower], sorted[*upper])
}

fn told(figure: Figure, befores: &[f64], nows: &[f64], worse_by: f64, noise: f64) -> Held {
    let (Some(before), Some(now)) = (median(befores), median(nows)) else {
        return Held::Untold("no seed shows it");
    };
    let allowed = noise.max(figure.worth_telling(before));
    if worse_by > allowed { Held::Worse(Worsening { before, now, allowed }) } else { Held::Within }
}

#[cfg(test)]
mod tests;
