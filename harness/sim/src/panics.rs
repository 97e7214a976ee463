//! Panics of nodes: findings with a place, not noise on the terminal.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside a node.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic of a node on this thread happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls a node, and turns its panic into a text that says where it happened.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(listen);
    GUARDED.set(true);
    // What a panic leaves half done is thrown away with the process.
    let outcome = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(false);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        let place = PLACE.take().map_or(String::new(), |place| format!(" at {place}"));
        format!("it panicked{place}: {}", text.unwrap_or("without a message"))
    })
}

/// Notes the places of nodes' panics; all others are told as before.
fn listen() {
    let told = take_hook();
    set_hook(Box::new(move |panic| {
        if GUARDED.get() {
            PLACE.set(panic.location().map(ToString::to_string));
        } else {
            told(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        let text = guarded(|| panic!("index {} is missing", 7)).unwrap_err();
        assert!(text.starts_with("it panicked at ") && text.ends_with(": index 7 is missing"), "{text}");
        assert!(text.contains("panics.rs:"), "{text}");
        assert_eq!(guarded(|| 5), Ok(5));
    }
}
