//! A session with one ZooKeeper server, on one connection.
//!
//! ZooKeeper carries the requests of a session out in order, so several can be under way and their replies come
//! in the same order (ZooKeeper Programmer's Guide, "Consistency Guarantees"). A connection that has failed is
//! given up together with its session: what was under way on it is lost, and a later reply can mislead nobody.

use std::io;
use std::net::SocketAddrV4;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::jute::{Malformed, Reader, Writer};

/// The longest message that is taken: a node's data of 1 MiB, and more than its frame.
const LONGEST: usize = 4 << 20;

/// Why there is no reply.
#[derive(Debug, Error)]
pub enum ConnectionError {
    /// No session could be opened; nothing was asked.
    #[error("no session: {0}")]
    NotOpened(io::Error),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The server sent what no server sends.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A reply to another question came.
    #[error("expected the reply to request {expected}, found one to {found}")]
    OutOfOrder {
        /// The request whose turn it was.
        expected: i32,
        /// The request that was replied to.
        found: i32,
    },
}

impl ConnectionError {
    /// Whether nothing was sent.
    pub fn is_definite(&self) -> bool {
        matches!(self, Self::NotOpened(_))
    }
}

/// A server's refusal, by ZooKeeper's number (`KeeperException.Code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub i32);

impl Code {
    /// The node does not exist.
    pub const NO_NODE: Code = Code(-101);
    /// The node has another version.
    pub const BAD_VERSION: Code = Code(-103);
    /// The node exists already.
    pub const NODE_EXISTS: Code = Code(-110);
}

/// A request. Data is any bytes; a version is the expected one.
#[derive(Clone, Copy, Debug)]
pub enum Op<'a> {
    /// Creates a persistent node that anybody may do anything with.
    Create {
        /// Where.
        path: &'a str,
        /// Its data.
        data: &'a [u8],
    },
    /// Removes a node.
    Delete {
        /// Which.
        path: &'a str,
    },
    /// A node's data.
    Get {
        /// Which.
        path: &'a str,
    },
    /// Changes a node's data.
    Set {
        /// Which.
        path: &'a str,
        /// Its data afterwards.
        data: &'a [u8],
        /// The version that it must have, if it matters.
        version: Option<i32>,
    },
    /// Has the server catch up with its leader before it serves what this session asks next.
    Sync {
        /// Any path.
        path: &'a str,
    },
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// A node's data and its version.
    Data(Vec<u8>, i32),
    /// Refused.
    Refused(Code),
}

impl Op<'_> {
    fn frame(&self, xid: i32) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.int(xid);
        match self {
            Op::Create { path, data } => {
                writer.int(1).bytes(path.as_bytes()).bytes(data);
                // One entry of access control: all rights for world:anyone. Flags 0: persistent.
                writer.int(1).int(31).bytes(b"world").bytes(b"anyone").int(0)
            }
            Op::Delete { path } => writer.int(2).bytes(path.as_bytes()).int(-1),
            Op::Get { path } => writer.int(4).bytes(path.as_bytes()).flag(false),
            Op::Set { path, data, version } => {
                writer.int(5).bytes(path.as_bytes()).bytes(data).int(version.unwrap_or(-1))
            }
            Op::Sync { path } => writer.int(9).bytes(path.as_bytes()),
        };
        writer.frame()
    }

    fn outcome(&self, mut reader: Reader<'_>) -> Result<Outcome, Malformed> {
        let Op::Get { .. } = self else { return Ok(Outcome::Done) };
        let data = reader.bytes()?.to_vec();
        // Of the node's statistics: two transactions and two times, then the version.
        for _ in 0..4 {
            reader.long()?;
        }
        Ok(Outcome::Data(data, reader.int()?))
    }
}

/// A session on its connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    last_xid: i32,
    session_timeout: Duration,
    last_used: Instant,
}

impl Connection {
    /// Connects to a server and opens a session.
    ///
    /// # Errors
    /// [`ConnectionError::NotOpened`].
    pub async fn open(
        server: SocketAddrV4,
        session_timeout: Duration,
        within: Duration,
    ) -> Result<Self, ConnectionError> {
        let opened = timeout(within, Self::handshake(server, session_timeout)).await;
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {within:?}"));
        opened.unwrap_or_else(|_| Err(late().into())).map_err(|error| match error {
            ConnectionError::Broken(error) => ConnectionError::NotOpened(error),
            other => ConnectionError::NotOpened(io::Error::other(other)),
        })
    }

