//! From when to when something is so: two nodes are linked, or a node is there.

use std::fmt;

use crate::id::NodeIx;
use crate::time::Interval;

/// Two different nodes, whichever way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    low: NodeIx,
    high: NodeIx,
}

/// A span of time, closed at both ends, in which something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spell<T> {
    /// What it is about.
    pub of: T,
    /// When it begins, since time 0.
    pub from: Interval,
    /// When it ends; none where nobody saw it end.
    pub until: Option<Interval>,
}

/// Two nodes that can reach each other for a while.
pub type Contact = Spell<Link>;

/// A node that is there for a while.
pub type Stay = Spell<NodeIx>;

/// A spell that ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what begins at {} s ends before that, at {} s", InSeconds(*.from), InSeconds(*.until))]
pub struct Backwards {
    /// When it begins.
    pub from: Interval,
    /// When it ends.
    pub until: Interval,
}

/// A time as files write it: seconds with as many decimals as it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InSeconds(pub Interval);

impl Link {
    /// None where both are the same node.
    pub fn between(a: NodeIx, b: NodeIx) -> Option<Self> {
        (a != b).then(|| Self { low: a.min(b), high: a.max(b) })
    }

    /// Both ends, the lower number first.
    pub fn ends(self) -> [NodeIx; 2] {
        [self.low, self.high]
    }

    /// The end that is not `node`; none where neither is.
    pub fn other(self, node: NodeIx) -> Option<NodeIx> {
        match (self.low == node, self.high == node) {
            (true, _) => Some(self.high),
            (_, true) => Some(self.low),
            (false, false) => None,
        }
    }
}

impl<T: Ord + Copy> Spell<T> {
    /// Whether it holds at this instant.
    pub fn holds_at(&self, time: Interval) -> bool {
        self.from <= time && self.until.is_none_or(|until| time <= until)
    }

    /// Whether it holds all the time that `other` does.
    pub fn covers<U>(&self, other: &Spell<U>) -> bool {
        self.from <= other.from && later(other.until, self.until) == self.until
    }

    /// How long it was seen in a record that ends at `span`.
    pub fn length(&self, span: Interval) -> Interval {
        Interval(self.until.unwrap_or(span).0.saturating_sub(self.from.0))
    }

    /// Sorted by what they are about and then by time; those about one thing that overlap or touch are one.
    pub(super) fn merged(mut spells: Vec<Self>) -> Result<Vec<Self>, Backwards> {
        spells.sort_unstable();
        let mut merged: Vec<Self> = Vec::with_capacity(spells.len());
        for spell in spells {
            if let Some(until) = spell.until
                && until < spell.from
            {
                return Err(Backwards { from: spell.from, until });
            }
            match merged.last_mut() {
                Some(last) if last.of == spell.of && last.until.is_none_or(|until| spell.from <= until) => {
                    last.until = later(last.until, spell.until);
                }
                Some(_) | None => merged.push(spell),
            }
        }
        Ok(merged)
    }
}

/// The later end; none is later than all.
fn later(a: Option<Interval>, b: Option<Interval>) -> Option<Interval> {
    a.zip(b).map(|(a, b)| a.max(b))
}

impl fmt::Display for InSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0.0 / 1_000_000_000, self.0.0 % 1_000_000_000);
        match format!("{rest:09}").trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(of: u32, from: u64, until: Option<u64>) -> Stay {
        Spell { of: NodeIx(of), from: Interval(from), until: until.map(Interval) }
    }

    #[test]
    fn spells_that_overlap_or_touch_are_one() {
        let spells = vec![
            spell(1, 20, Some(30)),
            spell(0, 5, Some(9)),
            spell(0, 0, Some(5)),
            spell(0, 10, Some(12)),
            spell(1, 0, None),
        ];
        let merged = Spell::merged(spells).unwrap();
        assert_eq!(merged, [spell(0, 0, Some(9)), spell(0, 10, Some(12)), spell(1, 0, None)]);
    }

    #[test]
    fn a_spell_that_ends_before_it_begins_is_refused() {
        let error = Spell::merged(vec![spell(0, 2_500_000_000, Some(1_000_000_000))]).unwrap_err();
        assert_eq!(error.to_string(), "what begins at 2.5 s ends before that, at 1 s");
    }

    #[test]
    fn spells_are_closed_at_both_ends() {
        let whole = spell(0, 2, Some(9));
        assert!(whole.holds_at(Interval(2)) && whole.holds_at(Interval(9)) && !whole.holds_at(Interval(10)));
        assert!(whole.covers(&spell(1, 2, Some(9))) && !whole.covers(&spell(1, 2, None)));
        assert!(spell(0, 2, None).covers(&spell(1, 3, None)));
    }
}
