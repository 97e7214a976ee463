//! What the command line may say after the target's name.

use ordalia_node::{BugInfo, NodeConfig, NodeId, OptionInfo, StartError};
use ordalia_raft::bugs::Bugs as CoreBugs;
use ordalia_raft::{joined, options};

use crate::bugs::{self, Bugs};
use crate::ensemble::Settings;

const OWN: &[OptionInfo] = &[OptionInfo {
    name: "ensemble",
    values: &[],
    default: "3",
    draws: &[],
    not_under: &[],
    about: "how many nodes replicate the tree; the others are agents, which take the clients",
}];

/// All options: the core's and the service's own.
pub const INFO: &[OptionInfo] = &joined::<_, { options::INFO.len() + OWN.len() }>(options::INFO, OWN);

/// All defects: the core's and the service's own.
pub const BUGS: &[BugInfo] =
    &joined::<_, { ordalia_raft::bugs::INFO.len() + bugs::INFO.len() }>(ordalia_raft::bugs::INFO, bugs::INFO);

/// The nodes of the ensemble, for the value of `ensemble`: the first so many of all.
pub fn members(nodes: &[NodeId], ensemble: u64) -> &[NodeId] {
    let count = usize::try_from(ensemble).unwrap_or(usize::MAX).clamp(1, nodes.len().max(1));
    nodes.get(..count).unwrap_or(nodes)
}

/// The value of the option `ensemble`.
///
/// # Errors
/// It is no number from 1 on.
pub fn ensemble(value: Option<&str>) -> Result<u64, StartError> {
    let value = value.unwrap_or("3");
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(StartError::Config(format!(
            "option ensemble: expected a whole number from 1, found {value:?}"
        ))),
    }
}

/// Reads options and defects.
///
/// # Errors
/// One is not known, or its value is not; the message names what was expected.
pub fn parse(config: &NodeConfig) -> Result<Settings, StartError> {
    let (core, own) = CoreBugs::parse_among(&config.bugs, BUGS)?;
    let parsed = options::parse_among(&config.options, INFO, core)?;
    Ok(Settings { core: parsed.core, bugs: Bugs::among(&own) })
}
