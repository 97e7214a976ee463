//! What schedules from a seed are like.

use std::collections::BTreeSet;

use ordalia_node::{Group, NodeId};

use super::*;
use crate::{DiskIll, Fault, FaultKind, Occasion, PartitionShape, Role, Targets};

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
fn a_first_group_without_links_is_not_divided_alone() {
    let inner = |within_first| {
        let profile = Profile { within_first, ..Profile::parse("partition:halves,partition:one").unwrap() };
        let schedules = (0..10).map(|seed| generate_among(seed, &two_groups(3, 7), 60_000, &profile));
        let faults: Vec<_> = schedules.flat_map(|schedule| schedule.faults).collect();
        let is_inner = |fault: &Fault| {
            let Fault::Partition { links, .. } = fault else { panic!("{fault:?}") };
            links.iter().all(|link| link.from.number() <= 3 && link.to.number() <= 3)
        };
        faults.iter().filter(|timed| is_inner(&timed.fault)).count()
    };
    assert!(inner(true) > 0);
    assert_eq!(inner(false), 0);
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
        let labels: BTreeSet<String> = schedule.faults.iter().map(|timed| timed.fault.label(None)).collect();
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
