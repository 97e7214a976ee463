//! Words for operations and states that the models share.

use ordalia_history::{Operation, Value};

use crate::linearizable::{Unfit, ValueId, Values};

/// How many values of a long state are shown from each end.
const SHOWN: usize = 4;

/// Values with something between them; of many only the first and the last ones.
pub(super) fn brief(all: &[ValueId], between: &str, values: &Values) -> String {
    let text = |some: &[ValueId]| some.iter().map(|value| values.text(*value)).collect::<Vec<_>>();
    if all.len() <= 2 * SHOWN + 1 {
        return text(all).join(between);
    }
    let mut shown = text(&all[..SHOWN]);
    shown.push(format!("… {} more …", all.len() - 2 * SHOWN));
    shown.extend(text(&all[all.len() - SHOWN..]));
    shown.join(between)
}

/// An operation that a model cannot read.
pub(super) struct Unread<'a> {
    pub(super) model: &'static str,
    pub(super) operation: &'a Operation,
}

impl Unread<'_> {
    /// Its name is none of these.
    pub(super) fn name(&self, expected: &str) -> Unfit {
        self.unfit(self.operation.invoke_index, expected.to_owned(), format!("{:?}", self.operation.f))
    }

    /// It has another value than expected: `found`, at its invocation.
    pub(super) fn because(&self, expected: &str, found: &str) -> Unfit {
        let f = &self.operation.f;
        let event = self.operation.invoke_index;
        self.unfit(event, format!("{f} with {expected}"), format!("{f} with {found}"))
    }

    /// Its argument has another shape.
    pub(super) fn input(&self, expected: &str) -> Unfit {
        self.because(expected, &excerpt(&self.operation.input))
    }

    /// Its result has another shape.
    pub(super) fn output(&self, expected: &str) -> Unfit {
        let (f, operation) = (&self.operation.f, self.operation);
        let event = operation.complete_index.unwrap_or(operation.invoke_index);
        let found = format!("{f} with {}", excerpt(&operation.output));
        self.unfit(event, format!("{f} to complete with {expected}"), found)
    }

    fn unfit(&self, event: u64, expected: String, found: String) -> Unfit {
        Unfit { event, model: self.model, expected, found }
    }
}

/// A value's JSON, cut short where it is long.
fn excerpt(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
