//! The sorts of fault, how often each is drawn, and how long each lasts.
//!
//! Sorts are dealt from a shuffled deck and not thrown by dice, so that a schedule of a dozen faults has
//! the rare sorts in it too. How often and how long they are is chosen for what they find:
//! - A leader that is cut off goes on serving clients until it notices; only a cut that outlasts the
//!   others' election time-out by a second or two lets them commit what it does not know of.
//! - All nodes killed and restarted at once lose what was acknowledged before it was durable.
//! - A node that is down for long comes back by a snapshot, and with an old log into elections.
//! - A clock that runs fast or jumps outlives the leases of others, and one that runs slow its own.
//! - A disk that is slow holds up one node in the midst of a step; one that is full ends it there.
//! - One-way cuts and rings of majorities split the nodes' views of who is alive.

use crate::dice::Dice;
use crate::profile::Aim;
use crate::{DiskSort, FaultKind, PartitionShape, Profile};

/// One sort of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Kill(Aim),
    Pause(Aim),
    Partition(PartitionShape),
    /// A change of messages of this kind on links.
    Links(FaultKind),
    Clock,
    Disk(DiskSort),
}

/// A sort with its duration and its number of copies in the deck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Card {
    pub(crate) sort: Sort,
    pub(crate) copies: usize,
    pub(crate) least_ms: u64,
    pub(crate) most_ms: u64,
}

const fn card(sort: Sort, copies: usize, least_ms: u64, most_ms: u64) -> Card {
    Card { sort, copies, least_ms, most_ms }
}

const KILLS: [Card; 7] = [
    card(Sort::Kill(Aim::All), 2, 100, 300),
    card(Sort::Kill(Aim::Majority), 1, 100, 600),
    card(Sort::Kill(Aim::Leader), 2, 600, 1500),
    card(Sort::Kill(Aim::Leader), 1, 100, 200),
    card(Sort::Kill(Aim::Minority), 1, 300, 2500),
    card(Sort::Kill(Aim::One), 1, 300, 2500),
    card(Sort::Kill(Aim::One), 1, 100, 300),
];

const PAUSES: [Card; 5] = [
    card(Sort::Pause(Aim::Leader), 4, 800, 2500),
    card(Sort::Pause(Aim::One), 2, 300, 2500),
    card(Sort::Pause(Aim::Minority), 2, 300, 2500),
    card(Sort::Pause(Aim::Majority), 1, 300, 1000),
    card(Sort::Pause(Aim::All), 1, 300, 1000),
];

const PARTITIONS: [Card; 9] = [
    card(Sort::Partition(PartitionShape::Leader), 3, 1500, 3000),
    card(Sort::Partition(PartitionShape::OneWay), 2, 1000, 2500),
    card(Sort::Partition(PartitionShape::MajoritiesRing), 1, 1000, 3000),
    card(Sort::Partition(PartitionShape::Halves), 1, 1500, 3000),
    card(Sort::Partition(PartitionShape::Majority), 1, 1500, 3000),
    card(Sort::Partition(PartitionShape::Minority), 1, 1500, 3000),
    card(Sort::Partition(PartitionShape::Bridge), 1, 1000, 3000),
    card(Sort::Partition(PartitionShape::One), 1, 300, 2500),
    // Only where it is asked for by name: the sorts above leave a cluster more ways to go wrong.
    card(Sort::Partition(PartitionShape::Star), 0, 1500, 3000),
];

const DELAYS: [Card; 1] = [card(Sort::Links(FaultKind::Delay), 1, 500, 3000)];
const LOSSES: [Card; 1] = [card(Sort::Links(FaultKind::Loss), 1, 500, 3000)];
const DUPLICATES: [Card; 1] = [card(Sort::Links(FaultKind::Duplicate), 1, 500, 3000)];
const REORDERS: [Card; 1] = [card(Sort::Links(FaultKind::Reorder), 1, 500, 3000)];
const BANDWIDTHS: [Card; 1] = [card(Sort::Links(FaultKind::Bandwidth), 1, 500, 3000)];

const CLOCKS: [Card; 2] = [card(Sort::Clock, 2, 500, 3000), card(Sort::Clock, 1, 100, 500)];

