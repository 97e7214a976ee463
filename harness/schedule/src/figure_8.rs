//! Figure 8 of the Raft paper (§5.4.2), staged.
//!
//! An entry of an older term that a majority holds is not safe: a leader that counts it as committed may see
//! it overwritten. For that to happen
//! 1. a leader, the *elder*, hands an entry to too few nodes, its *keepers*, and is cut off;
//! 2. a *rival* is elected in the next term by those that never saw the entry, appends one of its own, and
//!    is cut off before any of its electors that matter has it;
//! 3. the elder is elected again, by its keepers and by *converts* who then take the entry over: now a
//!    majority holds it. But a leader has more to send: what clients ask of it meanwhile is of its new term,
//!    and the keepers must not get that, or they are lost to the rival;
//! 4. the rival is elected by keepers and *bystanders*, since its last entry is of a later term than theirs,
//!    and overwrites the entry on all of them.
//!
//! Who is elected is left to no chance: in each stage only the one in the middle of a star sees a majority.
//! What must happen between an election and the first entry of the new leader hangs on that election, and
//! delays hold the door open for it. Stages last as long as elections take at their slowest with time-outs
//! of 300 to 600 ms.

use ordalia_node::NodeId;

use crate::script::Script;
use crate::shape::{all_links, both_ways, one_way};
use crate::{CutMode, Fault, Link, Occasion, PartitionShape, TimedFault};

/// Until the elder leads: a leader that sees no majority steps down after the longest time-out, and then one
/// more runs out.
const ENTHRONE_MS: u64 = 1500;
/// How long the rival hears the elder after its electors no longer do. They differ in what they have got by
/// then, and elect only one that has got no less.
const HEAD_START_MS: u64 = 80;
/// Until the rival leads: its head start, the longest time-out, and two slow answers.
const USURP_MS: u64 = 1030;
/// Until the elder leads again and has the converts' answers: as before, with four messages to its keepers.
const RETURN_MS: u64 = 1450;
/// Until the rival leads again, and then for clients to see what it has made of the log.
const OVERWRITE_MS: u64 = 1050;
/// Stages overlap, so that nothing that is held slips through between two of them.
const OVERLAP_MS: u64 = 20;

/// Who plays what.
struct Cast {
    elder: NodeId,
    keepers: Vec<NodeId>,
    converts: Vec<NodeId>,
    bystanders: Vec<NodeId>,
    rival: NodeId,
}

impl Cast {
    /// Parts for the nodes in this order. `None` if the cluster is too small (fewer than five), or, as of six
    /// nodes, what is neither a majority nor blocks one is too little for the rival to return with.
    fn new(order: &[NodeId]) -> Option<Self> {
        let (count, quorum) = (order.len(), order.len() / 2 + 1);
        let keepers = (count - quorum).checked_sub(1).filter(|keepers| *keepers > 0)?;
        let converts = quorum - 1 - keepers;
        let (&elder, rest) = order.split_first()?;
        let (&rival, rest) = rest.split_last()?;
        let (keepers, rest) = rest.split_at(keepers);
        let (converts, bystanders) = rest.split_at(converts);
        let (keepers, converts, bystanders) = (keepers.to_vec(), converts.to_vec(), bystanders.to_vec());
        let returns = keepers.len() + bystanders.len() + 1 >= quorum;
        returns.then_some(Self { elder, keepers, converts, bystanders, rival })
    }
}

fn join(groups: &[&[NodeId]]) -> Vec<NodeId> {
    groups.concat()
}

fn partition(shape: PartitionShape, links: Vec<Link>) -> Fault {
    Fault::Partition { shape, links, mode: CutMode::Drop }
}

