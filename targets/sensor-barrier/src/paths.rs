//! Where things are in the tree.

use ordalia_node::NodeId;

/// Who is there.
pub const SENSORS: &str = "/sensors";
/// The candidates.
pub const ELECTION: &str = "/election";
/// Who leads; its version is the fence.
pub const LEADER: &str = "/leader";
/// All rounds.
pub const ROUNDS: &str = "/rounds";
/// The number of the round.
pub const CURRENT: &str = "/current";
/// The passes of all.
pub const COUNTER: &str = "/counter";

/// The settings.
pub const CONFIG: &str = "/config";

/// One round.
pub fn round(number: u64) -> String {
    format!("{ROUNDS}/{number}")
}

/// One sensor's measurement.
pub fn measurement(number: u64, sensor: &str) -> String {
    format!("{ROUNDS}/{number}/{MEASURED}{sensor}")
}

/// How the names of measurements begin.
pub const MEASURED: &str = "m-";

/// That one sensor's pass is counted.
pub fn pass(number: u64, sensor: &str) -> String {
    format!("{ROUNDS}/{number}/p-{sensor}")
}

/// The round's mean.
pub fn mean(number: u64) -> String {
    format!("{ROUNDS}/{number}/mean")
}

/// What is there once the round's barrier is open.
pub fn released(number: u64) -> String {
    format!("{ROUNDS}/{number}/released")
}

/// A setting.
pub fn config(name: &str) -> String {
    format!("{CONFIG}/{name}")
}

/// Whether that is a node's name. Other names among the sensors are nobody's.
pub fn is_sensor(name: &str) -> bool {
    name.parse::<NodeId>().is_ok()
}
