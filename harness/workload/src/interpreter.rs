//! The pure core of the client driver, as Jepsen's interpreter is: asks a generator what to do, keeps which
//! threads are free and which process each one is, and turns replies into events.
//!
//! The runner drives it by the wall clock and the simulator by virtual time; it does not know which.

use ordalia_history::{Event, EventType, Process, Value};

use crate::{Completion, Context, Generator, Next, Op, Thread};

/// What a driver is to do now.
#[derive(Clone, Debug, PartialEq)]
pub enum Poll {
    /// Record this invocation and have it carried out.
    Invoke(Box<Invocation>),
    /// Nothing until a thread completes, or until that time (nanoseconds on the driver's clock), whichever is
    /// first.
    Wait {
        /// `None` if only a completion can help.
        until: Option<u64>,
    },
    /// The phase is over: nothing is under way, and nothing will be asked for.
    Finished,
}

/// An operation that begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The thread that shall carry it out.
    pub thread: Thread,
    /// The process that it is at present.
    pub process: u64,
    /// The operation.
    pub op: Op,
    /// The event to record. Its index and its time are the recorder's to give.
    pub event: Event,
}

/// What a thread is doing.
#[derive(Clone, Debug)]
struct ThreadState {
    /// The number under which its operations stand in the history.
    process: u64,
    /// The operation under way.
    open: Option<Op>,
}

/// The threads of a test and the generator of its present phase.
pub struct Interpreter {
    threads: Vec<ThreadState>,
    free: Vec<Thread>,
    generator: Option<Box<dyn Generator>>,
    /// Start of the phase on the driver's clock, which the generator's times count from.
    phase_start: u64,
}

impl Interpreter {
    /// That many free threads, and nothing to do. Thread `t` begins as process `t`.
    pub fn new(threads: usize) -> Self {
        let state = |thread| ThreadState { process: thread as u64, open: None };
        Self {
            threads: (0..threads).map(state).collect(),
            free: (0..threads).collect(),
            generator: None,
            phase_start: 0,
        }
    }

    /// Begins a phase. Times of the generator count from `now_ns`.
    pub fn begin(&mut self, generator: Box<dyn Generator>, now_ns: u64) {
        self.generator = Some(generator);
        self.phase_start = now_ns;
    }

    /// Ends the phase: nothing more is invoked, and what is under way is waited for.
    pub fn finish(&mut self) {
        self.generator = None;
    }

    /// What to do at that time of the driver's clock. To be called again until it answers something other
    /// than [`Poll::Invoke`].
    pub fn poll(&mut self, now_ns: u64) -> Poll {
        let time = now_ns.saturating_sub(self.phase_start);
        let threads = self.threads.len();
        let Some(generator) = &mut self.generator else { return self.drain() };
        if self.free.is_empty() {
            return Poll::Wait { until: None };
        }
        match generator.next(&Context { time, free: &self.free, threads }) {
            Next::Op { op, thread, intended } => self.invoke(op, thread, intended, time),
            Next::Pending { until } => {
                Poll::Wait { until: until.map(|ns| ns.saturating_add(self.phase_start)) }
            }
            Next::Done => {
                self.generator = None;
                self.drain()
            }
        }
    }

    /// The operation of a thread ended: gives back the event to record, or nothing if the thread had none
    /// under way. After an `info` the thread goes on as a fresh process.
    pub fn complete(&mut self, now_ns: u64, thread: Thread, completion: Completion) -> Option<Event> {
        let threads = self.threads.len() as u64;
        let state = self.threads.get_mut(thread)?;
        let op = state.open.take()?;
        let Completion { kind, value, error } = completion;
        let event = Event { error, ..event(state.process, kind, &op, value) };
        if kind == EventType::Info {
            state.process += threads;
        }
        let at = self.free.partition_point(|free| *free < thread);
        self.free.insert(at, thread);
        self.tell(now_ns, &event);
        Some(event)
    }

    /// Nothing more is asked for: waits for what is under way.
    fn drain(&self) -> Poll {
        if self.free.len() == self.threads.len() { Poll::Finished } else { Poll::Wait { until: None } }
    }

    fn invoke(&mut self, op: Op, thread: Thread, intended: u64, time: u64) -> Poll {
        self.free.retain(|free| *free != thread);
        let state = &mut self.threads[thread];
        let mut event = event(state.process, EventType::Invoke, &op, op.value.clone());
        event.intended = Some(intended.min(time) + self.phase_start);
        let process = state.process;
        state.open = Some(op.clone());
        self.tell(time + self.phase_start, &event);
        Poll::Invoke(Box::new(Invocation { thread, process, op, event }))
    }

    fn tell(&mut self, now_ns: u64, event: &Event) {
        let (time, threads) = (now_ns.saturating_sub(self.phase_start), self.threads.len());
        if let Some(generator) = &mut self.generator {
            generator.update(&Context { time, free: &self.free, threads }, event);
        }
    }
}

/// An event of an operation, without index and time.
fn event(process: u64, kind: EventType, op: &Op, value: Value) -> Event {
    Event {
        index: 0,
        time: 0,
        process: Process::Client(process),
        kind,
        f: op.f.into(),
        key: op.key.clone(),
        value,
        error: None,
        node: None,
        intended: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_history::OpError;

    /// Gives writes to the lowest free thread, for ever.
    struct Writes(u64);

    impl Generator for Writes {
        fn next(&mut self, context: &Context<'_>) -> Next {
            self.0 += 1;
            let op = Op { f: "write", key: None, value: self.0.into() };
            Next::Op { op, thread: context.free[0], intended: context.time }
        }
    }

    fn invoked(poll: Poll) -> (Thread, Process) {
        match poll {
            Poll::Invoke(invocation) => (invocation.thread, invocation.event.process),
            other => panic!("expected an invocation, found {other:?}"),
        }
    }

    #[test]
    fn a_process_is_retired_after_info_and_its_number_never_comes_back() {
        let mut interpreter = Interpreter::new(2);
        interpreter.begin(Box::new(Writes(0)), 100);
        assert_eq!(invoked(interpreter.poll(100)), (0, Process::Client(0)));
        assert_eq!(invoked(interpreter.poll(100)), (1, Process::Client(1)));
        assert_eq!(interpreter.poll(101), Poll::Wait { until: None });
        let lost = Completion::info(Value::Null, OpError::new("timeout"));
        assert_eq!(interpreter.complete(102, 0, lost).map(|event| event.kind), Some(EventType::Info));
        assert_eq!(invoked(interpreter.poll(103)), (0, Process::Client(2)));
        assert!(interpreter.complete(104, 1, Completion::ok(Value::Null)).is_some());
        assert_eq!(invoked(interpreter.poll(105)), (1, Process::Client(1)));
    }

    #[test]
    fn a_phase_ends_once_nothing_is_under_way() {
        let mut interpreter = Interpreter::new(1);
        assert_eq!(interpreter.poll(0), Poll::Finished);
        interpreter.begin(Box::new(Writes(0)), 0);
        invoked(interpreter.poll(0));
        interpreter.finish();
        assert_eq!(interpreter.poll(1), Poll::Wait { until: None });
        assert!(interpreter.complete(2, 0, Completion::ok(Value::Null)).is_some());
        assert!(interpreter.complete(2, 0, Completion::ok(Value::Null)).is_none());
        assert_eq!(interpreter.poll(3), Poll::Finished);
    }
}
