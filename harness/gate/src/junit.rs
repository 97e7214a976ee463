//! The examination as JUnit's XML, which most servers of continuous integration show.
//!
//! A suite for the whole, a case for each cell: passed, or failed with all that speaks against it; a cell that was not
//! tried is skipped.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::examine::{Concern, Examination};
use crate::words::Words;

/// The document.
pub fn junit(found: &Examination) -> String {
    let mut cells: BTreeMap<&str, Vec<&Concern>> =
        found.cells.iter().map(|cell| (cell.as_str(), Vec::new())).collect();
    for concern in &found.concerns {
        cells.entry(concern.cell()).or_default().push(concern);
    }
    let is_skipped = |concerns: &Vec<&Concern>| {
        !concerns.is_empty() && concerns.iter().all(|concern| matches!(concern, Concern::Untried { .. }))
    };
    let skipped = cells.values().filter(|concerns| is_skipped(concerns)).count();
    let failed = cells.values().filter(|concerns| !concerns.is_empty()).count() - skipped;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let totals = format!("tests=\"{}\" failures=\"{failed}\" skipped=\"{skipped}\"", cells.len());
    let _ = writeln!(xml, "<testsuites {totals}>\n  <testsuite name=\"ordalia\" {totals}>");
    for (cell, concerns) in cells {
        case(&mut xml, cell, &concerns);
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn case(xml: &mut String, cell: &str, concerns: &[&Concern]) {
    let _ = write!(xml, "    <testcase classname=\"ordalia\" name=\"{}\"", escaped(cell));
    if concerns.is_empty() {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    for concern in concerns {
        let words = Words::of(concern);
        let (title, why) = (escaped(&words.title), escaped(&words.why));
        if let Concern::Untried { .. } = concern {
            let _ = writeln!(xml, "      <skipped message=\"{why}\"/>");
            continue;
        }
        let repeat = words.repeat.map(|command| format!("\nto repeat: {command}")).unwrap_or_default();
        let _ = writeln!(xml, "      <failure message=\"{title}\">{why}{}</failure>", escaped(&repeat));
    }
    xml.push_str("    </testcase>\n");
}

/// Text within XML. Characters that XML 1.0 does not have are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::news;

    #[test]
    fn each_cell_is_a_case() {
        let mut found = Examination { cells: vec!["a & b".into(), "good".into()], ..Examination::default() };
        found.concerns.push(news("a & b", "linearizable", "1 < 2\u{1}"));
        found.concerns.push(Concern::Untried { cell: "late".into() });
        let xml = junit(&found);
        assert!(xml.contains("<testsuites tests=\"3\" failures=\"1\" skipped=\"1\">"), "{xml}");
        assert!(xml.contains("<testcase classname=\"ordalia\" name=\"good\"/>"), "{xml}");
        assert!(xml.contains("name=\"a &amp; b\">\n      <failure message=\"linearizable found a violation\">1 &lt; 2 (seed 7"), "{xml}");
        assert!(
            xml.contains("<skipped message=\"no run of it was done within the time allowed\"/>"),
            "{xml}"
        );
    }
}
