//! What clients ask of a target, and how the answers are judged: one module each.

mod register;
mod sensors;
mod settings;

use ordalia_node::RequestKind;
use ordalia_workload::{Workload, WorkloadSettings};

pub use register::Register;
pub use sensors::Sensors;

/// A workload for the command line and for lists.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadInfo {
    /// The name on the command line.
    pub name: &'static str,
    /// What it asks and what it shows, in a line.
    pub about: &'static str,
    /// Makes it.
    pub make: fn(&WorkloadSettings) -> Box<dyn Workload>,
    /// The kinds of request that a target must answer.
    pub asks: &'static [RequestKind],
}

/// All workloads.
pub static ALL: &[WorkloadInfo] = &[
    WorkloadInfo {
        name: register::NAME,
        about: "reads, writes and cas on many keys, each of which must be linearizable",
        make: |settings| Box::new(Register::new(settings)),
        asks: register::ASKS,
    },
    WorkloadInfo {
        name: sensors::NAME,
        about: "sensors go round by round through a barrier while their configuration changes",
        make: |settings| Box::new(Sensors::new(settings)),
        asks: sensors::ASKS,
    },
];

/// The workload of that name.
pub fn find(name: &str) -> Option<&'static WorkloadInfo> {
    ALL.iter().find(|workload| workload.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_found_by_the_names_that_they_have() {
        let settings = WorkloadSettings { seed: 1, threads: 2, rate: None };
        for info in ALL {
            let made = (find(info.name).unwrap().make)(&settings);
            assert_eq!((made.name(), made.asks()), (info.name, info.asks));
        }
        assert!(find("nothing").is_none());
    }
}
