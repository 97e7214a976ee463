//! What goes wrong with processes.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ordalia_node::NodeId;
use thiserror::Error;

use crate::Exit;

/// What goes wrong with processes.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The thread that starts processes could not be started, or the system does not let the
    /// controller adopt orphans.
    #[error("the controller cannot look after processes: {0}")]
    Controller(io::Error),
    /// There is no such node.
    #[error("there is no node {0} in this cluster")]
    UnknownNode(NodeId),
    /// The data folder cannot be made or written.
    #[error("{node}: expected a data folder that can be written at {}: {source}", path.display())]
    DataFolder {
        /// The node.
        node: NodeId,
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be opened or written.
    #[error("{node}: expected a log that can be appended to at {}: {source}", path.display())]
    Log {
        /// The node.
        node: NodeId,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program did not start.
    #[error("{node}: expected to start {}: {source}", program.display())]
    Spawn {
        /// The node.
        node: NodeId,
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The node runs, where it should not.
    #[error("{node}: expected it not to run, found it running as process {pid}")]
    Running {
        /// The node.
        node: NodeId,
        /// Its process id.
        pid: i32,
    },
    /// The node does not run, where it should.
    #[error("{node}: expected it to run, but it {}", match exit {
        Some(exit) => exit.to_string(),
        None => "was never started".to_owned(),
    })]
    NotRunning {
        /// The node.
        node: NodeId,
        /// How it ended; `None` if it was never started.
        exit: Option<Exit>,
    },
    /// A signal could not be sent.
    #[error("{node}: cannot send {signal} to process {pid}: {source}")]
    Signal {
        /// The node.
        node: NodeId,
        /// Its process id.
        pid: i32,
        /// The signal's name.
        signal: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A signal had not the effect that it should have.
    #[error("{node}: expected process {pid} to be {expected} within {within:?}, found {found}")]
    NoEffect {
        /// The node.
        node: NodeId,
        /// Its process id.
        pid: i32,
        /// What was expected of it.
        expected: &'static str,
        /// How long that was waited for.
        within: Duration,
        /// What it was instead.
        found: String,
    },
}
