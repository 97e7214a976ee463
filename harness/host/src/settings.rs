//! What a host needs to be told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use ordalia_node::{NodeConfig, NodeId};

/// How one real node is to run.
#[derive(Clone, Debug)]
pub struct HostSettings {
    /// What the node itself is told.
    pub config: NodeConfig,
    /// Where to listen, for peers and clients alike. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where each peer is reached, usually by way of a proxy. Messages to a peer that is not listed
    /// are dropped.
    pub peers: BTreeMap<NodeId, SocketAddr>,
    /// The folder of the durable state; created where it is absent.
    pub data: PathBuf,
    /// Where its acts are written, for the history; only to the log if absent. The file is made with the first.
    pub acts: Option<PathBuf>,
    /// Seed of the node's randomness.
    pub seed: u64,
    /// Bind with `SO_REUSEPORT`, because whoever chose the port keeps it reserved by a bound socket
    /// that does not listen.
    pub reuse_port: bool,
    /// End when standard input ends, which it does when the process at its other end died.
    pub exit_on_stdin_eof: bool,
}
