//! The verdict as a person reads it on a terminal.

use std::fmt::Write as _;
use std::io::Write as _;

use ordalia_checker::{Judgement, TestVerdict, Verdict};
use serde_json::{Map, Value};

use super::properties::LINEARIZABLE;
use crate::args::CheckArgs;

/// Prints the verdict, what it rests on, and what can be done next.
pub fn tell(verdict: &TestVerdict, args: &CheckArgs) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if verdict.checkers.len() > 1 {
        writeln!(out, "{}\n", verdict.valid)?;
    }
    for (name, judgement) in &verdict.checkers {
        if verdict.checkers.len() > 1 {
            write!(out, "{name}: ")?;
        }
        // What can be done next is known of linearizability alone.
        let hints = if name == LINEARIZABLE { hints(judgement, args) } else { Vec::new() };
        out.write_all(text(judgement, &hints).as_bytes())?;
    }
    Ok(())
}

/// All of it.
fn text(judgement: &Judgement, hints: &[String]) -> String {
    let details = &judgement.details;
    let mut text = format!("{}{}\n", judgement.valid, scope(details));
    let mut reasons = judgement.reasons.iter();
    if judgement.valid == Verdict::Invalid
        && let Some(first) = reasons.next()
    {
        let _ = writeln!(text, "\n{}\n\n{}", clean(first), scene(details));
    }
    for reason in reasons {
        let _ = writeln!(text, "  {}", clean(reason));
    }
    if let Some(effort) = effort(details) {
        let _ = writeln!(text, "{effort}");
    }
    for hint in hints {
        let _ = writeln!(text, "{hint}");
    }
    text
}

/// `: cas-register, 5000 operations (12 crashed) on 10 keys`
fn scope(details: &Map<String, Value>) -> String {
    let Some(model) = word(details, "model") else { return String::new() };
    let Some(operations) = number(details, "operations") else { return format!(": {model}") };
    let crashed = match number(details, "crashed") {
        None | Some(0) => String::new(),
        Some(crashed) => format!(" ({crashed} crashed)"),
    };
    let keys = match number(details, "keys_checked") {
        None | Some(0 | 1) => String::new(),
        Some(keys) => format!(" on {keys} keys"),
    };
    format!(": {model}, {}{crashed}{keys}", many(operations, "operation"))
}

/// The first failure and what is around it.
fn scene(details: &Map<String, Value>) -> String {
    let mut text = String::new();
    let mut fact = |name: &str, fact: Option<String>| {
        if let Some(fact) = fact.filter(|fact| !fact.is_empty()) {
            let _ = writeln!(text, "  {name:<13}{}", clean(&fact));
        }
    };
    fact("operation", operation(details));
    fact("legal", words(details, "legal").map(|legal| shortened(&legal, " or ")));
    fact("state then", state(details));
    fact("meanwhile", meanwhile(details));
    fact("legal order", order(details));
    text
}

/// `read 3 by process 7 at n2, events 340–345, from 1.234567 s to 1.240001 s`
fn operation(details: &Map<String, Value>) -> Option<String> {
    let operation = details.get("operation")?.as_object()?;
    let shown = word(details, "shown").or_else(|| word(operation, "f"))?;
    let mut text = format!("{} by process {}", cut(shown), number(operation, "process")?);
    if let Some(node) = word(operation, "node") {
        let _ = write!(text, " at {node}");
    }
    let _ = write!(text, ", {}", events(operation)?);
    let _ = write!(text, ", from {}", time(number(operation, "invoked_ns")?));
    if let Some(end) = number(operation, "completed_ns") {
        let _ = write!(text, " to {}", time(end));
    }
    Some(text)
}

/// `5, since write 5 by process 2 (events 320–322)`
fn state(details: &Map<String, Value>) -> Option<String> {
    let states = shortened(&words(details, "states")?, " or ");
    match details.get("since").and_then(Value::as_object).and_then(mention) {
        Some(since) => Some(format!("{states}, since {since}")),
        None => Some(states),
    }
}