    async fn handshake(server: SocketAddrV4, session_timeout: Duration) -> Result<Self, ConnectionError> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let asked_ms = i32::try_from(session_timeout.as_millis()).unwrap_or(i32::MAX);
        let mut hello = Writer::default();
        // Protocol 0, no transaction seen, the time-out, no session and password yet, no read-only server.
        hello.int(0).long(0).int(asked_ms).long(0).bytes(&[0; 16]).flag(false);
        stream.write_all(&hello.frame()).await?;
        let answer = read_frame(&mut stream).await?;
        let mut reader = Reader(&answer);
        let (_protocol, granted_ms) = (reader.int()?, reader.int()?);
        let granted_ms = u64::try_from(granted_ms).ok().filter(|ms| *ms > 0);
        let granted_ms = granted_ms.ok_or_else(|| io::Error::other("the server opens no session"))?;
        let session_timeout = Duration::from_millis(granted_ms);
        Ok(Self { stream, last_xid: 0, session_timeout, last_used: Instant::now() })
    }

    /// Whether the server may have ended the session, for want of a sign of life.
    pub fn is_stale(&self) -> bool {
        self.last_used.elapsed() > self.session_timeout / 2
    }

    /// Asks all of it at once, and waits for all replies.
    ///
    /// # Errors
    /// Why there are none; the connection must then be dropped, as after a call that was not waited for.
    pub async fn call<const N: usize>(&mut self, ops: [Op<'_>; N]) -> Result<[Outcome; N], ConnectionError> {
        let first = self.last_xid;
        let mut frames = Vec::new();
        for op in &ops {
            // Negative numbers have meanings of their own.
            self.last_xid = self.last_xid.checked_add(1).unwrap_or(1);
            frames.extend(op.frame(self.last_xid));
        }
        self.stream.write_all(&frames).await?;
        let mut xid = first;
        let mut outcomes = [const { Outcome::Done }; N];
        for (op, outcome) in ops.iter().zip(&mut outcomes) {
            xid = xid.checked_add(1).unwrap_or(1);
            *outcome = self.reply(op, xid).await?;
        }
        self.last_used = Instant::now();
        Ok(outcomes)
    }

    async fn reply(&mut self, op: &Op<'_>, expected: i32) -> Result<Outcome, ConnectionError> {
        let frame = read_frame(&mut self.stream).await?;
        let mut reader = Reader(&frame);
        let (found, _zxid, code) = (reader.int()?, reader.long()?, reader.int()?);
        if found != expected {
            return Err(ConnectionError::OutOfOrder { expected, found });
        }
        if code != 0 { Ok(Outcome::Refused(Code(code))) } else { Ok(op.outcome(reader)?) }
    }
}

async fn read_frame(stream: &mut TcpStream) -> Result<Vec<u8>, ConnectionError> {
    let length = stream.read_u32().await? as usize;
    if length > LONGEST {
        return Err(Malformed.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};
    use tokio::net::TcpListener;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// What came of a read asked of a server that grants that time-out and answers it with these bytes.
    async fn read(granted_ms: i32, answer: &[u8]) -> Result<Outcome, ConnectionError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("expected IPv4") };
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_frame(&mut stream).await.unwrap();
            let mut welcome = Writer::default();
            welcome.int(0).int(granted_ms).long(7).bytes(&[0; 16]).flag(false);
            stream.write_all(&welcome.frame()).await.unwrap();
            // A client that was granted no session is gone by now.
            if read_frame(&mut stream).await.is_ok() {
                stream.write_all(answer).await.unwrap();
            }
        };
        let asking = async {
            let mut connection = Connection::open(address, PATIENCE, PATIENCE).await?;
            let [outcome] = connection.call([Op::Get { path: "/k" }]).await?;
            Ok(outcome)
        };
        tokio::join!(serving, asking).1
    }

    fn reply(xid: i32, code: i32) -> Writer {
        let mut writer = Writer::default();
        writer.int(xid).long(9).int(code);
        writer
    }

    #[tokio::test]
    async fn data_and_refusals_are_read() {
        let mut found = reply(1, 0);
        found.bytes(b"5").long(1).long(2).long(3).long(4).int(6);
        assert_eq!(read(4000, &found.frame()).await.unwrap(), Outcome::Data(b"5".to_vec(), 6));
        let refused = read(4000, &reply(1, -101).frame()).await.unwrap();
        assert_eq!(refused, Outcome::Refused(Code::NO_NODE));
    }

    #[tokio::test]
    async fn only_a_session_that_was_never_opened_is_definite() {
        let error = read(0, &[]).await.unwrap_err();
        assert!(error.is_definite(), "{error}");
        for (answer, said) in [
            (Vec::new(), "broke"),
            (reply(2, 0).frame(), "expected the reply to request 1, found one to 2"),
            (reply(1, 0).frame(), "too long or ends too early"),
            (vec![0xff; 8], "too long or ends too early"),
            (vec![0, 0, 0, 9, 1], "broke"),
        ] {
            let error = read(4000, &answer).await.unwrap_err();
            assert!(!error.is_definite() && error.to_string().contains(said), "{error}");
        }
    }
}
