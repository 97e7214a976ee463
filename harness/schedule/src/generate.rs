//! Schedules from a seed.

use ordalia_node::{Group, NodeId};

use crate::deck::{Card, Deck, Sort};
use crate::dice::Dice;
use crate::profile::Aim;
use crate::shape::{all_links, both_ways};
use crate::{
    CutMode, DiskIll, DiskSort, Fault, FaultKind, Link, Occasion, PartitionShape, Profile, Role, Schedule,
    Targets, TimedFault,
};

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
    generate_among(seed, &Group::of_all(nodes), duration_ms, profile)
}

/// The same for a cluster of several groups, which hold each node once. One group gets what [`generate`] gives.
///
/// With several, faults of processes, clocks and disks draw a group first, each with the same chance, so that
/// a small one is not spared. Of a group of more than 5 they hit at most 3, or all. Every other partition is one
/// of the first group alone, whose agreement all depend on. Damaged disks and the sequences of presets are
/// for the first group, since they count on a majority.
pub fn generate_among(seed: u64, groups: &[Group], duration_ms: u64, profile: &Profile) -> Schedule {
    let groups: Vec<&[NodeId]> =
        groups.iter().map(|group| group.nodes.as_slice()).filter(|nodes| !nodes.is_empty()).collect();
    let first = groups.first().copied().unwrap_or_default();
    let mut faults = Episodes::new(seed, &groups, duration_ms, profile).play();
    for (stream, preset) in (2..).zip(&profile.presets) {
        faults.extend(preset.faults(first, duration_ms, &mut Dice::new(seed, stream)));
    }
    let nodes = groups.iter().map(|nodes| nodes.len()).sum::<usize>();
    Schedule::new(u16::try_from(nodes).unwrap_or(u16::MAX), Some(seed), faults)
}

/// Of a larger group than this, faults hit a few or all.
const LARGE: usize = 5;

/// How many that is.
const FEW: usize = 3;

/// Faults in episodes of one or two, with quiet in between.
struct Episodes<'a> {
    /// All nodes, in order.
    nodes: Vec<NodeId>,
    /// The groups that they fall into, none of them empty.
    groups: Vec<&'a [NodeId]>,
    duration_ms: u64,
    profile: &'a Profile,
    deck: Deck,
    dice: Dice,
    /// Durations are shortened to so many per cent where the interval leaves no room for them.
    scale_percent: u64,
    /// The mean time from the end of an episode to the next one's start.
    quiet_ms: u64,
    /// How many disks may still be damaged for good.
    flips_left: usize,
    faults: Vec<TimedFault>,
}

