//! `results/comparisons/STAMP/`: what a comparison leaves.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ordalia_measure::comparison::Comparison;
use ordalia_record::{RunFolder, write_json};
use ordalia_schedule::Schedule;

use crate::exit::Failure;

/// The folder of one comparison.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes it, beside the runs.
    pub fn create(results: &Path) -> Result<Self, Failure> {
        let parent = results.join("comparisons");
        fs::create_dir_all(&parent).with_context(|| parent.display().to_string())?;
        let stamp = ordalia_runner::time_stamp();
        let mut root = parent.join(&stamp);
        for number in 2.. {
            match fs::create_dir(&root) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    root = parent.join(format!("{stamp}.{number}"));
                }
                Err(error) => {
                    return Err(anyhow::Error::from(error).context(root.display().to_string()).into());
                }
            }
        }
        Ok(Self { root })
    }

    /// `index.html`
    pub fn page(&self) -> PathBuf {
        self.root.join("index.html")
    }

    /// `compare.json`
    pub fn json(&self) -> PathBuf {
        self.root.join("compare.json")
    }

    /// Keeps the faults of a seed as `schedules/SEED.json`, which the commands that repeat runs name.
    pub fn keep_schedule(&self, seed: u64, schedule: &Schedule) -> Result<PathBuf, Failure> {
        let folder = self.root.join("schedules");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let path = folder.join(format!("{seed}.json"));
        write_json(&path, schedule)?;
        Ok(path)
    }

    /// A run's folder as seen from here; runs elsewhere keep their whole path.
    pub fn relative(&self, run: &RunFolder) -> String {
        let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (here, run) = (whole(&self.root), whole(run.root()));
        let inside = here.ancestors().nth(2).and_then(|results| run.strip_prefix(results).ok());
        inside.map_or(run.clone(), |inside| Path::new("../..").join(inside)).display().to_string()
    }

    /// Writes `compare.json`, the page, and a link to each run.
    pub fn write(&self, comparison: &Comparison, runs: &[((usize, u64), RunFolder)]) -> Result<(), Failure> {
        write_json(&self.json(), comparison)?;
        let links = self.root.join("runs");
        fs::create_dir_all(&links).with_context(|| links.display().to_string())?;
        for ((side, seed), run) in runs {
            let link = links.join(format!("seed-{seed}-side-{}", side + 1));
            let target = Path::new("..").join(self.relative(run));
            let target = if Path::new(&self.relative(run)).is_absolute() {
                PathBuf::from(self.relative(run))
            } else {
                target
            };
            symlink(&target, &link).with_context(|| link.display().to_string())?;
        }
        Ok(ordalia_report::draw_comparison(comparison, runs, &self.page())?)
    }

    /// Points `results/comparisons/latest` here, whole at every moment.
    pub fn point_latest(&self, results: &Path) -> Result<(), Failure> {
        let Some(name) = self.root.file_name() else { return Ok(()) };
        let parent = results.join("comparisons");
        let fresh = parent.join(format!(".latest-{}", std::process::id()));
        let _ = fs::remove_file(&fresh);
        symlink(name, &fresh)
            .and_then(|()| fs::rename(&fresh, parent.join("latest")))
            .with_context(|| parent.join("latest").display().to_string())?;
        Ok(())
    }
}
