//! Which faults a schedule is generated of.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use crate::{DiskSort, FaultKind, Occasion, PartitionShape, Preset};

/// Asks for faults at the moments of [`Occasion::MOMENTS`].
const MOMENTS: &str = "moments";

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
    /// Whether partitions may divide the first of several groups alone. Where nothing stands between its members,
    /// that would hurt nobody.
    pub within_first: bool,
    /// How kills choose their nodes; empty for every way.
    pub kills: BTreeSet<Aim>,
    /// How pauses choose their nodes; empty for every way.
    pub pauses: BTreeSet<Aim>,
    /// What can be wrong with disks; empty for all.
    pub disks: BTreeSet<DiskSort>,
    /// For what moments some faults wait; empty for none.
    pub moments: BTreeSet<Occasion>,
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
    /// A fault that cannot be done here.
    #[error("{0} faults cannot be done to this target{how}", how = if .0.needs_simulator() { "'s processes; the simulator can: ordalia sim" } else { "" })]
    Unborne(FaultKind),
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
            within_first: true,
            kills: BTreeSet::new(),
            pauses: BTreeSet::new(),
            disks: BTreeSet::new(),
            moments: BTreeSet::new(),
            presets: BTreeSet::new(),
            interval_ms: Self::DEFAULT_INTERVAL_MS,
            shortest_ms: 100,
            longest_ms: 3000,
        }
    }

    /// Whether nothing was asked for.
    pub fn is_none(&self) -> bool {
        self.kinds.is_empty() && self.presets.is_empty() && self.moments.is_empty()
    }

    /// Reads a list such as `kill,partition:leader,loss`, or `none`.
    ///
    /// A kind alone stands for all its sorts: `kill`; with a colon only that sort is meant, and several may
    /// be named: `partition:halves,partition:one-way`, `kill:leader`, `pause:one`. `all` stands for all kinds.
    /// The names of [`presets`](crate::presets) may stand beside them, and `moments`, which has some of the
    /// faults wait for [`Occasion::MOMENTS`].
    ///
    /// # Errors
    /// A name is unknown (the error lists those that are known), `none` stands beside others, or there is no
    /// name.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        Self::parse_for(text, &FaultKind::ALL)
    }

    /// Reads a list as [`Profile::parse`] does, for a target that bears these kinds: `all` stands for them.
    ///
    /// # Errors
    /// As above, or a kind is named that is not borne.
    pub fn parse_for(text: &str, bears: &[FaultKind]) -> Result<Self, ProfileError> {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        match names[..] {
            [] => return Err(ProfileError::Empty),
            ["none"] => return Ok(Self::none()),
            _ if names.contains(&"none") => return Err(ProfileError::NoneAndOthers(text.to_owned())),
            _ => {}
        }
        let mut profile = Self::none();
        for name in &names {
            if !profile.add(name, bears) {
                return Err(ProfileError::Unknown { name: (*name).to_owned(), known: Self::names() });
            }
        }
        profile.widen(&names);
        match profile.kinds.iter().find(|kind| !bears.contains(kind)) {
            Some(kind) => Err(ProfileError::Unborne(*kind)),
            None => Ok(profile),
        }
    }

    /// Every name that [`Profile::parse`] understands in a list, apart from `none`.
    pub fn names() -> Vec<String> {
        let kinds = FaultKind::ALL.iter().map(|kind| kind.name().to_owned());
        let kills = Aim::ALL.iter().map(|aim| format!("kill:{}", aim.name()));
        let pauses = Aim::ALL.iter().map(|aim| format!("pause:{}", aim.name()));
        let shapes = PartitionShape::ALL.iter().map(|shape| format!("partition:{shape}"));
        let disks = DiskSort::ALL.iter().map(|sort| format!("disk:{}", sort.name()));
        let presets = Preset::ALL.iter().map(|preset| preset.name().to_owned());
        let sorts = kills.chain(pauses).chain(shapes).chain(disks);
        kinds.chain(["all".to_owned()]).chain(sorts).chain(presets).chain([MOMENTS.to_owned()]).collect()
    }

    /// Adds one name; false if it is unknown.
    fn add(&mut self, name: &str, bears: &[FaultKind]) -> bool {
        if name == "all" {
            self.kinds.extend(bears);
            return true;
        }
        if name == MOMENTS {
            self.moments.extend(Occasion::MOMENTS);
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
        let ill = DiskSort::ALL.into_iter().find(|ill| ill.name() == sort);
        match (kind, aim, shape, ill) {
            (FaultKind::Kill, Some(aim), ..) => self.kills.insert(aim),
            (FaultKind::Pause, Some(aim), ..) => self.pauses.insert(aim),
            (FaultKind::Partition, _, Some(shape), _) => self.shapes.insert(shape),
            (FaultKind::Disk, .., Some(ill)) => self.disks.insert(ill),
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
        if alone(FaultKind::Disk) {
            self.disks.clear();
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
                FaultKind::Disk => self.disks.iter().map(|sort| sort.name()).collect(),
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
        names.extend((!self.moments.is_empty()).then(|| MOMENTS.to_owned()));
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
    fn all_is_what_is_borne_and_the_rest_is_refused() {
        let all = Profile::parse_for("all", &FaultKind::REAL).unwrap();
        assert!(all.kinds.iter().eq(&FaultKind::REAL));
        let clock = Profile::parse_for("kill,clock", &FaultKind::REAL).unwrap_err().to_string();
        let expected =
            "clock faults cannot be done to this target's processes; the simulator can: ordalia sim";
        assert_eq!(clock, expected);
        let flip = Profile::parse_for("all,disk:flip", &FaultKind::REAL);
        assert_eq!(flip, Err(ProfileError::Unborne(FaultKind::Disk)));
        let loss = Profile::parse_for("loss", &[FaultKind::Kill]).unwrap_err().to_string();
        assert_eq!(loss, "loss faults cannot be done to this target");
        let disks = Profile::parse("disk:flip,disk:slow").unwrap().disks;
        assert_eq!(disks, BTreeSet::from([DiskSort::Slow, DiskSort::Flip]));
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
