//! Many seeds.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ordalia_checker::{Budget, Verdict};
use ordalia_sim::{Effort, Go, ShrinkBudget, Shrunk, SimSettings, shrink};
use serde::Serialize;

use super::case::{Case, Plan};
use super::determinism;
use super::keep::{keep, tell_repeats};
use super::real::try_on_real;
use crate::args::SimArgs;
use crate::commands::interrupt;
use crate::commands::report::budget;
use crate::exit::{Failure, Outcome};
use crate::progress::Counter;

/// How many failing seeds are listed.
const LISTED: usize = 20;

/// What one seed came to.
struct SeedResult {
    verdict: Verdict,
    /// The checkers that are not satisfied, each with its first reason.
    complaints: Vec<(String, String)>,
    effort: Effort,
}

/// What a sweep came to.
#[derive(Debug, Default, Serialize)]
struct Summary {
    target: String,
    workload: String,
    seeds: [u64; 2],
    ran: u64,
    valid: u64,
    unknown: u64,
    invalid: u64,
    wall_s: f64,
    virtual_s: f64,
    messages: u64,
    /// How many seeds each checker found fault with.
    by_checker: BTreeMap<String, u64>,
    /// Failing seeds, the smallest first, with checker and reason.
    failures: Vec<(u64, String, String)>,
    unknowns: Vec<(u64, String, String)>,
    interrupted: bool,
}

/// Runs all seeds of a range, and keeps the first failure in a small form.
pub fn sweep(plan: &Plan<'_>, seeds: Range<u64>, args: &SimArgs) -> Outcome {
    let begun = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::clone(&stop);
    interrupt::heed("telling what was found so far", move || interrupted.store(true, Ordering::Relaxed))?;
    let total = seeds.end - seeds.start;
    let counter = Counter::new(args.plain, total);
    let mut summary = Summary {
        target: plan.entry.info.name.to_owned(),
        workload: plan.workload.name.to_owned(),
        seeds: [seeds.start, seeds.end],
        ..Summary::default()
    };
    let mut broken = None;
    let run = |seed| examine(plan, seed, args);
    ordalia_sim::sweep(seeds, jobs(args), &stop, run, |seed, result| match result {
        Err(failure) => {
            broken.get_or_insert(failure);
            Go::Stop
        }
        Ok(result) => {
            summary.add(seed, &result);
            counter.tell(summary.ran, &summary.line(begun.elapsed()));
            if args.fail_fast && summary.invalid > 0 { Go::Stop } else { Go::On }
        }
    });
    drop(counter);
    if let Some(failure) = broken {
        return Err(failure);
    }
    summary.interrupted = summary.ran < total && !(args.fail_fast && summary.invalid > 0);
    summary.finish(begun.elapsed());
    summary.print(args.json)?;
    if let Some((seed, checker, _)) = summary.failures.first() {
        keep_smallest(&plan.case(*seed)?, checker, args)?;
    }
    Ok(Some(summary.verdict()))
}

/// How many tests run side by side.
fn jobs(args: &SimArgs) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    args.jobs.map_or_else(processors, usize::from)
}

/// Runs and judges one seed.
fn examine(plan: &Plan<'_>, seed: u64, args: &SimArgs) -> Result<SeedResult, Failure> {
    let case = plan.case(seed)?;
    if args.check_determinism
        && let Some(place) = determinism::difference(&case)?
    {
        let complaints = vec![("determinism".to_owned(), place)];
        return Ok(SeedResult { verdict: Verdict::Invalid, complaints, effort: Effort::default() });
    }
    let (verdict, effort) = case.judged(&budget(&args.budget))?;
    let complaints = verdict.checkers.iter().filter(|(_, judgement)| judgement.valid != Verdict::Valid);
    let mut complaints: Vec<_> =
        complaints.map(|(name, judgement)| (judgement.valid, name, judgement.reasons.first())).collect();
    complaints.sort_by_key(|(verdict, ..)| std::cmp::Reverse(*verdict));
    let complaints =
        complaints.into_iter().map(|(_, name, why)| (name.clone(), why.cloned().unwrap_or_default()));
    Ok(SeedResult { verdict: verdict.valid, complaints: complaints.collect(), effort })
}

