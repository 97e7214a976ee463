//! The links that each shape of partition cuts.

use ordalia_node::NodeId;

use crate::dice::Dice;
use crate::{Link, PartitionShape};

/// Every link from the one group to the other, in order.
pub(crate) fn one_way(from: &[NodeId], to: &[NodeId]) -> Vec<Link> {
    let mut links: Vec<Link> =
        from.iter().flat_map(|from| to.iter().map(|to| Link { from: *from, to: *to })).collect();
    links.sort_unstable();
    links
}

/// Every link between two groups, in both directions, in order.
pub(crate) fn both_ways(a: &[NodeId], b: &[NodeId]) -> Vec<Link> {
    let mut links = [one_way(a, b), one_way(b, a)].concat();
    links.sort_unstable();
    links
}

/// All links among these nodes, in order.
pub(crate) fn all_links(nodes: &[NodeId]) -> Vec<Link> {
    let mut links = one_way(nodes, nodes);
    links.retain(|link| link.from != link.to);
    links
}

impl PartitionShape {
    /// The fewest nodes that it can be made of. With two nodes only a cut between them is left, and a bridge
    /// or a ring of majorities needs a third.
    pub fn min_nodes(self) -> u16 {
        match self {
            PartitionShape::Halves
            | PartitionShape::One
            | PartitionShape::OneWay
            | PartitionShape::Leader => 2,
            PartitionShape::Majority
            | PartitionShape::Minority
            | PartitionShape::MajoritiesRing
            | PartitionShape::Bridge
            | PartitionShape::Star => 3,
        }
    }

    /// Links that make up the shape among these nodes, which are at least [`PartitionShape::min_nodes`];
    /// none for [`PartitionShape::Leader`], which is resolved on firing.
    pub(crate) fn cut(self, nodes: &[NodeId], dice: &mut Dice) -> Vec<Link> {
        let order = dice.shuffled(nodes);
        let count = order.len();
        let split = |at: usize| both_ways(&order[..at], &order[at..]);
        match self {
            PartitionShape::Halves => split(count / 2),
            PartitionShape::One => split(1),
            PartitionShape::Majority => split(count / 2 + 1),
            PartitionShape::Minority => split(dice.between(1, (count as u64 - 1) / 2) as usize),
            PartitionShape::MajoritiesRing => majorities_ring(&order),
            PartitionShape::Bridge => bridge(&order),
            PartitionShape::OneWay => one_way_cut(&order, dice),
            PartitionShape::Star => all_links(&order[1..]),
            PartitionShape::Leader => Vec::new(),
        }
    }
}

/// Puts the nodes in a ring and lets each see only as many neighbours on either side as make up a majority
/// with itself.
///
/// Where that comes to everyone (three nodes), a chain does: its ends and its middle see three majorities.
fn majorities_ring(ring: &[NodeId]) -> Vec<Link> {
    let count = ring.len();
    let reach = (count / 2).div_ceil(2);
    if 2 * reach + 1 >= count {
        return both_ways(&ring[..1], &ring[count - 1..]);
    }
    let mut links = all_links(ring);
    let place = |node: NodeId| ring.iter().position(|at| *at == node).unwrap_or_default();
    links.retain(|link| {
        let apart = place(link.from).abs_diff(place(link.to));
        apart.min(count - apart) > reach
    });
    links
}

/// Cuts two halves from each other, but not from the last node, which sees both.
fn bridge(order: &[NodeId]) -> Vec<Link> {
    let (halves, _) = order.split_at(order.len() - 1);
    both_ways(&halves[..halves.len() / 2], &halves[halves.len() / 2..])
}

