//! `ordalia bench`: throughput and latency without faults, and the speed of the simulator.
//!
//! Clients ask as fast as they are answered. The kinds of measurement take turns, round by round, so that
//! a drift of the machine's speed falls on all of them alike, and proxied and direct runs are compared
//! within a round.

mod beside;
mod halves;
mod simulator;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use ordalia_checker::is_answered;
use ordalia_history::{jsonl, pair};
use ordalia_record::{RunFolder, RunInfo, read_json};
use ordalia_runner::{Silent, Target, TestSettings, run_test};
use ordalia_schedule::Schedule;
use ordalia_workload::{Workload, WorkloadSettings};
use serde::Serialize;
use tokio::sync::watch;

use crate::args::BenchArgs;
use crate::commands::runtime;
use crate::exit::{Failure, Outcome};
use crate::registry::{Startable, check_options, startable, target, workload};

/// The longest latency that is told from others, in microseconds.
const LONGEST_US: u64 = 60_000_000;

/// How much of a measurement is left out at its beginning.
const WARM_UP: f64 = 0.1;

/// How long each measurement lasts where nothing else is asked for.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// One measurement.
#[derive(Clone, Copy, Debug, Serialize)]
struct Figures {
    clients: usize,
    proxied: bool,
    ops_per_s: f64,
    p50_us: u64,
    p99_us: u64,
    /// Counted by the proxies, so absent where there are none.
    messages_per_op: Option<f64>,
}

/// Measures, and prints a table.
pub fn bench(args: &BenchArgs) -> Outcome {
    if args.sim {
        check_options(&target(&args.target)?.info, &args.options)?;
        return simulator::bench(args);
    }
    if args.clients.is_empty() || args.clients.contains(&0) || args.rounds == 0 {
        return Err(Failure::usage("expected at least one client and one round"));
    }
    if !args.beside.is_empty() {
        return beside::bench(args);
    }
    let entry = startable(&args.target)?;
    check_options(entry.info(), &args.options)?;
    let hurt = |kind: &ordalia_schedule::FaultKind| kind.is_of_links();
    let proxies = entry.make(args.options.clone(), BTreeSet::new())?.bears().iter().any(hurt);
    // Proxies stand between the nodes of those only whose links can be hurt.
    let modes: &[bool] = if proxies { &[false, true] } else { &[false] };
    let mut all = Vec::new();
    for round in 1..=args.rounds {
        for &clients in &args.clients {
            for &proxied in modes {
                let figures = measure(args, &entry, clients, proxied)?;
                eprintln!("round {round}: {}", row(&figures));
                all.push(figures);
            }
        }
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", table(args, &all))?;
    }
    Ok(None)
}

/// One run without faults, as fast as the clients can.
fn measure(args: &BenchArgs, entry: &Startable, clients: usize, proxied: bool) -> anyhow::Result<Figures> {
    let name = entry.workload();
    let info = workload(name).map_err(|_| anyhow::anyhow!("no workload {name}"))?;
    let workload = (info.make)(&WorkloadSettings { seed: 1, threads: clients, rate: None });
    let target = entry.make(args.options.clone(), BTreeSet::new())?;
    measure_target(args, target.as_ref(), workload.as_ref(), clients, proxied, WARM_UP)
}

/// One run of a target, its first part left out as warm-up.
fn measure_target(
    args: &BenchArgs,
    target: &dyn Target,
    workload: &dyn Workload,
    clients: usize,
    proxied: bool,
    warm_up: f64,
) -> anyhow::Result<Figures> {
    let kept = std::env::temp_dir().join(format!("ordalia-bench-{}", std::process::id()));
    let time_limit = args.time_limit.unwrap_or(TIME_LIMIT);
    let settings = TestSettings {
        nodes: args.nodes,
        concurrency: clients,
        rate: None,
        time_limit,
        client_timeout: Duration::from_secs(5),
        seed: 1,
        schedule: Schedule::empty(args.nodes),
        faults: Vec::new(),
        fault_interval: time_limit,
        proxied,
        results: kept.clone(),
        command: "ordalia bench".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        budget: ordalia_checker::Budget::default(),
    };
    let (_interrupted, interrupt) = watch::channel(false);
    let test = run_test(target, workload, &settings, &Silent, interrupt);
    let folder = runtime()?.block_on(test)?;
    let figures = figures(&folder, clients, proxied, warm_up)?;
    std::fs::remove_dir_all(&kept).with_context(|| format!("{}", kept.display()))?;
    Ok(figures)
}

