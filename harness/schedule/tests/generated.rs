//! What holds for every schedule that is generated.

use ordalia_node::NodeId;
use ordalia_schedule::{Fault, Link, Profile, Roles, Schedule, TimedFault, generate};
use proptest::prelude::*;

/// Any list of names that a profile understands.
fn profile() -> impl Strategy<Value = Profile> {
    let names = proptest::sample::subsequence(Profile::names(), 1..6);
    (names, 50..5000_u64).prop_map(|(names, interval_ms)| {
        let profile = Profile::parse(&names.join(",")).expect("known names");
        Profile { interval_ms, ..profile }
    })
}

/// The links of a fault that is resolved with that leader.
fn links(timed: &TimedFault, nodes: u16) -> Vec<Link> {
    let roles = Roles { leader: Some(NodeId::new(nodes)), witness: None };
    match timed.fault.resolve(&roles, &NodeId::all(nodes)) {
        Some(ordalia_schedule::Injection::Links { links, .. }) => links,
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn generated_schedules_make_sense(
        seed: u64, nodes in 1..9_u16, duration_ms in 0..60_000_u64, profile in profile(),
    ) {
        let schedule = generate(seed, nodes, duration_ms, &profile);
        prop_assert_eq!(schedule.check(), Ok(()));
        prop_assert_eq!(schedule.check_fits(nodes), Ok(()));
        prop_assert!(schedule.check_fits(nodes + 1).is_err());
        prop_assert!(schedule.end_ms() <= duration_ms);
        prop_assert_eq!(schedule.seed, Some(seed));
        for timed in &schedule.faults {
            prop_assert!(!timed.fault.label(None).is_empty());
            let roles = Roles { leader: Some(NodeId::new(1)), witness: Some(NodeId::new(nodes)) };
            let resolved = timed.fault.resolve(&roles, &NodeId::all(nodes)).is_some();
            prop_assert!(resolved);
            prop_assert!(links(timed, nodes).iter().all(|link| link.from != link.to));
            let partition = matches!(timed.fault, Fault::Partition { .. });
            prop_assert!(!partition || !links(timed, nodes).is_empty());
        }
    }

    #[test]
    fn generated_schedules_read_back_as_written(seed: u64, nodes in 1..9_u16, profile in profile()) {
        let schedule = generate(seed, nodes, 20_000, &profile);
        let text = schedule.to_json();
        let read = Schedule::from_json(&text, "schedule.json").expect("what was written");
        prop_assert_eq!(&read, &schedule);
        prop_assert_eq!(read.to_json(), text);
        let plain: Schedule = serde_json::from_str(&serde_json::to_string(&schedule).expect("JSON")).expect("JSON");
        prop_assert_eq!(plain, schedule);
    }

    #[test]
    fn a_profile_reads_back_as_shown(profile in profile()) {
        let shown = Profile::parse(&profile.to_string()).expect("what was shown");
        prop_assert_eq!(Profile { interval_ms: profile.interval_ms, ..shown }, profile);
    }
}

#[test]
fn a_schedule_for_another_cluster_names_the_first_fault_without_a_place() {
    let schedule = generate(1, 5, 30_000, &Profile::default());
    let error = schedule.check_fits(3).unwrap_err().to_string();
    assert!(error.starts_with("the schedule was made for 5 nodes: its fault "), "{error}");
    let error = schedule.check_fits(7).unwrap_err().to_string();
    assert!(error.contains("but the cluster has 7"), "{error}");
}
