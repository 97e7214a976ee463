//! One session: a task that carries out what its client asks, one request after the other.
//!
//! The session is served by the server whose endpoint was asked last. When its client asks at another one, what is
//! under way is given up, and the session is taken up there; the client asks again for what it still wants. Signs of
//! life go to ZooKeeper only when the client's own arrive, so that it is ZooKeeper that ends the session of a client
//! that is gone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ordalia_coordination::Message;
use ordalia_node::{
    Change, CoordinationAnswer, CoordinationRequest, ErrorCode, Event, NodeId, SessionNumber, WatchMode,
};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::attachment::{Attachment, Trouble};
use super::hub::{Hub, WAITING, unknown};
use super::marker::{Marker, write_unnumbered};
use super::order::Order;
use super::outbox::Outbox;
use super::peers::PeerLink;
use super::protocol::{Op, Outcome, Reply, Told};
use super::terms::{self, Answered, Look, Writing, refuse};
use super::watches::Watches;

/// How long one request may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// For how long at least a session that nobody asks for is kept. ZooKeeper has ended it long before.
const LEAST_IDLE: Duration = Duration::from_secs(60);

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    hub: Arc<Hub>,
    number: SessionNumber,
    idle: Duration,
    attachment: Attachment,
    marker: Marker,
    watches: Watches,
    outbox: Outbox,
    /// Where the client is told of events unasked.
    home: Option<Arc<PeerLink>>,
    is_over: bool,
}

/// How the carrying out of a request ended.
enum Ended {
    Answered(Answered),
    /// The client asked at another member meanwhile.
    Moved(Order),
}

/// Opens a session at the server that was asked, and answers. The session, and what will be asked in it.
pub(super) async fn open(
    hub: &Arc<Hub>,
    timeout_ms: u64,
    order: Order,
) -> Option<(Session, mpsc::Receiver<Order>)> {
    let opened = timeout(PATIENCE, try_open(hub, timeout_ms, &order)).await;
    let late = || Trouble::Unreachable(format!("no answer within {PATIENCE:?}"));
    match opened.unwrap_or_else(|_| Err(late())) {
        Ok(session) => {
            let (sender, orders) = mpsc::channel(WAITING);
            let number = session.number;
            hub.enter(number, sender);
            order.asker.answer(Ok(CoordinationAnswer::SessionOpened { session: number }));
            Some((session, orders))
        }
        // Whatever ZooKeeper opened ends by itself.
        Err(trouble) => {
            order.asker.answer(refuse(ErrorCode::TemporarilyUnavailable, trouble.to_string()));
            None
        }
    }
}

async fn try_open(hub: &Arc<Hub>, timeout_ms: u64, order: &Order) -> Result<Session, Trouble> {
    let server = hub.servers.get(&order.asker.place);
    let server = *server.ok_or_else(|| Trouble::Unreachable("there is no such member".to_owned()))?;
    let span = Duration::from_millis(timeout_ms);
    let mut attachment = Attachment::open(server, span).await?;
    let marker = Marker::create(&mut attachment).await?;
    Ok(Session {
        hub: Arc::clone(hub),
        number: terms::session_number(attachment.id()),
        idle: LEAST_IDLE.max(span * 10),
        attachment,
        marker,
        watches: Watches::default(),
        outbox: Outbox::default(),
        home: order.asker.home(),
        is_over: false,
    })
}

