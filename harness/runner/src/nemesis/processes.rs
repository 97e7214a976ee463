//! Faults of processes: kill and restart, pause and resume.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use ordalia_cluster::ClusterError;
use ordalia_node::NodeId;
use serde::Serialize;
use serde_json::{Value, json};

use super::Effect;
use crate::TestSettings;
use crate::world::World;

/// Which faults hold a node.
#[derive(Clone, Debug, Default)]
struct Holds {
    killed_by: BTreeSet<u64>,
    paused_by: BTreeSet<u64>,
}

/// The hurting of processes.
pub(super) struct Processes<'a> {
    world: &'a World<'a>,
    holds: Mutex<BTreeMap<NodeId, Holds>>,
}

impl<'a> Processes<'a> {
    pub(super) fn new(world: &'a World<'a>) -> Self {
        Self { world, holds: Mutex::default() }
    }

    /// Kills the nodes that no other fault has killed already.
    pub(super) async fn kill(&self, fault: u64, nodes: &[NodeId]) -> Effect {
        let kills = nodes.iter().map(|node| async move {
            if !self.hold(*node, |holds| first(&mut holds.killed_by, fault)) {
                return superseded(*node, "killed already by another fault");
            }
            done(*node, self.world.cluster.read().await.kill(*node).await)
        });
        gather(join_all(kills).await)
    }

    /// Starts the nodes that no other fault wants dead, and waits until they answer.
    pub(super) async fn restart(&self, fault: u64, nodes: &[NodeId]) -> Effect {
        let restarts = nodes.iter().map(|node| async move {
            if !self.hold(*node, |holds| last(&mut holds.killed_by, fault)) {
                return superseded(*node, "kept dead by another fault");
            }
            let started = self.world.cluster.write().await.start(*node).await;
            let outcome = done(*node, started);
            match self.world.wait_ready(*node, TestSettings::READY_LIMIT).await {
                Ok(()) => outcome,
                Err(error) => Effect { error: Some(error.to_string()), ..outcome },
            }
        });
        let mut effect = gather(join_all(restarts).await);
        // Whether the kill took effect was shown when it was done.
        effect.effective = None;
        effect
    }

    /// Stops the nodes that run and that no other fault has stopped already.
    pub(super) async fn pause(&self, fault: u64, nodes: &[NodeId]) -> Effect {
        let pauses = nodes.iter().map(|node| async move {
            let dead = self.hold(*node, |holds| !holds.killed_by.is_empty());
            if dead {
                return superseded(*node, "dead by another fault");
            }
            if !self.hold(*node, |holds| first(&mut holds.paused_by, fault)) {
                return superseded(*node, "paused already by another fault");
            }
            done(*node, self.world.cluster.read().await.pause(*node).await)
        });
        gather(join_all(pauses).await)
    }

    /// Continues the nodes that no other fault wants stopped.
    pub(super) async fn resume(&self, fault: u64, nodes: &[NodeId]) -> Effect {
        let resumes = nodes.iter().map(|node| async move {
            if !self.hold(*node, |holds| last(&mut holds.paused_by, fault)) {
                return superseded(*node, "not held by this fault alone");
            }
            match self.world.cluster.read().await.resume(*node).await {
                // A kill in the meantime has ended the pause as well.
                Err(ClusterError::NotRunning { .. }) => superseded(*node, "killed in the meantime"),
                outcome => done(*node, outcome),
            }
        });
        let mut effect = gather(join_all(resumes).await);
        effect.effective = None;
        effect
    }

    fn hold<T>(&self, node: NodeId, change: impl FnOnce(&mut Holds) -> T) -> T {
        change(self.holds.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default())
    }
}

/// Adds a fault to the holders; whether it is the first one.
fn first(holders: &mut BTreeSet<u64>, fault: u64) -> bool {
    holders.insert(fault);
    holders.len() == 1
}

/// Takes a fault from the holders; whether it was the last one.
fn last(holders: &mut BTreeSet<u64>, fault: u64) -> bool {
    holders.remove(&fault) && holders.is_empty()
}

/// Another fault has the node in its hands: nothing was done, and nothing is shown by that.
fn superseded(node: NodeId, why: &str) -> Effect {
    Effect { effective: None, evidence: json!({"node": node, "left_alone": why}), error: None }
}

/// What was seen, or what went wrong.
fn done(node: NodeId, outcome: Result<impl Serialize, ClusterError>) -> Effect {
    match outcome {
        Ok(evidence) => Effect {
            effective: Some(true),
            evidence: serde_json::to_value(evidence).unwrap_or_default(),
            error: None,
        },
        // The target's own death is judged apart; the fault can no longer be done to it.
        Err(error @ ClusterError::NotRunning { .. }) => {
            Effect { error: Some(error.to_string()), ..superseded(node, "does not run") }
        }
        Err(error) => Effect::failed(&error),
    }
}

/// The effects on several nodes as one: it failed if one failed, and took effect if one did.
fn gather(effects: Vec<Effect>) -> Effect {
    let effective = effects.iter().filter_map(|effect| effect.effective).min();
    let errors: Vec<String> = effects.iter().filter_map(|effect| effect.error.clone()).collect();
    Effect {
        effective,
        evidence: Value::from_iter(effects.into_iter().map(|effect| effect.evidence)),
        error: (!errors.is_empty()).then(|| errors.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_among_several_nodes_is_a_failure() {
        let good = Effect { effective: Some(true), ..Effect::default() };
        let none = Effect::default();
        assert_eq!(gather(vec![good.clone(), none.clone()]).effective, Some(true));
        assert_eq!(gather(vec![good, Effect::failed("no")]).effective, Some(false));
        assert_eq!(gather(vec![none]).effective, None);
    }

    #[test]
    fn the_first_holder_acts_and_the_last_one_undoes() {
        let mut holders = BTreeSet::new();
        assert!(first(&mut holders, 1) && !first(&mut holders, 2));
        assert!(!last(&mut holders, 1) && last(&mut holders, 2));
        assert!(!last(&mut holders, 2));
    }
}
