//! Schedules from a seed.

use ordalia_node::NodeId;

use crate::deck::{Card, Deck, Sort};
use crate::dice::Dice;
use crate::profile::Aim;
use crate::shape::{all_links, both_ways};
use crate::{CutMode, Fault, FaultKind, Link, PartitionShape, Profile, Role, Schedule, Targets, TimedFault};

/// The first fault comes early, so that short tests see faults too, but not before clients have written.
const FIRST_MS: (u64, u64) = (500, 1000);

/// Generates the faults of a test whose load lasts `duration_ms`, for a cluster of that many nodes.
///
/// The same arguments give the same schedule, byte for byte, on every platform. Every fault is healed by the
/// end of the load. Faults come one at a time, but one in four is joined by a second of another kind, for
/// what breaks often needs two (a crash in the middle of a partition). Where the profile asks for what a
/// small cluster cannot bear (a majority of two nodes, a partition of one), that is left out; the schedule
/// may then be empty.
pub fn generate(seed: u64, nodes: u16, duration_ms: u64, profile: &Profile) -> Schedule {
    let mut faults = Episodes::new(seed, nodes, duration_ms, profile).play();
    for (stream, preset) in (2..).zip(&profile.presets) {
        faults.extend(preset.faults(&NodeId::all(nodes), duration_ms, &mut Dice::new(seed, stream)));
    }
    Schedule::new(nodes, Some(seed), faults)
}

/// Faults in episodes of one or two, with quiet in between.
struct Episodes<'a> {
    nodes: Vec<NodeId>,
    duration_ms: u64,
    profile: &'a Profile,
    deck: Deck,
    dice: Dice,
    /// Durations are shortened to so many per cent where the interval leaves no room for them.
    scale_percent: u64,
    /// The mean time from the end of an episode to the next one's start.
    quiet_ms: u64,
    faults: Vec<TimedFault>,
}

impl<'a> Episodes<'a> {
    fn new(seed: u64, nodes: u16, duration_ms: u64, profile: &'a Profile) -> Self {
        let deck = Deck::new(profile, nodes);
        let (scale_percent, quiet_ms) = pace(profile.interval_ms.max(1), deck.mean_ms(), deck.kinds() > 1);
        let (nodes, dice, faults) = (NodeId::all(nodes), Dice::new(seed, 1), Vec::new());
        Self { nodes, duration_ms, profile, deck, dice, scale_percent, quiet_ms, faults }
    }

    fn play(mut self) -> Vec<TimedFault> {
        let (early, late) = FIRST_MS;
        let mut at_ms = self.dice.between(early.min(self.duration_ms / 8), late.min(self.duration_ms / 4));
        while let Some(end_ms) = self.episode(at_ms) {
            at_ms = end_ms + self.dice.between(self.quiet_ms / 2, self.quiet_ms * 3 / 2).max(1);
        }
        self.faults
    }

    /// One fault, or two that overlap. Returns when both are healed; `None` if there is no room for any.
    fn episode(&mut self, at_ms: u64) -> Option<u64> {
        let first = self.deck.deal(&mut self.dice, |_| true)?;
        let for_ms = self.add(at_ms, first)?;
        let end_ms = at_ms + for_ms;
        if !self.dice.one_in(4) {
            return Some(end_ms);
        }
        let kind = first.sort.kind();
        let Some(second) = self.deck.deal(&mut self.dice, |other| go_together(kind, other)) else {
            return Some(end_ms);
        };
        let offset_ms = self.dice.between(for_ms / 4, for_ms * 3 / 4);
        let second_ms = self.add(at_ms + offset_ms, second).unwrap_or(0);
        Some(end_ms.max(at_ms + offset_ms + second_ms))
    }

