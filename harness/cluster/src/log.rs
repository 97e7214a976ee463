//! The log of a node: what its program writes, over all its lives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// No more than this is read from the end of a log.
const TAIL_BYTES: u64 = 256 * 1024;

/// Opens a log for appending. From the second life on, a line says which life begins.
pub(crate) fn open(path: &Path, life: u32) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
    if life > 1 {
        let torn = !ends_in_newline(&mut file)?;
        let line = format!("{}--- ordalia: started again, life {life} ---\n", if torn { "\n" } else { "" });
        file.write_all(line.as_bytes())?;
    }
    Ok(file)
}

/// Whether the file is empty or its last line is whole: a killed program may leave half of one.
fn ends_in_newline(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last[0] == b'\n')
}

/// The last lines of a log, oldest first. What is not UTF-8 is replaced.
pub(crate) fn tail(path: &Path, lines: usize) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line is most likely cut where the reading starts.
    let whole = text.lines().skip(usize::from(start > 0));
    let all: Vec<&str> = whole.collect();
    Ok(all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "a\nb\nc\nhalf").unwrap();
        assert_eq!(tail(&path, 2).unwrap(), ["c", "half"]);
        assert_eq!(tail(&path, 9).unwrap().len(), 4);
        let long: String = (0..100_000).map(|number| format!("line {number}\n")).collect();
        fs::write(&path, long).unwrap();
        let lines = tail(&path, usize::MAX).unwrap();
        assert!(lines.iter().all(|line| line.starts_with("line ")), "{:?}", lines.first());
        assert_eq!(lines.last().unwrap(), "line 99999");
        assert!(tail(&folder.path().join("none"), 2).is_err());
    }

    #[test]
    fn a_new_life_starts_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/log");
        write!(open(&path, 1).unwrap(), "half").unwrap();
        writeln!(open(&path, 2).unwrap(), "whole").unwrap();
        drop(open(&path, 3).unwrap());
        let lines = tail(&path, 9).unwrap();
        let life = |life| format!("--- ordalia: started again, life {life} ---");
        assert_eq!(lines, ["half".to_owned(), life(2), "whole".to_owned(), life(3)]);
    }
}
