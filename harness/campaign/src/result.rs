//! What a job came to.

use ordalia_checker::{TestVerdict, Verdict};
use ordalia_measure::Figures;
use serde::{Deserialize, Serialize};

/// What one checker held against a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// The checker's name; `harness` where the test could not be carried through.
    pub checker: String,
    /// Unknown or invalid.
    pub verdict: Verdict,
    /// Its first reason, or nothing where it gave none.
    pub why: String,
}

/// What a job came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// The verdict.
    pub verdict: Verdict,
    /// What was held against it, the worst first; empty where it is valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<Complaint>,
    /// The run's folder, relative to the folder of results; absent where nothing was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The command that repeats it.
    pub repeat: String,
    /// How long it took, in milliseconds of real time.
    pub wall_ms: u64,
    /// Its figures; absent where it could not be carried through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
}

impl JobResult {
    /// The result of a test that the harness could not carry through: nothing is known.
    pub fn failed(why: String, folder: Option<String>, repeat: String, wall_ms: u64) -> Self {
        let complaint = Complaint { checker: "harness".to_owned(), verdict: Verdict::Unknown, why };
        Self {
            verdict: Verdict::Unknown,
            complaints: vec![complaint],
            folder,
            repeat,
            wall_ms,
            figures: None,
        }
    }
}

/// What the checkers hold against a run, the worst first, by name among equals.
pub fn complaints(verdict: &TestVerdict) -> Vec<Complaint> {
    let blamed = verdict.checkers.iter().filter(|(_, judgement)| judgement.valid != Verdict::Valid);
    let mut complaints: Vec<Complaint> = blamed
        .map(|(checker, judgement)| Complaint {
            checker: checker.clone(),
            verdict: judgement.valid,
            why: judgement.reasons.first().cloned().unwrap_or_default(),
        })
        .collect();
    complaints.sort_by(|a, b| (b.verdict, &a.checker).cmp(&(a.verdict, &b.checker)));
    complaints
}

/// Figures that a file can hold: JSON has no infinite numbers, and a journal must read back. `None` of others.
pub fn storable(figures: Figures) -> Option<Figures> {
    let text = serde_json::to_string(&figures).ok()?;
    serde_json::from_str::<Figures>(&text).is_ok().then_some(figures)
}
