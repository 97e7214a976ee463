//! The life of a node, from its start to its end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use ordalia_node::Node;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::network::{self, Network};
use crate::storage::{Disk, Folder, StorageError};
use crate::{HostError, HostSettings};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Runs one node until it fails, standard input ends (where the settings say so) or `SIGTERM`
/// comes. The caller installs the log's subscriber, and ends the process when this returns.
///
/// # Errors
/// The node could not start, or could not go on.
pub fn run<N: Node + 'static>(settings: HostSettings) -> Result<(), HostError> {
    let watch_stdin = settings.exit_on_stdin_eof;
    // Ahead of the node, so that whoever sees it run can also end it cleanly.
    let (signals, terminated) = watch_termination()?;
    let host = start::<N, _>(settings, open_folder)?;
    report_termination(signals, terminated, host.ended_by.clone())?;
    if watch_stdin {
        let ended = host.ended_by.clone();
        thread::spawn(move || {
            // Whatever is written there is of no interest, and an error is an end too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = ended.send(End::StdinClosed);
        });
    }
    match host.ended.recv() {
        Ok(End::Node(result)) => result,
        Ok(end @ (End::StdinClosed | End::Terminated)) => {
            tracing::info!(reason = ?end, "the node ends");
            Ok(())
        }
        // The node's thread reports before it ends, so its sender is never dropped unused.
        Err(_) => Ok(()),
    }
}

/// A node that runs in threads of this process.
///
/// Dropping it stops the node too, without waiting for the end.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<End>,
    ended_by: mpsc::Sender<End>,
    threads: Vec<JoinHandle<()>>,
}

impl Host {
    /// Starts a node over a folder of the file system.
    ///
    /// # Errors
    /// The address cannot be listened on. What goes wrong later, damaged storage among it, is
    /// reported by [`wait`](Host::wait) and [`stop`](Host::stop).
    pub fn spawn<N: Node + 'static>(settings: HostSettings) -> Result<Host, HostError> {
        start::<N, _>(settings, open_folder)
    }

    /// Starts a node over a disk of the caller's own. [`HostSettings::data`] is not looked at.
    ///
    /// # Errors
    /// As [`spawn`](Host::spawn).
    pub fn spawn_on<N: Node + 'static, D: Disk + 'static>(
        settings: HostSettings,
        disk: D,
    ) -> Result<Host, HostError> {
        start::<N, _>(settings, move |_| Ok(disk))
    }

    /// Where the node listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the node and waits until nothing of it is left. What was written behind is lost.
    ///
    /// # Errors
    /// What ended the node before it was stopped, if anything did.
    pub fn stop(mut self) -> Result<(), HostError> {
        drop(self.stop.take());
        self.join()
    }

    /// Waits until the node ends by itself, which it does only when something failed.
    ///
    /// # Errors
    /// What failed.
    pub fn wait(self) -> Result<(), HostError> {
        self.join()
    }

    fn join(mut self) -> Result<(), HostError> {
        for thread in self.threads.drain(..) {
            // A panic of the node's code is reported by the thread itself.
            let _ = thread.join();
        }
        match self.ended.try_recv() {
            Ok(End::Node(result)) => result,
            _ => Ok(()),
        }
    }
}

/// Why a node ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The node came to its end.
    Node(Result<(), HostError>),
    /// The process at the other end of standard input died.
    StdinClosed,
    /// `SIGTERM` came.
    Terminated,
}

fn open_folder(settings: &HostSettings) -> Result<Folder, StorageError> {
    Folder::open(&settings.data).map_err(|source| StorageError::Io {
        action: "create the folder",
        file: settings.data.display().to_string(),
        source,
    })
}

fn start<N: Node + 'static, D: Disk + 'static>(
    settings: HostSettings,
    open: impl FnOnce(&HostSettings) -> Result<D, StorageError>,
) -> Result<Host, HostError> {
    let refused = |source| HostError::Listen { address: settings.listen, source };
    let listener = listen(&settings).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    tracing::info!(node = %settings.config.id, %address, pid = std::process::id(), "listening");
    let disk = open(&settings)?;
    let (ended_by, ended) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let node = settings.config.id;
    let network = Network::new(settings, listener, runtime("network")?);
    let reports = ended_by.clone();
    let body = move || {
        let result = network::serve::<N, _>(network, disk, stopped);
        if let Err(error) = &result {
            tracing::error!(%node, %error, "the node cannot go on");
        }
        let _ = reports.send(End::Node(result));
    };
    Ok(Host { address, stop: Some(stop), ended, ended_by, threads: vec![spawn("node", body)?] })
}

/// From here on `SIGTERM` no longer kills the process.
fn watch_termination() -> Result<(Runtime, Signal), HostError> {
    let runtime = runtime("signals")?;
    let entered = runtime.enter();
    let terminated = signal(SignalKind::terminate());
    let terminated = terminated.map_err(|source| HostError::SetUp { what: "signals", source })?;
    drop(entered);
    Ok((runtime, terminated))
}

/// Reports `SIGTERM`, from a thread of its own, so that a node that is busy or stuck ends too.
fn report_termination(
    runtime: Runtime,
    mut terminated: Signal,
    ended: mpsc::Sender<End>,
) -> Result<(), HostError> {
    let body = move || {
        runtime.block_on(terminated.recv());
        let _ = ended.send(End::Terminated);
    };
    spawn("signals", body).map(drop)
}

fn runtime(what: &'static str) -> Result<Runtime, HostError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|source| HostError::SetUp { what, source })
}

fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, HostError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map_err(|source| HostError::SetUp { what: name, source })
}

fn listen(settings: &HostSettings) -> io::Result<TcpListener> {
    let domain = Domain::for_address(settings.listen);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    // Connections of an earlier life may still linger on the port.
    socket.set_reuse_address(true)?;
    if settings.reuse_port {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&settings.listen.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
