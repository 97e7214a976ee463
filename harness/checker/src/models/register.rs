//! A register: read and write, and in the cas-register compare-and-set.
//!
//! `read` completes with the value, `write` is invoked with it, `cas` with `[from, to]`. A register
//! that was never written holds nil, JSON's null, unless an initial value is given.

use ordalia_history::{Operation, Outcome, Value};

use crate::Checker;
use crate::answer::is_refused;
use crate::linearizable::{Linearizable, Model, Part, Specialist, Tie, Unfit, ValueId, Values, Zones};

/// The models `register` and `cas-register`.
#[derive(Clone, Debug, Default)]
pub struct Register {
    initial: Value,
    with_cas: bool,
}

/// An operation on a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOp {
    /// The register held that value.
    Read(ValueId),
    /// It holds that value afterwards.
    Write(ValueId),
    /// It held the first and holds the second afterwards.
    Cas(ValueId, ValueId),
    /// A cas from the first to the second was refused, so the register did not hold the first.
    Refused(ValueId, ValueId),
}

impl Register {
    /// The model `register`: read and write.
    pub fn new(initial: Value) -> Self {
        Self { initial, with_cas: false }
    }

    /// The model `cas-register`: read, write and cas.
    pub fn with_cas(initial: Value) -> Self {
        Self { initial, with_cas: true }
    }

    /// The checker that holds each key to this model. Made here so that the searches are compiled once, and not
    /// again in every crate that uses it.
    pub fn checker(self) -> Box<dyn Checker> {
        Box::new(Linearizable::new(self))
    }

    fn unfit(&self, event: u64, expected: &str, found: String) -> Unfit {
        Unfit { event, model: self.name(), expected: expected.to_owned(), found }
    }

    fn parse_cas(&self, operation: &Operation, values: &mut Values) -> Result<(ValueId, ValueId), Unfit> {
        match operation.input.as_array().map(Vec::as_slice) {
            Some([from, to]) => Ok((values.intern(from), values.intern(to))),
            _ => {
                let expected = "cas with a value of the form [from, to]";
                let found = format!("cas with {}", operation.input);
                Err(self.unfit(operation.invoke_index, expected, found))
            }
        }
    }
}

/// What a failed cas shows: with an error that says so, that the register did not hold `from`; with any
/// other, nothing. A key that does not exist reads as nil, so it cannot contradict a `from` of nil.
fn refused(operation: &Operation, from: ValueId, to: ValueId) -> Part<RegisterOp> {
    let absent = operation.error.as_ref().is_some_and(|error| error.kind == "key-does-not-exist");
    if !is_refused(operation) || (absent && from == ValueId::NIL) {
        return Part::Out;
    }
    Part::Must(RegisterOp::Refused(from, to))
}

impl Model for Register {
    type State = ValueId;
    type Op = RegisterOp;

