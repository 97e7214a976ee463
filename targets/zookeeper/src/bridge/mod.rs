//! The bridge between nodes that speak to a member of our ensemble and a real ZooKeeper server.
//!
//! It runs in the controller's process, like what stands outside a cluster. Each server has an *endpoint*, at the
//! address where a member would listen: it takes `Ask` from the sensors and requests from clients, and sends `Answer`
//! and `Events`, on our own wire. So links between sensors and servers go through the proxies as always, and kills
//! and pauses hit the server and never the bridge.
//!
//! ```text
//! sensor ──proxy──▶ endpoint n2 ─┐              ┌─▶ server n2
//!        ◀──proxy──              ├─ session ────┤      one connection, to the server
//! sensor ──proxy──▶ endpoint n3 ─┘              └─▶ server n3   whose endpoint was asked last
//! ```
//!
//! - A session is one of ZooKeeper's, under its own number, and moves with its client from server to server, with its
//!   watches ([`session`], [`attachment`], [`watches`]). Signs of life are passed on as they arrive and never made up.
//! - A numbered write is carried out once, by a [`marker`].
//! - Events have numbers of the bridge's own, and are kept until they were taken ([`outbox`]).
//! - What is asked in no session is served by a [`desk`].
//!
//! Left out: long polls, the simple forms that write or wait, recipes, values that are no JSON, and the number of the
//! transaction in events, which the protocol of 3.8 does not tell: they carry the last one known before.

mod attachment;
mod desk;
mod endpoint;
mod hub;
mod marker;
mod order;
mod outbox;
mod peers;
mod protocol;
mod session;
mod terms;
#[cfg(test)]
mod tests;
mod watches;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;

use ordalia_cluster::Listeners;
use ordalia_node::NodeId;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use desk::Desk;
use endpoint::Endpoint;
use hub::Hub;
use peers::PeerLink;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// Where one server and its endpoint are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPlace {
    /// The member that it stands for.
    pub node: NodeId,
    /// Where the endpoint listens; the port is reserved for it.
    pub listen: SocketAddr,
    /// Where the server takes clients.
    pub server: SocketAddrV4,
    /// Where the endpoint reaches each sensor.
    pub peers: BTreeMap<NodeId, SocketAddr>,
}

/// A bridge that runs. Dropping it closes all endpoints and connections.
#[derive(Debug)]
pub struct Bridge {
    runtime: Option<Runtime>,
}

impl Bridge {
    /// Opens the endpoints. The servers may be started later.
    ///
    /// # Errors
    /// An address cannot be listened on, or there is no thread.
    pub fn start(places: &[EndpointPlace], sync_reads: bool) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("bridge").enable_all().build()?;
        let entered = runtime.enter();
        let mut desks = BTreeMap::new();
        for place in places {
            let (orders, waiting) = mpsc::channel(hub::WAITING);
            tokio::spawn(Desk::new(place.server, sync_reads).run(waiting));
            desks.insert(place.node, orders);
        }
        let servers = places.iter().map(|place| (place.node, place.server)).collect();
        let hub = Arc::new(Hub::new(servers, sync_reads, desks));
        for place in places {
            let listener = TcpListener::from_std(listen(place.listen)?)?;
            let peers = place.peers.iter().map(|(peer, address)| (*peer, link(place.node, *peer, *address)));
            let (me, server, hub) = (place.node, place.server, Arc::clone(&hub));
            let endpoint =
                Endpoint { me, server, peers: peers.collect(), hub, listeners: Listeners::default() };
            tokio::spawn(Arc::new(endpoint).serve(listener));
        }
        drop(entered);
        Ok(Self { runtime: Some(runtime) })
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // It may be dropped within another runtime, where none may be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A link that is kept up.
fn link(me: NodeId, peer: NodeId, address: SocketAddr) -> Arc<PeerLink> {
    let (link, waiting) = PeerLink::new(me, peer);
    let link = Arc::new(link);
    let kept = Arc::clone(&link);
    tokio::spawn(async move { kept.keep(address, waiting).await });
    link
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // The reservation of the port holds it too.
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
