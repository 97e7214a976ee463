//! Schedules as JSON text.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::check::check_damage;
use crate::{DiskIll, Fault, Flaw, Schedule, TimedFault};

/// Why a schedule could not be read or written.
#[derive(Debug, Error)]
pub enum ScheduleError {
    /// The file could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is no schedule.
    #[error("{name}:{line}: expected {expected}: {source}")]
    Json {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What the parser found.
        source: serde_json::Error,
    },
    /// The text is a schedule that makes no sense.
    #[error("{name}:{line}: {flaw}")]
    Flaw {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        flaw: Flaw,
    },
}

const EXPECTED_SCHEDULE: &str = "a fault schedule such as {\"version\":1,\"nodes\":5,\"faults\":[…]}";
const EXPECTED_FAULT: &str = "a fault such as {\"id\":0,\"at_ms\":500,\"for_ms\":1000,\"kind\":\"kill\",\"targets\":{\"nodes\":[\"n1\"]}}";

/// The file, its faults still as text, so that an error can name the line on which a fault stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u32,
    nodes: u16,
    seed: Option<u64>,
    #[serde(borrow)]
    faults: Vec<&'a RawValue>,
}

impl Schedule {
    /// Reads a schedule from a file and checks it.
    ///
    /// # Errors
    /// The file cannot be read, or is no schedule; the message names file, line and what was expected.
    pub fn read(path: &Path) -> Result<Self, ScheduleError> {
        let io_error = |source| ScheduleError::Io { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(io_error)?;
        Self::from_json(&text, &path.display().to_string())
    }

    /// Writes the schedule to a file, as [`Schedule::to_json`] has it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ScheduleError> {
        fs::write(path, self.to_json()).map_err(|source| ScheduleError::Io { path: path.to_owned(), source })
    }

    /// Reads a schedule from text and checks it; `name` stands for the file in messages.
    ///
    /// # Errors
    /// The text is no schedule, or one that makes no sense in itself.
    pub fn from_json(text: &str, name: &str) -> Result<Self, ScheduleError> {
        let place = Place { text, name };
        let document: Document<'_> =
            serde_json::from_str(text).map_err(|source| place.json(1, EXPECTED_SCHEDULE, source))?;
        let Document { version, nodes, seed, faults: raw } = document;
        let head = Schedule { version, nodes, seed, faults: Vec::new() };
        head.check().map_err(|flaw| place.flaw(1, flaw))?;
        let mut faults: Vec<TimedFault> = Vec::with_capacity(raw.len());
        for raw in raw {
            let line = place.line_of(raw);
            let fault: TimedFault =
                serde_json::from_str(raw.get()).map_err(|source| place.json(line, EXPECTED_FAULT, source))?;
            let previous_ms = faults.last().map_or(0, |fault| fault.at_ms);
            fault.check(faults.len() as u64, previous_ms, nodes).map_err(|flaw| place.flaw(line, flaw))?;
            let damages = matches!(fault.fault, Fault::Disk { ill: DiskIll::Flip, .. });
            faults.push(fault);
            if damages {
                check_damage(nodes, &faults).map_err(|flaw| place.flaw(line, flaw))?;
            }
        }
        Ok(Schedule { faults, ..head })
    }

    /// The schedule as JSON, one fault a line, ending with a newline. Equal schedules give equal bytes.
    pub fn to_json(&self) -> String {
        let mut text = format!("{{\n  \"version\": {},\n  \"nodes\": {},\n", self.version, self.nodes);
        if let Some(seed) = self.seed {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  \"seed\": {seed},");
        }
        let lines: Vec<String> = self.faults.iter().map(fault_line).collect();
        match lines.is_empty() {
            true => text.push_str("  \"faults\": []\n}\n"),
            false => {
                let _ = write!(text, "  \"faults\": [\n{}\n  ]\n}}\n", lines.join(",\n"));
            }
        }
        text
    }
}

