//! How ZooKeeper's servers are started, and what they say of themselves.

use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ordalia_cluster::{Listeners, Recipe, installed_program, own_address};
use ordalia_node::{NodeId, NodeInfo, OptionInfo, RequestKind, Status};
use ordalia_record::TargetSettings;
use ordalia_runner::{Async, Client, NodePlace, NodeReport, Target};
use ordalia_schedule::FaultKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::register::Registers;

/// Where Debian puts the program; the other archives that it needs stand in its manifest.
const ARCHIVE: &str = "/usr/share/java/zookeeper.jar";

/// The ports of a server, at the loopback address that is its own.
const CLIENT_PORT: u16 = 2181;
const QUORUM_PORT: u16 = 2888;
const ELECTION_PORT: u16 = 3888;

/// The longest answer to a four-letter word that is read, in bytes.
const LONGEST_REPORT: u64 = 64 << 10;

/// What ZooKeeper declares as a target.
pub const INFO: NodeInfo = NodeInfo {
    name: "zookeeper",
    about: "Apache ZooKeeper as it is installed; a register is a node with its data",
    answers: &[RequestKind::Read, RequestKind::Write, RequestKind::Cas, RequestKind::Delete],
    options: &[OptionInfo {
        name: "reads",
        values: &["sync", "local"],
        default: "sync",
        draws: &[],
        not_under: &[],
        about: "sync: a read has the server catch up with its leader first; local: it may be stale",
    }],
    bugs: &[],
};

/// ZooKeeper as a target.
#[derive(Debug)]
pub struct Zookeeper {
    java: PathBuf,
    options: BTreeMap<String, String>,
    listeners: Listeners,
}

impl Zookeeper {
    /// ZooKeeper with these options, if it is installed; otherwise what is missing.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn installed(options: BTreeMap<String, String>) -> Result<Self, String> {
        let java = installed_program("java")
            .ok_or("ZooKeeper needs java, which is not installed (Debian: default-jre-headless)")?;
        if !Path::new(ARCHIVE).is_file() {
            return Err(format!("ZooKeeper is not installed: there is no {ARCHIVE} (Debian: zookeeper)"));
        }
        Ok(Self { java, options, listeners: Listeners::default() })
    }
}

/// Where the server with that reserved port takes clients.
pub(crate) fn client_address(reserved: SocketAddr) -> SocketAddrV4 {
    SocketAddrV4::new(own_address(reserved), CLIENT_PORT)
}

/// How time goes for a server. One with little time to wait finds soon that its leader is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Nothing hangs on sessions.
    Plain,
    /// Sessions have the time-outs that are asked for, to about two ticks.
    Sessions,
}

impl Pace {
    fn settings(self) -> &'static str {
        match self {
            Pace::Plain => "tickTime=500\ninitLimit=20\nsyncLimit=6\n",
            Pace::Sessions => {
                "tickTime=100\ninitLimit=100\nsyncLimit=30\nminSessionTimeout=200\nmaxSessionTimeout=600000\n"
            }
        }
    }
}

/// The configuration of one of those servers, by the ports that are reserved for them.
fn configuration(place: &NodePlace, servers: &BTreeMap<NodeId, SocketAddr>, pace: Pace) -> String {
    let data = place.data.display();
    let mut text = pace.settings().to_owned();
    text += &format!(
        "dataDir={data}\nmaxClientCnxns=0\nclientPort={CLIENT_PORT}\nclientPortAddress={}\n",
        own_address(place.listen)
    );
    for (node, reserved) in servers {
        let (node, reserved) = (*node, *reserved);
        let address = own_address(reserved);
        text += &format!("server.{}={address}:{QUORUM_PORT}:{ELECTION_PORT}\n", node.number());
    }
    text
}

const LOGGING: &str = "log4j.rootLogger=INFO, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n\
    log4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
    log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{1}: %m%n\n";

impl Target for Zookeeper {
    fn settings(&self) -> TargetSettings {
        TargetSettings { name: INFO.name.to_owned(), options: self.options.clone(), bugs: Vec::new() }
    }

