//! Swarm testing: each seed draws its own test.
//!
//! A sweep that varies the seed alone varies too little: with every family of faults in every run, the ones
//! that hide a defect are always there as well (Groce et al., *Swarm Testing*, 2012). So each seed draws its
//! own subset of the families, their intensity, the size of the cluster, the load and the nature of the world.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordalia_node::OptionInfo;
use ordalia_schedule::{FaultKind, Occasion, Preset, Profile};

use crate::dice::{Dice, Purpose};
use crate::{Latency, Nature};

/// What is fixed, and what may be drawn.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// The number of nodes, where it is fixed.
    pub nodes: Option<u16>,
    /// The numbers of nodes to draw from, at least one: [`Node::sizes`](ordalia_node::Node::sizes).
    pub sizes: &'static [u16],
    /// The number of client threads, where it is fixed.
    pub concurrency: Option<usize>,
    /// Operations a second, where fixed; `None` inside for as many as the clients can.
    pub rate: Option<Option<f64>>,
    /// The faults, where they are fixed.
    pub profile: Option<Profile>,
    /// The mean time between faults, where it is fixed.
    pub interval: Option<Duration>,
    /// How long a client waits, where it is fixed.
    pub client_timeout: Option<Duration>,
    /// The kinds of fault that the target bears in the simulator.
    pub bears: Vec<FaultKind>,
    /// The target's options, of which those that are not fixed elsewhere may be drawn.
    pub options: &'static [OptionInfo],
}

/// One test, as drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The number of nodes.
    pub nodes: u16,
    /// The number of client threads.
    pub concurrency: usize,
    /// Operations a second.
    pub rate: Option<f64>,
    /// The faults.
    pub profile: Profile,
    /// How long a client waits for an answer.
    pub client_timeout: Duration,
    /// The world.
    pub nature: Nature,
    /// The target's options that were drawn.
    pub options: BTreeMap<String, String>,
}

impl Swarm {
    /// The test of a seed. What is fixed is kept; everything else is a function of the seed alone, whatever is
    /// fixed beside it.
    pub fn draw(&self, seed: u64) -> Draw {
        let mut dice = Dice::new(seed, Purpose::Swarm);
        let nodes = *dice.pick(self.sizes);
        let clients_per_node = dice.between(1, 4);
        let rate = dice.between(100, 400) as f64;
        let families = self.families(&mut dice);
        let interval_ms = dice.between(500, 3_000);
        let client_timeout = Duration::from_millis(*dice.pick(&[300, 1_000, 1_000, 3_000]));
        let nature = nature(&mut dice);
        let options = self.draw_options(&mut dice);
        let presets = presets(&mut dice);
        let moments = if dice.chance(0.3) { Occasion::MOMENTS.into() } else { BTreeSet::new() };
        let nodes = self.nodes.unwrap_or(nodes);
        let drawn = Profile { kinds: families, presets, moments, interval_ms, ..Profile::none() };
        let mut profile = self.profile.clone().unwrap_or(drawn);
        profile.interval_ms = self.interval.map_or(interval_ms, |span| span.as_millis() as u64);
        Draw {
            nodes,
            concurrency: self.concurrency.unwrap_or(clients_per_node as usize * usize::from(nodes)),
            rate: self.rate.unwrap_or(Some(rate)),
            profile,
            client_timeout: self.client_timeout.unwrap_or(client_timeout),
            nature,
            options,
        }
    }

    fn draw_options(&self, dice: &mut Dice) -> BTreeMap<String, String> {
        let drawn = self.options.iter().filter(|option| !option.draws.is_empty());
        drawn.map(|option| (option.name.to_owned(), (*dice.pick(option.draws)).to_owned())).collect()
    }

    /// Each family with an even chance, and at least one.
    fn families(&self, dice: &mut Dice) -> BTreeSet<FaultKind> {
        let mut drawn: BTreeSet<FaultKind> = BTreeSet::new();
        for kind in &self.bears {
            if dice.chance(0.4) {
                drawn.insert(*kind);
            }
        }
        if drawn.is_empty() && !self.bears.is_empty() {
            drawn.insert(*dice.pick(&self.bears));
        }
        drawn
    }
}

/// Now and then a sequence made for a rare interleaving joins the others.
fn presets(dice: &mut Dice) -> BTreeSet<Preset> {
    Preset::ALL.into_iter().filter(|_| dice.chance(0.1)).collect()
}

/// A rack, a building or a continent; a fast disk or a slow one.
fn nature(dice: &mut Dice) -> Nature {
    let link =
        *dice.pick(&[Latency::micros(50, 150), Latency::micros(100, 1_000), Latency::micros(1_000, 20_000)]);
    let sync =
        *dice.pick(&[Latency::micros(20, 100), Latency::micros(200, 1_000), Latency::micros(2_000, 15_000)]);
    let tail = *dice.pick(&[0.0, 0.01, 0.05]);
    Nature {
        link: Latency { tail, tail_ns: 10_000_000, ..link },
        sync: Latency { tail, tail_ns: 20_000_000, ..sync },
        drift_ppm: *dice.pick(&[0, 50, 500]),
        ..Nature::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> Swarm {
        Swarm {
            nodes: None,
            sizes: &[3, 3, 5, 5, 5, 7],
            concurrency: None,
            rate: None,
            profile: None,
            interval: None,
            client_timeout: None,
            bears: FaultKind::ALL.to_vec(),
            options: &[],
        }
    }

    #[test]
    fn seeds_draw_different_tests_and_each_the_same_again() {
        let draws: Vec<Draw> = (0..50).map(|seed| free().draw(seed)).collect();
        assert_eq!(draws, (0..50).map(|seed| free().draw(seed)).collect::<Vec<_>>());
        let sizes: BTreeSet<u16> = draws.iter().map(|draw| draw.nodes).collect();
        assert_eq!(sizes, BTreeSet::from([3, 5, 7]));
        let families: BTreeSet<_> = draws.iter().map(|draw| draw.profile.kinds.clone()).collect();
        assert!(families.len() > 25 && families.iter().all(|kinds| !kinds.is_empty()), "{families:?}");
    }

    #[test]
    fn what_is_fixed_leaves_the_rest_as_it_was() {
        let fixed = Swarm { nodes: Some(9), rate: Some(None), ..free() };
        for seed in 0..20 {
            let (free, fixed) = (free().draw(seed), fixed.draw(seed));
            assert_eq!((fixed.nodes, fixed.rate), (9, None));
            assert_eq!((free.profile, free.nature), (fixed.profile, fixed.nature));
        }
    }
}