/// One fault on a line of its own. A fault consists of numbers, names and lists, all of which JSON holds
/// (a probability that is no number becomes null, which reading refuses).
fn fault_line(fault: &TimedFault) -> String {
    format!("    {}", serde_json::to_string(fault).unwrap_or_else(|_| "null".to_owned()))
}

/// Where a text comes from.
struct Place<'a> {
    text: &'a str,
    name: &'a str,
}

impl Place<'_> {
    /// The line on which a part of the text begins, from 1.
    fn line_of(&self, part: &RawValue) -> usize {
        let offset = (part.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// An error in a text that begins on that line.
    fn json(&self, begins: usize, expected: &'static str, source: serde_json::Error) -> ScheduleError {
        let line = begins + source.line().saturating_sub(1);
        ScheduleError::Json { name: self.name.to_owned(), line, expected, source }
    }

    /// A flaw on that line.
    fn flaw(&self, line: usize, flaw: Flaw) -> ScheduleError {
        ScheduleError::Flaw { name: self.name.to_owned(), line, flaw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_faults(faults: &str) -> String {
        let text = format!("{{\n  \"version\": 1,\n  \"nodes\": 3,\n  \"faults\": [\n{faults}\n  ]\n}}\n");
        Schedule::from_json(&text, "s.json").unwrap_err().to_string()
    }

    fn with_fault(body: &str) -> String {
        with_faults(&format!("    {{\"id\":0,\"at_ms\":5,\"for_ms\":9,{body}}}"))
    }

    #[test]
    fn a_file_reads_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schedule.json");
        let profile = crate::Profile::default();
        for schedule in [crate::generate(1, 5, 30_000, &profile), Schedule::empty(3)] {
            schedule.write(&path).unwrap();
            assert_eq!(Schedule::read(&path).unwrap(), schedule);
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Schedule::read(Path::new("/no/such/schedule.json")).unwrap_err();
        assert!(error.to_string().starts_with("/no/such/schedule.json: "), "{error}");
    }

    #[test]
    fn damaged_text_is_refused_with_its_line() {
        let cut_off = Schedule::from_json("{\n  \"version\": 1,\n", "s.json").unwrap_err().to_string();
        assert!(cut_off.starts_with("s.json:3: expected a fault schedule such as"), "{cut_off}");
        let unknown = Schedule::from_json("{\"version\":1,\"nodes\":3,\"fautls\":[]}", "s.json").unwrap_err();
        assert!(unknown.to_string().contains("unknown field `fautls`"), "{unknown}");
        let kind = with_fault("\"kind\":\"kil\"");
        assert!(kind.starts_with("s.json:5: expected a fault such as"), "{kind}");
        assert!(kind.contains("unknown variant `kil`, expected one of `kill`, `pause`"), "{kind}");
        let node = with_fault("\"kind\":\"kill\",\n\"targets\":{\"nodes\":[\"x1\"]}");
        assert!(node.contains("expected a node name such as n1, found \"x1\""), "{node}");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_fault_and_line() {
        let loss = "\"kind\":\"loss\",\"links\":[[\"n1\",\"n2\"]],\"probability\":1.5";
        let cases = [
            (
                "\"kind\":\"kill\",\"targets\":{\"nodes\":[\"n2\",\"n7\"]}",
                "names the node n7, but the cluster has only n1 to n3",
            ),
            ("\"kind\":\"kill\",\"targets\":{\"nodes\":[]}", "expected at least one node"),
            ("\"kind\":\"pause\",\"targets\":{\"nodes\":[\"n1\",\"n1\"]}", "names n1 twice"),
            (loss, "expected a probability from 0 to 1, found 1.5"),
            (
                "\"kind\":\"partition\",\"shape\":\"one\",\"links\":[[\"n2\",\"n2\"]]",
                "expected links between different nodes",
            ),
            ("\"kind\":\"partition\",\"shape\":\"one\"", "expected at least one link"),
            (
                "\"kind\":\"clock\",\"targets\":{\"nodes\":[\"n2\"]},\"drift_ppm\":-1000000",
                "drift_ppm from -900000 to 1000000, and not both 0; found jump_ms 0 and drift_ppm -1000000",
            ),
            ("\"kind\":\"clock\",\"targets\":{\"nodes\":[\"n2\"]}", "and not both 0; found jump_ms 0"),
            ("\"kind\":\"clock\",\"targets\":{\"nodes\":[\"n4\"]},\"jump_ms\":1", "names the node n4"),
            (
                "\"kind\":\"disk\",\"targets\":{\"nodes\":[\"n2\"]},\"ill\":{\"slow\":{\"delay_ms\":0}}",
                "expected delay_ms from 1 to 3600000, found 0",
            ),
            ("\"kind\":\"disk\",\"targets\":{\"nodes\":[]},\"ill\":\"full\"", "expected at least one node"),
            (
                "\"kind\":\"disk\",\"targets\":{\"nodes\":[\"n1\",\"n2\"]},\"ill\":\"flip\"",
                "flipped on up to 2 of 3 nodes, which then stay down for good; expected at most 1",
            ),
            ("\"kind\":\"kill\",\"targets\":{\"role\":\"witness\"}", "expected upon beside the role witness"),
            ("\"kind\":\"bandwidth\",\"links\":[[\"n1\",\"n2\"]],\"bytes_per_s\":0", "at least 1 byte"),
        ];
        for (body, expected) in cases {
            let error = with_fault(body);
            assert!(error.starts_with("s.json:5: fault 0: "), "{error}");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn ids_order_and_durations_are_checked() {
        let kill = "\"kind\":\"kill\",\"targets\":{\"role\":\"leader\"}";
        let pair =
            |first: &str, second: &str| with_faults(&format!("{{{first},{kill}}},\n{{{second},{kill}}}"));
        let id = pair("\"id\":0,\"at_ms\":5,\"for_ms\":9", "\"id\":2,\"at_ms\":6,\"for_ms\":9");
        assert!(id.starts_with("s.json:6: fault 2: expected the id 1"), "{id}");
        let order = pair("\"id\":0,\"at_ms\":5,\"for_ms\":9", "\"id\":1,\"at_ms\":4,\"for_ms\":9");
        assert!(order.contains("fires at 4 ms, before"), "{order}");
        let duration = pair("\"id\":0,\"at_ms\":5,\"for_ms\":0", "\"id\":1,\"at_ms\":4,\"for_ms\":9");
        assert!(duration.starts_with("s.json:5: fault 0: expected to last"), "{duration}");
        for held in ["\"hold_ms\":3", "\"upon\":\"new-leader\",\"hold_ms\":9"] {
            let hold = with_fault(&format!("{held},{kill}"));
            assert!(hold.starts_with("s.json:5: fault 0: expected hold_ms to stand with upon"), "{hold}");
        }
    }

    #[test]
    fn flips_are_counted_over_the_whole_schedule() {
        let flip = |id: u64, whom: &str| {
            format!(
                "{{\"id\":{id},\"at_ms\":5,\"for_ms\":9,\"kind\":\"disk\",\"targets\":{whom},\"ill\":\"flip\"}}"
            )
        };
        let (leader, second) = ("{\"role\":\"leader\"}", "{\"nodes\":[\"n2\"]}");
        let error = with_faults(&format!("{},\n{}", flip(0, second), flip(1, leader)));
        assert!(error.starts_with("s.json:6: fault 1: with it bits are flipped on up to 2 of 3"), "{error}");
        let same = format!("{},\n{}", flip(0, second), flip(1, second));
        let text = format!("{{\"version\":1,\"nodes\":3,\"faults\":[{same}]}}");
        let read = Schedule::from_json(&text, "s.json").unwrap();
        assert_eq!(Schedule::from_json(&read.to_json(), "s.json").unwrap(), read);
    }

    #[test]
    fn the_version_is_checked() {
        let error = Schedule::from_json("{\"version\":2,\"nodes\":3,\"faults\":[]}", "s.json").unwrap_err();
        assert_eq!(error.to_string(), "s.json:1: expected version 1, found 2");
    }
}