    fn name(&self) -> &'static str {
        if self.with_cas { "cas-register" } else { "register" }
    }

    fn object(&self) -> &'static str {
        "register"
    }

    fn init(&self, values: &mut Values) -> ValueId {
        values.intern(&self.initial)
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<RegisterOp>, Unfit> {
        let outcome = operation.outcome;
        let effect = |op| match outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        };
        match operation.f.as_str() {
            "read" if outcome == Outcome::Ok => {
                Ok(Part::Must(RegisterOp::Read(values.intern(&operation.output))))
            }
            // It changed nothing, and nobody knows what it saw.
            "read" => Ok(Part::Out),
            "write" => Ok(effect(RegisterOp::Write(values.intern(&operation.input)))),
            "cas" if self.with_cas => {
                let (from, to) = self.parse_cas(operation, values)?;
                match outcome {
                    Outcome::Fail => Ok(refused(operation, from, to)),
                    _ => Ok(effect(RegisterOp::Cas(from, to))),
                }
            }
            other => {
                let expected = if self.with_cas { "read, write or cas" } else { "read or write" };
                Err(self.unfit(operation.invoke_index, expected, format!("{other:?}")))
            }
        }
    }

    fn step(&self, state: &ValueId, op: &RegisterOp) -> Option<ValueId> {
        match *op {
            RegisterOp::Read(value) => (*state == value).then_some(*state),
            RegisterOp::Write(value) => Some(value),
            RegisterOp::Cas(from, to) => (*state == from).then_some(to),
            RegisterOp::Refused(from, _) => (*state != from).then_some(*state),
        }
    }

    fn is_observation(&self, op: &RegisterOp) -> bool {
        match *op {
            RegisterOp::Read(_) | RegisterOp::Refused(..) => true,
            RegisterOp::Cas(from, to) => from == to,
            RegisterOp::Write(_) => false,
        }
    }

    fn tie(&self, op: &RegisterOp) -> Tie {
        match *op {
            RegisterOp::Read(value) | RegisterOp::Write(value) => Tie::Values(vec![value]),
            RegisterOp::Cas(from, to) => Tie::Values(vec![from, to]),
            // Leaving out a group may bring to light the very value that was not there.
            RegisterOp::Refused(..) => Tie::Global,
        }
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        vec![Box::new(Zones)]
    }

    fn observes(&self, op: &RegisterOp) -> Option<ValueId> {
        match *op {
            RegisterOp::Read(value) | RegisterOp::Cas(value, _) => Some(value),
            RegisterOp::Write(_) | RegisterOp::Refused(..) => None,
        }
    }

    fn produces(&self, op: &RegisterOp) -> Option<ValueId> {
        match *op {
            RegisterOp::Write(value) | RegisterOp::Cas(_, value) => Some(value),
            RegisterOp::Read(_) | RegisterOp::Refused(..) => None,
        }
    }

    fn show_state(&self, state: &ValueId, values: &Values) -> String {
        values.text(*state)
    }

    fn show(&self, op: &RegisterOp, values: &Values) -> String {
        match *op {
            RegisterOp::Read(value) => format!("read {}", values.text(value)),
            RegisterOp::Write(value) => format!("write {}", values.text(value)),
            RegisterOp::Cas(from, to) => format!("cas {} → {}", values.text(from), values.text(to)),
            RegisterOp::Refused(from, to) => {
                format!("refused cas {} → {}", values.text(from), values.text(to))
            }
        }
    }

    fn claim(&self, op: &RegisterOp, values: &Values) -> String {
        match *op {
            RegisterOp::Read(value) => format!("returned {}", values.text(value)),
            RegisterOp::Write(value) => format!("wrote {}", values.text(value)),
            RegisterOp::Cas(from, to) => format!("replaced {} by {}", values.text(from), values.text(to)),
            RegisterOp::Refused(from, _) => format!("was refused for want of {}", values.text(from)),
        }
    }

    fn legal(&self, state: &ValueId, op: &RegisterOp, values: &Values) -> String {
        match *op {
            RegisterOp::Read(_) => format!("read {}", values.text(*state)),
            RegisterOp::Write(_) => self.show(op, values),
            RegisterOp::Cas(from, to) if *state != from => {
                format!(
                    "refused {}, the value being {}",
                    self.show(&RegisterOp::Cas(from, to), values),
                    values.text(*state)
                )
            }
            RegisterOp::Cas(from, to) | RegisterOp::Refused(from, to) => {
                self.show(&RegisterOp::Cas(from, to), values)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::OpError;
    use serde_json::json;

    fn operation(f: &str, input: Value, output: Value, outcome: Outcome) -> Operation {
        Operation {
            process: 1,
            f: f.into(),
            key: None,
            input,
            output,
            outcome,
            error: None,
            node: None,
            invoked_ns: 0,
            intended_ns: None,
            completed_ns: None,
            invoke_index: 7,
            complete_index: Some(9),
        }
    }

    fn cas_failing_with(kind: &str, from: &Value) -> Part<RegisterOp> {
        let mut cas = operation("cas", json!([from, 2]), Value::Null, Outcome::Fail);
        cas.error = Some(OpError::new(kind));
        Register::with_cas(Value::Null).parse(&cas, &mut Values::default()).unwrap()
    }

    #[test]
    fn crashed_reads_are_out_and_crashed_writes_may_happen() {
        let (model, mut values) = (Register::new(Value::Null), Values::default());
        let read = operation("read", Value::Null, Value::Null, Outcome::Info);
        assert_eq!(model.parse(&read, &mut values), Ok(Part::Out));
        let write = operation("write", json!(3), Value::Null, Outcome::Info);
        let three = values.intern(&json!(3));
        assert_eq!(model.parse(&write, &mut values), Ok(Part::May(RegisterOp::Write(three))));
        let failed = operation("write", json!(3), Value::Null, Outcome::Fail);
        assert_eq!(model.parse(&failed, &mut values), Ok(Part::Out));
    }

    #[test]
    fn only_a_refusal_makes_a_failed_cas_an_observation() {
        assert!(matches!(
            cas_failing_with("precondition-failed", &json!(1)),
            Part::Must(RegisterOp::Refused(..))
        ));
        assert!(matches!(
            cas_failing_with("key-does-not-exist", &json!(1)),
            Part::Must(RegisterOp::Refused(..))
        ));
        assert_eq!(cas_failing_with("key-does-not-exist", &Value::Null), Part::Out);
        assert_eq!(cas_failing_with("abort", &json!(1)), Part::Out);
    }

    #[test]
    fn what_does_not_fit_names_the_event_and_what_was_expected() {
        let mut values = Values::default();
        let cas = operation("cas", json!([1]), Value::Null, Outcome::Ok);
        let error = Register::with_cas(Value::Null).parse(&cas, &mut values).unwrap_err();
        let text = "event 7: the model cas-register expected cas with a value of the form [from, to], found cas with [1]";
        assert_eq!(error.to_string(), text);
        let error = Register::new(Value::Null).parse(&cas, &mut values).unwrap_err();
        assert_eq!(error.to_string(), "event 7: the model register expected read or write, found \"cas\"");
    }
}
