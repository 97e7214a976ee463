//! All scenarios over all drivers.

use ordalia_conformance::scenarios::failures;
use ordalia_conformance::{HostStage, SimStage};

#[test]
fn the_host_conforms() {
    assert_eq!(failures::<HostStage>(), [""; 0]);
}

#[test]
fn the_simulator_conforms() {
    assert_eq!(failures::<SimStage>(), [""; 0]);
}
