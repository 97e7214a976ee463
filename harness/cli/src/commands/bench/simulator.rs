//! `ordalia bench --sim`: how fast the simulator runs and judges tests.
//!
//! What is measured is a sweep as `ordalia sim` does it, verdicts included, over the same seeds every time.

use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ordalia_checker::{Budget, Verdict};
use ordalia_sim::{Effort, Go, sweep};
use serde::Serialize;

use super::median;
use crate::args::{BenchArgs, SimArgs};
use crate::commands::sim::Plan;
use crate::exit::{Failure, Outcome};

/// One measurement.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Figures {
    /// Whether each seed drew faults; none otherwise.
    faults: bool,
    /// How many tests ran side by side.
    cores: usize,
    runs: u64,
    valid: u64,
    wall_s: f64,
    /// What the tests took of the processors, where the system tells: other programs do not count.
    processor_s: f64,
    virtual_s: f64,
    messages: u64,
    operations: u64,
    events: u64,
}

/// Measures, and prints a table.
pub fn bench(args: &BenchArgs) -> Outcome {
    if args.rounds == 0 {
        return Err(Failure::usage("expected at least one round"));
    }
    let all_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut kinds = Vec::new();
    for faults in [false, true] {
        kinds.push((faults, 1));
        if all_cores > 1 {
            kinds.push((faults, all_cores));
        }
    }
    let mut all = Vec::new();
    for round in 1..=args.rounds {
        for &(faults, cores) in &kinds {
            let figures = measure(args, faults, cores)?;
            eprintln!("round {round}: {}", figures.row());
            all.push(figures);
        }
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
        return Ok(None);
    }
    writeln!(out, "{}, {} nodes, medians of {} rounds", args.target, args.nodes, args.rounds)?;
    for kind in kinds {
        let of_kind = all.iter().filter(|figures| (figures.faults, figures.cores) == kind);
        writeln!(out, "{}", typical(&of_kind.copied().collect::<Vec<_>>()).row())?;
    }
    Ok(None)
}

/// Runs and judges all seeds once.
fn measure(args: &BenchArgs, faults: bool, cores: usize) -> Result<Figures, Failure> {
    let sim = SimArgs {
        target: args.target.clone(),
        options: args.options.clone(),
        nodes: Some(args.nodes),
        rate: Some(args.rate),
        time_limit: args.time_limit.unwrap_or(Duration::from_secs(30)),
        faults: (!faults).then(|| "none".to_owned()),
        ..SimArgs::default()
    };
    let plan = Plan::new(&sim)?;
    let mut figures = Figures { faults, cores, ..Figures::default() };
    let mut broken = None;
    let run = |seed| -> Result<_, Failure> {
        let before = processor_time();
        let judged = plan.case(seed)?.judged(&Budget::default())?;
        Ok((judged, processor_time().saturating_sub(before)))
    };
    let begun = Instant::now();
    sweep(args.seeds.clone(), cores, &AtomicBool::new(false), run, |_, result| match result {
        Ok(((verdict, effort), took)) => {
            figures.add(verdict.valid, &effort);
            figures.processor_s += took.as_secs_f64();
            Go::On
        }
        Err(failure) => {
            broken.get_or_insert(failure);
            Go::Stop
        }
    });
    figures.wall_s = begun.elapsed().as_secs_f64();
    broken.map_or(Ok(figures), Err)
}

/// How long this thread has run on a processor so far; nothing where the system does not tell.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ran = stat.split_whitespace().next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(ran.unwrap_or(0))
}

/// The figures of the same tests, with the medians of the times that they took.
fn typical(figures: &[Figures]) -> Figures {
    let of = |time: fn(&Figures) -> f64| median(figures.iter().map(time).collect());
    Figures { wall_s: of(|f| f.wall_s), processor_s: of(|f| f.processor_s), ..figures[0] }
}

impl Figures {
    fn add(&mut self, verdict: Verdict, effort: &Effort) {
        self.runs += 1;
        self.valid += u64::from(verdict == Verdict::Valid);
        self.virtual_s += effort.virtual_ns as f64 / 1e9;
        self.messages += effort.messages;
        self.operations += effort.operations;
        self.events += effort.events;
    }

    fn row(&self) -> String {
        let wall_s = self.wall_s.max(1e-9);
        let cores_s = if self.processor_s > 0.0 { self.processor_s } else { wall_s * self.cores as f64 };
        format!(
            "{:9} {} core{} {:>5.0} runs a minute, {:>4.0} virtual seconds a second; a second of a core: {:>5.1} runs, \
             {:>7.0} messages delivered, {:>6.0} operations ({} of {} valid)",
            if self.faults { "faults" } else { "no faults" },
            self.cores,
            if self.cores == 1 { " " } else { "s" },
            self.runs as f64 / wall_s * 60.0,
            self.virtual_s / wall_s,
            self.runs as f64 / cores_s,
            self.messages as f64 / cores_s,
            self.operations as f64 / cores_s,
            self.valid,
            self.runs,
        )
    }
}