/// The figures of a run's load but for its first part.
fn figures(folder: &RunFolder, clients: usize, proxied: bool, warm_up: f64) -> anyhow::Result<Figures> {
    let info: RunInfo = read_json(&folder.run_json(), "the settings of a run")?;
    let load = info.phases.iter().find(|phase| phase.name == "load").context("the run has no load")?;
    let begin = load.start_ns + ((load.end_ns - load.start_ns) as f64 * warm_up) as u64;
    let operations = pair(&jsonl::read(&folder.history())?.events)?;
    let mut latencies = Histogram::<u64>::new_with_bounds(1, LONGEST_US, 3)?;
    let measured = operations.iter().filter(|operation| {
        // A refusal for want of a leader is quick, and is no work done.
        is_answered(operation)
            && operation.invoked_ns >= begin
            && operation.completed_ns.is_some_and(|end| end <= load.end_ns)
    });
    for operation in measured {
        latencies.saturating_record(operation.latency_ns().unwrap_or(0) / 1000);
    }
    let links: Vec<ordalia_record::LinkTotals> = read_json(&folder.links(), "the totals of links")?;
    let messages: u64 = links.iter().map(|link| link.messages).sum();
    Ok(Figures {
        clients,
        proxied,
        ops_per_s: latencies.len() as f64 / ((load.end_ns - begin) as f64 / 1e9),
        p50_us: latencies.value_at_quantile(0.5),
        p99_us: latencies.value_at_quantile(0.99),
        messages_per_op: proxied.then_some(messages as f64 / operations.len().max(1) as f64),
    })
}

/// The medians over the rounds, and the ratio of proxied to direct within rounds.
fn table(args: &BenchArgs, all: &[Figures]) -> String {
    let mut text = format!("{}, {} nodes, medians of {} rounds\n", args.target, args.nodes, args.rounds);
    for &clients in &args.clients {
        let of = |proxied: bool| -> Vec<Figures> {
            all.iter().filter(|f| f.clients == clients && f.proxied == proxied).copied().collect()
        };
        let (direct, proxied) = (of(false), of(true));
        for figures in [&direct, &proxied].into_iter().filter(|figures| !figures.is_empty()) {
            text += &format!("{}\n", row(&typical(figures)));
        }
        let ratios = proxied.iter().zip(&direct).map(|(p, d)| p.ops_per_s / d.ops_per_s);
        let ratios: Vec<f64> = ratios.collect();
        if ratios.is_empty() {
            continue;
        }
        let ratio = median(ratios);
        text += &format!("{clients:>4} clients: proxied throughput is {ratio:.2} of direct\n");
    }
    text
}

/// The median of each figure.
fn typical(figures: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median(figures.iter().map(figure).collect());
    Figures {
        ops_per_s: of(|f| f.ops_per_s),
        p50_us: of(|f| f.p50_us as f64) as u64,
        p99_us: of(|f| f.p99_us as f64) as u64,
        ..figures[0]
    }
}

/// The middle value, or the upper of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn row(figures: &Figures) -> String {
    format!(
        "{:>4} clients {:8} {:>8.0} ops/s   p50 {:>7.2} ms   p99 {:>7.2} ms",
        figures.clients,
        if figures.proxied { "proxied" } else { "direct" },
        figures.ops_per_s,
        figures.p50_us as f64 / 1000.0,
        figures.p99_us as f64 / 1000.0,
    )
}