/// Makes a failing test smaller as long as the same checker finds fault with it, and keeps it.
fn keep_smallest(case: &Case, checker: &str, args: &SimArgs) -> Result<(), Failure> {
    if checker == "determinism" {
        return Ok(());
    }
    eprintln!("making seed {} smaller, as long as {checker} finds fault with it", case.settings.seed);
    let shrunk = smaller(case, checker, &budget(&args.budget), args.shrink_time);
    let small = case.with(&shrunk.settings);
    let kept = keep(&small, args)?;
    ordalia_report::draw(&kept.folder)?;
    tell_small(&shrunk.settings, shrunk.tried, shrunk.out_of_time);
    let reasons = kept.verdict.checkers.get(checker).map(|judgement| judgement.reasons.clone());
    reasons.unwrap_or_default().iter().for_each(|reason| eprintln!("  {reason}"));
    eprintln!("report: {}", kept.folder.report().join("index.html").display());
    tell_repeats(&small, &kept.folder);
    try_on_real(&small, &kept.folder.schedule(), checker, args)
}

/// A failing test made smaller as long as the same checker finds fault with it.
pub fn smaller(case: &Case, checker: &str, budget: &Budget, time: Duration) -> Shrunk {
    let fails = |settings: &SimSettings| {
        let verdict = case.with(settings).judged(budget).ok().map(|(verdict, _)| verdict);
        verdict.and_then(|verdict| Some(verdict.checkers.get(checker)?.valid)) == Some(Verdict::Invalid)
    };
    shrink(&case.settings, ShrinkBudget { time, ..ShrinkBudget::default() }, &fails)
}

/// What is left of a failing test.
fn tell_small(settings: &SimSettings, tried: u64, out_of_time: bool) {
    let more = if out_of_time { "; the time for it was over" } else { "" };
    let operations = settings.max_operations.map_or(String::new(), |most| format!(", {most} operations"));
    eprintln!(
        "{} nodes, {} clients{operations}, {} faults within {} are left ({tried} tests{more}):",
        settings.nodes,
        settings.concurrency,
        settings.schedule.faults.len(),
        crate::values::duration_text(settings.time_limit),
    );
    for fault in &settings.schedule.faults {
        eprintln!("  at {} ms for {} ms: {}", fault.at_ms, fault.for_ms, fault.label(None));
    }
}

impl Summary {
    fn add(&mut self, seed: u64, result: &SeedResult) {
        self.ran += 1;
        self.virtual_s += result.effort.virtual_ns as f64 / 1e9;
        self.messages += result.effort.messages;
        let (list, count) = match result.verdict {
            Verdict::Valid => return self.valid += 1,
            Verdict::Unknown => (&mut self.unknowns, &mut self.unknown),
            Verdict::Invalid => (&mut self.failures, &mut self.invalid),
        };
        *count += 1;
        if let Some((checker, why)) = result.complaints.first() {
            list.push((seed, checker.clone(), why.clone()));
        }
        for (checker, _) in &result.complaints {
            *self.by_checker.entry(checker.clone()).or_default() += 1;
        }
    }

    fn finish(&mut self, wall: Duration) {
        self.wall_s = wall.as_secs_f64();
        // Results come in any order; what is told does not depend on it.
        self.failures.sort();
        self.unknowns.sort();
    }

    /// Nothing run is nothing shown.
    fn verdict(&self) -> Verdict {
        match (self.invalid, self.unknown, self.ran) {
            (1.., ..) => Verdict::Invalid,
            (_, 1.., _) | (.., 0) => Verdict::Unknown,
            _ if self.interrupted => Verdict::Unknown,
            _ => Verdict::Valid,
        }
    }

    fn line(&self, wall: Duration) -> String {
        let a_minute = self.ran as f64 / wall.as_secs_f64().max(1e-9) * 60.0;
        format!("{} invalid, {} unknown, {a_minute:.0} runs a minute", self.invalid, self.unknown)
    }

    fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            serde_json::to_writer_pretty(&mut out, self)?;
            return Ok(writeln!(out)?);
        }
        let Self { ran, valid, unknown, invalid, wall_s, virtual_s, .. } = self;
        writeln!(
            out,
            "{}: {ran} seeds, {valid} valid, {unknown} unknown, {invalid} invalid",
            self.verdict()
        )?;
        writeln!(
            out,
            "{wall_s:.1} s for {virtual_s:.0} s of virtual time; {:.0} runs a minute, {:.0} messages a second",
            *ran as f64 / wall_s * 60.0,
            self.messages as f64 / wall_s
        )?;
        if self.interrupted {
            writeln!(out, "interrupted: {} seeds were not run", self.seeds[1] - self.seeds[0] - ran)?;
        }
        for (what, list) in [("invalid", &self.failures), ("unknown", &self.unknowns)] {
            for (seed, checker, why) in list.iter().take(LISTED) {
                writeln!(out, "  seed {seed} {what}: {checker}: {why}")?;
            }
            if list.len() > LISTED {
                writeln!(out, "  and {} more", list.len() - LISTED)?;
            }
        }
        Ok(())
    }
}
