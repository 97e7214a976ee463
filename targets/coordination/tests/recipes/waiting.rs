//! Barriers.

use ordalia_coordination::client::{Happening, Session};
use ordalia_coordination::recipes::{Barrier, Creation, DoubleBarrier, DoubleBarrierOutcome, Opens, Passed};
use ordalia_coordination::tree::command::View;
use ordalia_node::{CoordinationAnswer, CreateMode, Time, Value};

use super::with_seeds;
use super::world::{Actor, World, at};

const RELEASED: &str = "/rounds/1/released";

/// Waits until a barrier opens; the first opens it after a while.
#[derive(Debug, Default)]
struct Waiter {
    is_opener: bool,
    ticks: usize,
    creation: Option<Creation>,
    barrier: Option<Barrier>,
    has_passed: bool,
}

impl Actor for Waiter {
    fn begin(&mut self, session: &mut Session) {
        self.creation = None;
        self.barrier = (!self.has_passed).then(|| Barrier::wait(RELEASED, Opens::WhenThere, session));
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        if let Some(creation) = &mut self.creation {
            creation.on(happening, session);
        }
        if let Some(Passed::Open(_)) =
            self.barrier.as_mut().and_then(|barrier| barrier.on(happening, session))
        {
            self.has_passed = true;
        }
    }

    fn tick(&mut self, session: &mut Session, _: Time) {
        self.ticks += 1;
        if self.is_opener && self.ticks >= 20 && self.creation.is_none() {
            self.creation = Some(Creation::new(RELEASED, Value::Null, CreateMode::Persistent, session));
        }
    }

    fn is_done(&self) -> bool {
        self.has_passed
    }
}

#[test]
fn nobody_passes_a_barrier_before_it_opens_and_all_pass_then() {
    with_seeds(
        || (0..4).map(|n| Waiter { is_opener: n == 0, ..Waiter::default() }).collect(),
        |world| {
            world.run(|world| {
                let is_open = matches!(
                    world.look(View::Existence, RELEASED),
                    Ok(CoordinationAnswer::Existence { stat: Some(_) })
                );
                let passed = world.clients.iter().find(|client| client.actor.has_passed);
                assert!(is_open || passed.is_none(), "seed {}: {passed:?} passed", world.seed);
            });
        },
    );
}

/// Enters and leaves; in a new session it enters and leaves again, if it had not left.
#[derive(Debug, Default)]
struct Guest {
    name: String,
    size: usize,
    barrier: Option<DoubleBarrier>,
    stay: usize,
    is_inside: bool,
    has_left: bool,
}

impl Actor for Guest {
    fn begin(&mut self, session: &mut Session) {
        (self.is_inside, self.stay) = (false, 0);
        self.barrier =
            (!self.has_left).then(|| DoubleBarrier::enter("/party", self.name.as_str(), self.size, session));
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        match self.barrier.as_mut().and_then(|barrier| barrier.on(happening, session)) {
            Some(DoubleBarrierOutcome::Entered) => self.is_inside = true,
            Some(DoubleBarrierOutcome::Left) => self.has_left = true,
            // A name that an earlier session still holds: it comes once that is gone.
            Some(DoubleBarrierOutcome::Failed(_)) => self.barrier = None,
            None => {}
        }
    }

    fn tick(&mut self, session: &mut Session, _: Time) {
        if self.barrier.is_none() && !self.has_left && !session.is_ended() {
            self.begin(session);
        }
        self.stay += usize::from(self.is_inside);
        if self.stay > 3
            && let Some(barrier) = &mut self.barrier
        {
            self.is_inside = false;
            barrier.leave(session);
        }
    }

    fn is_done(&self) -> bool {
        self.has_left
    }
}

fn names(world: &World<Guest>) -> Vec<String> {
    match world.look(View::Children, "/party") {
        Ok(CoordinationAnswer::Listing { names, .. }) => {
            names.into_iter().filter(|name| name != "ready").collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_double_barrier_lets_nobody_in_before_enough_are_there_nor_out_while_one_stays() {
    let guest = |n| Guest { name: format!("g{n}"), size: 4, ..Guest::default() };
    with_seeds(
        || (0..4).map(guest).collect(),
        |world| {
            let (mut most, mut gone) = (0, 0);
            world.run(|world| {
                most = most.max(names(world).len());
                for client in &world.clients {
                    assert!(!client.actor.is_inside || most >= 4, "seed {}: {most} were there", world.seed);
                }
                let left = world.clients.iter().filter(|client| client.actor.has_left).count();
                if std::mem::replace(&mut gone, left) < left {
                    // Whoever came again with another session found the barrier open.
                    let stays = world.clients.iter().find(|client| {
                        client.sessions == 1 && world.is_alive(client) && client.actor.is_inside
                    });
                    assert!(stays.is_none(), "seed {}: {stays:?} stays", world.seed);
                }
            });
            assert!(most >= 4, "seed {}", world.seed);
        },
    );
}

#[test]
fn whoever_leaves_a_double_barrier_waits_for_those_who_stay() {
    let guest = |n| Guest { name: format!("g{n}"), size: 3, ..Guest::default() };
    let mut world = World::new(1, super::Faults::NONE, (0..3).map(guest).collect());
    world.clients[2].actor.stay = 0;
    let mut was_inside = false;
    world.run(|world| {
        was_inside |= world.clients.iter().all(|client| client.actor.is_inside);
        let left = world.clients.iter().filter(|client| client.actor.has_left).count();
        let inside = world.clients.iter().filter(|client| client.actor.is_inside).count();
        assert!(left == 0 || inside == 0, "{left} left while {inside} were inside");
    });
    assert!(was_inside && world.now < at(10_000));
}
