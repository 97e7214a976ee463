//! One fault in the place of two.

use ordalia_schedule::{Fault, Targets, TimedFault};

/// The first alone, in force whenever one of the two was; none where one waits for something.
pub(super) fn taken_over(a: &TimedFault, b: &TimedFault) -> Option<TimedFault> {
    (a.upon.is_none() && b.upon.is_none()).then(|| spanning(a, b, a.fault.clone()))
}

/// A fault that does at least what the two do, from the beginning of the first to the end of the last; none where
/// they are of different kinds, or wait for something.
pub(super) fn merged(a: &TimedFault, b: &TimedFault) -> Option<TimedFault> {
    if a.upon.is_some() || b.upon.is_some() {
        return None;
    }
    Some(spanning(a, b, both(&a.fault, &b.fault)?))
}

fn spanning(a: &TimedFault, b: &TimedFault, fault: Fault) -> TimedFault {
    let at_ms = a.at_ms.min(b.at_ms);
    let end_ms = (a.at_ms.saturating_add(a.for_ms)).max(b.at_ms.saturating_add(b.for_ms));
    TimedFault { at_ms, for_ms: end_ms - at_ms, fault, ..a.clone() }
}

fn both(a: &Fault, b: &Fault) -> Option<Fault> {
    match (a, b) {
        (
            Fault::Partition { shape, links, mode },
            Fault::Partition { links: others, mode: other_mode, .. },
        ) if mode == other_mode && !links.is_empty() && !others.is_empty() => {
            Some(Fault::Partition { shape: *shape, links: union(links, others), mode: *mode })
        }
        (Fault::Kill { targets }, Fault::Kill { targets: others }) => {
            Some(Fault::Kill { targets: all(targets, others)? })
        }
        (Fault::Pause { targets }, Fault::Pause { targets: others }) => {
            Some(Fault::Pause { targets: all(targets, others)? })
        }
        _ => None,
    }
}

fn all(a: &Targets, b: &Targets) -> Option<Targets> {
    match (a, b) {
        (Targets::Nodes(a), Targets::Nodes(b)) => Some(Targets::Nodes(union(a, b))),
        _ => None,
    }
}

fn union<T: Copy + Ord>(a: &[T], b: &[T]) -> Vec<T> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_node::NodeId;
    use ordalia_schedule::Role;

    fn kill(nodes: &[u16], at_ms: u64, for_ms: u64) -> TimedFault {
        let nodes = nodes.iter().copied().map(NodeId::new).collect();
        TimedFault::new(at_ms, for_ms, Fault::Kill { targets: Targets::Nodes(nodes) })
    }

    #[test]
    fn two_of_a_kind_become_one_that_does_both() {
        let one = merged(&kill(&[1, 3], 100, 50), &kill(&[2, 3], 120, 400)).unwrap();
        assert_eq!((one.at_ms, one.for_ms), (100, 420));
        assert_eq!(one.fault, kill(&[1, 2, 3], 0, 1).fault);
    }

    #[test]
    fn what_differs_or_is_resolved_later_stays_two() {
        let leader = TimedFault::new(0, 1, Fault::Kill { targets: Targets::Role(Role::Leader) });
        assert_eq!(merged(&kill(&[1], 0, 1), &leader), None);
        let pause = TimedFault::new(0, 1, Fault::Pause { targets: Targets::Nodes(vec![NodeId::new(1)]) });
        assert_eq!(merged(&kill(&[1], 0, 1), &pause), None);
        let longer = taken_over(&kill(&[1], 5, 1), &pause).unwrap();
        assert_eq!((longer.at_ms, longer.for_ms, longer.fault), (0, 6, kill(&[1], 0, 1).fault));
    }
}
