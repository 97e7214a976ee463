//! The stored runs, found by the names of their folders. Files are opened only for the runs that are asked about, so
//! that thousands of runs are listed quickly.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ordalia_checker::Verdict;
use ordalia_record::{RunInfo, read_json};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// The folders of results that hold no runs.
const OTHERS: [&str; 3] = ["campaigns", "comparisons", "baselines"];

/// A stored run, by its folder's name alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredRun {
    /// When it began, in UTC: `20260102T030405Z`.
    pub stamp: String,
    /// `TARGET.WORKLOAD`, for a simulated run with `.sim`.
    pub test: String,
    /// `TARGET.WORKLOAD/STAMP-SEED`.
    pub name: String,
    /// The folder.
    pub root: PathBuf,
}

/// What is known of a stored run without its history.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `TARGET.WORKLOAD/STAMP-SEED`.
    pub run: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// The target with its options and planted bugs, as on the command line.
    pub target: String,
    /// The workload.
    pub workload: String,
    /// The seed.
    pub seed: u64,
    /// The number of nodes.
    pub nodes: u16,
    /// Whether it was simulated.
    pub simulated: bool,
    /// The verdict; absent where there is none.
    pub verdict: Option<Verdict>,
    /// Why it ended early, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_early: Option<String>,
}

/// All stored runs, the newest first.
pub fn runs(results: &Path) -> Result<Vec<StoredRun>, Failure> {
    let mut runs = Vec::new();
    for test in folders(results)? {
        if OTHERS.contains(&test.as_str()) || !test.contains('.') || test.starts_with('.') {
            continue;
        }
        let parent = results.join(&test);
        for folder in folders(&parent)? {
            if folder.contains('-') {
                runs.push(StoredRun::at(results, &test, &folder));
            }
        }
    }
    runs.sort_unstable_by(|a, b| b.cmp(a));
    Ok(runs)
}

/// The names of the folders in a folder, links left out; none where it is absent.
pub fn folders(parent: &Path) -> Result<Vec<String>, Failure> {
    let named = || parent.display().to_string();
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(named)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(named)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    Ok(names)
}

/// The part of a verdict that lists show.
#[derive(Deserialize)]
struct Short {
    valid: Verdict,
}

impl StoredRun {
    /// The run in `TEST/FOLDER`.
    pub fn at(results: &Path, test: &str, folder: &str) -> Self {
        let stamp = folder.split('-').next().unwrap_or_default().to_owned();
        let root = results.join(test).join(folder);
        Self { stamp, test: test.to_owned(), name: format!("{test}/{folder}"), root }
    }

    /// The verdict, if there is one.
    pub fn verdict(&self) -> Option<Verdict> {
        let short = read_json::<Short>(&self.root.join("verdict.json"), "a verdict");
        short.ok().map(|short| short.valid)
    }

    /// Its settings; `None` of a folder without them.
    pub fn info(&self) -> Option<RunInfo> {
        read_json(&self.root.join("run.json"), "the settings of a run").ok()
    }

    /// What a list shows of it; `None` of a folder that holds no run.
    pub fn row(&self) -> Option<Row> {
        let info = self.info()?;
        Some(Row {
            run: self.name.clone(),
            started: info.started.clone(),
            target: target_words(&info),
            workload: info.workload,
            seed: info.seed,
            nodes: info.nodes,
            simulated: info.simulated,
            verdict: self.verdict(),
            ended_early: info.ended_early,
        })
    }
}

/// A target as it stands on the command line.
pub fn target_words(info: &RunInfo) -> String {
    let mut words = vec![info.target.name.clone()];
    words.extend(info.target.options.iter().map(|(name, value)| format!("--{name} {value}")));
    words.extend(info.target.bugs.iter().map(|bug| format!("--bug {bug}")));
    words.join(" ")
}

/// The stored run of that name: its folder, or what follows the folder of results.
pub fn named(results: &Path, name: &Path) -> Result<StoredRun, Failure> {
    let root = resolve(results, name)?;
    let parts = root.parent().and_then(Path::file_name).zip(root.file_name());
    let texts = parts.and_then(|(test, folder)| Some((test.to_str()?, folder.to_str()?)));
    match texts {
        Some((test, folder)) if root.join("run.json").is_file() => {
            Ok(StoredRun { root: root.clone(), ..StoredRun::at(results, test, folder) })
        }
        _ => Err(Failure::usage(format!(
            "{} holds no run: expected a folder with run.json, such as results/latest",
            name.display()
        ))),
    }
}

/// A folder by its path, or by what follows the folder of results; links followed.
pub fn resolve(results: &Path, name: &Path) -> Result<PathBuf, Failure> {
    let found = [results.join(name), name.to_owned()].into_iter().find(|path| path.exists());
    let missing = || {
        Failure::usage(format!(
            "there is no {} in {}; `ordalia results list` shows what there is",
            name.display(),
            results.display()
        ))
    };
    let found = found.ok_or_else(missing)?;
    Ok(fs::canonicalize(&found).with_context(|| found.display().to_string())?)
}

/// Which runs a campaign, comparison or baseline refers to, by name, and who does.
pub fn references(results: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = BTreeMap::new();
    for name in folders(&results.join("campaigns"))? {
        let campaigns = results.join("campaigns").join(&name);
        for stamp in folders(&campaigns)? {
            let by = format!("campaigns/{name}/{stamp}");
            mentions(&campaigns.join(&stamp).join("journal.jsonl"), &by, &mut all);
        }
    }
    for stamp in folders(&results.join("comparisons"))? {
        let by = format!("comparisons/{stamp}");
        mentions(&results.join(&by).join("compare.json"), &by, &mut all);
    }
    let baselines = fs::read_dir(results.join("baselines")).into_iter().flatten().flatten();
    for entry in baselines {
        let by = format!("baselines/{}", entry.file_name().to_string_lossy());
        mentions(&entry.path(), &by, &mut all);
    }
    Ok(all)
}

/// Adds the runs that a file mentions: whatever stands between quotes and ends as the path of a run does. So it works
/// for every shape of file.
fn mentions(file: &Path, by: &str, all: &mut BTreeMap<String, String>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    for token in text.split('"').filter(|token| token.contains('/') && token.len() < 4096) {
        let mut parts = token.trim_end_matches('/').rsplit('/');
        if let (Some(folder), Some(test)) = (parts.next(), parts.next())
            && test.contains('.')
            && folder.contains('-')
        {
            all.entry(format!("{test}/{folder}")).or_insert_with(|| by.to_owned());
        }
    }
}

/// The bytes of all files in a folder, links not followed.
pub fn bytes_of(root: &Path) -> u64 {
    let mut total = 0;
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => waiting.push(entry.path()),
                Ok(meta) => total += meta.len(),
                Err(_) => {}
            }
        }
    }
    total
}
