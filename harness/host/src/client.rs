//! The client of the wire: asks a node, and says of every failure whether it is definite.
//!
//! A request that timed out may still take effect, and its reply may still come. So after any
//! failure the client must be replaced by a new one, with a new connection, which no late reply can
//! reach; and within a connection no `msg_id` is used twice.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ordalia_node::wire::{Reply, ReplyBody, StatusBody};
use ordalia_node::{Answer, NodeId, Refusal, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use crate::connect::connect;
use crate::network::lines::{LONGEST_LINE, Lines};

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The node refused. Definite as its code is.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// There is no connection, so nothing was sent. Definite.
    #[error("cannot connect: {0}")]
    ConnectFailed(io::Error),
    /// No reply came in time. Indefinite.
    #[error("no reply within {0:?}")]
    TimedOut(Duration),
    /// The node closed the connection instead of replying. Indefinite.
    #[error("the connection was closed before the reply came")]
    Closed,
    /// The connection broke after the request was sent, or while it was. Indefinite.
    #[error("the connection broke before the reply came: {0}")]
    Io(io::Error),
    /// What came back is no reply. Indefinite.
    #[error("expected a reply, found {0}")]
    Malformed(String),
}

impl ClientError {
    /// Whether the request certainly did not, and will not, take effect.
    pub fn is_definite(&self) -> bool {
        match self {
            ClientError::Refused(refusal) => refusal.code.is_definite(),
            ClientError::ConnectFailed(_) => true,
            ClientError::TimedOut(_)
            | ClientError::Closed
            | ClientError::Io(_)
            | ClientError::Malformed(_) => false,
        }
    }

    /// A short word for histories, which never changes: `timeout`, `connection-refused`,
    /// `connect-timeout`, `connect-failed`, `connection-closed`, `malformed-reply`, or the name of
    /// the refusal's code.
    pub fn kind(&self) -> &'static str {
        match self {
            ClientError::Refused(refusal) => refusal.code.name(),
            ClientError::ConnectFailed(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => "connection-refused",
                io::ErrorKind::TimedOut => "connect-timeout",
                _ => "connect-failed",
            },
            ClientError::TimedOut(_) => "timeout",
            ClientError::Closed | ClientError::Io(_) => "connection-closed",
            ClientError::Malformed(_) => "malformed-reply",
        }
    }
}

/// One client, connected to one node, with at most one request under way.
#[derive(Debug)]
pub struct WireClient {
    lines: Lines<OwnedReadHalf>,
    stream: OwnedWriteHalf,
    /// All of a line but the body, which ends it.
    head: Vec<u8>,
    line: Vec<u8>,
    last_msg_id: u64,
    /// Set while a request is under way, and for ever after one that failed.
    spent: bool,
}

/// A request's body as written: the vocabulary's, beside the `msg_id`.
#[derive(Serialize)]
struct Asking<'a> {
    msg_id: u64,
    #[serde(flatten)]
    request: &'a Request,
}

/// A reply whose body is not read yet.
#[derive(Deserialize)]
struct Answering<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
}

/// As much of a reply as says whose it is.
#[derive(Deserialize)]
struct Addressed {
    in_reply_to: Option<u64>,
}

