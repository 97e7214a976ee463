//! `ordalia check`: judges a recorded history.

mod choice;
mod draw;
mod keys;
mod properties;
mod tell;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ordalia_checker::linearizable::{Examination, Examiner, Progress};
use ordalia_checker::{Budget, History, TestVerdict, Verdict, examiner};
use ordalia_history::{Recorded, Value};

use crate::args::CheckArgs;
use crate::commands::interrupt;
use crate::commands::proof::Case;
use crate::commands::verdict::print_json;
use crate::exit::{Failure, Outcome};

/// Judges a history.
pub fn check(args: &CheckArgs) -> Outcome {
    let initial = args.initial.as_deref().map(initial).transpose()?;
    properties::check_files(args)?;
    if let Some(model) = &args.model {
        // What is wrong on the command line shows before a large file is read.
        make(model, initial.as_ref(), &args.algorithm)?;
    }
    let others = properties::named(args, initial.as_ref())?;
    let (history, unknown_reads) = read(args, initial.as_ref())?;
    if !properties::with_linearizable(args) {
        return properties::judge(&others, args, &history, unknown_reads);
    }
    let model = choice::model(args.model.as_deref(), &history.operations)?;
    let checker = make(&model, initial.as_ref(), &args.algorithm)?;
    let begun = Instant::now();
    let progress = Arc::new(Progress::default());
    let examination = examine(checker.as_ref(), &history, args, &progress)?;
    if examination.judgement.valid == Verdict::Unknown && examination.keys.is_empty() {
        choice::check_fits(checker.as_ref(), args, &model, &history.operations)?;
    }
    let elapsed = begun.elapsed();
    let (model, initial, checker) = (model.as_str(), initial.as_ref(), checker.as_ref());
    let budget = budget(args);
    let case = Case { model, initial, checker, history: &history, found: &examination, budget };
    case.write(args.certificate.as_deref(), args.minimal.as_deref())?;
    let mut verdict = conclude(args, checker, &history, examination, unknown_reads, elapsed)?;
    properties::add(&others, &budget, &history, &progress, &mut verdict);
    if args.json {
        print_json(&verdict)?;
    } else {
        tell::tell(&verdict, args)?;
    }
    Ok(Some(verdict.valid))
}

/// The verdict on linearizability; writes the files that are asked for.
fn conclude(
    args: &CheckArgs,
    checker: &dyn Examiner,
    history: &History,
    mut examination: Examination,
    unknown_reads: usize,
    elapsed: Duration,
) -> Result<TestVerdict, Failure> {
    let judgement = &mut examination.judgement;
    judgement.detail("seconds", elapsed.as_secs_f64());
    if unknown_reads > 0 {
        // A machine that reads the verdict must see it as well.
        judgement.detail("unknown_reads", unknown_reads);
    }
    if let Some(path) = &args.html {
        draw::draw(path, &args.file, checker, history, &examination)?;
    }
    Ok(TestVerdict::compose([(checker.name().to_owned(), examination.judgement)].into()))
}

/// The value of `--initial`.
fn initial(text: &str) -> Result<Value, Failure> {
    ordalia_checker::initial_value(text).map_err(|error| Failure::usage(format!("--initial: {error}")))
}

/// The checker of a model.
fn make(model: &str, initial: Option<&Value>, algorithm: &str) -> Result<Box<dyn Examiner>, Failure> {
    examiner(model, initial, algorithm).map_err(|error| Failure::usage(error.to_string()))
}

/// Reads the history, and tells of what had to be left out or taken otherwise; with the number of reads that
/// were taken for unknown.
fn read(args: &CheckArgs, initial: Option<&Value>) -> Result<(History, usize), Failure> {
    let mut recorded: Recorded = match args.format.named() {
        Some(format) => ordalia_history::read(&args.file, format)?,
        None => ordalia_history::read_auto(&args.file)?,
    };
    if recorded.torn_tail {
        eprintln!("ordalia: the last line of {} is torn and is left out", args.file.display());
    }
    let initial = initial.unwrap_or(&Value::Null);
    let unknown_reads = recorded.forget_unknown_reads(initial);
    if unknown_reads > 0 {
        eprintln!(
            "ordalia: {unknown_reads} reads of nil are taken for reads of unknown values, as Knossos does, since the registers begin with {initial}"
        );
    }
    let mut history = History::new(recorded.events)
        .map_err(|error| anyhow::anyhow!(recorded.lines.explain(&args.file, &error)))?;
    keys::keep(&mut history.operations, &args.keys)?;
    Ok((history, unknown_reads))
}

/// Examines the history, with word on how far it is, until it is interrupted.
fn examine(
    checker: &dyn Examiner,
    history: &History,
    args: &CheckArgs,
    progress: &Arc<Progress>,
) -> anyhow::Result<Examination> {
    let interrupted = Arc::clone(progress);
    interrupt::heed("ending the check in order", move || interrupted.interrupt())?;
    let _watch = watch::Watch::begin(Arc::clone(progress), args.plain);
    Ok(checker.examine(history, &budget(args), progress))
}

fn budget(args: &CheckArgs) -> Budget {
    Budget { time: args.time_limit, memory_bytes: args.memory }
}
