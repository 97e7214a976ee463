//! What fails, what is known, and what is missed.

use ordalia_campaign::Mode;

use super::*;
use crate::stage::{baseline, cell, run, summary};

const SEEDS: [u64; 3] = [1, 2, 3];

fn all(complaint: Option<(&str, Verdict)>) -> Summary {
    let runs = SEEDS.iter().map(|seed| run("sim", *seed, 0.9, complaint)).collect();
    summary(vec![cell("sim", Mode::Sim, &SEEDS)], runs)
}

fn knowing(verdict: Verdict, seeds: &[u64]) -> Baseline {
    let mut baseline = baseline();
    let known = KnownFinding {
        checker: "linearizable".to_owned(),
        verdict,
        reason: "local reads are asked for".to_owned(),
        seeds: seeds.to_vec(),
    };
    baseline.cells.entry("sim".to_owned()).or_default().known.push(known);
    baseline
}

#[test]
fn a_violation_that_is_not_known_fails() {
    let found = examine(&all(Some(("linearizable", Verdict::Invalid))), &baseline(), None);
    assert_eq!(found.verdict(), Verdict::Invalid);
    let [Concern::News { finding, runs: 3, .. }] = &found.concerns[..] else { panic!("{found:?}") };
    assert_eq!((finding.count, finding.first.seed), (3, 1));
    assert_eq!(examine(&all(None), &baseline(), None).verdict(), Verdict::Valid);
}

#[test]
fn a_known_finding_passes_and_is_told_and_must_be_found_again() {
    let known = knowing(Verdict::Invalid, &SEEDS);
    let found = examine(&all(Some(("linearizable", Verdict::Invalid))), &known, None);
    assert_eq!((found.verdict(), found.known.len()), (Verdict::Valid, 1));
    let mended = examine(&all(None), &known, None);
    assert_eq!(mended.verdict(), Verdict::Unknown);
    assert!(matches!(&mended.concerns[..], [Concern::Vanished { .. }]), "{mended:?}");
    // With none of its seeds run nothing can be missed.
    assert_eq!(examine(&all(None), &knowing(Verdict::Invalid, &[9]), None).verdict(), Verdict::Valid);
}

#[test]
fn what_was_unknown_may_be_decided_and_may_not_become_a_violation() {
    let known = knowing(Verdict::Unknown, &SEEDS);
    assert_eq!(examine(&all(None), &known, None).verdict(), Verdict::Valid);
    assert_eq!(
        examine(&all(Some(("linearizable", Verdict::Unknown))), &known, None).verdict(),
        Verdict::Valid
    );
    assert_eq!(
        examine(&all(Some(("linearizable", Verdict::Invalid))), &known, None).verdict(),
        Verdict::Invalid
    );
    assert_eq!(examine(&all(Some(("stats", Verdict::Unknown))), &known, None).verdict(), Verdict::Unknown);
}

#[test]
fn a_cell_without_a_run_is_not_passed_over() {
    let cells = vec![cell("sim", Mode::Sim, &SEEDS), cell("late", Mode::Real, &SEEDS)];
    let found = examine(&summary(cells, vec![run("sim", 1, 0.9, None)]), &baseline(), None);
    assert_eq!(found.concerns, [Concern::Untried { cell: "late".to_owned() }]);
    assert_eq!((found.verdict(), found.done, found.planned), (Verdict::Unknown, 1, 6));
}

/// Real runs of three seeds with five repetitions in the baseline, and that availability now.
fn real(availability: f64, machine: Option<&str>) -> Examination {
    let mut baseline = baseline();
    let figures = &mut baseline.cells.entry("real".to_owned()).or_default().figures;
    let before = SEEDS.map(|seed| (seed, vec![0.90, 0.91, 0.90, 0.89, 0.90]));
    figures.insert(Figure::Availability, before.into());
    let runs = SEEDS.iter().map(|seed| run("real", *seed, availability, None)).collect();
    examine(&summary(vec![cell("real", Mode::Real, &SEEDS)], runs), &baseline, machine)
}

#[test]
fn a_figure_fails_beyond_the_noise_and_on_the_same_machine_alone() {
    assert_eq!((real(0.89, None).verdict(), real(0.89, None).compared), (Verdict::Valid, 1));
    let found = real(0.7, None);
    let [Concern::Worse { figure: Figure::Availability, worsening, .. }] = &found.concerns[..] else {
        panic!("{found:?}")
    };
    assert_eq!((worsening.before, worsening.now), (0.9, 0.7));
    let elsewhere = real(0.7, Some("another"));
    assert_eq!((elsewhere.verdict(), elsewhere.compared), (Verdict::Valid, 0));
    assert!(elsewhere.notes[0].contains("another machine, 2 processors"), "{:?}", elsewhere.notes);
}
