//! Where a campaign is kept: `results/campaigns/NAME/STAMP/`.
//!
//! | file | holds |
//! |---|---|
//! | `campaign.toml` | the campaign's file, as it was given |
//! | `plan.json` | [`PlanRecord`]: the cells, and what carries them out |
//! | `journal.jsonl` | what was begun and what is done, line by line |
//! | `summary.json` | [`Summary`]: what it came to |
//! | `index.html` | the same as a page |

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ordalia_record::{link_latest, read_json, write_json};

use crate::{CampaignError, PlanRecord, Summary};

/// The folder of one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignFolder {
    root: PathBuf,
}

/// What there is of a plan among the stored campaigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Nothing that is unfinished.
    Nothing,
    /// An unfinished campaign of this plan and this build.
    Unfinished(CampaignFolder),
    /// An unfinished campaign of this plan, carried out by another build.
    OtherBuild(CampaignFolder, String),
}

impl CampaignFolder {
    /// Makes the folder of a campaign that begins, with its file and its plan, and the link `latest` to it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(
        results: &Path,
        stamp: &str,
        record: &PlanRecord,
        text: &str,
    ) -> Result<Self, CampaignError> {
        let parent = results.join("campaigns").join(&record.name);
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |source| CampaignError::Io { path, source }
        };
        fs::create_dir_all(&parent).map_err(io_error(&parent))?;
        let mut name = stamp.to_owned();
        for number in 2.. {
            match fs::create_dir(parent.join(&name)) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    name = format!("{stamp}.{number}");
                }
                Err(source) => return Err(CampaignError::Io { path: parent.join(&name), source }),
            }
        }
        let folder = Self { root: parent.join(&name) };
        let file = folder.root.join("campaign.toml");
        fs::write(&file, text).map_err(io_error(&file))?;
        write_json(&folder.plan(), record)?;
        link_latest(&parent, Path::new(&name))?;
        Ok(folder)
    }

    /// The newest unfinished campaign of a plan, if there is one.
    ///
    /// # Errors
    /// The folder of campaigns cannot be read. A folder that holds no campaign is passed over.
    pub fn find(results: &Path, record: &PlanRecord) -> Result<Stored, CampaignError> {
        let parent = results.join("campaigns").join(&record.name);
        let mut other = Stored::Nothing;
        for root in folders(&parent)?.into_iter().rev() {
            let folder = Self { root };
            let Ok(stored) = folder.record() else { continue };
            let finished = folder.read_summary().is_ok_and(|summary| summary.finished);
            if finished || stored.checksum != record.checksum {
                continue;
            }
            if stored.binary == record.binary {
                return Ok(Stored::Unfinished(folder));
            }
            if other == Stored::Nothing {
                other = Stored::OtherBuild(folder, stored.binary);
            }
        }
        Ok(other)
    }

    /// The folder of a stored campaign.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `plan.json`
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// `journal.jsonl`
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }

    /// `summary.json`
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }

    /// `index.html`
    pub fn page(&self) -> PathBuf {
        self.root.join("index.html")
    }

    /// The plan, as it was begun.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn record(&self) -> Result<PlanRecord, CampaignError> {
        Ok(read_json(&self.plan(), "the plan of a campaign")?)
    }

    /// What it came to.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_summary(&self) -> Result<Summary, CampaignError> {
        Ok(read_json(&self.summary(), "the summary of a campaign")?)
    }

    /// Writes what it came to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_summary(&self, summary: &Summary) -> Result<(), CampaignError> {
        Ok(write_json(&self.summary(), summary)?)
    }
}

/// The folders in a folder, without links, by name; none where it is absent.
fn folders(parent: &Path) -> Result<Vec<PathBuf>, CampaignError> {
    let io_error = |source| CampaignError::Io { path: parent.to_owned(), source };
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_error)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}
