//! What all endpoints share: the servers, and the table of sessions.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ordalia_coordination::tree::TIMEOUTS_MS;
use ordalia_node::{CoordinationRequest, ErrorCode, NodeId, Refusal, SessionNumber};
use tokio::sync::{Semaphore, mpsc};

use super::order::Order;
use super::session;
use super::terms::refuse;

/// Sessions that there may be.
const MAX_SESSIONS: usize = 10_000;
/// Sessions that may be opened at a time.
const MAX_OPENING: usize = 256;
/// Requests that may wait for one session, or for one desk.
pub(super) const WAITING: usize = 256;

type Orders = mpsc::Sender<Order>;

/// What all endpoints share.
#[derive(Debug)]
pub(super) struct Hub {
    /// Where each server takes clients.
    pub servers: BTreeMap<NodeId, SocketAddrV4>,
    /// Whether a read has the server catch up with its leader first.
    pub sync_reads: bool,
    sessions: Mutex<BTreeMap<SessionNumber, Orders>>,
    /// Who serves what is asked in no session, by server.
    desks: BTreeMap<NodeId, Orders>,
    opening: Arc<Semaphore>,
}

impl Hub {
    pub fn new(
        servers: BTreeMap<NodeId, SocketAddrV4>,
        sync_reads: bool,
        desks: BTreeMap<NodeId, Orders>,
    ) -> Self {
        let opening = Arc::new(Semaphore::new(MAX_OPENING));
        Self { servers, sync_reads, sessions: Mutex::default(), desks, opening }
    }

    /// Gives a request to whom it concerns.
    pub fn take(self: &Arc<Self>, order: Order) {
        if let CoordinationRequest::OpenSession { timeout_ms } = order.request {
            return self.open(timeout_ms, order);
        }
        let orders = match order.request.session() {
            Some(number) => match self.lock().get(&number) {
                Some(orders) => orders.clone(),
                None => return order.asker.answer(Err(unknown(number))),
            },
            None => match self.desks.get(&order.asker.place) {
                Some(orders) => orders.clone(),
                None => {
                    return order.asker.answer(refuse(ErrorCode::NodeNotFound, "there is no such member"));
                }
            },
        };
        if let Err(error) = orders.try_send(order) {
            let (order, code, text) = match error {
                mpsc::error::TrySendError::Full(order) => {
                    (order, ErrorCode::TemporarilyUnavailable, "too many requests wait")
                }
                mpsc::error::TrySendError::Closed(order) => {
                    (order, ErrorCode::SessionExpired, "the session has just ended")
                }
            };
            order.asker.answer(refuse(code, text));
        }
    }

    fn open(self: &Arc<Self>, timeout_ms: u64, order: Order) {
        if !TIMEOUTS_MS.contains(&timeout_ms) {
            let text = format!("timeout_ms: expected 200 to 600000, found {timeout_ms}");
            return order.asker.answer(refuse(ErrorCode::MalformedRequest, text));
        }
        let permit = Arc::clone(&self.opening).try_acquire_owned();
        let (true, Ok(permit)) = (self.lock().len() < MAX_SESSIONS, permit) else {
            return order
                .asker
                .answer(refuse(ErrorCode::TemporarilyUnavailable, "there are too many sessions"));
        };
        let hub = Arc::clone(self);
        tokio::spawn(async move {
            let opened = session::open(&hub, timeout_ms, order).await;
            drop(permit);
            if let Some((session, orders)) = opened {
                session.run(orders).await;
            }
        });
    }

    /// Enters a session.
    pub fn enter(&self, number: SessionNumber, orders: Orders) {
        self.lock().insert(number, orders);
    }

    /// Forgets a session that has ended.
    pub fn forget(&self, number: SessionNumber) {
        self.lock().remove(&number);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionNumber, Orders>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn unknown(number: SessionNumber) -> Refusal {
    Refusal::new(ErrorCode::SessionExpired, format!("session {number} is unknown or has ended"))
}
