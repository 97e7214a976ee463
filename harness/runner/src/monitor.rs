//! Watches the nodes: asks each for its status several times a second, and keeps who leads.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use ordalia_node::{NodeId, Status};
use ordalia_record::StatusSample;
use ordalia_schedule::{Leader, Occasion, Roles, Sight};
use tokio::time::{MissedTickBehavior, interval};

use crate::world::World;
use crate::{NodeReport, Recorder, Target};

/// How often each node is asked.
const PERIOD: Duration = Duration::from_millis(200);

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was last heard of the nodes, shared by those who look and those who ask.
#[derive(Debug, Default)]
pub(crate) struct Sightings(Mutex<Sight>);

impl Sightings {
    pub(crate) fn see(&self, node: NodeId, status: Option<Status>) {
        self.sight().see(node, status);
    }

    /// See [`Sight::leader`].
    pub(crate) fn leader(&self) -> Option<Leader> {
        self.sight().leader()
    }

    /// See [`Sight::settled`].
    pub(crate) fn settled(&self) -> bool {
        self.sight().settled()
    }

    /// See [`Sight::witness`].
    pub(crate) fn witness(&self, occasion: Occasion) -> Option<NodeId> {
        self.sight().witness(occasion)
    }

    pub(crate) fn roles(&self) -> Roles {
        self.sight().roles()
    }

    fn sight(&self) -> MutexGuard<'_, Sight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks all nodes for ever, keeps what they said and writes it to `status.jsonl`. Ends only with an
/// error of the file; dropping the future ends it.
pub(crate) async fn watch(
    world: &World<'_>,
    sightings: &Sightings,
    recorder: &Arc<Recorder>,
    path: &Path,
) -> io::Error {
    match try_watch(world, sightings, recorder, path).await {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

async fn try_watch(
    world: &World<'_>,
    sightings: &Sightings,
    recorder: &Arc<Recorder>,
    path: &Path,
) -> io::Result<std::convert::Infallible> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for (node, report) in ask_all(world.target, &world.addresses, PATIENCE).await {
            if let Some(report) = &report {
                world.disks.note(node, report);
            }
            let status = report.map(|report| report.status);
            let sample = StatusSample { time: recorder.now_ns(), node, status: status.clone() };
            serde_json::to_writer(&mut file, &sample)?;
            file.write_all(b"\n")?;
            if world.electing.contains_key(&node) {
                sightings.see(node, status);
            }
        }
        file.flush()?;
    }
}

/// Asks all nodes at once, and gives each that long to answer.
pub(crate) async fn ask_all(
    target: &dyn Target,
    addresses: &BTreeMap<NodeId, SocketAddr>,
    patience: Duration,
) -> Vec<(NodeId, Option<NodeReport>)> {
    let questions = addresses.iter().map(|(node, address)| {
        let question = target.status(*address, patience);
        async move { (*node, question.await.ok()) }
    });
    join_all(questions).await
}
