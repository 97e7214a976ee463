//! How fast the searches decide histories of one cas-register, and how much memory that takes.
//!
//! The clients are saturated: each begins its next operation as soon as one completes. In the broken histories one
//! read nine tenths in returns a value that was never written, or one that was overwritten a while ago. To be run as
//! `cargo run --release -p ordalia-checker --example speed -- [ROW] [ALGORITHM,…] [FOLDER]`; rows are picked by a part
//! of their name. The process's peak of memory is told after each row, so that of one row shows when it is run
//! alone. With a folder the histories are written there as JSON Lines and not judged, so that other checkers can judge
//! the same ones.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for developers")]

use ordalia_checker::Budget;
use ordalia_checker::linearizable::{Call, Finding, Meter, Task, ValueId, Values, algorithm};
use ordalia_checker::models::{Register, RegisterOp};
use ordalia_history::{Event, EventType, OpError, Process, jsonl};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

/// A row of the table.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    clients: usize,
    count: usize,
    /// How many values there are; above a hundred none is ever written twice.
    domain: usize,
    crashed: usize,
    /// Whether there are cas beside reads and writes.
    cas: bool,
    /// What the broken read returns: `never`, `stale`, or nothing where none is broken.
    broken: &'static str,
}

/// A register and what its clients have under way.
struct World {
    rng: ChaCha8Rng,
    values: Vec<ValueId>,
    never: ValueId,
    calls: Vec<Call<RegisterOp>>,
    /// The position of each open call, whether it took effect, and whether it will crash.
    open: Vec<(usize, bool, bool)>,
    state: ValueId,
    /// The latest states, the newest last.
    former: VecDeque<ValueId>,
    now: u64,
    to_break: bool,
    /// Values drawn so far.
    drawn: usize,
}

impl World {
    fn begin(&mut self, row: &Row) {
        let (a, b) = (self.value(row), self.value(row));
        let every = row.count.checked_div(row.crashed).unwrap_or(usize::MAX);
        let crashes = (self.calls.len() + 1).is_multiple_of(every);
        let op = match self.rng.random_range(0..3) {
            _ if crashes => RegisterOp::Write(a),
            0 => RegisterOp::Read(a),
            1 => RegisterOp::Write(a),
            _ if !row.cas => RegisterOp::Read(a),
            _ => RegisterOp::Cas(if row.domain > 100 { self.state } else { a }, b),
        };
        self.open.push((self.calls.len(), false, crashes));
        self.calls.push(Call { op, invoke: self.now, complete: None });
        self.now += 1;
    }

    fn value(&mut self, row: &Row) -> ValueId {
        self.drawn += 1;
        let at = if row.domain > 100 { self.drawn } else { self.rng.random_range(0..row.domain) };
        self.values[at % row.domain]
    }

    /// One of the open calls takes effect, completes or crashes.
    fn proceed(&mut self, row: &Row) {
        let at = self.rng.random_range(0..self.open.len());
        let (call, taken, crashes) = self.open[at];
        if taken || crashes {
            if taken {
                self.calls[call].complete = Some(self.now);
                self.now += 1;
            } else if self.rng.random_bool(0.5) {
                self.take_effect(call, row);
            }
            self.open.swap_remove(at);
        } else {
            self.open[at].1 = true;
            self.take_effect(call, row);
        }
    }

    fn take_effect(&mut self, call: usize, row: &Row) {
        match self.calls[call].op {
            RegisterOp::Read(_) => {
                let broken = self.to_break && call * 10 >= row.count * 9;
                let seen = if broken { self.wrong(row) } else { self.state };
                self.to_break &= !broken;
                self.calls[call].op = RegisterOp::Read(seen);
            }
            RegisterOp::Cas(from, to) if from != self.state => {
                self.calls[call].op = RegisterOp::Refused(from, to);
            }
            RegisterOp::Write(value) | RegisterOp::Cas(_, value) => self.state = value,
            RegisterOp::Refused(..) => {}
        }
        self.former.push_back(self.state);
        if self.former.len() > 200 {
            self.former.pop_front();
        }
    }

