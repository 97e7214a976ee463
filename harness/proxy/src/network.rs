//! All links of a cluster.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex};

use ordalia_node::NodeId;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::link::{self, Link, Upstream, lock};
use crate::{LinkCounters, ProxyError, Rule};

/// All links of a cluster. Dropping it closes every listener and every connection.
#[derive(Debug)]
pub struct Network {
    links: BTreeMap<(NodeId, NodeId), Entry>,
    upstreams: BTreeMap<NodeId, Upstream>,
}

#[derive(Debug)]
struct Entry {
    link: Arc<Link>,
    address: SocketAddr,
    /// The tasks of the link end when this is dropped.
    rules: watch::Sender<Rule>,
}

impl Network {
    /// Opens a listener on 127.0.0.1, at a port of the system's choice, for each ordered pair of
    /// different nodes. All links pass, and none knows yet where it leads. The tasks of the network
    /// run in the tokio runtime that this is called in. What is random derives from the seed and
    /// the link.
    ///
    /// # Errors
    /// There is no runtime, a node is named twice, or the system gives no listener.
    pub fn start(nodes: &[NodeId], seed: u64) -> Result<Network, ProxyError> {
        Self::start_where(nodes, seed, |_, _| true)
    }

    /// The same with those links alone, from and to, of which `is_there` is true. There are no others.
    ///
    /// # Errors
    /// As [`start`](Network::start).
    pub fn start_where(
        nodes: &[NodeId],
        seed: u64,
        is_there: impl Fn(NodeId, NodeId) -> bool,
    ) -> Result<Network, ProxyError> {
        let runtime = Handle::try_current().map_err(|_| ProxyError::NoRuntime)?;
        let mut network = Network { links: BTreeMap::new(), upstreams: BTreeMap::new() };
        for node in nodes {
            if network.upstreams.insert(*node, Arc::new(Mutex::new(None))).is_some() {
                return Err(ProxyError::Duplicate(*node));
            }
        }
        for (&to, upstream) in &network.upstreams {
            for &from in network.upstreams.keys().filter(|from| **from != to && is_there(**from, to)) {
                let (listener, address) =
                    listen().map_err(|source| ProxyError::Listen { from, to, source })?;
                let link = Arc::new(Link::new(from, to, Arc::clone(upstream), seed));
                let (rules, seen) = watch::channel(Rule::pass());
                runtime.spawn(link::serve(Arc::clone(&link), listener, seen));
                network.links.insert((from, to), Entry { link, address, rules });
            }
        }
        Ok(network)
    }

    /// What node `from` is told as the address of node `to`.
    ///
    /// # Errors
    /// There is no such link.
    pub fn address(&self, from: NodeId, to: NodeId) -> Result<SocketAddr, ProxyError> {
        Ok(self.entry(from, to)?.address)
    }

    /// Says where a node really listens. Connections made from now on lead there.
    ///
    /// # Errors
    /// There is no such node.
    pub fn set_upstream(&self, to: NodeId, address: SocketAddr) -> Result<(), ProxyError> {
        let upstream = self.upstreams.get(&to).ok_or(ProxyError::UnknownNode(to))?;
        *lock(upstream) = Some(address);
        Ok(())
    }

    /// Puts a rule in force on one link, in place of the one before. On return it holds for all
    /// connections, open ones included. What is queued under the rule before is delivered no later
    /// than the new one would.
    ///
    /// # Errors
    /// There is no such link, or the rule is out of range; the rule before stays then.
    pub fn set_rule(&self, from: NodeId, to: NodeId, rule: Rule) -> Result<(), ProxyError> {
        let entry = self.entry(from, to)?;
        rule.check().map_err(|source| ProxyError::Rule { from, to, source })?;
        entry.rules.send_replace(rule);
        Ok(())
    }

    /// The rule in force.
    ///
    /// # Errors
    /// There is no such link.
    pub fn rule(&self, from: NodeId, to: NodeId) -> Result<Rule, ProxyError> {
        Ok(*self.entry(from, to)?.rules.borrow())
    }

    /// Lets every link pass.
    pub fn heal(&self) {
        for entry in self.links.values() {
            entry.rules.send_replace(Rule::pass());
        }
    }

    /// What a link has carried. Takes no lock.
    ///
    /// # Errors
    /// There is no such link.
    pub fn counters(&self, from: NodeId, to: NodeId) -> Result<LinkCounters, ProxyError> {
        Ok(self.entry(from, to)?.link.counters.read())
    }

    /// All links as pairs (from, to), in order.
    pub fn links(&self) -> Vec<(NodeId, NodeId)> {
        self.links.keys().copied().collect()
    }

    fn entry(&self, from: NodeId, to: NodeId) -> Result<&Entry, ProxyError> {
        self.links.get(&(from, to)).ok_or(ProxyError::UnknownLink { from, to })
    }
}

fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}
