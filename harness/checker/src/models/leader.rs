//! The leaders of a consensus protocol: at most one in each term (election safety; Ongaro and Ousterhout,
//! *In search of an understandable consensus algorithm*, 2014, figure 3).
//!
//! `leader`, `elect`, `campaign` and `leads` say who leads which term, as `[term, leader]` or
//! `{"term": …, "leader": …}`, in the completion, or in the invocation where that has no value. No leader, and
//! a leader of nil, tell nothing; nor does an operation that is not ok, nor `resign`.
//!
//! Who leads in a term stays what it is once it is said, so time does not matter: all that counts is who is
//! named. Left out: that terms seen by one process do not go back, for a deposed leader may still answer.

use std::collections::HashMap;
use std::sync::Arc;

use ordalia_history::{Operation, Outcome, Value};

use crate::linearizable::{
    Decision, Limit, Meter, Model, Part, Specialist, Task, Tie, Unfit, ValueId, Values,
};

/// The model `leader`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leader;

/// Someone was seen to lead a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leads {
    /// The number of the term, which may be any value.
    pub term: ValueId,
    /// The number of the leader's name.
    pub leader: ValueId,
}

/// The leaders known of each term, in order of the terms' numbers.
pub type Leaders = Arc<[(ValueId, ValueId)]>;

/// How many terms of a state are shown.
const SHOWN: usize = 8;

/// Term and leader of a value.
fn term_and_leader(value: &Value) -> Option<(&Value, &Value)> {
    match value {
        Value::Array(pair) => match pair.as_slice() {
            [term, leader] => Some((term, leader)),
            _ => None,
        },
        Value::Object(fields) => Some((fields.get("term")?, fields.get("leader")?)),
        _ => None,
    }
}

impl Model for Leader {
    type State = Leaders;
    type Op = Leads;

    fn name(&self) -> &'static str {
        "leader"
    }

    fn object(&self) -> &'static str {
        "leaders of the terms"
    }

    fn init(&self, _: &mut Values) -> Leaders {
        Arc::new([])
    }

    fn parse(&self, operation: &Operation, values: &mut Values) -> Result<Part<Leads>, Unfit> {
        let (event, model) = (operation.invoke_index, self.name());
        if operation.f == "resign" {
            return Ok(Part::Out);
        }
        if !matches!(operation.f.as_str(), "leader" | "elect" | "campaign" | "leads") {
            let expected = "leader, elect, campaign, resign or leads".to_owned();
            let found = format!("{:?}", operation.f);
            return Err(Unfit { event, model, expected, found });
        }
        let value = if operation.output.is_null() { &operation.input } else { &operation.output };
        if operation.outcome != Outcome::Ok || value.is_null() {
            return Ok(Part::Out);
        }
        let Some((term, leader)) = term_and_leader(value) else {
            let expected = "[term, leader] or {\"term\": …, \"leader\": …}".to_owned();
            return Err(Unfit { event, model, expected, found: format!("{} with {value}", operation.f) });
        };
        if leader.is_null() {
            return Ok(Part::Out);
        }
        Ok(Part::Must(Leads { term: values.intern(term), leader: values.intern(leader) }))
    }

    fn step(&self, state: &Leaders, op: &Leads) -> Option<Leaders> {
        match state.binary_search_by_key(&op.term, |entry| entry.0) {
            Ok(at) => (state[at].1 == op.leader).then(|| Arc::clone(state)),
            Err(at) => {
                let mut leaders = state.to_vec();
                leaders.insert(at, (op.term, op.leader));
                Some(leaders.into())
            }
        }
    }

    fn heap_bytes(&self, state: &Leaders) -> usize {
        size_of_val(&**state) + 2 * size_of::<usize>()
    }

    fn tie(&self, op: &Leads) -> Tie {
        Tie::Values(vec![op.term])
    }

    fn specialists(&self) -> Vec<Box<dyn Specialist<Self>>> {
        vec![Box::new(OnePerTerm)]
    }

    fn show_state(&self, state: &Leaders, values: &Values) -> String {
        let show = |(term, leader): &(_, _)| format!("{}: {}", values.text(*term), values.text(*leader));
        let last = &state[state.len().saturating_sub(SHOWN)..];
        let shown = last.iter().map(show).collect::<Vec<_>>().join(", ");
        if state.len() > SHOWN { format!("…, {shown}") } else { shown }
    }

    fn show(&self, op: &Leads, values: &Values) -> String {
        format!("{} leads term {}", values.text(op.leader), values.text(op.term))
    }

    fn claim(&self, op: &Leads, values: &Values) -> String {
        format!("saw {} lead term {}", values.text(op.leader), values.text(op.term))
    }

    fn legal(&self, state: &Leaders, op: &Leads, values: &Values) -> String {
        let known = state.iter().find(|entry| entry.0 == op.term);
        self.show(&known.map_or(*op, |(term, leader)| Leads { term: *term, leader: *leader }), values)
    }
}

