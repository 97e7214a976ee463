//! Drives the clients through one phase of a workload.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ordalia_history::Event;
use ordalia_workload::{Generator, Interpreter, Invocation, Poll, Routing, Workload};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::Recorder;
use crate::clients::{Clients, Done, Job};
use crate::counts::Counts;

/// The clients of a test with all that they need, over its phases.
pub(crate) struct Load<'a> {
    pub(crate) workload: &'a dyn Workload,
    pub(crate) recorder: &'a Arc<Recorder>,
    pub(crate) counts: &'a Counts,
    pub(crate) interpreter: Interpreter,
    pub(crate) clients: Clients,
    pub(crate) routing: Routing,
    /// Operations invoked so far.
    pub(crate) invoked: u64,
}

impl Load<'_> {
    /// Takes operations from a generator and has them done, until the generator is done, the limit is over
    /// or `stop` becomes true, and then waits for those under way, which their time-outs end.
    ///
    /// # Errors
    /// The history cannot be written.
    pub(crate) async fn drive(
        &mut self,
        generator: Box<dyn Generator>,
        limit: Duration,
        stop: &mut watch::Receiver<bool>,
    ) -> io::Result<()> {
        self.interpreter.begin(generator, self.recorder.now_ns());
        let end = Instant::now() + limit;
        let mut ending = *stop.borrow();
        loop {
            if ending || Instant::now() >= end {
                ending = true;
                self.interpreter.finish();
            }
            let Some(until) = self.invoke_all()? else { return Ok(()) };
            tokio::select! {
                done = self.clients.done() => self.complete_all(done)?,
                () = sleep_until(until.map_or(end, |until| until.min(end))), if !ending => {}
                // If nobody is left who could stop the load, this branch is disabled.
                Ok(_) = stop.wait_for(|stop| *stop), if !ending => ending = true,
            }
        }
    }

    /// Invokes all that can be invoked now, and hands it to the system before anything is waited for, so
    /// that a killed controller loses no recorded operation. Gives back when to ask again, or nothing if
    /// the phase is over.
    fn invoke_all(&mut self) -> io::Result<Option<Option<Instant>>> {
        loop {
            match self.interpreter.poll(self.recorder.now_ns()) {
                Poll::Invoke(invocation) => self.invoke(*invocation)?,
                Poll::Wait { until } => {
                    self.recorder.flush()?;
                    return Ok(Some(until.map(|ns| self.instant(ns))));
                }
                Poll::Finished => {
                    self.recorder.flush()?;
                    return Ok(None);
                }
            }
        }
    }

    fn invoke(&mut self, invocation: Invocation) -> io::Result<()> {
        let Invocation { thread, process, op, event } = invocation;
        let node = self.routing.node(thread, self.recorder.now_ns());
        self.recorder.record(Event { node: Some(node.to_string().into()), ..event })?;
        self.invoked += 1;
        let request = self.workload.request_of(&op, process);
        self.clients.send(thread, Job { node, op, request });
        Ok(())
    }

    /// Records an operation that ended, and all others that have ended by now.
    fn complete_all(&mut self, mut done: Option<Done>) -> io::Result<()> {
        while let Some(ended) = done {
            self.complete(ended)?;
            done = self.clients.done_now();
        }
        Ok(())
    }

    fn complete(&mut self, done: Done) -> io::Result<()> {
        let Done { thread, job, reply } = done;
        let served = reply.is_answered();
        let now = self.recorder.now_ns();
        if !served {
            self.routing.failed(thread, now);
        }
        let completion = self.workload.complete(&job.op, &job.request, reply);
        self.counts.count(completion.kind);
        match self.interpreter.complete(now, thread, completion) {
            Some(event) => {
                self.recorder.record(Event { node: Some(job.node.to_string().into()), ..event }).map(|_| ())
            }
            None => Ok(()),
        }
    }

    fn instant(&self, ns: u64) -> Instant {
        Instant::from_std(self.recorder.start()) + Duration::from_nanos(ns)
    }
}
