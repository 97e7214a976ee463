//! The interface of workloads.

use ordalia_checker::Checker;
use ordalia_history::{EventType, OpError, Value};
use ordalia_node::{Answer, ErrorCode, Refusal, Request, RequestKind};

use crate::{Generator, Op};

/// What all workloads are told when they are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkloadSettings {
    /// Everything random in the workload derives from it.
    pub seed: u64,
    /// How many client threads there will be.
    pub threads: usize,
    /// Operations a second over all threads; `None` for as fast as the threads can.
    pub rate: Option<f64>,
}

/// How an operation's request came out, as the client saw it.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The system answered.
    Answer(Answer),
    /// The system refused.
    Refused(Refusal),
    /// The client failed before anything was sent: certainly nothing happened.
    NotSent(OpError),
    /// The client was left without an answer: nobody knows.
    Lost(OpError),
}

impl Reply {
    /// Whether the system dealt with the request: it answered, or refused for a reason that lies in the
    /// request or in the data and not in the node that was asked.
    pub fn is_answered(&self) -> bool {
        use ErrorCode::{
            KeyAlreadyExists, KeyDoesNotExist, MalformedRequest, NotSupported, PreconditionFailed,
            SessionExpired, TxnConflict,
        };
        match self {
            Reply::Answer(_) => true,
            Reply::Refused(refusal) => matches!(
                refusal.code,
                KeyAlreadyExists
                    | KeyDoesNotExist
                    | MalformedRequest
                    | NotSupported
                    | PreconditionFailed
                    | SessionExpired
                    | TxnConflict
            ),
            Reply::NotSent(_) | Reply::Lost(_) => false,
        }
    }
}

/// How an operation ends in the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// `Ok`, `Fail` or `Info`.
    pub kind: EventType,
    /// The result, in the shape of a completion's value.
    pub value: Value,
    /// Why, on `Fail` and `Info`.
    pub error: Option<OpError>,
}

impl Completion {
    /// It happened.
    pub fn ok(value: Value) -> Self {
        Self { kind: EventType::Ok, value, error: None }
    }

    /// It certainly did not happen.
    pub fn fail(value: Value, error: OpError) -> Self {
        Self { kind: EventType::Fail, value, error: Some(error) }
    }

    /// Nobody knows.
    pub fn info(value: Value, error: OpError) -> Self {
        Self { kind: EventType::Info, value, error: Some(error) }
    }

    /// The end of an operation that was refused or lost: `Fail` if the error is definite or the request
    /// could change nothing, `Info` otherwise.
    pub fn unanswered(op: &Op, request: &Request, reply: Reply) -> Self {
        let (definite, error) = match reply {
            Reply::Answer(answer) => (false, OpError::with_text("unexpected-answer", format!("{answer:?}"))),
            Reply::Refused(Refusal { code, text }) => (code.is_definite(), refusal_error(code, text)),
            Reply::NotSent(error) => (true, error),
            Reply::Lost(error) => (false, error),
        };
        if definite || request.is_read_only() {
            Self::fail(op.value.clone(), error)
        } else {
            Self::info(op.value.clone(), error)
        }
    }
}

/// A refusal's error in the history: Maelstrom's name for the code, and the node's text.
fn refusal_error(code: ErrorCode, text: String) -> OpError {
    OpError { kind: code.name().to_owned(), text: (!text.is_empty()).then_some(text) }
}

/// The questions of a test: what clients do, what their requests and answers mean, and how the history
/// is judged. Pure, so that the runner and the simulator drive the same one.
pub trait Workload: Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// The kinds of request that a target must answer.
    fn asks(&self) -> &'static [RequestKind];

    /// The load, paced to the rate. It need not end: the runner's time limit ends it.
    fn load(&self) -> Box<dyn Generator>;

    /// The closing operations, after all faults are healed: final reads, drain. `invoked` is how many
    /// operations the load invoked.
    fn closing(&self, invoked: u64) -> Box<dyn Generator>;

    /// The request that an operation of this workload sends.
    fn request(&self, op: &Op) -> Request;

    /// The request of an operation whose sense hangs on who asks. A process that is given up asks nothing more, so
    /// its name serves as the owner of what it holds.
    fn request_of(&self, op: &Op, process: u64) -> Request {
        let _ = process;
        self.request(op)
    }

    /// What the reply means for the operation.
    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion;

    /// The checkers that judge the history.
    fn checkers(&self) -> Vec<Box<dyn Checker>>;
}
