//! The outgoing connection to one peer, which carries messages in this direction only.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ordalia_node::NodeId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Instant, sleep};

use super::outbox::{Limit, NotTaken, Outbox};
use crate::connect::connect;
use crate::throttle::Throttle;

/// After so long without a message a ping is sent, so that whoever watches the link sees whether it
/// still carries.
const PING_EVERY: Duration = Duration::from_millis(200);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Pauses between attempts to connect: they double from the first to the last, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_millis(200);

const LIMIT: Limit = Limit { messages: 4096, bytes: 64 * 1024 * 1024 };

/// The way to one peer.
#[derive(Debug)]
pub(super) struct Link {
    me: NodeId,
    peer: NodeId,
    address: SocketAddr,
    /// All of a line but the body, which ends it.
    head: String,
    outbox: Outbox,
    dropped: Throttle,
    rng: RefCell<ChaCha8Rng>,
}

impl Link {
    pub(super) fn new(me: NodeId, peer: NodeId, address: SocketAddr, seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed ^ u64::from(peer.number()).rotate_left(32));
        Self {
            me,
            peer,
            address,
            head: format!(r#"{{"src":"{me}","dest":"{peer}","body":"#),
            outbox: Outbox::new(LIMIT),
            dropped: Throttle::default(),
            rng: RefCell::new(rng),
        }
    }

    /// Sends a message, or drops it if the peer is not connected or does not keep up.
    pub(super) fn send<M: Serialize>(&self, message: &M) {
        let pushed = self.outbox.push(|bytes| {
            bytes.extend_from_slice(self.head.as_bytes());
            serde_json::to_writer(&mut *bytes, message)?;
            bytes.push(b'}');
            Ok(())
        });
        let reason = match pushed {
            Ok(()) | Err(NotTaken::Down) => return,
            Err(NotTaken::Full) => "too many wait already".to_owned(),
            Err(NotTaken::Unwritable(error)) => error.to_string(),
            Err(NotTaken::TooLong(bytes)) => format!("{bytes} bytes are too long a line"),
        };
        if let Some(count) = self.dropped.occur() {
            tracing::warn!(node = %self.me, peer = %self.peer, count, reason, "messages to a peer are dropped");
        }
    }

    /// Writes what waits, as far as the socket takes it now.
    pub(super) fn flush(&self) {
        self.outbox.flush();
    }

    /// Carries messages until the connection ends.
    async fn carry(&self, stream: TcpStream) -> io::Result<()> {
        let (reading, writing) = stream.into_split();
        self.outbox.connect(writing);
        let ended = tokio::select! {
            ended = until_closed(reading) => ended,
            ended = self.drain() => ended,
            () = self.ping() => Ok(()),
        };
        self.outbox.disconnect();
        ended
    }

    async fn drain(&self) -> io::Result<()> {
        loop {
            self.outbox.drain().await?;
        }
    }

    /// Sends a ping whenever nothing else was written for a while.
    async fn ping(&self) {
        let ping = format!(r#"{}{{"type":"ping"}}}}"#, self.head);
        loop {
            let idle = self.outbox.last_written().elapsed();
            if let Some(left) = PING_EVERY.checked_sub(idle).filter(|left| !left.is_zero()) {
                sleep(left).await;
                continue;
            }
            // Where it does not fit, enough else waits.
            let _ = self.outbox.push(|bytes| {
                bytes.extend_from_slice(ping.as_bytes());
                Ok(())
            });
            self.flush();
            sleep(PING_EVERY).await;
        }
    }

    fn pause(&self, attempt: u32) -> Duration {
        let full = FIRST_PAUSE.saturating_mul(1 << attempt.min(8)).min(LAST_PAUSE);
        full.mul_f64(self.rng.borrow_mut().random_range(0.5..1.0))
    }
}

/// Reads to the end. The peer says nothing here, but its end is noticed at once.
async fn until_closed(mut stream: OwnedReadHalf) -> io::Result<()> {
    let mut ignored = [0; 256];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

/// Keeps the connection up for as long as the host lives.
pub(super) async fn keep(link: std::rc::Rc<Link>) {
    let (node, peer) = (link.me, link.peer);
    let mut attempt = 0;
    loop {
        match connect(link.address, CONNECT_TIMEOUT).await {
            Ok(stream) => {
                tracing::debug!(%node, %peer, "connected");
                let since = Instant::now();
                let ended = link.carry(stream).await;
                tracing::debug!(%node, %peer, ?ended, "the connection is lost");
                // A proxy accepts also when the peer is gone, and closes at once.
                if since.elapsed() > LAST_PAUSE {
                    attempt = 0;
                }
            }
            Err(error) => tracing::trace!(%node, %peer, %error, "cannot connect"),
        }
        sleep(link.pause(attempt)).await;
        attempt = attempt.saturating_add(1);
    }
}
