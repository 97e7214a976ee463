//! What is asked, in terms of commands and queries, and their responses in terms of answers.

use ordalia_node::{
    Answer, CoordinationAnswer, CoordinationRequest, ErrorCode, Key, Refusal, Request, SessionNumber,
    WatchMode, WriteOp,
};
use ordalia_raft::message::Op;
use ordalia_raft::{MAX_COMMAND_BYTES, StateMachine};

use crate::Tree;
use crate::bugs::Bugs;
use crate::tree::command::{Action, Command, Query, Reply, View, Writer};
use crate::tree::{TIMEOUTS_MS, path};

/// Writes of one `multi`; more are refused.
const MAX_MULTI: usize = 1000;
/// The longest that a request may wait for an event, in ms.
const MAX_WAIT_MS: u64 = 30_000;
/// Beneath which node the keys of the key-value vocabulary are.
const KEYS: &str = "/kv";

/// What a request amounts to.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// Something for the log or the state.
    Ask(Op<Tree>, Form),
    /// Nothing but to wait for a change of that path for so many ms.
    AwaitChange(String, u64),
}

/// In which form the response is to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// Only once this node has applied so much itself.
    Sync,
    /// As it is; from now on the asker is told of events unasked.
    Heartbeat(SessionNumber, u64),
    /// As it is if there are events, or else once there are some, for so many ms.
    Poll(SessionNumber, u64, u64),
    /// Numbers of writes are remembered here, for a planted defect.
    Remembered(SessionNumber, u64),
    Read,
    Write,
    Cas,
    Delete,
}

fn malformed<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(ErrorCode::MalformedRequest, text))
}

/// Finds out what a request amounts to.
///
/// # Errors
/// It is not well formed, or none that a member of the ensemble answers.
pub(super) fn plan(request: Request, bugs: Bugs) -> Result<Plan, Refusal> {
    let command = |action| Op::Command(Command { action, bugs });
    let (op, form) = match request {
        Request::Coordination(request) => return plan_coordination(request, bugs),
        Request::Recipe(_) => {
            return Err(Refusal::new(
                ErrorCode::NotSupported,
                "recipes are followed by agents, not by members",
            ));
        }
        Request::Transfer { to } => (Op::Transfer(to), Form::Plain),
        Request::Read { key } => (Op::Query(Query::Look(View::Data, path_of(&key)?)), Form::Read),
        Request::Write { key, value } => (command(Action::Put(path_of(&key)?, value)), Form::Write),
        Request::Cas { key, from, to, create_if_not_exists } => {
            (command(Action::Swap(path_of(&key)?, from, to, create_if_not_exists)), Form::Cas)
        }
        Request::Delete { key } => {
            let remove = WriteOp::Remove { path: path_of(&key)?, version: None };
            (command(Action::Write(remove, Writer::default())), Form::Delete)
        }
    };
    bounded(op).map(|op| Plan::Ask(op, form))
}

fn path_of(key: &Key) -> Result<String, Refusal> {
    if key.0.contains('/') {
        return malformed(format!("key: expected a name without slashes, found {key}"));
    }
    let path = format!("{KEYS}/{key}");
    path::check(&path)?;
    Ok(path)
}

