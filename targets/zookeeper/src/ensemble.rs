//! A target of this project's own on a real ensemble: its first nodes are ZooKeeper servers instead of members of our
//! ensemble, and a [`bridge`](crate::bridge) speaks for them. The other nodes are as they always are.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ordalia_cluster::Recipe;
use ordalia_node::{Group, NodeId, Outside, RequestKind};
use ordalia_record::TargetSettings;
use ordalia_runner::{Async, BuiltIn, Client, Companion, NodePlace, NodeReport, Target};
use ordalia_schedule::FaultKind;

use crate::bridge::{Bridge, EndpointPlace};
use crate::target::{Pace, Zookeeper, client_address};

/// How many servers there are.
const SERVERS: u16 = 3;

/// The option of our own target that says who the ensemble is.
const ENSEMBLE: &str = "ensemble";

/// A target whose ensemble is ZooKeeper.
#[derive(Debug)]
pub struct WithZookeeper {
    /// The target, as if its ensemble were its own.
    own: BuiltIn,
    servers: Zookeeper,
    /// What stands in the record.
    settings: TargetSettings,
    /// Where the endpoints of the servers are, once that is known.
    endpoints: Mutex<BTreeSet<SocketAddr>>,
}

impl WithZookeeper {
    /// The target with ZooKeeper as its ensemble, if that is installed.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn installed(mut own: BuiltIn) -> Result<Self, String> {
        let settings = own.settings.clone();
        own.settings.options.insert(ENSEMBLE.to_owned(), SERVERS.to_string());
        let servers = Zookeeper::installed(BTreeMap::new())?;
        Ok(Self { own, servers, settings, endpoints: Mutex::default() })
    }

    fn is_server(node: NodeId) -> bool {
        node.number() <= SERVERS
    }
}

impl Target for WithZookeeper {
    fn settings(&self) -> TargetSettings {
        self.settings.clone()
    }

    fn answers(&self) -> &[RequestKind] {
        &[RequestKind::Coordination]
    }

    fn bears(&self) -> &[FaultKind] {
        self.own.bears()
    }

    fn groups(&self, nodes: u16) -> Vec<Group> {
        self.own.groups(nodes)
    }

    /// The servers dial each other's own addresses, which no proxy stands at.
    fn neighbours(&self, node: NodeId, nodes: &[NodeId]) -> Vec<NodeId> {
        let mut neighbours = self.own.neighbours(node, nodes);
        neighbours.retain(|peer| !(Self::is_server(node) && Self::is_server(*peer)));
        neighbours
    }

    fn outside(&self, seed: u64) -> Option<Box<dyn Outside>> {
        self.own.outside(seed)
    }

    fn accompany(&self, places: &[NodePlace]) -> io::Result<Option<Companion>> {
        let places: Vec<EndpointPlace> = places
            .iter()
            .filter(|place| Self::is_server(place.node))
            .map(|place| EndpointPlace {
                node: place.node,
                listen: place.listen,
                server: client_address(place.listen),
                peers: place.peers.clone(),
            })
            .collect();
        let endpoints = places.iter().map(|place| place.listen).collect();
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = endpoints;
        let sync_reads = self.settings.options.get("reads").is_none_or(|reads| reads != "local");
        Ok(Some(Box::new(Bridge::start(&places, sync_reads)?)))
    }

    fn recipe(&self, place: &NodePlace) -> Recipe {
        if !Self::is_server(place.node) {
            return self.own.recipe(place);
        }
        let mut servers = place.addresses.clone();
        servers.retain(|node, _| Self::is_server(*node));
        self.servers.server(place, &servers, Pace::Sessions)
    }

    fn status(&self, address: SocketAddr, timeout: Duration) -> Async<'_, Result<NodeReport, String>> {
        let endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        match endpoints.contains(&address) {
            true => self.servers.status(address, timeout),
            false => self.own.status(address, timeout),
        }
    }

    /// Clients speak our wire to the endpoints.
    fn client(&self, node: NodeId, address: SocketAddr, name: &str) -> Box<dyn Client> {
        self.own.client(node, address, name)
    }
}
