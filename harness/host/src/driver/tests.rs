//! What leaves when, and what is on the disk by then.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ordalia_node::Key;
use serde_json::json;

use super::*;
use crate::storage::Folder;

#[path = "../../tests/ledger/mod.rs"]
mod ledger;
use ledger::{Ledger, Told};

type Journal = Arc<Mutex<Vec<String>>>;

/// A folder that writes down when it is written and synced.
struct Watched {
    folder: Folder,
    journal: Journal,
    fails: bool,
}

impl Disk for Watched {
    fn list(&mut self) -> io::Result<Vec<String>> {
        self.folder.list()
    }
    fn read(&mut self, file: &str) -> io::Result<Vec<u8>> {
        self.folder.read(file)
    }
    fn create(&mut self, file: &str) -> io::Result<()> {
        self.folder.create(file)
    }
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.journal.lock().unwrap().push(format!("append {file}"));
        self.folder.append(file, bytes)
    }
    fn sync(&mut self, file: &str) -> io::Result<()> {
        if self.fails {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.journal.lock().unwrap().push(format!("sync {file}"));
        self.folder.sync(file)
    }
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.folder.truncate(file, length)
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.journal.lock().unwrap().push(format!("rename {to}"));
        self.folder.rename(from, to)
    }
    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.folder.remove(file)
    }
    fn sync_directory(&mut self) -> io::Result<()> {
        self.folder.sync_directory()
    }
}

type Outlet = Box<dyn FnMut(Vec<Outbound<Told>>) -> Result<(), HostError>>;

/// A driver, the way in, and what happened.
struct Bench {
    driver: Driver<Ledger, Watched, Outlet>,
    inbox: Inbox<Told>,
    journal: Journal,
    status: Rc<RefCell<Status>>,
}

fn describe(outbound: &Outbound<Told>) -> String {
    match outbound {
        Outbound::Send { to, .. } => format!("send {to}"),
        Outbound::Reply { ticket, result } => format!("reply {} {}", ticket.0, result.is_ok()),
        Outbound::Status { ticket, .. } => format!("status {}", ticket.0),
        Outbound::Act(act) => format!("act {}", act.f),
        Outbound::Post { url, .. } => format!("post {url}"),
    }
}

impl Bench {
    fn over(path: &Path) -> Self {
        let (journal, status) = (Journal::default(), Rc::<RefCell<Status>>::default());
        let (seen, shown) = (Arc::clone(&journal), Rc::clone(&status));
        let outlet: Outlet = Box::new(move |batch| {
            seen.lock().unwrap().extend(batch.iter().map(describe));
            for outbound in batch {
                if let Outbound::Status { status, .. } = outbound {
                    shown.replace(status);
                }
            }
            Ok(())
        });
        let nodes = NodeId::all(2);
        let config =
            NodeConfig { id: nodes[0], nodes, options: Default::default(), bugs: Default::default() };
        let folder = Folder::open(path).unwrap();
        let disk = Watched { folder, journal: Arc::clone(&journal), fails: false };
        let driver = Driver::start(&config, 1, disk, Clock::start(), outlet).unwrap();
        Bench { driver, inbox: Inbox::new(100), journal, status }
    }

    /// Puts requests in the inbox, with tickets from 0.
    fn ask(&self, requests: impl IntoIterator<Item = Request>) {
        for (ticket, request) in requests.into_iter().enumerate() {
            assert!(self.inbox.push(Inbound::Request { ticket: Ticket(ticket as u64), request }));
        }
    }

    /// Handles all that waits as one batch, and says what happened.
    fn batch(&mut self) -> Vec<String> {
        self.driver.batch(&self.inbox).unwrap();
        std::mem::take(&mut *self.journal.lock().unwrap())
    }

    fn ticks(&mut self) -> serde_json::Value {
        assert!(self.inbox.push(Inbound::Status { ticket: Ticket(99) }));
        self.batch();
        self.status.borrow().fields["ticks"].clone()
    }
}

fn write(key: &str, value: u64) -> Request {
    Request::Write { key: Key::new(key), value: json!(value) }
}

fn read(key: &str) -> Request {
    Request::Read { key: Key::new(key) }
}

fn delete(key: &str) -> Request {
    Request::Delete { key: Key::new(key) }
}

