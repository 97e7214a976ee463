//! What every node needs that has a member of the ensemble within it: the first nodes of its cluster are members, the
//! others stand around them and speak to them alone.

use std::collections::BTreeMap;

use ordalia_node::{Effects, Group, Node, NodeConfig, NodeId, StartError};

use crate::ensemble::{Out, Record, Timer};
use crate::{Message, options};

/// The members of the ensemble.
///
/// # Errors
/// The option `ensemble` is no number of nodes.
pub fn members(config: &NodeConfig) -> Result<Vec<NodeId>, StartError> {
    let ensemble = options::ensemble(config.options.get("ensemble").map(String::as_str))?;
    Ok(options::members(&config.nodes, ensemble).to_vec())
}

/// Whom a node speaks to: members to all, the others to members.
pub fn neighbours(config: &NodeConfig) -> Vec<NodeId> {
    let members = members(config).unwrap_or_else(|_| config.nodes.clone());
    let is_member = members.contains(&config.id);
    config.peers().filter(|peer| is_member || members.contains(peer)).collect()
}

/// The ensemble, and the group of the others by that name, if there are any. Either takes clients as is said; an
/// ensemble without others does in any case.
pub fn groups(
    nodes: u16,
    options: &BTreeMap<String, String>,
    others: &'static str,
    others_take_clients: bool,
) -> Vec<Group> {
    let all = NodeId::all(nodes);
    // A value that is not understood is refused when the nodes start.
    let ensemble = options::ensemble(options.get("ensemble").map(String::as_str)).unwrap_or(3);
    let members = options::members(&all, ensemble);
    let rest = all.get(members.len()..).unwrap_or_default().to_vec();
    let takes_clients = rest.is_empty() || !others_take_clients;
    let mut groups = vec![Group { name: "ensemble", nodes: members.to_vec(), takes_clients, elects: true }];
    if !rest.is_empty() {
        groups.push(Group { name: others, nodes: rest, takes_clients: others_take_clients, elects: false });
    }
    groups
}

/// Hands a member's effects to the driver of the node that it is part of; `timer` gives its timers the node's names.
pub fn carry_out<N>(list: Vec<Out>, timer: fn(Timer) -> N::Timer, out: &mut Effects<N>)
where
    N: Node<Message = Message, Record = Record>,
{
    for one in list {
        match one {
            Out::Send(to, message) => out.send(to, message),
            Out::Reply(ticket, result) => out.reply(ticket, result),
            Out::SetTimer(name, after) => out.set_timer(timer(name), after),
            Out::Persist(record) => out.persist(record),
            Out::WriteBehind(record) => out.write_behind(record),
            Out::Snapshot(state, records) => out.snapshot(state, records),
            Out::Trace(event, detail) => out.trace(event, detail),
        }
    }
}
