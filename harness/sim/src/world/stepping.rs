//! How a node is driven: batches, timers and durable writes, with the same order of effects as in a real host.

use ordalia_node::{Effect, Input, Node, NodeId};
use ordalia_schedule::Link;

use super::life::{Leaving, Running, SimNode};
use super::{Coming, World};
use crate::disk::Disk;
use crate::network::Passage;
use crate::panics::guarded;
use crate::trace::Happened;

impl<N: Node> World<'_, N> {
    /// Handles all inputs that wait, then the timers that have run out, then lets the effects out: those ahead
    /// of the first record that must be durable at once, the others when the write is durable.
    pub(super) fn batch(&mut self, id: NodeId) {
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id.index()];
        if node.is_stopped() {
            return;
        }
        if !self.release_unsent(id) {
            return;
        }
        let node = &mut self.nodes[id.index()];
        let mut free = std::mem::take(&mut self.leaving);
        let outcome = node.work(now_ns, &mut free, |timer| {
            self.digest.add([4, now_ns, u64::from(id.number())]);
            self.tracer.note(now_ns, || Happened::Timer { node: id, timer: format!("{timer:?}") });
        });
        if let Err(panic) = outcome {
            // What the batch wrote is lost with the process, as it is in a host.
            return self.die(id, panic);
        }
        self.let_out(id, free);
    }

    /// Lets out what the start of a node wrote, as a batch of its own, ahead of all inputs and timers.
    pub(super) fn begin(&mut self, id: NodeId) {
        let SimNode { state, disk, .. } = &mut self.nodes[id.index()];
        let mut free = Vec::new();
        if let Some(running) = state.running() {
            running.sort(disk, &mut free);
        }
        self.let_out(id, free);
    }

    /// Ends a batch: what need not wait leaves, and a write begins if one must.
    fn let_out(&mut self, id: NodeId, mut free: Vec<Leaving<N::Message>>) {
        let runs_on = self.release(id, &mut free);
        self.leaving = free;
        if runs_on {
            self.begin_write(id);
            self.set_wake(id);
        }
    }

    /// Lets out what was to leave when the process was stopped. False if it does not go on after that.
    fn release_unsent(&mut self, id: NodeId) -> bool {
        let Some(running) = self.nodes[id.index()].running() else { return true };
        if running.unsent.is_empty() {
            return true;
        }
        let mut unsent = std::mem::take(&mut running.unsent);
        let runs_on = self.release(id, &mut unsent);
        if let Some(running) = self.nodes[id.index()].running().filter(|_| runs_on) {
            // Empty now, and its room is kept.
            running.unsent = unsent;
        }
        runs_on
    }

    /// If something must be durable, writes it; the core waits meanwhile.
    fn begin_write(&mut self, id: NodeId) {
        let sync_ns = self.settings.nature.sync;
        let node = &mut self.nodes[id.index()];
        let (life, demanded) = (node.life, node.disk.is_demanded());
        let slow_ns = node.slow_ns.values().fold(0_u64, |sum, ns| sum.saturating_add(*ns));
        let is_full = !node.full_by.is_empty();
        let Some(running) = node.running().filter(|running| demanded && !running.writing) else { return };
        if is_full {
            return self.run_out_of_room(id);
        }
        running.writing = true;
        node.slowed_writes += u64::from(slow_ns > 0);
        let takes_ns = self.disks.latency(sync_ns).saturating_add(slow_ns);
        self.queue.put(self.now_ns.saturating_add(takes_ns), Coming::Synced { node: id, life });
    }

    /// The write is durable: what waited for it leaves, and what came meanwhile is handled. The write of a
    /// process that is stopped comes to its end, but nothing leaves before it goes on.
    pub(super) fn synced(&mut self, id: NodeId, life: u32) {
        let node = &mut self.nodes[id.index()];
        if !node.is_in(life) {
            return;
        }
        node.disk.commit();
        let Some(running) = node.running() else { return };
        running.writing = false;
        running.unsent.append(&mut running.held);
        self.digest.add([5, self.now_ns, u64::from(id.number())]);
        self.tracer.note(self.now_ns, || Happened::Synced { node: id });
        self.batch(id);
    }

    /// Sees to it that the node looks at its timers when the next one runs out.
    fn set_wake(&mut self, id: NodeId) {
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id.index()];
        let (life, clock) = (node.life, node.clock);
        // While it writes it looks at no timer; it will when the write is durable.
        let Some(running) = node.running().filter(|running| !running.writing) else { return };
        let Some((next, _)) = running.timers.values().min() else { return };
        let at_ns = clock.when(*next).max(now_ns);
        if at_ns < running.wake_ns || running.wake_ns < now_ns {
            running.wake_ns = at_ns;
            self.queue.put(at_ns, Coming::Wake { node: id, life });
        }
    }

    /// A timer may have run out; a wake that a later setting made idle does nothing.
    pub(super) fn wake(&mut self, id: NodeId, life: u32) {
        let now_ns = self.now_ns;
        let node = &mut self.nodes[id.index()];
        if !node.is_in(life) {
            return;
        }
        if let Some(running) = node.running() {
            if running.wake_ns > now_ns {
                return;
            }
            running.wake_ns = u64::MAX;
        }
        self.batch(id);
    }

    /// After the clock of a node was changed: its timers run out at other times.
    pub(super) fn rewind(&mut self, id: NodeId) {
        if let Some(running) = self.nodes[id.index()].running() {
            running.wake_ns = u64::MAX;
        }
        self.set_wake(id);
    }

    /// Lets effects out, in order. What the node tells may bring a fault upon it: then what it wrote after that
    /// is lost with the process, or waits until the process goes on. The answer is whether it runs on. The list
    /// is left empty.
    fn release(&mut self, id: NodeId, leaving: &mut Vec<Leaving<N::Message>>) -> bool {
        let life = self.nodes[id.index()].life;
        let mut leaving = leaving.drain(..);
        while let Some(effect) = leaving.next() {
            match effect {
                Leaving::Send { to, message } => self.send(id, to, message),
                Leaving::Reply { ticket, result } => self.reply(id, ticket, result),
                Leaving::Act(act) => self.act(id, act),
                Leaving::Post { call, url, body, patience } => self.post(id, call, &url, body, patience),
                Leaving::Trace { event, detail } => {
                    self.told(id, event, detail);
                    let node = &mut self.nodes[id.index()];
                    if !node.is_in(life) {
                        return false;
                    }
                    let is_stopped = node.is_stopped();
                    if let Some(running) = node.running().filter(|_| is_stopped) {
                        running.unsent = leaving.collect();
                        return false;
                    }
                }
            }
        }
        true
    }

    fn told(&mut self, node: NodeId, event: &'static str, detail: String) {
        self.tracer.note(self.now_ns, || Happened::Told { node, event: event.to_owned(), detail });
        if self.nemesis.listens() {
            self.moment(node, event);
        }
    }

    fn send(&mut self, from: NodeId, to: NodeId, message: N::Message) {
        if !self.nodes[from.index()].reaches(to) {
            return;
        }
        let number = self.clients.next_number();
        self.tracer.note(self.now_ns, || Happened::Sent {
            node: from,
            to,
            message: number,
            text: format!("{message:?}"),
        });
        if !self.nodes[to.index()].is_up() {
            // Nobody listens there.
            return self.tracer.note(self.now_ns, || Happened::Lost { node: from, to, message: number });
        }
        self.pass(Link { from, to }, number, message);
    }

    /// Puts a message on its link.
    pub(super) fn pass(&mut self, link: Link, number: u64, message: N::Message) {
        let passage = self.network.send(link, self.now_ns, number, message, size::<N>);
        self.carry(link, number, passage);
    }

    /// Lets go what has its turn on a link of limited bandwidth.
    pub(super) fn look_at_link(&mut self, link: Link) {
        let (due, next_ns) = self.network.take_due(link, self.now_ns);
        for (number, message) in due {
            let passage = self.network.forward(link, self.now_ns, message);
            self.carry(link, number, passage);
        }
        if let Some(at_ns) = next_ns {
            self.queue.put(at_ns, Coming::Link { link });
        }
    }

    fn carry(&mut self, link: Link, number: u64, passage: Passage<N::Message>) {
        let life = self.nodes[link.to.index()].life;
        let Link { from, to } = link;
        match passage {
            Passage::At(at_ns, message) => {
                self.queue.put(at_ns, Coming::Message { to, life, from, number, message });
            }
            Passage::Twice(times, message) => {
                for at_ns in times {
                    let message = message.clone();
                    self.queue.put(at_ns, Coming::Message { to, life, from, number, message });
                }
            }
            Passage::Queued(None) => {}
            Passage::Queued(Some(at_ns)) => self.queue.put(at_ns, Coming::Link { link }),
            Passage::Gone => {
                self.tracer.note(self.now_ns, || Happened::Lost { node: from, to, message: number });
            }
        }
    }
}

