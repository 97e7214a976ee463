//! What happened, event by event: for the space–time diagram, and to hold two runs of one seed against each
//! other.

pub use ordalia_record::{Happened, TraceEvent};

/// Keeps the events, or only their number.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    events: Option<Vec<TraceEvent>>,
}

impl Tracer {
    pub(crate) fn new(keep: bool) -> Self {
        Self { events: keep.then(Vec::new) }
    }

    /// Notes an event; it is made only if it is kept.
    pub(crate) fn note(&mut self, at: u64, what: impl FnOnce() -> Happened) {
        if let Some(events) = &mut self.events {
            events.push(TraceEvent { at, what: what() });
        }
    }

    /// The events so far, if they are kept.
    pub(crate) fn events(&self) -> &[TraceEvent] {
        self.events.as_deref().unwrap_or_default()
    }

    pub(crate) fn into_events(self) -> Vec<TraceEvent> {
        self.events.unwrap_or_default()
    }
}
