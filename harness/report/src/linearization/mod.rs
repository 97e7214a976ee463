//! A page that shows why a history is linearizable, or where it stops being so: the timeline of concurrent
//! operations, the order in which they took effect with the state after each, and the operation that has no
//! place in it.
//!
//! The page is one file and loads nothing. Its data are columns of numbers, compressed ([`data`]), which a
//! script of its own (`timeline.js`, `view.js`, with `picture.js`) draws on a canvas, only what is in sight. The words around it, and a table of the
//! operations around the failure, are plain HTML and need no script. Text of the history reaches the page in two
//! ways only: through maud, which escapes it, and inside the compressed data, in base64.

mod data;
mod page;
mod rows;
mod selection;

use ordalia_checker::linearizable::Depiction;
use ordalia_history::{FaultWindow, Operation};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct LinearizationPage<'a> {
    /// What was judged, for the heading: the name of the history.
    pub title: &'a str,
    /// What was found.
    pub depiction: &'a Depiction,
    /// The history's operations, as the depiction names them.
    pub operations: &'a [Operation],
    /// The spans of the faults; empty where the history tells of none.
    pub faults: &'a [FaultWindow],
    /// Where a link back leads: the report that this page belongs to.
    pub back: Option<&'a str>,
}

impl LinearizationPage<'_> {
    /// The page as HTML.
    pub fn render(&self) -> String {
        page::render(self).into_string()
    }
}
