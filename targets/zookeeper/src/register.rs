//! Registers on ZooKeeper: key k is the node /k, its value the node's data as JSON.

use std::net::SocketAddrV4;
use std::time::Duration;

use ordalia_history::OpError;
use ordalia_node::{Answer, ErrorCode, Key, Refusal, Request, Value};
use ordalia_runner::{Async, Client};
use ordalia_workload::Reply;
use tokio::time::timeout;

use crate::connection::{Code, Connection, ConnectionError, Op, Outcome};

/// The session time-out that is asked for. Nothing hangs on it: registers are persistent nodes.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a write tries again when others create and remove the node meanwhile.
const WRITE_TRIES: usize = 3;

/// A client of one server.
#[derive(Debug)]
pub(crate) struct Registers {
    pub(crate) server: SocketAddrV4,
    /// Whether reads ask the server to catch up first.
    pub(crate) sync: bool,
    pub(crate) connection: Option<Connection>,
}

/// What came of a request: an answer, or a refusal.
type Served = Result<Answer, Refusal>;

impl Client for Registers {
    fn call<'a>(&'a mut self, request: &'a Request, within: Duration) -> Async<'a, Reply> {
        Box::pin(async move {
            // What is dropped by the time-out takes its connection along.
            match timeout(within, self.serve(request, within)).await {
                Ok(Ok(Ok(answer))) => Reply::Answer(answer),
                Ok(Ok(Err(refusal))) => Reply::Refused(refusal),
                Ok(Err(error)) if error.is_definite() => {
                    Reply::NotSent(OpError::with_text("connect-failed", error.to_string()))
                }
                Ok(Err(error)) => Reply::Lost(OpError::with_text("connection-lost", error.to_string())),
                Err(_) => Reply::Lost(OpError::with_text("timeout", format!("no reply within {within:?}"))),
            }
        })
    }
}

impl Registers {
    async fn serve(&mut self, request: &Request, within: Duration) -> Result<Served, ConnectionError> {
        let live = self.connection.take().filter(|connection| !connection.is_stale());
        let mut connection = match live {
            Some(connection) => connection,
            None => Connection::open(self.server, SESSION_TIMEOUT, within).await?,
        };
        let served = self.ask(&mut connection, request).await?;
        self.connection = Some(connection);
        Ok(served)
    }