    /// A value that the register cannot hold now, as likely as not.
    fn wrong(&self, row: &Row) -> ValueId {
        let gone = |value: &&ValueId| !self.former.iter().skip(20).any(|later| later == *value);
        let stale = self.former.iter().find(gone).filter(|_| row.broken == "stale");
        stale.copied().unwrap_or(self.never)
    }
}

/// The value that is never written.
const NEVER: i64 = 999_999_999;

fn generate(seed: u64, row: &Row) -> (Task<Register>, Values) {
    let mut values = Values::default();
    let mut world = World {
        rng: ChaCha8Rng::seed_from_u64(seed),
        values: (0..row.domain as i64).map(|value| values.intern(&json!(value))).collect(),
        never: values.intern(&json!(NEVER)),
        calls: Vec::new(),
        open: Vec::new(),
        state: ValueId::NIL,
        former: VecDeque::new(),
        now: 0,
        to_break: !row.broken.is_empty(),
        drawn: 0,
    };
    loop {
        while world.open.len() < row.clients && world.calls.len() < row.count {
            world.begin(row);
        }
        if world.open.is_empty() {
            return (Task { init: ValueId::NIL, calls: world.calls }, values);
        }
        world.proceed(row);
    }
}

/// Name, clients, operations, values, crashed writes, what the broken read returns.
type Shape = (&'static str, usize, usize, usize, usize, &'static str);

#[rustfmt::skip]
const ROWS: [Shape; 35] = [
    ("10c 10k", 10, 10_000, 5, 0, ""),
    ("10c 10k stale", 10, 10_000, 5, 0, "stale"),
    ("20c 1k", 20, 1_000, 5, 0, ""),
    ("10c 100k", 10, 100_000, 5, 0, ""),
    ("5c 1k 10cr stale", 5, 1_000, 5, 10, "stale"),
    ("5c 1k 20cr stale", 5, 1_000, 5, 20, "stale"),
    ("10c 10k unique", 10, 10_000, 1_000_000, 0, ""),
    ("10c 1M rw unique", 10, 1_000_000, 4_000_000, 0, ""),
    ("10c 1M rw unique stale", 10, 1_000_000, 4_000_000, 0, "stale"),
    ("8c 20k 100cr rw unique", 8, 20_000, 1_000_000, 100, ""),
    ("40c 1k never", 40, 1_000, 5, 0, "never"),
    ("4c 50k", 4, 50_000, 5, 0, ""),
    ("8c 200k", 8, 200_000, 5, 0, ""),
    ("8c 200k never", 8, 200_000, 5, 0, "never"),
    ("8c 200k unique", 8, 200_000, 1_000_000, 0, ""),
    ("16c 10k", 16, 10_000, 5, 0, ""),
    ("16c 100k", 16, 100_000, 5, 0, ""),
    ("16c 10k never", 16, 10_000, 5, 0, "never"),
    ("16c 10k stale", 16, 10_000, 5, 0, "stale"),
    ("32c 1k", 32, 1_000, 5, 0, ""),
    ("32c 1k never", 32, 1_000, 5, 0, "never"),
    ("40c 1k", 40, 1_000, 5, 0, ""),
    ("40c 10k", 40, 10_000, 5, 0, ""),
    ("100c 10k", 100, 10_000, 5, 0, ""),
    ("20c 10k", 20, 10_000, 5, 0, ""),
    ("6c 500 25cr", 6, 500, 5, 25, ""),
    ("6c 500 25cr never", 6, 500, 5, 25, "never"),
    ("6c 500 25cr stale", 6, 500, 5, 25, "stale"),
    ("8c 20k 100cr", 8, 20_000, 5, 100, ""),
    ("8c 20k 100cr never", 8, 20_000, 5, 100, "never"),
    ("8c 20k 100cr stale", 8, 20_000, 5, 100, "stale"),
    ("8c 20k 100cr unique", 8, 20_000, 1_000_000, 100, ""),
    ("8c 20k 100cr unique never", 8, 20_000, 1_000_000, 100, "never"),
    ("5c 100k", 5, 100_000, 5, 0, ""),
    ("8c 2M", 8, 2_000_000, 5, 0, ""),
];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let only = args.get(1).map_or("", String::as_str);
    let algorithms = args.get(2).map_or("auto", String::as_str);
    for (name, clients, count, domain, crashed, broken) in ROWS {
        let cas = !name.contains("rw");
        let row = Row { name, clients, count, domain, crashed, cas, broken };
        if !name.contains(only) {
            continue;
        }
        let (task, values) = generate(7, &row);
        match args.get(3) {
            Some(folder) => {
                write(&task, &values, &Path::new(folder).join(format!("{}.jsonl", name.replace(' ', "-"))))
            }
            None => algorithms.split(',').for_each(|algorithm| measure(&row, &task, algorithm)),
        }
    }
}

