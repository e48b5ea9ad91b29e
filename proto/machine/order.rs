//! The order in which the copies of one input leave.

use crate::id::NodeIx;
use crate::protocol::{Order, Out, View};
use crate::random::Purpose;

/// Brings the copies of one input into the order that the options say.
pub(super) fn put_in_order(out: &mut Out, order: Order, view: &View<'_>) {
    let Some((_, message)) = out.sends.first().copied().filter(|_| out.sends.len() > 1) else { return };
    match order {
        Order::Shuffled => view.random(Purpose::Order, message).shuffle(&mut out.sends),
        Order::Listed => {
            let mut listed = view.neighbours.iter();
            let is_in_order = out.sends.iter().all(|(to, _)| listed.any(|neighbour| neighbour == to));
            if !is_in_order {
                let place = |to: NodeIx| view.neighbours.iter().position(|neighbour| *neighbour == to);
                out.sends.sort_by_cached_key(|(to, _)| place(*to));
            }
        }
    }
}
