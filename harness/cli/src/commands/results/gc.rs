//! `ordalia results gc`: compresses what is judged, and removes what is old and valid.
//!
//! Runs that are not valid, that were never judged, or that a campaign, comparison or baseline refers to, stay.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use ordalia_checker::Verdict;
use ordalia_record::RunFolder;

use super::removal::{mend_links, remove};
use super::size;
use super::store::{StoredRun, bytes_of, references, runs};
use crate::args::GcArgs;
use crate::exit::{Failure, Outcome};

/// What there is to do.
#[derive(Default)]
struct Chores<'a> {
    compress: Vec<&'a StoredRun>,
    remove: Vec<&'a StoredRun>,
    /// Runs that are old enough and stay, by the reason.
    stay: BTreeMap<&'static str, u64>,
}

/// Clears the record away.
pub fn gc(results: &Path, args: &GcArgs) -> Outcome {
    let results = &fs::canonicalize(results).with_context(|| results.display().to_string())?;
    let all = runs(results)?;
    let chores = chores(results, &all, args)?;
    let mut out = std::io::stdout().lock();
    if args.yes {
        let saved = compress(&chores)?;
        writeln!(out, "compressed {} runs, {} less", chores.compress.len(), size(saved))?;
        let why = why(args);
        let mut bytes = 0;
        for run in &chores.remove {
            let command = run.info().map(|info| info.command);
            bytes += remove(results, &run.name, run.verdict(), command, &why)?;
        }
        mend_links(results)?;
        writeln!(out, "removed {} runs ({})", chores.remove.len(), size(bytes))?;
    } else {
        for run in &chores.remove {
            writeln!(out, "would remove {} ({})", run.name, size(bytes_of(&run.root)))?;
        }
        let plain = chores.compress.iter().map(|run| bytes_plain(run)).sum();
        writeln!(out, "would compress {} runs ({})", chores.compress.len(), size(plain))?;
        writeln!(out, "would remove {} runs; --yes does it", chores.remove.len())?;
    }
    for (reason, count) in &chores.stay {
        writeln!(out, "{count} more stay: {reason}")?;
    }
    Ok(None)
}

/// The wish, as it stands in the line of each removal.
fn why(args: &GcArgs) -> String {
    let age = args.older_than.map(|age| format!(" --older-than {}", crate::values::duration_text(age)));
    let keep = args.keep.map(|keep| format!(" --keep {keep}"));
    format!("gc{}{}", age.unwrap_or_default(), keep.unwrap_or_default())
}

fn chores<'a>(results: &Path, all: &'a [StoredRun], args: &GcArgs) -> Result<Chores<'a>, Failure> {
    let cutoff = args.older_than.map(ordalia_runner::time_stamp_before);
    let fresh = ordalia_runner::time_stamp_before(args.spare);
    let removing = args.older_than.is_some() || args.keep.is_some();
    let references = references(results)?;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chores = Chores::default();
    for run in all.iter().filter(|run| run.stamp < fresh) {
        // Newest first: the count says how many of its kind are newer.
        let newer = seen.entry(&run.test).or_default();
        let old = cutoff.as_ref().is_none_or(|cutoff| run.stamp < *cutoff);
        let beyond = args.keep.is_none_or(|keep| *newer >= keep);
        *newer += 1;
        let stays = if removing && old && beyond { stays(run, &references) } else { Some("") };
        match stays {
            None => chores.remove.push(run),
            Some(reason) => {
                if !reason.is_empty() {
                    *chores.stay.entry(reason).or_default() += 1;
                }
                if bytes_plain(run) > 0 && run.verdict().is_some() {
                    chores.compress.push(run);
                }
            }
        }
    }
    Ok(chores)
}

/// Why a run that is old enough stays all the same.
fn stays(run: &StoredRun, references: &BTreeMap<String, String>) -> Option<&'static str> {
    if references.contains_key(&run.name) {
        return Some("a campaign, comparison or baseline refers to them");
    }
    match run.verdict() {
        Some(Verdict::Valid) => None,
        Some(_) => Some("they are not valid"),
        None => Some("they were never judged"),
    }
}

/// The bytes of the files that could be compressed.
fn bytes_plain(run: &StoredRun) -> u64 {
    let files = ["history.jsonl", "trace.jsonl"];
    files.iter().filter_map(|file| fs::metadata(run.root.join(file)).ok()).map(|meta| meta.len()).sum()
}

/// Compresses; the bytes saved.
fn compress(chores: &Chores<'_>) -> Result<u64, Failure> {
    let mut saved = 0;
    for run in &chores.compress {
        let done = RunFolder::open(&run.root)?.compress()?;
        saved += done.before.saturating_sub(done.after);
    }
    Ok(saved)
}
