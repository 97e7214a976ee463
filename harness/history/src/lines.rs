//! On which lines of a file its events stand.

use std::path::Path;

use crate::PairError;

/// On which lines of a file its events stand, from 1.
///
/// Most files have an event a line, so only the places are held at which that is not so. Files without
/// lines have no lines here either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// An event's index and its line, where it is not on the line after that of the event ahead.
    jumps: Vec<(u64, u64)>,
}

impl Lines {
    /// Notes the line of an event; events come in the order of their indices.
    pub(crate) fn note(&mut self, index: u64, line: u64) {
        if self.of(index) != Some(line) {
            self.jumps.push((index, line));
        }
    }

    /// Notes the lines of further events, which were counted from 0 in both respects.
    pub(crate) fn extend(&mut self, events: u64, lines: u64, further: &Lines) {
        for (index, line) in &further.jumps {
            self.note(events + index, lines + line);
        }
    }

    /// The line of the event with this index; `None` in a file without lines.
    pub fn of(&self, index: u64) -> Option<u64> {
        let at = self.jumps.partition_point(|(first, _)| *first <= index).checked_sub(1)?;
        let (first, line) = self.jumps[at];
        Some(line.saturating_add(index - first))
    }

    /// What makes the events of a file no history, with the file and the line.
    pub fn explain(&self, path: &Path, error: &PairError) -> String {
        format!("{}: {error}", self.place(path, error.index()))
    }

    /// The file and, where it has lines, that of the event with this index: `history.jsonl:12`.
    pub fn place(&self, path: &Path, index: u64) -> String {
        match self.of(index) {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_beyond_gaps() {
        let mut lines = Lines::default();
        assert_eq!(lines.of(0), None);
        for (index, line) in [(0, 1), (1, 2), (2, 5), (3, 6)] {
            lines.note(index, line);
        }
        let mut further = Lines::default();
        further.note(0, 2);
        further.note(1, 3);
        lines.extend(4, 6, &further);
        let told: Vec<_> = (0..6).filter_map(|index| lines.of(index)).collect();
        assert_eq!(told, [1, 2, 5, 6, 8, 9]);
        assert_eq!(lines.jumps.len(), 3);
    }
}
