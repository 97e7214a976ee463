//! One connection that came in, from a peer or from a client.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use ordalia_node::Ticket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

use super::lines::{LONGEST_LINE, Lines};
use super::outbox::{Limit, Outbox};
use super::router::Router;
use super::tickets::{Asked, Tickets};
use crate::throttle::Throttle;

/// A client that leaves so much unread is cut off.
const LIMIT: Limit = Limit { messages: 64 * 1024, bytes: 8 * 1024 * 1024 };

/// How long answers may still follow after a client has closed its own direction.
const LINGER: Duration = Duration::from_secs(5);

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// Unique within one life of the host.
    number: u32,
    pub(super) remote: SocketAddr,
    pub(super) outbox: Outbox,
    /// What outsiders send and nobody understands.
    pub(super) complaints: Throttle,
    pub(super) tickets: Tickets,
    /// The name used last, since a connection nearly always has one only.
    name: RefCell<Rc<str>>,
    reads_no_more: Cell<bool>,
    cut: Notify,
}

impl Connection {
    pub(super) fn new(number: u32, remote: SocketAddr, stream: OwnedWriteHalf) -> Self {
        let outbox = Outbox::new(LIMIT);
        outbox.connect(stream);
        Self {
            number,
            remote,
            outbox,
            complaints: Throttle::default(),
            tickets: Tickets::new(number),
            name: RefCell::new("".into()),
            reads_no_more: Cell::new(false),
            cut: Notify::new(),
        }
    }

    /// A ticket for a request; `None` if too many requests are unanswered.
    pub(super) fn ticket(&self, client: &str, msg_id: u64) -> Option<Ticket> {
        self.tickets.give(Asked { client: self.intern(client), msg_id })
    }

    /// Writes what waits, as far as the socket takes it now.
    pub(super) fn flush(&self) {
        self.outbox.flush();
        if self.reads_no_more.get() {
            // This may have been the last answer.
            self.outbox.wake();
        }
    }

    /// Ends the connection, also while a write to it is stuck.
    pub(super) fn cut(&self) {
        self.outbox.disconnect();
        self.cut.notify_one();
    }

    fn intern(&self, client: &str) -> Rc<str> {
        let mut name = self.name.borrow_mut();
        if **name != *client {
            *name = client.into();
        }
        name.clone()
    }

    /// Whether the client has closed its direction and everything was answered.
    fn is_over(&self) -> bool {
        self.reads_no_more.get() && self.tickets.all_answered()
    }
}

/// Serves a connection until it ends.
pub(super) async fn serve<M>(stream: TcpStream, remote: SocketAddr, router: Rc<Router<M>>)
where
    M: Serialize + DeserializeOwned,
{
    let (reading, writing) = stream.into_split();
    let connection = router.enter(remote, writing);
    let ended = tokio::select! {
        ended = read(reading, &connection, &router) => ended,
        ended = write(&connection) => ended,
        () = connection.cut.notified() => Ok(()),
    };
    router.leave(connection.number);
    match ended {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            tracing::error!(%remote, %error, "a connection is closed");
        }
        ended => tracing::trace!(%remote, ?ended, "a connection has ended"),
    }
}

async fn read<M>(stream: OwnedReadHalf, connection: &Connection, router: &Router<M>) -> io::Result<()>
where
    M: Serialize + DeserializeOwned,
{
    let mut lines = Lines::new(stream, LONGEST_LINE);
    while let Some(line) = lines.next().await? {
        if !line.trim_ascii().is_empty() {
            router.handle(connection, line);
        }
    }
    // The client may have closed only its own direction, as `nc` does, and still wait for answers.
    connection.reads_no_more.set(true);
    connection.outbox.wake();
    tokio::time::sleep(LINGER).await;
    Ok(())
}

/// Writes what could not be written at once, until the connection is over.
async fn write(connection: &Connection) -> io::Result<()> {
    loop {
        connection.outbox.drain().await?;
        if connection.is_over() {
            return Ok(());
        }
    }
}
