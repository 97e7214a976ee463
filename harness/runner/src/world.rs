//! The processes and the network of one test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ordalia_cluster::{Cluster, PortReservation, reserve_port};
use ordalia_node::{Group, NodeId};
use ordalia_proxy::Network;
use ordalia_record::{DiskTotals, LinkTotals, NodeDeath, RunFolder};
use tokio::sync::RwLock;
use tokio::time::sleep;

use crate::disks::DiskCounts;
use crate::monitor::{Sightings, ask_all};
use crate::{Companion, NodePlace, RunError, Target, TestSettings};

/// Between two looks at something that should come about.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long an answer to a question of readiness may take.
const PATIENCE: Duration = Duration::from_millis(300);

/// How many lines of a log are shown with an error.
const LOG_LINES: usize = 12;

/// The processes and the network of one test. Dropping it ends all of them.
pub(crate) struct World<'t> {
    pub(crate) target: &'t dyn Target,
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) addresses: BTreeMap<NodeId, SocketAddr>,
    /// Those of the nodes that agree on a leader.
    pub(crate) electing: BTreeMap<NodeId, SocketAddr>,
    /// The nodes that clients speak to.
    pub(crate) for_clients: Vec<NodeId>,
    pub(crate) network: Option<Network>,
    pub(crate) disks: DiskCounts,
    pub(crate) cluster: RwLock<Cluster>,
    _companion: Option<Companion>,
    _ports: Vec<PortReservation>,
}

impl<'t> World<'t> {
    /// Reserves ports, opens the links and lays out the processes; nothing is started yet.
    pub(crate) fn new(
        target: &'t dyn Target,
        settings: &TestSettings,
        folder: &RunFolder,
        outside: Option<&str>,
    ) -> Result<Self, RunError> {
        let nodes = NodeId::all(settings.nodes);
        let no_port = |error| RunError::Settings(format!("the system gives no port for a node: {error}"));
        let ports: Vec<_> =
            nodes.iter().map(|_| reserve_port().map_err(no_port)).collect::<Result<_, _>>()?;
        let addresses: BTreeMap<_, _> =
            nodes.iter().copied().zip(ports.iter().map(|port| port.addr)).collect();
        let neighbours: BTreeMap<NodeId, Vec<NodeId>> =
            nodes.iter().map(|node| (*node, target.neighbours(*node, &nodes))).collect();
        let is_there = |from, to| neighbours.get(&from).is_some_and(|known| known.contains(&to));
        let open = || Network::start_where(&nodes, settings.seed, is_there);
        let network = settings.proxied.then(open).transpose()?;
        let mut places = Vec::new();
        for node in &nodes {
            if let Some(network) = &network {
                network.set_upstream(*node, addresses[node])?;
            }
            let peers = peer_addresses(*node, &neighbours[node], &addresses, network.as_ref())?;
            let place = NodePlace {
                outside: outside.map(str::to_owned),
                ..place(*node, &nodes, &addresses, peers, folder)?
            };
            places.push(place);
        }
        let mute =
            |error| RunError::Settings(format!("what speaks for the nodes cannot be started: {error}"));
        let companion = target.accompany(&places).map_err(mute)?;
        let recipes = places.iter().map(|place| (place.node, target.recipe(place))).collect();
        let cluster = RwLock::new(Cluster::new(recipes)?);
        let groups = target.groups(settings.nodes);
        let electing = Group::electing(&groups).into_iter();
        let electing = electing.filter_map(|node| Some((node, *addresses.get(&node)?))).collect();
        let for_clients = Group::for_clients(&groups);
        let disks = DiskCounts::default();
        Ok(Self {
            target,
            electing,
            for_clients,
            nodes,
            addresses,
            network,
            disks,
            cluster,
            _companion: companion,
            _ports: ports,
        })
    }

