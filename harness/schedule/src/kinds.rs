//! Names of the kinds of fault and of the shapes of partition.

use std::fmt;

use crate::{Fault, FaultKind, PartitionShape};

impl FaultKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [FaultKind; 8] = [
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
        }
    }

    /// Whether it needs links, and so at least two nodes.
    pub(crate) fn is_of_links(self) -> bool {
        !matches!(self, FaultKind::Kill | FaultKind::Pause)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
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
}
