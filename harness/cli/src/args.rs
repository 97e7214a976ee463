//! The command line.

mod bench;
mod campaign;
mod check;
mod compare;
mod gate;
mod mutants;
mod results;
mod sim;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use ordalia_node::NodeId;

pub use bench::BenchArgs;
pub use campaign::CampaignArgs;
pub use check::{CheckArgs, Format};
pub use compare::{CompareArgs, SideArgs};
pub use gate::GateArgs;
pub use mutants::MutantsArgs;
pub use results::{DiffArgs, GcArgs, Judged, ListResultsArgs, ResultsArgs, ResultsCommand, RmArgs, ShowArgs};
pub use sim::SimArgs;

use crate::registry::infos;
use crate::values::{Concurrency, Rate, bytes, duration};

/// Puts distributed systems to trial by fault: starts real processes, drives clients, kills and partitions,
/// records the history, judges it and draws what happened.
#[derive(Debug, Parser)]
#[command(name = "ordalia", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One test with real processes.
    Run(RunArgs),
    /// Tests in the simulator: thousands of seeds, each repeatable.
    Sim(SimArgs),
    /// A matrix of tests, real or simulated, resumable.
    Campaign(CampaignArgs),
    /// A campaign held against a baseline: what broke, for continuous integration.
    Gate(GateArgs),
    /// The stored runs: list, show, compare, clear away.
    Results(ResultsArgs),
    /// How soon the simulator finds the defects that can be planted.
    Mutants(MutantsArgs),
    /// Targets, or one target in several ways, under identical faults, held against each other.
    Compare(CompareArgs),
    /// Judge a recorded history.
    Check(CheckArgs),
    /// Check the certificate of a verdict against the history.
    Verify(VerifyArgs),
    /// Write a recorded history in another format.
    Convert(ConvertArgs),
    /// Judge and draw a stored run again.
    Report(ReportArgs),
    /// What there is: targets, workloads, faults, bugs, models, checkers.
    List(ListArgs),
    /// Throughput and latency without faults, for several numbers of clients, with and without proxies; or the
    /// speed of the simulator.
    Bench(BenchArgs),
    /// One node of a built-in target: what `run` starts.
    #[command(hide = true)]
    Node(NodeArgs),
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The system under test.
    #[arg(default_value = "raft-kv")]
    pub target: String,
    /// What the clients do and how the answers are judged [default: the target's own].
    #[arg(short, long)]
    pub workload: Option<String>,
    /// The number of nodes [default: the target's own, mostly 5].
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub nodes: Option<u16>,
    /// The number of clients: a number, or 2n for twice the nodes.
    #[arg(short, long, default_value = "3n")]
    pub concurrency: Concurrency,
    /// Operations a second over all clients, or max.
    #[arg(short, long, default_value = "1000")]
    pub rate: Rate,
    /// How long the load lasts.
    #[arg(short, long, default_value = "20s", value_parser = duration)]
    pub time_limit: Duration,
    /// Everything random derives from it [default: drawn].
    #[arg(long)]
    pub seed: Option<u64>,
    /// The faults: names from `ordalia list faults`, comma-separated, or none.
    #[arg(long, default_value = "kill,partition")]
    pub faults: String,
    /// The mean time from one fault to the next.
    #[arg(long, default_value = "1500ms", value_parser = duration)]
    pub fault_interval: Duration,
    /// A recorded fault schedule to carry out instead.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["faults", "fault_interval"])]
    pub schedule: Option<PathBuf>,
    /// A defect to plant in the target; may be repeated.
    #[arg(long = "bug", value_name = "NAME")]
    pub bugs: Vec<String>,
    /// How long a client waits for an answer.
    #[arg(long, default_value = "1s", value_parser = duration)]
    pub client_timeout: Duration,
    /// Let peers speak to each other without proxies; then links cannot be hurt.
    #[arg(long)]
    pub direct: bool,
    /// Another build of Ordalia, whose nodes are put to trial.
    #[arg(long, value_name = "FILE")]
    pub executable: Option<PathBuf>,
    /// The folder that runs are kept in.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub json: bool,
    /// Plain lines instead of a live display.
    #[arg(long)]
    pub plain: bool,
    /// The target's own options.
    #[arg(skip)]
    pub options: BTreeMap<String, String>,
}

/// What is asked for where nothing is said: as the command line has it.
impl Default for RunArgs {
    fn default() -> Self {
        Self {
            target: "raft-kv".to_owned(),
            workload: None,
            nodes: None,
            concurrency: Concurrency::PerNode(3),
            rate: Rate(Some(1000.0)),
            time_limit: Duration::from_secs(20),
            seed: None,
            faults: "kill,partition".to_owned(),
            fault_interval: Duration::from_millis(1500),
            schedule: None,
            bugs: Vec::new(),
            client_timeout: Duration::from_secs(1),
            direct: false,
            executable: None,
            results: PathBuf::from("results"),
            budget: BudgetArgs::default(),
            json: false,
            plain: false,
            options: BTreeMap::new(),
        }
    }
}

/// What judging may spend.
#[derive(Clone, Debug, Args)]
pub struct BudgetArgs {
    /// How long judging may take before the verdict is unknown.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub check_time: Duration,
    /// How much memory judging may take before the verdict is unknown.
    #[arg(long, default_value = "1GB", value_parser = bytes)]
    pub check_memory: u64,
}

