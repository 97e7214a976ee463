//! Histories of other tools: what is read, what is refused and where, and that nothing panics.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use ordalia_history::{
    Event, EventType, Format, OpError, Process, Recorded, Value, detect, edn, pair, porcupine, read,
    read_auto,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

const EDN: &str = r##"; a register
[{:process 0, :type :invoke, :f :cas, :value [1 2], :time 20, :index 4}
 {"process" 1 "type" "invoke" "f" "read" "value" nil, :time 15}
 #jepsen.history.Op{:index 9, :time 30, :type :ok, :process 0, :f :cas, :value (1 2)}
 #_ {:left #out ["entirely"]} #_ #_ 1 2
 {:process :nemesis, :type :info, :f :start, :value #{:n1}, :error [:no-such-node nil "n1"]}
 {:process 1, :type :info, :f :read, :value nil, :error :timeout, :node "n1", :exception {:at [a.b/c \x -1.5]}}]
"##;

const ETCD: &str = "INFO  jepsen.core - Worker 0 starting\n\
    INFO  jepsen.util - 0\t:invoke\t:write\t3\n\
    INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\n\
    INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n\
    INFO  jepsen.util - 0\t:info\t:write\t:timed-out\n\
    INFO  jepsen.util - 2\t:invoke\t:read\tnil\n\
    INFO  jepsen.util - 1\t:fail\t:cas\t[3 4]\n\
    INFO  jepsen.util - 2\t:info\t:read\t:timed-out\n\
    INFO  jepsen.util - 3\t:invoke\t:read\tnil\n\
    INFO  jepsen.util - 3\t:ok\t:read\t3\n";

const KEY_VALUE: &str = r#"{:process 4, :type :invoke, :f :put, :key "k", :value "a \"b\" é"}
{:process 4, :type :ok, :f :put, :key "k", :value "a \"b\" é"}
{:process 5, :type :invoke, :f :get, :key "k", :value nil}
{:process 5, :type :ok, :f :get, :key "k", :value "a \"b\" é"}
"#;

const JSONL: &str = r#"{"index":0,"time":7,"process":0,"type":"invoke","f":"read","value":null}
{"index":1,"time":8,"process":0,"type":"ok","f":"read","value":[1,"a"]}
"#;

fn edn_events(text: &str) -> Vec<Event> {
    edn::parse(text.as_bytes()).unwrap()
}

fn edn_error(text: &str) -> String {
    edn::parse(text.as_bytes()).unwrap_err().to_string()
}

/// The value that an operation has when it is written so.
fn edn_value(text: &str) -> Value {
    edn_events(&format!("{{:process 0 :type :invoke :f :write :value {text}}}")).remove(0).value
}

#[test]
fn edn_operations_become_events() {
    let events = edn_events(EDN);
    let brief = |event: &Event| (event.index, event.time, event.process, event.kind);
    let client = Process::Client;
    assert_eq!(
        events.iter().map(brief).collect::<Vec<_>>(),
        [
            (0, 20, client(0), EventType::Invoke),
            (1, 20, client(1), EventType::Invoke),
            (2, 30, client(0), EventType::Ok),
            (3, 30, Process::Nemesis, EventType::Info),
            (4, 30, client(1), EventType::Info),
        ]
    );
    assert_eq!(events[2].value, json!([1, 2]));
    assert_eq!(events[3].value, json!(["n1"]));
    assert_eq!(events[3].error, Some(OpError::with_text("no-such-node", "n1")));
    assert_eq!(events[4].error, Some(OpError::new("timeout")));
    assert_eq!(events[4].node.as_deref(), Some("n1"));
    assert_eq!(pair(&events).unwrap().len(), 2);
}

#[test]
fn edn_values_become_json() {
    for (text, value) in [
        ("nil", json!(null)),
        ("true", json!(true)),
        (":a/b", json!("a/b")),
        ("[[:r 1 nil] [:append :x 2N]]", json!([["r", 1, null], ["append", "x", 2]])),
        (r#""a\n\u00e9\ud83d\ude00""#, json!("a\né😀")),
        (r"[\a \newline \( \u0041]", json!(["a", "\n", "(", "A"])),
        ("{:a 1, \"b\" 2, 3 {}}", json!({"a": 1, "b": 2, "3": {}})),
        ("[-9223372036854775808 18446744073709551615 1.5]", json!([i64::MIN, u64::MAX, 1.5])),
    ] {
        assert_eq!(edn_value(text), value, "{text}");
    }
}

#[test]
fn only_a_tag_makes_a_pair_a_key_and_a_value() {
    let plain = edn_events("{:process 0 :type :invoke :f :write :value [7 3]}").remove(0);
    assert_eq!((plain.key, plain.value), (None, json!([7, 3])));
    for tag in ["#jepsen.independent.Tuple", "#clojure.lang.MapEntry "] {
        let text = format!("{{:process 0 :type :invoke :f :write :value {tag}[7 3]}}");
        let tagged = edn_events(&text).remove(0);
        assert_eq!((tagged.key, tagged.value), (Some(json!(7)), json!(3)), "{text}");
    }
}

#[test]
fn transactions_without_processes_come_one_after_the_other() {
    let invoke = "{:type :invoke, :value [[:append 1 2]]}\n";
    let ok = "{:type :ok, :value [[:append 1 2]]}\n";
    let operations = pair(&edn_events(&[invoke, ok, invoke, ok].concat())).unwrap();
    let told: Vec<(u64, &str)> = operations.iter().map(|told| (told.process, told.f.as_str())).collect();
    assert_eq!(told, [(0, "txn"), (1, "txn")]);
    assert!(edn_error(&[invoke, invoke].concat()).starts_with("line 2: expected the completion of line 1's"));
    let named = "{:process 0, :type :invoke, :f :txn}\n";
    assert!(edn_error(&[invoke, ok, named].concat()).starts_with("line 3: expected all operations with"));
    assert!(edn_error(&[named, invoke].concat()).starts_with("line 2: expected all operations with"));
}

#[test]
fn damaged_edn_is_refused_with_the_line_and_what_was_expected() {
    let operation = |value: &str| format!("\n{{:process 0 :type :invoke :f :write :value {value}}}");
    for (text, words) in [
        (
            "\n[{:process 0 :type :ok :f :read}\n",
            "line 3: expected ] to close the [ of line 2, found the end",
        ),
        ("{:process 0\n:type", "line 2: expected } to close the { of line 1, found the end of the input"),
        ("{:process 0 :f \"re\nad", "line 2: expected \" to close the string of line 1"),
        ("{:process 0)", "line 1: expected } to close the { of line 1, found )"),
        ("\n]", "line 2: expected an operation such as"),
        (
            "\nnonsense",
            "line 2: expected an operation such as {:process 0, :type :invoke, :f :read}, found \"nonsense\"",
        ),
        ("{:process 0 :type}", "line 1: expected a value for \"type\", found }"),
        ("{:process 0 :f :read}", "found no :type"),
        (
            "{:process 0 :f :read :type :begin}",
            "expected an operation with :type :invoke, :ok, :fail or :info",
        ),
        ("{:process 0 :type :ok}", "expected an operation with an :f such as :read, found no :f"),
        (
            "{:process -1 :type :ok :f :read}",
            "expected a :process that is a number or :nemesis, found \"-1\"",
        ),
        ("{:process 0 :type :ok :f :read :time 1.5}", "expected an integer of 64 bits as :time"),
        ("{:f :a :f :b}", "line 1: expected each key of a map once, found \"f\" again"),
        ("#other.Op{:process 0}", "tagged #jepsen.history.Op if at all, found #other.Op"),
        (&operation("#inst \"2020\""), "line 2: expected no other tags"),
        (&operation("[#jepsen.independent.Tuple [1 2]]"), "line 2: expected no other tags"),
        (&operation("#jepsen.independent.Tuple [1]"), "line 2: expected [key value]"),
        (&operation("##NaN"), "line 2: expected no other tags"),
        (&operation("18446744073709551616"), "line 2: expected an integer of 64 bits"),
        (&operation("017"), "line 2: expected an integer without leading zeros"),
        (&operation("\"\\q\""), "line 2: expected one of the escapes"),
        (&operation("\"\\ud800\""), "line 2: expected a character, found \\ud800, half of a character"),
        (&operation("[1 #_]"), "line 2: expected a value, found ]"),
        (&operation("::a"), "line 2: expected a keyword"),
        (&operation("\u{1}"), "line 2: expected a value"),
    ] {
        let error = edn_error(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    let rising = "{:process 0 :type :invoke :f :r :index 5}\n{:process 0 :type :ok :f :r :index 5}";
    assert!(edn_error(rising).starts_with("line 2: expected an :index above 5"));
    assert!(
        edn::parse(&b"{:process 0 :type :invoke :f \"\xff\"}"[..]).unwrap_err().to_string().contains("UTF-8")
    );
}

#[test]
fn depth_is_bounded_and_so_is_an_operation() {
    let nested = |depth: usize| {
        let value = "[".repeat(depth) + &"]".repeat(depth);
        edn::parse(format!("{{:process 0 :type :invoke :f :w :value {value}}}").as_bytes())
    };
    assert!(nested(127).is_ok());
    assert!(nested(128).unwrap_err().to_string().contains("nested at most 128 deep"));
    for opener in ["[", "(", "{", "#{", "#_ ", "{:a ", "#a "] {
        let text = format!("{{:process 0 :value #_ {}", opener.repeat(100_000));
        assert!(edn_error(&text).contains("nested at most 128 deep"), "{opener}");
    }
    let endless = b"{:process 0 :value \"".chain(std::io::repeat(b'x'));
    let error = edn::parse(endless).unwrap_err().to_string();
    assert!(error.contains("an operation of at most"), "{error}");
    let endless = std::io::BufReader::new(std::io::repeat(b'x'));
    let error = porcupine::parse(b"INFO ".chain(endless)).unwrap_err().to_string();
    assert!(error.contains("a line of at most"), "{error}");
}

#[test]
fn the_etcd_log_keeps_what_is_unknown_open() {
    let events = porcupine::parse(ETCD.as_bytes()).unwrap();
    assert_eq!(events.len(), 9);
    assert!(events.iter().enumerate().all(|(at, event)| (event.index, event.time) == (at as u64, at as u64)));
    let completion = |at: usize| (events[at].kind, events[at].error.clone().map(|error| error.kind));
    assert_eq!(completion(3), (EventType::Info, Some("timed-out".into())));
    assert_eq!(completion(5), (EventType::Fail, Some("precondition-failed".into())));
    assert_eq!(completion(6), (EventType::Fail, Some("timed-out".into())));
    assert_eq!(completion(8), (EventType::Ok, None));
    assert_eq!((events[2].process, events[8].value.clone()), (Process::Nemesis, json!(3)));
    assert_eq!(pair(&events).unwrap().len(), 4);
}

#[test]
fn the_key_value_log_has_keys() {
    let events = porcupine::parse(KEY_VALUE.as_bytes()).unwrap();
    assert_eq!(events, edn_events(KEY_VALUE));
    assert_eq!((events[1].f.as_str(), events[1].key.clone()), ("put", Some(json!("k"))));
    assert_eq!(events[3].value, json!("a \"b\" é"));
}

#[test]
fn damaged_logs_are_refused_with_the_line_and_what_was_expected() {
    let util = "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n";
    for (damage, words) in [
        ("INFO  jepsen.util - 0\t:invoke\t:read", "expected a process, a type, an operation and a value"),
        ("INFO  jepsen.util - x\t:invoke\t:read\tnil", "expected a process number or :nemesis"),
        ("INFO  jepsen.util - 0\t:begin\t:read\tnil", "expected the type"),
        ("INFO  jepsen.util - 0\t:invoke\t:pop\tnil", "expected the operation :read, :write or :cas"),
        ("INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2", "expected ] to close the [ of line 2"),
        ("INFO  jepsen.util", "expected a line such as"),
        ("0\t:invoke\t:read\tnil", "expected a line such as"),
    ] {
        let error = porcupine::parse(format!("{util}{damage}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("line 2: ") && error.contains(words), "{damage}: {error}");
    }
    let pop = KEY_VALUE.replace(":get", ":pop");
    assert!(
        porcupine::parse(pop.as_bytes()).unwrap_err().to_string().starts_with("line 3: expected :f :get")
    );
    let keyless = KEY_VALUE.replace(":key \"k\", ", "");
    assert!(
        porcupine::parse(keyless.as_bytes())
            .unwrap_err()
            .to_string()
            .starts_with("line 1: expected an operation with a :key")
    );
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What a file with this content holds, in the format that is named or that the content tells.
fn file(content: &[u8], format: Option<Format>) -> Result<Recorded, ordalia_history::ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    fs::write(&path, content).unwrap();
    format.map_or_else(|| read_auto(&path), |format| read(&path, format))
}

#[test]
fn files_tell_their_format_and_their_compression() {
    for (text, format) in [
        (EDN, Format::Edn),
        (ETCD, Format::Porcupine),
        (KEY_VALUE, Format::Porcupine),
        (JSONL, Format::Jsonl),
    ] {
        let named = file(text.as_bytes(), Some(format)).unwrap().events;
        assert!(!named.is_empty());
        assert_eq!(file(text.as_bytes(), None).unwrap().events, named);
        assert_eq!(file(&gzip(text.as_bytes()), None).unwrap().events, named);
        assert_eq!(file(&gzip(text.as_bytes()), Some(format)).unwrap().events, named);
        // A file may be compressed in several parts.
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        let parts = [gzip(first), gzip(second)].concat();
        assert_eq!(file(&parts, None).unwrap().events, named);
        let torn = gzip(text.as_bytes());
        assert!(file(&torn[..torn.len() - 12], None).unwrap_err().to_string().contains("history"));
    }
    assert!(file(b"", None).unwrap().events.is_empty());
    let error = file(b"\n<html>", None).unwrap_err().to_string();
    assert!(error.contains("history:2: expected a history as"), "{error}");
    let error = file(&gzip(EDN.replace(":type :info, :f :read", ":type :informed").as_bytes()), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("history:7: expected an operation with :type"), "{error}");
}

#[test]
fn a_read_of_nil_is_unknown_only_to_knossos() {
    let text = "{:process 0 :type :invoke :f :read}\n{:process 0 :type :ok :f :read :value nil}\n";
    let mut recorded = file(text.as_bytes(), None).unwrap();
    assert_eq!(recorded.forget_unknown_reads(&Value::Null), 0);
    assert_eq!(recorded.events[1].kind, EventType::Ok);
    assert_eq!(recorded.forget_unknown_reads(&json!(0)), 1);
    assert_eq!(recorded.events[1].kind, EventType::Info);
    let mut log = file(ETCD.replace("read\t3", "read\tnil").as_bytes(), None).unwrap();
    assert_eq!(log.forget_unknown_reads(&json!(0)), 0);
}

/// Reads any bytes in every way; only that it comes back matters.
fn read_in_every_way(bytes: &[u8]) {
    let _ = detect(bytes);
    let _ = edn::parse(bytes);
    let _ = porcupine::parse(bytes);
    for text in [bytes.to_vec(), gzip(bytes)] {
        let _ = file(&text, None);
        let _ = file(&text, Some(Format::Jsonl));
    }
}

/// Bytes that mean something to one of the formats.
fn telling_byte() -> impl Strategy<Value = u8> {
    prop_oneof![proptest::sample::select(&b"{}[]()#_:;\"\\ \n,u0-+.eNINFO\xff\x1f\x8b"[..]), any::<u8>()]
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(telling_byte(), 0..200)) {
        read_in_every_way(&bytes);
    }

    #[test]
    fn no_damage_panics(
        sample in proptest::sample::select(vec![EDN, ETCD, KEY_VALUE, JSONL]),
        damages in vec((any::<proptest::sample::Index>(), 0..3, telling_byte()), 1..6),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for (at, how, byte) in damages {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at + 1),
            }
        }
        read_in_every_way(&bytes);
        let mut packed = gzip(sample.as_bytes());
        let at = bytes.len() % packed.len();
        packed[at] ^= 1 << (bytes.len() % 8);
        let _ = file(&packed, None);
    }

    #[test]
    fn values_read_back_as_written(value in edn_and_json()) {
        prop_assert_eq!(edn_value(&value.0), value.1);
    }
}

/// A value as EDN and as JSON.
fn edn_and_json() -> impl Strategy<Value = (String, Value)> {
    let leaf = prop_oneof![
        Just(("nil".to_owned(), Value::Null)),
        any::<i64>().prop_map(|number| (number.to_string(), json!(number))),
        "[a-z][a-z-]{0,8}".prop_map(|word| (format!(":{word}"), json!(word))),
        "[a-z \\\\\"\n\téλ😀]{0,8}".prop_map(|text| (serde_json::to_string(&text).unwrap(), json!(text))),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        (vec(inner, 0..6), 0..4usize).prop_map(|(items, kind)| {
            let (texts, values): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            if kind == 3 {
                let members = texts.iter().enumerate().map(|(at, text)| format!(":k{at} {text}"));
                let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
                let members = values.into_iter().enumerate().map(|(at, value)| (format!("k{at}"), value));
                return (text, Value::Object(members.collect()));
            }
            let (opener, closer) = [("[", "]"), ("(", " )"), ("#{", ";}\n}")][kind];
            (format!("{opener}{}{closer}", texts.join(" #_[] ")), Value::Array(values))
        })
    })
}
