//! `ordalia results rm`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ordalia_checker::Verdict;

use super::removal::{mend_links, remove};
use super::size;
use super::store::{StoredRun, references, resolve};
use crate::args::RmArgs;
use crate::exit::{Failure, Outcome};

/// What is to go.
struct Named {
    folder: String,
    verdict: Option<Verdict>,
    command: Option<String>,
}

/// Removes what is named, all of it or, where a name is wrong, nothing.
pub fn rm(results: &Path, args: &RmArgs) -> Outcome {
    let results = &fs::canonicalize(results).with_context(|| results.display().to_string())?;
    let mut all = Vec::new();
    for name in &args.runs {
        let found = find(results, name)?;
        if all.iter().all(|other: &Named| other.folder != found.folder) {
            all.push(found);
        }
    }
    let references = references(results)?;
    let mut out = std::io::stdout().lock();
    for one in all {
        let bytes = remove(results, &one.folder, one.verdict, one.command, "named")?;
        writeln!(out, "removed {} ({})", one.folder, size(bytes))?;
        if let Some(by) = references.get(&one.folder).filter(|by| results.join(by).exists()) {
            writeln!(out, "  {by} referred to it")?;
        }
    }
    mend_links(results)?;
    Ok(None)
}

fn find(results: &Path, name: &Path) -> Result<Named, Failure> {
    let root = resolve(results, name)?;
    let refused = || {
        let expected = "expected the folder of a run, a campaign or a comparison";
        Failure::usage(format!("{}: {expected} in {}", name.display(), results.display()))
    };
    let inside: PathBuf = root.strip_prefix(results).map_err(|_| refused())?.to_owned();
    let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
    match parts[..] {
        ["campaigns", _, _] if root.join("plan.json").is_file() => {}
        ["comparisons", _] => {}
        ["campaigns" | "comparisons" | "baselines", ..] => return Err(refused()),
        // A run that was killed at once has no settings yet, and can be removed as well.
        [test, folder] if test.contains('.') && folder.contains('-') => {
            let run = StoredRun::at(results, test, folder);
            let command = run.info().map(|info| info.command);
            return Ok(Named { folder: run.name.clone(), verdict: run.verdict(), command });
        }
        _ => return Err(refused()),
    }
    Ok(Named { folder: inside.display().to_string(), verdict: None, command: None })
}
