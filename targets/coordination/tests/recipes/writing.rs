//! A session's writes.

use std::collections::BTreeMap;

use ordalia_coordination::client::{CallId, Happening, Session};
use ordalia_coordination::tree::command::View;
use ordalia_node::{CoordinationAnswer, CoordinationRequest, CreateMode, Time, Value};

use super::with_seeds;
use super::world::{Actor, World};

/// Asks for many writes at once, in each of its sessions, until all were answered in one.
#[derive(Debug, Default)]
struct Writer {
    name: String,
    session: u64,
    open: BTreeMap<CallId, String>,
    answered: Vec<String>,
    maybe: Vec<String>,
    has_failed: bool,
    is_done: bool,
}

impl Actor for Writer {
    fn begin(&mut self, session: &mut Session) {
        if self.is_done {
            return;
        }
        self.session += 1;
        self.has_failed = false;
        for number in 0..12 {
            let value = format!("{} {} {number:02}", self.name, self.session);
            let call = session.ask(CoordinationRequest::Create {
                path: "/log-".to_owned(),
                value: Value::from(value.as_str()),
                mode: CreateMode::Sequential,
                session: None,
                seq: None,
            });
            self.open.insert(call, value);
        }
    }

    fn on(&mut self, happening: &Happening, _: &mut Session, _: Time) {
        let Happening::Answered { call, result } = happening else { return };
        let value = self.open.remove(call).unwrap();
        match result {
            Ok(_) => self.answered.push(value),
            Err(refusal) => {
                self.has_failed = true;
                self.maybe.extend((!refusal.code.is_definite()).then_some(value));
            }
        }
        self.is_done |= self.open.is_empty() && !self.has_failed;
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}

/// What was written, in order.
fn written(world: &World<Writer>) -> Vec<String> {
    let Ok(CoordinationAnswer::Listing { names, .. }) = world.look(View::Children, "/") else {
        return Vec::new();
    };
    let value = |name: &String| match world.look(View::Data, &format!("/{name}")) {
        Ok(CoordinationAnswer::Got { value, .. }) => value.as_str().unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    };
    names.iter().map(value).collect()
}

#[test]
fn writes_are_carried_out_once_and_in_the_order_in_which_they_were_asked() {
    let writer = |n| Writer { name: format!("w{n}"), ..Writer::default() };
    with_seeds(
        || (0..3).map(writer).collect(),
        |world| {
            world.run(|_| {});
            let seed = world.seed;
            let all = written(world);
            for client in &world.clients {
                let Writer { name, answered, maybe, .. } = &client.actor;
                let own: Vec<&String> = all.iter().filter(|value| value.starts_with(name)).collect();
                // Session after session and number after number, each once.
                assert!(own.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {own:?}");
                assert!(
                    answered.iter().all(|value| own.contains(&value)),
                    "seed {seed}: {own:?} {answered:?}"
                );
                let is_known = |value: &&String| answered.contains(value) || maybe.contains(value);
                assert!(own.iter().all(is_known), "seed {seed}: {own:?} {answered:?} {maybe:?}");
            }
        },
    );
}
