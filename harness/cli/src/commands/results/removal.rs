//! How something is removed: never without a line in `removed.jsonl`, written ahead.

use std::fs;
use std::path::Path;

use anyhow::Context;
use ordalia_checker::Verdict;
use ordalia_record::{append_line, link_latest};
use serde::Serialize;

use super::store::{bytes_of, folders, runs};
use crate::exit::Failure;

/// A line of `removed.jsonl`.
#[derive(Debug, Serialize)]
pub struct Removed<'a> {
    /// When, RFC 3339 in UTC.
    at: String,
    /// What, as seen from the folder of results.
    folder: &'a str,
    /// Its size.
    bytes: u64,
    /// Its verdict, if it was a run and had one.
    verdict: Option<Verdict>,
    /// The command that repeats it, if it was a run.
    command: Option<String>,
    /// At whose wish.
    why: &'a str,
}

/// Removes a folder of results; its bytes.
pub fn remove(
    results: &Path,
    folder: &str,
    verdict: Option<Verdict>,
    command: Option<String>,
    why: &str,
) -> Result<u64, Failure> {
    let root = results.join(folder);
    let bytes = bytes_of(&root);
    let line = Removed { at: ordalia_runner::time_text(), folder, bytes, verdict, command, why };
    append_line(&results.join("removed.jsonl"), &line)?;
    fs::remove_dir_all(&root).with_context(|| root.display().to_string())?;
    Ok(bytes)
}

/// Points the links `latest` that lead nowhere any more to the newest that there is.
pub fn mend_links(results: &Path) -> Result<(), Failure> {
    let newest = runs(results)?.into_iter().next().map(|run| run.name);
    mend(results, newest)?;
    let campaigns = results.join("campaigns");
    for name in folders(&campaigns)? {
        let parent = campaigns.join(name);
        mend(&parent, folders(&parent)?.into_iter().max())?;
    }
    let comparisons = results.join("comparisons");
    mend(&comparisons, folders(&comparisons)?.into_iter().max())
}

fn mend(parent: &Path, newest: Option<String>) -> Result<(), Failure> {
    let link = parent.join("latest");
    if !link.is_symlink() || link.exists() {
        return Ok(());
    }
    match newest {
        Some(newest) => Ok(link_latest(parent, Path::new(&newest))?),
        None => Ok(fs::remove_file(&link).with_context(|| link.display().to_string())?),
    }
}
