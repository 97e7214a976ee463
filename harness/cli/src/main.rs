//! `ordalia`: puts distributed systems to trial by fault.

mod args;
mod commands;
mod exit;
mod progress;
mod registry;
mod values;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args_os()) {
        Ok(args) => args,
        Err(refusal) => return exit::refused(&refusal),
    };
    exit::code(commands::carry_out(args))
}
