//! The endpoint of one server: where sensors and clients reach it in the words of this project's wire.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use ordalia_cluster::Listeners;
use ordalia_coordination::Message;
use ordalia_node::wire::{Reply, ReplyBody, RequestBody, StatusBody};
use ordalia_node::{ErrorCode, NodeId, Refusal, Request, Value};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use super::hub::Hub;
use super::order::{Asker, Back, ClientBack, Order};
use super::peers::PeerLink;
use crate::target::report;

/// The longest line that is read, in bytes: a value of 1 MiB, escaped, and what is around it.
const LONGEST_LINE: u64 = 8 << 20;
/// Answers that may wait for a client.
const WAITING: usize = 256;
/// Connections that may be open.
const MAX_CONNECTIONS: usize = 512;
const STATUS_PATIENCE: Duration = Duration::from_secs(1);
/// How long accepting rests after an error.
const PAUSE: Duration = Duration::from_millis(50);

/// One endpoint.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub me: NodeId,
    pub server: SocketAddrV4,
    pub peers: BTreeMap<NodeId, Arc<PeerLink>>,
    pub hub: Arc<Hub>,
    pub listeners: Listeners,
}

/// A line whose body is not read yet.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    src: String,
    #[serde(default)]
    dest: String,
    body: Value,
}

impl Endpoint {
    /// Serves all who connect, for ever.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(PAUSE).await;
                continue;
            };
            // Who finds no room is closed.
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
            let endpoint = Arc::clone(&self);
            tokio::spawn(async move {
                endpoint.converse(stream).await;
                drop(place);
            });
        }
    }

    async fn converse(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let (reading, mut writing) = stream.into_split();
        let (lines, mut waiting) = mpsc::channel::<String>(WAITING);
        let answering = async {
            while let Some(mut line) = waiting.recv().await {
                line.push('\n');
                if writing.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        let mut reading = BufReader::new(reading);
        let reading = async {
            let mut line = Vec::new();
            loop {
                line.clear();
                let read = (&mut reading).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
                // A line that was cut off is dropped.
                if !matches!(read, Ok(1..)) || line.last() != Some(&b'\n') {
                    return;
                }
                self.handle(&line, &lines).await;
            }
        };
        tokio::select! {
            () = answering => {}
            () = reading => {}
        }
    }

    /// Reads one line and does what it asks. Nothing that a line holds can do harm.
    async fn handle(&self, line: &[u8], lines: &mpsc::Sender<String>) {
        let Ok(Line { src, dest, body }) = serde_json::from_slice::<Line>(line) else { return };
        match src.parse::<NodeId>() {
            Ok(from) if dest == self.me.to_string() => self.handle_peer(from, body),
            Ok(_) => {}
            Err(_) => self.handle_client(src, &dest, body, lines).await,
        }
    }

    fn handle_peer(&self, from: NodeId, body: Value) {
        let Some(link) = self.peers.get(&from) else { return };
        // Pings, and what members say to each other, ask nothing.
        if let Ok(Message::Ask { id, request }) = serde_json::from_value(body) {
            let asker = Asker { place: self.me, back: Back::Peer(Arc::clone(link), id) };
            self.hub.take(Order { asker, request });
        }
    }

    async fn handle_client(&self, name: String, dest: &str, body: Value, lines: &mpsc::Sender<String>) {
        let Some(msg_id) = body.get("msg_id").and_then(Value::as_u64) else { return };
        let client = ClientBack { lines: lines.clone(), name, msg_id };
        match body.get("type").and_then(Value::as_str) {
            Some("status") => return self.tell_status(&client).await,
            Some("ping") => {
                return client.write(self.me, serde_json::json!({"type": "ping_ok", "in_reply_to": msg_id}));
            }
            _ => {}
        }
        let refusal = match serde_json::from_value::<RequestBody>(body) {
            _ if !dest.is_empty() && dest != self.me.to_string() => {
                Refusal::new(ErrorCode::NodeNotFound, format!("this is {}, not {dest}", self.me))
            }
            Ok(RequestBody { request: Request::Coordination(request), .. }) => {
                let asker = Asker { place: self.me, back: Back::Client(client) };
                return self.hub.take(Order { asker, request });
            }
            Ok(_) => {
                Refusal::new(ErrorCode::NotSupported, "the bridge to ZooKeeper answers coordination only")
            }
            Err(error) => Refusal::new(ErrorCode::MalformedRequest, error.to_string()),
        };
        client.write(self.me, ReplyBody { in_reply_to: msg_id, reply: Reply::from(Err(refusal)) });
    }

    /// What the server behind it says of itself.
    async fn tell_status(&self, client: &ClientBack) {
        let said = timeout(STATUS_PATIENCE, report(self.server)).await;
        let status = said.unwrap_or_else(|_| Err("no answer".to_owned()));
        match (status, self.listeners.process(self.server)) {
            (Ok(status), Some(pid)) => {
                let body =
                    StatusBody { in_reply_to: client.msg_id, node: self.me, pid, fsyncs: None, status };
                client.write(self.me, body);
            }
            (status, _) => {
                let text = status.err().unwrap_or_else(|| "nobody listens".to_owned());
                let refusal = Refusal::new(ErrorCode::TemporarilyUnavailable, text);
                let reply = Reply::from(Err(refusal));
                client.write(self.me, ReplyBody { in_reply_to: client.msg_id, reply });
            }
        }
    }
}
