//! What goes wrong in the shim itself.

use std::io;

use ordalia_node::NodeId;
use thiserror::Error;

use crate::RuleError;

/// What goes wrong in the shim itself. Trouble on a single connection ends that connection instead.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// The shim was started outside a tokio runtime.
    #[error("the network shim must be started inside a tokio runtime")]
    NoRuntime,
    /// A node is named twice.
    #[error("expected each node once, found {0} twice")]
    Duplicate(NodeId),
    /// No listener could be opened.
    #[error("no listener for the link {from} to {to} on 127.0.0.1: {source}")]
    Listen {
        /// The sending node.
        from: NodeId,
        /// The receiving node.
        to: NodeId,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such link.
    #[error("there is no link {from} to {to}")]
    UnknownLink {
        /// The sending node.
        from: NodeId,
        /// The receiving node.
        to: NodeId,
    },
    /// There is no such node.
    #[error("there is no node {0} in this network")]
    UnknownNode(NodeId),
    /// The rule asks for what cannot be.
    #[error("the rule for the link {from} to {to} cannot be: {source}")]
    Rule {
        /// The sending node.
        from: NodeId,
        /// The receiving node.
        to: NodeId,
        /// The field that is wrong.
        source: RuleError,
    },
}
