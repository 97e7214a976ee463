//! Writing a baseline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ordalia_campaign::{CellSummary, Job, Mode, Plan, Summary};
use ordalia_checker::Verdict;
use ordalia_gate::{Baseline, CellBaseline, Ran, VERSION};

use super::machine::machine;
use crate::args::GateArgs;
use crate::commands::campaign::read;
use crate::exit::{Failure, Outcome};

/// Runs the campaign, its real part several times, and writes the baseline.
///
/// A finding without a reason, in the baseline that there is or from `--accept`, is not taken up, and then
/// nothing is written.
pub fn update(args: &GateArgs) -> Outcome {
    let former = former(args)?;
    let file = campaign_file(args, former.as_ref())?;
    let (plan, text) = read(&file)?;
    let mut summaries = vec![super::run(&plan, &text, plan.jobs_in_order(), args)?];
    let real = real_jobs(&plan);
    if !real.is_empty() {
        for at in 2..=args.repetitions {
            eprintln!("repetition {at} of {}", args.repetitions);
            summaries.push(super::run(&plan, &text, real.clone(), args)?);
        }
    }
    if summaries.iter().any(|summary| summary.interrupted) {
        eprintln!("interrupted: the baseline stays as it was");
        return Ok(Some(Verdict::Unknown));
    }
    let reason = |cell: &str, checker: &str| reason(former.as_ref(), args, cell, checker);
    let unexplained = unexplained(&summaries, &reason);
    if !unexplained.is_empty() {
        eprintln!("the baseline stays as it was: no reason is known for");
        unexplained.iter().for_each(|finding| eprintln!("  {finding}"));
        eprintln!("--accept REASON takes them up");
        return Ok(summaries.iter().map(|summary| summary.verdict).max());
    }
    let baseline = Baseline {
        version: VERSION,
        campaign: relative(&file, &args.baseline),
        plan: plan.checksum(),
        ordalia: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine(),
        repetitions: usize::from(args.repetitions),
        cells: cells(&summaries, &reason),
    };
    baseline.write(&args.baseline)?;
    eprintln!("wrote {}: {} cells", args.baseline.display(), baseline.cells.len());
    Ok(Some(Verdict::Valid))
}

/// The baseline that there is, if there is one. One of another version has nothing to keep.
fn former(args: &GateArgs) -> Result<Option<Baseline>, Failure> {
    if !args.baseline.exists() {
        return Ok(None);
    }
    match Baseline::read(&args.baseline) {
        Err(ordalia_gate::BaselineError::Version { .. }) => Ok(None),
        read => read.map(Some).map_err(super::as_usage),
    }
}

/// The campaign that was named, that of the former baseline, or the one beside the baseline's place.
fn campaign_file(args: &GateArgs, former: Option<&Baseline>) -> Result<PathBuf, Failure> {
    if let Some(file) = &args.campaign {
        return Ok(file.clone());
    }
    if let Some(former) = former {
        return Ok(super::beside(&args.baseline, &former.campaign));
    }
    let file = args.baseline.with_extension("toml");
    if file.is_file() {
        return Ok(file);
    }
    let (baseline, file) = (args.baseline.display(), file.display());
    Err(Failure::usage(format!(
        "{baseline}: expected a campaign beside it, {file}, or one named by --campaign"
    )))
}

fn real_jobs(plan: &Plan) -> Vec<Job> {
    let is_real = |job: &Job| plan.cell(*job).is_some_and(|cell| cell.mode == Mode::Real);
    plan.jobs_in_order().into_iter().filter(is_real).collect()
}

/// Why a finding is no news: as it was said before, or is said now.
fn reason(former: Option<&Baseline>, args: &GateArgs, cell: &str, checker: &str) -> Option<String> {
    let listed = former.and_then(|former| former.cells.get(cell));
    let known = listed.and_then(|cell| cell.known.iter().find(|known| known.checker == checker));
    known.map(|known| known.reason.clone()).or_else(|| args.accept.clone())
}

/// The findings for which there is no reason, with what they are.
fn unexplained(summaries: &[Summary], reason: &dyn Fn(&str, &str) -> Option<String>) -> Vec<String> {
    let mut found = BTreeMap::new();
    for CellSummary { cell, findings, .. } in summaries.iter().flat_map(|summary| &summary.cells) {
        for finding in findings.iter().filter(|finding| reason(&cell.name, &finding.checker).is_none()) {
            let why =
                format!("{}: {} ({}): {}", cell.name, finding.checker, finding.verdict, finding.first.why);
            found.entry((cell.name.clone(), finding.checker.clone())).or_insert(why);
        }
    }
    found.into_values().collect()
}

/// Each cell with all that its repetitions came to.
fn cells(
    summaries: &[Summary],
    reason: &dyn Fn(&str, &str) -> Option<String>,
) -> BTreeMap<String, CellBaseline> {
    let repetitions: Vec<Vec<Ran<'_>>> = summaries.iter().map(Ran::of).collect();
    let Some(first) = repetitions.first() else { return BTreeMap::new() };
    let of_cell = |(at, ran): (usize, &Ran<'_>)| {
        // Simulated cells have runs in the first repetition alone.
        let own = repetitions.iter().filter_map(|all| all.get(at)).filter(|ran| !ran.runs.is_empty());
        let own: Vec<&Ran<'_>> = own.collect();
        (ran.name().to_owned(), CellBaseline::of(&own, |checker| reason(ran.name(), checker)))
    };
    first.iter().enumerate().map(of_cell).collect()
}

/// The campaign's path from the baseline's folder, where it is below that; else as it is.
fn relative(file: &Path, baseline: &Path) -> String {
    let folder = baseline.parent().unwrap_or(Path::new(""));
    file.strip_prefix(folder).unwrap_or(file).display().to_string()
}
