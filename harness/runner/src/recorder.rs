//! The history as it is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ordalia_history::{Event, jsonl};

/// Stamps events with index and time and appends them to `history.jsonl`.
///
/// Index and time are given under one lock, so the file is in time order by construction. The time of
/// an invocation is taken before its request is sent and that of a completion after its reply was
/// received; an operation's true span therefore lies within the recorded one, as checking requires.
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    file: Mutex<Stream>,
}

#[derive(Debug)]
struct Stream {
    writer: BufWriter<File>,
    next_index: u64,
    last_time: u64,
}

impl Recorder {
    /// An empty history, whose clock starts now.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let writer = BufWriter::with_capacity(1 << 16, File::create(path)?);
        let file = Mutex::new(Stream { writer, next_index: 0, last_time: 0 });
        Ok(Self { start: Instant::now(), file })
    }

    /// Nanoseconds since the start of the load.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// When the load started.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Stamps an event and writes it to the buffer; gives back its time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn record(&self, mut event: Event) -> io::Result<u64> {
        let mut stream = self.lock();
        event.index = stream.next_index;
        event.time = self.now_ns().max(stream.last_time);
        jsonl::write_event(&mut stream.writer, &event)?;
        stream.next_index += 1;
        stream.last_time = event.time;
        Ok(event.time)
    }

    /// Hands everything recorded to the system, so that it survives the end of this process.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().writer.flush()
    }

    /// Makes everything recorded durable.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        let mut stream = self.lock();
        stream.writer.flush()?;
        stream.writer.get_ref().sync_all()
    }

    /// A thread that panicked while recording left at worst a torn line, which readers report.
    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
