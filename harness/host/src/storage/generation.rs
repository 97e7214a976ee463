//! Which files belong together.

use std::collections::BTreeSet;

/// The log's name.
pub(super) fn log_name(generation: u64) -> String {
    format!("log-{generation}")
}

/// The snapshot's name.
pub(super) fn snapshot_name(generation: u64) -> String {
    format!("snapshot-{generation}")
}

/// The snapshot's name until it is whole.
pub(super) fn temporary_name(generation: u64) -> String {
    format!("snapshot-{generation}.tmp")
}

/// The generations of which files are there.
#[derive(Debug, Default)]
pub(super) struct Generations {
    logs: BTreeSet<u64>,
    snapshots: BTreeSet<u64>,
}

impl Generations {
    /// Sorts the names of a folder. Names that are not ours are left out.
    pub(super) fn of(names: &[String]) -> Self {
        let numbers = |prefix: &str, form: fn(u64) -> String| {
            let number =
                |name: &String| name.strip_prefix(prefix)?.parse().ok().filter(|n| form(*n) == *name);
            names.iter().filter_map(number).collect()
        };
        Self { logs: numbers("log-", log_name), snapshots: numbers("snapshot-", snapshot_name) }
    }

    /// Whether nothing was ever stored here.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.snapshots.is_empty()
    }

    /// The generation that counts: the last one whose snapshot got its name, or else the first.
    pub(super) fn committed(&self) -> u64 {
        self.snapshots.last().copied().unwrap_or(0)
    }

    /// Whether the log that must be there is. The error is its name, and why it must.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        let generation = self.committed();
        if self.logs.contains(&generation) {
            return Ok(());
        }
        let because = match self.snapshots.last() {
            Some(generation) => format!("{} is there", snapshot_name(*generation)),
            None => "later logs are there; their snapshot is missing, or this log is".to_owned(),
        };
        Err((log_name(generation), because))
    }

    /// The files of other generations, and snapshots that never became whole.
    pub(super) fn left_over(&self, names: &[String]) -> Vec<String> {
        let other = |generation: &&u64| **generation != self.committed();
        let logs = self.logs.iter().filter(other).map(|generation| log_name(*generation));
        let snapshots = self.snapshots.iter().filter(other).map(|generation| snapshot_name(*generation));
        let temporary = names.iter().filter(|name| name.starts_with("snapshot-") && name.ends_with(".tmp"));
        logs.chain(snapshots).chain(temporary.cloned()).collect()
    }
}
