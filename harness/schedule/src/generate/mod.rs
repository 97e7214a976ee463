//! Schedules from a seed.

mod draw;
mod episodes;
#[cfg(test)]
mod tests;

use ordalia_node::{Group, NodeId};

use crate::dice::Dice;
use crate::{Profile, Schedule};
use episodes::Episodes;

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
