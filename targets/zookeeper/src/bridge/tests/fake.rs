//! As much of a ZooKeeper ensemble as the tests need: a tree in memory that several servers share, which can lose
//! replies and end sessions when a test wants it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bridge::protocol::NodeStat;
use crate::jute::{Reader, Writer};

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bridge) enum Fate {
    /// It is not carried out, and the connection breaks.
    Lost,
    /// It is carried out, and the connection breaks.
    Unanswered,
    /// As it should be.
    Answered,
}

#[derive(Debug, Default)]
pub(in crate::bridge) struct State {
    zxid: i64,
    pub nodes: BTreeMap<String, (Vec<u8>, NodeStat)>,
    pub sessions: BTreeSet<i64>,
    sequence: u64,
    /// Of the transactions to come; those beyond are answered.
    pub fates: VecDeque<Fate>,
    pub pings: usize,
}

/// The ensemble.
#[derive(Clone, Debug, Default)]
pub(in crate::bridge) struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Starts one of its servers.
    pub async fn server(&self) -> SocketAddrV4 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("expected IPv4") };
        let fake = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let fake = fake.clone();
                // A client that leaves is no failure.
                tokio::spawn(async move { fake.serve(stream).await.ok() });
            }
        });
        address
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let hello = frame(&mut stream).await?;
        let welcome = self.lock().welcome(&hello);
        stream.write_all(&welcome).await?;
        let mut reader = Reader(&hello[16..]);
        let session = match reader.long().unwrap() {
            0 => *self.lock().sessions.last().unwrap(),
            session => session,
        };
        loop {
            let request = frame(&mut stream).await?;
            let Some(replies) = self.lock().answer(session, &request) else { return Ok(()) };
            stream.write_all(&replies).await?;
        }
    }
}

async fn frame(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; stream.read_u32().await? as usize];
    stream.read_exact(&mut frame).await?;
    // The shape of what is not read here is the golden frames' business.
    frame.extend([0; 32]);
    Ok(frame)
}

impl State {
    fn welcome(&mut self, hello: &[u8]) -> Vec<u8> {
        let mut reader = Reader(hello);
        let (_protocol, seen, timeout) = (reader.int(), reader.long().unwrap(), reader.int().unwrap());
        assert!(seen <= self.zxid, "a client has seen what there is not");
        let asked = reader.long().unwrap();
        let id = if asked == 0 { 0x100 + self.next() } else { asked };
        if asked == 0 {
            self.sessions.insert(id);
        }
        let granted = if self.sessions.contains(&id) { timeout } else { 0 };
        let mut welcome = Writer::default();
        welcome.int(0).int(granted).long(id).bytes(&[7; 16]).flag(false);
        welcome.frame()
    }

    fn next(&mut self) -> i64 {
        self.zxid += 1;
        self.zxid
    }

    /// Sets a node's data, creating it where it is absent, for somebody else.
    pub fn put(&mut self, path: &str, data: &str) {
        let zxid = self.next();
        let created = NodeStat { czxid: zxid, version: -1, ..NodeStat::default() };
        let (now, stat) = self.nodes.entry(path.to_owned()).or_insert((Vec::new(), created));
        *now = data.as_bytes().to_vec();
        (stat.mzxid, stat.version) = (zxid, stat.version + 1);
    }

    /// Ends a session.
    pub fn expire(&mut self, session: i64) {
        self.sessions.remove(&session);
        self.nodes.retain(|_, (_, stat)| stat.owner != session);
        self.next();
    }

    /// What is sent back; `None` if the connection breaks.
    fn answer(&mut self, session: i64, request: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader(request);
        let (xid, op) = (reader.int().unwrap(), reader.int().unwrap());
        let reply = |zxid: i64, code: i32| {
            let mut writer = Writer::default();
            writer.int(xid).long(zxid).int(code);
            writer
        };
        let mut writer = reply(self.zxid, 0);
        match op {
            _ if !self.sessions.contains(&session) => writer = reply(self.zxid, -112),
            3 | 4 => match self.nodes.get(&reader.text().unwrap()) {
                Some((data, stat)) => {
                    if op == 4 {
                        writer.bytes(data);
                    }
                    write_stat(&mut writer, stat);
                }
                None => writer = reply(self.zxid, -101),
            },
            11 => self.pings += 1,
            12 => {
                let folder = reader.text().unwrap().trim_end_matches('/').to_owned() + "/";
                let names = self.nodes.keys().filter_map(|path| path.strip_prefix(&folder));
                let names: Vec<String> =
                    names.filter(|name| !name.contains('/')).map(str::to_owned).collect();
                writer.texts(&names);
                write_stat(&mut writer, &NodeStat::default());
            }
            14 => return self.transaction(session, xid, reader),
            105 => return Some(self.missed(reader, &writer.frame())),
            -11 => self.expire(session),
            _ => {}
        }
        Some(writer.frame())
    }