#[test]
fn one_sync_serves_a_batch_and_nothing_leaves_ahead_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.ask([read("x"), write("x", 1), read("x"), write("y", 2)]);
    assert!(bench.inbox.push(Inbound::Status { ticket: Ticket(9) }));
    assert_eq!(
        bench.batch(),
        [
            "reply 0 false",
            "append log-0",
            "sync log-0",
            "reply 1 true",
            "send n2",
            "reply 2 true",
            "reply 3 true",
            "send n2",
            "status 9",
        ]
    );
    bench.ask([read("x")]);
    assert_eq!(bench.batch(), ["reply 0 true"], "the next batch has nothing to wait for");
}

#[test]
fn nothing_leaves_after_a_sync_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.driver.storage.disk_mut().fails = true;
    bench.ask([read("x"), write("x", 1), read("x")]);
    let error = bench.driver.batch(&bench.inbox).unwrap_err();
    assert!(error.to_string().contains("sync log-0"), "{error}");
    assert_eq!(*bench.journal.lock().unwrap(), ["reply 0 false", "append log-0"]);
}

#[test]
fn what_is_written_behind_waits_in_memory_for_the_next_persist() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.ask([write("x", 1), write("y", 2), delete("x")]);
    bench.batch();
    // Another driver over the same folder sees what a restart after a crash would see.
    let mut crashed = Bench::over(folder.path());
    crashed.ask([read("x"), read("y")]);
    assert_eq!(crashed.batch(), ["reply 0 true", "reply 1 true"]);
    drop(crashed);
    bench.ask([write("z", 3)]);
    bench.batch();
    let mut crashed = Bench::over(folder.path());
    crashed.ask([read("x"), read("z")]);
    assert_eq!(crashed.batch(), ["reply 0 false", "reply 1 true"]);
}

#[test]
fn a_snapshot_holds_back_what_follows_until_it_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.ask([write("x", 1), Request::Transfer { to: None }, write("y", 2)]);
    let happened = bench.batch();
    assert_eq!(
        happened[..5],
        ["append log-1", "sync log-1", "append snapshot-1.tmp", "sync snapshot-1.tmp", "rename snapshot-1"]
    );
    assert_eq!(happened[5..], ["reply 0 true", "send n2", "reply 1 true", "reply 2 true", "send n2"]);
    let mut again = Bench::over(folder.path());
    again.ask([read("x"), read("y")]);
    assert_eq!(again.batch(), ["reply 0 true", "reply 1 true"]);
}

const HOUR_MS: u64 = 3_600_000;

#[test]
fn a_timer_runs_out_once_at_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.ask([write("tick", HOUR_MS)]);
    assert_eq!(bench.ticks(), 0);
    bench.driver.clock.advance(Duration::from_millis(HOUR_MS));
    bench.batch();
    assert_eq!(bench.ticks(), 1);
    bench.driver.clock.advance(Duration::from_millis(HOUR_MS));
    bench.batch();
    assert_eq!(bench.ticks(), 1);
}

#[test]
fn an_input_of_the_same_batch_can_stop_or_put_off_a_timer_that_is_due() {
    for (stopping, again) in [(delete("tick"), 0), (write("tick", HOUR_MS), 1)] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::over(folder.path());
        bench.ask([write("tick", HOUR_MS)]);
        bench.batch();
        bench.driver.clock.advance(Duration::from_millis(HOUR_MS));
        bench.ask([stopping]);
        bench.batch();
        assert_eq!(bench.ticks(), 0);
        bench.driver.clock.advance(Duration::from_millis(HOUR_MS));
        bench.batch();
        assert_eq!(bench.ticks(), again);
    }
}

#[tokio::test]
async fn the_driver_wakes_by_itself_for_a_timer() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.ask([write("tick", 1)]);
    bench.batch();
    while bench.driver.timers.len() > 0 {
        bench.driver.wait(&bench.inbox).await;
        assert!(bench.inbox.is_empty());
        bench.batch();
    }
    assert_eq!(bench.ticks(), 1);
}

#[tokio::test]
async fn what_a_full_batch_left_over_is_handled_without_another_input() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(folder.path());
    bench.inbox = Inbox::new(2 * BATCH);
    bench.ask((0..BATCH + 1).map(|_| read("x")));
    bench.driver.wait(&bench.inbox).await;
    assert_eq!(bench.batch().len(), BATCH);
    let waited = timeout(Duration::from_secs(30), bench.driver.wait(&bench.inbox)).await;
    waited.expect("nothing else comes");
    assert_eq!(bench.batch(), [format!("reply {BATCH} false")]);
}
