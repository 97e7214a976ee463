//! Several registers that are read and written together, atomically.
//!
//! `txn` has a list of steps, `["read", register, value]` and `["write", register, value]` (or `"r"` and
//! `"w"`), as in Knossos's model of the same name; what it read is in the completion. `read` completes with an
//! object of registers and values, and `write` is invoked with one. A transaction sees its own writes.
//!
//! A register that the initial object does not name holds nil. A read of nil from one that it does name tells
//! nothing: such are the reads that Knossos's histories leave open. What a crashed transaction read is unknown.

use std::sync::Arc;

use ordalia_history::{Operation, Outcome, Value};
use serde_json::Map;

use crate::linearizable::{Model, Part, Tie, Unfit, ValueId, Values};

/// The model `multi-register`.
#[derive(Clone, Debug, Default)]
pub struct MultiRegister {
    initial: Map<String, Value>,
}

/// The registers that do not hold nil, each with its value, in order of their numbers.
pub type Registers = Arc<[(ValueId, ValueId)]>;

/// One step of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Whether it writes; otherwise it reads.
    pub writes: bool,
    /// The number of the register's name.
    pub register: ValueId,
    /// The value read or written.
    pub value: ValueId,
    /// The number of register and value together.
    pub pair: ValueId,
}

/// A transaction: its steps, but for reads of unknown values.
pub type Transaction = Arc<[Step]>;

/// How many registers of a state are shown.
const SHOWN: usize = 16;

impl MultiRegister {
    /// Registers that hold these values at first; all others hold nil.
    pub fn new(initial: Map<String, Value>) -> Self {
        Self { initial }
    }

    fn unfit<T>(&self, operation: &Operation, expected: &str, found: String) -> Result<T, Unfit> {
        let (event, model) = (operation.invoke_index, self.name());
        Err(Unfit { event, model, expected: expected.to_owned(), found })
    }

    /// The steps of an operation of known or unknown results, in the order of the recorded ones.
    fn steps(&self, operation: &Operation, values: &mut Values) -> Result<Transaction, Unfit> {
        let known = operation.outcome == Outcome::Ok && !operation.output.is_null();
        let value = match operation.f.as_str() {
            "write" => &operation.input,
            _ if known => &operation.output,
            _ => &operation.input,
        };
        let steps = match (operation.f.as_str(), value) {
            ("read", Value::Object(entries)) => named(false, entries),
            ("write", Value::Object(entries)) => named(true, entries),
            ("read" | "write" | "txn", Value::Array(steps)) => steps.iter().map(listed).collect(),
            ("read", Value::Null) => Some(Vec::new()),
            ("read" | "write" | "txn", other) => {
                let expected = "an object of registers and values, or a list of steps";
                return self.unfit(operation, expected, format!("{} with {other}", operation.f));
            }
            (other, _) => return self.unfit(operation, "read, write or txn", format!("{other:?}")),
        };
        let Some(steps) = steps else {
            let expected = "steps of the form [\"read\" or \"write\", register, value]";
            return self.unfit(operation, expected, format!("{} with {value}", operation.f));
        };
        let told =
            |(writes, name, value): &(bool, Value, &Value)| *writes || (known && self.tells(name, value));
        let number = |(writes, name, value): (bool, Value, &Value)| Step {
            writes,
            register: values.intern(&name),
            value: values.intern(value),
            pair: values.intern(&Value::Array(vec![name, value.clone()])),
        };
        Ok(steps.into_iter().filter(told).map(number).collect())
    }

    /// Whether a read of that value says anything.
    fn tells(&self, register: &Value, value: &Value) -> bool {
        let initial = register.as_str().and_then(|name| self.initial.get(name));
        !value.is_null() || initial.is_none_or(Value::is_null)
    }

    fn show_steps(&self, steps: &[Step], values: &Values, verbs: [&str; 2]) -> String {
        let show = |step: &Step| {
            let verb = verbs[usize::from(step.writes)];
            format!("{verb} {}={}", name(step.register, values), values.text(step.value))
        };
        steps.iter().map(show).collect::<Vec<_>>().join(", ")
    }
}

