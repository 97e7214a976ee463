//! The figures of a run that a baseline watches.

use ordalia_measure::Figures;
use ordalia_measure::statistics::median;
use serde::{Deserialize, Serialize};

/// A figure that may get worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The part of the operations that were answered, 0 to 1.
    Availability,
    /// The median over a run's faults and heals of the time until somebody was answered again, in milliseconds.
    RecoveryMs,
    /// The 99th percentile of the latency of ok operations, from their invocation, in milliseconds.
    P99Ms,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Availability, Self::RecoveryMs, Self::P99Ms];

    /// Its name for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::RecoveryMs => "recovery",
            Self::P99Ms => "p99 latency",
        }
    }

    /// What it was in a run; `None` where the run does not show it.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::Availability => {
                (figures.ok + figures.fail + figures.info > 0).then_some(figures.availability)
            }
            Self::RecoveryMs => {
                let recoveries = figures.after.iter().filter_map(|after| after.recovery_ms);
                median(&recoveries.collect::<Vec<_>>())
            }
            Self::P99Ms => Some(figures.latency?.invocation.p99_us / 1000.0),
        }
    }

    /// By how much the second value is worse than the first, in the figure's unit; below 0 where it is better.
    pub(crate) fn worsening(self, before: f64, now: f64) -> f64 {
        match self {
            Self::Availability => before - now,
            Self::RecoveryMs | Self::P99Ms => now - before,
        }
    }

    /// The least worsening that anybody would act upon, from the value before: below it nothing is reported,
    /// however sure it is.
    pub(crate) fn worth_telling(self, before: f64) -> f64 {
        match self {
            Self::Availability => 0.02,
            Self::RecoveryMs => (before * 0.25).max(200.0),
            Self::P99Ms => (before * 0.25).max(5.0),
        }
    }

    /// A value with its unit.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Availability => format!("{:.2} %", value * 100.0),
            Self::RecoveryMs => format!("{value:.0} ms"),
            Self::P99Ms => format!("{value:.1} ms"),
        }
    }
}
