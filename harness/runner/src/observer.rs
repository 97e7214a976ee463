//! What is told while a test runs.

use std::path::Path;
use std::time::Duration;

use ordalia_node::NodeId;

/// How a test stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Since the start of the load.
    pub elapsed: Duration,
    /// The length of the load.
    pub total: Duration,
    /// Operations that ended `ok` so far.
    pub ok: u64,
    /// Operations that ended `fail` so far.
    pub fail: u64,
    /// Operations that ended `info` so far.
    pub info: u64,
    /// Operations completed in the last second.
    pub ops_per_s: f64,
    /// The faults in force.
    pub faults: Vec<String>,
    /// The leader with its term, if one is known.
    pub leader: Option<(NodeId, Option<u64>)>,
}

/// Somebody who watches a test.
pub trait Observer: Send + Sync {
    /// The folder of the run is made.
    fn folder(&self, root: &Path);

    /// A phase begins: a few words for a person.
    fn phase(&self, name: &str);

    /// Several times a second during the load.
    fn progress(&self, progress: &Progress);

    /// Something that a person should know.
    fn note(&self, text: &str);
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn folder(&self, _: &Path) {}
    fn phase(&self, _: &str) {}
    fn progress(&self, _: &Progress) {}
    fn note(&self, _: &str) {}
}
