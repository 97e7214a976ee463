//! Registers on etcd: a key is a key, its value is JSON.

use std::net::SocketAddrV4;
use std::time::Duration;

use ordalia_history::OpError;
use ordalia_node::{Answer, ErrorCode, Key, Refusal, Request, Value};
use ordalia_runner::{Async, Client};
use ordalia_workload::Reply;
use serde_json::json;
use tokio::time::timeout;

use crate::base64;
use crate::gateway::{Gateway, GatewayError};

/// A client of one server.
#[derive(Debug)]
pub(crate) struct Registers {
    pub(crate) server: SocketAddrV4,
    /// Whether reads may be answered by the server alone.
    pub(crate) serializable: bool,
    pub(crate) gateway: Option<Gateway>,
}

/// What came of a request: an answer, or a refusal.
type Served = Result<Answer, Refusal>;

impl Client for Registers {
    fn call<'a>(&'a mut self, request: &'a Request, within: Duration) -> Async<'a, Reply> {
        Box::pin(async move {
            // What is dropped by the time-out takes its connection along.
            match timeout(within, self.serve(request)).await {
                Ok(Ok(Ok(answer))) => Reply::Answer(answer),
                Ok(Ok(Err(refusal))) => Reply::Refused(refusal),
                Ok(Err(error @ GatewayError::NotConnected(_))) => {
                    Reply::NotSent(OpError::with_text("connect-failed", error.to_string()))
                }
                Ok(Err(error)) => Reply::Lost(OpError::with_text("connection-lost", error.to_string())),
                Err(_) => Reply::Lost(OpError::with_text("timeout", format!("no reply within {within:?}"))),
            }
        })
    }
}

impl Registers {
    async fn serve(&mut self, request: &Request) -> Result<Served, GatewayError> {
        let Some((path, body)) = self.question(request) else {
            let text = "only registers are asked of etcd here";
            return Ok(Err(Refusal::new(ErrorCode::NotSupported, text)));
        };
        let mut gateway = match self.gateway.take().filter(|gateway| !gateway.is_closed()) {
            Some(gateway) => gateway,
            None => Gateway::connect(self.server).await?,
        };
        let (status, answer) = gateway.ask(path, &body).await?;
        self.gateway = Some(gateway);
        if status != 200 {
            return Ok(Err(refusal(status, &answer)));
        }
        understood(request, &answer)
    }

    /// The gateway's path and question for a request.
    fn question(&self, request: &Request) -> Option<(&'static str, Value)> {
        Some(match request {
            Request::Read { key } => ("/v3/kv/range", self.range(key)),
            Request::Write { key, value } => ("/v3/kv/put", put(key, value)),
            Request::Delete { key } => ("/v3/kv/deleterange", json!({"key": name(key)})),
            Request::Cas { key, from, to, create_if_not_exists } => {
                ("/v3/kv/txn", exchange(key, from, to, *create_if_not_exists))
            }
            _ => return None,
        })
    }

    fn range(&self, key: &Key) -> Value {
        json!({"key": name(key), "serializable": self.serializable})
    }
}

fn name(Key(key): &Key) -> String {
    base64::encode(key.as_bytes())
}

fn put(key: &Key, value: &Value) -> Value {
    json!({"key": name(key), "value": base64::encode(value.to_string().as_bytes())})
}

/// Puts the value if the register holds the expected one; otherwise reads it. An absent one may be created.
fn exchange(key: &Key, from: &Value, to: &Value, create: bool) -> Value {
    let expected = base64::encode(from.to_string().as_bytes());
    let holds = json!({"key": name(key), "target": "VALUE", "result": "EQUAL", "value": expected});
    let put_it = json!({"requestPut": put(key, to)});
    let look = json!({"requestRange": {"key": name(key)}});
    let otherwise = if create {
        let absent = json!({"key": name(key), "target": "VERSION", "result": "EQUAL", "version": "0"});
        json!({"requestTxn": {"compare": [absent], "success": [put_it.clone()], "failure": [look]}})
    } else {
        look
    };
    json!({"compare": [holds], "success": [put_it], "failure": [otherwise]})
}

