//! Posts to addresses outside the cluster.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use ordalia_node::{PostError, Value};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many posts are under way at once. Others wait, and their patience counts.
const AT_ONCE: usize = 4;

/// Carries posts, each on a connection of its own.
#[derive(Clone, Debug)]
pub(crate) struct Poster {
    turns: Rc<Semaphore>,
}

impl Default for Poster {
    fn default() -> Self {
        Self { turns: Rc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Poster {
    /// Posts JSON, and gives back the status of the answer.
    pub(crate) async fn post(&self, url: &str, body: &Value, patience: Duration) -> Result<u16, PostError> {
        let sent = Cell::new(false);
        let error = |text: String| PostError { definite: !sent.get(), text };
        let carried = async {
            let _turn = self.turns.acquire().await.map_err(|closed| closed.to_string())?;
            carry(url, body, &sent).await
        };
        match timeout(patience, carried).await {
            Ok(carried) => carried.map_err(error),
            Err(_) => Err(error(format!("no answer within {patience:?}"))),
        }
    }
}

/// One post over a connection of its own. `sent` is set ahead of the first byte.
async fn carry(url: &str, body: &Value, sent: &Cell<bool>) -> Result<u16, String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url:?} is no address: {error}"))?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or_else(|| format!("expected http://HOST/PATH, found {url:?}"))?;
    let address = (authority.host().trim_matches(['[', ']']), authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await.map_err(|error| format!("{authority}: {error}"))?;
    let failed = |error: hyper::Error| format!("{authority}: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| error.to_string())?;
    sent.set(true);
    let answering = sender.send_request(request);
    tokio::pin!(answering, connection);
    tokio::select! {
        answer = &mut answering => answer.map(|answer| answer.status().as_u16()).map_err(failed),
        ended = &mut connection => match ended {
            // The last thing that it did may have been to hand the answer over.
            Ok(()) => answering.await.map(|answer| answer.status().as_u16()).map_err(failed),
            Err(error) => Err(failed(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Posts to a server that reads a request and answers with these bytes, or for ever with none.
    fn posted(answer: Option<&'static str>, patience: Duration) -> (Result<u16, PostError>, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/means?x=1", listener.local_addr().unwrap());
            let serving = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut heard = Vec::new();
                while !heard.ends_with(b"{\"mean\":20.5}") {
                    stream.read_buf(&mut heard).await.unwrap();
                }
                match answer {
                    Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                    None => std::future::pending().await,
                }
                String::from_utf8(heard).unwrap()
            };
            let body = serde_json::json!({"mean": 20.5});
            let poster = Poster::default();
            let posting = poster.post(&url, &body, patience);
            tokio::pin!(serving, posting);
            tokio::select! {
                heard = &mut serving => (posting.await, heard),
                outcome = &mut posting => (outcome, String::new()),
            }
        })
    }

    #[test]
    fn the_status_of_the_answer_is_the_outcome() {
        let (outcome, heard) = posted(Some("HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n"), PATIENCE);
        assert_eq!(outcome, Ok(409));
        assert!(heard.starts_with("POST /means?x=1 HTTP/1.1\r\n"), "{heard}");
        assert!(heard.to_lowercase().contains("content-type: application/json\r\n"), "{heard}");
    }

    #[test]
    fn after_the_request_was_sent_nothing_is_definite() {
        let (outcome, _) = posted(Some(""), PATIENCE);
        assert!(!outcome.unwrap_err().definite, "the connection was closed");
        let (outcome, _) = posted(None, Duration::from_millis(50));
        let error = outcome.unwrap_err();
        assert!(!error.definite && error.text == "no answer within 50ms", "{error:?}");
    }

    #[test]
    fn what_was_never_sent_is_definite() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // A port that was free a moment ago, and that nobody else is given while it is bound.
            let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            bound.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
            let address = bound.local_addr().unwrap().as_socket().unwrap();
            let refused = format!("http://{address}/");
            for url in [refused.as_str(), "https://localhost/", "no address", "/means"] {
                let error = Poster::default().post(url, &Value::Null, PATIENCE).await.unwrap_err();
                assert!(error.definite, "{url}: {error:?}");
            }
        });
    }
}
