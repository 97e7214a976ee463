//! Histories written in one format and read back in another are the same.

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]

use std::io::Write;

use ordalia_history::edn::Keys;
use ordalia_history::{
    Event, EventType, Format, Name, OpError, Process, Sink, Value, edn, jsonl, read_auto, read_with,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

/// A text of what is hard to write: quotes, control characters, what looks like another form.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z-]{0,6}",
        "[a-z0-9 :#;,\\\\\"\n\t\u{1}\u{7f}\u{85}éλ😀{}\\[\\]]{0,8}",
        Just("nil".to_owned()),
        Just("1".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no other", |float| float.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            vec((text(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The value of a transaction, and now and then something else.
fn transaction() -> impl Strategy<Value = Value> {
    let operation = (text(), any::<u8>(), value()).prop_map(|(f, key, value)| json!([f, key, value]));
    prop_oneof![vec(operation, 0..4).prop_map(Value::Array), value()]
}

fn event() -> impl Strategy<Value = Event> {
    let process = prop_oneof![3 => any::<u64>().prop_map(Process::Client), 1 => Just(Process::Nemesis)];
    let kind =
        proptest::sample::select(vec![EventType::Invoke, EventType::Ok, EventType::Fail, EventType::Info]);
    let payload =
        prop_oneof![(text().prop_map(Name::from), value()), (Just(Name::from("txn")), transaction()),];
    let error = (text(), option::of(text())).prop_map(|(kind, text)| OpError { kind, text });
    let key = option::of(value().prop_filter("is no key", |key| !key.is_null()));
    let node = option::of(text().prop_map(Name::from));
    (0..u64::MAX / 64, process, kind, payload, key, option::of(error), node, option::of(any::<u64>()))
        .prop_map(|(time, process, kind, (f, value), key, error, node, intended)| {
            let index = 0;
            Event { index, time, process, kind, f, key, value, error, node, intended }
        })
}

/// Events numbered and in time order.
fn history() -> impl Strategy<Value = Vec<Event>> {
    vec(event(), 0..12).prop_map(|mut events| {
        let mut time = 0;
        for (index, event) in events.iter_mut().enumerate() {
            time += event.time;
            (event.index, event.time) = (index as u64, time);
        }
        events
    })
}

/// What a file of this name holds once it is written and read again.
fn through(
    name: &str,
    events: &[Event],
    keys: Keys,
    write: impl Fn(&mut Sink, &Event) -> std::io::Result<()>,
) -> Vec<Event> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut sink = Sink::create(&path).unwrap();
    events.iter().for_each(|event| write(&mut sink, event).unwrap());
    sink.finish().unwrap();
    // A history without events has no form that its content tells.
    let format = if events.is_empty() { Some(Format::Edn) } else { None };
    read_with(&path, format, keys).unwrap().events
}

proptest! {
    #[test]
    fn json_lines_to_edn_and_back_is_the_identity(events in history()) {
        let lines = through("h.jsonl", &events, Keys::Tagged, jsonl::write_event);
        prop_assert_eq!(&lines, &events);
        let edn = |keys| move |sink: &mut Sink, event: &Event| edn::write_event(sink, event, keys);
        prop_assert_eq!(&through("h.edn.gz", &lines, Keys::Tagged, edn(Keys::Tagged)), &events);
    }

    #[test]
    fn plain_keys_read_back_where_each_client_has_one(mut events in history()) {
        for event in &mut events {
            let nemesis = event.process == Process::Nemesis;
            event.key = if nemesis { None } else { event.key.take().or(Some(json!("k"))) };
        }
        let edn = |sink: &mut Sink, event: &Event| edn::write_event(sink, event, Keys::Plain);
        prop_assert_eq!(&through("h.edn", &events, Keys::Plain, edn), &events);
    }
}

#[test]
fn edn_is_what_knossos_and_elle_expect() {
    let line = r#"{"index":0,"time":7,"process":0,"type":"ok","f":"txn","value":[["append",1,"a"],["r","x",[1,null]]],"node":"n1"}
{"index":1,"time":8,"process":1,"type":"fail","f":"cas","key":"k","value":[1,2],"error":["precondition-failed","was 3"]}
{"index":2,"time":9,"process":"nemesis","type":"info","f":"kill","value":{"fault":0,"a b":"c\n"},"error":"no node"}
"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h");
    std::fs::write(&path, line).unwrap();
    let mut text = Vec::new();
    for event in read_auto(&path).unwrap().events {
        edn::write_event(&mut text, &event, Keys::Tagged).unwrap();
    }
    let expected = r#"{:index 0, :time 7, :process 0, :type :ok, :f :txn, :value [[:append 1 "a"] [:r "x" [1 nil]]], :node "n1"}
{:index 1, :time 8, :process 1, :type :fail, :f :cas, :value #jepsen.independent/tuple ["k" [1 2]], :error [:precondition-failed "was 3"]}
{:index 2, :time 9, :process :nemesis, :type :info, :f :kill, :value {"a b" "c\n", :fault 0}, :error "no node"}
"#;
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn compressed_files_are_told_by_their_content() {
    let line = |index: usize| {
        format!(
            "{{\"index\":{index},\"time\":{index},\"process\":0,\"type\":\"invoke\",\"f\":\"r{}\"}}\n",
            index % 7
        )
    };
    // More than one frame of zstd.
    let text: String = (0..80_000).map(line).collect();
    let folder = tempfile::tempdir().unwrap();
    for (name, magic) in [("a.gz", &[0x1f, 0x8b][..]), ("a.zst", &[0x28, 0xb5, 0x2f, 0xfd]), ("a", b"{\"")] {
        let path = folder.path().join(name);
        let mut sink = Sink::create(&path).unwrap();
        sink.write_all(text.as_bytes()).unwrap();
        sink.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.starts_with(magic), "{name}");
        assert_eq!(read_auto(&path).unwrap().events.len(), 80_000, "{name}");
        if name == "a" {
            continue;
        }
        assert!(bytes.len() < text.len() / 4, "{name}: {} bytes", bytes.len());
        for length in [bytes.len() - 1, bytes.len() / 2, 6] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = read_auto(&path).unwrap_err().to_string();
            assert!(error.contains(name), "{name} cut after {length}: {error}");
        }
        let mut damaged = bytes.clone();
        let at = damaged.len() - 2;
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        assert!(read_auto(&path).is_err(), "{name}: the checksum is not looked at");
    }
}
