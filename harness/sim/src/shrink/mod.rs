//! From a failing test to a small one.
//!
//! Faults are left out or made one of two, the load is cut short, clients and nodes are taken away and faults are made shorter, as
//! long as the same checker still fails. Every change of a test sends the world's dice another way, so that a
//! smaller test may miss the failure by chance; each candidate is therefore tried with several seeds, and one
//! failure suffices. What is left is a test of its own, repeated by its own seed.

mod merge;

use std::time::{Duration, Instant};

use merge::{merged, taken_over};
use ordalia_schedule::{Schedule, TimedFault};

use crate::SimSettings;

/// What shrinking may spend.
#[derive(Clone, Copy, Debug)]
pub struct ShrinkBudget {
    /// Wall time.
    pub time: Duration,
    /// How many seeds each smaller test is tried with; more where more than six faults are left in the end.
    pub seeds: u64,
}

impl Default for ShrinkBudget {
    /// Half a minute, and eight seeds.
    fn default() -> Self {
        Self { time: Duration::from_secs(30), seeds: 8 }
    }
}

/// What came of shrinking.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest failing test that was found.
    pub settings: SimSettings,
    /// How many tests were run.
    pub tried: u64,
    /// Whether the time was over before nothing could be taken away any more.
    pub out_of_time: bool,
}

/// Makes a failing test smaller. `fails` says whether a test fails in the way that matters.
pub fn shrink(failing: &SimSettings, budget: ShrinkBudget, fails: &dyn Fn(&SimSettings) -> bool) -> Shrunk {
    let end = Instant::now() + budget.time;
    let mut shrinker = Shrinker { best: failing.clone(), budget, end, tried: 0, fails };
    loop {
        let before = shrinker.best.clone();
        shrinker.shorten_load();
        shrinker.drop_faults();
        shrinker.merge_faults();
        shrinker.fewer_operations();
        shrinker.fewer_clients();
        shrinker.fewer_nodes();
        shrinker.shorten_faults();
        if shrinker.is_out_of_time() || shrinker.best == before && !shrinker.try_harder() {
            break;
        }
    }
    let (tried, out_of_time) = (shrinker.tried, shrinker.is_out_of_time());
    Shrunk { settings: shrinker.best, tried, out_of_time }
}

struct Shrinker<'a> {
    best: SimSettings,
    budget: ShrinkBudget,
    end: Instant,
    tried: u64,
    fails: &'a dyn Fn(&SimSettings) -> bool,
}

/// So many faults a person can follow; for fewer it is not worth trying harder.
const READABLE: usize = 6;

/// No smaller test is tried with more seeds than that.
const MOST_SEEDS: u64 = 512;

impl Shrinker<'_> {
    /// Gives each smaller test more seeds, where what is left is still too much to read. A defect that shows only
    /// in a rare order of events is missed by most seeds of any test. False if it is not worth it.
    fn try_harder(&mut self) -> bool {
        if self.is_readable() || self.budget.seeds >= MOST_SEEDS {
            return false;
        }
        self.budget.seeds = (self.budget.seeds * 4).min(MOST_SEEDS);
        true
    }

    fn is_readable(&self) -> bool {
        self.best.schedule.faults.len() <= READABLE
    }

    fn is_out_of_time(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Takes a smaller test if it fails too, with the present seed or one of some others.
    fn take(&mut self, mut smaller: SimSettings) -> bool {
        // Fewer nodes bear fewer damaged disks.
        if smaller.schedule.check().is_err() {
            return false;
        }
        for attempt in 0..self.budget.seeds {
            if self.is_out_of_time() {
                return false;
            }
            // The golden ratio spreads the seeds; the first attempt keeps the one that failed.
            smaller.seed = self.best.seed.wrapping_add(attempt.wrapping_mul(0x9e37_79b9)) & 0xffff_ffff;
            self.tried += 1;
            if (self.fails)(&smaller) {
                self.best = smaller;
                return true;
            }
        }
        false
    }

    /// Ends the load soon after the last fault, and then ever earlier.
    fn shorten_load(&mut self) {
        for percent in [50, 70, 85] {
            loop {
                let time_limit = self.best.time_limit * percent / 100;
                if time_limit < Duration::from_millis(500) {
                    break;
                }
                let mut smaller = self.best.clone();
                let end_ms = time_limit.as_millis() as u64;
                let faults = smaller.schedule.faults.iter().filter(|fault| fault.at_ms < end_ms);
                smaller.schedule = renumbered(&smaller.schedule, faults.cloned().collect());
                smaller.time_limit = time_limit;
                if !self.take(smaller) {
                    break;
                }
            }
        }
    }

    /// Leaves out faults: half of them, a quarter, …, each one alone.
    fn drop_faults(&mut self) {
        let mut chunk = self.best.schedule.faults.len().div_ceil(2);
        while chunk > 0 {
            let mut at = 0;
            while at < self.best.schedule.faults.len() {
                let mut smaller = self.best.clone();
                let mut faults = smaller.schedule.faults.clone();
                faults.drain(at..(at + chunk).min(faults.len()));
                smaller.schedule = renumbered(&smaller.schedule, faults);
                if !self.take(smaller) {
                    at += chunk;
                }
            }
            chunk /= 2;
        }
    }

    /// Puts one fault in the place of two.
    fn merge_faults(&mut self) {
        let mut first = 0;
        while first < self.best.schedule.faults.len() {
            if !self.merge_with_a_later(first) {
                first += 1;
            }
        }
    }

    fn merge_with_a_later(&mut self, first: usize) -> bool {
        for second in first + 1..self.best.schedule.faults.len() {
            let (a, b) = (&self.best.schedule.faults[first], &self.best.schedule.faults[second]);
            let mut ones = vec![merged(a, b)];
            if !self.is_readable() {
                ones.extend([taken_over(a, b), taken_over(b, a)]);
            }
            if ones.into_iter().flatten().any(|one| self.replace_both(first, second, one)) {
                return true;
            }
        }
        false
    }

    fn replace_both(&mut self, first: usize, second: usize, one: TimedFault) -> bool {
        let mut faults = self.best.schedule.faults.clone();
        faults.remove(second);
        faults[first] = one;
        let schedule = renumbered(&self.best.schedule, faults);
        self.take(SimSettings { schedule, ..self.best.clone() })
    }

    /// Stops the load after fewer operations.
    fn fewer_operations(&mut self) {
        let paced = self.best.rate.unwrap_or(1_000.0) * self.best.time_limit.as_secs_f64();
        for percent in [25, 50, 80] {
            loop {
                let most = self.best.max_operations.unwrap_or(paced as u64);
                let fewer = most * percent / 100;
                if fewer < 2 || !self.take(SimSettings { max_operations: Some(fewer), ..self.best.clone() }) {
                    break;
                }
            }
        }
    }

    fn fewer_clients(&mut self) {
        for fewer in [1, 2, 3, 4, 6, 8, 12] {
            if fewer < self.best.concurrency
                && self.take(SimSettings { concurrency: fewer, ..self.best.clone() })
            {
                return;
            }
        }
    }

    /// A smaller cluster; faults that name a node that is gone go with it.
    fn fewer_nodes(&mut self) {
        for nodes in [1, 2, 3, 4, 5] {
            if nodes >= self.best.nodes {
                return;
            }
            let faults = self.best.schedule.faults.iter();
            let faults: Vec<TimedFault> = faults.filter(|fault| fault.fault.fits(nodes)).cloned().collect();
            let mut schedule = renumbered(&self.best.schedule, faults);
            schedule.nodes = nodes;
            if self.take(SimSettings { nodes, schedule, ..self.best.clone() }) {
                return;
            }
        }
    }

    fn shorten_faults(&mut self) {
        for at in 0..self.best.schedule.faults.len() {
            for _ in 0..4 {
                let mut smaller = self.best.clone();
                let fault = &mut smaller.schedule.faults[at];
                fault.for_ms = (fault.for_ms / 2).max(fault.hold_ms + 1);
                if smaller.schedule == self.best.schedule || !self.take(smaller) {
                    break;
                }
            }
        }
    }
}

