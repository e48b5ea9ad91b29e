//! Where nodes are: straight legs at constant speed, one after another.

use super::spell::{InSeconds, Spell, Stay};
use crate::id::{NodeId, NodeIx};
use crate::time::Interval;

/// A place in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// East.
    pub x: f64,
    /// North.
    pub y: f64,
}

/// A node on its way from one place to another, or at rest in one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// When it sets off.
    pub from: Interval,
    /// When it arrives.
    pub until: Interval,
    /// Where it sets off.
    pub start: Point,
    /// Where it arrives.
    pub end: Point,
}

/// The ways of all nodes. A node is there from its first leg on, and away between two legs of which the second does not begin when the
/// first ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Movement {
    nodes: Vec<NodeId>,
    /// Where the legs of node `i` begin; one more than nodes.
    starts: Vec<usize>,
    legs: Vec<Leg>,
    span: Interval,
}

/// Legs that are nobody's way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MovementError {
    /// A node has no leg.
    #[error("the node {0} is never anywhere")]
    Nowhere(NodeId),
    /// A leg begins before the one before it ends.
    #[error("the node {node} is at two places at once at {} s", InSeconds(*.time))]
    TwoPlaces {
        /// The node.
        node: NodeId,
        /// When.
        time: Interval,
    },
    /// A leg leads back in time, or nowhere that is a number.
    #[error("the node {node} has a leg from {} s on that ends before, or at no place", InSeconds(*.time))]
    NoLeg {
        /// The node.
        node: NodeId,
        /// When it sets off.
        time: Interval,
    },
}

impl Point {
    /// The place that is this part of the way to `other`.
    pub(super) fn towards(self, other: Self, part: f64) -> Self {
        Self { x: self.x + (other.x - self.x) * part, y: self.y + (other.y - self.y) * part }
    }

    /// How far it is to `other`.
    pub fn distance(self, other: Self) -> f64 {
        libm::hypot(other.x - self.x, other.y - self.y)
    }

    fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

impl Leg {
    /// Where the node is at `time`, which lies in the leg. At both ends it is exactly what they say, so that two legs agree on where
    /// they meet.
    pub fn at(&self, time: Interval) -> Point {
        if time <= self.from {
            return self.start;
        }
        if time >= self.until {
            return self.end;
        }
        self.start.towards(self.end, (time.0 - self.from.0) as f64 / (self.until.0 - self.from.0) as f64)
    }

    /// Metres a second; 0 of a leg that takes no time.
    pub fn speed(&self) -> f64 {
        match self.until.0.saturating_sub(self.from.0) {
            0 => 0.0,
            ns => self.start.distance(self.end) / (ns as f64 / 1e9),
        }
    }
}

impl Movement {
    /// The ways of these nodes, each the legs of one node in the order of time. A record that goes on behind the last leg is as long as
    /// `span`; whose last leg ends before it is away from then on.
    ///
    /// # Errors
    /// Where legs are nobody's way.
    pub fn of(
        nodes: Vec<NodeId>,
        ways: impl IntoIterator<Item = Vec<Leg>>,
        span: Interval,
    ) -> Result<Self, MovementError> {
        let mut starts = vec![0];
        let mut legs = Vec::new();
        let mut ways = ways.into_iter();
        for node in &nodes {
            let way = ways.next().filter(|way| !way.is_empty());
            let way = way.ok_or_else(|| MovementError::Nowhere(node.clone()))?;
            for (place, leg) in way.iter().enumerate() {
                if leg.until < leg.from || !leg.start.is_finite() || !leg.end.is_finite() {
                    return Err(MovementError::NoLeg { node: node.clone(), time: leg.from });
                }
                if place > 0 && leg.from < way[place - 1].until {
                    return Err(MovementError::TwoPlaces { node: node.clone(), time: leg.from });
                }
            }
            legs.extend(way);
            starts.push(legs.len());
        }
        let last = legs.iter().map(|leg: &Leg| leg.until).max().unwrap_or_default();
        Ok(Self { nodes, starts, legs, span: span.max(last) })
    }

    /// The nodes' names, in the order of their numbers.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// How long the ways are known for.
    pub fn span(&self) -> Interval {
        self.span
    }

    /// The legs of a node, in the order of time.
    pub fn legs(&self, node: NodeIx) -> &[Leg] {
        &self.legs[self.starts[node.index()]..self.starts[node.index() + 1]]
    }

    /// Every leg of every node.
    pub fn all_legs(&self) -> &[Leg] {
        &self.legs
    }

    /// When nodes are there. Those whose way ends with the record stay, as far as anybody knows.
    pub fn stays(&self) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        for node in (0..self.nodes.len() as u32).map(NodeIx) {
            for leg in self.legs(node) {
                match stays.last_mut() {
                    Some(last) if last.of == node && last.until == Some(leg.from) => last.until = Some(leg.until),
                    Some(_) | None => stays.push(Spell { of: node, from: leg.from, until: Some(leg.until) }),
                }
            }
        }
        for stay in &mut stays {
            stay.until = stay.until.filter(|until| *until < self.span);
        }
        stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::default_ids;

    fn leg(from: u64, until: u64, start: f64, end: f64) -> Leg {
        let [start, end] = [start, end].map(|x| Point { x, y: 0.0 });
        Leg { from: Interval(from), until: Interval(until), start, end }
    }

    #[test]
    fn a_node_is_away_between_legs_that_do_not_meet() {
        let ways =
            vec![vec![leg(0, 5, 0.0, 1.0), leg(5, 9, 1.0, 1.0), leg(12, 20, 4.0, 5.0)], vec![leg(3, 8, 0.0, 0.0)]];
        let movement = Movement::of(default_ids(2), ways, Interval(20)).unwrap();
        let stay = |node, from, until: Option<u64>| Spell {
            of: NodeIx(node),
            from: Interval(from),
            until: until.map(Interval),
        };
        assert_eq!(movement.stays(), [stay(0, 0, Some(9)), stay(0, 12, None), stay(1, 3, Some(8))]);
        assert_eq!(movement.legs(NodeIx(0))[0].at(Interval(4)), Point { x: 0.8, y: 0.0 });
        assert_eq!(movement.legs(NodeIx(0))[0].speed(), 1.0 / 5e-9);
    }

    #[test]
    fn a_node_is_never_at_two_places() {
        let error = |way| Movement::of(default_ids(1), [way], Interval::ZERO).unwrap_err().to_string();
        let second = 1_000_000_000;
        assert_eq!(
            error(vec![leg(0, 2 * second, 0.0, 1.0), leg(second, 3 * second, 1.0, 1.0)]),
            "the node gossip-statefulset-0 is at two places at once at 1 s"
        );
        assert!(error(vec![leg(0, 1, 0.0, f64::NAN)]).ends_with("at no place"));
    }
}
