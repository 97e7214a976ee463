//! Real objects, as plain as can be, and clients that use them: what they record is legal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ordalia_checker::linearizable::{Call, Model, Part, Task, Values};
use ordalia_history::{OpError, Operation, Outcome};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The result of an operation, or the error with which it fails.
pub type Answer = Result<Value, &'static str>;

/// An object that does one thing after the other.
pub trait Object {
    /// Some operation and its argument, for values below `domain`.
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value);
    /// Does it.
    fn answer(&mut self, f: &str, input: &Value) -> Answer;
}

/// Makes the object that a model speaks of.
pub type Maker = fn() -> Box<dyn Object>;

fn number(rng: &mut ChaCha8Rng, domain: i64) -> Value {
    json!(rng.random_range(0..domain))
}

fn pick<'a>(rng: &mut ChaCha8Rng, words: &[&'a str]) -> &'a str {
    words[rng.random_range(0..words.len())]
}

/// Nothing is returned.
const DONE: Answer = Ok(Value::Null);

/// A register.
#[derive(Default)]
pub struct Cell {
    pub value: Value,
    pub with_cas: bool,
}

impl Object for Cell {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        let (a, b) = (number(rng, domain), number(rng, domain));
        match pick(rng, if self.with_cas { &["read", "write", "cas"] } else { &["read", "write"] }) {
            "read" => ("read", Value::Null),
            "write" => ("write", a),
            _ => ("cas", json!([a, b])),
        }
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        match f {
            "read" => return Ok(self.value.clone()),
            "write" => self.value = input.clone(),
            _ if self.value == input[0] => self.value = input[1].clone(),
            _ => return Err("precondition-failed"),
        }
        DONE
    }
}

/// A register whose writes are numbered.
#[derive(Default)]
pub struct Numbered {
    held: Option<(Value, u64)>,
}

impl Object for Numbered {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        let (version, value) = (rng.random_range(0..4u64), number(rng, domain));
        match pick(rng, &["read", "write", "cas"]) {
            "read" => ("read", Value::Null),
            "write" => ("write", value),
            _ => ("cas", json!([version, value])),
        }
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        let version = self.held.as_ref().map(|(_, version)| *version);
        let value = match f {
            "read" => {
                return Ok(self
                    .held
                    .as_ref()
                    .map_or(Value::Null, |(value, version)| json!([value, version])));
            }
            "write" => input,
            _ if version.is_none() => return Err("key-does-not-exist"),
            _ if version != input[0].as_u64() => return Err("precondition-failed"),
            _ => &input[1],
        };
        let next = version.map_or(0, |version| version + 1);
        self.held = Some((value.clone(), next));
        Ok(json!(next))
    }
}

/// A key of a store; `None` where it is not there.
pub struct Entry {
    pub value: Option<String>,
    pub missing: Value,
}

impl Entry {
    fn read(&self) -> Value {
        self.value.clone().map_or_else(|| self.missing.clone(), Value::String)
    }
}

impl Object for Entry {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        let word =
            |rng: &mut ChaCha8Rng| json!("ab".repeat(rng.random_range(0..domain.min(3)) as usize) + "a");
        let (a, b) = (word(rng), word(rng));
        match pick(rng, &["get", "get", "put", "append", "append", "cas", "delete"]) {
            "put" => ("put", a),
            "append" => ("append", a),
            "cas" => ("cas", json!([a, b])),
            "delete" => ("delete", Value::Null),
            _ => ("get", Value::Null),
        }
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match f {
            "get" => return Ok(self.read()),
            "put" => self.value = Some(text(input)),
            "append" => self.value = Some(self.value.take().unwrap_or_default() + &text(input)),
            "cas" if self.value.is_none() => return Err("key-does-not-exist"),
            "cas" if self.read() == input[0] => self.value = Some(text(&input[1])),
            "cas" => return Err("precondition-failed"),
            _ if self.value.is_none() => return Err("key-does-not-exist"),
            _ => self.value = None,
        }
        DONE
    }
}

/// Registers x and y.
#[derive(Default)]
pub struct Pair {
    values: BTreeMap<String, Value>,
}

impl Object for Pair {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        let count = rng.random_range(1..4);
        let step = |_| json!([pick(rng, &["read", "write"]), pick(rng, &["x", "y"]), number(rng, domain)]);
        ("txn", (0..count).map(step).collect())
    }

    fn answer(&mut self, _: &str, input: &Value) -> Answer {
        let mut steps = input.clone();
        for step in steps.as_array_mut().into_iter().flatten() {
            let name = step[1].as_str().unwrap_or_default().to_owned();
            if step[0] == "write" {
                self.values.insert(name, step[2].clone());
            } else {
                step[2] = self.values.get(&name).cloned().unwrap_or(Value::Null);
            }
        }
        Ok(steps)
    }
}

/// The leaders of all terms so far.
#[derive(Default)]
pub struct Terms {
    leaders: Vec<Value>,
}

impl Object for Terms {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        match pick(rng, &["elect", "leader"]) {
            "elect" => ("elect", number(rng, domain)),
            _ => ("leader", Value::Null),
        }
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        if f == "elect" {
            self.leaders.push(input.clone());
        }
        Ok(self.leaders.last().map_or(Value::Null, |leader| json!([self.leaders.len(), leader])))
    }
}

/// A set of numbers.
#[derive(Default)]
pub struct Elements {
    elements: BTreeSet<i64>,
}

