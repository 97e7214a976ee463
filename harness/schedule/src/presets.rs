//! Sequences of faults made for rare interleavings.

use ordalia_node::NodeId;

use crate::dice::Dice;
use crate::script::Script;
use crate::shape::{all_links, both_ways};
use crate::{CutMode, Fault, PartitionShape, Targets, TimedFault};

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

impl Script<'_> {
    /// One round of either sort: most find a forgotten vote by a duel, if there are nodes enough for one.
    fn vote_storm(&mut self, at_ms: u64) -> u64 {
        if self.nodes.len() >= 5 && !self.dice.one_in(3) { self.duel(at_ms) } else { self.storm(at_ms) }
    }

    /// One round: the leader dies, and two rivals that do not hear of each other ask the same voters.
    ///
    /// Voters see nobody but the rivals, so that only those can be elected. Delays of nearly the shortest
    /// election time-out bring both to ask in one term, wherever in the range their time-outs run out. If
    /// the leader that dies is one of the two, the round is in vain.
    fn duel(&mut self, at_ms: u64) -> u64 {
        let order = self.dice.shuffled(self.nodes);
        let (rivals, voters) = order.split_at(2);
        let for_ms = self.dice.between(1600, 1900);
        let cut = |shape, links| Fault::Partition { shape, links, mode: CutMode::Drop };
        self.add(at_ms, for_ms, cut(PartitionShape::One, all_links(rivals)));
        self.add(at_ms, for_ms, cut(PartitionShape::Star, all_links(voters)));
        let (links, delay_ms) = (both_ways(rivals, voters), self.dice.between(110, 135));
        self.add(at_ms, for_ms, Fault::Delay { links, delay_ms, jitter_ms: 0 });
        self.kill_leader(at_ms + 10, 1300);
        let pulse_ms = at_ms + 10 + self.dice.between(50, 100);
        let for_pulse_ms = self.dice.between(5, 30);
        self.add(pulse_ms, for_pulse_ms, Fault::Kill { targets: Targets::Nodes(vec![voters[0]]) });
        at_ms + for_ms + self.dice.between(700, 1000)
    }

    /// One round: the leader dies, two candidates campaign in one term, and voters crash in between.
    ///
    /// Delays keep candidates from hearing of each other in time, and in a ring of majorities two candidates
    /// share a voter without seeing each other at all. A voter that has answered the one, crashes, and is
    /// back before the other's request arrives votes a second time if it forgot the first: two leaders in one
    /// term. Returns the time of the next round, after a calm in which clients see what has become of it.
    fn storm(&mut self, at_ms: u64) -> u64 {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Profile, Role, generate};

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
    fn fewer_than_three_nodes_have_no_storm() {
        assert!(preset("vote-storm,figure-8", 2).is_empty());
        assert_eq!(presets().len(), Preset::ALL.len());
    }
}