/// Registers and values that are all read, or all written.
fn named(writes: bool, entries: &Map<String, Value>) -> Option<Vec<(bool, Value, &Value)>> {
    Some(entries.iter().map(|(name, value)| (writes, Value::String(name.clone()), value)).collect())
}

/// A step as a transaction lists it.
fn listed(step: &Value) -> Option<(bool, Value, &Value)> {
    let [verb, register, value] = step.as_array()?.as_slice() else { return None };
    match verb.as_str()? {
        "read" | "r" => Some((false, register.clone(), value)),
        "write" | "w" => Some((true, register.clone(), value)),
        _ => None,
    }
}

/// What a register holds.
fn held(registers: &[(ValueId, ValueId)], register: ValueId) -> ValueId {
    let at = registers.binary_search_by_key(&register, |entry| entry.0);
    at.map_or(ValueId::NIL, |at| registers[at].1)
}

/// Writes a register; nil is what registers hold that are not listed.
fn write(registers: &mut Vec<(ValueId, ValueId)>, register: ValueId, value: ValueId) {
    match registers.binary_search_by_key(&register, |entry| entry.0) {
        Ok(at) if value == ValueId::NIL => drop(registers.remove(at)),
        Ok(at) => registers[at].1 = value,
        Err(_) if value == ValueId::NIL => {}
        Err(at) => registers.insert(at, (register, value)),
    }
}

fn name(register: ValueId, values: &Values) -> String {
    values.value(register).as_str().map_or_else(|| values.text(register), str::to_owned)
}

impl Model for MultiRegister {
    type State = Registers;
    type Op = Transaction;

