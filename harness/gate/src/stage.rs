//! Plans, summaries and baselines for tests.

use std::collections::BTreeMap;

use ordalia_campaign::{
    Cell, CellSummary, Complaint, Finding, First, JobResult, Mode, Plan, PlanId, Run, SUMMARY_VERSION,
    StopEarly, Summary, Totals,
};
use ordalia_checker::Verdict;
use ordalia_measure::Figures;

use crate::baseline::{Baseline, VERSION};
use crate::examine::Concern;

pub fn cell(name: &str, mode: Mode, seeds: &[u64]) -> Cell {
    Cell {
        name: name.to_owned(),
        mode,
        target: "raft-kv".to_owned(),
        options: BTreeMap::new(),
        bugs: Vec::new(),
        workload: "register".to_owned(),
        faults: None,
        nodes: None,
        time_limit: std::time::Duration::from_secs(10),
        concurrency: None,
        rate: None,
        fault_interval: None,
        client_timeout: None,
        liveness: None,
        schedule: None,
        schedule_checksum: None,
        seeds: seeds.to_vec(),
    }
}

pub fn plan(cells: Vec<Cell>) -> Plan {
    Plan { name: "ci".to_owned(), jobs: None, real_jobs: 1, stop_early: StopEarly::Never, cells }
}

pub fn baseline() -> Baseline {
    Baseline {
        version: VERSION,
        campaign: "ci.toml".to_owned(),
        plan: "01234567".to_owned(),
        ordalia: "0.1.0".to_owned(),
        machine: "2 processors".to_owned(),
        repetitions: 3,
        cells: BTreeMap::new(),
    }
}

/// A run with that availability, and what a checker holds against it.
pub fn run(cell: &str, seed: u64, availability: f64, complaint: Option<(&str, Verdict)>) -> Run {
    let complaints: Vec<Complaint> = complaint
        .map(|(checker, verdict)| Complaint {
            checker: checker.to_owned(),
            verdict,
            why: "key k1 is stale".to_owned(),
        })
        .into_iter()
        .collect();
    let result = JobResult {
        verdict: complaints.first().map_or(Verdict::Valid, |complaint| complaint.verdict),
        complaints,
        folder: None,
        repeat: format!("ordalia sim raft-kv --seed {seed}"),
        wall_ms: 10,
        figures: Some(Figures { ok: 100, availability, ..Figures::default() }),
    };
    Run { cell: cell.to_owned(), seed, result }
}

/// A summary of these cells and runs, with the findings that the runs have.
pub fn summary(cells: Vec<Cell>, runs: Vec<Run>) -> Summary {
    let of_cell = |cell: Cell| {
        let own: Vec<&Run> = runs.iter().filter(|run| run.cell == cell.name).collect();
        let count = |verdict| own.iter().filter(|run| run.result.verdict == verdict).count() as u64;
        let (valid, unknown, invalid) =
            (count(Verdict::Valid), count(Verdict::Unknown), count(Verdict::Invalid));
        CellSummary { findings: findings(&own), cell, valid, unknown, invalid, figures: BTreeMap::new() }
    };
    let jobs = cells.iter().map(|cell| cell.seeds.len() as u64).sum();
    let totals = Totals { jobs, done: runs.len() as u64, ..Totals::default() };
    let plan = PlanId { checksum: "01234567".into(), version: "0.1.0".into(), binary: "0".into() };
    Summary {
        version: SUMMARY_VERSION,
        name: "ci".to_owned(),
        verdict: Verdict::Valid,
        started: String::new(),
        finished: true,
        interrupted: false,
        stopped: None,
        plan,
        totals,
        cells: cells.into_iter().map(of_cell).collect(),
        runs,
    }
}

fn findings(runs: &[&Run]) -> Vec<Finding> {
    let mut found: BTreeMap<String, Finding> = BTreeMap::new();
    for run in runs {
        for complaint in &run.result.complaints {
            let fresh = || finding(&complaint.checker, complaint.verdict, run.seed, &complaint.why);
            let finding = found.entry(complaint.checker.clone()).or_insert_with(fresh);
            if !finding.seeds.contains(&run.seed) {
                finding.seeds.push(run.seed);
                finding.count += 1;
            }
        }
    }
    found.into_values().collect()
}

fn finding(checker: &str, verdict: Verdict, seed: u64, why: &str) -> Finding {
    let repeat = format!("ordalia sim raft-kv --seed {seed}");
    let first = First { seed, why: why.to_owned(), repeat, folder: None };
    Finding { checker: checker.to_owned(), verdict, seeds: vec![seed], count: 1, first }
}

/// A violation with seed 7, found in one of 3 runs.
pub fn news(cell: &str, checker: &str, why: &str) -> Concern {
    Concern::News { cell: cell.to_owned(), finding: finding(checker, Verdict::Invalid, 7, why), runs: 3 }
}
