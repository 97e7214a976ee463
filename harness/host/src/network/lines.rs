//! Lines of bounded length from a byte stream.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest line that is read, in bytes. Snapshots travel in lines.
pub(crate) const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Room that is made before each read.
const READ: usize = 16 * 1024;

/// Splits a stream into lines, many to a read where they come in fast.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where the first line that was not handed out begins.
    start: usize,
    /// Up to here there is no line break.
    searched: usize,
    longest: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(stream: R, longest: usize) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, searched: 0, longest }
    }

    /// The next line without its end; `None` at the end of the stream. A last line without a line
    /// break was cut off and is dropped. Bytes already read are kept if the future is dropped.
    ///
    /// # Errors
    /// Those of the stream, and `InvalidData` for a line that is too long.
    pub(crate) async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
                let line = self.start..self.searched + at;
                self.start = line.end + 1;
                self.searched = self.start;
                return Ok(Some(&self.buffer[line]));
            }
            self.make_room();
            if self.buffer.len() > self.longest {
                let reason = format!("a line is longer than {} bytes", self.longest);
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Forgets the lines handed out, and gives back the room of an unusually long one.
    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.searched = self.buffer.len();
        if self.buffer.is_empty() && self.buffer.capacity() > 64 * READ {
            self.buffer = Vec::new();
        }
        self.buffer.reserve(READ);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8], longest: usize) -> (Vec<String>, Option<io::ErrorKind>) {
        let mut lines = Lines::new(bytes, longest);
        let mut read = Vec::new();
        loop {
            match lines.next().await {
                Ok(Some(line)) => read.push(String::from_utf8_lossy(line).into_owned()),
                Ok(None) => return (read, None),
                Err(error) => return (read, Some(error.kind())),
            }
        }
    }

    #[tokio::test]
    async fn lines_come_out_whole_and_a_cut_one_not_at_all() {
        let (lines, error) = all(b"one\n\nthree\nfo", 100).await;
        assert_eq!((lines, error), (vec!["one".to_owned(), String::new(), "three".to_owned()], None));
    }

    #[tokio::test]
    async fn a_line_longer_than_one_read_is_put_together() {
        let long = "x".repeat(3 * READ);
        let (lines, error) = all(format!("a\n{long}\nb\n").as_bytes(), 4 * READ).await;
        assert_eq!((lines, error), (vec!["a".to_owned(), long, "b".to_owned()], None));
    }

    #[tokio::test]
    async fn a_line_without_end_is_an_error() {
        let (lines, error) = all(&[b'x'; 5 * READ], 2 * READ).await;
        assert_eq!((lines.len(), error), (0, Some(io::ErrorKind::InvalidData)));
    }
}