/// Cuts what one node sends, or what it hears, or one half from the other, in one direction.
fn one_way_cut(order: &[NodeId], dice: &mut Dice) -> Vec<Link> {
    match dice.between(0, 2) {
        0 => one_way(&order[..1], &order[1..]),
        1 => one_way(&order[1..], &order[..1]),
        _ => one_way(&order[..order.len() / 2], &order[order.len() / 2..]),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whom each node exchanges messages with in both directions, itself among them.
    fn views(nodes: &[NodeId], cut: &[Link]) -> Vec<BTreeSet<NodeId>> {
        let open = |a: NodeId, b: NodeId| !cut.contains(&Link { from: a, to: b });
        let sees = |a: NodeId| nodes.iter().copied().filter(move |b| open(a, *b) && open(*b, a)).collect();
        nodes.iter().map(|node| sees(*node)).collect()
    }

    fn cuts(shape: PartitionShape) -> impl Iterator<Item = (Vec<NodeId>, Vec<Link>)> {
        (shape.min_nodes()..=9).flat_map(move |count| {
            (0..20).map(move |seed| {
                let nodes = NodeId::all(count);
                let links = shape.cut(&nodes, &mut Dice::new(seed, 0));
                (nodes, links)
            })
        })
    }

    /// The sizes of the two sides of a clean split.
    fn sides(nodes: &[NodeId], cut: &[Link]) -> (usize, usize) {
        let views: BTreeSet<_> = views(nodes, cut).into_iter().collect();
        let sizes: Vec<usize> = views.iter().map(BTreeSet::len).collect();
        assert_eq!(sizes.len(), 2, "{cut:?}");
        assert_eq!(sizes[0] + sizes[1], nodes.len());
        (sizes[0].min(sizes[1]), sizes[0].max(sizes[1]))
    }

    #[test]
    fn clean_splits_have_the_sides_that_their_names_promise() {
        for (nodes, cut) in cuts(PartitionShape::Halves) {
            assert_eq!(sides(&nodes, &cut).0, nodes.len() / 2);
        }
        for (nodes, cut) in cuts(PartitionShape::One) {
            assert_eq!(sides(&nodes, &cut).0, 1);
        }
        for (nodes, cut) in cuts(PartitionShape::Majority) {
            assert_eq!(sides(&nodes, &cut).1, nodes.len() / 2 + 1);
        }
        for (nodes, cut) in cuts(PartitionShape::Minority) {
            assert!(sides(&nodes, &cut).0 <= (nodes.len() - 1) / 2);
        }
    }

    #[test]
    fn in_a_majorities_ring_each_sees_a_majority_and_no_two_the_same() {
        for (nodes, cut) in cuts(PartitionShape::MajoritiesRing) {
            let views = views(&nodes, &cut);
            assert!(!cut.is_empty());
            assert!(views.iter().all(|view| view.len() > nodes.len() / 2), "{cut:?}");
            let different: BTreeSet<_> = views.iter().collect();
            assert_eq!(different.len(), nodes.len(), "{cut:?}");
        }
    }

    #[test]
    fn over_a_bridge_one_node_sees_all_and_the_halves_only_themselves() {
        for (nodes, cut) in cuts(PartitionShape::Bridge) {
            let views = views(&nodes, &cut);
            let bridges = views.iter().filter(|view| view.len() == nodes.len()).count();
            assert_eq!(bridges, 1, "{cut:?}");
            let different: BTreeSet<_> = views.iter().collect();
            assert_eq!(different.len(), 3, "{cut:?}");
            let sizes: BTreeSet<usize> = views.iter().map(BTreeSet::len).collect();
            let half = (nodes.len() - 1) / 2;
            assert!(sizes.contains(&(half + 1)), "{cut:?}");
        }
    }

    #[test]
    fn a_one_way_cut_leaves_every_way_back_open() {
        for (_, cut) in cuts(PartitionShape::OneWay) {
            assert!(!cut.is_empty());
            for link in &cut {
                assert!(!cut.contains(&Link { from: link.to, to: link.from }), "{cut:?}");
            }
        }
    }

    #[test]
    fn in_a_star_one_node_sees_all_and_the_others_only_it() {
        for (nodes, cut) in cuts(PartitionShape::Star) {
            let mut sizes: Vec<usize> = views(&nodes, &cut).iter().map(BTreeSet::len).collect();
            sizes.sort_unstable();
            assert_eq!(sizes.pop(), Some(nodes.len()), "{cut:?}");
            assert!(sizes.iter().all(|size| *size == 2), "{cut:?}");
        }
    }

    #[test]
    fn links_are_in_order_and_join_different_nodes() {
        for shape in PartitionShape::ALL {
            for (_, cut) in cuts(shape) {
                assert!(cut.is_sorted_by(|a, b| a < b), "{cut:?}");
                assert!(cut.iter().all(|link| link.from != link.to));
            }
        }
    }
}
