//! Sequences of faults made for rare interleavings.

use ordalia_node::NodeId;

use crate::dice::Dice;
use crate::shape::all_links;
use crate::{CutMode, Fault, PartitionShape, Role, Targets, TimedFault};

/// A sequence made for a rare interleaving, played again and again over the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// Voters crash and come back in the midst of elections.
    VoteStorm,
    /// Leaders fail one after the other with entries that only a minority has.
    Figure8,
}

/// A preset for a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresetInfo {
    /// The name on the command line.
    pub name: &'static str,
    /// What it does and what it is made to find, in a line.
    pub about: &'static str,
}

/// The presets there are.
pub fn presets() -> Vec<PresetInfo> {
    Preset::ALL.iter().map(|preset| PresetInfo { name: preset.name(), about: preset.about() }).collect()
}

impl Preset {
    /// All presets, in the order in which they are shown.
    pub const ALL: [Preset; 2] = [Preset::VoteStorm, Preset::Figure8];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::VoteStorm => "vote-storm",
            Preset::Figure8 => "figure-8",
        }
    }

    /// What it does and what it is made to find, in a line.
    pub fn about(self) -> &'static str {
        match self {
            Preset::VoteStorm => {
                "voters are killed and back within milliseconds during elections: finds votes that are forgotten"
            }
            Preset::Figure8 => {
                "one leader after the other fails with entries half replicated: finds commits of old terms (Raft, Figure 8)"
            }
        }
    }

    /// The faults, in order of time within each round. Fewer than three nodes have no elections worth a storm.
    pub(crate) fn faults(self, nodes: &[NodeId], duration_ms: u64, dice: &mut Dice) -> Vec<TimedFault> {
        let mut script = Script { nodes, dice, duration_ms, faults: Vec::new() };
        let mut at_ms = script.dice.between(500, 900);
        while nodes.len() >= 3 && at_ms.saturating_add(1500) <= duration_ms {
            at_ms = match self {
                Preset::VoteStorm => script.vote_storm(at_ms),
                Preset::Figure8 => script.figure_8(at_ms),
            };
        }
        script.faults
    }
}

/// The faults written so far.
struct Script<'a> {
    nodes: &'a [NodeId],
    dice: &'a mut Dice,
    duration_ms: u64,
    faults: Vec<TimedFault>,
}

impl Script<'_> {
    /// Adds a fault, shortened to end with the load.
    fn add(&mut self, at_ms: u64, for_ms: u64, fault: Fault) {
        let for_ms = for_ms.min(self.duration_ms.saturating_sub(at_ms));
        if for_ms > 0 {
            self.faults.push(TimedFault { id: 0, at_ms, for_ms, fault });
        }
    }

    /// Delays messages on all links by different times.
    fn delay(&mut self, at_ms: u64, for_ms: u64, delay_ms: u64, jitter_ms: u64) {
        self.add(at_ms, for_ms, Fault::Delay { links: all_links(self.nodes), delay_ms, jitter_ms });
    }

    fn kill_leader(&mut self, at_ms: u64, for_ms: u64) {
        self.add(at_ms, for_ms, Fault::Kill { targets: Targets::Role(Role::Leader) });
    }

    fn cut(&mut self, at_ms: u64, for_ms: u64, shape: PartitionShape) {
        let links = shape.cut(self.nodes, self.dice);
        self.add(at_ms, for_ms, Fault::Partition { shape, links, mode: CutMode::Drop });
    }

    /// One round: the leader dies, two candidates campaign in one term, and voters crash in between.
    ///
    /// Delays keep candidates from hearing of each other in time, and in a ring of majorities two candidates
    /// share a voter without seeing each other at all. A voter that has answered the one, crashes, and is
    /// back before the other's request arrives votes a second time if it forgot the first: two leaders in one
    /// term. Returns the time of the next round, after a calm in which clients see what has become of it.
    fn vote_storm(&mut self, at_ms: u64) -> u64 {
        let for_ms = self.dice.between(1500, 1800);
        let (delay_ms, jitter_ms) = (self.dice.between(20, 60), self.dice.between(40, 100));
        self.delay(at_ms, for_ms, delay_ms, jitter_ms);
        if !self.dice.one_in(3) {
            self.cut(at_ms, for_ms, PartitionShape::MajoritiesRing);
        }
        let down_ms = self.dice.between(700, 1200);
        self.kill_leader(at_ms + 10, down_ms);
        let end_ms = at_ms + for_ms;
        let mut pulse_ms = at_ms + 10 + self.dice.between(50, 200);
        while pulse_ms + 50 <= end_ms {
            self.pulse(pulse_ms);
            pulse_ms += self.dice.between(50, 200);
        }
        end_ms + self.dice.between(700, 1000)
    }

    /// Kills one node, or now and then a minority, and has it back at once.
    fn pulse(&mut self, at_ms: u64) {
        let most = (self.nodes.len() - 1) / 2;
        let count = if self.dice.one_in(4) { most } else { 1 };
        let mut nodes = self.dice.shuffled(self.nodes);
        nodes.truncate(count);
        nodes.sort_unstable();
        let for_ms = self.dice.between(5, 30);
        self.add(at_ms, for_ms, Fault::Kill { targets: Targets::Nodes(nodes) });
    }

    /// One round of Figure 8 of the Raft paper (§5.4.2), left to chance.
    ///
    /// Delays that differ from link to link leave a leader's last entries with a minority when it fails. The
    /// next leader fails soon after, when the first is back and may win with its old entries; it spreads
    /// them, and fails in turn. An entry counted as committed because a majority has it, though it is of an
    /// older term, is then overwritten. As many nodes stay up as an election needs. Returns the time of the
    /// next round.
    fn figure_8(&mut self, at_ms: u64) -> u64 {
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
    use crate::{FaultKind, Profile, generate};

    fn preset(name: &str, nodes: u16) -> Vec<TimedFault> {
        generate(5, nodes, 30_000, &Profile::parse(name).unwrap()).faults
    }

    fn is_leader_kill(timed: &TimedFault) -> bool {
        timed.fault == Fault::Kill { targets: Targets::Role(Role::Leader) }
    }

    #[test]
    fn a_vote_storm_kills_voters_for_milliseconds_soon_after_the_leader() {
        let faults = preset("vote-storm", 5);
        let leaders: Vec<&TimedFault> = faults.iter().filter(|timed| is_leader_kill(timed)).collect();
        assert!(leaders.len() >= 8, "{}", leaders.len());
        for leader in leaders {
            let soon = leader.at_ms + 50..=leader.at_ms + 200;
            let pulse = |timed: &&TimedFault| soon.contains(&timed.at_ms) && timed.for_ms <= 30;
            assert!(faults.iter().any(|timed| pulse(&timed)), "{leader:?}");
        }
    }

    #[test]
    fn figure_8_fails_leaders_in_a_row_and_leaves_a_quorum() {
        for (nodes, most) in [(3, 1), (5, 2)] {
            let faults = preset("figure-8", nodes);
            let failures: Vec<&TimedFault> =
                faults.iter().filter(|timed| timed.fault.kind() != FaultKind::Delay).collect();
            assert!(failures.len() >= 25, "{}", failures.len());
            for failure in &failures {
                let down = failures.iter().filter(|f| f.at_ms <= failure.at_ms && failure.at_ms < f.end_ms());
                assert!(down.count() <= most);
            }
        }
    }

    #[test]
    fn fewer_than_three_nodes_have_no_storm() {
        assert!(preset("vote-storm,figure-8", 2).is_empty());
        assert_eq!(presets().len(), Preset::ALL.len());
    }
}