const DISKS: [Card; 4] = [
    card(Sort::Disk(DiskSort::Slow), 2, 500, 3000),
    card(Sort::Disk(DiskSort::Full), 2, 600, 2500),
    card(Sort::Disk(DiskSort::Full), 1, 100, 300),
    // Few, for such a node is gone for the rest of the test.
    card(Sort::Disk(DiskSort::Flip), 1, 100, 1000),
];

fn cards(kind: FaultKind) -> &'static [Card] {
    match kind {
        FaultKind::Kill => &KILLS,
        FaultKind::Pause => &PAUSES,
        FaultKind::Partition => &PARTITIONS,
        FaultKind::Delay => &DELAYS,
        FaultKind::Loss => &LOSSES,
        FaultKind::Duplicate => &DUPLICATES,
        FaultKind::Reorder => &REORDERS,
        FaultKind::Bandwidth => &BANDWIDTHS,
        FaultKind::Clock => &CLOCKS,
        FaultKind::Disk => &DISKS,
    }
}

impl Aim {
    /// The fewest nodes of which the aim makes sense.
    fn min_nodes(self) -> u16 {
        match self {
            Aim::One | Aim::All | Aim::Leader => 1,
            Aim::Minority | Aim::Majority => 3,
        }
    }
}

impl Profile {
    /// How many copies of a card are in the deck: those that are drawn only by name have one if named.
    fn copies(&self, card: &Card) -> usize {
        match card.sort {
            Sort::Partition(shape) if self.shapes.contains(&shape) => card.copies.max(1),
            _ => card.copies,
        }
    }

    /// Whether the profile asks for that sort, and a cluster of that size bears it.
    fn takes(&self, sort: Sort, nodes: u16) -> bool {
        match sort {
            Sort::Kill(aim) => {
                nodes >= aim.min_nodes() && (self.kills.is_empty() || self.kills.contains(&aim))
            }
            Sort::Pause(aim) => {
                nodes >= aim.min_nodes() && (self.pauses.is_empty() || self.pauses.contains(&aim))
            }
            Sort::Partition(shape) => {
                nodes >= shape.min_nodes() && (self.shapes.is_empty() || self.shapes.contains(&shape))
            }
            Sort::Links(_) => nodes >= 2,
            Sort::Clock => true,
            Sort::Disk(sort) => {
                // A majority must remain.
                (sort != DiskSort::Flip || nodes >= 3)
                    && (self.disks.is_empty() || self.disks.contains(&sort))
            }
        }
    }
}

/// Things to be dealt one after the other in a random order, again and again.
#[derive(Clone, Debug)]
struct Pile<T> {
    all: Vec<T>,
    left: Vec<T>,
}

impl<T: Copy> Pile<T> {
    fn new(all: Vec<T>) -> Self {
        Self { all, left: Vec::new() }
    }

    fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.all.retain(&keep);
        self.left.retain(&keep);
    }

    /// The next that is acceptable; what is not stays for later.
    fn deal(&mut self, dice: &mut Dice, accept: impl Fn(&T) -> bool) -> Option<T> {
        if !self.left.iter().any(&accept) {
            let mut fresh = dice.shuffled(&self.all);
            fresh.append(&mut self.left);
            self.left = fresh;
        }
        let at = self.left.iter().rposition(accept)?;
        Some(self.left.remove(at))
    }
}

/// The cards of a profile, dealt kind by kind.
#[derive(Clone, Debug)]
pub(crate) struct Deck {
    kinds: Pile<FaultKind>,
    cards: Vec<(FaultKind, Pile<Card>)>,
}

impl Deck {
    /// The deck of a profile for a cluster of that size; kinds of which nothing makes sense are left out.
    pub(crate) fn new(profile: &Profile, nodes: u16) -> Self {
        let takes = |card: &&Card| profile.takes(card.sort, nodes);
        let pile = |kind: FaultKind| -> Vec<Card> {
            let taken = cards(kind).iter().filter(takes);
            taken.flat_map(|card| std::iter::repeat_n(*card, profile.copies(card))).collect()
        };
        let piles = profile.kinds.iter().map(|kind| (*kind, pile(*kind)));
        let cards: Vec<(FaultKind, Pile<Card>)> =
            piles.filter(|(_, pile)| !pile.is_empty()).map(|(kind, pile)| (kind, Pile::new(pile))).collect();
        Self { kinds: Pile::new(cards.iter().map(|(kind, _)| *kind).collect()), cards }
    }

