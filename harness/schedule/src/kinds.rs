//! Names of the kinds of fault and of the shapes of partition.

use std::fmt;

use crate::{DiskIll, DiskSort, Fault, FaultKind, PartitionShape, Targets};

impl FaultKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [FaultKind; 10] = [
        FaultKind::Kill,
        FaultKind::Pause,
        FaultKind::Partition,
        FaultKind::Delay,
        FaultKind::Loss,
        FaultKind::Duplicate,
        FaultKind::Reorder,
        FaultKind::Bandwidth,
        FaultKind::Clock,
        FaultKind::Disk,
    ];

    /// Those that can be done to real processes; the others need the simulator.
    pub const REAL: [FaultKind; 8] = [
        FaultKind::Kill,
        FaultKind::Pause,
        FaultKind::Partition,
        FaultKind::Delay,
        FaultKind::Loss,
        FaultKind::Duplicate,
        FaultKind::Reorder,
        FaultKind::Bandwidth,
    ];

    /// The name on the command line, in schedules and in histories.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Kill => "kill",
            FaultKind::Pause => "pause",
            FaultKind::Partition => "partition",
            FaultKind::Delay => "delay",
            FaultKind::Loss => "loss",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Reorder => "reorder",
            FaultKind::Bandwidth => "bandwidth",
            FaultKind::Clock => "clock",
            FaultKind::Disk => "disk",
        }
    }

    /// What it does, in a line.
    pub fn about(self) -> &'static str {
        match self {
            FaultKind::Kill => "processes are killed with SIGKILL and restarted with the same data",
            FaultKind::Pause => "processes are stopped with SIGSTOP and continued",
            FaultKind::Partition => "links between nodes are cut, in many shapes",
            FaultKind::Delay => "messages between nodes arrive late",
            FaultKind::Loss => "messages between nodes are lost",
            FaultKind::Duplicate => "messages between nodes arrive twice",
            FaultKind::Reorder => "messages between nodes overtake each other",
            FaultKind::Bandwidth => "links between nodes carry only so many bytes a second",
            FaultKind::Clock => "clocks of nodes jump ahead and run fast or slow (simulator only)",
            FaultKind::Disk => "disks of nodes are slow, full or damaged (simulator only)",
        }
    }

    /// Whether it needs links, and so at least two nodes.
    pub fn is_of_links(self) -> bool {
        !matches!(self, FaultKind::Kill | FaultKind::Pause | FaultKind::Clock | FaultKind::Disk)
    }

    /// Whether only the simulator can do it.
    pub fn needs_simulator(self) -> bool {
        !Self::REAL.contains(&self)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl DiskSort {
    /// All sorts, in the order in which they are shown.
    pub const ALL: [DiskSort; 3] = [DiskSort::Slow, DiskSort::Full, DiskSort::Flip];

    /// The name on the command line and in schedules.
    pub fn name(self) -> &'static str {
        match self {
            DiskSort::Slow => "slow",
            DiskSort::Full => "full",
            DiskSort::Flip => "flip",
        }
    }
}

impl DiskIll {
    /// The sort of ill that it is.
    pub fn sort(self) -> DiskSort {
        match self {
            DiskIll::Slow { .. } => DiskSort::Slow,
            DiskIll::Full => DiskSort::Full,
            DiskIll::Flip => DiskSort::Flip,
        }
    }
}

impl PartitionShape {
    /// All shapes, in the order in which they are shown.
    pub const ALL: [PartitionShape; 9] = [
        PartitionShape::Halves,
        PartitionShape::One,
        PartitionShape::Majority,
        PartitionShape::Minority,
        PartitionShape::MajoritiesRing,
        PartitionShape::Bridge,
        PartitionShape::OneWay,
        PartitionShape::Star,
        PartitionShape::Leader,
    ];

    /// The name on the command line and in schedules.
    pub fn name(self) -> &'static str {
        match self {
            PartitionShape::Halves => "halves",
            PartitionShape::One => "one",
            PartitionShape::Majority => "majority",
            PartitionShape::Minority => "minority",
            PartitionShape::MajoritiesRing => "majorities-ring",
            PartitionShape::Bridge => "bridge",
            PartitionShape::OneWay => "one-way",
            PartitionShape::Star => "star",
            PartitionShape::Leader => "leader",
        }
    }
}

impl fmt::Display for PartitionShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Fault {
    /// The kind of fault that it is.
    pub fn kind(&self) -> FaultKind {
        match self {
            Fault::Kill { .. } => FaultKind::Kill,
            Fault::Pause { .. } => FaultKind::Pause,
            Fault::Partition { .. } => FaultKind::Partition,
            Fault::Delay { .. } => FaultKind::Delay,
            Fault::Loss { .. } => FaultKind::Loss,
            Fault::Duplicate { .. } => FaultKind::Duplicate,
            Fault::Reorder { .. } => FaultKind::Reorder,
            Fault::Bandwidth { .. } => FaultKind::Bandwidth,
            Fault::Clock { .. } => FaultKind::Clock,
            Fault::Disk { .. } => FaultKind::Disk,
        }
    }

    /// Whom it hits; `None` if it hits links.
    pub fn targets(&self) -> Option<&Targets> {
        match self {
            Fault::Kill { targets }
            | Fault::Pause { targets }
            | Fault::Clock { targets, .. }
            | Fault::Disk { targets, .. } => Some(targets),
            _ => None,
        }
    }

    pub(crate) fn targets_mut(&mut self) -> Option<&mut Targets> {
        match self {
            Fault::Kill { targets }
            | Fault::Pause { targets }
            | Fault::Clock { targets, .. }
            | Fault::Disk { targets, .. } => Some(targets),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for kind in FaultKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        for shape in PartitionShape::ALL {
            assert_eq!(serde_json::to_string(&shape).unwrap(), format!("\"{shape}\""));
        }
    }

    #[test]
    fn what_needs_the_simulator_is_what_is_not_real() {
        let simulated = FaultKind::ALL.into_iter().filter(|kind| kind.needs_simulator());
        assert!(simulated.eq([FaultKind::Clock, FaultKind::Disk]));
        assert_eq!(FaultKind::ALL[..8], FaultKind::REAL);
    }
}
