//! Histories of other tools, recorded and judged by them: ours must come to the same verdicts.
//!
//! The environment variable ORDALIA_CORPUS names the folder that holds them, with a table `verdicts.tsv`
//! of file, format, model, initial value and verdict. They belong to other projects and are not kept here;
//! the program itself is tried with small histories of ours.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ordalia_checker::certificate::Proved;
use ordalia_checker::linearizable::{ALGORITHMS, Examiner};
use ordalia_checker::{Budget, Certificate, History, Verdict, examiner, initial_value};
use ordalia_history::{Format, Value, read, read_auto};
use support::{complaint, ordalia_with, results, status};

/// What judging one history may spend.
const BUDGET: Budget = Budget { time: Duration::from_secs(60), memory_bytes: 1 << 30 };

/// Files for which the Wing–Gong search does not suffice, with the reason. They are judged all the same,
/// and must not get the wrong verdict; one that gets the right verdict must leave this list.
const AWAITING_A_FASTER_ENGINE: [&str; 0] = [];

/// The models of the table that are not known as yet. All other rows are judged.
const NOT_YET: [&str; 1] = ["list-append"];

/// One row of the table.
struct Row<'a> {
    file: &'a str,
    format: &'a str,
    model: &'a str,
    initial: &'a str,
    verdict: &'a str,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Self {
        match line.split('\t').collect::<Vec<_>>()[..] {
            [file, format, model, initial, verdict] => Self { file, format, model, initial, verdict },
            _ => panic!("expected five columns in verdicts.tsv, found {line:?}"),
        }
    }

    fn format(&self) -> Format {
        match self.format {
            "jsonl" => Format::Jsonl,
            "edn" => Format::Edn,
            "porcupine" => Format::Porcupine,
            other => panic!("{}: no format {other:?} is known", self.file),
        }
    }

    /// The model's checker with that algorithm; `None` where the row is not of a kind that is known as yet.
    fn checker_by(&self, algorithm: &str) -> Option<Box<dyn Examiner>> {
        if NOT_YET.contains(&self.model) {
            return None;
        }
        Some(examiner(self.model, Some(&self.initial()), algorithm).unwrap())
    }

    /// The same with the algorithm that is best.
    fn checker(&self) -> Option<Box<dyn Examiner>> {
        self.checker_by("auto")
    }

    fn initial(&self) -> Value {
        match self.initial {
            "-" => Value::Null,
            text => initial_value(text).unwrap_or_else(|error| panic!("{}: {error}", self.file)),
        }
    }

    fn expected(&self) -> Verdict {
        match self.verdict {
            "valid" => Verdict::Valid,
            "invalid" => Verdict::Invalid,
            other => panic!("{}: no verdict {other:?} is known", self.file),
        }
    }
}

/// Whether that verdict is all that can be asked for as yet.
fn awaits_a_faster_engine(row: &Row<'_>, verdict: Verdict) -> bool {
    verdict == Verdict::Unknown && AWAITING_A_FASTER_ENGINE.contains(&row.file)
}

/// The rows of the table in the corpus, each given to a function; skipped, and said so, where there is
/// no corpus. The line goes past the capture of tests' output, which would swallow it.
fn for_each_row(test: &str, mut judge: impl FnMut(&Path, &Row<'_>)) -> bool {
    let Some(folder) = std::env::var_os("ORDALIA_CORPUS") else {
        let reason = "skipped, for ORDALIA_CORPUS names no folder of recorded histories";
        let mut out = io::stderr();
        writeln!(out, "{test}: {reason}").unwrap();
        return false;
    };
    let table = Path::new(&folder).join("verdicts.tsv");
    let table = fs::read_to_string(&table).unwrap_or_else(|error| panic!("{}: {error}", table.display()));
    for line in table.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let row = Row::parse(line);
        judge(&Path::new(&folder).join(row.file), &row);
    }
    true
}

#[test]
fn recorded_histories_are_read_and_tell_their_format() {
    for_each_row("recorded_histories_are_read_and_tell_their_format", |path, row| {
        let named = read(path, row.format()).unwrap_or_else(|error| panic!("{error}"));
        let told = read_auto(path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!named.events.is_empty(), "{}: no events", row.file);
        assert!(
            named.events == told.events,
            "{}: read otherwise when its content tells the format",
            row.file
        );
        History::new(named.events).unwrap_or_else(|error| panic!("{}: {error}", row.file));
    });
}

