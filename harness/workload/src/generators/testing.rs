//! A driver in virtual time for the tests of generators.

use crate::{Completion, Generator, Interpreter, Op, Poll, Thread};

/// An operation that was invoked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) time: u64,
    pub(crate) thread: Thread,
    pub(crate) op: Op,
    pub(crate) intended: u64,
}

/// A write of that number.
pub(crate) fn op(value: u64) -> Op {
    Op { f: "write", key: None, value: value.into() }
}

/// The numbers written.
pub(crate) fn values(steps: &[Step]) -> Vec<u64> {
    steps.iter().filter_map(|step| step.op.value.as_u64()).collect()
}

/// Plays up to that many operations, each of which takes 10 ns and succeeds.
pub(crate) fn play(generator: impl Generator + 'static, threads: usize, most: usize) -> Vec<Step> {
    play_for(generator, threads, most, 10)
}

/// Plays up to that many operations, each of which takes that long and succeeds.
pub(crate) fn play_for(
    generator: impl Generator + 'static,
    threads: usize,
    most: usize,
    latency: u64,
) -> Vec<Step> {
    play_with(generator, threads, most, latency, |_, op| Completion::ok(op.value.clone()))
}

/// Plays up to that many operations, each of which takes that long and ends as `answer` says, given how many
/// ended before it.
pub(crate) fn play_with(
    generator: impl Generator + 'static,
    threads: usize,
    most: usize,
    latency: u64,
    answer: impl Fn(usize, &Op) -> Completion,
) -> Vec<Step> {
    let mut interpreter = Interpreter::new(threads);
    interpreter.begin(Box::new(generator), 0);
    let (mut now, mut steps, mut ended) = (0, Vec::new(), 0);
    let mut open: Vec<(u64, Thread, Op)> = Vec::new();
    while steps.len() < most {
        let until = match interpreter.poll(now) {
            Poll::Invoke(invocation) => {
                let intended = invocation.event.intended.unwrap();
                open.push((now + latency, invocation.thread, invocation.op.clone()));
                steps.push(Step { time: now, thread: invocation.thread, op: invocation.op, intended });
                continue;
            }
            Poll::Wait { until } => until,
            Poll::Finished => break,
        };
        let first = open.iter().map(|(end, ..)| *end).min();
        now = [until, first].into_iter().flatten().min().expect("nothing can ever happen");
        while let Some(at) = open.iter().position(|(end, ..)| *end <= now) {
            let (_, thread, op) = open.remove(at);
            interpreter.complete(now, thread, answer(ended, &op));
            ended += 1;
        }
    }
    steps
}
