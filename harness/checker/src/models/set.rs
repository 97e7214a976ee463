//! A set: add, read, and where a system has them remove and contains.
//!
//! `add` and `remove` are invoked with the element, and are no errors where it is in already or is not in.
//! `read` completes with the list of all elements, in any order; one that occurs twice counts once. `contains`
//! is invoked with the element and completes with `[element, true]` or `[element, false]`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ordalia_history::{Operation, Outcome, Value};

use super::persistent::Multiset;
use super::words::{Unread, brief};
use crate::linearizable::{Model, Part, SetRules, Specialist, Tie, Unfit, ValueId, Values};

/// The model `set`.
#[derive(Clone, Debug, Default)]
pub struct Set {
    initial: Vec<Value>,
}

/// An operation on a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// The element is in afterwards.
    Add(ValueId),
    /// The element is not in afterwards.
    Remove(ValueId),
    /// The element was in, or was not.
    Contains(ValueId, bool),
    /// The set held these.
    Read(Elements),
}

/// The elements that a read returned, each once.
#[derive(Clone, Debug)]
pub struct Elements {
    /// In order of their numbers.
    list: Arc<[ValueId]>,
    hash: u64,
}

impl Elements {
    /// These, in any order, and as often as one likes.
    pub fn new(mut elements: Vec<ValueId>) -> Self {
        elements.sort_unstable();
        elements.dedup();
        let hash = Multiset::hash_of(&elements);
        Self { list: elements.into(), hash }
    }

    /// The elements in order of their numbers.
    pub fn list(&self) -> &[ValueId] {
        &self.list
    }

    /// Whether a set holds these and no others.
    fn are_all_of(&self, state: &Multiset) -> bool {
        state.hash_sum() == self.hash
            && state.len() == self.list.len() as u64
            && state.iter().eq(self.list.iter().copied())
    }
}

impl PartialEq for Elements {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.list, &other.list) || (self.hash == other.hash && self.list == other.list)
    }
}

impl Eq for Elements {}

impl Hash for Elements {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

impl Set {
    /// A set that holds these at first.
    pub fn new(initial: Vec<Value>) -> Self {
        Self { initial }
    }
}

/// The elements that a read returned.
fn parse_read(operation: &Operation, values: &mut Values) -> Result<Part<SetOp>, Unfit> {
    let unread = Unread { model: "set", operation };
    let list = operation.output.as_array().ok_or_else(|| unread.output("a list of elements"))?;
    let elements = list.iter().map(|element| values.intern(element)).collect();
    Ok(Part::Must(SetOp::Read(Elements::new(elements))))
}

fn parse_contains(operation: &Operation, values: &mut Values) -> Result<Part<SetOp>, Unfit> {
    match operation.output.as_array().map(Vec::as_slice) {
        Some([element, Value::Bool(held)]) => Ok(Part::Must(SetOp::Contains(values.intern(element), *held))),
        _ => Err(Unread { model: "set", operation }.output("[element, true or false]")),
    }
}

impl Model for Set {
    type State = Multiset;
    type Op = SetOp;

    fn name(&self) -> &'static str {
        "set"
    }

    fn object(&self) -> &'static str {
        "set"
    }

    fn init(&self, values: &mut Values) -> Multiset {
        let mut elements: Vec<ValueId> = self.initial.iter().map(|value| values.intern(value)).collect();
        elements.sort_unstable();
        elements.dedup();
        elements.into_iter().collect()
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<SetOp>, Unfit> {
        let outcome = operation.outcome;
        let effect = |op| match outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        };
        match operation.f.as_str() {
            "add" => Ok(effect(SetOp::Add(values.intern(&operation.input)))),
            "remove" => Ok(effect(SetOp::Remove(values.intern(&operation.input)))),
            // Without an answer nobody knows what it saw.
            "read" | "contains" if outcome != Outcome::Ok => Ok(Part::Out),
            "read" => parse_read(operation, values),
            "contains" => parse_contains(operation, values),
            _ => Err(Unread { model: "set", operation }.name("add, remove, contains or read")),
        }
    }

    fn step(&self, state: &Multiset, op: &SetOp) -> Option<Multiset> {
        match op {
            SetOp::Add(element) if state.count(*element) == 0 => Some(state.with(*element)),
            SetOp::Add(_) => Some(state.clone()),
            SetOp::Remove(element) => Some(state.without(*element).unwrap_or_else(|| state.clone())),
            SetOp::Contains(element, held) => ((state.count(*element) > 0) == *held).then(|| state.clone()),
            SetOp::Read(elements) => elements.are_all_of(state).then(|| state.clone()),
        }
    }

    fn heap_bytes(&self, state: &Multiset) -> usize {
        state.bytes_of_a_version()
    }

    fn is_observation(&self, op: &SetOp) -> bool {
        matches!(op, SetOp::Contains(..) | SetOp::Read(_))
    }

    fn tie(&self, op: &SetOp) -> Tie {
        match op {
            SetOp::Add(element) | SetOp::Remove(element) | SetOp::Contains(element, _) => {
                Tie::Values(vec![*element])
            }
            SetOp::Read(_) => Tie::Global,
        }
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        vec![Box::new(SetRules)]
    }

    fn show_state(&self, state: &Multiset, values: &Values) -> String {
        shown(&state.iter().collect::<Vec<_>>(), values)
    }

    fn show(&self, op: &SetOp, values: &Values) -> String {
        match op {
            SetOp::Add(element) => format!("add {}", values.text(*element)),
            SetOp::Remove(element) => format!("remove {}", values.text(*element)),
            SetOp::Contains(element, true) => format!("contains {}", values.text(*element)),
            SetOp::Contains(element, false) => format!("contains no {}", values.text(*element)),
            SetOp::Read(elements) => format!("read {}", shown(&elements.list, values)),
        }
    }

    fn claim(&self, op: &SetOp, values: &Values) -> String {
        match op {
            SetOp::Add(element) => format!("added {}", values.text(*element)),
            SetOp::Remove(element) => format!("removed {}", values.text(*element)),
            SetOp::Contains(element, true) => format!("found {}", values.text(*element)),
            SetOp::Contains(element, false) => format!("did not find {}", values.text(*element)),
            SetOp::Read(elements) => format!("returned {}", shown(&elements.list, values)),
        }
    }

    fn legal(&self, state: &Multiset, op: &SetOp, values: &Values) -> String {
        match op {
            SetOp::Add(_) | SetOp::Remove(_) => self.show(op, values),
            SetOp::Contains(element, _) => {
                self.show(&SetOp::Contains(*element, state.count(*element) > 0), values)
            }
            SetOp::Read(elements) => {
                let (also, without) = difference(state, elements);
                let held = shown(&state.iter().collect::<Vec<_>>(), values);
                let mut text = format!("read {held}");
                if !also.is_empty() {
                    text += &format!(", also {}", brief(&also, ", ", values));
                }
                if !without.is_empty() {
                    text += &format!(", without {}", brief(&without, ", ", values));
                }
                text
            }
        }
    }
}

fn shown(elements: &[ValueId], values: &Values) -> String {
    format!("{{{}}}", brief(elements, ", ", values))
}

/// What the set holds beyond the elements, and what it lacks of them.
fn difference(state: &Multiset, elements: &Elements) -> (Vec<ValueId>, Vec<ValueId>) {
    let also = state.iter().filter(|element| elements.list.binary_search(element).is_err()).collect();
    let without = elements.list.iter().copied().filter(|element| state.count(*element) == 0).collect();
    (also, without)
}
