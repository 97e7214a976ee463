//! What systems are measured by beside each other: half reads, half writes, over twelve keys.
//!
//! The n-th operation is a function of n alone, so every system is asked the same questions.

use ordalia_checker::Checker;
use ordalia_history::Value;
use ordalia_node::{Answer, ErrorCode, Key, Refusal, Request, RequestKind};
use ordalia_workload::{Completion, Generator, Op, Reply, Workload, generators};

/// How many keys there are.
const KEYS: u64 = 12;

/// The workload. Nothing of it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Halves;

/// The n-th operation. The product spreads neighbouring numbers evenly (Knuth, *The Art of Computer
/// Programming*, vol. 3, §6.4: Fibonacci hashing), so kinds and keys show no pattern.
fn operation(n: u64) -> Op {
    let hash = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let key = Some(Value::from(format!("k{}", (hash >> 1) % KEYS)));
    let (f, value) = if hash & 1 == 0 { ("read", Value::Null) } else { ("write", Value::from(n)) };
    Op { f, key, value }
}

impl Workload for Halves {
    fn name(&self) -> &'static str {
        "halves"
    }

    fn asks(&self) -> &'static [RequestKind] {
        &[RequestKind::Read, RequestKind::Write]
    }

    fn load(&self) -> Box<dyn Generator> {
        Box::new(generators::ops((0..).map(operation)))
    }

    fn closing(&self, _invoked: u64) -> Box<dyn Generator> {
        Box::new(generators::ops(std::iter::empty()))
    }

    fn request(&self, op: &Op) -> Request {
        let key = Key::new(op.key.as_ref().and_then(Value::as_str).unwrap_or_default());
        match op.f {
            "write" => Request::Write { key, value: op.value.clone() },
            _ => Request::Read { key },
        }
    }

    fn complete(&self, op: &Op, request: &Request, reply: Reply) -> Completion {
        match reply {
            Reply::Answer(Answer::ReadOk { value }) => Completion::ok(value),
            Reply::Answer(Answer::WriteOk) => Completion::ok(op.value.clone()),
            Reply::Refused(Refusal { code: ErrorCode::KeyDoesNotExist, .. }) => Completion::ok(Value::Null),
            reply => Completion::unanswered(op, request, reply),
        }
    }

    fn checkers(&self) -> Vec<Box<dyn Checker>> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn half_of_it_reads_and_no_key_is_preferred() {
        let ops: Vec<Op> = (0..12_000).map(operation).collect();
        let reads = ops.iter().filter(|op| op.f == "read").count();
        assert!((5_800..6_200).contains(&reads), "{reads}");
        let mut keys: BTreeMap<String, usize> = BTreeMap::new();
        for op in &ops {
            *keys.entry(format!("{:?} {}", op.key, op.f)).or_default() += 1;
        }
        assert_eq!(keys.len(), 24);
        assert!(keys.values().all(|count| (350..650).contains(count)), "{keys:?}");
    }
}