/// Writes a history; each call has a process of its own.
fn write(task: &Task<Register>, values: &Values, path: &Path) {
    let mut events: Vec<(u64, Event)> = Vec::new();
    for (process, call) in task.calls.iter().enumerate() {
        let value = |id: ValueId| values.value(id).clone();
        let (f, asked, told) = match call.op {
            RegisterOp::Read(seen) => ("read", Value::Null, value(seen)),
            RegisterOp::Write(written) => ("write", value(written), value(written)),
            RegisterOp::Cas(from, to) | RegisterOp::Refused(from, to) => {
                ("cas", json!([value(from), value(to)]), json!([value(from), value(to)]))
            }
        };
        let refused = matches!(call.op, RegisterOp::Refused(..));
        let mut event = |index: u64, kind: EventType, value: Value, error: Option<OpError>| {
            let (process, f) = (Process::Client(process as u64), f.into());
            let (key, node, intended) = (None, None, None);
            events.push((
                index,
                Event { index, time: index, process, kind, f, key, value, error, node, intended },
            ));
        };
        event(call.invoke, EventType::Invoke, asked, None);
        match call.complete {
            Some(end) if refused => {
                event(end, EventType::Fail, told, Some(OpError::new("precondition-failed")))
            }
            Some(end) => event(end, EventType::Ok, told, None),
            None => {}
        }
    }
    events.sort_by_key(|(index, _)| *index);
    let mut out = BufWriter::new(File::create(path).unwrap());
    for (at, (_, event)) in events.into_iter().enumerate() {
        jsonl::write_event(&mut out, &Event { index: at as u64, ..event }).unwrap();
    }
}

fn measure(row: &Row, task: &Task<Register>, name: &str) {
    let model = Register::with_cas(Value::Null);
    let search = algorithm(&model, name).unwrap();
    let meter = Meter::new(&Budget { time: Duration::from_secs(20), memory_bytes: 2 << 30 });
    let (cpu, wall) = (cpu(), Instant::now());
    let found = search.search(&model, task, &meter);
    let (cpu, wall) = (self::cpu() - cpu, wall.elapsed());
    let verdict = match found {
        Finding::Linearizable { .. } => "legal".into(),
        Finding::NotLinearizable(deadlock) => format!("illegal at {}", deadlock.stuck),
        Finding::Exhausted { limit, placed, .. } => format!("{limit} after {placed}"),
    };
    println!(
        "{:28} {name:9} {:9.1} ms of one core, {:9.1} ms passed, {:9.0} operations/s, peak {}: {verdict}",
        row.name,
        cpu.as_secs_f64() * 1e3,
        wall.as_secs_f64() * 1e3,
        row.count as f64 / cpu.as_secs_f64(),
        peak()
    );
}

/// The time that this thread ran, where the system tells; it does so in steps of a few milliseconds.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// The most memory that the process ever held, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}
