//! What a limited time is spent on.

use std::cmp::Reverse;

use ordalia_campaign::{Job, Mode, Plan};

use crate::baseline::Baseline;

/// The jobs of a plan in the order in which a limited time is best spent: simulation first, which is quick and
/// repeatable. Of each kind every cell gets one run, and then those come first in which findings have been most frequent.
pub fn order(plan: &Plan, baseline: &Baseline) -> Vec<Job> {
    let mut jobs: Vec<(Mode, bool, Reverse<u64>, usize, Job)> = Vec::new();
    for (at, cell) in plan.cells.iter().enumerate() {
        let frequency = frequency(baseline, &cell.name);
        let of_seed = |(turn, seed): (usize, &u64)| {
            let job = Job { cell: at, seed: *seed };
            (cell.mode, turn > 0, Reverse(frequency), turn, job)
        };
        jobs.extend(cell.seeds.iter().enumerate().map(of_seed));
    }
    jobs.sort();
    jobs.into_iter().map(|(.., job)| job).collect()
}

/// How many of a thousand runs of a cell were not valid, smoothed: of a cell that was never run half.
fn frequency(baseline: &Baseline, cell: &str) -> u64 {
    let (ran, failed) = baseline.cells.get(cell).map_or((0, 0), |cell| (cell.ran, cell.failed));
    (failed.saturating_add(1)).saturating_mul(1000) / (ran.saturating_add(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{baseline, cell, plan};

    #[test]
    fn simulation_comes_first_then_one_run_of_each_cell_then_where_findings_are() {
        let plan = plan(vec![
            cell("quiet", Mode::Sim, &[1, 2, 3]),
            cell("real", Mode::Real, &[1, 2]),
            cell("loud", Mode::Sim, &[1, 2, 3]),
        ]);
        let mut baseline = baseline();
        baseline.cells.entry("quiet".into()).or_default().ran = 30;
        let loud = baseline.cells.entry("loud".into()).or_default();
        (loud.ran, loud.failed) = (30, 20);
        let order: Vec<(usize, u64)> =
            order(&plan, &baseline).iter().map(|job| (job.cell, job.seed)).collect();
        assert_eq!(order, [(2, 1), (0, 1), (2, 2), (2, 3), (0, 2), (0, 3), (1, 1), (1, 2)]);
    }
}
