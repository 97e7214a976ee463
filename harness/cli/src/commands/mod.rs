//! What the commands do.

mod bench;
mod campaign;
mod check;
mod compare;
mod convert;
mod gate;
mod interrupt;
mod list;
mod mutants;
mod node;
mod proof;
mod report;
mod results;
mod run;
mod sim;
mod trial;
mod verdict;
mod verify;

use anyhow::Context;
use ordalia_record::plain_or_compressed;
use tokio::runtime::{Builder, Runtime};

use crate::args::Command;
use crate::exit::Outcome;

/// Carries out a command.
pub fn carry_out(command: Command) -> Outcome {
    match command {
        Command::Run(args) => run::run(args),
        Command::Gate(args) => gate::gate(&args),
        Command::Campaign(args) => campaign::campaign(&args),
        Command::Results(args) => results::results(&args),
        Command::Mutants(args) => mutants::mutants(&args),
        Command::Sim(args) => sim::sim(&args),
        Command::Check(mut args) => {
            args.file = plain_or_compressed(args.file);
            check::check(&args)
        }
        Command::Verify(mut args) => {
            args.history = plain_or_compressed(args.history);
            verify::verify(&args)
        }
        Command::Convert(mut args) => {
            args.input = plain_or_compressed(args.input);
            convert::convert(&args)
        }
        Command::Compare(args) => compare::compare(&args),
        Command::Report(args) => report::report(&args),
        Command::List(args) => list::list(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Node(args) => node::node(args),
    }
}

/// The runtime that clients, proxies and faults share. One thread carries all of them: handing work from
/// thread to thread costs more than it gains beside the nodes, which want the processors themselves.
fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("the system gives no runtime")
}
