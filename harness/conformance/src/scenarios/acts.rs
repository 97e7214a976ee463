//! What nodes add to the history, and what they post.

use ordalia_node::PostError;

use super::{Entry, N1, N2, inputs, journal, three};
use crate::Deed::{Act, Persist, Post, Reply, Send};
use crate::{Probe, SYNC, Stage};

pub(super) fn scenarios<S: Stage>() -> Vec<Entry> {
    vec![
        (
            "acts-keep-their-place",
            "an act is recorded in its place among what leaves, and after a persist when that is durable",
            acts_keep_their_place::<S>,
        ),
        (
            "a-crash-takes-what-waited",
            "an act behind a record that never became durable is not recorded",
            a_crash_takes_what_waited::<S>,
        ),
        (
            "posts-wait-for-the-disk",
            "a post leaves when what was persisted ahead of it is durable",
            posts_wait::<S>,
        ),
        (
            "outcomes-are-inputs",
            "what came of a post is an input as any other: it waits while the node is held or writes",
            outcomes_are_inputs::<S>,
        ),
        (
            "outcomes-end-with-a-life",
            "another life hears nothing of the posts of an earlier one",
            of_one_life::<S>,
        ),
    ]
}

fn acts_keep_their_place<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Act(0, true), Send(N2, 1), Persist(10), Send(N2, 2), Act(0, false), Reply]);
    let happened = journal(&mut stage);
    let expected =
        ["act 0 invoke deed", "send 1 to n2", "disk [10]", "send 2 to n2", "act 0 ok deed", "answer 0"];
    assert_eq!(happened, expected);
}

fn a_crash_takes_what_waited<S: Stage>() {
    let mut stage = three::<S>();
    // The number stands for a write of which nothing arrives.
    stage.doom(N1, 1);
    stage.ask(N1, vec![Act(0, true), Persist(10), Act(0, false)]);
    stage.pass(SYNC * 2);
    assert!(!stage.is_up(N1));
    let acts: Vec<String> = stage.journal(N1).into_iter().filter(|line| line.starts_with("act")).collect();
    assert_eq!(acts, ["act 0 invoke deed"]);
}

fn posts_wait<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Post(1), Persist(10), Post(2)]);
    let line = |call: u64| format!("post {call} to {}", Probe::URL);
    assert_eq!(journal(&mut stage), [line(1), "disk [10]".to_owned(), line(2)]);
}

fn outcomes_are_inputs<S: Stage>() {
    let mut stage = three::<S>();
    stage.hold(N1);
    stage.posted(N1, 1, Ok(201));
    stage.tell(N2, N1, 5, vec![Persist(10)]);
    let error = PostError { definite: true, text: "refused".to_owned() };
    stage.posted(N1, 2, Err(error.clone()));
    stage.let_go(N1);
    stage.posted(N1, 3, Ok(409));
    let third = "post 3: Ok(409)".to_owned();
    stage.settle(N1);
    let refused = format!("post 2: {:?}", Err::<u16, _>(error));
    assert_eq!(inputs(&mut stage), ["post 1: Ok(201)".to_owned(), "5 from n2".to_owned(), refused, third]);
}

fn of_one_life<S: Stage>() {
    let mut stage = three::<S>();
    stage.ask(N1, vec![Post(1)]);
    stage.kill(N1);
    stage.posted(N1, 1, Ok(201));
    assert!(stage.start(N1));
    assert_eq!(inputs(&mut stage), [""; 0]);
}
