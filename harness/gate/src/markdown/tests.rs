//! The summary as people read it.

use super::*;
use crate::figure::Figure;
use crate::noise::Worsening;
use crate::stage::news;

#[test]
fn it_says_what_broke_where_and_how_to_repeat_it() {
    let mut found = Examination {
        cells: vec!["sim raft-kv · register".into(), "real raft-kv".into()],
        compared: 5,
        done: 23,
        planned: 25,
        ..Examination::default()
    };
    found.concerns.push(news("sim raft-kv · register", "linearizable", "key k9: <b>stale</b> read"));
    let worsening = Worsening { before: 0.95, now: 0.8, allowed: 0.03 };
    let (cell, figure) = ("real raft-kv".to_owned(), Figure::Availability);
    found.concerns.push(Concern::Worse { cell, figure, worsening });
    assert_eq!(markdown(&found), include_str!("two_regressions.md"));
}

#[test]
fn it_stays_short() {
    let mut found = Examination::default();
    found.concerns.extend((0..50).map(|_| news("cell", "linearizable", &"why ".repeat(5000))));
    let text = markdown(&found);
    assert!(text.len() < 8000 && text.contains("… and 40 more."), "{}", text.len());
}

#[test]
fn nothing_wrong_is_two_lines() {
    let text =
        markdown(&Examination { done: 3, planned: 3, cells: vec!["a".into()], ..Examination::default() });
    assert_eq!(
        text,
        "## Ordalia: no regression\n\n3 of 3 runs, of 1 cells; 0 figures within the noise of the baseline or better.\n"
    );
}
