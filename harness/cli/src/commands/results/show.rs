//! `ordalia results show`

use std::io::Write;
use std::path::Path;

use ordalia_measure::figures_of;
use ordalia_record::{RunFolder, RunInfo, read_json};
use serde_json::{Value, json};

use super::size;
use super::store::{bytes_of, named, references};
use crate::args::ShowArgs;
use crate::exit::Outcome;

/// Shows one run.
pub fn show(results: &Path, args: &ShowArgs) -> Outcome {
    let run = named(results, &args.run)?;
    let folder = RunFolder::open(&run.root)?;
    let info: RunInfo = read_json(&folder.run_json(), "the settings of a run")?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let verdict: Option<Value> = read_json(&folder.verdict(), "a verdict").ok();
        let figures = figures_of(&folder).ok();
        let whole = json!({"run": run.name, "settings": info, "verdict": verdict, "figures": figures});
        serde_json::to_writer_pretty(&mut out, &whole)?;
        writeln!(out)?;
        return Ok(None);
    }
    write!(out, "{}", ordalia_report::summary(&folder)?)?;
    writeln!(out, "folder: {} ({})", folder.root().display(), size(bytes_of(folder.root())))?;
    writeln!(out, "begun: {}", info.started)?;
    if let Some(by) = references(results)?.get(&run.name) {
        writeln!(out, "belongs to: {by}")?;
    }
    writeln!(out, "to repeat: {}", info.command)?;
    Ok(None)
}