impl Session {
    /// Carries out what is asked, until the session ends.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut waiting = VecDeque::new();
        while !self.is_over {
            let order = match waiting.pop_front() {
                Some(order) => order,
                None => match self.next(&mut orders).await {
                    Some(order) => order,
                    None => break,
                },
            };
            match self.carry_out(&order, &mut orders, &mut waiting).await {
                Ended::Answered(answered) => order.asker.answer(answered),
                Ended::Moved(next) => {
                    self.attachment.detach();
                    waiting.retain(|order: &Order| order.asker.place == next.asker.place);
                    waiting.push_front(next);
                }
            }
            // What came during the request is told behind its answer.
            self.hear();
        }
        self.hub.forget(self.number);
        orders.close();
        while let Ok(order) = orders.try_recv() {
            waiting.push_back(order);
        }
        waiting.iter().for_each(|order| order.asker.answer(Err(unknown(self.number))));
    }

    /// The next request; `None` if nobody asks for so long that the session must have ended.
    async fn next(&mut self, orders: &mut mpsc::Receiver<Order>) -> Option<Order> {
        loop {
            tokio::select! {
                order = orders.recv() => return order,
                told = self.attachment.listen() => self.tell(told),
                () = sleep(self.idle) => return None,
            }
        }
    }

    async fn carry_out(
        &mut self,
        order: &Order,
        orders: &mut mpsc::Receiver<Order>,
        waiting: &mut VecDeque<Order>,
    ) -> Ended {
        let serving = self.serve(order);
        tokio::pin!(serving);
        loop {
            tokio::select! {
                biased;
                answered = &mut serving => return Ended::Answered(answered),
                Some(next) = orders.recv() => {
                    if next.asker.place != order.asker.place {
                        return Ended::Moved(next);
                    }
                    if waiting.len() < WAITING {
                        waiting.push_back(next);
                    }
                }
            }
        }
    }

    async fn serve(&mut self, order: &Order) -> Answered {
        let served = timeout(PATIENCE, self.try_serve(order)).await;
        let late = || Trouble::Lost(format!("no answer within {PATIENCE:?}"));
        match served.unwrap_or_else(|_| Err(late())) {
            Ok(answered) => answered,
            Err(Trouble::Ended) => {
                self.end();
                Err(unknown(self.number))
            }
            Err(trouble) => Err(terms::trouble(&trouble)),
        }
    }

    async fn try_serve(&mut self, order: &Order) -> Result<Answered, Trouble> {
        use CoordinationAnswer as Answer;
        use CoordinationRequest as Ask;
        if let Some(look) = Look::of(&order.request) {
            return match look {
                Ok(look) => self.look(&look, order.asker.place).await,
                Err(refusal) => Ok(Err(refusal)),
            };
        }
        if let Some(writing) = Writing::of(&order.request) {
            return match writing {
                Ok(writing) => self.write(&writing, order.asker.place).await,
                Err(refusal) => Ok(Err(refusal)),
            };
        }
        match &order.request {
            Ask::Heartbeat { seen, .. } => {
                self.outbox.taken(*seen);
                self.home = order.asker.home();
                self.attach(order.asker.place).await?;
                self.attachment.call_one(Op::Ping).await?;
                self.hear();
                Ok(Ok(Answer::Alive { events: self.outbox.untaken() }))
            }
            Ask::CloseSession { .. } => {
                self.attach(order.asker.place).await?;
                self.attachment.call_one(Op::Close).await?;
                self.is_over = true;
                Ok(Ok(Answer::SessionClosed))
            }
            Ask::Unwatch { path, .. } => {
                self.watches.remove(path);
                self.attach(order.asker.place).await?;
                // That it watches nothing there is no error to us.
                self.attachment.call_one(Op::RemoveWatches { path: path.clone() }).await?;
                Ok(Ok(Answer::Unwatched))
            }
            _ => Ok(refuse(ErrorCode::NotSupported, "the bridge to ZooKeeper does not answer that")),
        }
    }

    async fn write(&mut self, writing: &Writing, place: NodeId) -> Result<Answered, Trouble> {
        self.attach(place).await?;
        match writing.seq {
            Some(seq) => self.marker.write(seq, writing, &mut self.attachment).await,
            None => write_unnumbered(writing, &mut self.attachment).await,
        }
    }

    /// Looks at a node, and watches it if that is wanted. What the watch tells comes behind the answer.
    async fn look(&mut self, look: &Look, place: NodeId) -> Result<Answered, Trouble> {
        if look.watch.is_some() && !self.watches.has_room(&look.path) {
            return Ok(refuse(ErrorCode::TemporarilyUnavailable, "the session has too many watches"));
        }
        self.attach(place).await?;
        let was_persistent = self.watches.is_persistent(&look.path);
        let mut ops: Vec<Op> = self.hub.sync_reads.then_some(Op::Sync).into_iter().collect();
        if look.watch == Some(WatchMode::Persistent) && !was_persistent {
            ops.push(Op::AddWatch { path: look.path.clone() });
        }
        ops.push(look.op(look.watch == Some(WatchMode::Once) && !was_persistent));
        let Reply { outcome, .. } = last(self.attachment.call(&ops).await?)?;
        // What came ahead of the reply is of earlier watches, or of this one if it was set ahead.
        self.hear();
        let is_there = !matches!(outcome, Outcome::Refused(_));
        let answered = look.answer(outcome);
        if let (Some(mode), Ok(_)) = (look.watch, &answered) {
            self.watches.set(&look.path, look.view, mode, is_there);
        }
        Ok(answered)
    }

    /// Sees that the session is served by that member's server, and that what is watched is watched there.
    async fn attach(&mut self, place: NodeId) -> Result<(), Trouble> {
        let server = self.hub.servers.get(&place);
        let server = *server.ok_or_else(|| Trouble::Unreachable("there is no such member".to_owned()))?;
        self.hear();
        if !self.attachment.attach(server).await? {
            return Ok(());
        }
        for lists in self.watches.lists(self.attachment.last_zxid()) {
            let reply = self.attachment.call_one(Op::SetWatches(lists)).await?;
            if reply.outcome != Outcome::Done {
                self.attachment.detach();
                return Err(Trouble::Lost(format!("setting the watches came to {:?}", reply.outcome)));
            }
        }
        self.hear();
        Ok(())
    }

    /// Takes what watches told during calls.
    fn hear(&mut self) {
        for told in self.attachment.take_told() {
            self.tell(told);
        }
    }

    /// Tells the client, if it wants to know.
    fn tell(&mut self, told: Told) {
        let Some(change) = self.watches.fire(&told.path, told.what) else { return };
        if self.outbox.is_full() {
            // A client that takes nothing is as good as gone. Without signs of life the session ends.
            return self.end();
        }
        let event = self.outbox.add(told.path, change, terms::zxid(self.attachment.last_zxid()));
        self.push(event);
    }

    fn push(&self, event: Event) {
        if let Some(home) = &self.home {
            home.send(&Message::Events { session: self.number, events: vec![event] });
        }
    }

    /// The session has ended, and not as its client wanted.
    fn end(&mut self) {
        self.is_over = true;
        let zxid = terms::zxid(self.attachment.last_zxid());
        let event = self.outbox.add("/".to_owned(), Change::Expired, zxid);
        self.push(event);
    }
}

/// The last reply, if nothing that it stands on was refused: a sync, or a watch.
pub(super) fn last(replies: Vec<Reply>) -> Result<Reply, Trouble> {
    let mut last = Err(Trouble::Lost("no reply".to_owned()));
    for reply in replies {
        if let Ok(Reply { outcome: Outcome::Refused(code), .. }) = last {
            return Err(Trouble::Lost(format!("a sync, or a watch, was refused ({})", code.0)));
        }
        last = Ok(reply);
    }
    last
}
