//! The driver of a host without its network: in virtual time, over a disk in memory. For the conformance suite.
//!
//! Here are the host's own driver, inbox, timers, storage and tickets; only sockets, the file system and the
//! clock are others. Whoever holds a [`Bench`] decides when the driver has its turn.

mod memory;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ordalia_node::{
    Act, Answer, Node, NodeConfig, NodeId, PostError, Recovered, Refusal, Request, Status, Ticket, Time,
};

use crate::HostError;
use crate::clock::Clock;
use crate::driver::{Driver, Inbound, Outbound};
use crate::inbox::Inbox;
use crate::network::tickets::{Asked, Tickets};
use crate::storage::Storage;
use memory::{Image, MemoryDisk};

/// Inputs that may wait.
const INBOX: usize = 1024;

/// What happened at a host, in order.
#[derive(Clone, Debug)]
pub enum Event<N: Node> {
    /// A message left.
    Sent {
        /// The peer.
        to: NodeId,
        /// The message.
        message: N::Message,
    },
    /// The answer to a request left.
    Replied {
        /// The number under which it was [asked](Bench::ask).
        asked: u64,
        /// The answer.
        result: Result<Answer, Refusal>,
    },
    /// The node acted.
    Acted(Act),
    /// A post left.
    Posts {
        /// Its number.
        call: u64,
        /// Where it goes.
        url: String,
    },
    /// A write became durable; what a crash would leave now.
    Durable(Recovered<N::Record>),
}

/// What happened, with outbound tickets and disk images not looked at yet.
#[derive(Debug)]
enum Raw<M> {
    Out(Outbound<M>),
    Durable(Image),
}

type Journal<M> = Arc<Mutex<Vec<Raw<M>>>>;
type Outlet<M> = Box<dyn FnMut(Vec<Outbound<M>>) -> Result<(), HostError>>;
type Process<N> = Driver<N, MemoryDisk<<N as Node>::Message>, Outlet<<N as Node>::Message>>;

/// One host that never had a socket.
pub struct Bench<N: Node> {
    config: NodeConfig,
    clock: Clock,
    disk: MemoryDisk<N::Message>,
    journal: Journal<N::Message>,
    /// What runs, if anything does, and the tickets that its life gave.
    process: Option<(Process<N>, Inbox<N::Message>, Tickets)>,
    lives: u32,
    durable: Image,
    events: Vec<Event<N>>,
    status: Option<Status>,
}

impl<N: Node> Bench<N> {
    /// A host that does not run yet, with an empty disk.
    pub fn new(config: NodeConfig) -> Self {
        let journal = Journal::default();
        let disk = MemoryDisk::new(Arc::clone(&journal));
        Self {
            config,
            clock: Clock::standing(),
            disk,
            journal,
            process: None,
            lives: 0,
            durable: Image::default(),
            events: Vec::new(),
            status: None,
        }
    }

