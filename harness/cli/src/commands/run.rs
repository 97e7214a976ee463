//! `ordalia run`: one test with real processes.

use tokio::sync::watch;

use crate::args::RunArgs;
use crate::commands::interrupt;
use crate::commands::report::show;
use crate::commands::trial::Trial;
use crate::exit::Outcome;
use crate::progress::observer;

/// Runs one test, judges it and draws its report.
pub fn run(mut args: RunArgs) -> Outcome {
    args.seed.get_or_insert_with(draw_seed);
    let (plain, json) = (args.plain, args.json);
    let trial = Trial::new(args)?;
    eprintln!("seed {}; to repeat: {}", trial.settings().seed, trial.settings().command);
    if let Some(note) = trial.note() {
        eprintln!("{note}");
    }
    let observer = observer(plain);
    let (interrupted, watched) = watch::channel(false);
    interrupt::heed("ending the test in order", move || {
        interrupted.send_replace(true);
    })?;
    let (folder, verdict) = trial.carry_out(observer.as_ref(), watched)?;
    observer.phase("drawing the report");
    drop(observer);
    show(&folder, &verdict, json)?;
    Ok(Some(verdict.valid))
}

/// A seed that is short enough to be typed.
fn draw_seed() -> u64 {
    u64::from(rand::random::<u32>())
}
