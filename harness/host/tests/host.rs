//! A small node hosted for real: sockets, files and threads, in this process.

// Clippy's own exception for tests does not reach the functions beside them.
#![allow(clippy::unwrap_used)]

mod ledger;

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use ledger::Ledger;
use ordalia_host::client::{ClientError, WireClient, status};
use ordalia_host::storage::{Disk, Folder};
use ordalia_host::{Host, HostError, HostSettings};
use ordalia_node::{Answer, ErrorCode, Key, NodeConfig, NodeId, Refusal, Request, Value};
use serde_json::json;
use socket2::{Domain, Socket, Type};
use tempfile::tempdir;

/// Far beyond what anything here takes; only a hang waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

fn settings(data: &Path, node: u16, nodes: u16) -> HostSettings {
    let (options, bugs) = Default::default();
    HostSettings {
        config: NodeConfig { id: NodeId::new(node), nodes: NodeId::all(nodes), options, bugs },
        listen: ([127, 0, 0, 1], 0).into(),
        peers: BTreeMap::new(),
        data: data.to_owned(),
        acts: None,
        seed: 1,
        reuse_port: false,
        exit_on_stdin_eof: false,
    }
}

fn single(data: &Path) -> Host {
    Host::spawn::<Ledger>(settings(data, 1, 1)).unwrap()
}

async fn client(address: SocketAddr) -> WireClient {
    WireClient::connect(address, NodeId::new(1), "c\"1".into(), PATIENCE).await.unwrap()
}

fn write(key: &str, value: u64) -> Request {
    Request::Write { key: Key::new(key), value: json!(value) }
}

fn read(key: &str) -> Request {
    Request::Read { key: Key::new(key) }
}

fn delete(key: &str) -> Request {
    Request::Delete { key: Key::new(key) }
}

/// One line there and one line back, as a person with `nc` would.
struct Raw(BufReader<TcpStream>);

