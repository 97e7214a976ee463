//! The tables: a row a figure, a column a side.

use maud::{Markup, html};
use ordalia_measure::comparison::{Better, Comparison, Middle, Row};
use ordalia_measure::statistics::Difference;

use crate::format;
use crate::plots::comparison::ink;

/// A table of these rows; rows that no side has a figure for are left out.
pub(super) fn table(comparison: &Comparison, rows: &[Row]) -> Markup {
    let known = |row: &&Row| row.sides.iter().any(|side| side.median.is_some());
    html! {
        div.scroll role="region" tabindex="0" {
            table.compared {
                thead { tr {
                    th { "median of the runs, least to greatest" }
                    @for (at, side) in comparison.sides.iter().enumerate() {
                        th { (swatch(at)) (format::shorten(&side.name, 60)) }
                    }
                } }
                tbody {
                    @for row in rows.iter().filter(known) {
                        tr {
                            th scope="row" { (row.title) }
                            @for (at, side) in row.sides.iter().enumerate() {
                                td { (middle(row, side)) (against_first(row, at)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A block in the side's colour.
pub(super) fn swatch(side: usize) -> Markup {
    html! { span.swatch style=(format!("background:{}", ink(side).variable())) aria-hidden="true" {} }
}

fn middle(row: &Row, side: &Middle) -> Markup {
    let Some(median) = side.median else { return html! { span.quiet { "–" } } };
    let span = side.least.zip(side.greatest).filter(|(least, greatest)| least < greatest);
    html! {
        b { (row.unit.text(median)) }
        @if let Some((least, greatest)) = span {
            span.span { " " (row.unit.text(least)) " – " (row.unit.text(greatest)) }
        }
    }
}

/// How a further side differs from the first.
fn against_first(row: &Row, side: usize) -> Markup {
    let difference = side.checked_sub(1).and_then(|at| row.differences.get(at));
    let Some(difference) = difference else { return html! {} };
    let Some((median, interval)) = difference.median_difference.zip(difference.interval) else {
        return html! {};
    };
    let unit = row.unit;
    html! {
        div class={ "difference " (tone(row.better, difference)) } {
            @if difference.why_not.is_some() {
                (unit.signed(median)) span.span { " too few pairs" }
            } @else if difference.significant {
                (unit.signed(median))
                @if let Some(ratio) = difference.median_ratio { ", × " (format!("{ratio:.2}")) }
                span.span { " 95 %: " (unit.signed(interval.low)) " to " (unit.signed(interval.high)) }
            } @else {
                "not significant"
                span.span { " 95 %: " (unit.signed(interval.low)) " to " (unit.signed(interval.high)) }
            }
        }
    }
}

/// Whether a difference is for the better.
fn tone(better: Better, difference: &Difference) -> &'static str {
    let more = difference.median_difference.unwrap_or(0.0) > 0.0;
    match (difference.significant, better) {
        (false, _) => "quiet",
        (true, Better::Neither) => "",
        (true, Better::Higher) if more => "yes",
        (true, Better::Lower) if !more => "yes",
        (true, _) => "no",
    }
}
