//! The targets that Ordalia builds itself: own executable, wire client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ordalia_cluster::Recipe;
use ordalia_history::OpError;
use ordalia_host::client::{self, ClientError, WireClient};
use ordalia_node::{Anatomy, Group, NodeConfig, NodeId, NodeInfo, Outside, Request, RequestKind};
use ordalia_record::TargetSettings;
use ordalia_schedule::FaultKind;
use ordalia_workload::Reply;

use crate::{Async, Client, NodePlace, NodeReport, Target};

/// A target whose nodes this executable runs as `ordalia node TARGET …`.
#[derive(Clone, Debug)]
pub struct BuiltIn {
    /// The executable, usually the running one.
    pub executable: PathBuf,
    /// What the target declares of itself.
    pub info: NodeInfo,
    /// What it says of whole clusters.
    pub anatomy: Anatomy,
    /// Options and bugs.
    pub settings: TargetSettings,
}

impl Target for BuiltIn {
    fn settings(&self) -> TargetSettings {
        self.settings.clone()
    }

    fn answers(&self) -> &[RequestKind] {
        self.info.answers
    }

    fn bears(&self) -> &[FaultKind] {
        &FaultKind::REAL
    }

    fn groups(&self, nodes: u16) -> Vec<Group> {
        (self.anatomy.groups)(nodes, &self.settings.options)
    }

    fn neighbours(&self, node: NodeId, nodes: &[NodeId]) -> Vec<NodeId> {
        let TargetSettings { options, bugs, .. } = &self.settings;
        let bugs = bugs.iter().cloned().collect();
        let config = NodeConfig { id: node, nodes: nodes.to_vec(), options: options.clone(), bugs };
        (self.anatomy.neighbours)(&config).into_iter().filter(|peer| *peer != node).collect()
    }

    fn outside(&self, seed: u64) -> Option<Box<dyn Outside>> {
        let bugs = self.settings.bugs.iter().cloned().collect();
        (self.anatomy.outside)(&self.settings.options, &bugs, seed)
    }

    fn recipe(&self, place: &NodePlace) -> Recipe {
        let mut args = vec!["node".to_owned(), self.info.name.to_owned(), "--until-eof".to_owned()];
        let mut pair = |name: &str, value: String| args.extend([format!("--{name}"), value]);
        pair("id", place.node.to_string());
        pair("listen", place.listen.to_string());
        for (peer, address) in &place.peers {
            pair("peer", format!("{peer}={address}"));
        }
        if place.peers.len() + 1 < place.nodes.len() {
            pair("cluster", place.nodes.len().to_string());
        }
        pair("data", place.data.display().to_string());
        pair("acts", place.acts.display().to_string());
        if let Some(url) = &place.outside {
            pair("outside", url.clone());
        }
        for bug in &self.settings.bugs {
            pair("bug", bug.clone());
        }
        for (name, value) in &self.settings.options {
            pair(name, value.clone());
        }
        Recipe {
            program: self.executable.clone(),
            args,
            env: [("RUST_BACKTRACE".to_owned(), "1".to_owned())].into(),
            working_folder: None,
            data_folder: place.data.clone(),
            files: BTreeMap::new(),
            log_file: place.log.clone(),
        }
    }

    fn status(&self, address: SocketAddr, timeout: Duration) -> Async<'_, Result<NodeReport, String>> {
        Box::pin(async move {
            let body = client::status(address, timeout).await.map_err(|error| error.to_string())?;
            Ok(NodeReport { pid: Some(body.pid), status: body.status, fsyncs: body.fsyncs })
        })
    }

    fn client(&self, node: NodeId, address: SocketAddr, name: &str) -> Box<dyn Client> {
        Box::new(Caller { node, address, name: name.to_owned(), connection: None })
    }
}

/// A wire client that connects when it is needed, and anew after every failure.
struct Caller {
    node: NodeId,
    address: SocketAddr,
    name: String,
    connection: Option<WireClient>,
}

impl Caller {
    async fn try_call(&mut self, request: &Request, timeout: Duration) -> Result<Reply, ClientError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => WireClient::connect(self.address, self.node, self.name.clone(), timeout).await?,
        };
        let result = connection.call(request, timeout).await;
        // Any other failure leaves a connection on which a late reply could still come.
        if matches!(result, Ok(_) | Err(ClientError::Refused(_))) {
            self.connection = Some(connection);
        }
        result.map(Reply::Answer)
    }
}

impl Client for Caller {
    fn call<'a>(&'a mut self, request: &'a Request, timeout: Duration) -> Async<'a, Reply> {
        Box::pin(async move {
            match self.try_call(request, timeout).await {
                Ok(reply) => reply,
                Err(ClientError::Refused(refusal)) => Reply::Refused(refusal),
                Err(error) => {
                    let reason = OpError::with_text(error.kind(), error.to_string());
                    if error.is_definite() { Reply::NotSent(reason) } else { Reply::Lost(reason) }
                }
            }
        })
    }
}