/// The operations that ran beside it.
fn meanwhile(details: &Map<String, Value>) -> Option<String> {
    let listed = details.get("concurrent")?.as_array()?;
    let shown: Vec<String> =
        listed.iter().filter_map(Value::as_object).filter_map(mention).take(LISTED).collect();
    let all = number(details, "concurrent_count").unwrap_or(0);
    let more = all.saturating_sub(shown.len() as u64);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Some(format!("{}{more}", shown.join("; ")))
}

/// How many operations and values a line names.
const LISTED: usize = 4;

/// `312 of 520 operations can be placed before it`
fn order(details: &Map<String, Value>) -> Option<String> {
    let (placed, all) = (number(details, "prefix_length")?, number(details, "key_operations")?);
    let of = if details.get("key").is_some_and(|key| !key.is_null()) { " of this key" } else { "" };
    Some(format!("{placed} operations can be ordered up to there, of {all} completed ones{of}"))
}

/// `write 5 by process 2 (events 320–322)`
fn mention(operation: &Map<String, Value>) -> Option<String> {
    let (shown, process) = (word(operation, "shown")?, number(operation, "process")?);
    Some(format!("{} by process {process} ({})", cut(shown), events(operation)?))
}

/// `events 320–322`
fn events(operation: &Map<String, Value>) -> Option<String> {
    let invoke = number(operation, "invoke_index")?;
    Some(match number(operation, "complete_index") {
        Some(complete) => format!("events {invoke}–{complete}"),
        None => format!("event {invoke}, never completed"),
    })
}

/// `judged in 0.21 s, 24 k operations/s, by zones (8 keys), wgl (2 keys)`
fn effort(details: &Map<String, Value>) -> Option<String> {
    let seconds = details.get("seconds")?.as_f64()?;
    let operations = number(details, "operations")?;
    let rate = operations as f64 / seconds.max(1e-6);
    let rate = if rate >= 1e6 { format!("{:.1} M", rate / 1e6) } else { format!("{:.1} k", rate / 1e3) };
    let deciders = details.get("decided_by").and_then(Value::as_object);
    let by: Vec<String> = deciders
        .into_iter()
        .flatten()
        .map(|(name, keys)| match (keys.as_u64(), number(details, "keys_checked")) {
            (Some(keys), Some(all)) if all > 1 => format!("{name} ({})", many(keys, "key")),
            _ => name.clone(),
        })
        .collect();
    let by = if by.is_empty() { String::new() } else { format!(", by {}", by.join(", ")) };
    Some(format!("judged in {seconds:.3} s, {rate} operations/s{by}"))
}

/// What to do next.
fn hints(judgement: &Judgement, args: &CheckArgs) -> Vec<String> {
    let mut hints = Vec::new();
    match judgement.valid {
        Verdict::Invalid => {
            // Failures of a barrier are not cut down, and nothing proves them but the one pass that finds them.
            let proofs = word(&judgement.details, "model") != Some("barrier");
            let more = [
                (args.html.is_none(), "--html FILE draws it"),
                (proofs && args.minimal.is_none(), "--minimal FILE keeps the few operations that matter"),
                (proofs && args.certificate.is_none(), "--certificate FILE keeps the proof"),
            ];
            let more: Vec<&str> = more.into_iter().filter_map(|(new, hint)| new.then_some(hint)).collect();
            if !more.is_empty() {
                hints.push(more.join("; "));
            }
        }
        Verdict::Unknown if number(&judgement.details, "unknown_key_count").is_some_and(|keys| keys > 0) => {
            let mut more = vec!["more --memory or --time-limit may decide it"];
            if args.algorithm != "auto" {
                more.push("--algorithm auto often does");
            }
            if number(&judgement.details, "keys_checked").is_some_and(|keys| keys > 1) {
                more.push("--key KEY judges one key alone");
            }
            hints.push(more.join("; "));
        }
        _ => {}
    }
    if let (Some(path), false) = (&args.html, judgement.details.is_empty()) {
        hints.push(format!("drawn in {}", path.display()));
    }
    hints
}

