//! What the tests of the program have in common.

// Each test file is a program of its own and uses its part of this; and what tests share is not a test to
// the lint, though a panic is its way to fail as well.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program under test.
pub fn ordalia() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ordalia"));
    command.stdin(Stdio::null());
    command
}

/// What the program did with these arguments.
pub fn ordalia_with(args: &[&str]) -> Output {
    ordalia().args(args).output().unwrap()
}

/// A folder for results, removed at the end of the test.
pub fn results() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The exit status.
pub fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// What was written to the standard error.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The newest run in a folder of results.
pub fn latest(results: &Path) -> PathBuf {
    results.join("latest")
}

/// A JSON file.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The processes whose command line names this folder, as the nodes of a run in it do.
pub fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap().as_bytes();
    let names_folder = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.windows(folder.len()).any(|window| window == folder)
            && line.windows(6).any(|part| part == b"\0node\0")
    };
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(names_folder).collect()
}
