//! The network thread: a listening socket for peers and clients alike, and one outgoing connection
//! to each peer.
//!
//! One task serves each connection. All of them share one thread, so that what they share needs no
//! lock. What leaves is first put together as bytes in the connection's [`outbox`], so that one
//! write carries all that waits.

mod connection;
mod inbound;
pub(crate) mod lines;
mod link;
mod outbox;
mod router;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use ordalia_node::{NodeConfig, NodeId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use crate::HostSettings;
use crate::driver::{Inbound, Outbound};
use crate::host::End;
use link::Link;
use router::Router;

/// How long accepting rests after an error, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Everything that the network thread works with.
pub(crate) struct Network<M> {
    runtime: Runtime,
    listener: StdListener,
    config: NodeConfig,
    peers: BTreeMap<NodeId, SocketAddr>,
    seed: u64,
    core: mpsc::SyncSender<Inbound<M>>,
    outbound: UnboundedReceiver<Vec<Outbound<M>>>,
    /// Where `SIGTERM` is reported, if it is watched.
    terminated: Option<mpsc::Sender<End>>,
}

impl<M> Network<M> {
    pub(crate) fn new(
        settings: &HostSettings,
        listener: StdListener,
        core: mpsc::SyncSender<Inbound<M>>,
        outbound: UnboundedReceiver<Vec<Outbound<M>>>,
        terminated: Option<mpsc::Sender<End>>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (config, peers, seed) = (settings.config.clone(), settings.peers.clone(), settings.seed);
        Ok(Self { runtime, listener, config, peers, seed, core, outbound, terminated })
    }
}

/// Serves until the core ends or `stop` is dropped, then closes every connection.
pub(crate) fn serve<M>(network: Network<M>, stop: oneshot::Receiver<()>)
where
    M: Serialize + DeserializeOwned + Send + 'static,
{
    let Network { runtime, listener, config, peers, seed, core, outbound, terminated } = network;
    let local = LocalSet::new();
    let served: io::Result<()> = local.block_on(&runtime, async move {
        let listener = TcpListener::from_std(listener)?;
        if let Some(ended) = terminated {
            spawn_local(report_termination(signal(SignalKind::terminate())?, ended));
        }
        let links = peers.into_iter().filter(|(peer, _)| *peer != config.id).map(|(peer, address)| {
            let link = Rc::new(Link::new(config.id, peer, address, seed));
            spawn_local(link::keep(link.clone()));
            (peer, link)
        });
        let router = Rc::new(Router::new(&config, links.collect(), core));
        tokio::select! {
            () = accept(&listener, &router) => {}
            () = dispatch(outbound, &router) => {}
            _ = stop => {}
        }
        Ok(())
    });
    if let Err(error) = served {
        tracing::error!(%error, "the network could not be set up");
    }
}

async fn report_termination(mut signal: tokio::signal::unix::Signal, ended: mpsc::Sender<End>) {
    signal.recv().await;
    let _ = ended.send(End::Terminated);
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

/// Carries what leaves the core to the connections, until the core ends.
async fn dispatch<M: Serialize>(mut outbound: UnboundedReceiver<Vec<Outbound<M>>>, router: &Router<M>) {
    while let Some(batch) = outbound.recv().await {
        for outbound in batch {
            router.dispatch(outbound);
        }
    }
}

/// A connection without it works too, only slower.
fn set_nodelay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}
