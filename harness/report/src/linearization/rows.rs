//! One row a client: a process that was retired leaves its row to one that begins later, so that rows stay as few
//! as clients ever were at the same time.

use std::collections::{BTreeSet, HashMap};

use ordalia_history::Operation;

/// The row of each operation, from 0.
pub(super) fn rows(operations: &[Operation]) -> Vec<usize> {
    let mut last: HashMap<u64, usize> = HashMap::new();
    for (at, operation) in operations.iter().enumerate() {
        last.insert(operation.process, at);
    }
    let (mut row_of, mut free, mut rows) = (HashMap::new(), BTreeSet::new(), 0);
    // Rows of processes whose last operation has begun, with the event at which it ends.
    let mut ending: Vec<(u64, usize)> = Vec::new();
    let mut found = Vec::with_capacity(operations.len());
    for (at, operation) in operations.iter().enumerate() {
        let row = *row_of.entry(operation.process).or_insert_with(|| {
            ending.retain(|(end, row)| {
                let runs_on = *end > operation.invoke_index;
                if !runs_on {
                    free.insert(*row);
                }
                runs_on
            });
            free.pop_first().unwrap_or_else(|| {
                rows += 1;
                rows - 1
            })
        });
        if last.get(&operation.process) == Some(&at) {
            // One that never completed holds its row no longer than to its own invocation, for of its end
            // nothing is known, and its bar fades out.
            ending.push((operation.complete_index.unwrap_or(operation.invoke_index), row));
        }
        found.push(row);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::{Outcome, Value};

    fn operation(process: u64, invoke_index: u64, complete_index: Option<u64>) -> Operation {
        Operation {
            process,
            f: "read".into(),
            key: None,
            input: Value::Null,
            output: Value::Null,
            outcome: Outcome::Ok,
            error: None,
            node: None,
            invoked_ns: invoke_index,
            intended_ns: None,
            completed_ns: complete_index,
            invoke_index,
            complete_index,
        }
    }

    #[test]
    fn a_retired_process_leaves_its_row_and_no_two_overlap_in_one() {
        let operations = [
            operation(1, 0, Some(2)),
            operation(2, 1, Some(5)),
            // Process 1 has ended; 2 has not, for it comes again at event 8.
            operation(3, 3, Some(4)),
            operation(4, 6, None),
            operation(2, 8, Some(9)),
            operation(5, 10, Some(11)),
        ];
        assert_eq!(rows(&operations), [0, 1, 0, 0, 1, 0]);
    }
}