    /// Starts all nodes, waits until each one answers, and then a while for them to agree on a leader.
    pub(crate) async fn start(&self) -> Result<(), RunError> {
        self.cluster.write().await.start_all().await?;
        for node in &self.nodes {
            self.wait_ready(*node, TestSettings::READY_LIMIT).await?;
        }
        let begun = Instant::now();
        // A cluster that never agrees is put to trial all the same: that is a finding, not a failure.
        while !self.sight().await.settled() && begun.elapsed() < TestSettings::SETTLE_LIMIT {
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// What all nodes that elect say of themselves now.
    pub(crate) async fn sight(&self) -> Sightings {
        let sightings = Sightings::default();
        for (node, report) in ask_all(self.target, &self.electing, PATIENCE).await {
            sightings.see(node, report.map(|report| report.status));
        }
        sightings
    }

    /// Waits until the process that was started last for the node is the one that answers.
    pub(crate) async fn wait_ready(&self, node: NodeId, limit: Duration) -> Result<(), RunError> {
        let begun = Instant::now();
        loop {
            let why = match self.is_ready(node).await {
                Ok(()) => return Ok(()),
                Err(why) => why,
            };
            let exit = self.cluster.read().await.try_exit(node);
            if exit.is_some() || begun.elapsed() > limit {
                let why = exit.map_or(why, |exit| format!("its process {exit}"));
                let log_tail = self.cluster.read().await.log_tail(node, LOG_LINES);
                return Err(RunError::NotReady { node, waited_s: limit.as_secs(), why, log_tail });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Whether the node answers now, and from its own process; if not, why.
    pub(crate) async fn is_ready(&self, node: NodeId) -> Result<(), String> {
        let Some(pid) = self.cluster.read().await.pid(node) else { return Err("it does not run".to_owned()) };
        let report = self.target.status(self.addresses[&node], PATIENCE).await?;
        match report.pid {
            Some(other) if i64::from(other) != i64::from(pid) => {
                Err(format!("process {other} answers at its address, expected process {pid}"))
            }
            _ => Ok(()),
        }
    }

    /// The nodes whose processes ended though nobody asked them to.
    pub(crate) async fn deaths(&self, time: u64) -> Vec<NodeDeath> {
        let cluster = self.cluster.read().await;
        let died = |node: &NodeId| {
            let exit = cluster.try_exit(*node).filter(|exit| !exit.asked)?;
            let log_tail = cluster.log_tail(*node, LOG_LINES);
            Some(NodeDeath { time, node: node.to_string(), how: exit.to_string(), log_tail })
        };
        self.nodes.iter().filter_map(died).collect()
    }

    /// How often each node has called fsync; empty where nobody says. Asks once more, while the nodes still run.
    pub(crate) async fn disk_totals(&self) -> Vec<DiskTotals> {
        let last = ask_all(self.target, &self.addresses, PATIENCE).await;
        for (node, report) in &last {
            if let Some(report) = report {
                self.disks.note(*node, report);
            }
        }
        let heard = |node: NodeId| last.iter().any(|(other, report)| *other == node && report.is_some());
        self.disks.totals(heard)
    }

    /// What each link has carried.
    pub(crate) fn link_totals(&self) -> Vec<LinkTotals> {
        let Some(network) = &self.network else { return Vec::new() };
        let total = |(from, to)| {
            let counters = network.counters(from, to).ok()?;
            Some(LinkTotals {
                from: NodeId::to_string(&from),
                to: NodeId::to_string(&to),
                messages: counters.delivered_messages,
                bytes: counters.delivered_bytes,
                dropped: counters.dropped_messages,
                duplicated: counters.duplicated_messages,
                connections: counters.connections_accepted,
            })
        };
        network.links().into_iter().filter_map(total).collect()
    }
}

/// Where a node reaches its peers.
fn peer_addresses(
    node: NodeId,
    neighbours: &[NodeId],
    addresses: &BTreeMap<NodeId, SocketAddr>,
    network: Option<&Network>,
) -> Result<BTreeMap<NodeId, SocketAddr>, RunError> {
    let peers = addresses.iter().filter(|(peer, _)| neighbours.contains(peer));
    let reached = |(peer, own): (&NodeId, &SocketAddr)| {
        Ok((*peer, network.map_or(Ok(*own), |network| network.address(node, *peer))?))
    };
    peers.map(reached).collect()
}

/// A node's place in the folder of the run.
fn place(
    node: NodeId,
    nodes: &[NodeId],
    addresses: &BTreeMap<NodeId, SocketAddr>,
    peers: BTreeMap<NodeId, SocketAddr>,
    folder: &RunFolder,
) -> Result<NodePlace, RunError> {
    let root = folder.node(node);
    // The node may have another working folder one day; its paths must not depend on ours.
    let absolute = std::path::absolute(&root).map_err(|source| RunError::Recording { path: root, source })?;
    Ok(NodePlace {
        node,
        nodes: nodes.to_vec(),
        listen: addresses[&node],
        peers,
        addresses: addresses.clone(),
        data: absolute.join("data"),
        log: absolute.join("log"),
        acts: absolute.join("acts.jsonl"),
        outside: None,
    })
}
