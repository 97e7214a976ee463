//! The data of the page: columns of numbers, one entry an operation, as compressed JSON.

use std::collections::HashMap;
use std::ops::Range;

use ordalia_checker::linearizable::KeyDepiction;
use ordalia_history::{FaultWindow, Outcome, Value};
use serde::Serialize;

use super::LinearizationPage;
use super::rows::rows;
use super::selection::{drawn, first_to_show};
use crate::format;
use crate::texts::Texts;

/// Everything that the script draws. Times are nanoseconds; -1 stands for what is not there; operations are named
/// by their position in the columns, and texts by their number.
#[derive(Debug, Default, Serialize)]
pub(super) struct Data {
    model: String,
    object: String,
    /// How many operations the history has, and how many before the first that is drawn.
    total: usize,
    before: usize,
    /// The key that is shown first.
    first: usize,
    keys: Vec<Key>,
    faults: Vec<Fault>,
    texts: Vec<String>,
    columns: Columns,
}

/// One key.
#[derive(Debug, Serialize)]
struct Key {
    name: String,
    verdict: String,
    algorithm: String,
    operations: usize,
    /// How many operations the order holds.
    ordered: usize,
    stuck: i64,
    setter: i64,
    initial: i64,
    sentence: String,
    shown: String,
    states: Vec<String>,
    legal: Vec<String>,
    window: Option<(u64, u64)>,
    core: Vec<usize>,
}

/// A span in which a fault was in force.
#[derive(Debug, Serialize)]
struct Fault {
    kind: String,
    label: String,
    start: u64,
    /// `None` where it was never healed.
    end: Option<u64>,
}

/// One entry an operation, in order of invocation.
#[derive(Debug, Default, Serialize)]
struct Columns {
    /// The event of the invocation, less that of the operation before.
    invoke: Vec<u64>,
    /// Events from invocation to completion.
    events: Vec<i64>,
    /// The time of the invocation, less that of the operation before.
    start: Vec<u64>,
    /// Time from invocation to completion.
    span: Vec<i64>,
    process: Vec<u64>,
    row: Vec<usize>,
    key: Vec<usize>,
    /// The name of the operation, by its text: the colour.
    name: Vec<i64>,
    /// The operation, by its text.
    text: Vec<i64>,
    node: Vec<i64>,
    /// 0 ok, 1 fail, 2 info.
    outcome: Vec<u8>,
    error: Vec<i64>,
    /// The place in the key's order, from 1; 0 for none.
    place: Vec<usize>,
    /// The state after it, by its text.
    state: Vec<i64>,
}

impl Data {
    /// The data of a page.
    pub(super) fn of(page: &LinearizationPage<'_>) -> Self {
        let mut texts = Texts::default();
        let drawn = drawn(page.depiction, page.operations);
        let mut counts: HashMap<&Option<Value>, usize> = HashMap::new();
        page.operations.iter().for_each(|operation| *counts.entry(&operation.key).or_default() += 1);
        let count = |key: &KeyDepiction| counts.get(&key.key).copied().unwrap_or(0);
        let keys = page.depiction.keys.iter();
        let keys: Vec<Key> = keys.map(|key| Key::of(key, count(key), &drawn, &mut texts)).collect();
        let columns = Columns::of(page, &drawn, &mut texts);
        Data {
            model: page.depiction.model.clone(),
            object: page.depiction.object.clone(),
            total: page.operations.len(),
            before: drawn.start,
            first: first_to_show(page.depiction, page.operations).unwrap_or(0),
            keys,
            faults: page.faults.iter().map(Fault::of).collect(),
            texts: texts.cut(),
            columns,
        }
    }
}

