//! The defects that can be planted: the sensors' own, and those of the service that show here.

use std::collections::BTreeSet;

use ordalia_node::BugInfo;

/// One defect of the sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// Who waited for long enough passes.
    BarrierTimeout,
    /// The process sleeps while it measures.
    SessionIdle,
    /// A leader whose session ended goes on, and nothing is fenced.
    TwoLeaders,
    /// A majority is enough.
    EarlyRelease,
    /// Each post has an id of its own.
    DoublePost,
    /// The counter is set without a look at its version.
    LostIncrement,
    /// The leader's table of values is not emptied between rounds.
    MeanOfAll,
    /// A stored mean is not taken up.
    MeanAnew,
    /// The settings are watched in the first session only.
    ConfigOnce,
    /// Whatever number stands there is taken for a period.
    AnyConfig,
    /// A sensor that comes back counts the rounds by itself.
    StaleRound,
}

/// The defects by name, as the target declares them.
pub const INFO: &[BugInfo] = &[
    BugInfo {
        name: "barrier-timeout",
        about: "a sensor that waited for a session time-out passes, whether or not there is a leader",
        with: &[],
    },
    BugInfo {
        name: "session-idle",
        about: "no heartbeat is sent while a sensor measures",
        with: &[("sampling-period-ms", "3000"), ("session-timeout-ms", "700")],
    },
    BugInfo {
        name: "two-leaders",
        about: "a leader goes on after its session ended, and its writes are not fenced",
        with: &[("session-timeout-ms", "700")],
    },
    BugInfo {
        name: "early-release",
        about: "a round is released when a majority has written its measurements",
        with: &[],
    },
    BugInfo {
        name: "double-post",
        about: "each try of a post has an id of its own, so that a repetition is recorded again",
        with: &[("api", "mixed")],
    },
    BugInfo {
        name: "lost-increment",
        about: "the counter is read and set without a look at its version",
        with: &[],
    },
    BugInfo {
        name: "mean-of-all",
        about: "the leader does not empty its table between rounds: who is gone still counts",
        with: &[],
    },
    BugInfo {
        name: "mean-anew",
        about: "a new leader makes a mean of its own, though one was stored and perhaps posted",
        with: &[("api", "slow"), ("session-timeout-ms", "700")],
    },
    BugInfo {
        name: "config-once",
        about: "the watches of the settings are not set again after a session was lost",
        with: &[],
    },
    BugInfo { name: "any-config", about: "a malformed setting is taken for what it looks like", with: &[] },
    BugInfo {
        name: "stale-round",
        about: "a sensor that lost its session at the barrier goes on with the next number",
        with: &[],
    },
];

/// The service's own that show here.
pub const SERVICE: &[BugInfo] = &[
    BugInfo {
        name: "lost-watch",
        about: "events of a watch are forgotten once they were told, whether or not they arrived",
        with: &[],
    },
    BugInfo {
        name: "ephemeral-leak",
        about: "a new leader of the ensemble that ends a session leaves its older ephemerals",
        with: &[("session-timeout-ms", "700")],
    },
    BugInfo { name: "version-ignored", about: "a set within a multi does not compare versions", with: &[] },
];

const ALL: [Bug; 11] = [
    Bug::BarrierTimeout,
    Bug::SessionIdle,
    Bug::TwoLeaders,
    Bug::EarlyRelease,
    Bug::DoublePost,
    Bug::LostIncrement,
    Bug::MeanOfAll,
    Bug::MeanAnew,
    Bug::ConfigOnce,
    Bug::AnyConfig,
    Bug::StaleRound,
];

/// Which of the sensors' own defects are planted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bugs(BTreeSet<Bug>);

impl Bugs {
    /// Those of the sensors among the names; others are passed over.
    pub fn among(names: &BTreeSet<String>) -> Self {
        let known = INFO.iter().zip(ALL);
        Self(known.filter(|(info, _)| names.contains(info.name)).map(|(_, bug)| bug).collect())
    }

    /// Whether that one is planted.
    pub fn has(&self, bug: Bug) -> bool {
        self.0.contains(&bug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_plants_its_own_bug() {
        assert_eq!(INFO.len(), ALL.len());
        for (info, bug) in INFO.iter().zip(ALL) {
            let planted = Bugs::among(&BTreeSet::from([info.name.to_owned()]));
            let found: Vec<Bug> = ALL.into_iter().filter(|bug| planted.has(*bug)).collect();
            assert_eq!(found, [bug], "{}", info.name);
        }
    }

    #[test]
    fn the_services_defects_are_known_to_it() {
        for info in SERVICE {
            assert!(ordalia_coordination::bugs::INFO.iter().any(|known| known.name == info.name));
        }
    }
}
