//! Whether the user has asked to stop: once a program has waited for Ctrl-C, it does not end by itself any more.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether the user has asked.
pub(super) fn was_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Listens from now on.
#[cfg(any(feature = "bigquery", feature = "kubernetes"))]
pub(super) fn listen() {
    use std::sync::Once;

    use tokio::runtime::Builder;

    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        std::thread::spawn(|| {
            // Where no signal can be had, only the default action is left.
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                ASKED.store(true, Ordering::Relaxed);
            }
        });
    });
}
