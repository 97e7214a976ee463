//! The JSON shape of messages between clients and nodes, and among nodes: Maelstrom's.
//!
//! One object a line: `{"src": "c1", "dest": "n1", "body": {"type": "read", "msg_id": 7, "key": "x"}}`.
//! The reply's body carries `in_reply_to` with the request's `msg_id`. A node knows a peer's
//! message from a client's request by its `src`: peers are called `n1`, `n2`, …
//!
//! Two requests are answered by the driver itself, for every node alike: `status` with a
//! [`StatusBody`], and `ping`, which peers also send each other unasked so that an idle link shows
//! that it carries, with nothing.

use serde::{Deserialize, Serialize};

use crate::{Act, ActKind, Answer, ErrorCode, Key, NodeId, Refusal, Request, Status, Value};

/// A message of any body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<B> {
    /// Who sends it.
    pub src: String,
    /// Who shall have it.
    pub dest: String,
    /// What it says.
    pub body: B,
}

/// The body of a client's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// Chosen by the client; repeated in the reply.
    pub msg_id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// The body of a node's reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyBody {
    /// The request's `msg_id`.
    pub in_reply_to: u64,
    /// The answer, or the refusal.
    #[serde(flatten)]
    pub reply: Reply,
}

/// An answer or a refusal. A refusal has the type `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    /// `{"type": "error", "code": 22, "text": "…"}`
    Error(ErrorBody),
    /// `{"type": "read_ok", …}`
    Answer(Answer),
}

/// The body of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "error")]
pub struct ErrorBody {
    /// Why.
    pub code: ErrorCode,
    /// For a person.
    #[serde(default)]
    pub text: String,
}

impl From<Result<Answer, Refusal>> for Reply {
    fn from(result: Result<Answer, Refusal>) -> Self {
        match result {
            Ok(answer) => Reply::Answer(answer),
            Err(Refusal { code, text }) => Reply::Error(ErrorBody { code, text }),
        }
    }
}

impl From<Reply> for Result<Answer, Refusal> {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Answer(answer) => Ok(answer),
            Reply::Error(ErrorBody { code, text }) => Err(Refusal { code, text }),
        }
    }
}

/// The body of the answer to `{"type": "status", "msg_id": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "status_ok")]
pub struct StatusBody {
    /// The request's `msg_id`.
    pub in_reply_to: u64,
    /// Which node answers.
    pub node: NodeId,
    /// The process that answers. An orphan of an earlier run has another one.
    pub pid: u32,
    /// How often this process has called fsync, where its host counts that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fsyncs: Option<u64>,
    /// What the node says of itself.
    #[serde(flatten)]
    pub status: Status,
}

/// A line of a node's `acts.jsonl`. Times are those of the system's monotonic clock, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ActLine {
    /// An act.
    Act {
        /// When it was written, which is before anything that the node wrote after it left.
        time: u64,
        /// The lane.
        lane: u16,
        /// Where the operation stands.
        #[serde(rename = "type")]
        kind: ActKind,
        /// What is done.
        f: String,
        /// The object that it is done to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Key>,
        /// What is asked, or what came of it.
        value: Value,
        /// Kind and text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<(String, String)>,
    },
    /// A life begins: what follows is of another process than what stands above.
    Life {
        /// When it began.
        time: u64,
        /// The number of its process.
        life: u32,
    },
}

impl ActLine {
    /// The line of an act at that time.
    pub fn of(act: Act, time: u64) -> Self {
        let Act { lane, kind, f, key, value, error } = act;
        Self::Act { time, lane, kind, f: f.to_owned(), key, value, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use serde_json::json;

    #[test]
    fn requests_have_maelstroms_shape() {
        let text = r#"{"src":"c1","dest":"n1","body":{"msg_id":7,"type":"cas","key":"x","from":1,"to":2}}"#;
        let read: Envelope<RequestBody> = serde_json::from_str(text).unwrap();
        let cas =
            Request::Cas { key: Key::new("x"), from: json!(1), to: json!(2), create_if_not_exists: false };
        assert_eq!(read.body, RequestBody { msg_id: 7, request: cas });
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn keys_may_be_numbers() {
        let read: RequestBody = serde_json::from_value(json!({"type":"read","msg_id":1,"key":5})).unwrap();
        assert_eq!(read.request, Request::Read { key: Key::new("5") });
    }

    #[test]
    fn replies_are_answers_or_errors() {
        for (reply, text) in [
            (Reply::from(Ok(Answer::WriteOk)), r#"{"in_reply_to":7,"type":"write_ok"}"#),
            (
                Reply::from(Err(Refusal::new(ErrorCode::PreconditionFailed, "had 3"))),
                r#"{"in_reply_to":7,"type":"error","code":22,"text":"had 3"}"#,
            ),
        ] {
            let body = ReplyBody { in_reply_to: 7, reply };
            assert_eq!(serde_json::to_string(&body).unwrap(), text);
            assert_eq!(serde_json::from_str::<ReplyBody>(text).unwrap(), body);
        }
    }
}