/// What a message takes on the wire, about.
fn size<N: Node>(message: &N::Message) -> u64 {
    const ENVELOPE: u64 = 40;
    serde_json::to_vec(message).map_or(ENVELOPE, |text| text.len() as u64 + ENVELOPE)
}

impl<N: Node> SimNode<N> {
    /// Steps the node through all that waits. The error is the text of a panic.
    fn work(
        &mut self,
        now_ns: u64,
        free: &mut Vec<Leaving<N::Message>>,
        mut ran_out: impl FnMut(N::Timer),
    ) -> Result<(), String> {
        let now = self.clock.read(now_ns);
        let disk = &mut self.disk;
        let Some(running) = self.state.running() else { return Ok(()) };
        if running.writing {
            return Ok(());
        }
        running.env.set_now(now);
        while let Some(input) = running.inbox.pop_front() {
            running.step(input, disk, free)?;
        }
        // Counted, because a timer may be set again to run out at once.
        for _ in 0..running.timers.len() {
            let due = running.timers.iter().filter(|(_, (at, _))| *at <= now);
            let Some((timer, _)) = due.min_by_key(|(_, deadline)| **deadline) else { break };
            let timer = *timer;
            running.timers.remove(&timer);
            ran_out(timer);
            running.step(Input::Timer(timer), disk, free)?;
        }
        Ok(())
    }
}