impl Raw {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Raw(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    fn reply(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

#[tokio::test]
async fn requests_are_answered_and_refused() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut client = client(host.address()).await;
    let refused = client.call(&read("x"), PATIENCE).await.unwrap_err();
    assert!(refused.is_definite());
    assert_eq!(refused.kind(), "key-does-not-exist");
    assert_eq!(client.call(&write("x", 5), PATIENCE).await.unwrap(), Answer::WriteOk);
    assert_eq!(client.call(&read("x"), PATIENCE).await.unwrap(), Answer::ReadOk { value: json!(5) });
    host.stop().unwrap();
}

#[tokio::test]
async fn the_status_names_node_and_process() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let body = status(host.address(), PATIENCE).await.unwrap();
    assert_eq!((body.node, body.pid), (NodeId::new(1), std::process::id()));
    assert_eq!(body.status.role, "ledger");
    host.stop().unwrap();
}

#[tokio::test]
async fn a_restart_keeps_what_was_persisted_and_loses_what_was_written_behind() {
    let folder = tempdir().unwrap();
    for round in 0..3 {
        let host = single(folder.path());
        let mut client = client(host.address()).await;
        if round > 0 {
            let kept = client.call(&read("x"), PATIENCE).await.unwrap();
            assert_eq!(kept, Answer::ReadOk { value: json!(round - 1) });
        }
        client.call(&write("x", round), PATIENCE).await.unwrap();
        if round == 1 {
            client.call(&Request::Transfer { to: None }, PATIENCE).await.unwrap();
        }
        client.call(&delete("x"), PATIENCE).await.unwrap();
        host.stop().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_gave_up_sends_nothing_more() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut client = client(host.address()).await;
    // The ledger never answers a cas.
    let cas = Request::Cas { key: Key::new("x"), from: json!(1), to: json!(2), create_if_not_exists: false };
    let error = client.call(&cas, Duration::from_millis(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_definite()), ("timeout", false));
    let error = client.call(&write("x", 1), PATIENCE).await.unwrap_err();
    assert!(matches!(error, ClientError::ConnectFailed(_)) && error.is_definite(), "{error}");
    host.stop().unwrap();
}

#[tokio::test]
async fn a_node_that_is_gone_is_told_from_one_that_vanishes() {
    let folder = tempdir().unwrap();
    // Reserved, so that nobody else listens there once the node is gone.
    let (_reserved, address) = reserve();
    let mut settings = settings(folder.path(), 1, 1);
    (settings.listen, settings.reuse_port) = (address, true);
    let host = Host::spawn::<Ledger>(settings).unwrap();
    let mut client = client(address).await;
    client.call(&write("x", 1), PATIENCE).await.unwrap();
    host.stop().unwrap();
    let error = client.call(&write("x", 2), PATIENCE).await.unwrap_err();
    assert_eq!((error.kind(), error.is_definite()), ("connection-closed", false));
    let error = status(address, PATIENCE).await.unwrap_err();
    assert_eq!((error.kind(), error.is_definite()), ("connection-refused", true));
}

#[tokio::test]
async fn fifty_clients_are_served_at_once() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let address = host.address();
    let clients = (0..50_u64).map(|number| {
        tokio::spawn(async move {
            let mut client = client(address).await;
            let key = format!("k{number}");
            for value in 0..10 {
                client.call(&write(&key, value), PATIENCE).await.unwrap();
                let answer = client.call(&read(&key), PATIENCE).await.unwrap();
                assert_eq!(answer, Answer::ReadOk { value: json!(value) });
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    host.stop().unwrap();
}

#[test]
fn malformed_input_is_refused_where_it_can_be_and_harms_nobody() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut raw = Raw::connect(host.address());
    let cases = [
        (r#"{"src":"c1","dest":"n1","body":{"type":"read","msg_id":1}}"#, 12),
        (r#"{"src":"c1","dest":"n1","body":{"type":"fly","msg_id":1}}"#, 10),
        (r#"{"src":7,"dest":"n1","body":{"type":"read","msg_id":1}}"#, 12),
        (r#"{"src":"c1","dest":"n2","body":{"type":"read","key":1,"msg_id":1}}"#, 1),
        (r#"{"body":{"type":"read","key":1,"msg_id":1}}"#, 20),
    ];
    for (line, code) in cases {
        // Nothing of this can be answered.
        raw.send(b"\n{\n[]\nnull\n\"x\"\n{\"src\":\"n1\",\"body\":{}}\n{\"src\":\"n9\",\"dest\":\"n1\",\"body\":1}\n");
        raw.send(b"\xff\xfe\n{\"body\":{\"type\":\"read\",\"key\":1}}\n{\"body\":{\"type\":\"ping\"}}\n");
        raw.send(line.as_bytes());
        raw.send(b"\n");
        let reply = raw.reply();
        assert_eq!(reply["body"]["code"], code, "{line}: {reply}");
        assert_eq!(reply["body"]["in_reply_to"], 1);
    }
    raw.send(b"{\"body\":{\"type\":\"ping\",\"msg_id\":8}}\n");
    assert_eq!(raw.reply()["body"], json!({"type": "ping_ok", "in_reply_to": 8}));
    host.stop().unwrap();
}

#[test]
fn a_line_without_end_closes_its_connection_only() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut endless = Raw::connect(host.address());
    let block = vec![b'x'; 1024 * 1024];
    // The node closes with bytes unread, so that sooner or later a write fails.
    let sent = (0..1000).take_while(|_| endless.0.get_mut().write_all(&block).is_ok()).count();
    assert!(sent < 1000);
    let mut other = Raw::connect(host.address());
    other.send(b"{\"body\":{\"type\":\"ping\",\"msg_id\":1}}\n");
    assert_eq!(other.reply()["body"]["type"], "ping_ok");
    host.stop().unwrap();
}

#[test]
fn a_client_that_does_not_read_is_cut_off_and_blocks_nobody() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut deaf = Raw::connect(host.address());
    deaf.0.get_mut().set_write_timeout(Some(PATIENCE)).unwrap();
    let ask = "{\"body\":{\"type\":\"ping\",\"msg_id\":1}}\n".repeat(10_000);
    let error = (0..10_000).find_map(|_| deaf.0.get_mut().write_all(ask.as_bytes()).err());
    let error = error.expect("the connection should be closed");
    assert!(
        matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
        "closed, not stuck: {error}"
    );
    let mut other = Raw::connect(host.address());
    other.send(b"{\"body\":{\"type\":\"ping\",\"msg_id\":1}}\n");
    assert_eq!(other.reply()["body"]["type"], "ping_ok");
    host.stop().unwrap();
}

#[test]
fn answers_follow_after_a_client_has_closed_its_own_direction() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut raw = Raw::connect(host.address());
    raw.send(b"{\"body\":{\"type\":\"write\",\"key\":\"x\",\"value\":1,\"msg_id\":1}}\n");
    raw.0.get_mut().shutdown(Shutdown::Write).unwrap();
    assert_eq!(raw.reply()["body"]["type"], "write_ok");
    host.stop().unwrap();
}

/// A port that stays ours while nobody listens on it.
fn reserve() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

#[tokio::test]
async fn peers_find_each_other_again_after_a_restart() {
    let (reserved, folders) = ([reserve(), reserve()], [tempdir().unwrap(), tempdir().unwrap()]);
    let peers: BTreeMap<_, _> = NodeId::all(2).into_iter().zip(reserved.iter().map(|(_, at)| *at)).collect();
    let start = |node: usize| {
        let number = u16::try_from(node + 1).unwrap();
        let mut settings = settings(folders[node].path(), number, 2);
        (settings.listen, settings.peers, settings.reuse_port) = (reserved[node].1, peers.clone(), true);
        Host::spawn::<Ledger>(settings).unwrap()
    };
    let first = start(0);
    let mut client = client(first.address()).await;
    let mut value = 0;
    for _ in 0..2 {
        let second = start(1);
        let begun = Instant::now();
        // What is sent while the peer is away is lost, so it is said again until it was heard.
        loop {
            value += 1;
            client.call(&write("x", value), PATIENCE).await.unwrap();
            let heard = status(second.address(), PATIENCE).await.unwrap().status.fields;
            if heard.contains_key("n1:x") {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "the peer heard nothing");
        }
        second.stop().unwrap();
    }
    first.stop().unwrap();
}

#[tokio::test]
async fn damaged_storage_ends_the_node_with_file_and_offset() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut client = client(host.address()).await;
    for value in 0..3 {
        client.call(&write("x", value), PATIENCE).await.unwrap();
    }
    host.stop().unwrap();
    let log = folder.path().join("log-0");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let error = single(folder.path()).wait().unwrap_err().to_string();
    assert!(error.contains("log-0 is damaged at offset 0"), "{error}");
}

#[tokio::test]
async fn a_panic_of_the_node_ends_it_with_an_error() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut client = client(host.address()).await;
    let error = client.call(&write("panic", 1), PATIENCE).await.unwrap_err();
    assert_eq!((error.kind(), error.is_definite()), ("connection-closed", false));
    assert!(matches!(host.wait(), Err(HostError::Panicked { .. })));
}

/// A folder whose syncs wait for a word.
struct Gated {
    folder: Folder,
    gate: Receiver<()>,
}

impl Disk for Gated {
    fn list(&mut self) -> io::Result<Vec<String>> {
        self.folder.list()
    }
    fn read(&mut self, file: &str) -> io::Result<Vec<u8>> {
        self.folder.read(file)
    }
    fn create(&mut self, file: &str) -> io::Result<()> {
        self.folder.create(file)
    }
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.folder.append(file, bytes)
    }
    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.gate.recv_timeout(PATIENCE).map_err(io::Error::other)?;
        self.folder.sync(file)
    }
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.folder.truncate(file, length)
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }
    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.folder.remove(file)
    }
    fn sync_directory(&mut self) -> io::Result<()> {
        self.folder.sync_directory()
    }
}

#[test]
fn what_need_not_be_durable_is_on_the_wire_before_the_disk_is_asked() {
    let folder = tempdir().unwrap();
    let (open, gate) = mpsc::channel();
    let disk = Gated { folder: Folder::open(folder.path()).unwrap(), gate };
    let host = Host::spawn_on::<Ledger, _>(settings(folder.path(), 1, 1), disk).unwrap();
    let mut raw = Raw::connect(host.address());
    // One segment, so that both come in one batch; the read finds nothing, the write must be durable.
    raw.send(
        b"{\"body\":{\"type\":\"read\",\"key\":\"x\",\"msg_id\":1}}\n\
          {\"body\":{\"type\":\"write\",\"key\":\"x\",\"value\":1,\"msg_id\":2}}\n",
    );
    assert_eq!(raw.reply()["body"]["in_reply_to"], 1);
    open.send(()).unwrap();
    assert_eq!(raw.reply()["body"], json!({"type": "write_ok", "in_reply_to": 2}));
    host.stop().unwrap();
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let folder = tempdir().unwrap();
    let host = single(folder.path());
    let mut taken = settings(folder.path(), 1, 1);
    taken.listen = host.address();
    let error = Host::spawn::<Ledger>(taken).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {}", host.address())), "{error}");
    host.stop().unwrap();
}

#[test]
fn what_is_definite_is_said_of_every_failure() {
    let refused = |code| ClientError::Refused(Refusal::new(code, ""));
    assert!(refused(ErrorCode::PreconditionFailed).is_definite());
    assert!(!refused(ErrorCode::Timeout).is_definite());
    assert!(!refused(ErrorCode::Other(99)).is_definite());
    assert!(!ClientError::Closed.is_definite());
    assert!(!ClientError::Malformed(String::new()).is_definite());
    assert!(!ClientError::Io(io::ErrorKind::BrokenPipe.into()).is_definite());
    assert!(ClientError::ConnectFailed(io::ErrorKind::ConnectionRefused.into()).is_definite());
}
