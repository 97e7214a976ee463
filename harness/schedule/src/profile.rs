//! Which faults a schedule is generated of.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use crate::{FaultKind, PartitionShape, Preset};

/// How a fault of processes chooses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aim {
    /// One node.
    One,
    /// Fewer than half of the nodes.
    Minority,
    /// A bare majority.
    Majority,
    /// All nodes.
    All,
    /// Whoever leads when the fault fires.
    Leader,
}

impl Aim {
    /// All aims, in the order in which they are shown.
    pub const ALL: [Aim; 5] = [Aim::One, Aim::Minority, Aim::Majority, Aim::All, Aim::Leader];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Aim::One => "one",
            Aim::Minority => "minority",
            Aim::Majority => "majority",
            Aim::All => "all",
            Aim::Leader => "leader",
        }
    }
}

/// Which faults happen, how often, and how long they last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The kinds of fault, apart from what the presets bring. Empty for none.
    pub kinds: BTreeSet<FaultKind>,
    /// The shapes of partitions; empty for all.
    pub shapes: BTreeSet<PartitionShape>,
    /// How kills choose their nodes; empty for every way.
    pub kills: BTreeSet<Aim>,
    /// How pauses choose their nodes; empty for every way.
    pub pauses: BTreeSet<Aim>,
    /// Sequences made for rare interleavings, played beside the other faults.
    pub presets: BTreeSet<Preset>,
    /// The mean time from one fault's start to the next one's, in milliseconds.
    pub interval_ms: u64,
    /// The shortest that a fault lasts, in milliseconds.
    pub shortest_ms: u64,
    /// The longest that a fault lasts, in milliseconds.
    pub longest_ms: u64,
}

/// Why a profile could not be understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProfileError {
    /// A name that is no fault's.
    #[error("unknown fault {name:?}; expected none, or some of: {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// `none` together with faults.
    #[error("expected none alone or a list of faults, found {0:?}")]
    NoneAndOthers(String),
    /// No name at all.
    #[error("expected none, or a list of faults such as kill,partition; found nothing")]
    Empty,
}

impl Default for Profile {
    /// Kills and partitions of every sort, one every one and a half seconds.
    fn default() -> Self {
        Self { kinds: BTreeSet::from([FaultKind::Kill, FaultKind::Partition]), ..Self::none() }
    }
}

impl Profile {
    /// The mean time between faults where none is given, in milliseconds.
    pub const DEFAULT_INTERVAL_MS: u64 = 1500;

    /// No faults.
    pub fn none() -> Self {
        Self {
            kinds: BTreeSet::new(),
            shapes: BTreeSet::new(),
            kills: BTreeSet::new(),
            pauses: BTreeSet::new(),
            presets: BTreeSet::new(),
            interval_ms: Self::DEFAULT_INTERVAL_MS,
            shortest_ms: 100,
            longest_ms: 3000,
        }
    }

    /// Whether no fault will happen.
    pub fn is_none(&self) -> bool {
        self.kinds.is_empty() && self.presets.is_empty()
    }

