//! Large files of a run that is judged, compressed.

use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use ordalia_history::{Sink, open};

use crate::{RecordError, RunFolder};

/// What compression saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The bytes of the files before.
    pub before: u64,
    /// The bytes of the files after.
    pub after: u64,
}

/// A file with `.zst` behind its name.
pub(crate) fn compressed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".zst");
    name.into()
}

/// The file, or its compressed form, with `.zst` behind its name, where only that is there.
pub fn plain_or_compressed(plain: PathBuf) -> PathBuf {
    let packed = compressed(&plain);
    if !plain.exists() && packed.exists() { packed } else { plain }
}

impl RunFolder {
    /// Compresses the history and the trace, `history.jsonl.zst` and `trace.jsonl.zst`. The plain file goes only when
    /// the compressed one is on the disk and reads back the same. What is compressed already stays as it is.
    ///
    /// # Errors
    /// A file cannot be read or written, or reads back otherwise; the plain file is there then.
    pub fn compress(&self) -> Result<Saved, RecordError> {
        let mut saved = Saved::default();
        for name in ["history.jsonl", "trace.jsonl"] {
            let path = self.root().join(name);
            if path.is_file() {
                let (before, after) =
                    compress(&path).map_err(|source| RecordError::Io { path: path.clone(), source })?;
                saved.before += before;
                saved.after += after;
            }
        }
        Ok(saved)
    }
}

/// Compresses one file; the bytes before and after.
fn compress(path: &Path) -> io::Result<(u64, u64)> {
    // The end of its name says that it is to be compressed.
    let part = path.with_extension("part.zst");
    let mut sink = Sink::create(&part)?;
    let before = io::copy(&mut File::open(path)?, &mut sink)?;
    sink.finish()?;
    let file = File::open(&part)?;
    file.sync_all()?;
    let after = file.metadata()?.len();
    if !same(path, &part)? {
        fs::remove_file(&part)?;
        return Err(io::Error::other("what was compressed does not read back the same"));
    }
    fs::rename(&part, compressed(path))?;
    fs::remove_file(path)?;
    Ok((before, after))
}

/// Whether two files, one of them compressed, hold the same.
fn same(plain: &Path, packed: &Path) -> io::Result<bool> {
    let mut one = io::BufReader::new(File::open(plain)?);
    let mut other = open(packed).map_err(io::Error::other)?;
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if length == 0 {
            return Ok(left.is_empty() && right.is_empty());
        }
        if left[..length] != right[..length] {
            return Ok(false);
        }
        one.consume(length);
        other.consume(length);
    }
}

/// Adds one JSON value as a line to a file, made if it is not there. The line is durable when this returns.
///
/// # Errors
/// The file cannot be written.
pub fn append_line(path: &Path, line: &impl serde::Serialize) -> Result<(), RecordError> {
    let io_error = |source| RecordError::Io { path: path.to_owned(), source };
    let mut text = serde_json::to_vec(line).map_err(io::Error::from).map_err(io_error)?;
    text.push(b'\n');
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    let mut file = file.map_err(io_error)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(io_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_json_lines;

    #[test]
    fn a_compressed_run_reads_as_before() {
        let results = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(results.path(), "t.w", "20260102T030405Z", 7).unwrap();
        fs::write(folder.run_json(), "{}").unwrap();
        let lines: String = (0..200_000).map(|number| format!("{number}\n")).collect();
        fs::write(folder.history(), &lines).unwrap();
        fs::write(folder.trace(), "1\n2\n").unwrap();
        let saved = folder.compress().unwrap();
        assert!(saved.after * 2 < saved.before, "{saved:?}");
        assert_eq!(folder.history().file_name().unwrap(), "history.jsonl.zst");
        assert!(RunFolder::open(folder.root()).is_ok());
        assert_eq!(read_json_lines::<u64>(&folder.history(), "a number").unwrap().len(), 200_000);
        assert_eq!(read_json_lines::<u64>(&folder.trace(), "a number").unwrap(), [1, 2]);
        assert_eq!(folder.compress().unwrap(), Saved::default());
        assert_eq!(fs::read_dir(folder.root()).unwrap().count(), 3);
    }
}
