//! The way from an endpoint to one sensor: a connection that carries messages in this direction only, as the host
//! of a node keeps one.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ordalia_coordination::Message;
use ordalia_node::NodeId;
use ordalia_node::wire::Envelope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Messages that may wait.
const WAITING: usize = 1024;
/// After so long without a message a ping is sent, which shows that the link carries.
const PING_EVERY: Duration = Duration::from_millis(200);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The near end.
#[derive(Debug)]
pub(super) struct PeerLink {
    me: NodeId,
    peer: NodeId,
    lines: mpsc::Sender<String>,
    is_up: AtomicBool,
}

impl PeerLink {
    /// A link, and what is sent on it.
    pub fn new(me: NodeId, peer: NodeId) -> (Self, mpsc::Receiver<String>) {
        let (lines, waiting) = mpsc::channel(WAITING);
        (Self { me, peer, lines, is_up: AtomicBool::new(false) }, waiting)
    }

    /// Sends a message, or drops it if the peer is not connected or does not keep up.
    pub fn send(&self, message: &Message) {
        let (src, dest) = (self.me.to_string(), self.peer.to_string());
        if self.is_up.load(Ordering::Relaxed)
            && let Ok(line) = serde_json::to_string(&Envelope { src, dest, body: message })
        {
            let _ = self.lines.try_send(line);
        }
    }

    /// Keeps the connection up, for ever.
    pub async fn keep(&self, address: SocketAddr, mut waiting: mpsc::Receiver<String>) {
        loop {
            let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
            // A socket whose port the system picked may meet itself.
            if let Ok(Ok(stream)) = connected
                && stream.local_addr().ok() != stream.peer_addr().ok()
            {
                while waiting.try_recv().is_ok() {}
                self.is_up.store(true, Ordering::Relaxed);
                self.carry(stream, &mut waiting).await;
                self.is_up.store(false, Ordering::Relaxed);
            }
            sleep(PAUSE).await;
        }
    }

    /// Carries messages until the connection ends.
    async fn carry(&self, stream: TcpStream, waiting: &mut mpsc::Receiver<String>) {
        let _ = stream.set_nodelay(true);
        let (mut reading, mut writing) = stream.into_split();
        let writing = async {
            loop {
                let line = timeout(PING_EVERY, waiting.recv()).await;
                let ping =
                    || format!(r#"{{"src":"{}","dest":"{}","body":{{"type":"ping"}}}}"#, self.me, self.peer);
                let mut line = match line {
                    Ok(Some(line)) => line,
                    Ok(None) => return,
                    Err(_) => ping(),
                };
                line.push('\n');
                if writing.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        let until_closed = async {
            let mut ignored = [0; 256];
            while matches!(reading.read(&mut ignored).await, Ok(1..)) {}
        };
        tokio::select! {
            () = writing => {}
            () = until_closed => {}
        }
    }
}