impl WireClient {
    /// Connects to a node. `name` must not look like a node's.
    ///
    /// # Errors
    /// [`ClientError::ConnectFailed`].
    pub async fn connect(
        address: SocketAddr,
        node: NodeId,
        name: String,
        within: Duration,
    ) -> Result<WireClient, ClientError> {
        // Names are text of the caller's; as JSON they cannot break the line.
        let src = serde_json::Value::String(name);
        let head = format!(r#"{{"src":{src},"dest":"{node}","body":"#);
        Self::open(address, head, within).await
    }

    async fn open(address: SocketAddr, head: String, within: Duration) -> Result<WireClient, ClientError> {
        let stream = connect(address, within).await.map_err(ClientError::ConnectFailed)?;
        let (reading, stream) = stream.into_split();
        let lines = Lines::new(reading, LONGEST_LINE);
        Ok(Self { lines, stream, head: head.into_bytes(), line: Vec::new(), last_msg_id: 0, spent: false })
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// Why there is none. After every error but [`ClientError::Refused`] the client is spent: further
    /// calls fail without sending anything. So is one whose call was dropped before it ended.
    pub async fn call(&mut self, request: &Request, within: Duration) -> Result<Answer, ClientError> {
        let msg_id = self.last_msg_id + 1;
        let body = self.exchange(&Asking { msg_id, request }, msg_id, within).await?;
        let read = serde_json::from_str::<ReplyBody>(body.get());
        match read.map(|body| body.reply) {
            Ok(Reply::Answer(answer)) => Ok(answer),
            Ok(Reply::Error(error)) => {
                Err(ClientError::Refused(Refusal { code: error.code, text: error.text }))
            }
            Err(error) => {
                self.spent = true;
                Err(ClientError::Malformed(format!("{} ({error})", excerpt(body.get().as_bytes()))))
            }
        }
    }

    /// Sends a body and waits for the one that replies to it.
    async fn exchange<B: Serialize>(
        &mut self,
        body: &B,
        msg_id: u64,
        within: Duration,
    ) -> Result<Box<RawValue>, ClientError> {
        if self.spent {
            let spent = io::Error::new(io::ErrorKind::NotConnected, "an earlier request failed");
            return Err(ClientError::ConnectFailed(spent));
        }
        self.last_msg_id = msg_id;
        self.line.clear();
        self.line.extend_from_slice(&self.head);
        let written = serde_json::to_writer(&mut self.line, body);
        written.map_err(|error| ClientError::ConnectFailed(error.into()))?;
        self.line.extend_from_slice(b"}\n");
        self.spent = true;
        let replied = timeout(within, self.send_and_receive(msg_id)).await;
        let body = replied.unwrap_or(Err(ClientError::TimedOut(within)))?;
        self.spent = false;
        Ok(body)
    }

    async fn send_and_receive(&mut self, msg_id: u64) -> Result<Box<RawValue>, ClientError> {
        self.stream.write_all(&self.line).await.map_err(ClientError::Io)?;
        loop {
            let line = self.lines.next().await.map_err(ClientError::Io)?.ok_or(ClientError::Closed)?;
            let malformed = |_| ClientError::Malformed(excerpt(line));
            let reply = serde_json::from_slice::<Answering<'_>>(line).map_err(malformed)?;
            let addressed = serde_json::from_str::<Addressed>(reply.body.get()).map_err(malformed)?;
            if addressed.in_reply_to == Some(msg_id) {
                return Ok(reply.body.to_owned());
            }
        }
    }
}

/// Asks whoever listens at an address for its status.
///
/// # Errors
/// Why there is none.
pub async fn status(address: SocketAddr, within: Duration) -> Result<StatusBody, ClientError> {
    /// The body of the question.
    #[derive(Serialize)]
    struct Asking {
        #[serde(rename = "type")]
        kind: &'static str,
        msg_id: u64,
    }
    // Without a `dest`, whoever is there is meant.
    let head = r#"{"src":"c0","body":"#.to_owned();
    let mut client = WireClient::open(address, head, within).await?;
    let body = client.exchange(&Asking { kind: "status", msg_id: 1 }, 1, within).await?;
    if let Ok(Reply::Error(error)) = serde_json::from_str(body.get()) {
        return Err(ClientError::Refused(Refusal { code: error.code, text: error.text }));
    }
    serde_json::from_str(body.get()).map_err(|_| ClientError::Malformed(excerpt(body.get().as_bytes())))
}

/// The beginning of a line, for messages.
fn excerpt(line: &[u8]) -> String {
    const SHOWN: usize = 200;
    let cut = if line.len() > SHOWN { "…" } else { "" };
    format!("{:?}{cut}", String::from_utf8_lossy(&line[..line.len().min(SHOWN)]))
}
