//! When faults come, how long they last, and which are in force together.

use ordalia_node::NodeId;

use crate::deck::{Card, Deck, Sort};
use crate::dice::Dice;
use crate::{FaultKind, Occasion, Profile, Role, Targets, TimedFault};

/// The first fault comes early, so that short tests see faults too, but not before clients have written.
const FIRST_MS: (u64, u64) = (500, 1000);

/// Faults in episodes of one or two, with quiet in between.
pub(super) struct Episodes<'a> {
    /// All nodes, in order.
    pub(super) nodes: Vec<NodeId>,
    /// The groups that they fall into, none of them empty.
    pub(super) groups: Vec<&'a [NodeId]>,
    duration_ms: u64,
    pub(super) profile: &'a Profile,
    pub(super) deck: Deck,
    pub(super) dice: Dice,
    /// Durations are shortened to so many per cent where the interval leaves no room for them.
    scale_percent: u64,
    /// The mean time from the end of an episode to the next one's start.
    quiet_ms: u64,
    /// How many disks may still be damaged for good.
    pub(super) flips_left: usize,
    faults: Vec<TimedFault>,
}

impl<'a> Episodes<'a> {
    pub(super) fn new(seed: u64, groups: &[&'a [NodeId]], duration_ms: u64, profile: &'a Profile) -> Self {
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

    pub(super) fn play(mut self) -> Vec<TimedFault> {
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