    /// Starts the process. The error says why it does not run.
    ///
    /// # Errors
    /// The storage is damaged, the node refused to start or panicked, or the disk was doomed.
    pub fn start(&mut self) -> Result<(), String> {
        self.disk.open();
        self.durable = self.disk.image();
        let journal = Arc::clone(&self.journal);
        let outlet: Outlet<N::Message> = Box::new(move |batch| {
            lock(&journal).extend(batch.into_iter().map(Raw::Out));
            Ok(())
        });
        self.lives += 1;
        let tickets = Tickets::new(self.lives);
        let (disk, clock, seed) = (self.disk.clone(), self.clock.clone(), u64::from(self.lives));
        let started = guarded(|| Driver::start(&self.config, seed, disk, clock, outlet));
        self.read_journal(&tickets, started.is_ok());
        let process = started.inspect_err(|_| self.disk.crash())?;
        self.process = Some((process, Inbox::new(INBOX), tickets));
        self.end_if_doomed();
        Ok(())
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Puts the node's clock forward.
    pub fn advance_clock(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The node's clock.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// When the next timer runs out.
    pub fn next_deadline(&self) -> Option<Time> {
        self.process.as_ref()?.0.next_deadline()
    }

    /// A client's request arrives, and waits. `asked` names it in [`Event::Replied`].
    pub fn ask(&self, asked: u64, request: Request) -> Option<Ticket> {
        let (_, inbox, tickets) = self.process.as_ref()?;
        let ticket = tickets.give(Asked { client: "bench".into(), msg_id: asked })?;
        inbox.push(Inbound::Request { ticket, request }).then_some(ticket)
    }

    /// A peer's message arrives, and waits.
    pub fn tell(&self, from: NodeId, message: N::Message) {
        if let Some((_, inbox, _)) = &self.process {
            // A full inbox loses it, as in a host.
            let _ = inbox.push(Inbound::Message { from, message });
        }
    }

    /// What came of a post arrives, and waits.
    pub fn posted(&self, call: u64, outcome: Result<u16, PostError>) {
        if let Some((_, inbox, _)) = &self.process {
            inbox.push_own(Inbound::Posted { call, outcome });
        }
    }

    /// Gives the driver its turn: one batch of all that waits.
    pub fn batch(&mut self) {
        let Some((mut driver, inbox, tickets)) = self.process.take() else { return };
        let outcome = guarded(|| driver.batch(&inbox));
        self.read_journal(&tickets, outcome.is_ok());
        match outcome {
            Ok(()) => {
                self.process = Some((driver, inbox, tickets));
                self.end_if_doomed();
            }
            Err(_) => self.disk.crash(),
        }
    }

    /// What the node says of itself, if it runs. It takes a turn of its own, so nothing may wait.
    pub fn status(&mut self) -> Option<Status> {
        let (_, inbox, tickets) = self.process.as_ref()?;
        let ticket = tickets.give(Asked { client: "bench".into(), msg_id: u64::MAX })?;
        self.status = None;
        inbox.push(Inbound::Status { ticket }).then_some(())?;
        self.batch();
        self.status.take()
    }

    /// Ends the process at once.
    pub fn kill(&mut self) {
        if self.process.take().is_some() {
            self.disk.crash();
        }
    }

    /// The next write is cut short, at a point that the number chooses, and the process ends of it. A number
    /// beyond all points lets the write come through and ends the process after it.
    pub fn doom(&mut self, number: u32) {
        self.disk.doom(number);
    }

    /// Flips a bit in the first half of the log, or of the snapshot if the log is empty; false if there is
    /// nothing stored.
    pub fn damage(&mut self) -> bool {
        self.disk.damage()
    }

    /// Takes out what happened.
    pub fn events(&mut self) -> Vec<Event<N>> {
        std::mem::take(&mut self.events)
    }

    /// A disk that was to fail has, or has come through and is to end the process now.
    fn end_if_doomed(&mut self) {
        if self.disk.is_spent() {
            self.kill();
        }
    }

    /// Reads what happened. What was synced in one go is one write; in a batch that failed it counts only if a
    /// start would see it.
    fn read_journal(&mut self, tickets: &Tickets, succeeded: bool) {
        let journal = std::mem::take(&mut *lock(&self.journal));
        let mut written = None;
        for raw in journal {
            match raw {
                Raw::Durable(image) => written = Some(image),
                Raw::Out(outbound) => {
                    self.note_durable(written.take(), succeeded);
                    self.note_left(outbound, tickets);
                }
            }
        }
        self.note_durable(written, succeeded);
    }

    fn note_left(&mut self, outbound: Outbound<N::Message>, tickets: &Tickets) {
        // As a router does, which looks for a ticket's connection first.
        let redeem =
            |ticket| (Tickets::connection_of(ticket) == self.lives).then(|| tickets.redeem(ticket)).flatten();
        match outbound {
            Outbound::Send { to, message } => self.events.push(Event::Sent { to, message }),
            Outbound::Reply { ticket, result } => {
                let asked = redeem(ticket);
                self.events.extend(asked.map(|asked| Event::Replied { asked: asked.msg_id, result }));
            }
            Outbound::Act(act) => self.events.push(Event::Acted(act)),
            Outbound::Post { call, url, .. } => self.events.push(Event::Posts { call, url }),
            Outbound::Status { ticket, status, .. } => self.status = redeem(ticket).map(|_| status),
        }
    }

    fn note_durable(&mut self, written: Option<Image>, succeeded: bool) {
        let Some(image) = written else { return };
        let (before, after) = (self.recovered(&self.durable), self.recovered(&image));
        if succeeded || format!("{before:?}") != format!("{after:?}") {
            self.events.extend(after.map(Event::Durable));
        }
        self.durable = image;
    }

    fn recovered(&self, image: &Image) -> Option<Recovered<N::Record>> {
        let disk = MemoryDisk::<N::Message>::holding(image.clone());
        Storage::open::<N::Record>(disk).ok().map(|(_, recovered)| recovered)
    }
}

/// Calls the driver. A panic ends the process, as it does in a host, where the core is a task of its own.
fn guarded<T, E: std::fmt::Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err("it panicked".to_owned()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
