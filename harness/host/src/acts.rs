//! What a node adds to the history of its run: a file of its own, which the controller reads later.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use nix::time::{ClockId, clock_gettime};
use ordalia_node::wire::ActLine;
use ordalia_node::{Act, NodeId};

use crate::HostError;
use crate::driver::Outbound;

/// The system's monotonic clock, in nanoseconds; the same for all processes of a machine. 0 if it cannot be read.
pub fn monotonic_ns() -> u64 {
    let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return 0 };
    let (seconds, nanos) = (u64::try_from(now.tv_sec()), u64::try_from(now.tv_nsec()));
    seconds.unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(nanos.unwrap_or(0))
}

/// The file of a node's acts. It is made with the first act, so that most targets have none.
#[derive(Debug)]
pub(crate) struct ActLog {
    node: NodeId,
    path: Option<PathBuf>,
    file: Option<File>,
    began_ns: u64,
}

impl ActLog {
    /// A log for the life that begins now.
    pub(crate) fn new(node: NodeId, path: Option<PathBuf>) -> Self {
        Self { node, path, file: None, began_ns: monotonic_ns() }
    }

    /// Takes the acts out of a batch and hands them to the system in one write, so that they outlive the
    /// process.
    pub(crate) fn write<M>(&mut self, batch: &mut Vec<Outbound<M>>) -> Result<(), HostError> {
        let is_act = |outbound: &mut Outbound<M>| matches!(outbound, Outbound::Act(_));
        let acts: Vec<Outbound<M>> = batch.extract_if(.., is_act).collect();
        let acts = acts.into_iter().filter_map(|outbound| match outbound {
            Outbound::Act(act) => Some(act),
            _ => None,
        });
        let Some(path) = self.path.clone() else {
            acts.for_each(
                |act| tracing::info!(node = %self.node, lane = act.lane, f = act.f, "{:?}", act.kind),
            );
            return Ok(());
        };
        self.append(&path, acts).map_err(|source| HostError::Acts { path, source })
    }

    fn append(&mut self, path: &Path, acts: impl Iterator<Item = Act>) -> io::Result<()> {
        let mut acts = acts.peekable();
        if acts.peek().is_none() {
            return Ok(());
        }
        let (time, mut bytes) = (monotonic_ns(), Vec::new());
        let file = match &mut self.file {
            Some(file) => file,
            closed => {
                let (file, is_torn) = open(path)?;
                if is_torn {
                    bytes.push(b'\n');
                }
                let life = ActLine::Life { time: self.began_ns, life: std::process::id() };
                write_line(&mut bytes, &life)?;
                closed.insert(file)
            }
        };
        for act in acts {
            write_line(&mut bytes, &ActLine::of(act, time))?;
        }
        file.write_all(&bytes)
    }
}

fn write_line(bytes: &mut Vec<u8>, line: &ActLine) -> io::Result<()> {
    serde_json::to_writer(&mut *bytes, line)?;
    bytes.push(b'\n');
    Ok(())
}

/// Opens the file to append, and says whether the last line of an earlier life is torn.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok((file, false));
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok((file, last != *b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_node::ActKind;

    fn batch(f: &'static str) -> Vec<Outbound<()>> {
        let act = Outbound::Act(Act::new(1, ActKind::Invoke, f, 7));
        vec![Outbound::Send { to: NodeId::new(2), message: () }, act]
    }

    #[test]
    fn a_life_after_a_torn_line_begins_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acts.jsonl");
        let mut first = ActLog::new(NodeId::new(1), Some(path.clone()));
        let mut nothing: Vec<Outbound<()>> = Vec::new();
        first.write(&mut nothing).unwrap();
        assert!(!path.exists(), "nothing was done");
        let mut written = batch("measure");
        first.write(&mut written).unwrap();
        assert_eq!(written.len(), 1, "the rest of the batch is left");
        File::options().append(true).open(&path).unwrap().write_all(br#"{"time":"#).unwrap();
        ActLog::new(NodeId::new(1), Some(path.clone())).write(&mut batch("wait")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().map(serde_json::from_str::<ActLine>).collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[2].is_err() && matches!(lines[3], Ok(ActLine::Life { .. })), "{text}");
        assert!(matches!(&lines[4], Ok(ActLine::Act { f, .. }) if f == "wait"), "{text}");
    }
}