    fn name(&self) -> &'static str {
        "multi-register"
    }

    fn object(&self) -> &'static str {
        "registers"
    }

    fn init(&self, values: &mut Values) -> Registers {
        let mut registers = Vec::new();
        for (name, value) in &self.initial {
            let register = values.intern(&Value::String(name.clone()));
            write(&mut registers, register, values.intern(value));
        }
        registers.into()
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<Transaction>, Unfit> {
        let steps = self.steps(operation, values)?;
        Ok(match operation.outcome {
            Outcome::Ok if !steps.is_empty() => Part::Must(steps),
            Outcome::Info if !steps.is_empty() => Part::May(steps),
            _ => Part::Out,
        })
    }

    fn step(&self, state: &Registers, op: &Transaction) -> Option<Registers> {
        if self.is_observation(op) {
            let legal = op.iter().all(|step| held(state, step.register) == step.value);
            return legal.then(|| Arc::clone(state));
        }
        let mut registers = state.to_vec();
        for step in op.iter() {
            if step.writes {
                write(&mut registers, step.register, step.value);
            } else if held(&registers, step.register) != step.value {
                return None;
            }
        }
        Some(registers.into())
    }

    fn heap_bytes(&self, state: &Registers) -> usize {
        size_of_val(&**state) + 2 * size_of::<usize>()
    }

    fn is_observation(&self, op: &Transaction) -> bool {
        op.iter().all(|step| !step.writes)
    }

    /// A register with one of its values counts as a value: what was read of a register is the latest that was
    /// written to it, so whole groups of such values can go.
    fn tie(&self, op: &Transaction) -> Tie {
        Tie::Values(op.iter().map(|step| step.pair).collect())
    }

    fn show_state(&self, state: &Registers, values: &Values) -> String {
        if state.is_empty() {
            return "nil".to_owned();
        }
        let show =
            |(register, value): &(_, _)| format!("{}={}", name(*register, values), values.text(*value));
        let shown = state.iter().take(SHOWN).map(show).collect::<Vec<_>>().join(" ");
        if state.len() > SHOWN { format!("{shown} …") } else { shown }
    }

    fn show(&self, op: &Transaction, values: &Values) -> String {
        self.show_steps(op, values, ["read", "write"])
    }

    fn claim(&self, op: &Transaction, values: &Values) -> String {
        self.show_steps(op, values, ["read", "wrote"])
    }

    fn legal(&self, state: &Registers, op: &Transaction, values: &Values) -> String {
        let mut registers = state.to_vec();
        let mut steps = op.to_vec();
        for step in &mut steps {
            if step.writes {
                write(&mut registers, step.register, step.value);
            } else {
                step.value = held(&registers, step.register);
            }
        }
        self.show_steps(&steps, values, ["read", "write"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    /// Whether these transactions, one after the other, can have come out so.
    fn legal(initial: &Value, operations: &[(&str, Value)]) -> bool {
        let model = MultiRegister::new(initial.as_object().unwrap().clone());
        let mut values = Values::default();
        let mut state = Some(model.init(&mut values));
        for (f, value) in operations {
            match model.parse(&operation(f, value.clone(), value.clone(), Outcome::Ok), &mut values).unwrap()
            {
                Part::Must(op) => state = state.and_then(|state| model.step(&state, &op)),
                part => assert_eq!(part, Part::Out),
            }
        }
        state.is_some()
    }

    #[test]
    fn steps_see_the_registers_and_their_own_writes() {
        let zeros = json!({"x": 0, "y": 0});
        let txn = |steps| [("txn", steps)];
        assert!(legal(
            &zeros,
            &txn(json!([["read", "x", 0], ["w", "x", 1], ["r", "x", 1], ["read", "y", 0]]))
        ));
        assert!(!legal(&zeros, &txn(json!([["write", "x", 1], ["read", "x", 0]]))));
        let together = [("write", json!({"x": 1, "y": 2})), ("read", json!({"x": 1, "y": 2}))];
        assert!(legal(&zeros, &together));
        assert!(!legal(&zeros, &[("write", json!({"x": 1, "y": 2})), ("read", json!({"x": 1, "y": 0}))]));
    }

    #[test]
    fn a_read_of_nil_is_unknown_where_registers_begin_with_a_value() {
        assert!(legal(&json!({"x": 0}), &[("txn", json!([["read", "x", null]]))]));
        assert!(legal(&json!({"x": 0}), &[("txn", json!([["read", "y", null]]))]));
        let written = [("write", json!({"y": 1})), ("txn", json!([["read", "y", null]]))];
        assert!(!legal(&json!({"x": 0}), &written));
    }

    #[test]
    fn a_register_that_holds_nil_is_like_one_never_written() {
        let (model, mut values) = (MultiRegister::default(), Values::default());
        let mut state = model.init(&mut values);
        for written in [json!({"x": 1}), json!({"x": null}), json!({"y": null})] {
            let op = operation("write", written, Value::Null, Outcome::Ok);
            let Part::Must(op) = model.parse(&op, &mut values).unwrap() else { panic!() };
            state = model.step(&state, &op).unwrap();
        }
        assert_eq!(state, model.init(&mut values));
    }

    #[test]
    fn of_what_crashed_only_the_writes_count() {
        let (model, mut values) = (MultiRegister::default(), Values::default());
        let mut part = |steps: Value, outcome| {
            model.parse(&operation("txn", steps, Value::Null, outcome), &mut values).unwrap()
        };
        assert_eq!(part(json!([["read", "x", 5]]), Outcome::Info), Part::Out);
        let Part::May(op) = part(json!([["read", "x", 5], ["write", "y", 1]]), Outcome::Info) else {
            panic!()
        };
        assert!(op.len() == 1 && op[0].writes);
        assert_eq!(part(json!([["write", "y", 1]]), Outcome::Fail), Part::Out);
    }

    #[test]
    fn what_does_not_fit_names_the_event_and_what_was_expected() {
        let (model, mut values) = (MultiRegister::default(), Values::default());
        let mut complaint = |f: &str, value: Value| {
            model
                .parse(&operation(f, value.clone(), value, Outcome::Ok), &mut values)
                .unwrap_err()
                .to_string()
        };
        let begin = "event 7: the model multi-register expected";
        assert_eq!(complaint("pop", json!([])), format!("{begin} read, write or txn, found \"pop\""));
        assert_eq!(
            complaint("txn", json!(5)),
            format!("{begin} an object of registers and values, or a list of steps, found txn with 5")
        );
        assert_eq!(
            complaint("txn", json!([["read", "x"]])),
            format!(
                "{begin} steps of the form [\"read\" or \"write\", register, value], found txn with [[\"read\",\"x\"]]"
            )
        );
    }
}
