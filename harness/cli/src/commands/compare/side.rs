//! What is compared.

use std::collections::BTreeSet;

use ordalia_node::Group;
use ordalia_runner::Target;
use ordalia_schedule::FaultKind;

use crate::args::{CompareArgs, SideArgs};
use crate::commands::sim::borne;
use crate::exit::Failure;
use crate::registry::{Startable, bugs, check_options, startable, target};

/// Where this is set, a system that is missing is a failure and not a side that is skipped.
const DEMAND: &str = "ORDALIA_DEMAND_REAL";

/// One side: a target that is there, with options that it takes.
pub struct Side {
    /// As it was asked for, with single spaces.
    pub name: String,
    /// The target with its options.
    pub words: SideArgs,
    /// What declares it.
    pub entry: Startable,
    /// The kinds of fault that can be done to it.
    pub bears: Vec<FaultKind>,
    /// The target as real processes; absent in the simulator.
    made: Option<Box<dyn Target>>,
}

impl Side {
    /// Checks a side's words; `Err` of the inner result says why the system is not there.
    fn new(text: &str, sim: bool) -> Result<Result<Self, String>, Failure> {
        let words = SideArgs::parse(text).map_err(Failure::usage)?;
        let about = |failure| match failure {
            Failure::Usage(why) => Failure::usage(format!("side {text:?}: {why}")),
            other => other,
        };
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if sim {
            let entry = target(&words.target).map_err(about)?;
            bugs(&entry.info, &words.bugs).map_err(about)?;
            check_options(&entry.info, &words.options).map_err(about)?;
            if words.executable.is_some() {
                let why = "the simulator runs this build alone; --executable needs real processes";
                return Err(about(Failure::usage(why)));
            }
            let bears = borne(entry, &words.options);
            return Ok(Ok(Self { name, words, entry: Startable::Own(entry), bears, made: None }));
        }
        let entry = startable(&words.target).map_err(about)?.on_asked(&words.options);
        let planted = entry.check(&words.options, &words.bugs).map_err(about)?;
        match make(&entry, planted, &words) {
            Ok(made) => Ok(Ok(Self { name, bears: made.bears().to_vec(), made: Some(made), words, entry })),
            Err(Failure::Harness(why)) if !matches!(entry, Startable::Own(_)) => Ok(Err(format!("{why:#}"))),
            Err(failure) => Err(about(failure)),
        }
    }

    /// The parts that its nodes fall into.
    pub fn groups(&self, nodes: u16) -> Vec<Group> {
        match (&self.made, &self.entry) {
            (Some(made), _) => made.groups(nodes),
            (None, Startable::Own(entry)) => (entry.anatomy.groups)(nodes, &self.words.options),
            (None, _) => Group::of_all(nodes),
        }
    }
}

fn make(entry: &Startable, bugs: BTreeSet<String>, words: &SideArgs) -> Result<Box<dyn Target>, Failure> {
    match &words.executable {
        Some(build) => entry.make_of_build(words.options.clone(), bugs, build),
        None => Ok(entry.make(words.options.clone(), bugs)?),
    }
}

/// The sides that were asked for and are there, and a note on each that is not.
pub fn sides(args: &CompareArgs) -> Result<(Vec<Side>, Vec<String>), Failure> {
    if args.sides.len() < 2 {
        return Err(Failure::usage(format!(
            "expected at least two sides, found {:?} alone; such as: ordalia compare 'raft-kv --reads read-index' \
             'raft-kv --reads lease'",
            args.sides.first().map_or("", String::as_str)
        )));
    }
    let (mut sides, mut notes): (Vec<Side>, Vec<String>) = (Vec::new(), Vec::new());
    for text in &args.sides {
        match Side::new(text, args.sim)? {
            Ok(side) if sides.iter().any(|other| other.name == side.name) => {
                return Err(Failure::usage(format!("side {text:?} is there twice")));
            }
            Ok(side) => {
                notes.extend(side.entry.note().map(|note| format!("{}: {note}", side.name)));
                sides.push(side);
            }
            Err(why) if std::env::var_os(DEMAND).is_some() => return Err(anyhow::Error::msg(why).into()),
            Err(why) => {
                eprintln!("skipped: {text}: {why}");
                notes.push(format!("{text} was skipped: {why}"));
            }
        }
    }
    match sides.len() {
        0 | 1 => Err(Failure::Harness(anyhow::anyhow!(
            "fewer than two sides are left, so there is nothing to compare: {}",
            notes.join("; ")
        ))),
        _ => Ok((sides, notes)),
    }
}
