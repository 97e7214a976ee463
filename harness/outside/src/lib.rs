//! What stands outside a cluster, as an HTTP server around an [`Outside`].
//!
//! The simulator hands posts to the same state machine in virtual time. Here each connection is a task: a post
//! is read, handed over under one lock, so that what it adds to the history is in the order in which the
//! machine saw the posts, and answered when the machine says so. A post that shall have no answer breaks its
//! connection.
//!
//! It is hyper's server and not a framework, because there is one route, and because a framework has no way to
//! break a connection without an answer.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use ordalia_node::{Act, Outside, OutsideReply, Value};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// The time, and where acts go. Called under one lock.
pub trait History: Send {
    /// Nanoseconds since the start of the load; 0 before it.
    fn time_ns(&self) -> u64;

    /// Records an act.
    fn record(&mut self, act: Act);
}

/// A server that runs. Dropping it ends it, with all connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: AbortHandle,
}

impl Server {
    /// Listens on 127.0.0.1 at a port of the system's choice. The server runs in the tokio runtime that this
    /// is called in. What is random is drawn from that seed.
    ///
    /// # Errors
    /// The system gives no listener.
    pub async fn start(
        outside: Box<dyn Outside>,
        seed: u64,
        history: impl History + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let dice = ChaCha8Rng::seed_from_u64(seed);
        let machine = Arc::new(Mutex::new(Machine { outside, dice, history: Box::new(history) }));
        let task = tokio::spawn(accept(listener, machine)).abort_handle();
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The state machine with what it needs.
struct Machine {
    outside: Box<dyn Outside>,
    dice: ChaCha8Rng,
    history: Box<dyn History>,
}

impl Machine {
    fn post(&mut self, path: &str, body: &Value) -> OutsideReply {
        let Self { outside, dice, history } = self;
        let mut reply = outside.post(history.time_ns(), path, body, &mut || dice.random());
        reply.acts.drain(..).for_each(|act| history.record(act));
        reply
    }
}

/// Why a connection breaks without an answer.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this post has no answer")
    }
}

impl std::error::Error for Broken {}

async fn accept(listener: TcpListener, machine: Arc<Mutex<Machine>>) {
    let mut connections = JoinSet::new();
    loop {
        // A connection that could not be accepted is the business of who made it.
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, Arc::clone(&machine)));
        } else {
            tokio::task::yield_now().await;
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, machine: Arc<Mutex<Machine>>) {
    let service = service_fn(|request| answer(request, &machine));
    // An error is a connection that broke, by our will or another's.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    machine: &Mutex<Machine>,
) -> Result<Response<Full<Bytes>>, Broken> {
    if request.method() != Method::POST {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED));
    }
    let (head, body) = request.into_parts();
    let Ok(bytes) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(plain(StatusCode::BAD_REQUEST));
    };
    let Ok(body) = serde_json::from_slice(&bytes.to_bytes()) else {
        return Ok(plain(StatusCode::BAD_REQUEST));
    };
    let reply = machine.lock().unwrap_or_else(PoisonError::into_inner).post(head.uri.path(), &body);
    tokio::time::sleep(reply.after).await;
    let status = reply.status.ok_or(Broken)?;
    Ok(plain(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)))
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use ordalia_node::ActKind;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers with the status that the body names; none for 0.
    #[derive(Debug)]
    struct Echo;

    impl Outside for Echo {
        fn post(&mut self, _: u64, path: &str, body: &Value, dice: &mut dyn FnMut() -> u64) -> OutsideReply {
            let status = body.as_u64().and_then(|status| u16::try_from(status).ok());
            let note = format!("{path} {}", dice() != dice());
            let acts = vec![Act::new(0, ActKind::Ok, "posted", note)];
            OutsideReply { after: Duration::ZERO, status: status.filter(|status| *status > 0), acts }
        }
    }

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Act>>>);

    impl History for Kept {
        fn time_ns(&self) -> u64 {
            0
        }
        fn record(&mut self, act: Act) {
            self.0.lock().unwrap().push(act);
        }
    }

    /// Sends these bytes and reads to the end.
    async fn asked(server: &Server, text: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset ends as well.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    fn post(path: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    #[tokio::test]
    async fn posts_reach_the_machine_and_get_what_it_says() {
        let kept = Kept::default();
        let server = Server::start(Box::new(Echo), 7, kept.clone()).await.unwrap();
        let answer = asked(&server, &post("/means", "201")).await;
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert_eq!(asked(&server, &post("/broken", "0")).await, "", "no answer");
        let answer = asked(&server, &post("/means", "{")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let answer = asked(&server, "GET /means HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        let acts: Vec<Value> = kept.0.lock().unwrap().iter().map(|act| act.value.clone()).collect();
        assert_eq!(acts, ["/means true", "/broken true"]);
    }
}
