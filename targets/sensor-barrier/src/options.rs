//! What the command line may say after the target's name.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use ordalia_coordination::ensemble;
use ordalia_coordination::options as service;
use ordalia_node::{BugInfo, NodeConfig, OptionInfo, StartError};
use ordalia_raft::joined;

use crate::bugs::{self, Bugs};

/// The periods that a sensor takes, in ms.
pub const PERIODS_MS: RangeInclusive<u64> = 10..=60_000;
/// Where posts go if nobody says where.
const DEFAULT_API: &str = "http://127.0.0.1:8080/means";
const SESSIONS_MS: RangeInclusive<u64> = 200..=600_000;

const OWN: &[OptionInfo] = &[
    OptionInfo {
        name: "session-timeout-ms",
        values: &[],
        default: "2000",
        draws: &["700", "2000"],
        not_under: &[],
        about: "after so long without a heartbeat the ensemble ends a sensor's session",
    },
    OptionInfo {
        name: "sampling-period-ms",
        values: &[],
        default: "300",
        draws: &["100", "300", "3000"],
        not_under: &[],
        about: "how long a measurement takes, until /config/sampling_period_ms says otherwise",
    },
    OptionInfo {
        name: "api",
        values: &["ok", "slow", "errors", "breaks", "mixed"],
        default: "ok",
        draws: &["ok", "slow", "errors", "breaks", "mixed"],
        not_under: &[],
        about: "what the API does now and then: takes long, answers 500, or breaks the connection",
    },
];

/// All options: the service's and the sensors' own.
pub const INFO: &[OptionInfo] = &joined::<_, { service::INFO.len() + OWN.len() }>(service::INFO, OWN);

/// All defects: the sensors' own and those of the service that show here.
pub const BUGS: &[BugInfo] =
    &joined::<_, { bugs::INFO.len() + bugs::SERVICE.len() }>(bugs::INFO, bugs::SERVICE);

/// How a sensor is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The session's time-out.
    pub session_timeout: Duration,
    /// The period until another is configured.
    pub period_ms: u64,
    /// Where posts go until another address is configured.
    pub api_url: String,
    /// The defects planted.
    pub bugs: Bugs,
}

/// Reads the options of a sensor.
///
/// # Errors
/// One is not known, or its value is not; the message names what was expected.
pub fn sensor(config: &NodeConfig) -> Result<Settings, StartError> {
    check(config)?;
    let number = |name, range: RangeInclusive<u64>| {
        let value = value(&config.options, name);
        let parsed = value.parse().ok().filter(|number| range.contains(number));
        parsed.ok_or_else(|| {
            let (least, most) = range.into_inner();
            StartError::Config(format!("option {name}: expected {least} to {most}, found {value:?}"))
        })
    };
    Ok(Settings {
        session_timeout: Duration::from_millis(number("session-timeout-ms", SESSIONS_MS)?),
        period_ms: number("sampling-period-ms", PERIODS_MS)?,
        api_url: config.options.get(NodeConfig::API_URL).map_or(DEFAULT_API, String::as_str).to_owned(),
        bugs: Bugs::among(&config.bugs),
    })
}

/// Reads the options of a member of the ensemble.
///
/// # Errors
/// As [`sensor`].
pub fn member(config: &NodeConfig) -> Result<ensemble::Settings, StartError> {
    check(config)?;
    let is_services = |name: &String| service::INFO.iter().any(|info| info.name == *name);
    let mut own = config.clone();
    own.options.retain(|name, _| is_services(name));
    own.bugs.retain(|name| service::BUGS.iter().any(|info| info.name == *name));
    service::parse(&own)
}

/// The value of an option, given or its default.
pub(crate) fn value<'a>(options: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    let default = INFO.iter().find(|info| info.name == name).map_or("", |info| info.default);
    options.get(name).map_or(default, String::as_str)
}

fn check(config: &NodeConfig) -> Result<(), StartError> {
    let known = |name: &str| name == NodeConfig::API_URL || INFO.iter().any(|info| info.name == name);
    if let Some(name) = config.options.keys().find(|name| !known(name)) {
        let names: Vec<&str> = INFO.iter().map(|info| info.name).collect();
        let names = names.join(", ");
        return Err(StartError::Config(format!("unknown option {name:?}; known are {names}")));
    }
    if let Some(name) = config.bugs.iter().find(|name| !BUGS.iter().any(|info| info.name == **name)) {
        let names: Vec<&str> = BUGS.iter().map(|info| info.name).collect();
        return Err(StartError::Config(format!("unknown bug {name:?}; known are {}", names.join(", "))));
    }
    Ok(())
}
