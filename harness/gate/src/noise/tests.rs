//! Noise passes and worsening does not.

use super::*;

/// Normal values (Box and Muller, 1958).
struct Normal(ChaCha8Rng);

impl Normal {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn draw(&mut self, mean: f64, deviation: f64) -> f64 {
        let mut unit = || (f64::from(self.0.random_range(1..=1_000_000u32)) - 0.5) / 1e6;
        mean + deviation * (-2.0 * unit().ln()).sqrt() * (std::f64::consts::TAU * unit()).cos()
    }

    /// Three seeds with means of their own, each repeated.
    fn seeds(&mut self, repetitions: usize, factor: f64, deviation: f64) -> BySeed {
        let means = [60.0, 80.0, 100.0].into_iter().zip(0..);
        means
            .map(|(mean, seed)| {
                (seed, (0..repetitions).map(|_| self.draw(mean * factor, deviation)).collect())
            })
            .collect()
    }

    fn sample(&mut self, size: u64, mean: f64, deviation: f64) -> BySeed {
        (0..size).map(|seed| (seed, vec![self.draw(mean, deviation)])).collect()
    }
}

#[test]
fn real_runs_that_only_stray_pass_and_twice_the_latency_does_not() {
    let (mut alarms, mut found) = (0, 0);
    for round in 0..500 {
        let mut normal = Normal::new(round);
        let baseline = normal.seeds(5, 1.0, 15.0);
        let same = normal.seeds(1, 1.0, 15.0);
        let worse = normal.seeds(1, 2.2, 15.0);
        alarms += usize::from(real(Figure::P99Ms, &baseline, &same) != Held::Within);
        found += usize::from(matches!(real(Figure::P99Ms, &baseline, &worse), Held::Worse(_)));
    }
    assert!(alarms <= 5, "{alarms} alarms in 500 comparisons without a change");
    assert!(found >= 450, "{found} of 500 found");
}

#[test]
fn simulated_runs_of_other_dice_pass_and_a_worse_median_does_not() {
    let (mut alarms, mut found) = (0, 0);
    for round in 0..6 {
        let mut normal = Normal::new(round);
        let baseline = normal.sample(30, 1000.0, 300.0);
        let same = normal.sample(30, 1000.0, 300.0);
        let worse = normal.sample(30, 1600.0, 300.0);
        alarms += usize::from(simulated(Figure::RecoveryMs, &baseline, &same) != Held::Within);
        found += usize::from(matches!(simulated(Figure::RecoveryMs, &baseline, &worse), Held::Worse(_)));
    }
    assert_eq!(alarms, 0);
    assert!(found >= 5, "{found} of 6 found");
}

#[test]
fn what_is_better_or_too_small_to_act_upon_passes() {
    let exact = |value: f64| -> BySeed { (0..10).map(|seed| (seed, vec![value; 5])).collect() };
    assert_eq!(real(Figure::P99Ms, &exact(10.0), &exact(14.0)), Held::Within);
    assert_eq!(real(Figure::P99Ms, &exact(10.0), &exact(1.0)), Held::Within);
    assert_eq!(simulated(Figure::Availability, &exact(0.9), &exact(0.99)), Held::Within);
    assert_eq!(simulated(Figure::Availability, &exact(0.99), &exact(0.975)), Held::Within);
    let held = simulated(Figure::Availability, &exact(0.99), &exact(0.9));
    assert!(matches!(held, Held::Worse(Worsening { before, now, .. }) if before == 0.99 && now == 0.9));
}

#[test]
fn too_little_is_said_to_be_so() {
    let exact =
        |count: u64, times: usize| -> BySeed { (0..count).map(|seed| (seed, vec![1.0; times])).collect() };
    assert!(matches!(real(Figure::P99Ms, &exact(3, 2), &exact(3, 1)), Held::Untold(_)));
    assert!(matches!(real(Figure::P99Ms, &BySeed::new(), &exact(3, 1)), Held::Untold(_)));
    assert!(matches!(simulated(Figure::P99Ms, &exact(7, 1), &exact(9, 1)), Held::Untold(_)));
}
