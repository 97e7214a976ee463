//! `ordalia report`: judges and draws a stored run again.

use std::io::Write;

use ordalia_checker::{Budget, TestVerdict};
use ordalia_record::{RunFolder, RunInfo, read_json};
use ordalia_runner::judge;
use ordalia_workload::WorkloadSettings;

use crate::args::{BudgetArgs, ReportArgs};
use crate::commands::verdict::print_json;
use crate::exit::Outcome;
use crate::registry::workload;

/// Judges and draws a stored run.
pub fn report(args: &ReportArgs) -> Outcome {
    let folder = RunFolder::open(&args.run)?;
    let info: RunInfo = read_json(&folder.run_json(), "the settings of a run")?;
    let settings = WorkloadSettings { seed: info.seed, threads: info.concurrency, rate: info.rate };
    let workload = (workload(&info.workload)?.make)(&settings);
    let verdict = judge(&folder, workload.as_ref(), &budget(&args.budget))?;
    show(&folder, &verdict, args.json)?;
    Ok(Some(verdict.valid))
}

/// What judging may spend.
pub fn budget(args: &BudgetArgs) -> Budget {
    Budget { time: args.check_time, memory_bytes: args.check_memory }
}

/// Draws the report and prints the verdict.
pub fn show(folder: &RunFolder, verdict: &TestVerdict, json: bool) -> anyhow::Result<()> {
    ordalia_report::draw(folder)?;
    if json {
        return print_json(verdict);
    }
    Ok(write!(std::io::stdout().lock(), "{}", ordalia_report::summary(folder)?)?)
}
