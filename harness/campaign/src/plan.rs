//! What a campaign is to do: all cells, and how they are worked off.

use serde::{Deserialize, Serialize};

use crate::{Cell, Job, Mode};

/// When a campaign ends before all is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopEarly {
    /// Never.
    #[default]
    Never,
    /// At the first run that is not valid.
    Unknown,
    /// At the first run that is invalid.
    Invalid,
}

/// A matrix read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The campaign's name: letters a to z, digits and hyphens.
    pub name: String,
    /// How many simulated tests run side by side; absent for as many as there are processors.
    pub jobs: Option<usize>,
    /// How many real tests run side by side.
    pub real_jobs: usize,
    /// When it ends before all is done.
    pub stop_early: StopEarly,
    /// The cells, in the order of the file's lists, at least one.
    pub cells: Vec<Cell>,
}

impl Plan {
    /// A checksum over the cells: equal for files that ask for the same tests, however they are written and worked
    /// off. Eight hexadecimal digits.
    pub fn checksum(&self) -> String {
        // Cells hold nothing that JSON cannot write.
        let cells = serde_json::to_vec(&self.cells).unwrap_or_default();
        format!("{:08x}", crc32fast::hash(&cells))
    }

    /// All jobs in the order in which they are begun: the simulated ones first, for they are quick; and of each kind
    /// the first seed of every cell, then the second, so that an early look sees all cells.
    pub fn jobs_in_order(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for mode in [Mode::Sim, Mode::Real] {
            let cells = || self.cells.iter().enumerate().filter(move |(_, cell)| cell.mode == mode);
            let most = cells().map(|(_, cell)| cell.seeds.len()).max().unwrap_or(0);
            for turn in 0..most {
                let seeds = cells().filter_map(|(at, cell)| Some((at, *cell.seeds.get(turn)?)));
                jobs.extend(seeds.map(|(cell, seed)| Job { cell, seed }));
            }
        }
        jobs
    }

    /// The cell of a job, if the job is of this plan.
    pub fn cell(&self, job: Job) -> Option<&Cell> {
        self.cells.get(job.cell)
    }
}

/// What `plan.json` holds: the plan, and what carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// The campaign's name.
    pub name: String,
    /// [`Plan::checksum`].
    pub checksum: String,
    /// The version of Ordalia.
    pub version: String,
    /// The checksum of the executable.
    pub binary: String,
    /// When the campaign was begun, RFC 3339 in UTC.
    pub started: String,
    /// The cells.
    pub cells: Vec<Cell>,
}
