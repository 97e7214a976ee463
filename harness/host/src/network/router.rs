//! Who gets what: lines to the core, and what leaves the core to the connections.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;

use ordalia_node::wire::{Envelope, Reply, ReplyBody, RequestBody, StatusBody};
use ordalia_node::{Answer, ErrorCode, NodeConfig, NodeId, Refusal, Status, Ticket};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::tcp::OwnedWriteHalf;

use super::connection::Connection;
use super::inbound::{self, Line, Odd};
use super::link::Link;
use super::outbox::NotTaken;
use super::tickets::{Asked, Tickets};
use crate::driver::{Inbound, Outbound};
use crate::inbox::Inbox;
use crate::throttle::Throttle;

/// What an idle peer sends.
const PING: &str = r#"{"type":"ping"}"#;

/// The connections of one node, and its core behind them.
pub(super) struct Router<M> {
    me: NodeId,
    name: String,
    peers: BTreeSet<NodeId>,
    links: BTreeMap<NodeId, Rc<Link>>,
    inbox: Inbox<M>,
    /// Connections with something new to write.
    unwritten: RefCell<Vec<Rc<Connection>>>,
    connections: RefCell<HashMap<u32, Rc<Connection>>>,
    last_number: Cell<u32>,
    overflow: Throttle,
}

/// The answer to a ping.
#[derive(Serialize)]
struct PingBody {
    #[serde(rename = "type")]
    kind: &'static str,
    in_reply_to: u64,
}

impl<M: Serialize + DeserializeOwned> Router<M> {
    /// Reads one line and does what it asks. Nothing that a line holds can do harm.
    pub(super) fn handle(&self, connection: &Connection, line: &[u8]) {
        let read = match serde_json::from_slice::<Line<'_>>(line) {
            Ok(read) => read,
            Err(error) => return self.reject_line(connection, line, &error),
        };
        if let Ok(from) = read.src.parse::<NodeId>() {
            self.handle_peer(connection, from, &read);
        } else {
            self.handle_client(connection, &read);
        }
    }

    fn handle_peer(&self, connection: &Connection, from: NodeId, line: &Line<'_>) {
        let body = line.body.get();
        if body == PING {
            return;
        }
        if line.dest != self.name || !self.peers.contains(&from) {
            return self.complain(connection, &format!("{from} is no peer, or means {:?}", line.dest));
        }
        match serde_json::from_str(body) {
            Ok(message) => drop(self.pass_on(Inbound::Message { from, message })),
            Err(_) if inbound::examine(body).0 == Odd::Ping => {}
            Err(error) => self.complain(connection, &format!("{from} sent no message of ours: {error}")),
        }
    }

    fn handle_client(&self, connection: &Connection, line: &Line<'_>) {
        let client = line.src.as_ref();
        let (asked, refusal) = match serde_json::from_str::<RequestBody>(line.body.get()) {
            Ok(RequestBody { msg_id, request }) => {
                if !line.dest.is_empty() && line.dest != self.name {
                    let text = format!("this is {}, not {}", self.name, line.dest);
                    (msg_id, Refusal::new(ErrorCode::NodeNotFound, text))
                } else {
                    let inbound = |ticket| Inbound::Request { ticket, request };
                    return self.ask_core(connection, client, msg_id, inbound);
                }
            }
            Err(error) => match self.handle_odd(connection, client, line.body.get(), &error) {
                Some(refused) => refused,
                None => return,
            },
        };
        self.reply(connection, &Asked { client: client.into(), msg_id: asked }, Err(refusal));
        connection.outbox.wake();
    }

    /// What is no request of the vocabulary: answered here, or refused as returned, or dropped.
    fn handle_odd(
        &self,
        connection: &Connection,
        client: &str,
        body: &str,
        error: &serde_json::Error,
    ) -> Option<(u64, Refusal)> {
        let (odd, msg_id) = inbound::examine(body);
        let Some(msg_id) = msg_id else {
            if odd != Odd::Ping {
                self.complain(connection, &format!("a request without a msg_id: {error}"));
            }
            return None;
        };
        match odd {
            Odd::Status => {
                self.ask_core(connection, client, msg_id, |ticket| Inbound::Status { ticket });
                None
            }
            Odd::Ping => {
                self.write(connection, client, PingBody { kind: "ping_ok", in_reply_to: msg_id });
                connection.outbox.wake();
                None
            }
            Odd::UnknownType(kind) => {
                let text = format!("no request is of type {kind:?}");
                Some((msg_id, Refusal::new(ErrorCode::NotSupported, text)))
            }
            Odd::Malformed => Some((msg_id, Refusal::new(ErrorCode::MalformedRequest, error.to_string()))),
        }
    }

    /// Hands a question to the core under a new ticket.
    fn ask_core(
        &self,
        connection: &Connection,
        client: &str,
        msg_id: u64,
        inbound: impl FnOnce(Ticket) -> Inbound<M>,
    ) {
        let Some(ticket) = connection.ticket(client, msg_id) else {
            self.complain(connection, "too many requests are unanswered; the connection is closed");
            return connection.cut();
        };
        if self.pass_on(inbound(ticket)).is_err()
            && let Some(asked) = connection.tickets.redeem(ticket)
        {
            let refusal = Refusal::new(ErrorCode::TemporarilyUnavailable, "too many inputs wait");
            self.reply(connection, &asked, Err(refusal));
            connection.outbox.wake();
        }
    }

    /// Hands an input to the core, if the core keeps up.
    fn pass_on(&self, inbound: Inbound<M>) -> Result<(), ()> {
        if self.inbox.push(inbound) {
            return Ok(());
        }
        if let Some(count) = self.overflow.occur() {
            tracing::warn!(node = %self.me, count, "inputs are dropped, because too many wait for the core");
        }
        Err(())
    }

    fn reject_line(&self, connection: &Connection, line: &[u8], error: &serde_json::Error) {
        match inbound::rescue_id(line) {
            Some(msg_id) => {
                let refusal = Refusal::new(ErrorCode::MalformedRequest, error.to_string());
                self.reply(connection, &Asked { client: "".into(), msg_id }, Err(refusal));
                connection.outbox.wake();
            }
            None => self.complain(connection, &format!("a line is no message: {error}")),
        }
    }
}