    async fn ask(&self, connection: &mut Connection, request: &Request) -> Result<Served, ConnectionError> {
        let key = match request {
            Request::Read { key } | Request::Write { key, .. } => key,
            Request::Cas { key, .. } | Request::Delete { key } => key,
            _ => return Ok(refuse(ErrorCode::NotSupported, "only registers are asked of ZooKeeper here")),
        };
        let path = match path_of(key) {
            Ok(path) => path,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match request {
            Request::Read { .. } => {
                Ok(self.read(connection, &path).await?.map(|(value, _)| Answer::ReadOk { value }))
            }
            Request::Write { value, .. } => write(connection, &path, value).await,
            Request::Cas { from, to, create_if_not_exists, .. } => {
                self.cas(connection, &path, from, to, *create_if_not_exists).await
            }
            _ => Ok(match connection.call([Op::Delete { path: &path }]).await? {
                [Outcome::Refused(code)] => Err(refusal(code)),
                _ => Ok(Answer::DeleteOk),
            }),
        }
    }

    /// The value and the version of a register.
    async fn read(
        &self,
        connection: &mut Connection,
        path: &str,
    ) -> Result<Result<(Value, i32), Refusal>, ConnectionError> {
        let get = Op::Get { path };
        let outcome = if self.sync {
            let [synced, got] = connection.call([Op::Sync { path }, get]).await?;
            if let Outcome::Refused(code) = synced { Outcome::Refused(code) } else { got }
        } else {
            let [got] = connection.call([get]).await?;
            got
        };
        Ok(match outcome {
            Outcome::Refused(code) => Err(refusal(code)),
            Outcome::Data(data, version) => match serde_json::from_slice(&data) {
                Ok(value) => Ok((value, version)),
                Err(_) => Err(Refusal::new(ErrorCode::Crash, format!("{path} holds no JSON"))),
            },
            Outcome::Done => Err(Refusal::new(ErrorCode::Crash, "a read was answered without data")),
        })
    }

    /// A version that is still the one that was read makes sure that the value is, too.
    async fn cas(
        &self,
        connection: &mut Connection,
        path: &str,
        from: &Value,
        to: &Value,
        create: bool,
    ) -> Result<Served, ConnectionError> {
        let data = to.to_string().into_bytes();
        let op = match self.read(connection, path).await? {
            Ok((value, version)) if value == *from => Op::Set { path, data: &data, version: Some(version) },
            Ok((value, _)) => {
                return Ok(refuse(ErrorCode::PreconditionFailed, &format!("expected {from}, found {value}")));
            }
            Err(refusal) if create && refusal.code == ErrorCode::KeyDoesNotExist => {
                Op::Create { path, data: &data }
            }
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(match connection.call([op]).await? {
            // What it was changed to is not known, so this is no observation of another value.
            [Outcome::Refused(Code::BAD_VERSION | Code::NODE_EXISTS)] => {
                refuse(ErrorCode::TxnConflict, "it was changed meanwhile")
            }
            [Outcome::Refused(code)] => Err(refusal(code)),
            _ => Ok(Answer::CasOk),
        })
    }
}

/// Sets a register, which is created where it is absent.
async fn write(connection: &mut Connection, path: &str, value: &Value) -> Result<Served, ConnectionError> {
    let data = value.to_string().into_bytes();
    for _ in 0..WRITE_TRIES {
        for (op, absent_or_there) in [
            (Op::Set { path, data: &data, version: None }, Code::NO_NODE),
            (Op::Create { path, data: &data }, Code::NODE_EXISTS),
        ] {
            match connection.call([op]).await? {
                [Outcome::Refused(code)] if code == absent_or_there => {}
                [Outcome::Refused(code)] => return Ok(Err(refusal(code))),
                _ => return Ok(Ok(Answer::WriteOk)),
            }
        }
    }
    Ok(refuse(ErrorCode::TxnConflict, "others create and remove the node all the time"))
}

fn path_of(key: &Key) -> Result<String, Refusal> {
    let Key(name) = key;
    let plain = !name.is_empty() && !matches!(name.as_str(), "." | ".." | "zookeeper");
    if plain && name.chars().all(|c| c.is_ascii_graphic() && c != '/') {
        return Ok(format!("/{name}"));
    }
    Err(Refusal::new(ErrorCode::MalformedRequest, format!("{name:?} is no name of a node at the root")))
}

fn refuse(code: ErrorCode, text: &str) -> Served {
    Err(Refusal::new(code, text))
}

/// A refusal in the harness's words. What is not known to be definite counts as not.
fn refusal(code: Code) -> Refusal {
    let (own, text) = match code {
        Code::NO_NODE => (ErrorCode::KeyDoesNotExist, "no node"),
        Code::BAD_VERSION => (ErrorCode::PreconditionFailed, "another version"),
        Code::NODE_EXISTS => (ErrorCode::KeyAlreadyExists, "the node exists"),
        Code(-8) => (ErrorCode::MalformedRequest, "bad arguments"),
        Code(_) => (ErrorCode::Crash, "ZooKeeper's error"),
    };
    Refusal::new(own, format!("{text} ({})", code.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_nodes_are_refused() {
        assert_eq!(path_of(&Key::new("k7")), Ok("/k7".to_owned()));
        for wrong in ["", "a/b", ".", "..", "zookeeper", "a b", "\u{0}", "é"] {
            assert_eq!(path_of(&Key::new(wrong)).unwrap_err().code, ErrorCode::MalformedRequest, "{wrong:?}");
        }
    }

    #[test]
    fn errors_that_are_not_known_are_indefinite() {
        for (code, definite) in
            [(-101, true), (-103, true), (-110, true), (-8, true), (-4, false), (-112, false)]
        {
            assert_eq!(refusal(Code(code)).code.is_definite(), definite, "{code}");
        }
    }
}
