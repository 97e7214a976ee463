//! `ordalia results diff`: how two runs differ.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use ordalia_checker::TestVerdict;
use ordalia_measure::figures_of;
use ordalia_record::{RunFolder, RunInfo, read_json};
use serde::Serialize;
use serde_json::{Map, Value};

use super::store::named;
use crate::args::DiffArgs;
use crate::exit::{Failure, Outcome};

/// What differs from run to run in any case.
const OWN: [&str; 7] = ["command", "started", "phases", "heal", "deaths", "after", "ended_early"];

/// A value on both sides.
#[derive(Debug, Serialize)]
struct Difference {
    what: String,
    first: Value,
    second: Value,
}

/// How two runs differ.
#[derive(Debug, Serialize)]
struct Differences {
    runs: [String; 2],
    settings: Vec<Difference>,
    verdicts: Vec<Difference>,
    figures: Vec<Difference>,
}

/// Tells how two runs differ.
pub fn diff(results: &Path, args: &DiffArgs) -> Outcome {
    let (first, second) = (side(results, &args.first)?, side(results, &args.second)?);
    let differences = Differences {
        settings: differences(&first.settings, &second.settings, false),
        verdicts: differences(&first.verdicts, &second.verdicts, true),
        figures: differences(&first.figures, &second.figures, true),
        runs: [first.name, second.name],
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &differences)?;
        writeln!(out)?;
        return Ok(None);
    }
    let [first, second] = &differences.runs;
    writeln!(out, "first   {first}\nsecond  {second}")?;
    for (what, list) in [
        ("settings that differ", &differences.settings),
        ("verdicts", &differences.verdicts),
        ("figures", &differences.figures),
    ] {
        writeln!(out, "{what}:{}", if list.is_empty() { " none" } else { "" })?;
        for Difference { what, first, second } in list {
            writeln!(out, "  {what:26} {:>22} {:>22}", text(first), text(second))?;
        }
    }
    Ok(None)
}

/// One run, by what may differ.
struct Side {
    name: String,
    settings: Map<String, Value>,
    verdicts: Map<String, Value>,
    figures: Map<String, Value>,
}

fn side(results: &Path, name: &Path) -> Result<Side, Failure> {
    let run = named(results, name)?;
    let folder = RunFolder::open(&run.root)?;
    let info: RunInfo = read_json(&folder.run_json(), "the settings of a run")?;
    let mut verdicts = Map::new();
    if let Ok(verdict) = read_json::<TestVerdict>(&folder.verdict(), "a verdict") {
        verdicts.insert("verdict".to_owned(), verdict.valid.to_string().into());
        let checkers = verdict.checkers.into_iter();
        verdicts.extend(checkers.map(|(name, judged)| (name, judged.valid.to_string().into())));
    }
    let mut settings = flat(&serde_json::to_value(info)?);
    let schedule: Option<Value> = read_json(&folder.schedule(), "a fault schedule").ok();
    let faults = schedule.map_or(Value::Null, |schedule| {
        serde_json::to_vec(&schedule).map_or(Value::Null, |text| format!("{:08x}", fingerprint(&text)).into())
    });
    settings.insert("schedule (checksum)".to_owned(), faults);
    let figures = figures_of(&folder).map(serde_json::to_value);
    let figures = figures.unwrap_or(Ok(Value::Null))?;
    Ok(Side { name: run.name, settings, verdicts, figures: flat(&figures) })
}

/// FNV-1a: enough to tell schedules apart.
fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The members of an object, those of objects in it by their path; what is each run's own left out.
fn flat(value: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    let mut waiting: Vec<(String, &Value)> = vec![(String::new(), value)];
    while let Some((path, value)) = waiting.pop() {
        match value {
            Value::Object(members) => {
                let kept = members.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
                waiting.extend(kept.map(|(name, value)| {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    (path, value)
                }));
            }
            value if !path.is_empty() => {
                all.insert(path, value.clone());
            }
            _ => {}
        }
    }
    all
}

/// What the two have under each name: all of it, or only what is not equal.
fn differences(first: &Map<String, Value>, second: &Map<String, Value>, all: bool) -> Vec<Difference> {
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let value = |side: &Map<String, Value>, name: &String| side.get(name).cloned().unwrap_or(Value::Null);
    let both = names.into_iter().map(|name| Difference {
        what: name.clone(),
        first: value(first, name),
        second: value(second, name),
    });
    both.filter(|one| all || one.first != one.second).collect()
}

/// A value for a person.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or(String::new(), |number| format!("{number:.2}"))
        }
        other => other.to_string(),
    }
}
