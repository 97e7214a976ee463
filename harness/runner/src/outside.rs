//! What stands outside a real cluster adds to the history.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ordalia_history::Event;
use ordalia_node::Act;
use ordalia_outside::History;
use ordalia_record::{Actor, Lanes};

use crate::Recorder;

/// Records the acts of what stands outside as they come. Those of before the load wait for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutsideActs(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lanes: Lanes,
    early: Vec<Event>,
    recorder: Option<Arc<Recorder>>,
}

impl OutsideActs {
    /// The load begins.
    pub(crate) fn begin(&self, recorder: &Arc<Recorder>) {
        let mut state = self.lock();
        state.recorder = Some(Arc::clone(recorder));
        let early = std::mem::take(&mut state.early);
        state.write(early);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, events: Vec<Event>) {
        let Some(recorder) = &self.recorder else { return self.early.extend(events) };
        // A history that cannot be written ends the test where its operations are written.
        let written = events.into_iter().try_for_each(|event| recorder.record(event).map(drop));
        let _ = written.and_then(|()| recorder.flush());
    }
}

impl History for OutsideActs {
    fn time_ns(&self) -> u64 {
        self.lock().recorder.as_ref().map_or(0, |recorder| recorder.now_ns())
    }

    fn record(&mut self, act: Act) {
        let mut state = self.lock();
        let events = state.lanes.events(Actor::Outside, act.into());
        state.write(events);
    }
}
