//! Ctrl-C: the first ends what runs in order, the second everything.

use crate::commands::runtime;

/// Carries out `end` at the first Ctrl-C, and ends the process at the second. `what` is done then, as a person is
/// told. In a thread of its own, so that it is heeded as well while nothing else waits.
pub fn heed(what: &'static str, end: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    let runtime = runtime()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            eprintln!("interrupted: {what}; once more to end at once");
            end();
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(255);
            }
        });
    });
    Ok(())
}
