//! Which model a history is held against: the one that is named, or the one that its operations' names tell.

use std::collections::BTreeSet;

use ordalia_checker::linearizable::{Examiner, MODELS};
use ordalia_history::{Operation, Outcome};

use crate::args::CheckArgs;
use crate::exit::Failure;

/// The model for histories that hold no operation, and therefore prove nothing.
const FOR_NOTHING: &str = "cas-register";

/// Models by the names of the operations that tell them: a history has some of `all`, at least one of
/// `some`, and no others. The first row that fits counts; a row of several models is no choice.
struct Row {
    models: &'static [&'static str],
    some: &'static [&'static str],
    all: &'static [&'static str],
}

const fn row(
    models: &'static [&'static str],
    some: &'static [&'static str],
    all: &'static [&'static str],
) -> Row {
    Row { models, some, all }
}

const TABLE: &[Row] = &[
    row(&["register"], &["read", "write"], &["read", "write"]),
    row(&["cas-register"], &["cas"], &["read", "write", "cas"]),
    row(
        &["kv"],
        &["get", "put", "append", "delete", "set"],
        &["get", "put", "append", "delete", "set", "cas", "read", "write"],
    ),
    row(
        &["fifo-queue", "unordered-queue", "priority-queue"],
        &["enqueue", "dequeue"],
        &["enqueue", "dequeue"],
    ),
    row(&["stack"], &["push", "pop"], &["push", "pop"]),
    row(
        &["counter"],
        &["increment", "inc", "decrement", "dec"],
        &["increment", "inc", "decrement", "dec", "add", "read"],
    ),
    row(&["leader"], &["leader", "elect", "leads"], &["leader", "elect", "leads"]),
    row(&["barrier"], &["arrive", "pass", "await"], &["arrive", "pass", "await"]),
    row(&["multi-register"], &["txn"], &["txn"]),
];

/// The model for a history, and word on it where it was not named.
///
/// # Errors
/// It is not named, and the operations' names tell none, or several.
pub fn model(named: Option<&str>, operations: &[Operation]) -> Result<String, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    if operations.is_empty() {
        return Ok(FOR_NOTHING.to_owned());
    }
    let names: BTreeSet<&str> = operations.iter().map(|operation| operation.f.as_str()).collect();
    let told = names.iter().copied().collect::<Vec<_>>().join(", ");
    let known: Vec<&str> = told_by(&names, operations).into_iter().filter(is_known).collect();
    match known[..] {
        [one] => {
            eprintln!("ordalia: judged as {one}, for the operations are {told}; --model names another");
            Ok(one.to_owned())
        }
        [] => Err(Failure::usage(format!(
            "no model is told by the operations {told}; name one with --model: {}",
            MODELS.iter().map(|model| model.name).collect::<Vec<_>>().join(", ")
        ))),
        _ => Err(Failure::usage(format!(
            "the operations {told} may be judged as {}; choose with --model",
            known.join(" or ")
        ))),
    }
}

fn is_known(name: &&str) -> bool {
    MODELS.iter().any(|model| model.name == *name)
}

/// The models that the names tell; where these alone do not, with what the operations returned.
fn told_by(names: &BTreeSet<&str>, operations: &[Operation]) -> Vec<&'static str> {
    let only = |all: &[&str]| names.iter().all(|name| all.contains(name));
    let returned = |f: &str, is: fn(&Operation) -> bool| {
        operations.iter().any(|one| one.f == f && one.outcome == Outcome::Ok && is(one))
    };
    if names.contains("add") && only(&["add", "read"]) {
        return match returned("read", |one| one.output.is_number()) {
            true => vec!["counter"],
            false => vec!["set"],
        };
    }
    if names.contains("acquire") && only(&["acquire", "release"]) {
        // A lock that gives fencing tokens returns one with each acquire, other than what was asked for.
        return match returned("acquire", |one| one.output.is_number() && one.output != one.input) {
            true => vec!["fenced-lock"],
            false => vec!["mutex"],
        };
    }
    let fits = |row: &&Row| row.some.iter().any(|name| names.contains(name)) && only(row.all);
    TABLE.iter().find(fits).map_or_else(Vec::new, |row| row.models.to_vec())
}

/// Asks why nothing was found.
///
/// # Errors
/// The model cannot read the history; says where, and which models can.
pub fn check_fits(
    checker: &dyn Examiner,
    args: &CheckArgs,
    model: &str,
    operations: &[Operation],
) -> Result<(), Failure> {
    let Err(unfit) = checker.fits(operations) else { return Ok(()) };
    let fits = |name: &str| {
        let info = MODELS.iter().find(|info| info.name == name && name != model);
        let made = info.and_then(|info| (info.make)(None, "auto").ok());
        made.is_some_and(|other| other.fits(operations).is_ok())
    };
    let others: Vec<&str> = MODELS.iter().map(|info| info.name).filter(|name| fits(name)).collect();
    let file = args.file.display();
    if others.is_empty() {
        // Whatever is asked for, the history has what none can read.
        return Err(Failure::Harness(anyhow::anyhow!("{file}: {unfit}; no other model can read it either")));
    }
    Err(Failure::usage(format!("{file}: {unfit}; it can be judged with --model {}", others.join(" or "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordalia_checker::History;
    use ordalia_history::Event;

    fn operations(lines: &[&str]) -> Vec<Operation> {
        let event = |(index, line): (usize, &&str)| -> Event {
            serde_json::from_str(&format!("{{\"index\":{index},\"time\":{index},{line}}}")).unwrap()
        };
        History::new(lines.iter().enumerate().map(event).collect()).unwrap().operations
    }

    fn told(lines: &[&str]) -> Vec<&'static str> {
        let operations = operations(lines);
        told_by(&operations.iter().map(|operation| operation.f.as_str()).collect(), &operations)
    }

    #[test]
    fn names_and_results_tell_the_model() {
        let invoke = |f: &str| format!(r#""process":1,"type":"invoke","f":"{f}","value":null"#);
        let ok = |f: &str, value: &str| format!(r#""process":1,"type":"ok","f":"{f}","value":{value}"#);
        assert_eq!(told(&[&invoke("read")]), ["register"]);
        assert_eq!(told(&[&invoke("cas")]), ["cas-register"]);
        assert_eq!(told(&[&invoke("append")]), ["kv"]);
        assert_eq!(told(&[&invoke("frob")]), [""; 0]);
        assert_eq!(told(&[&invoke("enqueue")]).len(), 3);
        assert_eq!(told(&[&invoke("add"), &ok("add", "1"), &invoke("read"), &ok("read", "[1]")]), ["set"]);
        assert_eq!(told(&[&invoke("add"), &ok("add", "1"), &invoke("read"), &ok("read", "1")]), ["counter"]);
        assert_eq!(told(&[&invoke("acquire"), &ok("acquire", "null")]), ["mutex"]);
        assert_eq!(told(&[&invoke("acquire"), &ok("acquire", "7")]), ["fenced-lock"]);
    }
}
