//! `ordalia node`: one node of a built-in target.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;

use ordalia_host::HostSettings;
use ordalia_node::{NodeConfig, NodeId};
use tracing_subscriber::EnvFilter;

use crate::args::NodeArgs;
use crate::exit::{Failure, Outcome};
use crate::registry::{bugs, check_options, target};

/// Runs a node until it ends.
pub fn node(args: NodeArgs) -> Outcome {
    let target = target(&args.target)?;
    let bugs = bugs(&target.info, &args.bugs)?;
    check_options(&target.info, &args.options)?;
    let peers: BTreeMap<NodeId, _> = args.peers.into_iter().collect();
    if peers.contains_key(&args.id) {
        return Err(Failure::usage(format!("--peer: {} is this node itself", args.id)));
    }
    log_to_stderr();
    let others = NodeId::all(args.cluster.unwrap_or_default());
    let nodes: BTreeSet<NodeId> = peers.keys().copied().chain([args.id]).chain(others).collect();
    let mut options = args.options;
    if let Some(url) = args.outside {
        options.entry(NodeConfig::API_URL.to_owned()).or_insert(url);
    }
    let config = NodeConfig { id: args.id, nodes: nodes.into_iter().collect(), options, bugs };
    let settings = HostSettings {
        config,
        listen: args.listen,
        peers,
        data: args.data,
        // Drawn afresh for each life: what a node draws, session numbers among them, must never come
        // again after a restart. Repeatable randomness is the simulator's.
        acts: args.acts,
        seed: rand::random(),
        reuse_port: true,
        exit_on_stdin_eof: args.until_eof,
    };
    (target.host)(settings)?;
    Ok(None)
}

/// The node's log. `ORDALIA_LOG` chooses what is in it, in the form `debug` or `ordalia_host=trace`.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("ORDALIA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(std::io::stderr().is_terminal()).init();
}
