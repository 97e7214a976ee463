//! The network of a node: a listening socket for peers and clients alike, and one outgoing connection
//! to each peer.
//!
//! One task serves each connection, and one the core. All of them share one thread, so that what they
//! share needs no lock. What leaves is first put together as bytes in the connection's [`outbox`], so
//! that one write carries all that waits; the core has it written before it goes on to the disk.

mod connection;
mod inbound;
pub(crate) mod lines;
mod link;
mod outbox;
mod router;
pub(crate) mod tickets;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use ordalia_node::{Node, NodeConfig, NodeId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use crate::acts::ActLog;
use crate::clock::Clock;
use crate::driver::{Driver, Inbound, Outbound};
use crate::inbox::Inbox;
use crate::post::Poster;
use crate::storage::Disk;
use crate::{HostError, HostSettings};
use link::Link;
use router::Router;

/// How long accepting rests after an error, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Inputs that may wait for the core. Beyond, peers' messages are lost and clients are refused.
const INBOX: usize = 16 * 1024;

/// Everything that the network works with.
pub(crate) struct Network {
    runtime: Runtime,
    listener: StdListener,
    config: NodeConfig,
    peers: BTreeMap<NodeId, SocketAddr>,
    acts: Option<PathBuf>,
    seed: u64,
}

impl Network {
    pub(crate) fn new(settings: HostSettings, listener: StdListener, runtime: Runtime) -> Self {
        let HostSettings { config, peers, acts, seed, .. } = settings;
        Self { runtime, listener, config, peers, acts, seed }
    }
}

/// Runs the node on that disk until it fails or `stop` is dropped, then closes every connection.
pub(crate) fn serve<N: Node + 'static, D: Disk + 'static>(
    network: Network,
    disk: D,
    stop: oneshot::Receiver<()>,
) -> Result<(), HostError> {
    let Network { runtime, listener, config, peers, acts, seed } = network;
    let acts = ActLog::new(config.id, acts);
    let neighbours = N::neighbours(&config);
    let local = LocalSet::new();
    local.block_on(&runtime, async move {
        let listener =
            TcpListener::from_std(listener).map_err(|source| HostError::SetUp { what: "network", source })?;
        let is_linked = |peer: &NodeId| *peer != config.id && neighbours.contains(peer);
        let links = peers.into_iter().filter(|(peer, _)| is_linked(peer)).map(|(peer, address)| {
            let link = Rc::new(Link::new(config.id, peer, address, seed));
            spawn_local(link::keep(link.clone()));
            (peer, link)
        });
        let router = Rc::new(Router::new(&config, links.collect(), Inbox::new(INBOX)));
        let accepting = router.clone();
        spawn_local(async move { accept(&listener, &accepting).await });
        let node = config.id;
        // As a task of its own, the core comes behind all sockets whose input woke it, and its panics
        // are caught.
        let core = spawn_local(core::<N, D>(config, seed, disk, router, acts));
        tokio::select! {
            ended = core => ended.unwrap_or(Err(HostError::Panicked { node })),
            _ = stop => Ok(()),
        }
    })
}

/// The life of the node itself.
async fn core<N: Node + 'static, D: Disk>(
    config: NodeConfig,
    seed: u64,
    disk: D,
    router: Rc<Router<N::Message>>,
    mut acts: ActLog,
) -> Result<(), HostError> {
    let poster = Poster::default();
    let outlet = |mut batch: Vec<Outbound<N::Message>>| {
        // What the node did is recorded before anything of it is to be seen.
        acts.write(&mut batch)?;
        for outbound in batch {
            match outbound {
                Outbound::Post { call, url, body, patience } => {
                    let (poster, router) = (poster.clone(), Rc::clone(&router));
                    spawn_local(async move {
                        let outcome = poster.post(&url, &body, patience).await;
                        router.inbox().push_own(Inbound::Posted { call, outcome });
                    });
                }
                outbound => router.dispatch(outbound),
            }
        }
        router.flush();
        Ok(())
    };
    match Driver::<N, D, _>::start(&config, seed, disk, Clock::start(), outlet)?.run(router.inbox()).await? {}
}

async fn accept<M: Serialize + DeserializeOwned + 'static>(listener: &TcpListener, router: &Rc<Router<M>>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                set_nodelay(&stream);
                spawn_local(connection::serve(stream, remote, router.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A connection without it works too, only slower.
fn set_nodelay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}
