//! One connection to a server's JSON gateway: HTTP/1.1, one request at a time.

use std::io;
use std::net::SocketAddrV4;

use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use ordalia_node::Value;
use serde_json::json;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 4 << 20;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum GatewayError {
    /// There is no connection; nothing was asked.
    #[error("no connection: {0}")]
    NotConnected(io::Error),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] hyper::Error),
    /// What came is no answer of the gateway.
    #[error("the answer is none: {0}")]
    Malformed(String),
}

/// A connection, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    carrier: AbortHandle,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

impl Gateway {
    pub(crate) async fn connect(server: SocketAddrV4) -> Result<Self, GatewayError> {
        let stream = TcpStream::connect(server).await.map_err(GatewayError::NotConnected)?;
        stream.set_nodelay(true).map_err(GatewayError::NotConnected)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // How the connection ended shows in the request that was under way.
        let carrier = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        Ok(Self { sender, host: server.to_string(), carrier })
    }

    /// Whether the server has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Posts a question, and gives back the HTTP status and the JSON of the answer.
    pub(crate) async fn ask(&mut self, path: &str, body: &Value) -> Result<(u16, Value), GatewayError> {
        let request = Request::post(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| GatewayError::Malformed(error.to_string()))?;
        self.sender.ready().await.map_err(|error| GatewayError::NotConnected(io::Error::other(error)))?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        let body = body.map_err(|error| GatewayError::Malformed(error.to_string()))?.to_bytes();
        let json = serde_json::from_slice(&body);
        // What is refused ahead of the gateway is refused in plain text.
        let plain = |_| json!({"error": String::from_utf8_lossy(&body).trim()});
        Ok((status, json.unwrap_or_else(plain)))
    }
}
