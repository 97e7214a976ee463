//! What was found, in the model's words: all that a picture of it needs beside the history.

use std::collections::HashMap;

use ordalia_history::Value;
use serde::{Deserialize, Serialize};

use super::partition::KeyTask;
use super::{Core, Examination, Failure, KeyExamination, Model};
use crate::Verdict;

/// An examination with texts. It is stored with a run, so that the run can be drawn without being judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Depiction {
    /// The verdict on all keys.
    pub verdict: Verdict,
    /// The reasons of the judgement.
    pub reasons: Vec<String>,
    /// The model's name, empty where none was at hand.
    pub model: String,
    /// What an object is called in a sentence: `register`.
    pub object: String,
    /// What was found of each key, in order of the keys' first operation.
    pub keys: Vec<KeyDepiction>,
}

/// What was found of one key. Operations are named by their position in
/// [`History::operations`](crate::History::operations).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyDepiction {
    /// The key; `None` in a test of a single object.
    pub key: Option<Value>,
    /// Whether the key's history is linearizable.
    pub verdict: Verdict,
    /// The algorithm that decided.
    pub algorithm: String,
    /// Where valid a legal order, where invalid a longest legal one up to the failure.
    pub order: Vec<usize>,
    /// The operation that cannot be placed.
    pub stuck: Option<usize>,
    /// What a person wants to know of the failure.
    pub failure: Option<Failure>,
    /// The operations of a smallest failing sub-history, where one was sought.
    pub core: Vec<usize>,
    /// The texts that occur.
    pub texts: Vec<String>,
    /// The operations that the model takes part of, each with its text by its position in `texts`.
    pub shown: Vec<(usize, u32)>,
    /// The state before the first operation, by its position in `texts`.
    pub initial: Option<u32>,
    /// The state after each operation of `order`, by its position in `texts`; `None` where it was left out for
    /// its length.
    pub states: Vec<Option<u32>>,
}

impl Depiction {
    /// What was found, without any texts but those of the examination itself.
    pub fn without_words(examination: &Examination) -> Self {
        Self {
            verdict: examination.judgement.valid,
            reasons: examination.judgement.reasons.clone(),
            model: String::new(),
            object: "object".to_owned(),
            keys: examination.keys.iter().map(KeyDepiction::without_words).collect(),
        }
    }
}

impl Depiction {
    /// Notes the operations that prove the failure of a key.
    pub fn mark(&mut self, proof: &Core) {
        for key in self.keys.iter_mut().filter(|key| key.key == proof.key) {
            key.core.clone_from(&proof.operations);
        }
    }

    /// Leaves out what was found of the keys that did not fail, apart from their verdicts.
    pub fn keep_failures(&mut self) {
        for key in self.keys.iter_mut().filter(|key| key.verdict != Verdict::Invalid) {
            let (name, verdict, algorithm) =
                (key.key.take(), key.verdict, std::mem::take(&mut key.algorithm));
            *key = KeyDepiction { key: name, verdict, algorithm, ..KeyDepiction::default() };
        }
    }
}

impl KeyDepiction {
    fn without_words(key: &KeyExamination) -> Self {
        Self {
            key: key.key.clone(),
            verdict: key.verdict,
            algorithm: key.algorithm.to_owned(),
            order: key.order.clone(),
            stuck: key.stuck,
            failure: key.failure.clone(),
            ..Self::default()
        }
    }
}

/// How many characters of states are written out for one key before only its last states are.
const MAX_STATE_CHARACTERS: usize = 8 << 20;

/// How many states are written out in any case: those at the end of the order, where a failure is.
const LAST_STATES: usize = 300;

/// How long one text can be; what is cut off is told.
const MAX_TEXT: usize = 2_000;

/// An examination in the words of its model.
pub(super) fn depict<M: Model>(model: &M, keys: &[KeyTask<M>], examination: &Examination) -> Depiction {
    let mut depiction = Depiction::without_words(examination);
    depiction.model = model.name().to_owned();
    depiction.object = model.object().to_owned();
    for (task, key) in keys.iter().zip(&mut depiction.keys) {
        let mut texts = Texts::default();
        let calls = task.sources.iter().zip(&task.task.calls);
        key.shown =
            calls.map(|(source, call)| (*source, texts.number(model.show(&call.op, &task.values)))).collect();
        replay(model, task, key, &mut texts);
        key.texts = texts.all;
    }
    depiction
}

/// Writes down the states that the order passes through.
fn replay<M: Model>(model: &M, task: &KeyTask<M>, key: &mut KeyDepiction, texts: &mut Texts) {
    let call_of: HashMap<usize, usize> =
        task.sources.iter().enumerate().map(|(call, source)| (*source, call)).collect();
    let mut state = task.task.init.clone();
    let mut spent = 0;
    let mut write = |state: &M::State, left: usize| {
        (spent < MAX_STATE_CHARACTERS || left < LAST_STATES).then(|| {
            let text = model.show_state(state, &task.values);
            spent += text.len();
            texts.number(text)
        })
    };
    key.initial = write(&state, 0);
    let mut last = key.initial;
    for (at, source) in key.order.iter().enumerate() {
        let call = call_of.get(source).and_then(|call| task.task.calls.get(*call));
        // An order that the model itself does not accept would be an error of the search; what follows such
        // a place is left without states.
        let Some(next) = call.and_then(|call| model.step(&state, &call.op)) else { break };
        if next != state || last.is_none() {
            last = write(&next, key.order.len() - at);
        }
        state = next;
        key.states.push(last);
    }
    key.states.resize(key.order.len(), None);
}

/// Texts, each once.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Texts {
    fn number(&mut self, mut text: String) -> u32 {
        if text.len() > MAX_TEXT {
            let cut = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let left_out = text[cut..].chars().count();
            text.truncate(cut);
            text.push_str(&format!("… and {left_out} characters more"));
        }
        if let Some(known) = self.numbers.get(&text) {
            return *known;
        }
        // 2³² distinct texts do not fit into memory.
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.clone(), number);
        self.all.push(text);
        number
    }
}