impl<'a> Episodes<'a> {
    fn new(seed: u64, groups: &[&'a [NodeId]], duration_ms: u64, profile: &'a Profile) -> Self {
        let mut nodes = groups.concat();
        nodes.sort_unstable();
        let deck = Deck::new(profile, u16::try_from(nodes.len()).unwrap_or(u16::MAX));
        let (scale_percent, quiet_ms) = pace(profile.interval_ms.max(1), deck.mean_ms(), deck.kinds() > 1);
        let (dice, faults) = (Dice::new(seed, 1), Vec::new());
        let flips_left = groups.first().map_or(0, |first| first.len().saturating_sub(1) / 2);
        Self {
            nodes,
            groups: groups.to_vec(),
            duration_ms,
            profile,
            deck,
            dice,
            scale_percent,
            quiet_ms,
            flips_left,
            faults,
        }
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
        if !self.profile.moments.is_empty() && self.dice.one_in(2) {
            return Some(end_ms.max(self.ambush(at_ms, for_ms).unwrap_or(0)));
        }
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

    /// A second fault that waits for a moment which the first may bring about, and for a while after that one.
    /// It hits whoever shows the moment, or, but for
    /// elections, whoever leads then. Returns its end.
    fn ambush(&mut self, at_ms: u64, first_ms: u64) -> Option<u64> {
        let awaits = |kind| {
            matches!(kind, FaultKind::Kill | FaultKind::Pause | FaultKind::Partition | FaultKind::Disk)
        };
        let card = self.deck.deal(&mut self.dice, awaits)?;
        let moments: Vec<Occasion> = self.profile.moments.iter().copied().collect();
        let occasion = moments[self.dice.index(moments.len())];
        let drawn_ms = self.dice.between(card.least_ms, card.most_ms);
        let lasts_ms = self.scaled(drawn_ms);
        let for_ms = first_ms.saturating_add(lasts_ms).min(self.duration_ms.saturating_sub(at_ms));
        // A write or a message takes a millisecond or less, an election tens of them.
        let hold_ms = self.one_of(&[0, 0, 0, 1, 2, 5, 20]);
        let mut fault = self.fault(card.sort);
        // During an election there is hardly ever a leader.
        let leader = occasion != Occasion::Election && self.dice.one_in(3);
        let role = if leader { Role::Leader } else { Role::Witness };
        if let Some(targets) = fault.targets_mut() {
            *targets = Targets::Role(role);
        }
        if hold_ms < for_ms {
            self.faults.push(TimedFault::new(at_ms, for_ms, fault).upon(occasion, hold_ms));
        }
        Some(at_ms + for_ms)
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
            Sort::Clock => self.clock(),
            Sort::Disk(sort) => self.disk(sort),
        }
    }

    /// A clock that runs up to a fifth fast or slow, jumps up to two seconds ahead, or both.
    fn clock(&mut self) -> Fault {
        let targets = self.some_targets();
        let jump_ms = self.one_of(&[0, 0, 20, 100, 300, 1000, 2000]);
        let percent = self.one_of(&[0, 1, 5, 10, 20]) as i64;
        let drift_ppm = if self.dice.one_in(2) { percent * 10_000 } else { percent * -10_000 };
        match (jump_ms, drift_ppm) {
            (0, 0) => Fault::Clock { targets, jump_ms: 500, drift_ppm },
            _ => Fault::Clock { targets, jump_ms, drift_ppm },
        }
    }

    fn disk(&mut self, sort: DiskSort) -> Fault {
        match sort {
            DiskSort::Slow => {
                let delay_ms = self.one_of(&[5, 20, 50, 200, 500]);
                Fault::Disk { targets: self.some_targets(), ill: DiskIll::Slow { delay_ms } }
            }
            DiskSort::Full => Fault::Disk { targets: self.some_targets(), ill: DiskIll::Full },
            DiskSort::Flip => {
                self.flips_left = self.flips_left.saturating_sub(1);
                if self.flips_left == 0 {
                    self.deck.exhaust(Sort::Disk(sort));
                }
                let aim = if self.dice.one_in(3) { Aim::Leader } else { Aim::One };
                Fault::Disk { targets: self.targets_in(0, aim), ill: DiskIll::Flip }
            }
        }
    }

    /// The leader, one node, or now and then a minority or all.
    fn some_targets(&mut self) -> Targets {
        let aims = match self.nodes.len() {
            0..3 => &[Aim::Leader, Aim::One, Aim::All][..],
            _ => &[Aim::Leader, Aim::Leader, Aim::One, Aim::One, Aim::Minority, Aim::All],
        };
        let aim = aims[self.dice.index(aims.len())];
        self.targets(aim)
    }

    /// The nodes that the aim picks, of any group.
    fn targets(&mut self, aim: Aim) -> Targets {
        // Without a choice nothing is drawn.
        let group = if self.groups.len() > 1 { self.dice.index(self.groups.len()) } else { 0 };
        self.targets_in(group, aim)
    }

    fn targets_in(&mut self, group: usize, aim: Aim) -> Targets {
        let members = self.groups.get(group).copied().unwrap_or_default();
        let count = members.len();
        let chosen = match aim {
            Aim::Leader => return Targets::Role(Role::Leader),
            Aim::One => 1,
            Aim::Minority => self.dice.between(1, (count.saturating_sub(1) / 2) as u64) as usize,
            Aim::Majority => count / 2 + 1,
            Aim::All => count,
        };
        let is_large = self.groups.len() > 1 && count > LARGE && aim != Aim::All;
        let mut nodes = self.dice.shuffled(members);
        nodes.truncate(if is_large { chosen.min(FEW) } else { chosen });
        nodes.sort_unstable();
        Targets::Nodes(nodes)
    }

    /// A partition, mostly one that holds what is sent; one in five resets connections.
    fn partition(&mut self, shape: PartitionShape) -> Fault {
        let within = self.partitioned(shape);
        let links = shape.cut(&within, &mut self.dice);
        let mode = if self.dice.one_in(5) { CutMode::Reject } else { CutMode::Drop };
        Fault::Partition { shape, links, mode }
    }

    /// The nodes that a partition divides: all, or half of the time the first of several groups.
    fn partitioned(&mut self, shape: PartitionShape) -> Vec<NodeId> {
        match self.groups[..] {
            [first, _, ..] if first.len() >= usize::from(shape.min_nodes()) && self.dice.one_in(2) => {
                first.to_vec()
            }
            _ => self.nodes.clone(),
        }
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
            Sort::Clock => FaultKind::Clock,
            Sort::Disk(_) => FaultKind::Disk,
        }
    }
}

