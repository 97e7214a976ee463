//! What the tests of processes share: recipes of shell scripts, and looking into /proc.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "clippy takes this for no test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ordalia_cluster::{Cluster, Recipe};
use ordalia_node::NodeId;

/// Longer than anything that is waited for, also on a loaded machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A shell script as a node with its folders under `root`.
pub fn script(root: &Path, node: NodeId, text: &str) -> Recipe {
    let folder = root.join("nodes").join(node.to_string());
    Recipe {
        program: PathBuf::from("/bin/sh"),
        args: vec!["-c".to_owned(), text.to_owned()],
        env: BTreeMap::new(),
        working_folder: None,
        data_folder: folder.join("data"),
        files: BTreeMap::new(),
        log_file: folder.join("log"),
    }
}

/// A cluster of one node, n1, that runs a shell script.
pub fn one(root: &Path, text: &str) -> (Cluster, NodeId) {
    let node = NodeId::new(1);
    (Cluster::new(BTreeMap::from([(node, script(root, node, text))])).unwrap(), node)
}

/// Looks again and again until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < DEADLINE, "{what}: not so within {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a process is there and not a zombie.
pub fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The numbers that a script wrote to the log, once there are so many of them.
pub fn numbers_in_log(cluster: &Cluster, node: NodeId, count: usize) -> Vec<i32> {
    let mut numbers = Vec::new();
    eventually("the script wrote its process ids", || {
        numbers = cluster.log_tail(node, 99).iter().filter_map(|line| line.parse().ok()).collect();
        numbers.len() >= count
    });
    numbers
}
