//! Which requests of one connection are unanswered.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ordalia_node::Ticket;

/// A client that has so many requests unanswered is cut off.
const UNANSWERED: usize = 64 * 1024;

/// Who asked, and under which `msg_id`.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) client: Rc<str>,
    pub(crate) msg_id: u64,
}

/// The tickets of one connection, whose number is their upper half.
#[derive(Debug)]
pub(crate) struct Tickets {
    connection: u32,
    given: Cell<u32>,
    unanswered: RefCell<HashMap<u32, Asked>>,
}

impl Tickets {
    /// None given yet.
    pub(crate) fn new(connection: u32) -> Self {
        Self { connection, given: Cell::new(0), unanswered: RefCell::default() }
    }

    /// A ticket for a request; `None` if too many requests are unanswered.
    pub(crate) fn give(&self, asked: Asked) -> Option<Ticket> {
        let mut unanswered = self.unanswered.borrow_mut();
        if unanswered.len() >= UNANSWERED {
            return None;
        }
        let ticket = self.given.get();
        self.given.set(ticket.wrapping_add(1));
        unanswered.insert(ticket, asked);
        Some(Ticket(u64::from(self.connection) << 32 | u64::from(ticket)))
    }

    /// The number of the connection that a ticket was given to.
    pub(crate) fn connection_of(ticket: Ticket) -> u32 {
        (ticket.0 >> 32) as u32
    }

    /// Takes a ticket of this connection back; `None` if it was answered before.
    pub(crate) fn redeem(&self, ticket: Ticket) -> Option<Asked> {
        self.unanswered.borrow_mut().remove(&(ticket.0 as u32))
    }

    /// Whether nothing is unanswered.
    pub(crate) fn all_answered(&self) -> bool {
        self.unanswered.borrow().is_empty()
    }
}
