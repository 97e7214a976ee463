//! Files that are written, compressed where their name says so.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::zstd;

/// A history being written. It is whole only after [`Sink::finish`].
pub struct Sink(Inner);

type Output = BufWriter<Box<dyn Write>>;

enum Inner {
    Plain(Output),
    Gzip(GzEncoder<Output>),
    Zstd(zstd::Encoder<Output>),
}

impl Sink {
    /// Makes a file, compressed with gzip if its name ends in `.gz` and with zstd if it ends in `.zst`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let output = BufWriter::new(Box::new(File::create(path)?) as Box<dyn Write>);
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        Ok(Self(match extension.as_deref() {
            Some("gz") => Inner::Gzip(GzEncoder::new(output, Compression::default())),
            Some("zst") => Inner::Zstd(zstd::Encoder::new(output)),
            _ => Inner::Plain(output),
        }))
    }

    /// Writes to the standard output, as it is.
    pub fn stdout() -> Self {
        Self(Inner::Plain(BufWriter::new(Box::new(io::stdout().lock()))))
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The output's.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {
            Inner::Plain(output) => output,
            Inner::Gzip(encoder) => encoder.finish()?,
            Inner::Zstd(encoder) => encoder.finish()?,
        }
        .flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Plain(output) => output.write(bytes),
            Inner::Gzip(encoder) => encoder.write(bytes),
            Inner::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Plain(output) => output.flush(),
            Inner::Gzip(encoder) => encoder.flush(),
            Inner::Zstd(encoder) => encoder.flush(),
        }
    }
}