fn word<'a>(details: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    details.get(name)?.as_str()
}

fn number(details: &Map<String, Value>, name: &str) -> Option<u64> {
    details.get(name)?.as_u64()
}

fn words<'a>(details: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a str>> {
    Some(details.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
}

/// Some of the texts, each of a length that can be read.
fn shortened(texts: &[&str], between: &str) -> String {
    let shown: Vec<String> = texts.iter().take(LISTED).map(|text| cut(text)).collect();
    let more = if texts.len() > LISTED { "…" } else { "" };
    format!("{}{more}", shown.join(between))
}

/// How many characters of a value are shown.
const MAX_VALUE: usize = 90;

/// A value that is too long loses its middle.
fn cut(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_VALUE {
        return text.to_owned();
    }
    let (head, tail) = (text.chars().take(MAX_VALUE * 2 / 3), text.chars().skip(length - MAX_VALUE / 3));
    head.chain(['…']).chain(tail).collect()
}

/// A text from a history on one line, so that it can neither forge a line nor move the cursor.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn many(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `1.234567 s`
fn time(ns: u64) -> String {
    format!("{}.{:06} s", ns / 1_000_000_000, ns % 1_000_000_000 / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judgement(valid: Verdict, reasons: &[&str], details: Value) -> Judgement {
        let Value::Object(details) = details else { unreachable!("written as an object") };
        Judgement { valid, reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(), details }
    }

    #[test]
    fn a_violation_is_told_with_its_surroundings() {
        let found = judgement(
            Verdict::Invalid,
            &["key x: read returned 3, but \u{1b}[2J", "1 more key fails: y"],
            json!({
                "model": "register", "operations": 40, "crashed": 1, "keys_checked": 2, "seconds": 0.5,
                "decided_by": {"wgl": 2}, "key": "x", "shown": "read 3", "legal": ["read 5"], "states": ["5"],
                "operation": {"process": 7, "node": "n2", "invoke_index": 3, "complete_index": 5,
                              "invoked_ns": 1_500_000_000, "completed_ns": 1_500_002_000},
                "since": {"shown": "write 5", "process": 2, "invoke_index": 1, "complete_index": 2},
                "concurrent": [{"shown": "write 4", "process": 1, "invoke_index": 4, "complete_index": null}],
                "concurrent_count": 3, "prefix_length": 2, "key_operations": 20,
            }),
        );
        assert_eq!(
            text(&found, &["--html FILE draws it".to_owned()]),
            "invalid: register, 40 operations (1 crashed) on 2 keys\n\n\
             key x: read returned 3, but  [2J\n\n\
             \x20 operation    read 3 by process 7 at n2, events 3–5, from 1.500000 s to 1.500002 s\n\
             \x20 legal        read 5\n\
             \x20 state then   5, since write 5 by process 2 (events 1–2)\n\
             \x20 meanwhile    write 4 by process 1 (event 4, never completed); and 2 more\n\
             \x20 legal order  2 operations can be ordered up to there, of 20 completed ones of this key\n\n\
             \x20 1 more key fails: y\n\
             judged in 0.500 s, 0.1 k operations/s, by wgl (2 keys)\n\
             --html FILE draws it\n"
        );
    }

    #[test]
    fn what_a_judgement_does_not_say_is_left_out() {
        let found = judgement(Verdict::Unknown, &["nothing was read"], json!({}));
        assert_eq!(text(&found, &[]), "unknown\n  nothing was read\n");
        let found = judgement(Verdict::Invalid, &["it is lost"], json!({"operation": 3, "states": 1}));
        assert_eq!(text(&found, &[]), "invalid\n\nit is lost\n\n\n");
    }
}
