//! Proofs of verdicts, to be checked by others.
//!
//! A certificate says what a history is held against and why the verdict is right: for a valid history an
//! order of each key's operations, for an invalid one a few operations that cannot be ordered. [`verify`] checks
//! it against the history and the model alone, with none of the code that found it.
//!
//! As JSON, with operations named by the index of their invocation:
//! ```json
//! {"ordalia_certificate": 1, "model": "register", "initial": null,
//!  "history": {"operations": 3, "crc32": "5f0c1a2b"}, "valid": true,
//!  "keys": [{"key": "k1", "linearization": [0, 4, 2]}]}
//! ```
//! or with `"valid": false` and, in place of the keys,
//! `"violation": {"key": "k1", "until": 9, "operations": [0, 4], "open": [4]}`.

mod fingerprint;
mod verify;

use std::io::{self, Read, Write};

use ordalia_history::Value;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::linearizable::{Core, Examination};
use crate::{History, Verdict};

pub use fingerprint::Fingerprint;
pub(crate) use verify::verify;
pub use verify::{Proved, Refusal};

/// The version of the form.
const VERSION: u32 = 1;

/// A proof that a history is linearizable, or that it is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The version of this form, 1.
    #[serde(rename = "ordalia_certificate")]
    pub version: u32,
    /// The name of the model.
    pub model: String,
    /// What each object holds at first; absent where the model says.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub initial: Option<Value>,
    /// The history that is spoken of.
    pub history: Fingerprint,
    /// What is proved.
    pub valid: bool,
    /// Where valid, an order for each key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyOrder>,
    /// Where not, what cannot be ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<Violation>,
}

/// A legal order of one key's operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOrder {
    /// The key; absent in a test of a single object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// The operations that took effect, by the index of their invocation.
    pub linearization: Vec<u64>,
}

/// Operations of one key that cannot be ordered, and stand for all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// The key; absent in a test of a single object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// The last event that counts; absent where all do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The operations, by the index of their invocation.
    pub operations: Vec<u64>,
    /// Of these the ones whose completion is forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<u64>,
}

/// Why there is nothing to certify.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoProof {
    /// The verdict is unknown.
    #[error("the verdict is unknown, and there is no proof of that")]
    Unknown,
    /// The history is invalid, but no operations were found that prove it.
    #[error("no operations were found that prove the violation")]
    NoCore,
}

/// Why a certificate could not be read or written.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no certificate.
    #[error("line {line}: expected a certificate, as `ordalia check --certificate` writes it: {source}")]
    Shape {
        /// The line, from 1.
        line: usize,
        /// What the parser found.
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error("expected a certificate of version {VERSION}, found version {0}")]
    Version(u32),
}

impl Certificate {
    /// The certificate of what was found. The model and the initial value are those that the history was held
    /// against; an invalid verdict needs a core that proves it.
    ///
    /// # Errors
    /// Nothing was proved.
    pub fn of(
        model: &str,
        initial: Option<&Value>,
        history: &History,
        found: &Examination,
        core: Option<&Core>,
    ) -> Result<Self, NoProof> {
        let invoked = |positions: &[usize]| -> Vec<u64> {
            positions.iter().filter_map(|at| Some(history.operations.get(*at)?.invoke_index)).collect()
        };
        let (mut keys, mut violation) = (Vec::new(), None);
        match found.judgement.valid {
            Verdict::Unknown => return Err(NoProof::Unknown),
            Verdict::Valid => keys.extend(
                found
                    .keys
                    .iter()
                    .map(|key| KeyOrder { key: key.key.clone(), linearization: invoked(&key.order) }),
            ),
            Verdict::Invalid => {
                let core = core.filter(|core| core.sound).ok_or(NoProof::NoCore)?;
                let (operations, open) = (invoked(&core.operations), invoked(&core.open));
                violation = Some(Violation { key: core.key.clone(), until: core.until, operations, open });
            }
        }
        Ok(Self {
            version: VERSION,
            model: model.to_owned(),
            initial: initial.cloned(),
            history: Fingerprint::of(&history.operations),
            valid: violation.is_none(),
            keys,
            violation,
        })
    }

    /// Reads a certificate.
    ///
    /// # Errors
    /// It cannot be read, or is none of this version.
    pub fn read(mut reader: impl Read) -> Result<Self, CertificateError> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text)?;
        let shape = |source: serde_json::Error| CertificateError::Shape { line: source.line(), source };
        let Version { version } = serde_json::from_slice(&text).map_err(shape)?;
        if version != VERSION {
            return Err(CertificateError::Version(version));
        }
        serde_json::from_slice(&text).map_err(shape)
    }

    /// Writes it as JSON, each key's order on one line.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, mut writer: impl Write) -> io::Result<()> {
        let head = Self { keys: Vec::new(), ..self.clone() };
        let head = serde_json::to_string(&head)?;
        if self.keys.is_empty() {
            return writeln!(writer, "{head}");
        }
        writeln!(writer, "{},\n\"keys\":[", head.strip_suffix('}').unwrap_or(&head))?;
        for (number, key) in self.keys.iter().enumerate() {
            let comma = if number + 1 < self.keys.len() { "," } else { "" };
            serde_json::to_writer(&mut writer, key)?;
            writeln!(writer, "{comma}")?;
        }
        writeln!(writer, "]}}")
    }
}

/// What every version has.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "ordalia_certificate")]
    version: u32,
}

/// A field that is there, whatever it holds: null is a value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn certificate(keys: Vec<KeyOrder>) -> Certificate {
        Certificate {
            version: VERSION,
            model: "register".to_owned(),
            initial: Some(Value::Null),
            history: Fingerprint::of(&[]),
            valid: true,
            keys,
            violation: None,
        }
    }

    fn written(certificate: &Certificate) -> String {
        let mut text = Vec::new();
        certificate.write(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn certificates_read_back_as_written() {
        let order = |key| KeyOrder { key, linearization: vec![3, 1] };
        for keys in [vec![], vec![order(None)], vec![order(Some(json!("k"))), order(Some(json!(2)))]] {
            let mut certificate = certificate(keys);
            for initial in [None, Some(Value::Null), Some(json!({"a": {}}))] {
                certificate.initial = initial;
                assert_eq!(Certificate::read(written(&certificate).as_bytes()).unwrap(), certificate);
            }
        }
        let violation = Violation { key: None, until: Some(9), operations: vec![1, 4], open: vec![4] };
        let refuted = Certificate { valid: false, violation: Some(violation), ..certificate(vec![]) };
        assert_eq!(Certificate::read(written(&refuted).as_bytes()).unwrap(), refuted);
    }

    #[test]
    fn what_is_no_certificate_is_refused_with_the_reason() {
        let refusal = |text: &str| Certificate::read(text.as_bytes()).unwrap_err().to_string();
        assert!(refusal("{\"valid\":\n3").starts_with("line 2: expected a certificate"), "{}", refusal("3"));
        let other = written(&certificate(vec![])).replace("certificate\":1", "certificate\":2");
        assert_eq!(refusal(&other), "expected a certificate of version 1, found version 2");
        let odd = written(&certificate(vec![])).replace("\"model\"", "\"modell\"");
        assert!(refusal(&odd).contains("modell"), "{}", refusal(&odd));
    }
}
