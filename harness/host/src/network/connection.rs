//! One connection that came in, from a peer or from a client.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
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
use crate::throttle::Throttle;

/// A client that leaves so much unread is cut off.
const LIMIT: Limit = Limit { messages: 64 * 1024, bytes: 8 * 1024 * 1024 };

/// A client that has so many requests unanswered is cut off.
const UNANSWERED: usize = 64 * 1024;

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
    unanswered: RefCell<HashMap<u32, Asked>>,
    tickets: Cell<u32>,
    /// The name used last, since a connection nearly always has one only.
    name: RefCell<Rc<str>>,
    reads_no_more: Cell<bool>,
    cut: Notify,
}

/// Who asked, and under which `msg_id`.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: Rc<str>,
    pub(super) msg_id: u64,
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
            unanswered: RefCell::default(),
            tickets: Cell::new(0),
            name: RefCell::new("".into()),
            reads_no_more: Cell::new(false),
            cut: Notify::new(),
        }
    }

    /// A ticket for a request; the connection's number is its upper half. `None` if too many
    /// requests are unanswered.
    pub(super) fn ticket(&self, client: &str, msg_id: u64) -> Option<Ticket> {
        let mut unanswered = self.unanswered.borrow_mut();
        if unanswered.len() >= UNANSWERED {
            return None;
        }
        let ticket = self.tickets.get();
        self.tickets.set(ticket.wrapping_add(1));
        unanswered.insert(ticket, Asked { client: self.intern(client), msg_id });
        Some(Ticket(u64::from(self.number) << 32 | u64::from(ticket)))
    }

    /// The number of the connection that a ticket was given to.
    pub(super) fn number_of(ticket: Ticket) -> u32 {
        (ticket.0 >> 32) as u32
    }

    /// Takes a ticket back; `None` if it was answered before.
    pub(super) fn redeem(&self, ticket: Ticket) -> Option<Asked> {
        self.unanswered.borrow_mut().remove(&(ticket.0 as u32))
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
        self.reads_no_more.get() && self.unanswered.borrow().is_empty()
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