/// The schedule with these faults alone. It is nobody's any more, and so has no seed.
fn renumbered(schedule: &Schedule, faults: Vec<TimedFault>) -> Schedule {
    Schedule::new(schedule.nodes, None, faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nature;
    use ordalia_node::NodeId;
    use ordalia_record::TargetSettings;
    use ordalia_schedule::{Fault, Targets};

    fn kill(node: u16, at_ms: u64) -> TimedFault {
        TimedFault::new(at_ms, 1_000, Fault::Kill { targets: Targets::Nodes(vec![NodeId::new(node)]) })
    }

    fn settings(faults: Vec<TimedFault>) -> SimSettings {
        SimSettings {
            seed: 1,
            target: TargetSettings::default(),
            nodes: 5,
            concurrency: 10,
            rate: Some(100.0),
            time_limit: Duration::from_secs(30),
            client_timeout: Duration::from_secs(1),
            max_operations: None,
            schedule: Schedule::new(5, Some(1), faults),
            nature: Nature::default(),
            liveness: Duration::from_secs(5),
        }
    }

    #[test]
    fn what_most_seeds_miss_is_tried_with_more() {
        let failing = settings((1..=10).map(|at| kill(1, 1_000 * at)).collect());
        // A test with fewer faults shows it in one seed of some dozens.
        let fails = |settings: &SimSettings| {
            let faults = settings.schedule.faults.len();
            faults == 10 || faults >= 3 && settings.seed % 67 == 1
        };
        let shrunk = shrink(&failing, ShrinkBudget { time: Duration::from_secs(60), seeds: 2 }, &fails);
        assert!(shrunk.settings.schedule.faults.len() <= READABLE, "{:?}", shrunk.settings.schedule);
    }

    #[test]
    fn what_does_not_matter_goes() {
        let faults = (1..=5).flat_map(|node| [kill(node, 1_000 * u64::from(node)), kill(node, 20_000)]);
        let failing = settings(faults.collect());
        // It takes a kill of n2 and one of n3, both early, and a handful of operations.
        let fails = |settings: &SimSettings| {
            let early = settings.schedule.faults.iter().filter(|fault| fault.at_ms < 10_000);
            let hit: Vec<String> = early.map(|fault| fault.label(None)).collect();
            hit.contains(&"kill n2".to_owned())
                && hit.contains(&"kill n3".to_owned())
                && settings.max_operations.is_none_or(|most| most >= 7)
        };
        let shrunk = shrink(&failing, ShrinkBudget { time: Duration::from_secs(60), seeds: 1 }, &fails);
        assert!(fails(&shrunk.settings) && !shrunk.out_of_time);
        let left = &shrunk.settings;
        assert_eq!(left.schedule.faults.len(), 2, "{:?}", left.schedule);
        assert_eq!((left.nodes, left.schedule.nodes, left.concurrency), (3, 3, 1));
        assert!(left.max_operations.is_some_and(|most| most < 10), "{left:?}");
        assert!(left.time_limit < Duration::from_secs(5) && left.schedule.faults[1].for_ms < 100);
    }
}
