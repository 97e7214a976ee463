//! A simulated run as a folder, like a real one.

use std::path::Path;

use ordalia_checker::{Budget, TestVerdict};
use ordalia_history::jsonl;
use ordalia_record::{RunFolder, RunInfo, write_json, write_json_lines};
use ordalia_runner::judge;
use ordalia_sim::{LIVENESS, SimRun, Watch};

use super::case::{Case, real_command};
use crate::args::SimArgs;
use crate::commands::report::budget;
use crate::exit::Failure;

/// A run that was kept.
pub struct Kept {
    /// Where.
    pub folder: RunFolder,
    /// What it came to.
    pub verdict: TestVerdict,
}

/// Runs a test with everything recorded, and stores and judges it.
pub fn keep(case: &Case, args: &SimArgs) -> Result<Kept, Failure> {
    keep_told(case, &args.results, &budget(&args.budget), &|root| {
        eprintln!("recording to {}", root.display());
    })
}

/// The same; `told` learns of the folder as soon as there is one.
pub fn keep_told(
    case: &Case,
    results: &Path,
    budget: &Budget,
    told: &dyn Fn(&Path),
) -> Result<Kept, Failure> {
    let run = case.run(Watch { status: true, trace: true })?;
    let workload = case.workload()?;
    let test = format!("{}.{}.sim", case.settings.target.name, case.workload);
    let folder = RunFolder::create(results, &test, &ordalia_runner::time_stamp(), case.settings.seed)?;
    told(folder.root());
    store(case, &run, &folder)?;
    let liveness = run
        .judge(&case.settings, workload.as_ref(), budget)
        .map_err(|error| anyhow::anyhow!("the simulator recorded no history: {error}"))?;
    // The folder is judged as any other, so that `report` comes to the same; liveness needs virtual time.
    let mut verdict = judge(&folder, workload.as_ref(), budget)?;
    if let Some(judgement) = liveness.checkers.get(LIVENESS.0) {
        verdict.add(LIVENESS.0, judgement.clone());
    }
    write_json(&folder.verdict(), &verdict)?;
    Ok(Kept { folder, verdict })
}

/// Writes the files of a run.
fn store(case: &Case, run: &SimRun, folder: &RunFolder) -> Result<(), Failure> {
    let info = RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary: ordalia_runner::binary_checksum(),
        command: repeat_command(case, folder.root()),
        started: ordalia_runner::time_text(),
        faults: vec!["schedule".to_owned()],
        ..run.info.clone()
    };
    write_json(&folder.run_json(), &info)?;
    write_json(&folder.schedule(), &case.settings.schedule)?;
    write_json(&folder.simulation(), case)?;
    write_json_lines(&folder.faults(), &run.faults)?;
    write_json_lines(&folder.status(), &run.status)?;
    write_json_lines(&folder.trace(), &run.trace)?;
    write_json(&folder.links(), &run.links)?;
    write_json(&folder.disks(), &run.disks)?;
    let path = folder.history();
    let written = std::fs::File::create(&path).and_then(|file| {
        let mut writer = std::io::BufWriter::new(file);
        run.events.iter().try_for_each(|event| jsonl::write_event(&mut writer, event))?;
        std::io::Write::flush(&mut writer)
    });
    written.map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    Ok(())
}

/// The command that repeats a kept run exactly.
fn repeat_command(case: &Case, folder: &Path) -> String {
    case.command.clone().unwrap_or_else(|| format!("ordalia sim --repeat {}", folder.display()))
}

/// Says how to repeat a failure, in the simulator and on real processes.
pub fn tell_repeats(case: &Case, folder: &RunFolder) {
    eprintln!("to repeat it exactly: ordalia sim --repeat {}", folder.root().display());
    match real_command(case, &folder.schedule()) {
        Ok(command) => eprintln!("to try the same faults on real processes: {command}"),
        Err(Failure::Usage(why)) => eprintln!("real processes cannot be tried: {why}"),
        Err(_) => {}
    }
}
