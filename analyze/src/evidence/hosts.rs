//! Whether a round was recorded on one host.

use crate::rounds::Round;

/// The host that all records of a round name, by number; none where they name several.
pub(super) fn only_host(round: &Round<'_>) -> Option<u32> {
    let mut hosts = round.rows.clone().map(|row| round.events.host[row]);
    let first = hosts.next()?;
    hosts.all(|host| host == first).then_some(first)
}
