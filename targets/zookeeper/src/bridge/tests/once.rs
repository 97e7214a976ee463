//! Numbered writes are carried out once, whatever becomes of their replies.

use std::time::Duration;

use ordalia_node::{CoordinationAnswer, CoordinationRequest, CreateMode, ErrorCode, Value, WriteOp};

use super::fake::{Fake, Fate};
use crate::bridge::attachment::{Attachment, Trouble};
use crate::bridge::marker::Marker;
use crate::bridge::terms::{Answered, Writing};

struct Client {
    fake: Fake,
    attachment: Attachment,
    marker: Marker,
}

impl Client {
    async fn new() -> Self {
        let fake = Fake::default();
        let server = fake.server().await;
        let mut attachment = Attachment::open(server, Duration::from_secs(20)).await.unwrap();
        let marker = Marker::create(&mut attachment).await.unwrap();
        Self { fake, attachment, marker }
    }

    /// Asks until there is an answer, at another server each time.
    async fn write(&mut self, seq: u64, ops: &[WriteOp]) -> Result<Answered, Trouble> {
        let request = CoordinationRequest::Multi { ops: ops.to_vec(), session: Some(1), seq: Some(seq) };
        let writing = Writing::of(&request).unwrap().unwrap();
        loop {
            let server = self.fake.server().await;
            self.attachment.attach(server).await?;
            match self.marker.write(seq, &writing, &mut self.attachment).await {
                Err(Trouble::Lost(_) | Trouble::Unreachable(_)) => {}
                settled => return settled,
            }
        }
    }

    fn fates(&self, fates: &[Fate]) {
        self.fake.lock().fates = fates.iter().copied().collect();
    }
}

fn set(path: &str, version: Option<u64>) -> WriteOp {
    WriteOp::Set { path: path.to_owned(), value: Value::from(1), version }
}

fn create(path: &str, mode: CreateMode) -> WriteOp {
    WriteOp::Create { path: path.to_owned(), value: Value::Null, mode }
}

fn results(answered: Result<Answered, Trouble>) -> Vec<CoordinationAnswer> {
    match answered {
        Ok(Ok(CoordinationAnswer::MultiDone { results })) => results,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_carried_out_is_not_again_and_has_the_same_answer() {
    let ops = [
        set("/counter", Some(0)),
        create("/c-", CreateMode::EphemeralSequential),
        create("/d", CreateMode::Persistent),
    ];
    let mut told = Vec::new();
    for fates in [&[Fate::Answered][..], &[Fate::Lost], &[Fate::Unanswered], &[Fate::Lost, Fate::Unanswered]]
    {
        let mut client = Client::new().await;
        client.fake.lock().put("/counter", "0");
        client.fates(fates);
        told.push(results(client.write(1, &ops).await));
        let state = client.fake.lock();
        assert_eq!(state.nodes["/counter"].1.version, 1, "{fates:?}");
        assert_eq!(state.nodes.keys().filter(|path| path.starts_with("/c-")).count(), 1, "{fates:?}");
    }
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
    let CoordinationAnswer::Created { path, stat } = &told[0][1] else { panic!("{told:?}") };
    assert_eq!((path.as_str(), stat.owner.is_some()), ("/c-0000000000", true));
}

#[tokio::test]
async fn answers_and_refusals_are_kept_for_copies() {
    let mut client = Client::new().await;
    client.fake.lock().put("/a", "0");
    let refused = client.write(1, &[set("/a", Some(5))]).await.unwrap().unwrap_err();
    assert_eq!(refused.code, ErrorCode::PreconditionFailed);
    // By now it would be carried out; but its client may have the refusal already.
    for number in 1..=5 {
        client.fake.lock().put("/a", &number.to_string());
    }
    assert_eq!(client.write(1, &[set("/a", Some(5))]).await.unwrap().unwrap_err(), refused);
    assert_eq!(results(client.write(2, &[set("/a", Some(5))]).await).len(), 1);
    assert_eq!(
        client.write(1, &[set("/a", None)]).await.unwrap().unwrap_err().code,
        ErrorCode::MalformedRequest
    );
    assert_eq!(client.fake.lock().nodes["/a"].1.version, 6);
}

#[tokio::test]
async fn what_can_be_told_no_more_ends_the_session() {
    let mut client = Client::new().await;
    client.fake.lock().put("/a", "0");
    let request = CoordinationRequest::Multi { ops: vec![set("/a", None)], session: Some(1), seq: Some(1) };
    let writing = Writing::of(&request).unwrap().unwrap();
    client.fates(&[Fate::Unanswered]);
    client.marker.write(1, &writing, &mut client.attachment).await.unwrap_err();
    // Somebody else sets it before the client asks again.
    client.fake.lock().put("/a", "9");
    assert_eq!(client.write(1, &[set("/a", None)]).await, Err(Trouble::Ended));
    let state = client.fake.lock();
    assert!(state.sessions.is_empty() && state.nodes["/a"].0 == b"9");
}

#[tokio::test]
async fn the_end_of_the_session_is_no_refusal() {
    let mut client = Client::new().await;
    client.fake.lock().put("/a", "0");
    client.fates(&[Fate::Unanswered]);
    let id = client.attachment.id();
    let request = CoordinationRequest::Multi { ops: vec![set("/a", None)], session: Some(1), seq: Some(1) };
    let writing = Writing::of(&request).unwrap().unwrap();
    client.marker.write(1, &writing, &mut client.attachment).await.unwrap_err();
    client.fake.lock().expire(id);
    assert_eq!(client.write(1, &[set("/a", None)]).await, Err(Trouble::Ended));
}