impl Object for Elements {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        let f = ["add", "remove", "contains", "read"][rng.random_range(0..4)];
        (f, if f == "read" { Value::Null } else { number(rng, domain) })
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        let element = input.as_i64().unwrap_or_default();
        match f {
            "add" => drop(self.elements.insert(element)),
            "remove" => drop(self.elements.remove(&element)),
            "contains" => return Ok(json!([element, self.elements.contains(&element)])),
            _ => return Ok(json!(self.elements)),
        }
        DONE
    }
}

/// Where values are taken from.
#[derive(Clone, Copy)]
pub enum End {
    Front,
    Back,
    Anywhere,
}

/// A queue or a stack.
pub struct Line {
    values: VecDeque<Value>,
    end: End,
}

impl Line {
    pub fn new(end: End) -> Self {
        Self { values: VecDeque::new(), end }
    }
}

impl Object for Line {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        match pick(rng, &["enqueue", "dequeue"]) {
            "enqueue" => ("enqueue", number(rng, domain)),
            _ => ("dequeue", Value::Null),
        }
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        if f == "enqueue" {
            self.values.push_back(input.clone());
            return DONE;
        }
        let taken = match self.end {
            End::Front => self.values.pop_front(),
            End::Back => self.values.pop_back(),
            End::Anywhere => self.values.remove(self.values.len() / 2),
        };
        taken.ok_or("empty")
    }
}

/// A counter.
#[derive(Default)]
pub struct Tally {
    value: i64,
}

impl Object for Tally {
    fn request(&self, rng: &mut ChaCha8Rng, domain: i64) -> (&'static str, Value) {
        match pick(rng, &["add", "increment", "decrement", "read"]) {
            "add" => ("add", json!(rng.random_range(-domain..domain))),
            "increment" => ("increment", Value::Null),
            "decrement" => ("decrement", Value::Null),
            _ => ("read", Value::Null),
        }
    }

    fn answer(&mut self, f: &str, input: &Value) -> Answer {
        self.value += match f {
            "add" => input.as_i64().unwrap_or_default(),
            "increment" => 1,
            "decrement" => -1,
            _ => 0,
        };
        if f == "add" { DONE } else { Ok(json!(self.value)) }
    }
}

/// What clients that use the object together record: each operation takes effect at a moment between its
/// invocation and its completion, or crashes before or after that.
pub fn simulate(
    rng: &mut ChaCha8Rng,
    object: &mut dyn Object,
    clients: usize,
    count: usize,
    domain: i64,
) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    // The open operations, each with its answer once it took effect.
    let mut open: Vec<(usize, Option<Answer>)> = Vec::new();
    let mut now = 0;
    while operations.len() < count || !open.is_empty() {
        now += 1;
        if operations.len() < count && open.len() < clients && rng.random_bool(0.5) {
            let (f, input) = object.request(rng, domain);
            open.push((operations.len(), None));
            operations.push(invoked(now, f, input));
            continue;
        }
        if open.is_empty() {
            continue;
        }
        let at = rng.random_range(0..open.len());
        let (call, answer) = (open[at].0, open[at].1.take());
        let crashes = rng.random_bool(0.1);
        match answer {
            _ if crashes => drop(open.swap_remove(at)),
            None => open[at].1 = Some(object.answer(&operations[call].f, &operations[call].input)),
            Some(answer) => {
                let operation = &mut operations[call];
                (operation.complete_index, operation.completed_ns) = (Some(now), Some(now));
                complete(operation, answer);
                open.swap_remove(at);
            }
        }
    }
    operations
}

fn invoked(now: u64, f: &str, input: Value) -> Operation {
    Operation {
        process: now,
        f: f.into(),
        key: None,
        input,
        output: Value::Null,
        outcome: Outcome::Info,
        error: None,
        node: None,
        invoked_ns: now,
        intended_ns: None,
        completed_ns: None,
        invoke_index: now,
        complete_index: None,
    }
}

fn complete(operation: &mut Operation, answer: Answer) {
    (operation.outcome, operation.output, operation.error) = match answer {
        Ok(output) => (Outcome::Ok, output, None),
        Err(kind) => (Outcome::Fail, Value::Null, Some(OpError::new(kind))),
    };
}

/// Gives one completed operation the answer of another object of the kind, with another past.
pub fn flip(rng: &mut ChaCha8Rng, operations: &mut [Operation], make: Maker, domain: i64) {
    let completed: Vec<usize> =
        (0..operations.len()).filter(|at| operations[*at].complete_index.is_some()).collect();
    if completed.is_empty() {
        return;
    }
    let operation = &mut operations[completed[rng.random_range(0..completed.len())]];
    let mut other = make();
    for _ in 0..rng.random_range(0..5) {
        let (f, input) = other.request(rng, domain);
        let _ = other.answer(f, &input);
    }
    let answer = other.answer(&operation.f, &operation.input);
    complete(operation, answer);
}

/// The history in the model's terms.
pub fn task<M: Model>(model: &M, operations: &[Operation]) -> Task<M> {
    let mut values = Values::default();
    let init = model.init(&mut values);
    let mut calls = Vec::new();
    for operation in operations {
        let invoke = operation.invoke_index;
        match model.parse(operation, &mut values).unwrap_or_else(|unfit| panic!("{unfit}")) {
            Part::Out => {}
            Part::May(op) => calls.push(Call { op, invoke, complete: None }),
            Part::Must(op) => calls.push(Call { op, invoke, complete: operation.complete_index }),
        }
    }
    Task { init, calls }
}
