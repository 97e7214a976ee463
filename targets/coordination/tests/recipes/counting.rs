//! Counters and configurations.

use ordalia_coordination::client::{CallId, Happening, Session};
use ordalia_coordination::recipes::{Configuration, ConfigurationOutcome, Counter, CounterOutcome};
use ordalia_coordination::tree::command::View;
use ordalia_node::{CoordinationAnswer, CoordinationRequest, Time, Value};
use serde_json::json;

use super::with_seeds;
use super::world::Actor;

#[derive(Debug, Default)]
struct Adder {
    left: usize,
    counter: Option<Counter>,
    values: Vec<i64>,
    unknown: i64,
}

impl Actor for Adder {
    fn begin(&mut self, session: &mut Session) {
        self.counter = (self.left > 0).then(|| Counter::add("/counters/x", 1, session));
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        let outcome = self.counter.as_mut().and_then(|counter| counter.on(happening, session));
        match outcome {
            Some(CounterOutcome::Added { value, .. }) => self.values.push(value),
            Some(CounterOutcome::Failed(refusal)) if refusal.code.is_definite() => return,
            Some(CounterOutcome::Failed(_)) => self.unknown += 1,
            None => return,
        }
        self.left -= 1;
        // The last of a session's failures comes ahead of its end, after which it begins again.
        self.counter = (self.left > 0).then(|| Counter::add("/counters/x", 1, session));
    }

    fn is_done(&self) -> bool {
        self.left == 0
    }
}

#[test]
fn no_addition_is_lost_or_made_twice() {
    let adder = |_| Adder { left: 8, ..Adder::default() };
    with_seeds(
        || (0..4).map(adder).collect(),
        |world| {
            world.run(|_| {});
            let Ok(CoordinationAnswer::Got { value, .. }) = world.look(View::Data, "/counters/x") else {
                panic!("seed {}: there is no counter", world.seed);
            };
            let total = value.as_i64().unwrap();
            let mut values: Vec<i64> =
                world.clients.iter().flat_map(|client| client.actor.values.iter().copied()).collect();
            values.sort_unstable();
            values.dedup();
            let known = i64::try_from(values.len()).unwrap();
            let unknown: i64 = world.clients.iter().map(|client| client.actor.unknown).sum();
            let told: usize = world.clients.iter().map(|client| client.actor.values.len()).sum();
            assert_eq!(told, values.len(), "seed {}: two additions gave one value", world.seed);
            assert!(
                (known..=known + unknown).contains(&total),
                "seed {}: {total} of {known} and {unknown} unknown",
                world.seed
            );
        },
    );
}

/// The first writes a value after the other, some malformed; all take over what is well formed.
#[derive(Debug, Default)]
struct Follower {
    left: Vec<Value>,
    write: Option<CallId>,
    configuration: Option<Configuration<u64>>,
    last: Option<u64>,
    /// The change that made it.
    modified: u64,
    expected: u64,
}

fn parse(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("expected a whole number, found {value}"))
}

impl Follower {
    fn write(&mut self, session: &mut Session) {
        let Some(value) = self.left.first().cloned() else { return };
        let (path, version) = ("/config".to_owned(), None);
        let set = match value {
            Value::Null => CoordinationRequest::Create {
                path,
                value,
                mode: Default::default(),
                session: None,
                seq: None,
            },
            value => CoordinationRequest::Set { path, value, version, session: None, seq: None },
        };
        self.write = Some(session.ask(set));
    }
}

impl Actor for Follower {
    fn begin(&mut self, session: &mut Session) {
        match &mut self.configuration {
            Some(configuration) => configuration.renew(session),
            None => self.configuration = Some(Configuration::new("/config", parse, session)),
        }
        self.write(session);
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        if happening.answer_to(self.write).is_some_and(|result| {
            result.is_ok() || result.as_ref().is_err_and(|refusal| refusal.code.number() == 21)
        }) {
            self.left.remove(0);
            self.write(session);
        }
        let Some(configuration) = &mut self.configuration else { return };
        if let Some(ConfigurationOutcome::InForce(stat)) = configuration.on(happening, session) {
            let value = configuration.value().copied();
            assert!(stat.modified > self.modified, "told again of {value:?}");
            self.modified = stat.modified;
            assert!(value >= self.last, "{value:?} after {:?}", self.last);
            self.last = value;
        }
    }

    fn is_done(&self) -> bool {
        self.left.is_empty() && self.last == Some(self.expected)
    }
}

#[test]
fn the_last_wellformed_value_comes_into_force_and_no_older_one_after_it() {
    let values = vec![Value::Null, json!(1), json!("x"), json!(2), json!(3), json!(4), json!([]), json!(5)];
    with_seeds(
        || {
            let mut followers: Vec<Follower> =
                (0..4).map(|_| Follower { expected: 5, ..Follower::default() }).collect();
            followers[0].left = values.clone();
            followers
        },
        |world| world.run(|_| {}),
    );
}
