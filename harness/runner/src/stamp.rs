//! What tells one run from another: the time and the build.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The form of a time in the name of a folder.
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// The present time in UTC, in a `strftime` form.
pub(crate) fn now_text(form: &str) -> String {
    Timestamp::now().strftime(form).to_string()
}

/// The CRC-32 of the running executable, in hexadecimal; `unknown` where it cannot be read.
pub fn binary_checksum() -> String {
    let program = std::env::current_exe().and_then(fs::read);
    program.map_or_else(|_| "unknown".to_owned(), |bytes| format!("{:08x}", crc32fast::hash(&bytes)))
}

/// The present time as it stands in `run.json`.
pub fn time_text() -> String {
    now_text("%Y-%m-%dT%H:%M:%SZ")
}

/// The time so long ago as it would stand in the name of a run's folder; such names are ordered as their times are.
pub fn time_stamp_before(span: Duration) -> String {
    let then = SignedDuration::try_from(span).ok().and_then(|span| Timestamp::now().checked_sub(span).ok());
    then.unwrap_or(Timestamp::MIN).strftime(STAMP).to_string()
}

/// The present time as it stands in the name of a run's folder.
pub fn time_stamp() -> String {
    now_text(STAMP)
}
