//! Where the labels of fault bands go, so that none covers another.

/// What is to be labelled, in pixels.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// Left end of the band.
    pub left: f64,
    /// Right end of the band.
    pub right: f64,
    /// The full label.
    pub label: String,
    /// A label to fall back on where there are too many faults: `#3`.
    pub short: String,
}

/// Where one label went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    /// Its row, from 0 at the top.
    pub row: usize,
    /// Left end of the text.
    pub text_left: f64,
    /// The text; empty where there was no room for any.
    pub text: String,
}

/// Labels in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// One for each span, in the same order.
    pub placed: Vec<Placed>,
    /// The number of rows.
    pub count: usize,
}

/// More rows than this would dwarf the plot; labels get shorter first.
const MOST_ROWS: usize = 6;

/// Pixels between one label and the next.
const GAP: f64 = 8.0;

/// The width of a text in a bold sans-serif font, in pixels. There is no font to measure with, so this
/// takes the letters of a wide one.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '(' | ')' | '|' | '\'' => 0.42,
        'm' | 'w' | 'M' | 'W' | '→' | '…' | '—' => 1.02,
        c if c.is_ascii_uppercase() => 0.77,
        c if c.is_ascii() => 0.68,
        _ => 1.0,
    };
    text.chars().map(em).sum::<f64>() * size
}

/// Places each label at its band's left end in the first row that is free there, and no further right
/// than `edge`. Where that takes too many rows the labels are shortened, then left out.
pub(crate) fn stagger(spans: &[Span], edge: f64, size: f64) -> Rows {
    let full = place(spans, edge, size, |span| span.label.clone());
    if full.count <= MOST_ROWS {
        return full;
    }
    let short = place(spans, edge, size, |span| span.short.clone());
    if short.count <= MOST_ROWS {
        return short;
    }
    let mut bare = place(spans, edge, size, |_| String::new());
    for placed in &mut bare.placed {
        placed.row = placed.row.min(MOST_ROWS - 1);
    }
    bare.count = bare.count.min(MOST_ROWS);
    bare
}

/// First fit, with the texts that `text` gives.
fn place(spans: &[Span], edge: f64, size: f64, text: impl Fn(&Span) -> String) -> Rows {
    let mut ends: Vec<f64> = Vec::new();
    let mut placed = Vec::with_capacity(spans.len());
    for span in spans {
        let text = text(span);
        let width = text_width(&text, size);
        let text_left = span.left.min(edge - width).max(0.0);
        let end = span.right.max(text_left + width) + GAP;
        let row = ends.iter().position(|&taken| taken <= text_left).unwrap_or(ends.len());
        match ends.get_mut(row) {
            Some(taken) => *taken = end,
            None => ends.push(end),
        }
        placed.push(Placed { row, text_left, text });
    }
    Rows { placed, count: ends.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(left: f64, right: f64, label: &str) -> Span {
        Span { left, right, label: label.into(), short: "#1".into() }
    }

    #[test]
    fn labels_never_cover_each_other() {
        let spans: Vec<Span> =
            (0..40).map(|at| span(f64::from(at) * 25.0, f64::from(at) * 25.0 + 40.0, "kill n2")).collect();
        let rows = stagger(&spans, 1000.0, 11.0);
        assert!(rows.count <= MOST_ROWS);
        for (a, first) in rows.placed.iter().enumerate() {
            for second in &rows.placed[a + 1..] {
                let apart = first.text_left + text_width(&first.text, 11.0) <= second.text_left;
                assert!(first.row != second.row || apart, "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn a_label_at_the_edge_is_moved_to_the_left() {
        let rows = stagger(&[span(990.0, 1000.0, "partition halves")], 1000.0, 11.0);
        assert!(rows.placed[0].text_left + text_width("partition halves", 11.0) <= 1000.0);
    }

    #[test]
    fn too_many_labels_are_shortened_then_dropped() {
        let close = |n: u32, step: f64| -> Vec<Span> {
            (0..n)
                .map(|at| span(f64::from(at) * step, f64::from(at) * step + 1.0, "partition majorities-ring"))
                .collect()
        };
        let short = stagger(&close(90, 10.0), 1000.0, 11.0);
        assert!(short.count <= MOST_ROWS && short.placed.iter().all(|placed| placed.text == "#1"));
        let bare = stagger(&close(900, 1.0), 1000.0, 11.0);
        assert!(bare.count <= MOST_ROWS && bare.placed.iter().all(|placed| placed.text.is_empty()));
    }
}
