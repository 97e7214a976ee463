//! The clients: the same interpreter, routing and workload as with real processes.

use ordalia_history::{Event, OpError};
use ordalia_node::{Answer, Input, Node, NodeId, Refusal, Request, Ticket};
use ordalia_workload::{Generator, Interpreter, Invocation, Op, Poll, Reply, Routing, Thread};

use super::{Coming, World};
use crate::SimSettings;
use crate::dice::Dice;
use crate::trace::Happened;

/// An operation under way.
#[derive(Debug)]
struct Call {
    number: u64,
    node: NodeId,
    op: Op,
    request: Request,
    /// Whether the connection is gone, and the client is yet to learn of it.
    broken: bool,
}

/// The client threads.
pub(super) struct Clients {
    interpreter: Interpreter,
    routing: Routing,
    calls: Vec<Option<Call>>,
    dice: Dice,
    /// Numbers requests and messages.
    numbers: u64,
    /// Operations invoked so far.
    pub(super) invoked: u64,
    /// When the interpreter wants to be asked again.
    poll_ns: u64,
    finished: bool,
}

impl Clients {
    pub(super) fn new(settings: &SimSettings, nodes: Vec<NodeId>, dice: Dice) -> Self {
        let threads = settings.concurrency;
        Self {
            interpreter: Interpreter::new(threads),
            routing: Routing::new(nodes, threads),
            calls: (0..threads).map(|_| None).collect(),
            dice,
            numbers: 0,
            invoked: 0,
            poll_ns: u64::MAX,
            finished: true,
        }
    }

    /// A number that no message and no request has yet.
    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Whether nothing is under way and nothing will be asked for.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// The thread's call, if it is that one.
    fn call(&self, thread: Thread, number: u64) -> Option<&Call> {
        self.calls.get(thread)?.as_ref().filter(|call| call.number == number)
    }
}

