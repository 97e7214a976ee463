//! What could have caused what: Lamport's clocks and vector clocks, from the messages alone.
//!
//! An event happens before another (Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System",
//! 1978) if it comes earlier in the same process, if it sends what the other takes in, or if there is such a
//! chain between them. Vector clocks (Fidge, 1988; Mattern, 1989) say exactly that: a happens before b if and
//! only if V(a) < V(b). A restarted process is taken to know all that it knew before it ended, so what could have
//! been known is an upper bound.

use std::collections::HashMap;

/// What travels between processes, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Signal {
    /// A message between nodes.
    Message(u64),
    /// A client's request.
    Request(u64),
    /// A node's answer.
    Reply(u64),
}

/// An event as far as causes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The process, from 0.
    pub lane: usize,
    /// What leaves with it.
    pub leaves: Option<Signal>,
    /// What is taken in with it.
    pub takes: Option<Signal>,
}

/// The clocks of events, in the order of the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clocks {
    lanes: usize,
    lamport: Vec<u32>,
    /// One row an event, one number a process.
    vectors: Vec<u32>,
}

impl Clocks {
    /// The clocks of events that stand in an order in which nothing is taken in before it leaves. What is taken
    /// in and never left (the trace was cut) tells its receiver nothing; what leaves twice is taken from the first.
    pub(super) fn of(lanes: usize, steps: &[Step]) -> Self {
        let mut clocks =
            Clocks { lanes, lamport: Vec::with_capacity(steps.len()), vectors: vec![0; lanes * steps.len()] };
        let mut latest: Vec<Option<usize>> = vec![None; lanes];
        let mut sources: HashMap<Signal, usize> = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            let source = step.takes.and_then(|signal| sources.get(&signal).copied());
            let mut lamport = 0;
            for cause in [latest[step.lane], source].into_iter().flatten() {
                lamport = lamport.max(clocks.lamport[cause]);
                clocks.learn(at, cause);
            }
            clocks.lamport.push(lamport + 1);
            clocks.vectors[at * lanes + step.lane] += 1;
            latest[step.lane] = Some(at);
            if let Some(signal) = step.leaves {
                sources.entry(signal).or_insert(at);
            }
        }
        clocks
    }

    /// The event knows what the other knew.
    fn learn(&mut self, at: usize, cause: usize) {
        let (known, rest) = self.vectors.split_at_mut(at * self.lanes);
        let cause = &known[cause * self.lanes..][..self.lanes];
        for (own, theirs) in rest[..self.lanes].iter_mut().zip(cause) {
            *own = (*own).max(*theirs);
        }
    }

    /// The event's Lamport clock: one more than the greatest among its causes, from 1.
    pub(super) fn lamport(&self, event: usize) -> u32 {
        self.lamport[event]
    }

    /// The event's vector clock: how many events of each process are in its past, itself among them.
    pub(super) fn vector(&self, event: usize) -> &[u32] {
        &self.vectors[event * self.lanes..][..self.lanes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// V(a) < V(b): nowhere greater, and somewhere less.
    fn is_less(a: &[u32], b: &[u32]) -> bool {
        a != b && a.iter().zip(b).all(|(a, b)| a <= b)
    }

    /// Reachability over the edges of the definition, by trying all ways.
    fn reaches(steps: &[Step]) -> impl Fn(usize, usize) -> bool {
        let count = steps.len();
        let mut reach = vec![vec![false; count]; count];
        for b in 0..count {
            for a in 0..b {
                let first = |s: Signal| steps.iter().position(|step| step.leaves == Some(s));
                let carried = steps[b].takes.is_some_and(|signal| first(signal) == Some(a));
                reach[a][b] = steps[a].lane == steps[b].lane || carried;
            }
        }
        for via in 0..count {
            for a in 0..count {
                for b in 0..count {
                    reach[a][b] |= reach[a][via] && reach[via][b];
                }
            }
        }
        move |a, b| reach[a][b]
    }

    /// Small traces: each event stands in some process, and some send and take in signals with few numbers, so
    /// that messages are doubled, lost, and taken in without having left.
    fn traces() -> impl Strategy<Value = Vec<Step>> {
        let signal = || {
            prop_oneof![
                2 => Just(None),
                4 => (0_u64..6).prop_map(|n| Some(Signal::Message(n))),
                1 => (0_u64..6).prop_map(|n| Some(Signal::Request(n))),
            ]
        };
        let step = (0_usize..4, signal(), signal()).prop_map(|(lane, leaves, takes)| {
            // An event that takes in what it sends would be its own cause.
            let takes = takes.filter(|takes| leaves != Some(*takes));
            Step { lane, leaves, takes }
        });
        prop::collection::vec(step, 0..24)
    }

    proptest! {
        #[test]
        fn vector_clocks_say_exactly_what_happened_before_what(steps in traces()) {
            let clocks = Clocks::of(4, &steps);
            let reach = reaches(&steps);
            for a in 0..steps.len() {
                for b in 0..steps.len() {
                    let before = is_less(clocks.vector(a), clocks.vector(b));
                    prop_assert_eq!(before, reach(a, b), "{} and {} of {:?}", a, b, steps);
                }
            }
        }

        #[test]
        fn what_happens_before_has_the_lesser_lamport_clock(steps in traces()) {
            let clocks = Clocks::of(4, &steps);
            let reach = reaches(&steps);
            for b in 0..steps.len() {
                let causes = (0..b).filter(|a| reach(*a, b));
                let greatest = causes.map(|a| clocks.lamport(a)).max();
                prop_assert_eq!(clocks.lamport(b), greatest.unwrap_or(0) + 1);
            }
        }

        #[test]
        fn a_vector_counts_the_past(steps in traces()) {
            let clocks = Clocks::of(4, &steps);
            let reach = reaches(&steps);
            for b in 0..steps.len() {
                for lane in 0..4 {
                    let past = (0..=b).filter(|a| steps[*a].lane == lane && (*a == b || reach(*a, b)));
                    prop_assert_eq!(clocks.vector(b)[lane] as usize, past.count());
                }
            }
        }
    }

    #[test]
    fn the_example_of_three_processes() {
        let step = |lane, leaves, takes| Step { lane, leaves, takes };
        let (one, two) = (Some(Signal::Message(1)), Some(Signal::Message(2)));
        let steps = [
            step(0, one, None),
            step(1, None, None),
            step(1, None, one),
            step(1, two, None),
            step(2, None, None),
            step(2, None, two),
        ];
        let clocks = Clocks::of(3, &steps);
        assert_eq!(clocks.vector(3), [1, 3, 0]);
        assert_eq!(clocks.vector(5), [1, 3, 2]);
        assert_eq!([3, 5].map(|event| clocks.lamport(event)), [3, 4]);
        assert!(!is_less(clocks.vector(0), clocks.vector(4)) && !is_less(clocks.vector(4), clocks.vector(0)));
    }
}
