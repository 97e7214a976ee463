//! One life of one node.

use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use ordalia_node::NodeId;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::proc_stat::thread_states;
use crate::reaper::{Running, Whom, ended};
use crate::{ClusterError, Exit, PauseEvidence, StopEvidence};

/// How long a signal that cannot be ignored may take to have its effect.
const EFFECT_DEADLINE: Duration = Duration::from_secs(10);
/// Between two looks at /proc.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// One life of one node. It stays after the process has ended, to say how.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    node: NodeId,
    running: Running,
}

/// Tells when one life of a node ends, apart from the cluster, so that it can be waited for in a
/// task of its own.
#[derive(Clone, Debug)]
pub struct ExitNotice {
    node: NodeId,
    exit: watch::Receiver<Option<Exit>>,
}

impl ExitNotice {
    /// The node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Waits until the process, and with it its group, has ended. [`Exit::asked`] tells an end that
    /// the controller wanted from one of its own.
    pub async fn wait(self) -> Exit {
        ended(self.exit).await
    }
}

impl NodeProcess {
    pub fn new(node: NodeId, running: Running) -> Self {
        Self { node, running }
    }

    pub fn pid(&self) -> i32 {
        self.running.pid()
    }

    pub fn exit(&self) -> Option<Exit> {
        self.running.exit()
    }

    pub fn exit_notice(&self) -> ExitNotice {
        ExitNotice { node: self.node, exit: self.running.subscribe() }
    }

    /// Sends SIGKILL and does not wait.
    pub fn begin_kill(&self) {
        // A process that has ended already is as good.
        let _ = self.running.signal(Whom::Group, Signal::SIGKILL);
    }

    /// SIGKILL, and waits until the whole group is reaped.
    pub async fn kill(&self) -> Result<StopEvidence, ClusterError> {
        let begun = Instant::now();
        self.signal(Whom::Group, Signal::SIGKILL).await?;
        self.gone(begun, true).await
    }

    /// SIGTERM, and SIGCONT for a process that is paused.
    pub async fn begin_termination(&self) -> Result<(), ClusterError> {
        self.signal(Whom::Group, Signal::SIGTERM).await?;
        // It may have ended in between.
        let _ = self.running.signal(Whom::Group, Signal::SIGCONT);
        Ok(())
    }

    /// Waits until it has ended, and kills it when its grace is over.
    pub async fn finish_termination(
        &self,
        begun: Instant,
        grace: Duration,
    ) -> Result<StopEvidence, ClusterError> {
        let left = grace.saturating_sub(begun.elapsed());
        if timeout(left, ended(self.running.subscribe())).await.is_ok() {
            return self.gone(begun, false).await;
        }
        self.begin_kill();
        self.gone(begun, true).await
    }

    /// SIGSTOP, and waits until every thread is stopped.
    ///
    /// The leader goes first. In the middle of a vfork it stops only when its child goes on, which the
    /// child would not if both were stopped at once.
    pub async fn pause(&self) -> Result<PauseEvidence, ClusterError> {
        let all_stopped = |states: &[char]| !states.is_empty() && states.iter().all(|state| *state == 'T');
        let begun = Instant::now();
        self.signal(Whom::Leader, Signal::SIGSTOP).await?;
        let evidence = self.see(begun, "stopped (T)", all_stopped).await?;
        self.signal(Whom::Group, Signal::SIGSTOP).await?;
        Ok(evidence)
    }

    /// SIGCONT, and waits until no thread is stopped.
    pub async fn resume(&self) -> Result<PauseEvidence, ClusterError> {
        let none_stopped = |states: &[char]| {
            !states.is_empty() && !states.iter().any(|state| matches!(state, 'T' | 'Z' | 'X'))
        };
        let begun = Instant::now();
        self.signal(Whom::Group, Signal::SIGCONT).await?;
        self.see(begun, "running again", none_stopped).await
    }

    async fn see(
        &self,
        begun: Instant,
        expected: &'static str,
        reached: impl Fn(&[char]) -> bool,
    ) -> Result<PauseEvidence, ClusterError> {
        let (node, pid) = (self.node, self.pid());
        loop {
            let states = thread_states(pid);
            if reached(&states) {
                let (state, threads) = (states[0], states.len());
                return Ok(PauseEvidence { node, pid, state, threads, took_us: elapsed_us(begun) });
            }
            if let Some(exit) = self.exit() {
                return Err(ClusterError::NotRunning { node, exit: Some(exit) });
            }
            if begun.elapsed() > EFFECT_DEADLINE {
                let found = format!("threads in the states {states:?}");
                return Err(ClusterError::NoEffect { node, pid, expected, within: EFFECT_DEADLINE, found });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn signal(&self, whom: Whom, signal: Signal) -> Result<(), ClusterError> {
        match self.running.signal(whom, signal) {
            Ok(()) => Ok(()),
            Err(Errno::ESRCH) => {
                let exit = ended(self.running.subscribe()).await;
                Err(ClusterError::NotRunning { node: self.node, exit: Some(exit) })
            }
            Err(errno) => Err(ClusterError::Signal {
                node: self.node,
                pid: self.pid(),
                signal: signal.as_str(),
                source: io::Error::from(errno),
            }),
        }
    }

    async fn gone(&self, begun: Instant, forced: bool) -> Result<StopEvidence, ClusterError> {
        let (node, pid) = (self.node, self.pid());
        match timeout(EFFECT_DEADLINE, ended(self.running.subscribe())).await {
            Ok(exit) => Ok(StopEvidence { node, pid, exit, forced, took_us: elapsed_us(begun) }),
            Err(_) => Err(ClusterError::NoEffect {
                node,
                pid,
                expected: "gone",
                within: EFFECT_DEADLINE,
                found: format!("threads in the states {:?}", thread_states(pid)),
            }),
        }
    }
}

fn elapsed_us(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
}
