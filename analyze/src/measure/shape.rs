//! The shape of the tree of first deliveries: how deep, how wide, how much it branches.

use super::spread::Spread;
use super::tree::{Parent, depths, parent};

/// The shape of one round's tree, over the nodes that it leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// How many nodes are at depth 1, 2, …: hops from the initiator.
    pub widths: Vec<u32>,
    /// Mean number of children of the nodes that have any.
    pub branching_mean: f64,
    /// The most children of one node.
    pub branching_max: u32,
}

impl Shape {
    /// The largest depth.
    pub fn depth(&self) -> u32 {
        self.widths.len() as u32
    }

    /// The most nodes at one depth.
    pub fn width(&self) -> u32 {
        self.widths.iter().copied().max().unwrap_or(0)
    }
}

/// The shape of a round's tree; none where it leads to no node.
pub(super) fn shape(spread: &Spread<'_>) -> Option<Shape> {
    let depths = depths(spread);
    let mut widths = Vec::new();
    // By position; the initiator's are in the last place.
    let mut children = vec![0_u32; spread.firsts.len() + 1];
    for (position, depth) in depths.iter().enumerate() {
        let Ok(depth @ 1..) = usize::try_from(*depth) else { continue };
        widths.resize(widths.len().max(depth), 0);
        widths[depth - 1] += 1;
        match parent(spread, position) {
            Parent::Root => children[spread.firsts.len()] += 1,
            Parent::At(parent) => children[parent] += 1,
            Parent::Unknown => {}
        }
    }
    let forwarders = children.iter().filter(|count| **count > 0).count();
    let branching_mean = f64::from(widths.iter().sum::<u32>()) / forwarders as f64;
    let branching_max = children.iter().copied().max().unwrap_or(0);
    (forwarders > 0).then_some(Shape { widths, branching_mean, branching_max })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn depth_width_and_branching_are_those_of_the_tree() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 10),
            Row::received("a", "c", 1, 11),
            Row::received("b", "d", 11, 20),
            Row::received("b", "e", 11, 21),
            Row::received("b", "f", 11, 22),
            Row::received("lost", "g", 11, 23),
        ];
        with_spread(&rows, |spread| {
            let shape = shape(spread).unwrap();
            assert_eq!(shape, Shape { widths: vec![2, 3], branching_mean: 2.5, branching_max: 3 });
            assert_eq!((shape.depth(), shape.width()), (2, 3));
        });
    }

    #[test]
    fn a_round_that_nobody_began_has_no_shape() {
        with_spread(&[Row::received("a", "b", 1, 2)], |spread| assert_eq!(shape(spread), None));
    }
}
