//! The processes of all nodes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::prctl;
use ordalia_node::NodeId;

use crate::process::NodeProcess;
use crate::spawner::Spawner;
use crate::{ClusterError, Exit, ExitNotice, PauseEvidence, Recipe, StartEvidence, StopEvidence, log};

/// Made and removed in a data folder to see that it can be written.
const PROBE_FILE: &str = ".ordalia-writable";

/// The processes of all nodes.
///
/// What stops, pauses or resumes a node takes `&self`, so that it can be done to several nodes at
/// once. Dropping the cluster kills every process and blocks until all are gone, which takes
/// milliseconds; [`Cluster::stop_all`] is the gentle way.
#[derive(Debug)]
pub struct Cluster {
    // Before the spawner, whose thread must outlast them.
    nodes: BTreeMap<NodeId, Slot>,
    spawner: Spawner,
}

#[derive(Debug)]
struct Slot {
    recipe: Recipe,
    life: u32,
    process: Option<NodeProcess>,
}

impl Cluster {
    /// A cluster of which nothing runs yet. From here on the calling process adopts its orphaned
    /// descendants (`PR_SET_CHILD_SUBREAPER`).
    ///
    /// # Errors
    /// The system gives no thread, or does not let the process adopt orphans.
    pub fn new(recipes: BTreeMap<NodeId, Recipe>) -> Result<Self, ClusterError> {
        prctl::set_child_subreaper(true).map_err(|errno| ClusterError::Controller(errno.into()))?;
        let spawner = Spawner::start().map_err(ClusterError::Controller)?;
        let slot = |(node, recipe)| (node, Slot { recipe, life: 0, process: None });
        Ok(Self { nodes: recipes.into_iter().map(slot).collect(), spawner })
    }

    /// Starts a node that does not run. Success means that its program was found and executed, not
    /// that it is ready.
    ///
    /// # Errors
    /// The node runs already, its data folder or its log cannot be written, or its program cannot be
    /// started.
    pub async fn start(&mut self, node: NodeId) -> Result<StartEvidence, ClusterError> {
        let slot = self.nodes.get_mut(&node).ok_or(ClusterError::UnknownNode(node))?;
        if let Some(process) = slot.alive() {
            return Err(ClusterError::Running { node, pid: process.pid() });
        }
        let life = slot.life + 1;
        let command = slot.recipe.command(node, life)?;
        let running = self.spawner.spawn(command).await.map_err(|source| {
            let program = slot.recipe.program.clone();
            ClusterError::Spawn { node, program, source }
        })?;
        let pid = running.pid();
        slot.life = life;
        slot.process = Some(NodeProcess::new(node, running));
        tracing::debug!(%node, pid, life, "started");
        Ok(StartEvidence { node, pid, life })
    }

    /// Starts every node, in order.
    ///
    /// # Errors
    /// As [`Cluster::start`]; nodes started before the failing one stay up.
    pub async fn start_all(&mut self) -> Result<Vec<StartEvidence>, ClusterError> {
        let mut evidence = Vec::new();
        for node in self.nodes() {
            evidence.push(self.start(node).await?);
        }
        Ok(evidence)
    }

    /// Starts a node with the same recipe and the same data. If it runs, it is killed first.
    ///
    /// # Errors
    /// As [`Cluster::start`] and [`Cluster::kill`].
    pub async fn restart(&mut self, node: NodeId) -> Result<StartEvidence, ClusterError> {
        match self.kill(node).await {
            Ok(_) | Err(ClusterError::NotRunning { .. }) => self.start(node).await,
            Err(error) => Err(error),
        }
    }

    /// Kills a node and its process group with SIGKILL, and waits until all of it is reaped.
    ///
    /// # Errors
    /// The node does not run, or is not gone in time.
    pub async fn kill(&self, node: NodeId) -> Result<StopEvidence, ClusterError> {
        self.process(node)?.kill().await
    }

    /// Asks a node's process group to end with SIGTERM, and kills it when the grace is over.
    ///
    /// # Errors
    /// As [`Cluster::kill`].
    pub async fn terminate(&self, node: NodeId, grace: Duration) -> Result<StopEvidence, ClusterError> {
        let (process, begun) = (self.process(node)?, Instant::now());
        process.begin_termination().await?;
        process.finish_termination(begun, grace).await
    }

