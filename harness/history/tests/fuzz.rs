//! Damaged histories of every format: no reader panics, and what is still read can be written and read back.
//!
//! The damage knows the formats: it moves whole lines and words, and puts in what each format has a meaning
//! for. For long, with the number of histories printed:
//! `cargo test --release -p ordalia-history --test fuzz -- --ignored --nocapture`

// What tests share is not a test to the lint; a panic is its way to fail as well.
#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stdout)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use ordalia_history::edn::Keys;
use ordalia_history::{Event, Format, Sink, edn, jsonl, pair, read, read_auto, read_with};

const SAMPLES: [&str; 4] = [
    r##"; a register
[{:process 0, :type :invoke, :f :cas, :value [1 2], :time 20, :index 4}
 {"process" 1 "type" "invoke" "f" "txn" "value" [[:append 1 "x"] [:r 2 nil]], :time 15}
 #jepsen.history.Op{:index 9, :time 30, :type :ok, :process 0, :f :cas, :value #jepsen.independent/tuple [7 (1 2)]}
 #_ {:left #out ["entirely"]} #_ #_ 1 2
 {:process :nemesis, :type :info, :f :start, :value #{:n1}, :error [:no-such-node nil "n1"]}
 {:process 1, :type :info, :f :txn, :value nil, :error :timeout, :node "n1", :exception {:at [a.b/c \x -1.5]}}]
"##,
    "INFO  jepsen.util - 0\t:invoke\t:write\t3\nINFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\n\
     INFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - 0\t:info\t:write\t:timed-out\n\
     INFO  jepsen.util - 1\t:fail\t:cas\t[3 4]\n",
    "{:process 4, :type :invoke, :f :put, :key \"k\", :value \"a \\\"b\\\" é\"}\n\
     {:process 4, :type :ok, :f :put, :key \"k\", :value \"a \\\"b\\\" é\"}\n",
    r#"{"index":0,"time":7,"process":0,"type":"invoke","f":"txn","key":"k\u00e9","value":[["append",1,-2.5]],"node":"n1"}
{"index":1,"time":8,"process":0,"type":"ok","f":"txn","key":"k\u00e9","value":{"a":[true,null]},"error":["x","y"]}
{"index":2,"time":8,"process":"nemesis","type":"info","f":"kill","value":{"fault":0,"phase":"start"},"intended":3}
"#,
];

const WORDS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "#{",
    "#_",
    "#",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    ":",
    ";",
    ",",
    "\n",
    " ",
    "null",
    "nil",
    "true",
    "-",
    "0",
    "1e999",
    "1.5",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "\"index\":1,",
    ":index 3 ",
    ":time -1 ",
    ":process 0 ",
    ":key [1] ",
    "#jepsen.independent/tuple ",
    "##NaN",
    "\"f\":\"\",",
    "\u{0}",
    "é",
    "INFO  jepsen.util - ",
    ":nemesis",
];

/// Numbers that look random (splitmix64, Steele, Lea & Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// A part of a text: whole lines, a word or any bytes.
    fn part(&mut self, text: &[u8]) -> std::ops::Range<usize> {
        let any = self.below(text.len() + 1);
        let ends: fn(u8) -> bool = match self.below(3) {
            0 => |byte| byte == b'\n',
            1 => |byte| matches!(byte, b' ' | b',' | b':' | b'{' | b'}' | b'[' | b']' | b'\t' | b'\n'),
            _ => return any..(any + self.below(6)).min(text.len()),
        };
        let begin = text[..any].iter().rposition(|byte| ends(*byte)).map_or(0, |at| at + 1);
        let end = text[any..].iter().position(|byte| ends(*byte)).map_or(text.len(), |at| any + at + 1);
        begin..end.min(text.len())
    }

    /// Does one damage.
    fn damage(&mut self, text: &mut Vec<u8>) {
        let part = self.part(text);
        let at = self.below(text.len() + 1);
        match self.below(8) {
            0 => drop(text.drain(part)),
            1 => {
                let copy = text[part].to_vec();
                text.splice(at..at, copy);
            }
            2 | 3 => drop(text.splice(part, WORDS[self.below(WORDS.len())].bytes())),
            4 => drop(text.splice(at..at, WORDS[self.below(WORDS.len())].bytes())),
            5 => text.truncate(at),
            6 => drop(text.splice(at..at, WORDS[self.below(24)].repeat(self.below(300)).bytes())),
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }
}

/// Writes the events, and reads them again.
fn again(path: &Path, format: Format, events: &[Event]) -> Vec<Event> {
    let mut sink = Sink::create(path).unwrap();
    for event in events {
        match format {
            Format::Edn => edn::write_event(&mut sink, event, Keys::Tagged).unwrap(),
            _ => jsonl::write_event(&mut sink, event).unwrap(),
        }
    }
    sink.finish().unwrap();
    read(path, format).unwrap().events
}

/// Reads a damaged history in every way; whether anything could be read.
fn trial(dice: &mut Dice, folder: &Path) -> bool {
    let mut text = SAMPLES[dice.below(SAMPLES.len())].as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        dice.damage(&mut text);
    }
    let path = folder.join(["h", "h.gz", "h.zst"][dice.below(8).saturating_sub(5)]);
    let mut sink = Sink::create(&path).unwrap();
    sink.write_all(&text).unwrap();
    sink.finish().unwrap();
    if path.extension().is_some() && dice.below(2) == 0 {
        let mut packed = fs::read(&path).unwrap();
        dice.damage(&mut packed);
        fs::write(&path, packed).unwrap();
    }
    let _ = read_with(&path, None, Keys::Plain);
    for format in [Format::Jsonl, Format::Edn, Format::Porcupine] {
        let _ = read(&path, format);
    }
    let Ok(recorded) = read_auto(&path) else { return false };
    let events = recorded.events;
    if let Err(error) = pair(&events) {
        assert!(recorded.lines.of(error.index()).is_some(), "{error} has no line");
    }
    assert_eq!(again(&folder.join("again.jsonl"), Format::Jsonl, &events), events);
    if events.is_sorted_by_key(|event| event.time) {
        assert_eq!(again(&folder.join("again.edn"), Format::Edn, &events), events);
    }
    !events.is_empty()
}

/// One trial for each seed from 0, until it is enough; how many there were, and how many could be read.
fn trials(mut enough: impl FnMut(u64) -> bool) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let (mut done, mut held) = (0, 0);
    while !enough(done) {
        let seed = done;
        let trial = std::panic::AssertUnwindSafe(|| trial(&mut Dice(seed), folder.path()));
        match std::panic::catch_unwind(trial) {
            Ok(read) => held += u64::from(read),
            Err(_) => panic!("the trial of seed {seed} failed"),
        }
        done += 1;
    }
    (done, held)
}

#[test]
fn damage_is_refused_or_read_consistently() {
    let (done, held) = trials(|done| done == 2000);
    // Damage that is always refused would try the readers' first lines only.
    assert!(held > done / 10 && held < done * 9 / 10, "{held} of {done} could be read");
}

#[test]
#[ignore = "takes three minutes"]
fn damage_is_refused_or_read_consistently_for_long() {
    let begun = Instant::now();
    let (done, held) = trials(|_| begun.elapsed() > Duration::from_secs(180));
    println!("{done} damaged histories, of which {held} could be read");
}
