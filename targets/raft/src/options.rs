//! The options of the core, which a target declares as its own.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{OptionInfo, StartError};

use crate::bugs::Bugs;
use crate::{Reads, Settings};

/// What the command line may say after the target's name.
pub const INFO: &[OptionInfo] = &[
    OptionInfo {
        name: "reads",
        values: &["read-index", "lease", "local"],
        default: "read-index",
        draws: &[],
        // A lease trusts that clocks run at about the same rate.
        not_under: &[("lease", "clock")],
        about: "how reads are served; local is not linearizable, on purpose",
    },
    OptionInfo {
        name: "election-timeout-ms",
        values: &[],
        default: "300",
        draws: &[],
        not_under: &[],
        about: "the shortest election time-out; the longest is twice that, the heartbeat a sixth",
    },
    OptionInfo {
        name: "snapshot-every",
        values: &[],
        default: "1000",
        draws: &["10", "50", "1000"],
        not_under: &[],
        about: "entries applied between two snapshots",
    },
];

/// Reads the options.
///
/// # Errors
/// An option or its value is not known; the message names what was expected.
pub fn parse(options: &BTreeMap<String, String>, bugs: Bugs) -> Result<Settings, StartError> {
    let mut settings = Settings { bugs, ..Settings::default() };
    for (name, value) in options {
        match name.as_str() {
            "reads" => settings.reads = reads(value)?,
            "election-timeout-ms" => {
                settings.election_timeout = Duration::from_millis(number(name, value, 10, 3_600_000)?);
            }
            "snapshot-every" => {
                settings.snapshot_every = number(name, value, 1, u64::MAX)?;
                settings.retained = settings.retained.min(settings.snapshot_every);
            }
            _ => {
                let known: Vec<&str> = INFO.iter().map(|info| info.name).collect();
                let known = known.join(", ");
                return Err(StartError::Config(format!("unknown option {name:?}; known are {known}")));
            }
        }
    }
    Ok(settings)
}

fn reads(value: &str) -> Result<Reads, StartError> {
    match value {
        "read-index" => Ok(Reads::ReadIndex),
        "lease" => Ok(Reads::Lease),
        "local" => Ok(Reads::Local),
        _ => Err(StartError::Config(format!(
            "option reads: expected read-index, lease or local, found {value:?}"
        ))),
    }
}

fn number(name: &str, value: &str, least: u64, most: u64) -> Result<u64, StartError> {
    match value.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(StartError::Config(format!(
            "option {name}: expected a whole number from {least} to {most}, found {value:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_one(name: &str, value: &str) -> Result<Settings, StartError> {
        parse(&BTreeMap::from([(name.to_owned(), value.to_owned())]), Bugs::default())
    }

    #[test]
    fn defaults_are_the_declared_ones() {
        let settings = parse(&BTreeMap::new(), Bugs::default()).unwrap();
        for info in INFO {
            assert_eq!(parse_one(info.name, info.default).unwrap(), settings, "{}", info.name);
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (name, value, said) in [
            ("reads", "quorum", "read-index"),
            ("snapshot-every", "0", "from 1"),
            ("election-timeout-ms", "fast", "\"fast\""),
            ("colour", "red", "snapshot-every"),
        ] {
            let error = parse_one(name, value).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
