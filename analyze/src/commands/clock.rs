//! The time of day, for what is recent.

use chrono::{DateTime, Utc};

/// The time.
#[expect(clippy::disallowed_methods, reason = "what is recent depends on the clock")]
pub(super) fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
