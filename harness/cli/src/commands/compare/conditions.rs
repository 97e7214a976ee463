//! What all sides have in common, settled before anything is run.

use ordalia_schedule::{FaultKind, Profile, ProfileError, Schedule, generate_among};
use ordalia_workloads::WorkloadInfo;

use super::side::Side;
use crate::args::CompareArgs;
use crate::commands::trial::read_schedule;
use crate::exit::Failure;
use crate::registry::workload;
use crate::values::duration_text;

/// What all sides have in common.
pub struct Conditions {
    /// The workload.
    pub workload: &'static WorkloadInfo,
    /// The number of nodes.
    pub nodes: u16,
    /// Whether peers speak without proxies: where one side must, all do.
    pub direct: bool,
    /// What a reader must know.
    pub notes: Vec<String>,
    profile: Profile,
    groups: Vec<ordalia_node::Group>,
    given: Option<Schedule>,
}

impl Conditions {
    /// Finds the workload, the size and the faults that all sides can take.
    pub fn of(args: &CompareArgs, sides: &[Side], mut notes: Vec<String>) -> Result<Self, Failure> {
        let workload = workload(args.workload.as_deref().unwrap_or(sides[0].entry.workload()))?;
        for side in sides {
            let info = side.entry.info();
            if let Some(kind) = workload.asks.iter().find(|kind| !info.answers.contains(kind)) {
                let (name, workload, kind) = (&side.name, workload.name, kind.name());
                return Err(Failure::usage(format!("{name} does not answer {kind}, which {workload} asks")));
            }
        }
        let own = sides.iter().map(|side| side.entry.nodes()).min().unwrap_or(1);
        let given = args.schedule.as_deref().map(read_schedule).transpose()?;
        let nodes = args.nodes.or(given.as_ref().map(|schedule| schedule.nodes)).unwrap_or(own);
        let groups = sides[0].groups(nodes);
        if let Some(other) = sides.iter().find(|side| side.groups(nodes) != groups) {
            return Err(Failure::usage(format!(
                "the nodes of {} fall into other parts than those of {}: one schedule cannot name them for both",
                other.name, sides[0].name
            )));
        }
        if let Some(schedule) = &given {
            schedule.check_fits(nodes).map_err(|error| Failure::usage(error.to_string()))?;
            borne_by_all(schedule, sides)?;
        }
        let profile = profile(args, sides, &mut notes)?;
        let direct = sides.iter().any(|side| !side.bears.iter().any(|kind| kind.is_of_links()));
        Ok(Self { workload, nodes, direct: direct && !args.sim, notes, profile, groups, given })
    }

    /// The faults of a seed.
    pub fn schedule(&self, args: &CompareArgs, seed: u64) -> Result<Schedule, Failure> {
        if let Some(schedule) = &self.given {
            return Ok(schedule.clone());
        }
        let load_ms = u64::try_from(args.time_limit.as_millis()).unwrap_or(u64::MAX);
        let schedule = generate_among(seed, &self.groups, load_ms, &self.profile);
        if schedule.faults.is_empty() && !self.profile.is_none() {
            return Err(Failure::usage(format!(
                "no fault of {:?} fits {} nodes within {}; give more nodes or time, or --faults none",
                args.faults,
                self.nodes,
                duration_text(args.time_limit)
            )));
        }
        Ok(schedule)
    }
}

/// A side that does not bear a fault of the schedule that was given cannot face it.
fn borne_by_all(schedule: &Schedule, sides: &[Side]) -> Result<(), Failure> {
    for side in sides {
        let unborne = schedule.faults.iter().find(|fault| !side.bears.contains(&fault.fault.kind()));
        if let Some(fault) = unborne {
            let (id, kind) = (fault.id, fault.fault.kind());
            return Err(Failure::usage(format!("fault {id} is a {kind}, which {} does not bear", side.name)));
        }
    }
    Ok(())
}

/// The faults that were asked for, as far as every side bears them; what is left out is noted.
fn profile(args: &CompareArgs, sides: &[Side], notes: &mut Vec<String>) -> Result<Profile, Failure> {
    let usage = |error: ProfileError| Failure::usage(format!("--faults: {error}"));
    let common: Vec<FaultKind> = FaultKind::ALL
        .into_iter()
        .filter(|kind| sides.iter().all(|side| side.bears.contains(kind)))
        .collect();
    let mut left: Vec<&str> = Vec::new();
    let mut kept: Vec<&str> = Vec::new();
    for name in args.faults.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match Profile::parse_for(name, &common) {
            Ok(_) => kept.push(name),
            Err(ProfileError::Unborne(_)) => left.push(name),
            Err(error) => return Err(usage(error)),
        }
    }
    let who = |name: &str| {
        let unborne = sides.iter().find(|side| Profile::parse_for(name, &side.bears).is_err());
        unborne.map_or("", |side| side.name.as_str())
    };
    let reasons: Vec<String> =
        left.iter().map(|name| format!("{name} (not borne by {})", who(name))).collect();
    if kept.is_empty() && !left.is_empty() {
        let names: Vec<&str> = common.iter().map(|kind| kind.name()).collect();
        return Err(Failure::usage(format!(
            "--faults: no fault is borne by all sides: {}; what all bear: {}",
            reasons.join(", "),
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        )));
    }
    if !left.is_empty() {
        let note = format!("Left out of the faults, for all sides: {}.", reasons.join(", "));
        eprintln!("{note}");
        notes.push(note);
    }
    let interval_ms = u64::try_from(args.fault_interval.as_millis()).unwrap_or(u64::MAX);
    let kept = kept.join(",");
    let mut profile = Profile { interval_ms, ..Profile::parse_for(&kept, &common).map_err(usage)? };
    if !args.sim {
        profile.moments.retain(|occasion| occasion.is_in_status());
    }
    Ok(profile)
}