impl<N: Node> Running<N> {
    fn step(
        &mut self,
        input: Input<N>,
        disk: &mut Disk<N::Record>,
        free: &mut Vec<Leaving<N::Message>>,
    ) -> Result<(), String> {
        let Self { node, env, effects, .. } = self;
        guarded(|| node.step(input, env, effects))?;
        self.sort(disk, free);
        Ok(())
    }

    /// Sorts what the node wrote. Timers take effect at once, so that an input can still stop a timer that
    /// would run out later in the same batch.
    fn sort(&mut self, disk: &mut Disk<N::Record>, free: &mut Vec<Leaving<N::Message>>) {
        for effect in self.effects.drain() {
            let leaving = match effect {
                Effect::Send { to, message } => Leaving::Send { to, message },
                Effect::Reply { ticket, result } => Leaving::Reply { ticket, result },
                Effect::Trace { event, detail } => Leaving::Trace { event, detail },
                Effect::Act(act) => Leaving::Act(act),
                Effect::Post { call, url, body, patience } => Leaving::Post { call, url, body, patience },
                Effect::SetTimer { timer, after } => {
                    self.timers_set += 1;
                    self.timers.insert(timer, (self.env.now() + after, self.timers_set));
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    self.timers.remove(&timer);
                    continue;
                }
                Effect::WriteBehind(record) => {
                    disk.write_behind(record);
                    continue;
                }
                Effect::Persist(record) => {
                    disk.persist(record);
                    continue;
                }
                Effect::Snapshot { state, records } => {
                    disk.replace(state, records);
                    continue;
                }
            };
            if disk.is_demanded() { &mut self.held } else { &mut *free }.push(leaving);
        }
    }
}
