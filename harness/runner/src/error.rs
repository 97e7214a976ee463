//! Why a test could not be carried through.

use std::io;
use std::path::PathBuf;

use ordalia_cluster::ClusterError;
use ordalia_node::NodeId;
use ordalia_proxy::ProxyError;
use ordalia_record::RecordError;
use thiserror::Error;

/// Why a test could not be carried through. What was recorded until then is kept.
#[derive(Debug, Error)]
pub enum RunError {
    /// A file of the run could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A recording file could not be written.
    #[error("{}: {source}; what was recorded so far is kept", path.display())]
    Recording {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A process could not be handled.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A proxy could not be made.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// A node did not come up.
    #[error("node {node} did not come up within {waited_s} s: {why}{}", log_lines(log_tail))]
    NotReady {
        /// The node.
        node: NodeId,
        /// How long it was given.
        waited_s: u64,
        /// What was seen instead.
        why: String,
        /// The last lines of its log.
        log_tail: Vec<String>,
    },
    /// The workload asks what the target does not answer.
    #[error("target {target} does not answer {kind} requests, which workload {workload} sends")]
    Unanswerable {
        /// The target.
        target: String,
        /// The workload.
        workload: String,
        /// The kind of request.
        kind: &'static str,
    },
    /// The settings cannot be.
    #[error("{0}")]
    Settings(String),
}

/// The last lines of a log below an error, or nothing.
fn log_lines(tail: &[String]) -> String {
    if tail.is_empty() {
        return "; its log is empty".to_owned();
    }
    format!("; the last lines of its log:\n    {}", tail.join("\n    "))
}
