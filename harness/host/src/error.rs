//! Why a node could not run, or not go on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ordalia_node::{NodeId, StartError};
use thiserror::Error;

use crate::storage::StorageError;

/// Why a node could not run, or not go on. The process ends with a status other than zero.
#[derive(Debug, Error)]
pub enum HostError {
    /// The address is taken, or is none of this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Threads or the network runtime could not be set up.
    #[error("cannot set up the {what} of the node: {source}")]
    SetUp {
        /// What was to be set up.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The durable state is damaged, or can no longer be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What the node did could not be recorded.
    #[error("cannot write the node's acts to {}: {source}", path.display())]
    Acts {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The node itself refused to start.
    #[error("{node} does not start: {source}")]
    Start {
        /// Which node.
        node: NodeId,
        /// Its reason.
        source: StartError,
    },
    /// The node's own code panicked.
    #[error("{node} panicked; the panic's message stands above in the log")]
    Panicked {
        /// Which node.
        node: NodeId,
    },
}
