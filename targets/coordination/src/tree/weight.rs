//! How heavy a command is.

use ordalia_node::{Value, WriteOp};

use super::command::{Action, Command};

/// What a command costs beside its texts and values, in bytes.
const FRAME: usize = 32;

/// The size of a command in bytes, roughly.
pub(super) fn of(command: &Command) -> usize {
    FRAME
        + match &command.action {
            Action::Write(op, _) => of_op(op),
            Action::Multi(ops, _) => ops.iter().map(of_op).sum(),
            Action::Put(path, value) => path.len() + of_value(value),
            Action::Swap(path, from, to, _) => path.len() + of_value(from) + of_value(to),
            Action::Watch { path, .. } | Action::Unwatch(_, path) => path.len(),
            _ => 0,
        }
}

fn of_op(op: &WriteOp) -> usize {
    FRAME
        + match op {
            WriteOp::Create { path, value, .. } | WriteOp::Set { path, value, .. } => {
                path.len() + of_value(value)
            }
            WriteOp::Remove { path, .. } | WriteOp::Check { path, .. } => path.len(),
        }
}

/// The length of a value as text, roughly. How deep values nest is bounded where they are read.
pub(crate) fn of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| 1 + of_value(item)).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields.iter().map(|(name, item)| name.len() + 4 + of_value(item)).sum::<usize>()
        }
    }
}