impl Default for BudgetArgs {
    fn default() -> Self {
        Self { check_time: Duration::from_secs(60), check_memory: 1 << 30 }
    }
}

/// The arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The history.
    pub history: PathBuf,
    /// The certificate, as `check --certificate` writes it.
    pub certificate: PathBuf,
    /// The form of the history's file.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub format: Format,
}

/// The arguments of `convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The history.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Where to write it, or - for the standard output; compressed where the name ends in .gz or .zst.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// The form of the history.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Auto)]
    pub from: Format,
    /// The form to write [default: by the name of OUT].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub to: Option<Written>,
    /// In EDN, take and write a client's [key value] without a tag, as Jepsen's independent tests do.
    #[arg(long)]
    pub plain_keys: bool,
}

/// The forms that histories are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// One JSON event a line.
    Jsonl,
    /// Operation maps, for Knossos and Elle.
    Edn,
}

/// The arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder of the run.
    #[arg(default_value = "results/latest")]
    pub run: PathBuf,
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list.
    #[arg(value_enum)]
    pub what: Listing,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    /// The systems that can be put to trial.
    Targets,
    /// What clients do.
    Workloads,
    /// What can be broken.
    Faults,
    /// The defects that can be planted.
    Bugs,
    /// What histories can be held against.
    Models,
    /// What judges them.
    Checkers,
}

/// The arguments of `node`.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The target.
    pub target: String,
    /// This node.
    #[arg(long)]
    pub id: NodeId,
    /// Where to listen.
    #[arg(long)]
    pub listen: SocketAddr,
    /// A peer and where it is reached, as n2=127.0.0.1:4002; once for each.
    #[arg(long = "peer", value_parser = peer)]
    pub peers: Vec<(NodeId, SocketAddr)>,
    /// The number of nodes of the cluster, where not all of them are peers.
    #[arg(long)]
    pub cluster: Option<u16>,
    /// The data folder.
    #[arg(long)]
    pub data: PathBuf,
    /// The address of what stands outside the cluster and takes posts.
    #[arg(long)]
    pub outside: Option<String>,
    /// Where the node writes what it adds to the history.
    #[arg(long)]
    pub acts: Option<PathBuf>,
    /// A defect to plant.
    #[arg(long = "bug")]
    pub bugs: Vec<String>,
    /// End when the standard input ends.
    #[arg(long)]
    pub until_eof: bool,
    /// The target's own options.
    #[arg(skip)]
    pub options: BTreeMap<String, String>,
}

/// A peer with its address.
fn peer(text: &str) -> Result<(NodeId, SocketAddr), String> {
    let expected = || format!("expected a peer such as n2=127.0.0.1:4002, found {text:?}");
    let (node, address) = text.split_once('=').ok_or_else(expected)?;
    Ok((node.parse().map_err(|_| expected())?, address.parse().map_err(|_| expected())?))
}

/// Parses the command line.
///
/// # Errors
/// It is wrong, or help was asked for.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let mut parser = Cli::command();
    for name in ["run", "sim", "bench", "node"] {
        parser = parser.mut_subcommand(name, with_target_options);
    }
    let matches = parser.try_get_matches_from(words)?;
    let mut command = Cli::from_arg_matches(&matches)?.command;
    if let Some((_, matches)) = matches.subcommand() {
        let given = target_options(matches);
        match &mut command {
            Command::Run(RunArgs { options, .. })
            | Command::Sim(SimArgs { options, .. })
            | Command::Bench(BenchArgs { options, .. })
            | Command::Node(NodeArgs { options, .. }) => *options = given,
            Command::Mutants(_)
            | Command::Campaign(_)
            | Command::Gate(_)
            | Command::Results(_)
            | Command::Check(_)
            | Command::Compare(_)
            | Command::Verify(_)
            | Command::Convert(_)
            | Command::Report(_)
            | Command::List(_) => {}
        }
    }
    Ok(command)
}

/// The names of all targets' options, each once.
fn option_names() -> impl Iterator<Item = &'static str> {
    let names = infos().flat_map(|info| info.options.iter().map(|option| option.name));
    names.collect::<std::collections::BTreeSet<_>>().into_iter()
}

/// Adds the targets' own options to a subcommand. Whether the target that is named takes them is checked
/// afterwards, when it is known.
fn with_target_options(mut command: clap::Command) -> clap::Command {
    for name in option_names() {
        let help: Vec<String> = infos()
            .flat_map(|info| info.options.iter().map(move |option| (info, option)))
            .filter(|(_, option)| option.name == name)
            .map(|(info, option)| format!("{}: {} [default: {}]", info.name, option.about, option.default))
            .collect();
        command = command.arg(
            Arg::new(name)
                .long(name)
                .value_name("VALUE")
                .help(help.join("; "))
                .help_heading("Options of targets"),
        );
    }
    command
}

/// The targets' own options that were given.
fn target_options(matches: &ArgMatches) -> BTreeMap<String, String> {
    let given = |name: &'static str| {
        let value = matches.try_get_one::<String>(name).ok().flatten()?;
        Some((name.to_owned(), value.clone()))
    };
    option_names().filter_map(given).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_made_here_is_the_one_that_the_command_line_makes() {
        let Command::Run(parsed) = parse(["ordalia", "run"].map(OsString::from)).unwrap() else { panic!() };
        assert_eq!(format!("{parsed:?}"), format!("{:?}", RunArgs::default()));
    }
}
