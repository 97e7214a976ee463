//! Generators whose next operation hangs on how the last one ended.

use ordalia_history::{Event, EventType, Process};

use super::each_thread;
use crate::{Context, Generator, Next, Op, Thread};

/// What one client thread does, one operation after the other, where each follows from how the one before it
/// ended: a lock that was taken is given back, with the token that came with it.
pub trait Dialogue: Send {
    /// The next operation; `None` if there is none ever again. `last` is the end of the operation before, `None` ahead of
    /// the first. After an `info` the thread goes on as another process, with nothing that the one before it had.
    fn next(&mut self, last: Option<&Event>) -> Option<Op>;
}

impl<F: FnMut(Option<&Event>) -> Option<Op> + Send> Dialogue for F {
    fn next(&mut self, last: Option<&Event>) -> Option<Op> {
        self(last)
    }
}

/// A dialogue for each thread.
///
/// What a thread does is a function of the answers to its own operations, and of nothing else but what `make`
/// put into it.
pub fn dialogues<D, F>(mut make: F) -> impl Generator
where
    D: Dialogue + 'static,
    F: FnMut(Thread) -> D + Send,
{
    each_thread(move |thread| Talk { dialogue: make(thread), open: None, last: None, ready: None })
}

struct Talk<D> {
    dialogue: D,
    /// The process whose operation is under way.
    open: Option<Process>,
    last: Option<Event>,
    /// What the dialogue wants next, once it was asked: it is asked once for each operation.
    ready: Option<Op>,
}

impl<D: Dialogue> Generator for Talk<D> {
    fn next(&mut self, context: &Context<'_>) -> Next {
        if self.open.is_some() {
            return Next::Pending { until: None };
        }
        let Some(thread) = context.free.first().copied() else { return Next::Pending { until: None } };
        if self.ready.is_none() {
            self.ready = self.dialogue.next(self.last.as_ref());
        }
        match self.ready.take() {
            Some(op) => Next::Op { op, thread, intended: context.time },
            None => Next::Done,
        }
    }

    fn update(&mut self, _: &Context<'_>, event: &Event) {
        if event.kind == EventType::Invoke {
            self.open = Some(event.process);
        } else if self.open == Some(event.process) {
            self.open = None;
            self.last = Some(event.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{op, play_with};
    use super::*;
    use crate::Completion;
    use ordalia_history::{OpError, Value};

    #[test]
    fn each_thread_hears_how_its_own_operations_ended() {
        // Each thread counts on from what it heard last, and begins again after an operation of unknown outcome.
        let talk = |thread: Thread| {
            move |last: Option<&Event>| {
                let heard =
                    last.filter(|last| last.kind == EventType::Ok).and_then(|last| last.value.as_u64());
                let next = heard.map_or(100 * (thread as u64 + 1), |heard| heard + 1);
                (next % 100 < 5).then(|| op(next))
            }
        };
        let steps = play_with(dialogues(talk), 2, 14, 10, |ended, op| match ended {
            3 => Completion::info(Value::Null, OpError::new("timeout")),
            _ => Completion::ok(op.value.clone()),
        });
        let of = |thread| {
            let own = steps.iter().filter(move |step| step.thread == thread);
            own.filter_map(|step| step.op.value.as_u64()).collect::<Vec<_>>()
        };
        assert_eq!(of(0), [100, 101, 102, 103, 104]);
        assert_eq!(of(1), [200, 201, 200, 201, 202, 203, 204]);
    }
}
