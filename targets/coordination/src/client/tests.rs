//! Single situations of a session, step by step. What holds under faults stands in `tests/recipes`.

use std::time::Duration;

use ordalia_node::{CoordinationAnswer, CoordinationRequest as Ask, ErrorCode, NodeId, Refusal, Time};

use super::{Happening, Session, SessionSettings};
use crate::Message;

const MEMBER: NodeId = NodeId::new(1);

fn at(ms: u64) -> Time {
    Time::ZERO + Duration::from_millis(ms)
}

/// What was asked since, by number.
fn asked(session: &mut Session) -> Vec<(u64, Ask)> {
    let ask = |(_, message)| match message {
        Message::Ask { id, request } => (id, request),
        other => panic!("{other:?}"),
    };
    session.take_messages().into_iter().map(ask).collect()
}

fn happenings(session: &mut Session) -> Vec<Happening> {
    std::iter::from_fn(|| session.happening()).collect()
}

/// A session of 600 ms that was opened at once, at 1000 ms, under the number 7.
fn open() -> Session {
    let settings = SessionSettings { timeout: Duration::from_millis(600), first_question: 100 };
    let mut session = Session::new(NodeId::new(4), NodeId::all(3), &settings);
    session.on_tick(at(1000));
    let id = asked(&mut session)[0].0;
    assert!(session.on_answer(MEMBER, id, Ok(CoordinationAnswer::SessionOpened { session: 7 }), at(1000)));
    assert_eq!(happenings(&mut session), [Happening::Opened { session: 7 }]);
    session
}

fn remove(path: &str) -> Ask {
    Ask::Remove { path: path.to_owned(), version: None, session: None, seq: None }
}

#[test]
fn a_second_session_that_was_opened_by_a_copy_is_closed() {
    let mut session = open();
    let opened = Ok(CoordinationAnswer::SessionOpened { session: 8 });
    assert!(session.on_answer(MEMBER, 101, opened, at(1100)));
    assert_eq!(asked(&mut session)[0].1, Ask::CloseSession { session: 8 });
    assert_eq!((session.number(), happenings(&mut session)), (Some(7), vec![]));
}

#[test]
fn at_the_end_what_was_sent_is_unknown_and_what_was_not_is_not_done() {
    let mut session = open();
    let sent = session.ask(remove("/a"));
    let unsent = session.ask(remove("/b"));
    let questions = asked(&mut session);
    assert_eq!(questions.len(), 1, "one write at a time");
    let ended = Err(Refusal::new(ErrorCode::SessionExpired, ""));
    session.on_answer(MEMBER, questions[0].0, ended, at(1100));
    let told = happenings(&mut session);
    let code = |happening: &Happening, call| match happening.answer_to(Some(call)) {
        Some(Err(refusal)) => Some(refusal.code),
        _ => None,
    };
    assert_eq!(code(&told[0], sent), Some(ErrorCode::Timeout));
    assert_eq!(code(&told[1], unsent), Some(ErrorCode::SessionExpired));
    assert_eq!(told[2..], [Happening::Expired]);
    let late = session.ask(remove("/c"));
    assert_eq!(code(&happenings(&mut session)[0], late), Some(ErrorCode::SessionExpired));
}

#[test]
fn a_clock_that_is_set_back_does_not_prolong_the_session() {
    let mut session = open();
    session.on_tick(at(1500));
    session.on_tick(at(10));
    assert!(session.is_live());
    session.on_tick(at(110));
    assert!(!session.is_live());
    assert_eq!(happenings(&mut session), [Happening::Suspended]);
}

#[test]
fn what_a_session_does_by_itself_cannot_be_asked() {
    let mut session = open();
    for request in [
        Ask::Heartbeat { session: 7, seen: 0 },
        Ask::CloseSession { session: 7 },
        Ask::SimpleSet { path: "/a".into(), value: 1.into() },
    ] {
        let call = session.ask(request);
        let told = happenings(&mut session);
        let refused = told[0].answer_to(Some(call)).is_some_and(
            |result| matches!(result, Err(refusal) if refusal.code == ErrorCode::MalformedRequest),
        );
        assert!(refused, "{told:?}");
    }
    assert!(asked(&mut session).is_empty());
}

#[test]
fn a_session_that_is_closing_is_closed_whoever_says_so_first() {
    let mut session = open();
    session.on_tick(at(1300));
    let beat = asked(&mut session)[0].0;
    session.close();
    // The heartbeat was overtaken by the closing.
    let ended = Err(Refusal::new(ErrorCode::SessionExpired, ""));
    assert!(session.on_answer(MEMBER, beat, ended, at(1302)));
    assert_eq!(happenings(&mut session), [Happening::Closed]);
}
