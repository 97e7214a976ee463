//! The interface of generators: what to do next, as a pure function of what was done.

use ordalia_history::{Event, Value};

/// An operation that a generator asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// The operation's name: `read`, `write`, `cas`, …
    pub f: &'static str,
    /// The object; `None` in a test of a single object.
    pub key: Option<Value>,
    /// Its arguments, in the shape of an `invoke` event's value.
    pub value: Value,
}

/// A client thread: a place in which one client after the other works, counted from 0. (Its process
/// number changes whenever an operation ends in `info`; the thread stays.)
pub type Thread = usize;

/// What a generator may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Nanoseconds since the start of the phase.
    pub time: u64,
    /// The threads that are free to take an operation, in ascending order; never empty.
    pub free: &'a [Thread],
    /// How many threads there are in all.
    pub threads: usize,
}

/// A generator's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Do this now.
    Op {
        /// The operation.
        op: Op,
        /// The thread that shall do it, one of those that are free.
        thread: Thread,
        /// When it was meant to be done, in nanoseconds since the start of the phase: at most the
        /// context's time, and earlier where the clients could not keep up with the rate.
        intended: u64,
    },
    /// Nothing now. Ask again at that time, or once a thread becomes free, whichever is first.
    Pending {
        /// Nanoseconds since the start of the phase; `None` if only a thread's coming free can help.
        until: Option<u64>,
    },
    /// Nothing ever again.
    Done,
}

/// A source of operations, without clock, threads or input of its own: what it answers is a function
/// of its seed, of the contexts shown to it and of the events told to it.
///
/// For a test to be repeatable, the sequence of operations (`f`, key, value) of the generators that
/// this project builds depends on the seed alone; only when each is done, and by which thread, depends
/// on time.
pub trait Generator: Send {
    /// What to do next.
    fn next(&mut self, context: &Context<'_>) -> Next;

    /// An operation was invoked or completed. Of invocations a generator is told only of its own, right
    /// after it gave the operation; of completions it may be told of others' too, and knows its own by the
    /// process.
    fn update(&mut self, context: &Context<'_>, event: &Event) {
        let _ = (context, event);
    }
}

impl Generator for Box<dyn Generator> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        (**self).next(context)
    }

    fn update(&mut self, context: &Context<'_>, event: &Event) {
        (**self).update(context, event);
    }
}
