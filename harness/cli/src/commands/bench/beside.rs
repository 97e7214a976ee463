//! `ordalia bench TARGET --beside …`: the target and real systems on the same workload in one run, as ratios.
//!
//! All are asked by the same clients with the same operations. Systems take turns within a round, and ratios
//! are taken within rounds. The first half of each measurement is left out: a Java machine compiles what
//! it runs while it runs it.

use std::collections::BTreeMap;
use std::io::Write;

use ordalia_node::NodeInfo;
use ordalia_runner::Target;
use serde::Serialize;

use super::halves::Halves;
use super::{Figures, measure_target, median, row, typical};
use crate::args::BenchArgs;
use crate::exit::{Failure, Outcome};
use crate::registry::{REAL, RealEntry, Startable, check_options, startable, unknown};

/// How much of a measurement is left out at its beginning.
const WARM_UP: f64 = 0.5;

/// Where this is set, a system that is missing is a failure and not a gap in the table.
const DEMAND: &str = "ORDALIA_DEMAND_REAL";

/// What is measured: a system, and how its reads are asked.
struct Subject {
    name: String,
    system: Startable,
    options: BTreeMap<String, String>,
}

/// One measurement.
#[derive(Clone, Debug, Serialize)]
struct Measured {
    subject: String,
    round: u32,
    #[serde(flatten)]
    figures: Figures,
}

/// Measures, and prints a table.
pub fn bench(args: &BenchArgs) -> Outcome {
    let (subjects, skipped) = subjects(args)?;
    let mut all: Vec<Measured> = Vec::new();
    for round in 1..=args.rounds {
        for &clients in &args.clients {
            for subject in &subjects {
                let target = subject.make()?;
                let figures = measure_target(args, target.as_ref(), &Halves, clients, false, WARM_UP)?;
                eprintln!("round {round}: {:24} {}", subject.name, row(&figures));
                all.push(Measured { subject: subject.name.clone(), round, figures });
            }
        }
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
        return Ok(None);
    }
    writeln!(out, "half reads, half writes, {} nodes, medians of {} rounds", args.nodes, args.rounds)?;
    for &clients in &args.clients {
        for subject in &subjects {
            writeln!(out, "{}", line(&all, &subject.name, &subjects[0].name, clients))?;
        }
    }
    for why in skipped {
        writeln!(out, "skipped: {why}")?;
    }
    Ok(None)
}

/// The target, and each way of reading of each system beside it; and why systems are left out.
fn subjects(args: &BenchArgs) -> Result<(Vec<Subject>, Vec<String>), Failure> {
    let target = startable(&args.target)?;
    check_options(target.info(), &args.options)?;
    let own = Subject { name: args.target.clone(), system: target, options: args.options.clone() };
    let (mut subjects, mut skipped) = (vec![own], Vec::new());
    for name in &args.beside {
        let Some(real) = REAL.iter().find(|real| real.info.name == name) else {
            return Err(unknown("system", name, REAL.iter().map(|real| real.info.name)));
        };
        match (real.installed)(BTreeMap::new()) {
            Ok(_) => subjects.extend(ways(real)),
            Err(why) if std::env::var_os(DEMAND).is_some() => return Err(anyhow::Error::msg(why).into()),
            Err(why) => {
                eprintln!("skipped: {why}");
                skipped.push(why);
            }
        }
    }
    Ok((subjects, skipped))
}

/// One subject for each value of the option `reads`.
fn ways(real: &'static RealEntry) -> Vec<Subject> {
    let NodeInfo { name, options, .. } = real.info;
    let reads = options.iter().filter(|option| option.name == "reads").flat_map(|option| option.values);
    let way = |value: &&str| Subject {
        name: format!("{name}, {value} reads"),
        system: Startable::Real(real),
        options: BTreeMap::from([("reads".to_owned(), (*value).to_owned())]),
    };
    reads.map(way).collect()
}

impl Subject {
    fn make(&self) -> anyhow::Result<Box<dyn Target>> {
        self.system.make(self.options.clone(), std::collections::BTreeSet::new())
    }
}

/// The medians of a subject, and its throughput and median latency to the first subject's.
fn line(all: &[Measured], name: &str, first: &str, clients: usize) -> String {
    let of = |name: &str| -> Vec<Figures> {
        let of_it = all.iter().filter(|one| one.subject == name && one.figures.clients == clients);
        of_it.map(|one| one.figures).collect()
    };
    let (own, reference) = (of(name), of(first));
    let ratio = |figure: fn(&Figures) -> f64| {
        median(own.iter().zip(&reference).map(|(own, first)| figure(own) / figure(first).max(1.0)).collect())
    };
    let (throughput, latency) = (ratio(|f| f.ops_per_s), ratio(|f| f.p50_us as f64));
    format!("{name:28} {}   throughput {throughput:.2}, p50 {latency:.2} of {first}", row(&typical(&own)))
}
