//! A counter: add, increment, decrement, read.
//!
//! `add` is invoked with what to add, which may be negative; `increment` and `decrement` add and take off one
//! and are invoked without a value, or with what to add and to take off. `read` completes with the value. An
//! `increment` or `decrement` that was invoked without a value and completes with one returned that: the value
//! of the counter *after* it. Numbers are integers of 64 bits; sums may be larger.

use ordalia_history::{Operation, Outcome, Value};

use super::words::Unread;
use crate::linearizable::{CounterRules, Model, Part, Specialist, Tie, Unfit, Values};

/// The model `counter`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    initial: i64,
}

/// An operation on a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterOp {
    /// That was added.
    Add(i128),
    /// The first was added, which left the second.
    AddAndGet(i128, i128),
    /// The counter stood at that.
    Read(i128),
}

impl Counter {
    /// A counter that stands at that number at first.
    pub fn new(initial: i64) -> Self {
        Self { initial }
    }
}

/// An integer of 64 bits, with or without a sign.
fn integer(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

const INTEGER: &str = "an integer of 64 bits";

/// An `increment` or a `decrement`, with the sign of what it adds.
fn parse_step(operation: &Operation, sign: i128) -> Result<CounterOp, Unfit> {
    let unread = Unread { model: "counter", operation };
    let (input, output) = (&operation.input, &operation.output);
    if !input.is_null() {
        let by = integer(input).ok_or_else(|| unread.input("nothing or an integer of 64 bits"))?;
        return Ok(CounterOp::Add(sign * by));
    }
    if operation.outcome != Outcome::Ok || output.is_null() {
        return Ok(CounterOp::Add(sign));
    }
    let left = integer(output).ok_or_else(|| unread.output("nothing or an integer of 64 bits"))?;
    Ok(CounterOp::AddAndGet(sign, left))
}

impl Model for Counter {
    type State = i128;
    type Op = CounterOp;

    fn name(&self) -> &'static str {
        "counter"
    }

    fn object(&self) -> &'static str {
        "counter"
    }

    fn init(&self, _: &mut Values) -> i128 {
        i128::from(self.initial)
    }

    fn parse(&self, operation: &Operation, _: &mut Values) -> Result<Part<CounterOp>, Unfit> {
        let unread = Unread { model: "counter", operation };
        let op = match operation.f.as_str() {
            "read" if operation.outcome != Outcome::Ok => return Ok(Part::Out),
            "read" => CounterOp::Read(integer(&operation.output).ok_or_else(|| unread.output(INTEGER))?),
            "add" => CounterOp::Add(integer(&operation.input).ok_or_else(|| unread.input(INTEGER))?),
            "increment" | "inc" => parse_step(operation, 1)?,
            "decrement" | "dec" => parse_step(operation, -1)?,
            _ => return Err(unread.name("add, increment, decrement or read")),
        };
        Ok(match operation.outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        })
    }

    fn step(&self, state: &i128, op: &CounterOp) -> Option<i128> {
        match *op {
            // 2⁶³ additions of 64 bits each stay far below the bound.
            CounterOp::Add(delta) => state.checked_add(delta),
            CounterOp::AddAndGet(delta, left) => state.checked_add(delta).filter(|sum| *sum == left),
            CounterOp::Read(value) => (*state == value).then_some(*state),
        }
    }

    fn is_observation(&self, op: &CounterOp) -> bool {
        matches!(op, CounterOp::Read(_) | CounterOp::Add(0) | CounterOp::AddAndGet(0, _))
    }

    fn tie(&self, op: &CounterOp) -> Tie {
        // The values are sums of all that went before.
        let _ = op;
        Tie::Fixed
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        vec![Box::new(CounterRules)]
    }

    fn show_state(&self, state: &i128, _: &Values) -> String {
        state.to_string()
    }

    fn show(&self, op: &CounterOp, _: &Values) -> String {
        match *op {
            CounterOp::Add(delta) => format!("add {delta}"),
            CounterOp::AddAndGet(delta, left) => format!("add {delta} giving {left}"),
            CounterOp::Read(value) => format!("read {value}"),
        }
    }

    fn claim(&self, op: &CounterOp, _: &Values) -> String {
        match *op {
            CounterOp::Add(delta) => format!("added {delta}"),
            CounterOp::AddAndGet(_, value) | CounterOp::Read(value) => format!("returned {value}"),
        }
    }

    fn legal(&self, state: &i128, op: &CounterOp, values: &Values) -> String {
        let op = match *op {
            CounterOp::Add(_) => *op,
            CounterOp::AddAndGet(delta, _) => CounterOp::AddAndGet(delta, state.saturating_add(delta)),
            CounterOp::Read(_) => CounterOp::Read(*state),
        };
        self.show(&op, values)
    }
}
