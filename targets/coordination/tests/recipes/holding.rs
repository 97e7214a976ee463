//! Locks, elections, membership: what at most one has, or who has it.

use ordalia_coordination::client::{Happening, Session};
use ordalia_coordination::recipes::{
    Election, ElectionOutcome, Lock, LockOutcome, Members, Membership, MembershipOutcome,
};
use ordalia_coordination::tree::command::View;
use ordalia_node::{CoordinationAnswer, Time, Value};

use super::with_seeds;
use super::world::{Actor, Faults, World, at};

#[derive(Debug)]
enum Recipe {
    Lock(Lock),
    Election(Election),
}

/// Takes a lock, or an office, so many times, and holds it for a while.
#[derive(Debug)]
struct Holder {
    is_election: bool,
    left: usize,
    recipe: Option<Recipe>,
    holding: Option<u64>,
    ticks: usize,
}

impl Holder {
    fn new(is_election: bool) -> Self {
        Self { is_election, left: 3, recipe: None, holding: None, ticks: 0 }
    }

    fn next(&mut self, session: &mut Session) {
        self.recipe = (self.left > 0).then(|| match self.is_election {
            true => Recipe::Election(Election::stand("/election/x", Value::Null, session)),
            false => Recipe::Lock(Lock::acquire("/locks/x", Value::Null, session)),
        });
    }
}

impl Actor for Holder {
    fn begin(&mut self, session: &mut Session) {
        self.holding = None;
        self.next(session);
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        let token = match &mut self.recipe {
            Some(Recipe::Lock(lock)) => match lock.on(happening, session) {
                Some(LockOutcome::Acquired { token }) => Some(token),
                Some(LockOutcome::Released) => None,
                Some(LockOutcome::Lost) => panic!("nobody removes it"),
                Some(LockOutcome::Failed(_)) | None => return,
            },
            Some(Recipe::Election(election)) => match election.on(happening, session) {
                Some(ElectionOutcome::Elected { epoch }) => Some(epoch),
                Some(ElectionOutcome::Resigned) => None,
                Some(ElectionOutcome::Lost) => panic!("nobody removes it"),
                Some(ElectionOutcome::Failed(_)) | None => return,
            },
            None => return,
        };
        self.holding = token;
        self.ticks = 0;
        if token.is_none() {
            self.left -= 1;
            self.next(session);
        }
    }

    fn tick(&mut self, session: &mut Session, _: Time) {
        self.ticks += 1;
        if self.holding.is_some() && self.ticks > 2 {
            self.holding = None;
            match &mut self.recipe {
                Some(Recipe::Lock(lock)) => lock.release(session),
                Some(Recipe::Election(election)) => election.resign(session),
                None => {}
            }
        }
    }

    fn is_done(&self) -> bool {
        self.left == 0
    }
}

/// Of all whose sessions live at most one holds, and what is shown grows from holder to holder.
fn one_holds(world: &World<Holder>, last: &mut u64) {
    let live = world.clients.iter().filter(|client| world.is_alive(client));
    let held: Vec<u64> = live.filter_map(|client| client.actor.holding).collect();
    assert!(held.len() <= 1, "seed {}: {held:?} hold at a time", world.seed);
    if let Some(token) = held.first() {
        assert!(token >= last, "seed {}: {token} after {last}", world.seed);
        *last = *token;
    }
}

#[test]
fn a_lock_has_one_living_holder_and_growing_tokens() {
    with_seeds(
        || (0..4).map(|_| Holder::new(false)).collect(),
        |world| {
            let mut last = 0;
            world.run(|world| one_holds(world, &mut last));
            assert!(last > 0, "seed {}: nobody held it", world.seed);
        },
    );
}

#[test]
fn an_office_has_one_living_leader_and_growing_epochs() {
    with_seeds(
        || (0..4).map(|_| Holder::new(true)).collect(),
        |world| {
            let mut last = 0;
            world.run(|world| one_holds(world, &mut last));
            assert!(last > 0, "seed {}: nobody led", world.seed);
        },
    );
}

/// Is in a group, in one session after the other, and looks at it.
#[derive(Debug, Default)]
struct Member {
    name: String,
    group: usize,
    membership: Option<Membership>,
    members: Option<Members>,
}

impl Actor for Member {
    fn begin(&mut self, session: &mut Session) {
        self.membership = Some(Membership::join("/group", &self.name, Value::Null, session));
        self.members = Some(Members::new("/group", session));
    }

    fn on(&mut self, happening: &Happening, session: &mut Session, _: Time) {
        if let Some(MembershipOutcome::Left) =
            self.membership.as_mut().and_then(|member| member.on(happening, session))
        {
            panic!("nobody leaves");
        }
        if let Some(members) = &mut self.members {
            members.on(happening, session);
        }
    }

    fn is_done(&self) -> bool {
        let is_joined = self.membership.as_ref().is_some_and(Membership::is_joined);
        let names = self.members.as_ref().and_then(Members::names);
        is_joined && names.is_some_and(|names| names.len() == self.group)
    }
}

#[test]
fn whoever_has_joined_is_listed_and_everyone_sees_it_in_the_end() {
    let member = |n| Member { name: format!("m{n}"), group: 4, ..Member::default() };
    with_seeds(
        || (0..4).map(member).collect(),
        |world| {
            world.run(|world| {
                for client in world.clients.iter().filter(|client| world.is_alive(client)) {
                    let Member { name, membership, .. } = &client.actor;
                    if membership.as_ref().is_some_and(Membership::is_joined) {
                        let found = world.look(View::Existence, &format!("/group/{name}"));
                        let Ok(CoordinationAnswer::Existence { stat: Some(stat) }) = found else {
                            panic!("seed {}: {name} is not listed", world.seed);
                        };
                        let number = client.session.number();
                        assert_eq!(stat.owner, number, "seed {}: {name} is an earlier one", world.seed);
                    }
                }
            });
        },
    );
}

#[test]
fn a_name_that_another_session_holds_is_waited_for() {
    let member = |_| Member { name: "m".to_owned(), group: 1, ..Member::default() };
    let mut world = World::new(1, Faults::NONE, (0..2).map(member).collect());
    world.run_until(at(2000), |_| {});
    let joined = |world: &World<Member>| -> Vec<usize> {
        let is_in = |place: &usize| {
            world.clients[*place].actor.membership.as_ref().is_some_and(Membership::is_joined)
        };
        (0..2).filter(is_in).collect()
    };
    let first = joined(&world);
    assert_eq!(first.len(), 1, "{first:?}");
    world.cut(first[0], at(6000));
    world.run_until(at(4000), |_| {});
    assert!(joined(&world).contains(&(1 - first[0])));
}