#[test]
fn recorded_histories_get_their_known_verdicts() {
    let mut judged = Vec::new();
    let mut wrong = Vec::new();
    let ran = for_each_row("recorded_histories_get_their_known_verdicts", |path, row| {
        let mut recorded = read(path, row.format()).unwrap();
        recorded.forget_unknown_reads(&row.initial());
        let history = History::new(recorded.events).unwrap();
        for (algorithm, _) in ALGORITHMS {
            let Some(checker) = row.checker_by(algorithm) else { return };
            let begun = Instant::now();
            let judgement = checker.check(&history, &BUDGET);
            let name = format!("{} by {algorithm}", row.file);
            if judgement.valid != row.expected() && !awaits_a_faster_engine(row, judgement.valid) {
                let found = judgement.valid;
                wrong.push(format!("{name}: {found}, not {}: {:?}", row.verdict, judgement.reasons));
            }
            judged.push((begun.elapsed(), name));
        }
    });
    if ran {
        assert!(!judged.is_empty(), "the corpus has no history for a model that is known");
        judged.sort_by(|left, right| right.cmp(left));
        let mut out = io::stderr();
        writeln!(out, "{} verdicts, {} of them wrong; the slowest:", judged.len(), wrong.len()).unwrap();
        for (elapsed, file) in judged.iter().take(5) {
            writeln!(out, "  {:>9.1} ms  {file}", elapsed.as_secs_f64() * 1e3).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn verdicts_on_recorded_histories_have_certificates_that_hold() {
    let mut told = String::new();
    let mut failures = Vec::new();
    let test = "verdicts_on_recorded_histories_have_certificates_that_hold";
    let ran = for_each_row(test, |path, row| {
        let Some(checker) = row.checker() else { return };
        let mut recorded = read(path, row.format()).unwrap();
        recorded.forget_unknown_reads(&row.initial());
        let history = History::new(recorded.events).unwrap();
        let found = checker.examine(&history, &BUDGET, &Arc::default());
        let begun = Instant::now();
        let failing = found.first_failure(&history);
        let shrunk = failing.and_then(|key| checker.shrink(&history, key, &BUDGET));
        let (shrinking, begun) = (begun.elapsed(), Instant::now());
        let core = shrunk.as_ref().map(|shrunk| &shrunk.proof);
        let certificate = Certificate::of(row.model, Some(&row.initial()), &history, &found, core);
        let proved = certificate.map_err(|error| error.to_string()).and_then(|certificate| {
            checker.verify(&history, &certificate).map_err(|error| error.to_string())
        });
        match proved {
            Ok(Proved::Valid { .. }) if row.verdict == "valid" => {}
            Ok(Proved::Invalid { .. }) if row.verdict == "invalid" => {}
            other => failures.push(format!("{}: {other:?}", row.file)),
        }
        if let Some(shrunk) = shrunk {
            let events = shrunk.shown().events(&history.operations);
            let alone = History::new(events).unwrap();
            assert_eq!(checker.check(&alone, &BUDGET).valid, Verdict::Invalid, "{}", row.file);
            let (proof, shown) = (shrunk.proof.operations.len(), shrunk.shown().operations.len());
            let all = history.operations.len();
            told += &format!(
                "  {}: {all} operations, {proof} in the proof, {shown} shown; cut down in {shrinking:.1?}, verified in {:.1?}\n",
                row.file,
                begun.elapsed()
            );
        }
    });
    if ran {
        io::stderr().write_all(told.as_bytes()).unwrap();
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the program makes of a history with this text: its exit status and its complaint.
fn checked(text: &str, args: &[&str]) -> (i32, String) {
    let folder = results();
    let path = folder.path().join("history");
    fs::write(&path, text).unwrap();
    let output = ordalia_with(&[&["check", path.to_str().unwrap()], args].concat());
    (status(&output), complaint(&output))
}

#[test]
fn the_program_judges_other_tools_histories() {
    let edn = "{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 1}\n\
               {:process 1 :type :invoke :f :read}\n{:process 1 :type :ok :f :read :value 1}\n";
    let lost = edn.replace(":read :value 1", ":read :value nil");
    let log = "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0\t:fail\t:cas\t[1 2]\n";
    for format in ["auto", "edn"] {
        assert_eq!(checked(edn, &["--format", format]).0, 0);
        assert_eq!(checked(&lost, &["--format", format]).0, 1);
    }
    for format in ["auto", "porcupine"] {
        assert_eq!(checked(log, &["--format", format]).0, 0);
        assert_eq!(checked(log, &["--format", format, "--initial", "1"]).0, 1);
    }
    // What Knossos takes for unknown is so taken only with a word on it.
    let (status, complaint) = checked(&lost, &["--initial", "0"]);
    assert_eq!(status, 0, "{complaint}");
    assert!(complaint.contains("1 reads of nil are taken for reads of unknown values"), "{complaint}");
}

#[test]
fn the_program_names_the_file_and_the_line_of_damage() {
    for (text, format, words) in [
        ("\n{:process 0 :type :invoke :f", "auto", "history:2: expected } to close the {"),
        ("\n{:process 0 :type :invoke :f", "edn", "history:2: expected } to close the {"),
        ("INFO  jepsen.util - 0 :invoke :pop nil", "auto", "history:1: expected the operation :read"),
        ("\nnonsense", "porcupine", "history:2: expected a line such as"),
        ("\nnonsense", "auto", "history:2: expected a history as JSON Lines"),
        ("{:process 0}\n{:process 1}\n", "jsonl", "history:1: expected an event"),
    ] {
        let (status, complaint) = checked(text, &["--format", format]);
        assert!(status == 255 && complaint.contains(words), "{text}: {status}: {complaint}");
    }
    assert_eq!(checked("", &["--format", "xml"]).0, 254);
}