    /// Reads a list such as `kill,partition:leader,loss`, or `none`.
    ///
    /// A kind alone stands for all its sorts: `kill`; with a colon only that sort is meant, and several may
    /// be named: `partition:halves,partition:one-way`, `kill:leader`, `pause:one`. `all` stands for all kinds.
    /// The names of [`presets`](crate::presets) may stand beside them.
    ///
    /// # Errors
    /// A name is unknown (the error lists those that are known), `none` stands beside others, or there is no
    /// name.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        match names[..] {
            [] => return Err(ProfileError::Empty),
            ["none"] => return Ok(Self::none()),
            _ if names.contains(&"none") => return Err(ProfileError::NoneAndOthers(text.to_owned())),
            _ => {}
        }
        let mut profile = Self::none();
        for name in &names {
            if !profile.add(name) {
                return Err(ProfileError::Unknown { name: (*name).to_owned(), known: Self::names() });
            }
        }
        profile.widen(&names);
        Ok(profile)
    }

    /// Every name that [`Profile::parse`] understands in a list, apart from `none`.
    pub fn names() -> Vec<String> {
        let kinds = FaultKind::ALL.iter().map(|kind| kind.name().to_owned());
        let kills = Aim::ALL.iter().map(|aim| format!("kill:{}", aim.name()));
        let pauses = Aim::ALL.iter().map(|aim| format!("pause:{}", aim.name()));
        let shapes = PartitionShape::ALL.iter().map(|shape| format!("partition:{shape}"));
        let presets = Preset::ALL.iter().map(|preset| preset.name().to_owned());
        kinds.chain(["all".to_owned()]).chain(kills).chain(pauses).chain(shapes).chain(presets).collect()
    }

    /// Adds one name; false if it is unknown.
    fn add(&mut self, name: &str) -> bool {
        if name == "all" {
            self.kinds.extend(FaultKind::ALL);
            return true;
        }
        if let Some(preset) = Preset::ALL.into_iter().find(|preset| preset.name() == name) {
            self.presets.insert(preset);
            return true;
        }
        let (kind, sort) = name.split_once(':').map_or((name, None), |(kind, sort)| (kind, Some(sort)));
        let Some(kind) = FaultKind::ALL.into_iter().find(|known| known.name() == kind) else { return false };
        let known = sort.is_none_or(|sort| self.add_sort(kind, sort));
        if known {
            self.kinds.insert(kind);
        }
        known
    }

    /// Adds one sort of a kind; false if it is unknown.
    fn add_sort(&mut self, kind: FaultKind, sort: &str) -> bool {
        let aim = Aim::ALL.into_iter().find(|aim| aim.name() == sort);
        let shape = PartitionShape::ALL.into_iter().find(|shape| shape.name() == sort);
        match (kind, aim, shape) {
            (FaultKind::Kill, Some(aim), _) => self.kills.insert(aim),
            (FaultKind::Pause, Some(aim), _) => self.pauses.insert(aim),
            (FaultKind::Partition, _, Some(shape)) => self.shapes.insert(shape),
            _ => return false,
        };
        true
    }

    /// Lifts the restriction to some sorts of a kind that was also named alone.
    fn widen(&mut self, names: &[&str]) {
        let alone = |kind: FaultKind| names.contains(&kind.name()) || names.contains(&"all");
        if alone(FaultKind::Kill) {
            self.kills.clear();
        }
        if alone(FaultKind::Pause) {
            self.pauses.clear();
        }
        if alone(FaultKind::Partition) {
            self.shapes.clear();
        }
    }
}

/// The list that [`Profile::parse`] reads.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sorts = |kind: FaultKind| -> Vec<&'static str> {
            match kind {
                FaultKind::Kill => self.kills.iter().map(|aim| aim.name()).collect(),
                FaultKind::Pause => self.pauses.iter().map(|aim| aim.name()).collect(),
                FaultKind::Partition => self.shapes.iter().map(|shape| shape.name()).collect(),
                _ => Vec::new(),
            }
        };
        let mut names: Vec<String> = Vec::new();
        for kind in &self.kinds {
            match sorts(*kind)[..] {
                [] => names.push(kind.name().to_owned()),
                ref sorts => names.extend(sorts.iter().map(|sort| format!("{kind}:{sort}"))),
            }
        }
        names.extend(self.presets.iter().map(|preset| preset.name().to_owned()));
        f.write_str(if names.is_empty() { "none".to_owned() } else { names.join(",") }.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood_and_shown_again() {
        for name in Profile::names().iter().filter(|name| *name != "all") {
            assert_eq!(Profile::parse(name).unwrap().to_string(), *name);
        }
        assert_eq!(Profile::parse("none").unwrap(), Profile::none());
        assert_eq!(Profile::parse("partition, kill").unwrap(), Profile::default());
        assert_eq!(Profile::parse("all").unwrap().kinds.len(), FaultKind::ALL.len());
        assert_eq!(Profile::default().to_string(), "kill,partition");
    }

    #[test]
    fn a_kind_alone_stands_for_all_its_sorts() {
        let some = Profile::parse("kill:leader,kill:all,partition:one-way").unwrap();
        assert_eq!(some.kills, BTreeSet::from([Aim::All, Aim::Leader]));
        assert_eq!(some.shapes, BTreeSet::from([PartitionShape::OneWay]));
        assert!(Profile::parse("kill:leader,kill").unwrap().kills.is_empty());
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        for wrong in ["kil", "kill:halves", "partition:all", "loss:one", "kill:"] {
            let error = Profile::parse(&format!("pause,{wrong}")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("unknown fault {wrong:?}; expected none, or some of: kill,")));
            assert!(error.contains("partition:majorities-ring") && error.contains("vote-storm"), "{error}");
        }
        assert_eq!(Profile::parse(" , "), Err(ProfileError::Empty));
        assert!(matches!(Profile::parse("kill,none"), Err(ProfileError::NoneAndOthers(_))));
    }
}
