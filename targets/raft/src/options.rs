//! The options of the core, which a target declares as its own.

use std::collections::BTreeMap;
use std::time::Duration;

use ordalia_node::{OptionInfo, StartError};

use crate::bugs::Bugs;
use crate::{Reads, Settings};

/// What the command line may say after the target's name: the part that the core reads.
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

/// What a target that has options of its own is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The core's settings.
    pub core: Settings,
    /// The values of the target's own options, each given or its default.
    pub own: BTreeMap<&'static str, String>,
}

/// Reads the options, of the core's only.
///
/// # Errors
/// An option or its value is not known; the message names what was expected.
pub fn parse(options: &BTreeMap<String, String>, bugs: Bugs) -> Result<Settings, StartError> {
    parse_among(options, INFO, bugs).map(|parsed| parsed.core)
}

/// Reads the options of a target that has some of its own too. `known` is all that it declares; a default
/// that it declares for one of the core's options holds.
///
/// # Errors
/// An option, or the value of one of the core's, is not known; the message names what was expected.
pub fn parse_among(
    options: &BTreeMap<String, String>,
    known: &[OptionInfo],
    bugs: Bugs,
) -> Result<Parsed, StartError> {
    if let Some(name) = options.keys().find(|name| !known.iter().any(|info| info.name == **name)) {
        let known: Vec<&str> = known.iter().map(|info| info.name).collect();
        let known = known.join(", ");
        return Err(StartError::Config(format!("unknown option {name:?}; known are {known}")));
    }
    let mut core = Settings { bugs, ..Settings::default() };
    let mut own = BTreeMap::new();
    for info in known {
        let value = options.get(info.name).map_or(info.default, String::as_str);
        if !set(&mut core, info.name, value)? {
            own.insert(info.name, value.to_owned());
        }
    }
    Ok(Parsed { core, own })
}

/// Sets one of the core's options. False if it is none.
fn set(settings: &mut Settings, name: &str, value: &str) -> Result<bool, StartError> {
    match name {
        "reads" => settings.reads = reads(value)?,
        "election-timeout-ms" => {
            settings.election_timeout = Duration::from_millis(number(name, value, 10, 3_600_000)?);
        }
        "snapshot-every" => {
            settings.snapshot_every = number(name, value, 1, u64::MAX)?;
            settings.retained = settings.retained.min(settings.snapshot_every);
        }
        _ => return Ok(false),
    }
    Ok(true)
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

/// The value of an option that takes a number.
///
/// # Errors
/// It is not a number, or out of bounds; the message names the option and what was expected.
pub fn number(name: &str, value: &str, least: u64, most: u64) -> Result<u64, StartError> {
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

    #[test]
    fn a_targets_own_options_are_given_back_and_its_defaults_hold() {
        let own = OptionInfo { name: "tick-ms", values: &[], default: "100", ..INFO[1] };
        let known = [OptionInfo { default: "local", ..INFO[0] }, INFO[2], own];
        let options = BTreeMap::from([("snapshot-every".to_owned(), "7".to_owned())]);
        let parsed = parse_among(&options, &known, Bugs::default()).unwrap();
        let expected =
            Settings { reads: Reads::Local, snapshot_every: 7, retained: 7, ..Settings::default() };
        assert_eq!(parsed.core, expected);
        assert_eq!(parsed.own, BTreeMap::from([("tick-ms", "100".to_owned())]));
        let given = BTreeMap::from([("tick-ms".to_owned(), "9".to_owned())]);
        assert_eq!(parse_among(&given, &known, Bugs::default()).unwrap().own["tick-ms"], "9");
        let unknown = BTreeMap::from([("ticks".to_owned(), "9".to_owned())]);
        let error = parse_among(&unknown, &known, Bugs::default()).unwrap_err().to_string();
        assert!(error.contains("reads") && error.contains("tick-ms"), "{error}");
    }
}