impl Key {
    fn of<'a>(key: &'a KeyDepiction, operations: usize, drawn: &Range<usize>, texts: &mut Texts<'a>) -> Self {
        let place =
            |at: Option<usize>| at.filter(|at| drawn.contains(at)).map_or(-1, |at| (at - drawn.start) as i64);
        let failure = key.failure.as_ref();
        let name = key.key.as_ref().map_or_else(String::new, format::value);
        let initial = key.initial.and_then(|text| key.texts.get(text as usize));
        Key {
            name: format::abridge(&name, 60),
            verdict: key.verdict.to_string(),
            algorithm: key.algorithm.clone(),
            operations,
            ordered: key.order.len(),
            stuck: place(key.stuck),
            setter: place(failure.and_then(|failure| failure.setter)),
            initial: initial.map_or(-1, |text| texts.number(text.as_str())),
            sentence: failure.map_or_else(String::new, |failure| format::abridge(&failure.sentence, 600)),
            shown: failure.map_or_else(String::new, |failure| format::abridge(&failure.shown, 200)),
            states: failure.map_or_else(Vec::new, |failure| short(&failure.states)),
            legal: failure.map_or_else(Vec::new, |failure| short(&failure.legal)),
            window: failure.map(|failure| failure.window_ns),
            core: key.core.iter().filter(|at| drawn.contains(at)).map(|at| at - drawn.start).collect(),
        }
    }
}

/// A few texts of readable length.
fn short(texts: &[String]) -> Vec<String> {
    texts.iter().take(8).map(|text| format::abridge(text, 200)).collect()
}

impl Fault {
    fn of(window: &FaultWindow) -> Self {
        Fault {
            kind: window.kind.clone(),
            label: format::abridge(&window.label, 80),
            start: window.start_ns,
            end: window.end_ns,
        }
    }
}

impl Columns {
    fn of<'a>(page: &LinearizationPage<'a>, drawn: &Range<usize>, texts: &mut Texts<'a>) -> Self {
        let operations = &page.operations[drawn.clone()];
        let key_of: HashMap<&Option<Value>, usize> =
            page.depiction.keys.iter().enumerate().map(|(at, key)| (&key.key, at)).collect();
        let mut columns = Columns { row: rows(operations), ..Columns::default() };
        columns.fill_words(page, drawn, texts);
        let (mut event, mut time) = (0, 0);
        for operation in operations {
            columns.invoke.push(operation.invoke_index.saturating_sub(event));
            columns.start.push(operation.invoked_ns.saturating_sub(time));
            (event, time) = (operation.invoke_index, operation.invoked_ns);
            columns.events.push(since(operation.complete_index, operation.invoke_index));
            columns.span.push(since(operation.completed_ns, operation.invoked_ns));
            columns.process.push(operation.process);
            columns.key.push(key_of.get(&operation.key).copied().unwrap_or(0));
            columns.name.push(texts.number(operation.f.as_str()));
            columns.node.push(operation.node.as_deref().map_or(-1, |node| texts.number(node)));
            columns.outcome.push(match operation.outcome {
                Outcome::Ok => 0,
                Outcome::Fail => 1,
                Outcome::Info => 2,
            });
            let error = operation.error.as_ref().map(ToString::to_string);
            columns.error.push(error.map_or(-1, |error| texts.number(error)));
        }
        columns
    }

    /// The columns that the depiction has words for.
    fn fill_words<'a>(&mut self, page: &LinearizationPage<'a>, drawn: &Range<usize>, texts: &mut Texts<'a>) {
        self.text = vec![-1; drawn.len()];
        self.place = vec![0; drawn.len()];
        self.state = vec![-1; drawn.len()];
        let local = |at: usize| drawn.contains(&at).then(|| at - drawn.start);
        for key in &page.depiction.keys {
            let mut number =
                |text: u32| key.texts.get(text as usize).map_or(-1, |text| texts.number(text.as_str()));
            for (source, text) in &key.shown {
                if let Some(at) = local(*source) {
                    self.text[at] = number(*text);
                }
            }
            for (place, source) in key.order.iter().enumerate() {
                let Some(at) = local(*source) else { continue };
                self.place[at] = place + 1;
                self.state[at] = key.states.get(place).copied().flatten().map_or(-1, &mut number);
            }
        }
        for (at, operation) in page.operations[drawn.clone()].iter().enumerate() {
            if self.text[at] < 0 {
                self.text[at] = texts.number(format::operation(operation));
            }
        }
    }
}

/// The distance from a beginning to an end, where there is one.
fn since(end: Option<u64>, start: u64) -> i64 {
    end.map_or(-1, |end| i64::try_from(end.saturating_sub(start)).unwrap_or(i64::MAX))
}