    /// Adds a fault and returns how long it lasts; `None` if it does not fit before the end.
    fn add(&mut self, at_ms: u64, card: Card) -> Option<u64> {
        let shortest = self.scaled(self.profile.shortest_ms).max(1);
        let longest = self.scaled(self.profile.longest_ms).max(shortest);
        let drawn = self.dice.between(card.least_ms, card.most_ms);
        let for_ms = self.scaled(drawn).clamp(shortest, longest).min(self.duration_ms.saturating_sub(at_ms));
        if for_ms < shortest {
            return None;
        }
        let fault = self.fault(card.sort);
        self.faults.push(TimedFault::new(at_ms, for_ms, fault));
        Some(for_ms)
    }

    fn scaled(&self, time_ms: u64) -> u64 {
        time_ms.saturating_mul(self.scale_percent) / 100
    }

    /// A fault of that sort.
    fn fault(&mut self, sort: Sort) -> Fault {
        match sort {
            Sort::Kill(aim) => Fault::Kill { targets: self.targets(aim) },
            Sort::Pause(aim) => Fault::Pause { targets: self.targets(aim) },
            Sort::Partition(shape) => self.partition(shape),
            Sort::Links(kind) => self.link_fault(kind),
        }
    }

    /// The nodes that the aim picks.
    fn targets(&mut self, aim: Aim) -> Targets {
        let count = self.nodes.len();
        let chosen = match aim {
            Aim::Leader => return Targets::Role(Role::Leader),
            Aim::One => 1,
            Aim::Minority => self.dice.between(1, (count.saturating_sub(1) / 2) as u64) as usize,
            Aim::Majority => count / 2 + 1,
            Aim::All => count,
        };
        let mut nodes = self.dice.shuffled(&self.nodes);
        nodes.truncate(chosen);
        nodes.sort_unstable();
        Targets::Nodes(nodes)
    }

    /// A partition, mostly one that holds what is sent; one in five resets connections.
    fn partition(&mut self, shape: PartitionShape) -> Fault {
        let links = shape.cut(&self.nodes, &mut self.dice);
        let mode = if self.dice.one_in(5) { CutMode::Reject } else { CutMode::Drop };
        Fault::Partition { shape, links, mode }
    }

    /// A change of messages on all links, or on those of one node.
    fn link_fault(&mut self, kind: FaultKind) -> Fault {
        let links = self.links();
        match kind {
            FaultKind::Delay => {
                let delay_ms = self.one_of(&[5, 20, 50, 100, 200]);
                let jitter_ms = self.one_of(&[0, delay_ms / 2, delay_ms * 2]);
                Fault::Delay { links, delay_ms, jitter_ms }
            }
            FaultKind::Duplicate => Fault::Duplicate { links, probability: self.percent(&[5, 20, 50]) },
            FaultKind::Reorder => Fault::Reorder { links, probability: self.percent(&[5, 20, 50]) },
            FaultKind::Bandwidth => {
                Fault::Bandwidth { links, bytes_per_s: self.one_of(&[4_000, 16_000, 64_000, 256_000]) }
            }
            // Kinds of processes and partitions have sorts of their own.
            _ => Fault::Loss { links, probability: self.percent(&[1, 5, 10, 20, 40]) },
        }
    }

    /// All links, or one time in three those of one node.
    fn links(&mut self) -> Vec<Link> {
        if !self.dice.one_in(3) {
            return all_links(&self.nodes);
        }
        let order = self.dice.shuffled(&self.nodes);
        both_ways(&order[..1], &order[1..])
    }

    fn one_of(&mut self, choices: &[u64]) -> u64 {
        choices[self.dice.index(choices.len())]
    }

    fn percent(&mut self, choices: &[u64]) -> f64 {
        self.one_of(choices) as f64 / 100.0
    }
}

impl Sort {
    fn kind(self) -> FaultKind {
        match self {
            Sort::Kill(_) => FaultKind::Kill,
            Sort::Pause(_) => FaultKind::Pause,
            Sort::Partition(_) => FaultKind::Partition,
            Sort::Links(kind) => kind,
        }
    }
}