    fn answers(&self) -> &[RequestKind] {
        INFO.answers
    }

    fn bears(&self) -> &[FaultKind] {
        &[FaultKind::Kill, FaultKind::Pause]
    }

    fn recipe(&self, place: &NodePlace) -> Recipe {
        let mut servers = place.peers.clone();
        servers.insert(place.node, place.listen);
        self.server(place, &servers, Pace::Plain)
    }

    fn status(&self, address: SocketAddr, within: Duration) -> Async<'_, Result<NodeReport, String>> {
        Box::pin(async move {
            let server = client_address(address);
            let said = timeout(within, report(server)).await;
            let status = said.map_err(|_| format!("no answer within {within:?}"))??;
            Ok(NodeReport { pid: self.listeners.process(server), fsyncs: None, status })
        })
    }

    fn client(&self, _node: NodeId, address: SocketAddr, _name: &str) -> Box<dyn Client> {
        let sync = self.options.get("reads").is_none_or(|reads| reads == "sync");
        Box::new(Registers { server: client_address(address), sync, connection: None })
    }
}

impl Zookeeper {
    /// How one of those servers is started.
    pub(crate) fn server(
        &self,
        place: &NodePlace,
        servers: &BTreeMap<NodeId, SocketAddr>,
        pace: Pace,
    ) -> Recipe {
        let data = place.data.display();
        let class_path = format!("{data}:{ARCHIVE}");
        let arguments = [
            "-Xms64m",
            "-Xmx512m",
            "-Djava.net.preferIPv4Stack=true",
            "-Dzookeeper.admin.enableServer=false",
            "-Dzookeeper.4lw.commands.whitelist=*",
            "-cp",
            &class_path,
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            "zoo.cfg",
        ];
        let files = [
            ("zoo.cfg", configuration(place, servers, pace)),
            ("myid", place.node.number().to_string()),
            ("log4j.properties", LOGGING.to_owned()),
        ];
        Recipe {
            program: self.java.clone(),
            args: arguments.map(str::to_owned).to_vec(),
            env: BTreeMap::new(),
            working_folder: Some(place.data.clone()),
            data_folder: place.data.clone(),
            files: files.map(|(name, text)| (name.to_owned(), text)).into(),
            log_file: place.log.clone(),
        }
    }
}

/// What a server says of itself; the error is for a person.
pub(crate) async fn report(server: SocketAddrV4) -> Result<Status, String> {
    let text = four_letters(server, "srvr").await.map_err(|error| error.to_string())?;
    read_status(&text).ok_or_else(|| format!("it serves nobody: {:?}", text.trim()))
}

/// Asks a server by one of its four-letter words (ZooKeeper Administrator's Guide, "The Four Letter Words").
async fn four_letters(server: SocketAddrV4, word: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(word.as_bytes()).await?;
    let mut text = String::new();
    stream.take(LONGEST_REPORT).read_to_string(&mut text).await?;
    Ok(text)
}

/// Reads the answer to `srvr`; nothing if the server is in no quorum. A follower does not say there whom it
/// follows, so nobody claims to know the leader but the leader itself.
fn read_status(text: &str) -> Option<Status> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let role = field("Mode")?.to_owned();
    let numbers = ["Outstanding", "Connections", "Node count"];
    let numbers = numbers.into_iter().filter_map(|name| {
        let number: u64 = field(name)?.parse().ok()?;
        Some((name.to_lowercase().replace(' ', "_"), number.into()))
    });
    let zxid = field("Zxid").map(|zxid| ("zxid".to_owned(), zxid.into()));
    Some(Status { role, fields: numbers.chain(zxid).collect(), ..Status::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_in_a_quorum_says_its_mode() {
        let status =
            read_status("Zookeeper version: 3.8.0\nZxid: 0x100000002\nMode: leader\nNode count: 5\n");
        let status = status.unwrap();
        assert!(status.is_leader());
        assert_eq!(status.fields["node_count"], 5);
        assert_eq!(status.fields["zxid"], "0x100000002");
        assert_eq!(read_status("This ZooKeeper instance is not currently serving requests\n"), None);
    }
}
