//! What a member that lags behind tells is old, and a recipe must not take it for the truth.

use ordalia_coordination::Message;
use ordalia_coordination::client::{Session, SessionSettings};
use ordalia_coordination::recipes::{Election, ElectionOutcome, Lock, LockOutcome};
use ordalia_node::{CoordinationAnswer as Answer, CoordinationRequest as Ask, NodeId, Stat, Value};

use super::world::{TIMEOUT, at};

const MEMBER: NodeId = NodeId::new(1);
const OWN: &str = "c-0000000003";

/// A session whose answers are made up by the test.
struct Alone {
    session: Session,
    /// What was asked last, with its number.
    asked: Vec<(u64, Ask)>,
}

impl Alone {
    fn open() -> Self {
        let settings = SessionSettings { timeout: TIMEOUT, first_question: 100 };
        let session = Session::new(NodeId::new(4), vec![MEMBER], &settings);
        let mut alone = Self { session, asked: Vec::new() };
        alone.session.on_tick(at(1000));
        alone.look();
        alone.answer(Answer::SessionOpened { session: 7 });
        while alone.session.happening().is_some() {}
        alone
    }

    fn look(&mut self) {
        for (_, message) in self.session.take_messages() {
            if let Message::Ask { id, request } = message {
                self.asked.push((id, request));
            }
        }
    }

    /// Answers the oldest question.
    fn answer(&mut self, answer: Answer) {
        let (id, _) = self.asked.remove(0);
        assert!(self.session.on_answer(MEMBER, id, Ok(answer), at(1001)));
    }

    /// Answers the oldest question, has the recipe react, and tells what it came to and what it asks next.
    fn goes_on<T>(
        &mut self,
        answer: Answer,
        mut on: impl FnMut(&ordalia_coordination::client::Happening, &mut Session) -> Option<T>,
    ) -> (Option<T>, Option<Ask>) {
        self.look();
        self.answer(answer);
        let mut outcome = None;
        while let Some(happening) = self.session.happening() {
            outcome = on(&happening, &mut self.session).or(outcome);
        }
        self.look();
        (outcome, self.asked.first().map(|(_, ask)| ask.clone()))
    }
}

fn stat() -> Stat {
    Stat { version: 0, children_version: 0, created: 20, modified: 20, owner: Some(7) }
}

fn created() -> Answer {
    Answer::Created { path: format!("/x/{OWN}"), stat: stat() }
}

fn listing(names: &[&str]) -> Answer {
    Answer::Listing { names: names.iter().map(|name| (*name).to_owned()).collect(), stat: stat() }
}

/// A list that lacks the own place shows nobody ahead, though somebody may be: neither lock nor office is had by it.
#[test]
fn a_list_from_before_the_own_place_makes_nobody_the_first() {
    for old in [&[][..], &["c-0000000001"], &["c-0000000009"]] {
        let mut alone = Alone::open();
        let mut lock = Lock::acquire("/x", Value::Null, &mut alone.session);
        let mut on = |happening: &_, session: &mut _| lock.on(happening, session);
        assert!(matches!(alone.goes_on(created(), &mut on), (None, Some(Ask::Children { .. }))));
        let (outcome, next) = alone.goes_on(listing(old), &mut on);
        assert_eq!(outcome, None, "{old:?}");
        assert!(matches!(&next, Some(Ask::Exists { path, .. }) if path.ends_with(OWN)), "{old:?}: {next:?}");
        let there = Answer::Existence { stat: Some(stat()) };
        assert!(matches!(alone.goes_on(there, &mut on), (None, Some(Ask::Children { .. }))));
        let (outcome, _) = alone.goes_on(listing(&[OWN]), &mut on);
        assert_eq!(outcome, Some(LockOutcome::Acquired { token: 20 }));
    }
}

/// A place that is gone is lost, and nobody waits or leads by it.
#[test]
fn a_place_that_is_neither_listed_nor_found_is_lost() {
    let mut alone = Alone::open();
    let mut election = Election::stand("/x", Value::Null, &mut alone.session);
    let mut on = |happening: &_, session: &mut _| election.on(happening, session);
    alone.goes_on(created(), &mut on);
    assert_eq!(alone.goes_on(listing(&["c-0000000001"]), &mut on).0, None);
    let (outcome, _) = alone.goes_on(Answer::Existence { stat: None }, &mut on);
    assert_eq!(outcome, Some(ElectionOutcome::Lost));
}
