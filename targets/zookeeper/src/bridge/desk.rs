//! What is asked in no session: one session of the bridge's own for each server serves it.

use std::net::SocketAddrV4;
use std::time::Duration;

use ordalia_node::{CoordinationAnswer, CoordinationRequest, ErrorCode};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::attachment::{Attachment, Trouble};
use super::marker::write_unnumbered;
use super::order::Order;
use super::protocol::Op;
use super::session::{PATIENCE, last};
use super::terms::{self, Answered, Look, Writing, refuse};

/// The time-out of the session. Nothing hangs on it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a sign of life is sent.
const PING_EVERY: Duration = Duration::from_secs(3);

/// The desk of one server.
#[derive(Debug)]
pub(super) struct Desk {
    server: SocketAddrV4,
    sync_reads: bool,
    attachment: Option<Attachment>,
}

impl Desk {
    pub fn new(server: SocketAddrV4, sync_reads: bool) -> Self {
        Self { server, sync_reads, attachment: None }
    }

    /// Carries out what is asked, one request after the other.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            match timeout(PING_EVERY, orders.recv()).await {
                Ok(Some(order)) => {
                    let answered = self.serve(&order.request).await;
                    order.asker.answer(answered);
                }
                Ok(None) => return,
                Err(_) => self.ping().await,
            }
        }
    }

    /// A connection that is lost is made again when somebody asks.
    async fn ping(&mut self) {
        if let Some(attachment) = &mut self.attachment {
            let _ = timeout(PATIENCE, attachment.call_one(Op::Ping)).await;
        }
    }

    async fn serve(&mut self, request: &CoordinationRequest) -> Answered {
        let served = timeout(PATIENCE, self.try_serve(request)).await;
        let late = || Trouble::Lost(format!("no answer within {PATIENCE:?}"));
        served.unwrap_or_else(|_| Err(late())).unwrap_or_else(|trouble| Err(terms::trouble(&trouble)))
    }

    async fn try_serve(&mut self, request: &CoordinationRequest) -> Result<Answered, Trouble> {
        let sync_reads = self.sync_reads;
        if let Some(look) = Look::of(request) {
            return match look {
                Ok(look) if look.watch.is_some() => Ok(refuse(
                    ErrorCode::MalformedRequest,
                    "session: a watch needs one that is told, name it",
                )),
                Ok(look) => {
                    let mut ops: Vec<Op> = sync_reads.then_some(Op::Sync).into_iter().collect();
                    ops.push(look.op(false));
                    let replies = self.attached().await?.call(&ops).await?;
                    Ok(look.answer(last(replies)?.outcome))
                }
                Err(refusal) => Ok(Err(refusal)),
            };
        }
        match Writing::of(request) {
            Some(Ok(writing)) => write_unnumbered(&writing, self.attached().await?).await,
            Some(Err(refusal)) => Ok(Err(refusal)),
            None if *request == CoordinationRequest::Sync {} => {
                let reply = self.attached().await?.call_one(Op::Sync).await?;
                Ok(Ok(CoordinationAnswer::Synced { zxid: terms::zxid(reply.zxid) }))
            }
            None => Ok(refuse(ErrorCode::NotSupported, "the bridge to ZooKeeper does not answer that")),
        }
    }

    /// The session, connected. One that has ended is replaced: nothing was asked in it yet.
    async fn attached(&mut self) -> Result<&mut Attachment, Trouble> {
        if let Some(mut attachment) = self.attachment.take() {
            match attachment.attach(self.server).await {
                Ok(_) => return Ok(self.attachment.insert(attachment)),
                Err(Trouble::Ended) => {}
                Err(trouble) => {
                    self.attachment = Some(attachment);
                    return Err(trouble);
                }
            }
        }
        let attachment = Attachment::open(self.server, TIMEOUT).await?;
        Ok(self.attachment.insert(attachment))
    }
}
