//! Which of the free threads is next.

use crate::{Context, Thread};

/// Takes free threads in turn. Always taking the first would leave the others idle at a low rate, and with
/// them the nodes that their clients speak to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rotation {
    last: Option<Thread>,
}

impl Rotation {
    /// The first free thread after the one taken last; `None` if none is free.
    pub(crate) fn take(&mut self, context: &Context<'_>) -> Option<Thread> {
        let after = context.free.iter().copied().find(|thread| self.last.is_none_or(|last| *thread > last));
        let thread = after.or(context.free.first().copied())?;
        self.last = Some(thread);
        Some(thread)
    }
}