/// What an answer with status 200 says. Fields that are false, 0 or empty are absent from it.
fn understood(request: &Request, answer: &Value) -> Result<Served, GatewayError> {
    let absent = || Refusal::new(ErrorCode::KeyDoesNotExist, "no such key");
    let succeeded = |txn: &Value| txn["succeeded"].as_bool().unwrap_or_default();
    Ok(match request {
        Request::Read { .. } => value(answer)?.map(|value| Answer::ReadOk { value }).ok_or_else(absent),
        Request::Write { .. } => Ok(Answer::WriteOk),
        Request::Delete { .. } if answer.get("deleted").is_some() => Ok(Answer::DeleteOk),
        Request::Cas { .. } if succeeded(answer) => Ok(Answer::CasOk),
        Request::Cas { from, create_if_not_exists, .. } => {
            let mut failed = &answer["responses"][0];
            if *create_if_not_exists {
                let nested = &failed["response_txn"];
                if succeeded(nested) {
                    return Ok(Ok(Answer::CasOk));
                }
                failed = &nested["responses"][0];
            }
            let found = value(&failed["response_range"])?;
            let other = |found| format!("expected {from}, found {found}");
            Err(found.map_or_else(absent, |found| Refusal::new(ErrorCode::PreconditionFailed, other(found))))
        }
        _ => Err(absent()),
    })
}

/// The value in the answer to a range of one key.
fn value(range: &Value) -> Result<Option<Value>, GatewayError> {
    let Some(pair) = range["kvs"].get(0) else { return Ok(None) };
    let bytes = pair["value"].as_str().and_then(base64::decode);
    let read = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.map(Some).ok_or_else(|| GatewayError::Malformed(format!("the value is no JSON: {pair}")))
}

/// A refusal, by gRPC's code (`google.rpc.Code`). Only what is refused ahead of any proposal is definite.
fn refusal(status: u16, answer: &Value) -> Refusal {
    let code = match answer["code"].as_u64() {
        Some(3) => ErrorCode::MalformedRequest,
        Some(4) => ErrorCode::Timeout,
        _ => ErrorCode::Crash,
    };
    let said = answer["error"].as_str().unwrap_or("an error without a text");
    Refusal::new(code, format!("{said} (HTTP {status})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cas(create_if_not_exists: bool) -> Request {
        Request::Cas { key: Key::new("k"), from: json!(1), to: json!(2), create_if_not_exists }
    }

    fn code(served: Served) -> ErrorCode {
        served.unwrap_err().code
    }

    #[test]
    fn an_answer_without_fields_says_no() {
        let read = Request::Read { key: Key::new("k") };
        assert_eq!(code(understood(&read, &json!({})).unwrap()), ErrorCode::KeyDoesNotExist);
        let held = json!({"kvs": [{"key": "aw==", "value": "Mg=="}]});
        assert_eq!(understood(&read, &held).unwrap(), Ok(Answer::ReadOk { value: json!(2) }));
        let failed = |range: &Value| json!({"responses": [{"response_range": range}]});
        assert_eq!(code(understood(&cas(false), &failed(&held)).unwrap()), ErrorCode::PreconditionFailed);
        assert_eq!(code(understood(&cas(false), &failed(&json!({}))).unwrap()), ErrorCode::KeyDoesNotExist);
        assert_eq!(understood(&cas(false), &json!({"succeeded": true})).unwrap(), Ok(Answer::CasOk));
        let nested = json!({"responses": [{"response_txn": {"succeeded": true}}]});
        assert_eq!(understood(&cas(true), &nested).unwrap(), Ok(Answer::CasOk));
    }

    #[test]
    fn refusals_are_indefinite_unless_known() {
        assert!(
            refusal(400, &json!({"code": 3, "error": "etcdserver: key is not provided"})).code.is_definite()
        );
        assert!(
            !refusal(503, &json!({"code": 14, "error": "etcdserver: request timed out"})).code.is_definite()
        );
        assert!(!refusal(500, &json!({})).code.is_definite());
    }
}
