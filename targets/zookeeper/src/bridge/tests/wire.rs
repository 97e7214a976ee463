//! The endpoints, as a client sees them on the wire.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use ordalia_cluster::{PortReservation, reserve_port};
use ordalia_node::NodeId;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::fake::Fake;
use crate::bridge::{Bridge, EndpointPlace};

/// A bridge of two endpoints on one ensemble.
struct World {
    fake: Fake,
    ports: Vec<PortReservation>,
    _bridge: Bridge,
}

impl World {
    async fn new(peers: &BTreeMap<NodeId, SocketAddr>) -> Self {
        let fake = Fake::default();
        let ports = vec![reserve_port().unwrap(), reserve_port().unwrap()];
        let mut places = Vec::new();
        for (node, port) in NodeId::all(2).into_iter().zip(&ports) {
            let server = fake.server().await;
            places.push(EndpointPlace { node, listen: port.addr, server, peers: peers.clone() });
        }
        Self { fake, ports, _bridge: Bridge::start(&places, true).unwrap() }
    }

    async fn client(&self, endpoint: usize) -> Client {
        let stream = TcpStream::connect(self.ports[endpoint].addr).await.unwrap();
        Client { stream: BufReader::new(stream), last: 0 }
    }
}

struct Client {
    stream: BufReader<TcpStream>,
    last: u64,
}

impl Client {
    async fn say(&mut self, text: &str) {
        self.stream.write_all(format!("{text}\n").as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, mut body: Value) -> Value {
        self.last += 1;
        body["msg_id"] = self.last.into();
        self.say(&json!({"src": "c1", "body": body}).to_string()).await;
        let mut reply = self.hear().await;
        assert_eq!(reply["body"]["in_reply_to"], self.last);
        reply["body"].take()
    }
}

#[tokio::test]
async fn a_session_moves_from_server_to_server_with_its_watches() {
    let world = World::new(&BTreeMap::new()).await;
    world.fake.lock().put("/a", "1");
    let mut one = world.client(0).await;
    let session = one.ask(json!({"type": "open_session", "timeout_ms": 60_000})).await["session"].clone();
    let got = one.ask(json!({"type": "get", "path": "/a", "watch": "once", "session": session})).await;
    assert_eq!((&got["value"], &got["stat"]["version"]), (&json!(1), &json!(0)));
    world.fake.lock().put("/a", "2");
    // The fake tells of nothing by itself: only a connection that takes the watches up asks what was missed.
    let beat = json!({"type": "heartbeat", "session": session, "seen": 0});
    let mut other = world.client(1).await;
    let events = other.ask(beat).await["events"].clone();
    assert_eq!(
        (&events[0]["number"], &events[0]["path"], &events[0]["what"]),
        (&json!(1), &json!("/a"), &json!("changed"))
    );
    let beat = json!({"type": "heartbeat", "session": session, "seen": 1});
    assert_eq!(other.ask(beat).await["events"], json!([]));
    assert_eq!(world.fake.lock().pings, 2);
}

#[tokio::test]
async fn what_a_session_owns_goes_with_it() {
    let world = World::new(&BTreeMap::new()).await;
    let mut client = world.client(0).await;
    let session = client.ask(json!({"type": "open_session", "timeout_ms": 60_000})).await["session"].clone();
    let create = json!({"type": "create", "path": "/e", "value": 1, "mode": "ephemeral", "session": session, "seq": 1});
    assert_eq!(client.ask(create).await["stat"]["owner"], session);
    // What the bridge keeps in the tree is not shown.
    assert_eq!(client.ask(json!({"type": "children", "path": "/"})).await["names"], json!(["e"]));
    assert_eq!(client.ask(json!({"type": "get", "path": "/ordalia"})).await["code"], 12);
    let close = json!({"type": "close_session", "session": session});
    assert_eq!(client.ask(close.clone()).await["type"], "session_closed");
    assert_eq!(client.ask(json!({"type": "exists", "path": "/e"})).await["stat"], Value::Null);
    assert_eq!(client.ask(close).await["code"], 1001);
}

#[tokio::test]
async fn a_session_that_zookeeper_ended_is_expired_and_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let peers = BTreeMap::from([(NodeId::new(4), listener.local_addr().unwrap())]);
    let world = World::new(&peers).await;
    // Each endpoint connects; the first message beyond pings says where the sensor was heard.
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..2 {
        let (stream, _) = listener.accept().await.unwrap();
        let (told, mut stream) = (told.clone(), Client { stream: BufReader::new(stream), last: 0 });
        // A ping, so that the link is known to carry.
        stream.hear().await;
        tokio::spawn(async move {
            loop {
                let line = stream.hear().await;
                if line["body"]["type"] != "ping" {
                    told.send(line).unwrap();
                }
            }
        });
    }
    let mut link = world.client(0).await;
    let mut ask = async |id: u64, request: Value| {
        let body = json!({"type": "ask", "of": {"id": id, "request": request}});
        link.say(&json!({"src": "n4", "dest": "n1", "body": body}).to_string()).await;
    };
    ask(7, json!({"type": "open_session", "timeout_ms": 60_000})).await;
    let opened = heard.recv().await.unwrap();
    assert_eq!((&opened["src"], &opened["body"]["of"]["id"]), (&json!("n1"), &json!(7)));
    let session = opened["body"]["of"]["result"]["Ok"]["session"].clone();
    world.fake.lock().expire(session.as_i64().unwrap());
    ask(8, json!({"type": "heartbeat", "session": session, "seen": 0})).await;
    let event = heard.recv().await.unwrap();
    assert_eq!(event["body"]["of"]["events"][0]["what"], "expired");
    let answer = heard.recv().await.unwrap();
    assert_eq!(answer["body"]["of"]["result"]["Err"]["code"], 1001);
}

#[tokio::test]
async fn nothing_that_a_line_holds_does_harm() {
    let world = World::new(&BTreeMap::new()).await;
    let mut client = world.client(0).await;
    for line in [
        "",
        "{",
        "[]",
        r#"{"src":5,"body":{}}"#,
        r#"{"src":"n9","dest":"n1","body":{"type":"ask","of":{"id":1,"request":{"type":"sync"}}}}"#,
        r#"{"src":"c1","body":{"type":"get"}}"#,
        r#"{"src":"n4","dest":"n1","body":7}"#,
    ] {
        client.say(line).await;
    }
    for (body, code) in [
        (json!({"type": "get", "path": "a"}), 12),
        (json!({"type": "get", "path": "/a", "watch": "once"}), 12),
        (json!({"type": "get", "path": "/a", "session": 5}), 1001),
        (json!({"type": "create", "path": "/a", "mode": "ephemeral"}), 12),
        (json!({"type": "open_session", "timeout_ms": 1}), 12),
        (json!({"type": "read", "key": "k"}), 10),
        (json!({"type": "frobnicate"}), 12),
        (json!({"type": "set", "path": "/b", "value": "x".repeat(1 << 20)}), 12),
        (json!({"type": "set", "path": "/b", "value": 1, "version": u64::MAX}), 20),
    ] {
        assert_eq!(client.ask(body.clone()).await["code"], code, "{}", body["type"]);
    }
    // A line beyond all bounds closes its own connection only.
    let mut endless = world.client(0).await;
    let flood = vec![b'x'; 9 << 20];
    let _ = endless.stream.write_all(&flood).await;
    assert_eq!(client.ask(json!({"type": "sync"})).await["type"], "synced");
}
