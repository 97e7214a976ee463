//! Short names of faults for a person.

use std::collections::BTreeSet;

use ordalia_node::NodeId;

use crate::shape::{all_links, both_ways, one_way};
use crate::{DiskIll, Fault, Injection, Link, PartitionShape, Role, Targets};

impl Fault {
    /// What the fault does, in a few words: `kill n2 n3`, `kill leader (n2)`,
    /// `partition halves: n1 n4 | n2 n3 n5`, `loss 20% all links`. The node that a role came to is named
    /// once it is resolved.
    pub fn label(&self, resolved: Option<&Injection>) -> String {
        let kind = self.kind();
        match self {
            Fault::Kill { targets } | Fault::Pause { targets } => {
                format!("{kind} {}", targets_label(targets, resolved))
            }
            Fault::Partition { shape, links, .. } => partition_label(*shape, links, resolved),
            Fault::Delay { links, delay_ms, jitter_ms: 0 } => {
                format!("{kind} {delay_ms} ms {}", links_label(links))
            }
            Fault::Delay { links, delay_ms, jitter_ms } => {
                let most = delay_ms.saturating_add(*jitter_ms);
                format!("{kind} {delay_ms}–{most} ms {}", links_label(links))
            }
            Fault::Loss { links, probability }
            | Fault::Duplicate { links, probability }
            | Fault::Reorder { links, probability } => {
                format!("{kind} {}% {}", (probability * 1000.0).round() / 10.0, links_label(links))
            }
            Fault::Bandwidth { links, bytes_per_s } => {
                format!("{kind} {bytes_per_s} B/s {}", links_label(links))
            }
            Fault::Clock { targets, jump_ms, drift_ppm } => {
                format!("clock of {} {}", targets_label(targets, resolved), clock_label(*jump_ms, *drift_ppm))
            }
            Fault::Disk { targets, ill } => {
                format!("disk of {} {}", targets_label(targets, resolved), ill_label(*ill))
            }
        }
    }
}

/// `runs 5% fast and jumps 300 ms ahead`, or what of it there is.
fn clock_label(jump_ms: u64, drift_ppm: i64) -> String {
    let percent = drift_ppm.unsigned_abs() as f64 / 10_000.0;
    let pace = if drift_ppm > 0 { "fast" } else { "slow" };
    match (jump_ms, drift_ppm) {
        (0, _) => format!("runs {percent}% {pace}"),
        (_, 0) => format!("jumps {jump_ms} ms ahead"),
        _ => format!("runs {percent}% {pace} and jumps {jump_ms} ms ahead"),
    }
}

fn ill_label(ill: DiskIll) -> String {
    match ill {
        DiskIll::Slow { delay_ms } => format!("takes {delay_ms} ms more for each write"),
        DiskIll::Full => "is full".to_owned(),
        DiskIll::Flip => "has a bit flipped".to_owned(),
    }
}

/// Names in a row.
fn names(nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
    names.join(" ")
}

/// `n2 n3`, `leader` or `leader (n2)`.
fn targets_label(targets: &Targets, resolved: Option<&Injection>) -> String {
    let role = match targets {
        Targets::Nodes(nodes) => return names(nodes),
        Targets::Role(Role::Leader) => "leader",
        Targets::Role(Role::Witness) => "witness",
    };
    match resolved.and_then(Injection::nodes) {
        Some(nodes) => format!("{role} ({})", names(nodes)),
        None => role.to_owned(),
    }
}

impl Injection {
    /// The nodes that it hits; `None` if it hits links.
    pub fn nodes(&self) -> Option<&[NodeId]> {
        match self {
            Injection::Kill(nodes)
            | Injection::Pause(nodes)
            | Injection::Clock { nodes, .. }
            | Injection::Disk { nodes, .. } => Some(nodes),
            Injection::Links { .. } => None,
        }
    }
}

/// A partition by its shape and its sides.
fn partition_label(shape: PartitionShape, links: &[Link], resolved: Option<&Injection>) -> String {
    let cut = match resolved {
        Some(Injection::Links { links, .. }) => links,
        _ => links,
    };
    match shape {
        PartitionShape::Leader if cut.is_empty() => "partition leader".to_owned(),
        PartitionShape::Leader => match center(cut) {
            Some(leader) => format!("partition leader ({leader})"),
            None => format!("partition leader: {}", sides_label(cut)),
        },
        _ => format!("partition {shape}: {}", sides_label(cut)),
    }
}

/// The sides of a cut: `n1 n2 | n3 n4 n5` both ways, `n1 -x-> n2 n3` one way, or the pairs that are cut.
fn sides_label(cut: &[Link]) -> String {
    let nodes = mentioned(cut);
    let Some(first) = cut.first() else { return "nothing".to_owned() };
    let sorted: BTreeSet<Link> = cut.iter().copied().collect();
    let same = |links: Vec<Link>| links.into_iter().collect::<BTreeSet<Link>>() == sorted;
    let reached = |from: NodeId| sorted.iter().filter(move |link| link.from == from).map(|link| link.to);
    let far: Vec<NodeId> = reached(first.from).collect();
    let near: Vec<NodeId> = nodes.iter().copied().filter(|node| !far.contains(node)).collect();
    if same(both_ways(&near, &far)) {
        return format!("{} | {}", names(&near), names(&far));
    }
    if same(one_way(&near, &far)) {
        return format!("{} -x-> {}", names(&near), names(&far));
    }
    pairs_label(&sorted)
}

