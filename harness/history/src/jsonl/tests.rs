use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn reading(text: &str) -> Result<Recorded, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    std::fs::write(&path, text).unwrap();
    read(&path)
}

const LINE: &str = r#"{"index":0,"time":1,"process":0,"type":"invoke","f":"read","value":null}"#;

fn numbered(index: usize) -> String {
    LINE.replace("\"index\":0", &format!("\"index\":{index}"))
}

#[test]
fn a_torn_last_line_is_reported_and_the_rest_kept() {
    let recorded = reading(&format!("{LINE}\n{{\"index\":1,\"ti")).unwrap();
    assert_eq!(recorded.events.len(), 1);
    assert!(recorded.torn_tail);
}

#[test]
fn damage_in_the_middle_names_the_line() {
    let error = reading(&format!("{LINE}\nnonsense\n{LINE}\n")).unwrap_err();
    assert!(error.to_string().contains("history.jsonl:2: expected an event"), "{error}");
    assert!(error.to_string().ends_with("after 0 bytes {, found \"nonsense\""), "{error}");
}

#[test]
fn a_gap_in_the_numbering_is_damage() {
    let error = reading(&format!("{LINE}\n\n{LINE}\n")).unwrap_err();
    assert!(matches!(error, ReadError::Index { line: 3, expected: 1, found: 0, .. }), "{error}");
}

#[test]
fn what_would_be_read_as_something_else_is_refused() {
    for (from, to, words) in [
        ("null", "18446744073709551616", "an integer of 64 bits"),
        ("null", "-9223372036854775809", "an integer of 64 bits"),
        ("null", "[01]", "without leading zeros"),
        ("null", "1e999", "a floating-point number"),
        ("null", "1.", "a floating-point number"),
        ("null", "{\"a\":1,\"a\":2}", "each name of an object once"),
        ("null}", "null,\"f\":\"write\"}", "no second \"f\""),
        ("\"time\":1,", "", "a member \"time\""),
        ("\"time\":1", "\"time\":-1", "nanoseconds"),
        ("\"time\":1", "\"time\":1.5", "nanoseconds"),
        ("invoke", "begin", "\"invoke\", \"ok\", \"fail\" or \"info\""),
        ("\"process\":0", "\"process\":\"n1\"", "a process number"),
        ("null", "\"\\ud800\"", "make a character"),
        ("null", "\"a\tb\"", "no control character"),
        ("null}", "null} {}", "the end of the line"),
        ("null}", "null", ", or }"),
    ] {
        let error = reading(&format!("{}\n", LINE.replace(from, to))).unwrap_err().to_string();
        assert!(error.contains("history.jsonl:1: ") && error.contains(words), "{to}: {error}");
    }
    let deep = |depth: usize| LINE.replace("null", &("[".repeat(depth) + &"]".repeat(depth)));
    assert!(reading(&(deep(128) + "\n")).is_ok());
    assert!(reading(&(deep(129) + "\n")).unwrap_err().to_string().contains("nested at most 128 deep"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let mut line = format!("{LINE}\n").into_bytes();
    let at = line.len() - 16;
    line[at] = 0xff;
    std::fs::write(&path, line).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn many_blocks_are_joined_in_their_order() {
    let count = 5 * blocks::BLOCK_BYTES / LINE.len();
    let mut lines: Vec<String> = (0..count).map(numbered).collect();
    lines.insert(count / 2, String::new());
    let recorded = reading(&lines.join("\n")).unwrap();
    assert_eq!(recorded.events.len(), count);
    assert!(recorded.events.iter().enumerate().all(|(at, event)| event.index == at as u64));
    assert_eq!(recorded.lines.of(0), Some(1));
    assert_eq!(recorded.lines.of(count as u64 - 1), Some(count as u64 + 1));
    let damaged = count - 1000;
    lines[damaged] = "{}".to_owned();
    let error = reading(&lines.join("\n")).unwrap_err().to_string();
    assert!(error.contains(&format!("history.jsonl:{}: expected an event", damaged + 1)), "{error}");
    lines[damaged - 2000] = LINE.to_owned();
    let error = reading(&lines.join("\n")).unwrap_err();
    assert!(matches!(error, ReadError::Index { line, .. } if line == damaged as u64 - 1999), "{error}");
}

#[test]
fn a_line_without_end_is_refused_in_bounded_memory() {
    let endless = io::BufReader::new(io::repeat(b'x'));
    let text = format!("{LINE}\n");
    let error = parse(io::Read::chain(text.as_bytes(), endless)).unwrap_err().to_string();
    assert!(error.starts_with("line 2: expected a line of at most"), "{error}");
}

/// Text that is JSON, and text that is nearly so.
fn nearly_json() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "0",
        "-0",
        "7",
        "-3",
        "1.5",
        "-2e3",
        "01",
        "1.",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e999",
        "null",
        "true",
        "false",
        "nul",
        "\"\"",
        "\"a b\"",
        "\"\\n\\u00e9\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\x\"",
        "\"é\"",
        "\"\t\"",
        " ",
        "[]",
        "{}",
        "]",
        "}",
        ",",
        ":",
    ]);
    let word = word.prop_map(str::to_owned);
    word.prop_recursive(4, 24, 4, |inner| {
        proptest::collection::vec(inner, 0..4).prop_flat_map(|items| {
            let members: Vec<_> =
                items.iter().enumerate().map(|(at, item)| format!("\"{at}\" : {item}")).collect();
            proptest::sample::select(vec![
                format!("[{}]", items.join(",")),
                format!("{{{}}}", members.join(" ,")),
                items.concat(),
            ])
        })
    })
}

/// Whether the usual reader of JSON may take an integer for a float, since it is too wide.
fn rounds(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() >= 19)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn json_is_what_the_usual_reader_takes_it_for(text in nearly_json()) {
        let mut reader = json::Reader::new(text.as_bytes());
        let own = reader.value().ok().filter(|_| reader.peek().is_none());
        let usual = serde_json::from_str::<Value>(&text).ok();
        if !rounds(&text) || own.is_some() {
            prop_assert_eq!(own, usual);
        }
    }

    #[test]
    fn events_are_what_the_usual_reader_takes_them_for(
        value in nearly_json(), key in nearly_json(), extra in nearly_json(), place in 0..5usize,
    ) {
        let mut members = vec![
            r#""index": 3"#.to_owned(), r#""time":5"#.to_owned(), r#""process":"nemesis""#.to_owned(),
            r#""type":"info""#.to_owned(), r#""f":"k\u0069ll""#.to_owned(),
        ];
        members.insert(place, format!("\"value\":{value}"));
        members.insert(place, format!("\"key\" : {key}"));
        let own = ["error", "node", "intended", "other"][place % 4];
        members.push(format!("\"{own}\":{extra}"));
        let text = format!("{{{}}}", members.join(","));
        let own = line::event(text.as_bytes(), &mut Names::default()).ok();
        let usual = serde_json::from_str::<Event>(&text).ok();
        // What stands in a member that an event does not have is not looked at by the usual reader.
        if own.is_some() || !(rounds(&text) || place == 3) {
            prop_assert_eq!(own, usual, "{}", text);
        }
    }
}
