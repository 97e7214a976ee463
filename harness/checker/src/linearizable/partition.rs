//! One history as many: linearizability is local, so each object is judged on its own (Herlihy and
//! Wing, *Linearizability*, 1990; Horn and Kroening's P-compositionality, 2015).

use std::collections::HashMap;

use ordalia_history::{Operation, Value};

use super::{Call, Model, Part, Task, Unfit, Values};

/// The history of one key, in the model's own terms.
pub(super) struct KeyTask<M: Model> {
    /// The key; `None` in a test of a single object.
    pub(super) key: Option<Value>,
    /// What is asked of the search.
    pub(super) task: Task<M>,
    /// The position among the history's operations of each of the task's calls.
    pub(super) sources: Vec<usize>,
    /// The values that occur.
    pub(super) values: Values,
}

/// Splits a history by key, in order of the keys' first operation.
pub(super) fn partition<M: Model>(model: &M, operations: &[Operation]) -> Result<Vec<KeyTask<M>>, Unfit> {
    let mut at_key: HashMap<Option<&Value>, usize> = HashMap::new();
    let mut tasks: Vec<KeyTask<M>> = Vec::new();
    // What nodes do beside is no operation on the object.
    for (source, operation) in operations.iter().enumerate().filter(|(_, one)| !one.is_act()) {
        let at = *at_key.entry(operation.key.as_ref()).or_insert(tasks.len());
        if at == tasks.len() {
            tasks.push(KeyTask::new(model, operation.key.clone()));
        }
        tasks[at].add(model, source, operation)?;
    }
    for task in &mut tasks {
        task.sort();
    }
    Ok(tasks)
}

impl<M: Model> KeyTask<M> {
    fn new(model: &M, key: Option<Value>) -> Self {
        let mut values = Values::default();
        let init = model.init(&mut values);
        Self { key, task: Task { init, calls: Vec::new() }, sources: Vec::new(), values }
    }

    fn add(&mut self, model: &M, source: usize, operation: &Operation) -> Result<(), Unfit> {
        let (op, complete) = match model.parse(operation, &mut self.values)? {
            Part::Out => return Ok(()),
            Part::May(op) => (op, None),
            Part::Must(op) => (op, Some(operation.complete_index.unwrap_or(u64::MAX))),
        };
        self.task.calls.push(Call { op, invoke: operation.invoke_index, complete });
        self.sources.push(source);
        Ok(())
    }

    /// Paired histories are in order already; others are put into it.
    fn sort(&mut self) {
        if self.task.calls.is_sorted_by_key(|call| call.invoke) {
            return;
        }
        let mut order: Vec<usize> = (0..self.sources.len()).collect();
        order.sort_by_key(|at| self.task.calls[*at].invoke);
        self.task.calls = order.iter().map(|at| self.task.calls[*at].clone()).collect();
        self.sources = order.iter().map(|at| self.sources[*at]).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Register;
    use ordalia_history::Outcome;
    use serde_json::json;

    fn write(value: u64, span: (u64, u64)) -> Operation {
        Operation {
            process: value,
            f: "write".into(),
            key: None,
            input: json!(value),
            output: Value::Null,
            outcome: Outcome::Ok,
            error: None,
            node: None,
            invoked_ns: span.0,
            intended_ns: None,
            completed_ns: Some(span.1),
            invoke_index: span.0,
            complete_index: Some(span.1),
        }
    }

    #[test]
    fn calls_come_in_order_of_invocation_and_know_where_they_came_from() {
        let operations = [write(1, (4, 5)), write(2, (0, 3)), write(3, (1, 2))];
        let keys = partition(&Register::new(Value::Null), &operations).unwrap();
        let invoked: Vec<u64> = keys[0].task.calls.iter().map(|call| call.invoke).collect();
        assert_eq!((invoked, keys[0].sources.clone()), (vec![0, 1, 4], vec![1, 2, 0]));
    }
}
