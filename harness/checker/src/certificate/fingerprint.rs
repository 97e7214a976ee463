//! What tells one history from another.

use std::fmt::{self, Write};

use ordalia_history::Operation;
use serde::{Deserialize, Serialize};

/// The number of a history's operations and a checksum over what was asked and answered, in order. Times and
/// the texts of errors are not part of it, so that it stays the same from one format of files to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// How many operations the history has.
    pub operations: u64,
    /// CRC-32 (that of Ethernet and gzip), as eight hexadecimal digits.
    pub crc32: String,
}

impl Fingerprint {
    /// The fingerprint of a history.
    pub fn of(operations: &[Operation]) -> Self {
        let mut checksum = Checksum(crc32fast::Hasher::new());
        for operation in operations {
            let kind = operation.error.as_ref().map(|error| &error.kind);
            let key = operation.key.as_ref();
            // A checksum takes everything that is written to it.
            let _ = writeln!(
                checksum,
                "{} {:?} {} {} {} {:?} {kind:?} {} {:?}",
                operation.process,
                operation.f,
                key.map_or_else(|| "-".to_owned(), ToString::to_string),
                operation.input,
                operation.output,
                operation.outcome,
                operation.invoke_index,
                operation.complete_index,
            );
        }
        Self { operations: operations.len() as u64, crc32: format!("{:08x}", checksum.0.finalize()) }
    }
}

struct Checksum(crc32fast::Hasher);

impl fmt::Write for Checksum {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
