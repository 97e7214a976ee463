//! What the tests of the shim share: a network of three nodes with real sockets on loopback.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "clippy takes this for no test")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ordalia_node::NodeId;
use ordalia_proxy::{LinkCounters, Network, Rule};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longer than anything that is waited for, also on a loaded machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Longer than the tests run: a delay that never ends by itself.
pub const FOR_EVER: Duration = Duration::from_secs(3600);

pub const FROM: NodeId = NodeId::new(1);
pub const TO: NodeId = NodeId::new(2);
const BYSTANDER: NodeId = NodeId::new(3);

/// The link FROM → TO is under test. The link FROM → BYSTANDER passes, and tells the time: see
/// [`Bed::let_time_pass`].
pub struct Bed {
    pub network: Network,
    pub receiver: TcpListener,
    beat: Connection,
}

/// Both ends of one connection through a link.
pub struct Connection {
    pub sender: TcpStream,
    pub receiver: BufReader<TcpStream>,
}

pub async fn bed() -> Bed {
    bed_of_seed(1).await
}

pub async fn bed_of_seed(seed: u64) -> Bed {
    let network = Network::start(&[FROM, TO, BYSTANDER], seed).unwrap();
    let receiver = listen(&network, TO).await;
    let bystander = listen(&network, BYSTANDER).await;
    let sender = TcpStream::connect(network.address(FROM, BYSTANDER).unwrap()).await.unwrap();
    let beat = Connection { sender, receiver: accept(&bystander).await };
    Bed { network, receiver, beat }
}

async fn listen(network: &Network, node: NodeId) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    network.set_upstream(node, listener.local_addr().unwrap()).unwrap();
    listener
}

async fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = timeout(DEADLINE, listener.accept()).await.unwrap().unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

impl Bed {
    pub fn set(&self, rule: Rule) {
        self.network.set_rule(FROM, TO, rule).unwrap();
    }

    pub fn counters(&self) -> LinkCounters {
        self.network.counters(FROM, TO).unwrap()
    }

    pub async fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(self.network.address(FROM, TO).unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    pub async fn accept(&self) -> BufReader<TcpStream> {
        accept(&self.receiver).await
    }

    pub async fn connect(&self) -> Connection {
        let sender = self.dial().await;
        Connection { sender, receiver: self.accept().await }
    }

    /// Carries many messages there and back over another link of the same shim: as long as that
    /// takes, and more often than that, the link under test had its chance to do wrong.
    pub async fn let_time_pass(&mut self) {
        for _ in 0..100 {
            self.beat.say("beat\n").await;
            assert_eq!(self.beat.hear().await, "beat\n");
        }
    }

    /// Waits until the counters are as wanted.
    pub async fn until(&self, what: &str, wanted: impl Fn(&LinkCounters) -> bool) {
        let begun = Instant::now();
        while !wanted(&self.counters()) {
            assert!(begun.elapsed() < DEADLINE, "{what}: {:?}", self.counters());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// What goes in comes out, is lost, or is still there.
    pub fn assert_balance(&self) {
        let c = self.counters();
        let out = c.delivered_messages + c.dropped_messages + c.discarded_messages + c.held_messages;
        assert_eq!(c.offered_messages + c.duplicated_messages, out, "{c:?}");
        let out = c.delivered_bytes + c.dropped_bytes + c.discarded_bytes + c.held_bytes;
        assert_eq!(c.offered_bytes + c.duplicated_bytes, out, "{c:?}");
    }
}

impl Connection {
    pub async fn say(&mut self, text: &str) {
        self.sender.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line at the receiver; empty at the end.
    pub async fn hear(&mut self) -> String {
        let mut line = String::new();
        timeout(DEADLINE, self.receiver.read_line(&mut line)).await.expect("nothing arrived").unwrap();
        line
    }

    /// Sends the numbers below `count`, a line each, closes, and gives what arrives.
    pub async fn numbers(mut self, count: u32) -> Vec<u32> {
        let text: String = (0..count).map(|number| format!("{number}\n")).collect();
        self.say(&text).await;
        drop(self.sender);
        let mut heard = String::new();
        timeout(DEADLINE, self.receiver.read_to_string(&mut heard)).await.unwrap().unwrap();
        heard.lines().map(|line| line.parse().unwrap()).collect()
    }
}

/// Waits until the connection ends, which must be by a reset.
pub async fn assert_reset(stream: &mut TcpStream) {
    let ended = timeout(DEADLINE, stream.read(&mut [0; 64])).await.expect("still open");
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// Makes a connection that must be reset, which may be as soon as it is made.
pub async fn assert_dial_is_reset(address: SocketAddr) {
    match TcpStream::connect(address).await {
        Ok(mut stream) => assert_reset(&mut stream).await,
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

/// Waits until the connection ends, which must be in order.
pub async fn assert_closed(stream: &mut TcpStream) {
    assert_eq!(timeout(DEADLINE, stream.read(&mut [0; 64])).await.expect("still open").unwrap(), 0);
}