    /// Terminates all nodes that run, all at once, under one grace. Nodes that do not run are left
    /// out of the evidence.
    ///
    /// # Errors
    /// The first error, after all nodes have been seen to.
    pub async fn stop_all(&self, grace: Duration) -> Result<Vec<StopEvidence>, ClusterError> {
        let begun = Instant::now();
        let mut asked = Vec::new();
        let mut evidence = Vec::new();
        let mut failure = None;
        for process in self.nodes.values().filter_map(Slot::alive) {
            match process.begin_termination().await {
                Ok(()) => asked.push(process),
                Err(ClusterError::NotRunning { .. }) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for process in asked {
            match process.finish_termination(begun, grace).await {
                Ok(stopped) => evidence.push(stopped),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(evidence), Err)
    }

    /// Pauses a node with SIGSTOP, and waits until every thread of it is seen to be stopped.
    ///
    /// # Errors
    /// The node does not run, or does not stop in time.
    pub async fn pause(&self, node: NodeId) -> Result<PauseEvidence, ClusterError> {
        self.process(node)?.pause().await
    }

    /// Resumes a node with SIGCONT, and waits until no thread of it is stopped. A node that was not
    /// paused stays as it is.
    ///
    /// # Errors
    /// The node does not run, or stays stopped.
    pub async fn resume(&self, node: NodeId) -> Result<PauseEvidence, ClusterError> {
        self.process(node)?.resume().await
    }

    /// Replaces a node's recipe, from its next start on.
    ///
    /// # Errors
    /// There is no such node.
    pub fn set_recipe(&mut self, node: NodeId, recipe: Recipe) -> Result<(), ClusterError> {
        self.nodes.get_mut(&node).ok_or(ClusterError::UnknownNode(node))?.recipe = recipe;
        Ok(())
    }

    /// A node's recipe; `None` if there is no such node.
    pub fn recipe(&self, node: NodeId) -> Option<&Recipe> {
        self.nodes.get(&node).map(|slot| &slot.recipe)
    }

    /// All nodes, in order.
    pub fn nodes(&self) -> Vec<NodeId> {
        self.nodes.keys().copied().collect()
    }

    /// Whether a node's process is there. A paused one is.
    pub fn is_alive(&self, node: NodeId) -> bool {
        self.pid(node).is_some()
    }

    /// The process id of a node that runs.
    pub fn pid(&self, node: NodeId) -> Option<i32> {
        Some(self.nodes.get(&node)?.alive()?.pid())
    }

    /// How the node's last life ended; `None` while it runs and before it is first started.
    pub fn try_exit(&self, node: NodeId) -> Option<Exit> {
        self.nodes.get(&node)?.process.as_ref()?.exit()
    }

    /// What tells when the node's present life ends.
    ///
    /// # Errors
    /// The node was never started.
    pub fn exit_notice(&self, node: NodeId) -> Result<ExitNotice, ClusterError> {
        Ok(self.process(node)?.exit_notice())
    }

    /// The last lines of a node's log, oldest first. Where the log cannot be read, one line that says
    /// so: this is for messages to a person, about a node that failed.
    pub fn log_tail(&self, node: NodeId, lines: usize) -> Vec<String> {
        let Some(slot) = self.nodes.get(&node) else { return Vec::new() };
        let path = &slot.recipe.log_file;
        log::tail(path, lines)
            .unwrap_or_else(|error| vec![format!("(the log {} cannot be read: {error})", path.display())])
    }

    fn process(&self, node: NodeId) -> Result<&NodeProcess, ClusterError> {
        let slot = self.nodes.get(&node).ok_or(ClusterError::UnknownNode(node))?;
        slot.process.as_ref().ok_or(ClusterError::NotRunning { node, exit: None })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // All of them first, so that they end side by side; dropping each one then waits for it.
        for process in self.nodes.values().filter_map(Slot::alive) {
            process.begin_kill();
        }
    }
}

impl Slot {
    fn alive(&self) -> Option<&NodeProcess> {
        self.process.as_ref().filter(|process| process.exit().is_none())
    }
}

impl Recipe {
    /// The command of one life, with its folders made and its log open.
    fn command(&self, node: NodeId, life: u32) -> Result<Command, ClusterError> {
        let folder = &self.data_folder;
        let no_data = |source| ClusterError::DataFolder { node, path: folder.clone(), source };
        ensure_writable(folder).map_err(no_data)?;
        for (name, text) in &self.files {
            fs::write(folder.join(name), text).map_err(no_data)?;
        }
        let no_log = |source| ClusterError::Log { node, path: self.log_file.clone(), source };
        let output = log::open(&self.log_file, life).map_err(no_log)?;
        let errors = output.try_clone().map_err(no_log)?;
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(&self.env);
        command.stdin(Stdio::piped()).stdout(output).stderr(errors);
        if let Some(working_folder) = &self.working_folder {
            command.current_dir(working_folder);
        }
        Ok(command)
    }
}

fn ensure_writable(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let probe = folder.join(PROBE_FILE);
    File::create(&probe)?;
    fs::remove_file(probe)
}
