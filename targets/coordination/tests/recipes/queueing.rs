//! Queues.

use std::collections::BTreeMap;

use ordalia_coordination::client::{Happening, Session};
use ordalia_coordination::recipes::{Dequeue, DequeueOutcome, Enqueue, EnqueueOutcome};
use ordalia_coordination::tree::command::View;
use ordalia_node::{CoordinationAnswer, Time, Value};

use super::with_seeds;
use super::world::Actor;

/// Appends its elements and takes as many.
#[derive(Debug, Default)]
struct Worker {
    elements: Vec<i64>,
    to_take: usize,
    enqueue: Option<Enqueue>,
    dequeue: Option<Dequeue>,
    appended: Vec<i64>,
    maybe_appended: Vec<i64>,
    taken: Vec<i64>,
    maybe_taken: usize,
}

impl Worker {
    fn next(&mut self, session: &mut Session) {
        (self.enqueue, self.dequeue) = (None, None);
        if let Some(element) = self.elements.last() {
            self.enqueue = Some(Enqueue::new("/queues/x", Value::from(*element), session));
        } else if self.to_take > 0 {
            self.dequeue = Some(Dequeue::new("/queues/x", session));
        }
    }
}

impl Actor for Worker {
    fn begin(&mut self, session: &mut Session) {
        self.next(session);
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        if let Some(outcome) = self.enqueue.as_mut().and_then(|enqueue| enqueue.on(happening, session)) {
            match outcome {
                EnqueueOutcome::Enqueued { .. } => self.appended.extend(self.elements.pop()),
                EnqueueOutcome::Failed(refusal) if refusal.code.is_definite() => return,
                EnqueueOutcome::Failed(_) => self.maybe_appended.extend(self.elements.pop()),
            }
            self.next(session);
        } else if let Some(outcome) = self.dequeue.as_mut().and_then(|dequeue| dequeue.on(happening, session))
        {
            match outcome {
                DequeueOutcome::Taken(value) => self.taken.extend(value.as_i64()),
                DequeueOutcome::Empty => {}
                DequeueOutcome::Failed(refusal) if refusal.code.is_definite() => return,
                DequeueOutcome::Failed(_) => self.maybe_taken += 1,
            }
            self.to_take -= 1;
            self.next(session);
        }
    }

    fn is_done(&self) -> bool {
        self.elements.is_empty() && self.to_take == 0
    }
}

#[test]
fn each_element_is_taken_once_and_none_is_lost() {
    let worker =
        |n: i64| Worker { elements: (0..6).map(|k| n * 100 + k).collect(), to_take: 5, ..Worker::default() };
    with_seeds(
        || (0..4).map(worker).collect(),
        |world| {
            world.run(|_| {});
            let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
            for element in world.clients.iter().flat_map(|client| &client.actor.taken) {
                *seen.entry(*element).or_default() += 1;
            }
            let Ok(CoordinationAnswer::Listing { names, .. }) = world.look(View::Children, "/queues/x")
            else {
                panic!("seed {}: there is no queue", world.seed);
            };
            for name in &names {
                if let Ok(CoordinationAnswer::Got { value, .. }) =
                    world.look(View::Data, &format!("/queues/x/{name}"))
                {
                    *seen.entry(value.as_i64().unwrap()).or_default() += 1;
                }
            }
            assert!(seen.values().all(|count| *count == 1), "seed {}: {seen:?}", world.seed);
            let appended = world.clients.iter().flat_map(|client| &client.actor.appended);
            let missing = appended.filter(|element| !seen.contains_key(element)).count();
            let maybe: usize = world.clients.iter().map(|client| client.actor.maybe_taken).sum();
            assert!(
                missing <= maybe,
                "seed {}: {missing} are missing, {maybe} may have been taken",
                world.seed
            );
        },
    );
}
