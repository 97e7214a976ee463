//! Defects that were found once, each kept as the smallest test that shows it: `NAME.json` holds what `ordalia sim --repeat`
//! takes, and under `because` the checker that finds fault and words that its sentence must have.
//!
//! With its defect the test is invalid and names the culprit; without, it is valid.

use std::collections::BTreeMap;
use std::path::Path;

use ordalia_checker::{Budget, TestVerdict, Verdict};
use ordalia_sensor_barrier::SensorBarrier;
use ordalia_sim::{SimSettings, Watch, simulate};
use ordalia_workload::WorkloadSettings;

/// How many seeds are tried, from the one that is kept.
const SEEDS: usize = 6;

/// A test that is kept.
#[derive(serde::Deserialize)]
struct Kept {
    workload: String,
    settings: SimSettings,
    because: BTreeMap<String, Vec<String>>,
}

fn judged(workload: &str, settings: &SimSettings) -> TestVerdict {
    let info = ordalia_workloads::find(workload).unwrap();
    let SimSettings { seed, concurrency: threads, rate, .. } = *settings;
    let workload = (info.make)(&WorkloadSettings { seed, threads, rate });
    let run = simulate::<SensorBarrier>(settings, workload.as_ref(), Watch::default());
    run.judge(settings, workload.as_ref(), &Budget::default()).unwrap()
}

/// Whether each of those checkers finds fault, with those words, and names a round and a sensor.
fn is_found(because: &BTreeMap<String, Vec<String>>, verdict: &TestVerdict) -> bool {
    because.iter().all(|(checker, words)| {
        let judgement = &verdict.checkers[checker];
        let told = judgement.reasons.join("\n");
        let mut found = judgement.valid == Verdict::Invalid && words.iter().all(|word| told.contains(word));
        let named = |finding: &serde_json::Value| finding["round"].is_u64() && finding["sensor"].is_string();
        found &= judgement
            .details
            .get("findings")
            .and_then(serde_json::Value::as_array)
            .is_some_and(|all| all.iter().any(named));
        found
    })
}

/// A change of the system sends the dice another way, so the defect may take one of a few seeds to show again.
fn repeat(name: &str) {
    let name = name.replace('_', "-");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/regressions/{name}.json"));
    let kept: Kept = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept.settings.target.bugs, [name.as_str()]);
    let mut settings = kept.settings;
    let mut told = Vec::new();
    for seed in (settings.seed..).take(SEEDS) {
        settings.seed = seed;
        let verdict = judged(&kept.workload, &settings);
        if is_found(&kept.because, &verdict) {
            settings.target.bugs.clear();
            let sound = judged(&kept.workload, &settings);
            assert_eq!(sound.valid, Verdict::Valid, "{name} of seed {seed}, sound: {sound:#?}");
            return;
        }
        told.push((seed, verdict.checkers));
    }
    panic!("{name}: expected {:?}, found {told:#?}", kept.because);
}

macro_rules! kept {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            repeat(stringify!($name));
        })*
    };
}

kept! { barrier_timeout session_idle two_leaders early_release double_post lost_increment }