/// Whether two kinds may be in force together: different ones, but no pause with a kill, for a process that
/// is gone cannot be stopped.
fn go_together(a: FaultKind, b: FaultKind) -> bool {
    a != b && (a.is_of_links() || b.is_of_links())
}

/// How far durations must be shortened, in per cent, and the mean quiet after an episode, in milliseconds, for
/// starts of faults to be `interval_ms` apart in the mean.
///
/// With pairs an episode holds 5/4 faults and lasts 9/8 of one, since the second of a pair starts in the
/// mean half-way through the first.
fn pace(interval_ms: u64, mean_ms: u64, pairs: bool) -> (u64, u64) {
    let (period, length) = match pairs {
        true => (interval_ms.saturating_mul(5) / 4, mean_ms * 9 / 8),
        false => (interval_ms, mean_ms),
    };
    let least_quiet = (period / 5).min(300);
    let room = period - least_quiet;
    if length <= room {
        return (100, period - length);
    }
    ((room.saturating_mul(100) / length).max(1), least_quiet)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn same_arguments_give_the_same_bytes_and_other_seeds_other_schedules() {
        let profile = Profile::parse("all,vote-storm,figure-8").unwrap();
        let text = |seed| generate(seed, 5, 30_000, &profile).to_json();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn the_first_fault_is_the_same_as_ever() {
        let schedule = generate(1, 5, 20_000, &Profile::default());
        let first = schedule.to_json().lines().nth(5).map(str::trim).map(str::to_owned);
        assert_eq!(first.as_deref(), Some(FIRST_OF_SEED_1));
    }

    const FIRST_OF_SEED_1: &str =
        r#"{"id":0,"at_ms":926,"for_ms":138,"kind":"kill","targets":{"role":"leader"}},"#;

    #[test]
    fn the_interval_is_kept_in_the_mean() {
        for faults in ["kill,partition", "kill", "partition", "all"] {
            for interval_ms in [500, 1500, 4000] {
                let profile = Profile { interval_ms, ..Profile::parse(faults).unwrap() };
                let schedule = generate(1, 5, 2_000_000, &profile);
                let mean = 2_000_000 / schedule.faults.len() as u64;
                assert!(mean.abs_diff(interval_ms) < interval_ms / 8, "{faults} {interval_ms}: {mean}");
            }
        }
    }

    #[test]
    fn the_default_profile_brings_all_its_sorts_within_thirty_seconds() {
        for seed in 0..50 {
            let schedule = generate(seed, 5, 30_000, &Profile::default());
            let labels: BTreeSet<String> =
                schedule.faults.iter().map(|timed| timed.fault.label(None)).collect();
            let long_leader_cut = schedule
                .faults
                .iter()
                .any(|timed| timed.fault.label(None) == "partition leader" && timed.for_ms >= 1500);
            assert!(long_leader_cut, "{labels:?}");
            assert!(labels.contains("kill n1 n2 n3 n4 n5"), "{labels:?}");
            assert!(labels.contains("kill leader"), "{labels:?}");
            assert!(schedule.faults[0].at_ms >= 500 && schedule.faults[0].at_ms <= 1000);
        }
    }

    #[test]
    fn pairs_overlap_and_never_more_than_two() {
        let schedule = generate(3, 5, 600_000, &Profile::default());
        let in_force = |at: u64| schedule.faults.iter().filter(|f| f.at_ms <= at && at < f.end_ms()).count();
        let most = schedule.faults.iter().map(|fault| in_force(fault.at_ms)).max();
        assert_eq!(most, Some(2));
    }

    #[test]
    fn short_tests_have_faults_too() {
        for duration_ms in [1000, 2000, 5000] {
            for seed in 0..20 {
                assert!(!generate(seed, 3, duration_ms, &Profile::default()).faults.is_empty());
            }
        }
        assert!(generate(1, 3, 0, &Profile::default()).faults.is_empty());
        assert!(generate(1, 1, 9000, &Profile::parse("partition").unwrap()).faults.is_empty());
    }
}
