//! What is asked of the bridge, and by whom.

use std::sync::Arc;

use ordalia_coordination::Message;
use ordalia_node::wire::{Envelope, Reply, ReplyBody};
use ordalia_node::{Answer, CoordinationRequest, NodeId};
use tokio::sync::mpsc;

use super::peers::PeerLink;
use super::terms::Answered;

/// Who asked.
#[derive(Debug)]
pub(super) struct Asker {
    /// The member whose endpoint was asked.
    pub place: NodeId,
    pub back: Back,
}

/// The way back.
#[derive(Debug)]
pub(super) enum Back {
    /// To another node, under a number of its own.
    Peer(Arc<PeerLink>, u64),
    Client(ClientBack),
}

/// The way back to a client, on its own connection.
#[derive(Debug)]
pub(super) struct ClientBack {
    pub lines: mpsc::Sender<String>,
    pub name: String,
    pub msg_id: u64,
}

/// One request.
#[derive(Debug)]
pub(super) struct Order {
    pub asker: Asker,
    pub request: CoordinationRequest,
}

impl Asker {
    /// Answers. Nothing happens if the asker is gone, or does not keep up.
    pub fn answer(&self, answered: Answered) {
        match &self.back {
            Back::Peer(link, id) => link.send(&Message::Answer { id: *id, result: answered }),
            Back::Client(client) => {
                let reply = Reply::from(answered.map(Answer::Coordination));
                let body = ReplyBody { in_reply_to: client.msg_id, reply };
                client.write(self.place, body);
            }
        }
    }

    /// Where events can be told unasked.
    pub fn home(&self) -> Option<Arc<PeerLink>> {
        match &self.back {
            Back::Peer(link, _) => Some(Arc::clone(link)),
            Back::Client(_) => None,
        }
    }
}

impl ClientBack {
    /// Writes a reply, unless the client does not read what it is told.
    pub fn write<B: serde::Serialize>(&self, me: NodeId, body: B) {
        let envelope = Envelope { src: me.to_string(), dest: self.name.clone(), body };
        if let Ok(line) = serde_json::to_string(&envelope) {
            let _ = self.lines.try_send(line);
        }
    }
}
