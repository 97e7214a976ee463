//! Raft and the key–value store as a node of the harness.

use ordalia_node::{
    Answer, Effects, Env, ErrorCode, Input, Node, NodeConfig, NodeInfo, Recovered, Refusal, Request,
    RequestKind, StartError, Status, Ticket,
};
use ordalia_raft::bugs::{self, Bugs};
use ordalia_raft::message::{Message, Op, Outcome};
use ordalia_raft::options;
use ordalia_raft::{Action, Cx, Event, MAX_COMMAND_BYTES, Raft, Record, StateMachine, Timer};

use crate::kv::{Command, Kv};

/// One node of the store.
#[derive(Debug)]
pub struct RaftKv {
    raft: Raft<Kv>,
    actions: Vec<Action<Kv>>,
}

impl RaftKv {
    /// The protocol's state, for tests and checks of its invariants.
    pub fn raft(&self) -> &Raft<Kv> {
        &self.raft
    }
}

impl Node for RaftKv {
    type Message = Message<Kv>;
    type Record = Record<Command>;
    type Timer = Timer;

    const INFO: NodeInfo = NodeInfo {
        name: "raft-kv",
        about: "a key-value store replicated by Raft",
        answers: &[
            RequestKind::Read,
            RequestKind::Write,
            RequestKind::Cas,
            RequestKind::Delete,
            RequestKind::Transfer,
        ],
        options: options::INFO,
        bugs: bugs::INFO,
    };

    fn start(
        config: &NodeConfig,
        disk: Recovered<Self::Record>,
        env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        if !config.nodes.contains(&config.id) {
            return Err(StartError::Config(format!("{} is not among the nodes", config.id)));
        }
        let settings = options::parse(&config.options, Bugs::parse(&config.bugs)?)?;
        let mut actions = Vec::new();
        let peers = config.peers().collect();
        let raft = Raft::start(config.id, peers, settings, disk, &mut Cx::new(env, &mut actions))?;
        carry_out(&mut actions, out);
        Ok(Self { raft, actions })
    }

    fn step(&mut self, input: Input<Self>, env: &mut Env, out: &mut Effects<Self>) {
        let event = match input {
            Input::Message { from, message } => Event::Message(from, message),
            Input::Timer(timer) => Event::Timer(timer),
            // It posts nothing.
            Input::Posted { .. } => return,
            Input::Request { ticket, request } => match op(request) {
                Ok(op) => Event::Request(ticket, op),
                Err(refusal) => return out.reply(ticket, Err(refusal)),
            },
        };
        self.raft.step(event, &mut Cx::new(env, &mut self.actions));
        carry_out(&mut self.actions, out);
    }

    fn status(&self) -> Status {
        self.raft.status()
    }
}

/// A request in the protocol's terms.
fn op(request: Request) -> Result<Op<Kv>, Refusal> {
    let command = match request {
        Request::Read { key } => return Ok(Op::Query(key)),
        Request::Transfer { to } => return Ok(Op::Transfer(to)),
        Request::Write { key, value } => Command::Write(key, value),
        Request::Cas { key, from, to, create_if_not_exists } => {
            Command::Cas(key, from, to, create_if_not_exists)
        }
        Request::Delete { key } => Command::Delete(key),
        Request::Coordination(_) | Request::Recipe(_) => {
            let text = "a key-value store has no sessions";
            return Err(Refusal::new(ErrorCode::NotSupported, text));
        }
    };
    let weight = Kv::weight(&command);
    if weight > MAX_COMMAND_BYTES {
        let text = format!("expected at most {MAX_COMMAND_BYTES} bytes, found about {weight}");
        return Err(Refusal::new(ErrorCode::MalformedRequest, text));
    }
    Ok(Op::Command(command))
}

fn carry_out(actions: &mut Vec<Action<Kv>>, out: &mut Effects<RaftKv>) {
    for action in actions.drain(..) {
        match action {
            Action::Send(to, message) => out.send(to, message),
            Action::Reply(ticket, outcome) => reply(ticket, outcome, out),
            Action::Refuse(ticket, refusal) => out.reply(ticket, Err(refusal)),
            Action::SetTimer(timer, after) => out.set_timer(timer, after),
            Action::Persist(record) => out.persist(record),
            Action::WriteBehind(record) => out.write_behind(record),
            Action::Snapshot(state, records) => out.snapshot(state, records),
            // The store asks for no reports.
            Action::Served(_) => {}
            Action::Trace(event, detail) => out.trace(event, detail),
        }
    }
}

fn reply(ticket: Ticket, outcome: Outcome<<Kv as StateMachine>::Response>, out: &mut Effects<RaftKv>) {
    let result = match outcome {
        Outcome::Response(response) => response.into_answer(),
        Outcome::Transferring => Ok(Answer::TransferOk),
        Outcome::Refused(refusal) => Err(refusal),
    };
    out.reply(ticket, result);
}