fn plan_coordination(request: CoordinationRequest, bugs: Bugs) -> Result<Plan, Refusal> {
    use CoordinationRequest as Ask;
    let (action, form) = match request {
        Ask::Heartbeat { session, seen } => {
            let form = Form::Heartbeat(session, seen);
            return Ok(Plan::Ask(Op::Query(Query::Heartbeat(session, seen)), form));
        }
        Ask::Events { session, after, wait_ms } => {
            let form = Form::Poll(session, after, wait_ms.min(MAX_WAIT_MS));
            return Ok(Plan::Ask(Op::Query(Query::Heartbeat(session, after)), form));
        }
        Ask::Sync {} => return Ok(Plan::Ask(Op::Query(Query::Zxid), Form::Sync)),
        Ask::Get { path, watch, session } => return look(View::Data, path, watch, session, bugs),
        Ask::Exists { path, watch, session } => return look(View::Existence, path, watch, session, bugs),
        Ask::Children { path, watch, session } => return look(View::Children, path, watch, session, bugs),
        Ask::SimpleGet { path } => return look(View::Data, path, None, None, bugs),
        Ask::SimpleList { path } => return look(View::Children, path, None, None, bugs),
        Ask::SimpleWatch { path, wait_ms } => {
            path::check(&path)?;
            return Ok(Plan::AwaitChange(path, wait_ms.unwrap_or(MAX_WAIT_MS).min(MAX_WAIT_MS)));
        }
        Ask::OpenSession { timeout_ms } if !TIMEOUTS_MS.contains(&timeout_ms) => {
            return malformed(format!("timeout_ms: expected 200 to 600000, found {timeout_ms}"));
        }
        Ask::OpenSession { timeout_ms } => (Action::Open(timeout_ms), Form::Plain),
        Ask::CloseSession { session } => (Action::Close(session), Form::Plain),
        Ask::Unwatch { session, path } => {
            path::check(&path)?;
            (Action::Unwatch(session, path), Form::Plain)
        }
        Ask::SimpleSet { path, value } => {
            path::check(&path)?;
            (Action::Put(path, value), Form::Plain)
        }
        write => plan_write(write)?,
    };
    bounded(Op::Command(Command { action, bugs })).map(|op| Plan::Ask(op, form))
}

fn plan_write(request: CoordinationRequest) -> Result<(Action, Form), Refusal> {
    use CoordinationRequest as Ask;
    let (action, writer) = match request {
        Ask::Create { path, value, mode, session, seq } => {
            // What is wrong with the rest of a sequential name shows with its number.
            if !mode.is_sequential() {
                path::check(&path)?;
            }
            let writer = Writer { session, seq };
            (Action::Write(WriteOp::Create { path, value, mode }, writer), writer)
        }
        Ask::Set { path, value, version, session, seq } => {
            path::check(&path)?;
            let writer = Writer { session, seq };
            (Action::Write(WriteOp::Set { path, value, version }, writer), writer)
        }
        Ask::Remove { path, version, session, seq } => {
            path::check(&path)?;
            let writer = Writer { session, seq };
            (Action::Write(WriteOp::Remove { path, version }, writer), writer)
        }
        Ask::SimpleDelete { path } => {
            path::check(&path)?;
            let writer = Writer::default();
            (Action::Write(WriteOp::Remove { path, version: None }, writer), writer)
        }
        Ask::Multi { ops, .. } if ops.len() > MAX_MULTI => {
            return malformed(format!("ops: expected at most {MAX_MULTI}, found {}", ops.len()));
        }
        Ask::Multi { ops, session, seq } => {
            let writer = Writer { session, seq };
            (Action::Multi(ops, writer), writer)
        }
        _ => return malformed("no write"),
    };
    if writer.seq.is_some() && writer.session.is_none() {
        return malformed("seq: it counts within a session, name one");
    }
    Ok((action, Form::Plain))
}

fn look(
    view: View,
    path: String,
    watch: Option<WatchMode>,
    session: Option<SessionNumber>,
    bugs: Bugs,
) -> Result<Plan, Refusal> {
    path::check(&path)?;
    let op = match (watch, session) {
        (None, _) => Op::Query(Query::Look(view, path)),
        (Some(_), None) => return malformed("session: a watch needs one that is told, name it"),
        (Some(mode), Some(session)) => {
            Op::Command(Command { action: Action::Watch { session, path, view, mode }, bugs })
        }
    };
    Ok(Plan::Ask(op, Form::Plain))
}

fn bounded(op: Op<Tree>) -> Result<Op<Tree>, Refusal> {
    match &op {
        Op::Command(command) if Tree::weight(command) > MAX_COMMAND_BYTES => {
            let weight = Tree::weight(command);
            malformed(format!("expected at most {MAX_COMMAND_BYTES} bytes, found about {weight}"))
        }
        _ => Ok(op),
    }
}

/// A response in the words of the vocabulary that was asked in.
pub(super) fn answer(form: Form, reply: Reply) -> Result<Answer, Refusal> {
    let answer = reply?;
    Ok(match (form, answer) {
        (Form::Read, CoordinationAnswer::Got { value, .. }) => Answer::ReadOk { value },
        (Form::Write, _) => Answer::WriteOk,
        (Form::Cas, _) => Answer::CasOk,
        (Form::Delete, _) => Answer::DeleteOk,
        (_, answer) => Answer::Coordination(answer),
    })
}