impl Script<'_> {
    /// One round of Figure 8. Returns the time of the next round.
    pub(crate) fn figure_8(&mut self, at_ms: u64) -> u64 {
        match Cast::new(&self.dice.shuffled(self.nodes)) {
            Some(cast) => self.staged_figure_8(at_ms, &cast),
            None => self.figure_8_by_chance(at_ms),
        }
    }

    fn staged_figure_8(&mut self, at_ms: u64, cast: &Cast) -> u64 {
        let Cast { elder, keepers, converts, bystanders, rival } = cast;
        let (elder, rival) = (&[*elder], &[*rival]);
        let usurp_ms = at_ms + ENTHRONE_MS;
        let return_ms = usurp_ms + USURP_MS;
        let overwrite_ms = return_ms + RETURN_MS;
        let end_ms = overwrite_ms + OVERWRITE_MS;
        if end_ms > self.duration_ms {
            // A part of a round finds nothing.
            return end_ms;
        }
        self.star(at_ms, usurp_ms, &join(&[keepers, converts, bystanders, rival]));

        let electors = join(&[converts, bystanders]);
        self.split(usurp_ms, return_ms, &join(&[elder, keepers]), &electors);
        self.split(usurp_ms + HEAD_START_MS, return_ms, &join(&[elder, keepers]), rival);
        self.star(usurp_ms, return_ms, &electors);
        let delay_ms = self.dice.between(100, 120);
        self.slow(usurp_ms, return_ms, delay_ms, one_way(rival, converts));
        // The converts have voted, and the rival's first entry is on its way to them.
        self.silence(usurp_ms, end_ms, 0, one_way(rival, converts));

        self.split(return_ms, overwrite_ms, &join(&[bystanders, rival]), &join(&[elder, keepers, converts]));
        self.star(return_ms, overwrite_ms, &join(&[keepers, converts]));
        self.slow(return_ms, overwrite_ms, delay_ms, both_ways(elder, keepers));
        // The keepers were asked once how far they agree, which takes one delay. After three they would have
        // what the elder sends upon their answer.
        self.silence(return_ms, end_ms, delay_ms * 3 / 2, one_way(elder, keepers));

        self.split(overwrite_ms, end_ms, &join(&[elder, converts]), &join(&[keepers, bystanders, rival]));
        self.star(overwrite_ms, end_ms, &join(&[keepers, bystanders]));
        end_ms + self.dice.between(450, 600)
    }

    /// Cuts two sides from each other.
    fn split(&mut self, from_ms: u64, to_ms: u64, a: &[NodeId], b: &[NodeId]) {
        self.stage(from_ms, to_ms, partition(PartitionShape::Minority, both_ways(a, b)));
    }

    /// Cuts all but the one in the middle from each other.
    fn star(&mut self, from_ms: u64, to_ms: u64, rays: &[NodeId]) {
        let links = all_links(rays);
        if !links.is_empty() {
            self.stage(from_ms, to_ms, partition(PartitionShape::Star, links));
        }
    }

    fn slow(&mut self, from_ms: u64, to_ms: u64, delay_ms: u64, links: Vec<Link>) {
        self.stage(from_ms, to_ms, Fault::Delay { links, delay_ms, jitter_ms: 0 });
    }

    fn stage(&mut self, from_ms: u64, to_ms: u64, fault: Fault) {
        let from_ms = from_ms.saturating_sub(OVERLAP_MS);
        self.add(from_ms, to_ms - from_ms, fault);
    }

    /// Cuts links so long after the next election of a leader.
    fn silence(&mut self, from_ms: u64, to_ms: u64, hold_ms: u64, links: Vec<Link>) {
        let from_ms = from_ms.saturating_sub(OVERLAP_MS);
        let cut = TimedFault::new(from_ms, to_ms - from_ms, partition(PartitionShape::OneWay, links));
        self.faults.push(cut.upon(Occasion::NewLeader, hold_ms));
    }

    /// One round of Figure 8 of the Raft paper (§5.4.2), left to chance.
    ///
    /// Delays that differ from link to link leave a leader's last entries with a minority when it fails. The
    /// next leader fails soon after, when the first is back and may win with its old entries; it spreads
    /// them, and fails in turn. An entry counted as committed because a majority has it, though it is of an
    /// older term, is then overwritten. As many nodes stay up as an election needs. Returns the time of the
    /// next round.
    fn figure_8_by_chance(&mut self, at_ms: u64) -> u64 {
        let for_ms = self.dice.between(3800, 4400);
        let (delay_ms, jitter_ms) = (self.dice.between(15, 40), self.dice.between(40, 120));
        self.delay(at_ms, for_ms, delay_ms, jitter_ms);
        let (gap_ms, down_ms) = if self.nodes.len() >= 5 { (350, 690) } else { (350, 340) };
        let end_ms = at_ms + for_ms;
        let mut failure_ms = at_ms + self.dice.between(200, 400);
        while failure_ms + gap_ms <= end_ms {
            let down_ms = self.dice.between(down_ms / 2, down_ms);
            match self.dice.one_in(4) {
                true => self.cut(failure_ms, down_ms, PartitionShape::Leader),
                false => self.kill_leader(failure_ms, down_ms),
            }
            failure_ms += self.dice.between(gap_ms, gap_ms * 2);
        }
        end_ms + self.dice.between(600, 900)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultKind, Profile, Schedule, generate};

    fn figure_8(nodes: u16) -> Schedule {
        generate(5, nodes, 30_000, &Profile::parse("figure-8").unwrap())
    }

    /// The links that are cut at a time, those that wait for an election among them if `elected`.
    fn cut_at(schedule: &Schedule, at_ms: u64, elected: bool) -> Vec<Link> {
        let in_force = |timed: &&TimedFault| timed.at_ms <= at_ms && at_ms < timed.end_ms();
        let faults = schedule.faults.iter().filter(in_force).filter(|timed| elected || timed.upon.is_none());
        let cut = faults.filter_map(|timed| match &timed.fault {
            Fault::Partition { links, .. } => Some(links.clone()),
            _ => None,
        });
        cut.flatten().collect()
    }

    /// The nodes that see a majority, themselves included.
    fn electable(schedule: &Schedule, at_ms: u64) -> Vec<NodeId> {
        let (cut, nodes) = (cut_at(schedule, at_ms, false), NodeId::all(schedule.nodes));
        let open = |a: NodeId, b: NodeId| {
            !cut.contains(&Link { from: a, to: b }) && !cut.contains(&Link { from: b, to: a })
        };
        let sees = |a: NodeId| nodes.iter().filter(|b| open(a, **b)).count();
        nodes.iter().copied().filter(|node| sees(*node) > nodes.len() / 2).collect()
    }

    #[test]
    fn in_each_stage_only_the_one_meant_can_be_elected() {
        for nodes in [5, 7, 8, 9] {
            let schedule = figure_8(nodes);
            let at_ms = schedule.faults[0].end_ms() - ENTHRONE_MS;
            let stages = [0, ENTHRONE_MS, USURP_MS, RETURN_MS];
            let mut middle_ms = at_ms + 500;
            let elected = stages.map(|stage_ms| {
                middle_ms += stage_ms;
                electable(&schedule, middle_ms)
            });
            let [elder, rival, again, last] = elected;
            assert_eq!((elder.len(), rival.len()), (1, 1), "{nodes} nodes: {elder:?} {rival:?}");
            assert_eq!((&again, &last), (&elder, &rival), "{nodes} nodes");
            assert_ne!(elder, rival);
        }
    }

    #[test]
    fn a_round_waits_for_two_elections_and_ends_with_the_load() {
        let schedule = figure_8(5);
        let waiting: Vec<&TimedFault> = schedule.faults.iter().filter(|f| f.upon.is_some()).collect();
        assert!(waiting.len() >= 10, "{}", waiting.len());
        let delays = schedule.faults.iter().filter(|timed| timed.fault.kind() == FaultKind::Delay).count();
        assert_eq!(waiting.len(), delays);
        assert!(schedule.end_ms() <= 30_000);
    }

    #[test]
    fn small_clusters_leave_it_to_chance_and_to_a_quorum() {
        for (nodes, most) in [(3, 1), (4, 1), (6, 2)] {
            let faults = figure_8(nodes).faults;
            let failures: Vec<&TimedFault> =
                faults.iter().filter(|timed| timed.fault.kind() != FaultKind::Delay).collect();
            assert!(failures.len() >= 25, "{}", failures.len());
            for failure in &failures {
                let down = failures.iter().filter(|f| f.at_ms <= failure.at_ms && failure.at_ms < f.end_ms());
                assert!(down.count() <= most);
            }
        }
    }
}