/// Pairs of nodes: `n1|n3` where both directions are cut, `n1→n3` where one is.
fn pairs_label(cut: &BTreeSet<Link>) -> String {
    let back = |link: &Link| Link { from: link.to, to: link.from };
    let shown = cut.iter().filter_map(|link| match cut.contains(&back(link)) {
        true if link.from < link.to => Some(format!("{}|{}", link.from, link.to)),
        true => None,
        false => Some(link.to_string()),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// `all links`, `links of n3`, or the pairs.
fn links_label(links: &[Link]) -> String {
    let nodes = mentioned(links);
    let sorted: BTreeSet<Link> = links.iter().copied().collect();
    let whole = nodes.iter().zip(1..).all(|(node, number)| node.number() == number);
    if whole && sorted.iter().copied().eq(all_links(&nodes)) {
        return "all links".to_owned();
    }
    match center(links) {
        Some(node) => format!("links of {node}"),
        None => pairs_label(&sorted),
    }
}

/// The nodes at either end of the links, in order.
fn mentioned(links: &[Link]) -> Vec<NodeId> {
    let nodes: BTreeSet<NodeId> = links.iter().flat_map(|link| [link.from, link.to]).collect();
    nodes.into_iter().collect()
}

/// The one node whose links in both directions these are. Of two nodes, neither is.
fn center(links: &[Link]) -> Option<NodeId> {
    let nodes = mentioned(links);
    if nodes.len() < 3 {
        return None;
    }
    let sorted: BTreeSet<Link> = links.iter().copied().collect();
    nodes.iter().copied().find(|node| {
        let others: Vec<NodeId> = nodes.iter().copied().filter(|other| other != node).collect();
        sorted.iter().copied().eq(both_ways(&[*node], &others))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CutMode, Roles};

    fn node(number: u16) -> NodeId {
        NodeId::new(number)
    }

    fn roles(leader: NodeId) -> Roles {
        Roles { leader: Some(leader), witness: None }
    }

    fn partition(shape: PartitionShape, links: Vec<Link>) -> String {
        Fault::Partition { shape, links, mode: CutMode::Drop }.label(None)
    }

    #[test]
    fn process_faults_name_their_nodes() {
        let kill = Fault::Kill { targets: Targets::Nodes(vec![node(2), node(3)]) };
        assert_eq!(kill.label(None), "kill n2 n3");
        let leader = Fault::Pause { targets: Targets::Role(Role::Leader) };
        assert_eq!(leader.label(None), "pause leader");
        let resolved = leader.resolve(&roles(node(2)), &NodeId::all(3));
        assert_eq!(leader.label(resolved.as_ref()), "pause leader (n2)");
    }

    #[test]
    fn partitions_name_their_sides() {
        let (a, b) = ([node(2), node(3), node(5)], [node(1), node(4)]);
        assert_eq!(
            partition(PartitionShape::Halves, both_ways(&a, &b)),
            "partition halves: n1 n4 | n2 n3 n5"
        );
        assert_eq!(
            partition(PartitionShape::OneWay, one_way(&a, &b)),
            "partition one-way: n2 n3 n5 -x-> n1 n4"
        );
        let ring = [both_ways(&a[..1], &b), both_ways(&a[1..2], &a[2..])].concat();
        assert_eq!(
            partition(PartitionShape::MajoritiesRing, ring),
            "partition majorities-ring: n1|n2 n2|n4 n3|n5"
        );
    }

    #[test]
    fn a_leader_partition_names_the_leader_once_known() {
        let fault = Fault::Partition { shape: PartitionShape::Leader, links: vec![], mode: CutMode::Drop };
        assert_eq!(fault.label(None), "partition leader");
        let resolved = fault.resolve(&roles(node(3)), &NodeId::all(5));
        assert_eq!(fault.label(resolved.as_ref()), "partition leader (n3)");
    }

    #[test]
    fn clocks_and_disks_say_what_is_wrong_with_them() {
        let clock = |jump_ms, drift_ppm| {
            Fault::Clock { targets: Targets::Nodes(vec![node(2)]), jump_ms, drift_ppm }.label(None)
        };
        assert_eq!(clock(300, 50_000), "clock of n2 runs 5% fast and jumps 300 ms ahead");
        assert_eq!(clock(0, -12_500), "clock of n2 runs 1.25% slow");
        assert_eq!(clock(7, 0), "clock of n2 jumps 7 ms ahead");
        let disk = |ill| Fault::Disk { targets: Targets::Role(Role::Leader), ill };
        let slow = disk(DiskIll::Slow { delay_ms: 40 });
        assert_eq!(slow.label(None), "disk of leader takes 40 ms more for each write");
        let resolved = slow.resolve(&roles(node(3)), &NodeId::all(3));
        assert_eq!(slow.label(resolved.as_ref()), "disk of leader (n3) takes 40 ms more for each write");
        assert_eq!(disk(DiskIll::Full).label(None), "disk of leader is full");
        assert_eq!(disk(DiskIll::Flip).label(None), "disk of leader has a bit flipped");
    }

    #[test]
    fn link_faults_name_their_links() {
        let all = all_links(&NodeId::all(5));
        let loss = Fault::Loss { links: all.clone(), probability: 0.2 };
        assert_eq!(loss.label(None), "loss 20% all links");
        let delay = Fault::Delay { links: all, delay_ms: 20, jitter_ms: 30 };
        assert_eq!(delay.label(None), "delay 20–50 ms all links");
        let star = both_ways(&[node(2)], &[node(1), node(3), node(4)]);
        let slow = Fault::Bandwidth { links: star, bytes_per_s: 4000 };
        assert_eq!(slow.label(None), "bandwidth 4000 B/s links of n2");
        let odd = Fault::Reorder { links: one_way(&[node(1)], &[node(4)]), probability: 0.125 };
        assert_eq!(odd.label(None), "reorder 12.5% n1→n4");
    }
}
