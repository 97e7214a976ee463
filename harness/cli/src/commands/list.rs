//! `ordalia list`: what there is.

use std::io::Write;

use ordalia_checker::linearizable::MODELS;
use ordalia_checker::properties::PROPERTIES;
use ordalia_schedule::{FaultKind, Profile, presets};

use crate::args::{ListArgs, Listing};
use crate::exit::Outcome;
use crate::registry::{ENSEMBLE, MIXED, TARGETS, WORKLOADS, infos};

/// Prints a list.
pub fn list(args: &ListArgs) -> Outcome {
    let rows = match args.what {
        Listing::Targets => targets(),
        Listing::Workloads => rows(WORKLOADS.iter().map(|workload| (workload.name, workload.about))),
        Listing::Faults => faults(),
        Listing::Bugs => bugs(),
        Listing::Models => rows(MODELS.iter().map(|model| (model.name, model.about))),
        Listing::Checkers => checkers(),
    };
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for (name, about) in rows {
        writeln!(out, "{name:width$}  {about}")?;
    }
    Ok(None)
}

fn rows<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    entries.map(|(name, about)| (name.to_owned(), about.to_owned())).collect()
}

fn checkers() -> Vec<(String, String)> {
    let properties = PROPERTIES.iter().map(|property| (property.name, property.about));
    rows(ordalia_checker::CHECKERS.into_iter().chain(properties).chain(ordalia_record::JUDGEMENTS))
}

fn targets() -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for info in infos() {
        rows.push((info.name.to_owned(), info.about.to_owned()));
        for option in info.options {
            let mut values =
                if option.values.is_empty() { "NUMBER".to_owned() } else { option.values.join("|") };
            let mixed = MIXED.iter().filter(|mixed| mixed.target == info.name && option.name == ENSEMBLE);
            for mixed in mixed {
                values += &format!("|{} (ordalia run: {})", mixed.system, mixed.note);
            }
            let about = format!("{values}: {} [default: {}]", option.about, option.default);
            rows.push((format!("  --{}", option.name), about));
        }
    }
    rows
}

fn bugs() -> Vec<(String, String)> {
    let all = TARGETS.iter().flat_map(|target| target.info.bugs.iter().map(move |bug| (target, bug)));
    all.map(|(target, bug)| (bug.name.to_owned(), format!("{}: {}", target.info.name, bug.about))).collect()
}

fn faults() -> Vec<(String, String)> {
    let kinds = FaultKind::ALL.iter().map(|kind| (kind.name().to_owned(), kind.about().to_owned()));
    let names = Profile::names();
    let sorts = names.iter().filter_map(|name| Some((name.clone(), sort(name.split_once(':')?))));
    let presets = presets().into_iter().map(|preset| (preset.name.to_owned(), preset.about.to_owned()));
    let moments = ("moments".to_owned(), MOMENTS.to_owned());
    kinds.chain(sorts).chain(presets).chain([moments]).collect()
}

const MOMENTS: &str = "beside other faults: some of them wait for an election, an append or a snapshot (which only the simulator sees)";

/// What one sort of a kind of fault is.
fn sort((kind, sort): (&str, &str)) -> String {
    let simulated = if kind == FaultKind::Disk.name() { " (simulator only)" } else { "" };
    format!("{kind} of this sort alone: {}{simulated}", sort.replace('-', " "))
}