    /// What a client that comes back has missed, and the reply.
    fn missed(&self, mut reader: Reader<'_>, reply: &[u8]) -> Vec<u8> {
        let since = reader.long().unwrap();
        let mut frames = Vec::new();
        for path in reader.texts().unwrap() {
            let kind = match self.nodes.get(&path) {
                None => 2,
                Some((_, stat)) if stat.mzxid > since => 3,
                Some(_) => continue,
            };
            let mut told = Writer::default();
            told.int(-1).long(-1).int(0).int(kind).int(3).bytes(path.as_bytes());
            frames.extend(told.frame());
        }
        frames.extend(reply);
        frames
    }

    fn transaction(&mut self, session: i64, xid: i32, mut reader: Reader<'_>) -> Option<Vec<u8>> {
        let fate = self.fates.pop_front().unwrap_or(Fate::Answered);
        if fate == Fate::Lost {
            return None;
        }
        let (before, zxid) = (self.nodes.clone(), self.next());
        let (mut parts, mut codes) = (Writer::default(), Vec::new());
        loop {
            let (kind, is_last, _code) =
                (reader.int().unwrap(), reader.flag().unwrap(), reader.int().unwrap());
            if is_last {
                break;
            }
            match self.write(kind, &mut reader, zxid, session, &mut parts) {
                Ok(()) => codes.push(0),
                Err(code) => codes.push(code),
            }
        }
        let mut writer = Writer::default();
        writer.int(xid).long(zxid).int(0);
        if let Some(place) = codes.iter().position(|code| *code != 0) {
            self.nodes = before;
            for (at, code) in codes.iter().enumerate() {
                let code = if at > place { -2 } else { *code };
                writer.int(-1).flag(false).int(code).int(code);
            }
        } else {
            writer.append(&parts);
        }
        writer.int(-1).flag(true).int(-1);
        (fate == Fate::Answered).then(|| writer.frame())
    }

    fn write(
        &mut self,
        kind: i32,
        reader: &mut Reader<'_>,
        zxid: i64,
        session: i64,
        parts: &mut Writer,
    ) -> Result<(), i32> {
        let mut path = reader.text().unwrap();
        if kind == 1 {
            let data = reader.bytes().unwrap().to_vec();
            let _acl = (reader.int(), reader.int(), reader.text(), reader.text());
            let flags = reader.int().unwrap();
            if flags & 2 != 0 {
                path += &format!("{:010}", self.sequence);
                self.sequence += 1;
            }
            if self.nodes.contains_key(&path) {
                return Err(-110);
            }
            parts.int(1).flag(false).int(0).bytes(path.as_bytes());
            let owner = if flags & 1 != 0 { session } else { 0 };
            self.nodes
                .insert(path, (data, NodeStat { czxid: zxid, mzxid: zxid, owner, ..NodeStat::default() }));
            return Ok(());
        }
        let data = if kind == 5 { reader.bytes().unwrap().to_vec() } else { Vec::new() };
        let version = reader.int().unwrap();
        let (now, stat) = self.nodes.get_mut(&path).ok_or(-101)?;
        if version != -1 && version != stat.version {
            return Err(-103);
        }
        parts.int(kind).flag(false).int(0);
        match kind {
            2 => drop(self.nodes.remove(&path)),
            5 => {
                *now = data;
                (stat.mzxid, stat.version) = (zxid, stat.version + 1);
                write_stat(parts, stat);
            }
            _ => {}
        }
        Ok(())
    }
}

fn write_stat(writer: &mut Writer, stat: &NodeStat) {
    writer.long(stat.czxid).long(stat.mzxid).long(0).long(0).int(stat.version).int(stat.cversion).int(0);
    writer.long(stat.owner).int(0).int(0).long(stat.czxid);
}