/// Whether two kinds may be in force together: different ones, but no pause with a kill or an ill disk, for a
/// process that is gone cannot be stopped, nor write.
fn go_together(a: FaultKind, b: FaultKind) -> bool {
    let ends = |kind| matches!(kind, FaultKind::Kill | FaultKind::Pause | FaultKind::Disk);
    a != b && !(ends(a) && ends(b))
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
    fn real_faults_are_the_same_as_ever() {
        let real = Profile::parse_for("all,vote-storm,figure-8", &FaultKind::REAL).unwrap();
        let text: Vec<String> = (1..9).map(|seed| generate(seed, 5, 60_000, &real).to_json()).collect();
        let sum = text.concat().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        assert_eq!(sum, SUM_OF_EIGHT_SEEDS);
    }

    /// FNV-1a over the schedules.
    const SUM_OF_EIGHT_SEEDS: u64 = 0x0757_a116_1bf1_4e8d;

    fn two_groups(first: u16, all: u16) -> Vec<Group> {
        let (ensemble, sensors) = NodeId::all(all).into_iter().partition(|node| node.number() <= first);
        let group = |name, nodes| Group { name, nodes, takes_clients: true, elects: true };
        vec![group("ensemble", ensemble), group("sensors", sensors)]
    }

    #[test]
    fn one_group_is_the_whole_cluster() {
        let profile = Profile::parse("all,vote-storm,figure-8,moments").unwrap();
        for seed in 0..10 {
            let whole = generate(seed, 5, 30_000, &profile);
            assert_eq!(generate_among(seed, &two_groups(5, 5), 30_000, &profile).to_json(), whole.to_json());
        }
    }

    #[test]
    fn each_group_is_hit_and_of_a_large_one_a_few_or_all() {
        let profile = Profile::parse("kill,pause,clock,disk,partition").unwrap();
        let (mut hits, mut inner, mut outer) = ([0, 0], 0, 0);
        for seed in 0..30 {
            let schedule = generate_among(seed, &two_groups(3, 13), 60_000, &profile);
            assert_eq!(schedule.check(), Ok(()));
            for timed in &schedule.faults {
                if let Fault::Partition { links, shape, .. } = &timed.fault {
                    let within = links.iter().all(|link| link.from.number() <= 3 && link.to.number() <= 3);
                    let counts = if within { &mut inner } else { &mut outer };
                    *counts += i32::from(*shape != PartitionShape::Leader);
                }
                let Some(Targets::Nodes(nodes)) = timed.fault.targets() else { continue };
                let sensors = nodes.iter().filter(|node| node.number() > 3).count();
                assert!(sensors == 0 || sensors == nodes.len(), "{nodes:?} are of one group");
                assert!(sensors <= 3 || sensors == 10, "{nodes:?}");
                hits[usize::from(sensors > 0)] += 1;
                if matches!(timed.fault, Fault::Disk { ill: DiskIll::Flip, .. }) {
                    assert_eq!(sensors, 0, "{nodes:?}");
                }
            }
        }
        assert!(hits[0] > 100 && hits[1] > 100, "{hits:?}");
        assert!(inner > 30 && outer > 30, "{inner} {outer}");
    }

    #[test]
    fn flips_leave_a_majority_and_ills_come_in_every_sort() {
        for seed in 0..50 {
            let schedule = generate(seed, 5, 60_000, &Profile::parse("clock,disk").unwrap());
            assert_eq!(schedule.check(), Ok(()));
            let count =
                |test: fn(&Fault) -> bool| schedule.faults.iter().filter(|timed| test(&timed.fault)).count();
            assert_eq!(count(|fault| matches!(fault, Fault::Disk { ill: DiskIll::Flip, .. })), 2);
            assert!(count(|fault| matches!(fault, Fault::Disk { ill: DiskIll::Full, .. })) > 2);
            assert!(count(|fault| matches!(fault, Fault::Disk { ill: DiskIll::Slow { .. }, .. })) > 2);
            assert!(count(|fault| fault.kind() == FaultKind::Clock) > 5);
        }
        let flips = generate(1, 7, 60_000, &Profile::parse("disk:flip").unwrap());
        assert_eq!(flips.faults.len(), 3);
    }

    #[test]
    fn moments_have_some_faults_wait() {
        let mut seen = std::collections::BTreeMap::new();
        for seed in 0..20 {
            let schedule = generate(seed, 5, 60_000, &Profile::parse("kill,partition,disk,moments").unwrap());
            assert_eq!(schedule.check(), Ok(()));
            let waiting = schedule.faults.iter().filter(|timed| timed.upon.is_some());
            waiting.for_each(|timed| *seen.entry((timed.upon, timed.fault.role())).or_insert(0) += 1);
        }
        for occasion in Occasion::MOMENTS {
            for role in [Role::Leader, Role::Witness] {
                if (occasion, role) == (Occasion::Election, Role::Leader) {
                    continue;
                }
                assert!(seen.get(&(Some(occasion), Some(role))) > Some(&10), "{seen:?}");
            }
        }
    }

    #[test]
    fn the_interval_is_kept_in_the_mean() {
        for faults in ["kill,partition", "kill", "partition", "clock,disk:slow", "all"] {
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