impl<N: Node> World<'_, N> {
    /// Begins a phase of the workload.
    pub(super) fn begin_phase(&mut self, generator: Box<dyn Generator>) {
        let now = self.load_ns();
        self.clients.interpreter.begin(generator, now);
        self.clients.finished = false;
        self.poll_clients();
    }

    /// Asks for nothing more, and waits for what is under way.
    pub(super) fn finish_phase(&mut self) {
        self.clients.interpreter.finish();
        self.poll_clients();
    }

    /// Invokes all that can be invoked now.
    pub(super) fn poll_clients(&mut self) {
        if self.clients.poll_ns <= self.now_ns {
            self.clients.poll_ns = u64::MAX;
        }
        loop {
            match self.clients.interpreter.poll(self.load_ns()) {
                Poll::Invoke(invocation) => self.invoke(*invocation),
                Poll::Wait { until } => {
                    let at_ns = until.map(|ns| ns.saturating_add(self.load_start_ns).max(self.now_ns + 1));
                    if let Some(at_ns) = at_ns.filter(|at_ns| *at_ns < self.clients.poll_ns) {
                        self.clients.poll_ns = at_ns;
                        self.queue.put(at_ns, Coming::Clients);
                    }
                    return;
                }
                Poll::Finished => {
                    self.clients.finished = true;
                    return;
                }
            }
        }
    }

    fn invoke(&mut self, invocation: Invocation) {
        let Invocation { thread, process, op, event } = invocation;
        let now = self.load_ns();
        let id = self.clients.routing.node(thread, now);
        self.record(Event { node: Some(self.nodes[id.index()].name.clone()), ..event });
        self.clients.invoked += 1;
        let request = self.workload.request_of(&op, process);
        let number = self.clients.next_number();
        self.digest.add([6, self.now_ns, thread as u64, number]);
        self.tracer.note(self.now_ns, || Happened::Asked {
            node: id,
            thread,
            call: number,
            text: format!("{} {}", op.f, op.value),
        });
        let travels_ns = self.clients.dice.latency(self.settings.nature.client);
        self.clients.calls[thread] = Some(Call { number, node: id, op, request, broken: false });
        let node = &self.nodes[id.index()];
        if node.is_up() {
            let request = Coming::Request { node: id, life: node.life, thread, call: number };
            self.queue.put(self.now_ns + travels_ns, request);
            let at_ns = self.now_ns + nanos(self.settings.client_timeout);
            self.queue.put(at_ns, Coming::TimeOut { thread, call: number });
        } else {
            let refused = OpError::with_text("connection-refused", "nobody listens there");
            let reply = Box::new(Reply::NotSent(refused));
            self.queue.put(self.now_ns + 2 * travels_ns, Coming::Reply { thread, call: number, reply });
        }
    }

    /// A request arrives.
    pub(super) fn hear(&mut self, id: NodeId, life: u32, thread: Thread, number: u64) {
        let Some(call) = self.clients.call(thread, number).filter(|call| !call.broken) else { return };
        let request = call.request.clone();
        if self.nodes[id.index()].is_in(life) {
            self.tracer.note(self.now_ns, || Happened::Heard { node: id, call: number });
            self.put_in(id, Input::Request { ticket: ticket(thread, number), request });
        }
    }

    /// A node answers. A second answer to one ticket, and one to a ticket of an earlier life, reach nobody.
    pub(super) fn reply(&mut self, id: NodeId, ticket: Ticket, result: Result<Answer, Refusal>) {
        if !self.node(id).running().is_some_and(|running| running.unanswered.remove(&ticket)) {
            return;
        }
        let (thread, number) = unticket(ticket);
        self.tracer.note(self.now_ns, || Happened::Replied {
            node: id,
            call: number,
            text: format!("{result:?}"),
        });
        if self.clients.call(thread, number).is_none_or(|call| call.broken || call.node != id) {
            return;
        }
        let reply = Box::new(result.map_or_else(Reply::Refused, Reply::Answer));
        let travels_ns = self.clients.dice.latency(self.settings.nature.client);
        self.queue.put(self.now_ns + travels_ns, Coming::Reply { thread, call: number, reply });
    }

    /// The connections to a process that ended break, and the clients see it.
    pub(super) fn break_connections(&mut self, id: NodeId) {
        for thread in 0..self.clients.calls.len() {
            let Some(call) = &mut self.clients.calls[thread] else { continue };
            if call.node != id || call.broken {
                continue;
            }
            call.broken = true;
            let number = call.number;
            let lost = OpError::with_text("connection-closed", "the connection was closed");
            let travels_ns = self.clients.dice.latency(self.settings.nature.client);
            let reply = Box::new(Reply::Lost(lost));
            self.queue.put(self.now_ns + travels_ns, Coming::Reply { thread, call: number, reply });
        }
    }

    /// A client waits no longer. Nearly always the answer was there long before.
    pub(super) fn time_out(&mut self, thread: Thread, number: u64) {
        if self.clients.call(thread, number).is_some() {
            self.conclude(thread, number, timeout_error(self.settings));
        }
    }

    /// A client learns what became of its request. What comes after that is ignored.
    pub(super) fn conclude(&mut self, thread: Thread, number: u64, reply: Reply) {
        if self.clients.call(thread, number).is_none() {
            return;
        }
        let Some(call) = self.clients.calls[thread].take() else { return };
        let now = self.load_ns();
        if !reply.is_answered() {
            self.clients.routing.failed(thread, now);
        }
        let replied = matches!(reply, Reply::Answer(_) | Reply::Refused(_));
        let completion = self.workload.complete(&call.op, &call.request, reply);
        self.digest.add([7, self.now_ns, thread as u64, completion.kind as u64]);
        self.tracer.note(self.now_ns, || Happened::Ended {
            thread,
            call: number,
            text: match &completion.error {
                Some(error) => format!("{:?}: {error}", completion.kind),
                None => format!("{:?}: {}", completion.kind, completion.value),
            },
            replied,
        });
        if let Some(event) = self.clients.interpreter.complete(now, thread, completion) {
            self.record(Event { node: Some(self.nodes[call.node.index()].name.clone()), ..event });
        }
        self.poll_clients();
    }
}

/// Threads are told apart in the low bits of a ticket.
const THREAD_BITS: u32 = 20;

pub(super) fn ticket(thread: Thread, call: u64) -> Ticket {
    Ticket(call << THREAD_BITS | thread as u64)
}

fn unticket(ticket: Ticket) -> (Thread, u64) {
    ((ticket.0 & ((1 << THREAD_BITS) - 1)) as Thread, ticket.0 >> THREAD_BITS)
}

fn timeout_error(settings: &SimSettings) -> Reply {
    let text = format!("no answer within {:?}", settings.client_timeout);
    Reply::Lost(OpError::with_text("timeout", text))
}

pub(super) fn nanos(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
