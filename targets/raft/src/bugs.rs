//! The defects of the core that can be planted, as a typed set.

use std::collections::BTreeSet;

use ordalia_node::{BugInfo, StartError};

macro_rules! bugs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $about:literal $(, with $option:literal = $value:literal)*;)*) => {
        /// One defect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $(#[doc = $about] $(#[$doc])* $variant,)*
        }

        /// All defects of the core, as a target declares them.
        pub const INFO: &[BugInfo] = &[$(BugInfo {
            name: $name,
            about: $about,
            with: &[$(($option, $value)),*],
        },)*];

        const ALL: &[(&str, Bug)] = &[$(($name, Bug::$variant),)*];
    };
}

bugs! {
    AckBeforeCommit = "ack-before-commit",
        "the leader applies and answers once a command is in its own log, before a majority has it";
    StaleRead = "stale-read",
        "the leader answers reads without confirming that it still leads (and without CheckQuorum)";
    ForgetVote = "forget-vote",
        "term and vote are not persisted, the vote is looked up where it never was, and no leader is stood by";
    ForgetLog = "forget-log",
        "entries are acknowledged before they are durable";
    AnyVote = "any-vote",
        "votes are granted without comparing logs";
    QuorumOfAlive = "quorum-of-alive",
        "a majority is counted over the nodes heard from lately";
    CommitOldTerm = "commit-old-term",
        "a new leader commits entries of older terms by counting (Figure 8), and has no no-op";
    TruncateAlways = "truncate-always",
        "followers drop what follows the leader's entries, even where nothing conflicts";
    ApplyTwice = "apply-twice",
        "retried commands are applied again";
    SnapshotOffByOne = "snapshot-off-by-one",
        "a snapshot is labelled one entry further than it goes, and that entry is never applied";
    IgnoreTerm = "ignore-term",
        "entries of a deposed leader are accepted, by later leaders too (and there is no CheckQuorum)";
    LeaseForever = "lease-forever",
        "a read lease never runs out, nor does CheckQuorum (with --reads lease)", with "reads" = "lease";
    LostSession = "lost-session",
        "snapshots leave the client sessions out, so that a retried command is applied again";
    NoNoopRead = "no-noop-read",
        "a new leader serves reads before an entry of its own term is committed";
}

/// Which defects are planted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bugs(u32);

impl Bugs {
    /// Reads the names, of the core's defects only.
    ///
    /// # Errors
    /// A name is not known; the message lists the known ones.
    pub fn parse(names: &BTreeSet<String>) -> Result<Self, StartError> {
        Self::parse_among(names, INFO).map(|(bugs, _)| bugs)
    }

    /// Reads the names of a target that has defects of its own too. `known` is all that it declares; the
    /// names among it that are not the core's are given back, for the target to read.
    ///
    /// # Errors
    /// A name is not known; the message lists the known ones.
    pub fn parse_among<'a>(
        names: &'a BTreeSet<String>,
        known: &[BugInfo],
    ) -> Result<(Self, BTreeSet<&'a str>), StartError> {
        let mut bugs = Self::default();
        let mut own = BTreeSet::new();
        for name in names {
            if !known.iter().any(|info| info.name == name) {
                let known: Vec<&str> = known.iter().map(|info| info.name).collect();
                let known = known.join(", ");
                return Err(StartError::Config(format!("unknown bug {name:?}; known are {known}")));
            }
            match ALL.iter().find(|(core, _)| core == name) {
                Some((_, bug)) => bugs.plant(*bug),
                None => {
                    own.insert(name.as_str());
                }
            }
        }
        Ok((bugs, own))
    }

    /// Plants one more.
    pub fn plant(&mut self, bug: Bug) {
        self.0 |= 1 << bug as u32;
    }

    /// Whether that one is planted.
    pub const fn has(self, bug: Bug) -> bool {
        self.0 & (1 << bug as u32) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_bug_is_known_and_only_those() {
        for info in INFO {
            let bugs = Bugs::parse(&BTreeSet::from([info.name.to_owned()])).unwrap();
            assert_eq!(ALL.iter().filter(|(_, bug)| bugs.has(*bug)).count(), 1, "{}", info.name);
        }
        let error = Bugs::parse(&BTreeSet::from(["stale".to_owned()])).unwrap_err().to_string();
        assert!(error.contains("\"stale\"") && error.contains("stale-read"), "{error}");
    }

    #[test]
    fn a_targets_own_bugs_are_given_back() {
        const OWN: &[BugInfo] = &[BugInfo { name: "no-watch", about: "watches never fire", with: &[] }];
        const ALL: &[BugInfo] = &crate::joined::<_, { INFO.len() + OWN.len() }>(INFO, OWN);
        let names = ["any-vote", "no-watch"].map(str::to_owned).into();
        let (bugs, own) = Bugs::parse_among(&names, ALL).unwrap();
        assert!(bugs.has(Bug::AnyVote) && !bugs.has(Bug::StaleRead));
        assert_eq!(own, BTreeSet::from(["no-watch"]));
        let unknown = BTreeSet::from(["watch".to_owned()]);
        let error = Bugs::parse_among(&unknown, ALL).unwrap_err().to_string();
        assert!(error.contains("any-vote") && error.contains("no-watch"), "{error}");
        assert!(Bugs::parse_among(&names, OWN).is_err(), "what a target does not declare it does not take");
    }
}