    /// Takes a sort out for good.
    pub(crate) fn exhaust(&mut self, sort: Sort) {
        for (_, pile) in &mut self.cards {
            pile.retain(|card| card.sort != sort);
        }
        self.cards.retain(|(_, pile)| !pile.all.is_empty());
        let left: Vec<FaultKind> = self.cards.iter().map(|(kind, _)| *kind).collect();
        self.kinds.retain(|kind| left.contains(kind));
    }

    /// How many kinds there are.
    pub(crate) fn kinds(&self) -> usize {
        self.cards.len()
    }

    /// The mean duration of a card, in milliseconds, each kind being equally frequent; 0 for an empty deck.
    pub(crate) fn mean_ms(&self) -> u64 {
        let mean = |cards: &[Card]| {
            let sum: u64 = cards.iter().map(|card| (card.least_ms + card.most_ms) / 2).sum();
            sum / (cards.len() as u64).max(1)
        };
        let sum: u64 = self.cards.iter().map(|(_, pile)| mean(&pile.all)).sum();
        sum / (self.cards.len() as u64).max(1)
    }

    /// The next card of a kind that is acceptable.
    pub(crate) fn deal(&mut self, dice: &mut Dice, accept: impl Fn(FaultKind) -> bool) -> Option<Card> {
        let kind = self.kinds.deal(dice, |kind| accept(*kind))?;
        let (_, pile) = self.cards.iter_mut().find(|(of, _)| *of == kind)?;
        pile.deal(dice, |_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_is_dealt_once_a_round() {
        let profile = Profile::parse("partition").unwrap();
        let mut deck = Deck::new(&profile, 5);
        let mut dice = Dice::new(3, 0);
        let round: usize = PARTITIONS.iter().map(|card| card.copies).sum();
        for _ in 0..5 {
            let dealt: Vec<Sort> = (0..round).map(|_| deck.deal(&mut dice, |_| true).unwrap().sort).collect();
            for card in PARTITIONS {
                let copies = dealt.iter().filter(|sort| **sort == card.sort).count();
                assert_eq!(copies, card.copies, "{card:?}");
            }
        }
    }

    #[test]
    fn a_star_is_dealt_only_if_named() {
        for (names, dealt) in [("partition", false), ("partition:star", true)] {
            let mut deck = Deck::new(&Profile::parse(names).unwrap(), 5);
            let mut dice = Dice::new(1, 0);
            let mut sorts = (0..30).map(|_| deck.deal(&mut dice, |_| true).unwrap().sort);
            assert_eq!(sorts.any(|sort| sort == Sort::Partition(PartitionShape::Star)), dealt);
        }
    }

    #[test]
    fn small_clusters_get_only_what_makes_sense() {
        assert_eq!(Deck::new(&Profile::parse("partition,loss").unwrap(), 1).kinds(), 0);
        assert_eq!(Deck::new(&Profile::parse("kill:minority").unwrap(), 2).kinds(), 0);
        assert_eq!(Deck::new(&Profile::parse("all").unwrap(), 1).kinds(), 4);
        assert_eq!(Deck::new(&Profile::parse("all").unwrap(), 2).kinds(), 10);
        assert_eq!(Deck::new(&Profile::parse("disk:flip").unwrap(), 2).kinds(), 0);
        assert!(Deck::new(&Profile::parse("all").unwrap(), 1).deal(&mut Dice::new(1, 0), |_| true).is_some());
        let nothing = Deck::new(&Profile::none(), 5).deal(&mut Dice::new(1, 0), |_| true);
        assert!(nothing.is_none());
    }

    #[test]
    fn what_is_not_acceptable_stays_for_later() {
        let mut deck = Deck::new(&Profile::default(), 5);
        let mut dice = Dice::new(1, 0);
        for _ in 0..9 {
            let card = deck.deal(&mut dice, |kind| kind == FaultKind::Kill).unwrap();
            assert!(matches!(card.sort, Sort::Kill(_)));
        }
        assert!(deck.deal(&mut dice, |kind| kind == FaultKind::Loss).is_none());
    }
}
