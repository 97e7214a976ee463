//! Faults of links: rules of the proxies, with the links' counters as evidence.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ordalia_proxy::{LinkCounters, Mode, Network, ProxyError, Rule};
use ordalia_schedule::{CutMode, Link, LinkChange, LinkState, compose};
use serde_json::{Value, json};

use super::Effect;

/// What one fault changed on one link, with the counters as they were then.
#[derive(Clone, Copy, Debug)]
struct Change {
    change: LinkChange,
    before: LinkCounters,
}

/// The hurting of links.
pub(super) struct Links<'a> {
    network: Option<&'a Network>,
    changes: Mutex<BTreeMap<Link, BTreeMap<u64, Change>>>,
}

impl<'a> Links<'a> {
    pub(super) fn new(network: Option<&'a Network>) -> Self {
        Self { network, changes: Mutex::default() }
    }

    /// Adds a change to the links. The rule is in force when this returns; whether it had effect is seen
    /// when it ends.
    pub(super) fn change(&self, fault: u64, links: &[Link], change: LinkChange) -> Effect {
        let Some(network) = self.network else { return Effect::failed("there are no proxies in this test") };
        let links = existing(network, links);
        let mut changes = self.lock();
        for link in &links {
            let before = network.counters(link.from, link.to).unwrap_or_default();
            changes.entry(*link).or_default().insert(fault, Change { change, before });
            if let Err(error) = apply(network, *link, &changes) {
                return Effect::failed(&error);
            }
            // What was on its way when the rule came into force is none of its doing.
            let before = network.counters(link.from, link.to).unwrap_or_default();
            changes.entry(*link).or_default().insert(fault, Change { change, before });
        }
        Effect { evidence: json!({"links": links.len(), "rule": change}), ..Effect::default() }
    }

    /// Takes the change back, and reads from the counters whether it took effect.
    pub(super) fn restore(&self, fault: u64, links: &[Link], change: LinkChange) -> Effect {
        let Some(network) = self.network else { return Effect::failed("there are no proxies in this test") };
        let mut changes = self.lock();
        let mut seen = Vec::new();
        for link in &existing(network, links) {
            let after = network.counters(link.from, link.to).unwrap_or_default();
            if let Some(begun) = changes.entry(*link).or_default().remove(&fault) {
                seen.push((*link, begun.before, after));
            }
            if let Err(error) = apply(network, *link, &changes) {
                return Effect::failed(&error);
            }
        }
        if seen.is_empty() {
            // It was aimed at nodes that never speak to each other.
            return Effect::default();
        }
        witness(change, &seen)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Link, BTreeMap<u64, Change>>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The links of a list that there are: nodes that never speak to each other have none.
fn existing(network: &Network, links: &[Link]) -> Vec<Link> {
    links.iter().copied().filter(|link| network.counters(link.from, link.to).is_ok()).collect()
}

/// Puts in force on a link what all faults together want of it.
fn apply(
    network: &Network,
    link: Link,
    changes: &BTreeMap<Link, BTreeMap<u64, Change>>,
) -> Result<(), ProxyError> {
    let wanted: Vec<LinkChange> =
        changes.get(&link).into_iter().flat_map(BTreeMap::values).map(|change| change.change).collect();
    network.set_rule(link.from, link.to, rule(&compose(&wanted)))
}

/// The proxy's rule for the state of a link.
fn rule(state: &LinkState) -> Rule {
    Rule {
        mode: match state.cut {
            None => Mode::Pass,
            Some(CutMode::Drop) => Mode::Drop,
            Some(CutMode::Reject) => Mode::Reject,
        },
        delay: Duration::from_millis(state.delay_ms),
        jitter: Duration::from_millis(state.jitter_ms),
        loss: state.loss,
        duplicate: state.duplicate,
        reorder: state.reorder,
        bandwidth: state.bandwidth,
    }
}

/// What the counters of the links show of a change. A cut took effect if none of its links carried
/// anything; a loss, if some message was lost; and so on. Where nothing was sent, nothing is shown.
fn witness(change: LinkChange, seen: &[(Link, LinkCounters, LinkCounters)]) -> Effect {
    let grown = |counter: fn(&LinkCounters) -> u64| -> u64 {
        seen.iter().map(|(_, before, after)| counter(after).saturating_sub(counter(before))).sum()
    };
    let delivered = grown(|counters| counters.delivered_messages);
    let offered = grown(|counters| counters.offered_messages);
    let (name, effective) = match change {
        LinkChange::Cut(_) => ("cut", Some(delivered == 0)),
        LinkChange::Loss(_) => ("lost", shown(grown(|counters| counters.dropped_messages), offered)),
        LinkChange::Duplicate(_) => {
            ("doubled", shown(grown(|counters| counters.duplicated_messages), offered))
        }
        LinkChange::Reorder(_) => {
            ("overtaken", shown(grown(|counters| counters.reordered_messages), offered))
        }
        LinkChange::Delay { .. } | LinkChange::Bandwidth(_) => ("shaped", shown(offered, offered)),
    };
    let per_link = seen.iter().map(|(link, before, after)| {
        json!({
            "link": link.to_string(),
            "delivered_before": before.delivered_messages,
            "delivered_after": after.delivered_messages,
            "dropped": after.dropped_messages.saturating_sub(before.dropped_messages),
            "duplicated": after.duplicated_messages.saturating_sub(before.duplicated_messages),
            "reordered": after.reordered_messages.saturating_sub(before.reordered_messages),
        })
    });
    let evidence = json!({
        "kind": name, "delivered": delivered, "offered": offered, "links": Value::from_iter(per_link),
    });
    Effect { effective, evidence, error: None }
}

/// Whether something happened, where it could have: with few messages chance may have spared all.
fn shown(happened: u64, offered: u64) -> Option<bool> {
    const ENOUGH: u64 = 200;
    match happened {
        0 if offered < ENOUGH => None,
        0 => Some(false),
        _ => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_node::NodeId;

    fn seen(before: u64, after: u64) -> Vec<(Link, LinkCounters, LinkCounters)> {
        let counters = |delivered_messages| LinkCounters { delivered_messages, ..LinkCounters::default() };
        vec![(Link { from: NodeId::new(1), to: NodeId::new(2) }, counters(before), counters(after))]
    }

    #[test]
    fn a_cut_that_lets_something_through_had_no_effect() {
        let cut = LinkChange::Cut(CutMode::Drop);
        assert_eq!(witness(cut, &seen(7, 7)).effective, Some(true));
        assert_eq!(witness(cut, &seen(7, 8)).effective, Some(false));
    }

    #[test]
    fn a_loss_without_traffic_shows_nothing() {
        assert_eq!(witness(LinkChange::Loss(0.5), &seen(7, 7)).effective, None);
        assert_eq!(shown(0, 1000), Some(false));
        assert_eq!(shown(3, 10), Some(true));
    }
}
