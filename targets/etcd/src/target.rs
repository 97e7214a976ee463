//! How etcd's servers are started, and what they say of themselves.

use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ordalia_cluster::{Listeners, Recipe, installed_program, own_address};
use ordalia_node::{NodeId, NodeInfo, OptionInfo, RequestKind, Status, Value};
use ordalia_record::TargetSettings;
use ordalia_runner::{Async, Client, NodePlace, NodeReport, Target};
use ordalia_schedule::FaultKind;
use serde_json::json;
use tokio::time::timeout;

use crate::gateway::{Gateway, GatewayError};
use crate::register::Registers;

/// The ports of a server, at the loopback address that is its own.
const CLIENT_PORT: u16 = 2379;
const PEER_PORT: u16 = 2380;

/// What etcd declares as a target.
pub const INFO: NodeInfo = NodeInfo {
    name: "etcd",
    about: "etcd as it is installed, by its JSON gateway; a register is a key",
    answers: &[RequestKind::Read, RequestKind::Write, RequestKind::Cas, RequestKind::Delete],
    options: &[OptionInfo {
        name: "reads",
        values: &["linearizable", "serializable"],
        default: "linearizable",
        draws: &[],
        not_under: &[],
        about: "how a read is asked; a serializable one may be stale",
    }],
    bugs: &[],
};

/// etcd as a target.
#[derive(Debug)]
pub struct Etcd {
    program: PathBuf,
    options: BTreeMap<String, String>,
    listeners: Listeners,
    /// The nodes by etcd's own names for them.
    members: Mutex<BTreeMap<String, NodeId>>,
}

impl Etcd {
    /// etcd with these options, if it is installed.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn installed(options: BTreeMap<String, String>) -> Result<Self, String> {
        let program = installed_program("etcd").ok_or("etcd is not installed (Debian: etcd-server)")?;
        let (listeners, members) = (Listeners::default(), Mutex::default());
        Ok(Self { program, options, listeners, members })
    }

    async fn ask_status(&self, server: SocketAddrV4) -> Result<Status, GatewayError> {
        let mut gateway = Gateway::connect(server).await?;
        let (_, said) = gateway.ask("/v3/maintenance/status", &json!({})).await?;
        let own = said["header"]["member_id"].as_str().unwrap_or_default();
        // A server without a leader leaves the field out.
        let leader = said["leader"].as_str().filter(|leader| !own.is_empty() && *leader != "0");
        let Some(leader) = leader else {
            return Err(GatewayError::Malformed(format!("it knows no leader: {said}")));
        };
        let known = self.member(leader);
        if known.is_none() {
            let (_, list) = gateway.ask("/v3/cluster/member/list", &json!({})).await?;
            self.learn(&list);
        }
        let number = |name: &str| said[name].as_str().and_then(|text| text.parse::<u64>().ok());
        let shown = |(theirs, ours): (&str, &str)| Some((ours.to_owned(), number(theirs)?.into()));
        let fields =
            [("raftIndex", "commit_index"), ("raftAppliedIndex", "applied_index"), ("dbSize", "bytes")];
        Ok(Status {
            role: if leader == own { "leader" } else { "follower" }.to_owned(),
            term: number("raftTerm"),
            leader: known.or_else(|| self.member(leader)),
            fields: fields.into_iter().filter_map(shown).collect(),
        })
    }

    fn member(&self, id: &str) -> Option<NodeId> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// Keeps the names of a list of members. They are the same as long as the cluster lives.
    fn learn(&self, list: &Value) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        for member in list["members"].as_array().into_iter().flatten() {
            let named = member["ID"].as_str().zip(member["name"].as_str());
            if let Some((id, Ok(node))) = named.map(|(id, name)| (id, name.parse())) {
                members.insert(id.to_owned(), node);
            }
        }
    }
}

fn client_address(reserved: SocketAddr) -> SocketAddrV4 {
    SocketAddrV4::new(own_address(reserved), CLIENT_PORT)
}

fn peer_url(reserved: SocketAddr) -> String {
    format!("http://{}:{PEER_PORT}", own_address(reserved))
}

impl Target for Etcd {
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
        let members = servers.iter().map(|(node, reserved)| format!("{node}={}", peer_url(*reserved)));
        let members = members.collect::<Vec<_>>().join(",");
        let (client_url, peer_url) =
            (format!("http://{}", client_address(place.listen)), peer_url(place.listen));
        let pairs = [
            ("name", place.node.to_string()),
            ("data-dir", place.data.display().to_string()),
            ("listen-client-urls", client_url.clone()),
            ("advertise-client-urls", client_url),
            ("listen-peer-urls", peer_url.clone()),
            ("initial-advertise-peer-urls", peer_url),
            // The addresses belong to this run alone, so they make a name that no other cluster has.
            ("initial-cluster-token", members.clone()),
            ("initial-cluster", members),
            ("initial-cluster-state", "new".to_owned()),
            ("heartbeat-interval", "100".to_owned()),
            ("election-timeout", "1000".to_owned()),
        ];
        Recipe {
            program: self.program.clone(),
            args: pairs.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]).collect(),
            env: BTreeMap::new(),
            working_folder: None,
            data_folder: place.data.clone(),
            files: BTreeMap::new(),
            log_file: place.log.clone(),
        }
    }

    fn status(&self, address: SocketAddr, within: Duration) -> Async<'_, Result<NodeReport, String>> {
        Box::pin(async move {
            let server = client_address(address);
            let said = timeout(within, self.ask_status(server)).await;
            let status = said
                .map_err(|_| format!("no answer within {within:?}"))?
                .map_err(|error| error.to_string())?;
            Ok(NodeReport { pid: self.listeners.process(server), fsyncs: None, status })
        })
    }

    fn client(&self, _node: NodeId, address: SocketAddr, _name: &str) -> Box<dyn Client> {
        let serializable = self.options.get("reads").is_some_and(|reads| reads == "serializable");
        Box::new(Registers { server: client_address(address), serializable, gateway: None })
    }
}