/// The decision procedure: one pass, with the first leader seen in each term.
#[derive(Clone, Copy, Debug, Default)]
struct OnePerTerm;

/// What a term takes in the table of leaders: key, value, and room for the table to grow.
const BYTES_PER_CALL: usize = 64;

impl Specialist<Leader> for OnePerTerm {
    fn name(&self) -> &'static str {
        "leader"
    }

    fn decide(&self, _: &Leader, task: &Task<Leader>, meter: &Meter) -> Result<Decision, Limit> {
        meter.check_time()?;
        let mut account = meter.account();
        account.charge(task.calls.len().saturating_mul(BYTES_PER_CALL))?;
        let mut first: HashMap<ValueId, usize> = HashMap::new();
        let mut order = Vec::with_capacity(task.calls.len());
        for (at, call) in task.calls.iter().enumerate().filter(|(_, call)| call.complete.is_some()) {
            let known = *first.entry(call.op.term).or_insert(at);
            if task.calls[known].op.leader != call.op.leader {
                return Ok(Decision::Illegal { core: vec![known, at] });
            }
            order.push(at);
        }
        meter.advance(order.len() as u64);
        Ok(Decision::Legal { order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn part(f: &str, input: Value, output: Value, outcome: Outcome) -> Result<Part<Leads>, Unfit> {
        let operation = Operation {
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
        };
        Leader.parse(&operation, &mut Values::default())
    }

    #[test]
    fn both_shapes_and_both_places_are_read() {
        let null = || json!(null);
        let expected = part("leader", null(), json!([3, "n1"]), Outcome::Ok);
        assert!(matches!(expected, Ok(Part::Must(_))));
        assert_eq!(part("elect", null(), json!({"term": 3, "leader": "n1"}), Outcome::Ok), expected);
        assert_eq!(part("leads", json!([3, "n1"]), null(), Outcome::Ok), expected);
        for outcome in [Outcome::Info, Outcome::Fail] {
            assert_eq!(part("leads", json!([3, "n1"]), null(), outcome), Ok(Part::Out));
        }
        assert_eq!(part("leader", null(), json!([3, null]), Outcome::Ok), Ok(Part::Out));
        assert_eq!(part("leader", null(), null(), Outcome::Ok), Ok(Part::Out));
    }

    #[test]
    fn what_does_not_fit_names_the_event_and_what_was_expected() {
        let complaint = part("leader", json!(null), json!([3]), Outcome::Ok).unwrap_err().to_string();
        let expected = "event 7: the model leader expected [term, leader] or {\"term\": …, \"leader\": …}, found leader with [3]";
        assert_eq!(complaint, expected);
        let complaint = part("read", json!(null), json!(null), Outcome::Ok).unwrap_err().to_string();
        assert_eq!(
            complaint,
            "event 7: the model leader expected leader, elect, campaign, resign or leads, found \"read\""
        );
    }
}
