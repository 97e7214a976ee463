//! Makes the cluster whole after the faults, and sees that it is.

use std::collections::BTreeMap;
use std::time::Instant;

use ordalia_node::NodeId;
use ordalia_record::HealInfo;
use tokio::time::sleep;

use crate::world::{LOOK_AGAIN, World};
use crate::{RunError, TestSettings};

/// Joins all links, continues and starts all nodes, and waits until every node answers, all agree on
/// their leader and every link has carried something again.
pub(crate) async fn heal(world: &World<'_>) -> Result<HealInfo, RunError> {
    let begun = Instant::now();
    if let Some(network) = &world.network {
        network.heal();
    }
    let carried = delivered(world);
    revive(world).await?;
    loop {
        let problems = problems(world, &carried).await;
        if problems.is_empty() || begun.elapsed() > TestSettings::HEAL_LIMIT {
            let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            return Ok(HealInfo { took_ms, problems });
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Continues the nodes that run, and starts those that do not, be it by a fault or by their own fault.
async fn revive(world: &World<'_>) -> Result<(), RunError> {
    for node in &world.nodes {
        let alive = world.cluster.read().await.is_alive(*node);
        if alive {
            world.cluster.read().await.resume(*node).await?;
        } else {
            world.cluster.write().await.start(*node).await?;
        }
    }
    Ok(())
}

/// What is not whole just now.
async fn problems(world: &World<'_>, carried: &BTreeMap<(NodeId, NodeId), u64>) -> Vec<String> {
    let mut problems = Vec::new();
    for node in &world.nodes {
        if let Err(why) = world.is_ready(*node).await {
            problems.push(format!("{node} is not ready: {why}"));
        }
    }
    if !world.sight().await.settled() {
        problems.push("the nodes do not agree on a leader".to_owned());
    }
    let now = delivered(world);
    let idle = carried.iter().filter(|(link, before)| now.get(*link) <= Some(*before));
    problems.extend(idle.map(|((from, to), _)| format!("the link {from}→{to} carries nothing")));
    problems
}

/// How many messages each link has carried.
fn delivered(world: &World<'_>) -> BTreeMap<(NodeId, NodeId), u64> {
    let Some(network) = &world.network else { return BTreeMap::new() };
    let count = |(from, to)| Some(((from, to), network.counters(from, to).ok()?.delivered_messages));
    network.links().into_iter().filter_map(count).collect()
}
