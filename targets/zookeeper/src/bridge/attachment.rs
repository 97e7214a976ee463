//! A session with ZooKeeper, and the connection that it has just now.
//!
//! The session outlives its connections: with its number and password it is taken up on another one, at the same
//! server or another. A connection whose call was not waited for, or failed, is dropped: what comes late on it can
//! mislead nobody.

use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::protocol::{self, Message, Op, Outcome, Reply, Told};
use crate::Code;
use crate::jute::{Malformed, Reader, Writer};

/// The longest message that is taken.
const LONGEST: usize = 4 << 20;
/// The longest message that a server takes is 1 MiB (`jute.maxbuffer`).
pub(super) const LONGEST_REQUEST: usize = 1_000_000;
/// Messages that wait to be looked at.
const WAITING: usize = 256;

const SESSION_EXPIRED: Code = Code(-112);
const SESSION_MOVED: Code = Code(-118);

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Trouble {
    /// There is no connection, and nothing was sent.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// What was sent may have been carried out, or not.
    #[error("the connection to the server was lost: {0}")]
    Lost(String),
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

impl From<Malformed> for Trouble {
    fn from(malformed: Malformed) -> Self {
        Self::Lost(malformed.to_string())
    }
}

/// One connection. Dropping it closes it.
#[derive(Debug)]
struct Line {
    server: SocketAddrV4,
    stream: OwnedWriteHalf,
    /// What the server says, read by a task of its own, so that nobody who stops waiting loses half a message.
    messages: mpsc::Receiver<Vec<u8>>,
    reader: AbortHandle,
    last_xid: i32,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// One session.
#[derive(Debug)]
pub(super) struct Attachment {
    id: i64,
    password: Vec<u8>,
    timeout: Duration,
    /// The last transaction that the client knows of.
    last_zxid: i64,
    line: Option<Line>,
    /// What watches told, in order.
    told: VecDeque<Told>,
}

impl Attachment {
    /// Opens a session.
    pub async fn open(server: SocketAddrV4, timeout: Duration) -> Result<Self, Trouble> {
        let (password, told) = (vec![0; 16], VecDeque::new());
        let mut attachment = Self { id: 0, password, timeout, last_zxid: 0, line: None, told };
        attachment.attach(server).await?;
        Ok(attachment)
    }

    /// Its number, which is never 0.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The last transaction that it knows of.
    pub fn last_zxid(&self) -> i64 {
        self.last_zxid
    }

    /// Sees that the session's connection is one to that server. True if it is a new one, on which nothing is
    /// watched yet.
    pub async fn attach(&mut self, server: SocketAddrV4) -> Result<bool, Trouble> {
        if self.line.as_ref().is_some_and(|line| line.server == server && !line.messages.is_closed()) {
            return Ok(false);
        }
        self.detach();
        let unreachable = |error: std::io::Error| Trouble::Unreachable(error.to_string());
        let stream = TcpStream::connect(server).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let (mut reading, mut stream) = stream.into_split();
        stream.write_all(&self.hello()).await.map_err(unreachable)?;
        // A server that is in no quorum, or behind what the client has seen, closes the connection.
        let welcome = read_frame(&mut reading).await.map_err(unreachable)?;
        self.on_welcome(&welcome)?;
        let (sender, messages) = mpsc::channel(WAITING);
        let reader = tokio::spawn(read(reading, sender)).abort_handle();
        self.line = Some(Line { server, stream, messages, reader, last_xid: 0 });
        Ok(true)
    }

    fn hello(&self) -> Vec<u8> {
        let timeout_ms = i32::try_from(self.timeout.as_millis()).unwrap_or(i32::MAX);
        let mut hello = Writer::default();
        hello.int(0).long(self.last_zxid).int(timeout_ms).long(self.id).bytes(&self.password).flag(false);
        hello.frame()
    }

    fn on_welcome(&mut self, welcome: &[u8]) -> Result<(), Trouble> {
        let unfit = |malformed: Malformed| Trouble::Unreachable(malformed.to_string());
        let mut reader = Reader(welcome);
        let _protocol = reader.int().map_err(unfit)?;
        let granted_ms = reader.int().map_err(unfit)?;
        let (id, password) = (reader.long().map_err(unfit)?, reader.bytes().map_err(unfit)?);
        if granted_ms <= 0 || id == 0 {
            // That is how a server says that it knows no such session.
            return Err(match self.id {
                0 => Trouble::Unreachable("it opens no session".to_owned()),
                _ => Trouble::Ended,
            });
        }
        (self.id, self.password) = (id, password.to_vec());
        Ok(())
    }

    /// Drops the connection. The session lives on until its time-out. What was told stays, since later replies
    /// may have been read; what was not read is told again where it is watched anew.
    pub fn detach(&mut self) {
        self.line = None;
    }

    /// Asks all of it at once, and waits for all replies. If it fails, or is not waited for, the connection is
    /// dropped.
    pub async fn call(&mut self, ops: &[Op]) -> Result<Vec<Reply>, Trouble> {
        let never = || Trouble::Unreachable("there is no connection".to_owned());
        let mut line = self.line.take().ok_or_else(never)?;
        let mut frames = Vec::new();
        let mut xids = Vec::new();
        for op in ops {
            // Negative numbers have meanings of their own.
            line.last_xid = line.last_xid.checked_add(1).unwrap_or(1);
            xids.push(line.last_xid);
            frames.extend(op.frame(line.last_xid));
        }
        line.stream.write_all(&frames).await.map_err(|error| Trouble::Lost(error.to_string()))?;
        let mut replies = Vec::new();
        for (op, xid) in ops.iter().zip(xids) {
            replies.push(self.reply(&mut line, op, xid).await?);
        }
        self.line = Some(line);
        Ok(replies)
    }

    /// As [`call`](Self::call), for one request.
    pub async fn call_one(&mut self, op: Op) -> Result<Reply, Trouble> {
        let replies = self.call(&[op]).await?;
        replies.into_iter().next().ok_or_else(|| Malformed.into())
    }

    async fn reply(&mut self, line: &mut Line, op: &Op, xid: i32) -> Result<Reply, Trouble> {
        loop {
            let frame = line.messages.recv().await;
            let frame = frame.ok_or_else(|| Trouble::Lost("it was closed".to_owned()))?;
            match Message::read(&frame)? {
                Message::Told(told) => self.told.push_back(told),
                Message::Other => {}
                Message::Reply { .. } => {
                    let reply = protocol::reply(op, xid, &frame)?;
                    return match reply.outcome {
                        Outcome::Refused(SESSION_EXPIRED) | Outcome::RefusedAt(_, SESSION_EXPIRED) => {
                            Err(Trouble::Ended)
                        }
                        Outcome::Refused(SESSION_MOVED) | Outcome::RefusedAt(_, SESSION_MOVED) => {
                            Err(Trouble::Lost("the session was taken up elsewhere".to_owned()))
                        }
                        _ => {
                            self.last_zxid = self.last_zxid.max(reply.zxid);
                            Ok(reply)
                        }
                    };
                }
            }
        }
    }

    /// What watches told during calls, in order.
    pub fn take_told(&mut self) -> Vec<Told> {
        self.told.drain(..).collect()
    }

    /// Waits until a watch tells something while nothing is asked; for ever where there is no connection.
    pub async fn listen(&mut self) -> Told {
        loop {
            if let Some(told) = self.told.pop_front() {
                return told;
            }
            let Some(line) = &mut self.line else { return std::future::pending().await };
            match line.messages.recv().await.as_deref().map(Message::read) {
                Some(Ok(Message::Told(told))) => return told,
                Some(Ok(Message::Other)) => {}
                // Closed, or a reply to what nobody asked.
                None | Some(Ok(Message::Reply { .. }) | Err(Malformed)) => self.line = None,
            }
        }
    }
}

/// Hands messages on until the connection ends.
async fn read(mut stream: OwnedReadHalf, messages: mpsc::Sender<Vec<u8>>) {
    while let Ok(frame) = read_frame(&mut stream).await {
        if messages.send(frame).await.is_err() {
            return;
        }
    }
}

async fn read_frame(stream: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u32().await? as usize;
    if length > LONGEST {
        return Err(std::io::Error::other(Malformed));
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}