impl<M> Router<M> {
    pub(super) fn new(config: &NodeConfig, links: BTreeMap<NodeId, Rc<Link>>, inbox: Inbox<M>) -> Self {
        Self {
            me: config.id,
            name: config.id.to_string(),
            peers: config.peers().collect(),
            links,
            inbox,
            unwritten: RefCell::default(),
            connections: RefCell::default(),
            last_number: Cell::new(0),
            overflow: Throttle::default(),
        }
    }

    /// Enters a new connection.
    pub(super) fn enter(&self, remote: SocketAddr, stream: OwnedWriteHalf) -> Rc<Connection> {
        let number = self.last_number.get().wrapping_add(1);
        self.last_number.set(number);
        let connection = Rc::new(Connection::new(number, remote, stream));
        self.connections.borrow_mut().insert(number, connection.clone());
        connection
    }

    /// Where inputs wait for the core.
    pub(super) fn inbox(&self) -> &Inbox<M> {
        &self.inbox
    }

    /// Writes all that was dispatched, as far as the sockets take it now.
    pub(super) fn flush(&self) {
        self.links.values().for_each(|link| link.flush());
        self.unwritten.borrow_mut().drain(..).for_each(|connection| connection.flush());
    }

    /// Forgets a connection, and all that its client asked.
    pub(super) fn leave(&self, number: u32) {
        self.connections.borrow_mut().remove(&number);
    }

    fn complain(&self, connection: &Connection, what: &str) {
        if let Some(count) = connection.complaints.occur() {
            tracing::warn!(node = %self.me, remote = %connection.remote, count, "{what}");
        }
    }

    /// Puts something that left the core on its way.
    pub(super) fn dispatch(&self, outbound: Outbound<M>)
    where
        M: Serialize,
    {
        match outbound {
            Outbound::Send { to, message } => {
                if let Some(link) = self.links.get(&to) {
                    link.send(&message);
                }
            }
            Outbound::Reply { ticket, result } => self.answer(ticket, |connection, asked| {
                self.reply(connection, asked, result);
            }),
            Outbound::Status { ticket, status, fsyncs } => self.answer(ticket, |connection, asked| {
                self.reply_status(connection, asked, status, fsyncs);
            }),
            // Neither concerns a connection; the core has seen to both.
            Outbound::Act(_) | Outbound::Post { .. } => {}
        }
    }

    /// Finds who holds a ticket; nothing happens if the client is gone.
    fn answer(&self, ticket: Ticket, write: impl FnOnce(&Connection, &Asked)) {
        let connection = self.connections.borrow().get(&Tickets::connection_of(ticket)).cloned();
        let Some(connection) = connection else { return };
        if let Some(asked) = connection.tickets.redeem(ticket) {
            write(&connection, &asked);
            self.unwritten.borrow_mut().push(connection);
        }
    }

    fn reply(&self, connection: &Connection, asked: &Asked, result: Result<Answer, Refusal>) {
        let body = ReplyBody { in_reply_to: asked.msg_id, reply: Reply::from(result) };
        self.write(connection, &asked.client, body);
    }

    fn reply_status(&self, connection: &Connection, asked: &Asked, status: Status, fsyncs: u64) {
        let (in_reply_to, node, pid) = (asked.msg_id, self.me, std::process::id());
        let body = StatusBody { in_reply_to, node, pid, fsyncs: Some(fsyncs), status };
        self.write(connection, &asked.client, body);
    }

    fn write<B: Serialize>(&self, connection: &Connection, client: &str, body: B) {
        let envelope = Envelope { src: self.name.clone(), dest: client.to_owned(), body };
        match connection.outbox.push(|bytes| serde_json::to_writer(bytes, &envelope)) {
            Ok(()) | Err(NotTaken::Down) => {}
            Err(NotTaken::Full) => {
                self.complain(connection, "the client does not read its answers; the connection is closed");
                connection.cut();
            }
            Err(NotTaken::Unwritable(error)) => {
                self.complain(connection, &format!("an answer cannot be written as JSON: {error}"));
            }
            Err(NotTaken::TooLong(bytes)) => {
                self.complain(connection, &format!("an answer of {bytes} bytes is too long a line"));
            }
        }
    }
}
