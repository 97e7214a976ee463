//! Files as streams of bytes, decompressed where they are compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::{ParseError, ReadError, zstd};

/// How long one line or one operation may be. Longer is damage, and must not fill the memory.
pub(crate) const MAX_FORM_BYTES: usize = 32 << 20;

/// How much is read at a time.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// What gzip files begin with (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A stream that begins with bytes that were taken from it to look at.
pub(crate) type Rejoined<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// Opens a file, and decompresses it on the way if its first bytes say that it is gzip or zstd.
///
/// # Errors
/// It cannot be opened.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, ReadError> {
    let io_error = |source| ReadError::Io { path: path.to_owned(), source };
    let file = BufReader::with_capacity(CHUNK_BYTES, File::open(path).map_err(io_error)?);
    let (magic, file) = with_head(file, zstd::MAGIC.len()).map_err(io_error)?;
    if magic.starts_with(&GZIP) {
        return Ok(Box::new(BufReader::with_capacity(CHUNK_BYTES, MultiGzDecoder::new(file))));
    }
    if magic == zstd::MAGIC {
        return Ok(Box::new(BufReader::with_capacity(CHUNK_BYTES, zstd::Decoder::new(file))));
    }
    Ok(Box::new(file))
}

/// The first bytes of a stream, fewer only where it ends, and the stream with them still in it.
pub(crate) fn with_head<R: BufRead>(mut reader: R, length: usize) -> io::Result<(Vec<u8>, Rejoined<R>)> {
    let mut head = Vec::new();
    reader.by_ref().take(length as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(reader)))
}

/// Reads one line with its newline into `text`; false at the end of the input. `line` is its number, for
/// the message.
pub(crate) fn read_line(
    reader: &mut (impl BufRead + ?Sized),
    text: &mut Vec<u8>,
    line: u64,
) -> Result<bool, ParseError> {
    text.clear();
    let read = reader.take(MAX_FORM_BYTES as u64 + 1).read_until(b'\n', text)?;
    if read > MAX_FORM_BYTES {
        let expected = format!("a line of at most {MAX_FORM_BYTES} bytes");
        return Err(ParseError::form(line, expected, "a longer one"));
    }
    Ok(read > 0)
}
