//! Which nodes may come near each other in a while: those whose boxes lie in neighbouring cells of a grid.

use super::movement::Point;

/// Where a node is during a while, roughly: a rectangle around its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) node: u32,
    low: Point,
    high: Point,
}

impl Around {
    /// None where there are no places.
    pub(super) fn of(node: u32, places: impl IntoIterator<Item = Point>) -> Option<Self> {
        let mut places = places.into_iter();
        let first = places.next()?;
        Some(places.fold(Self { node, low: first, high: first }, |around, place| Self {
            node,
            low: Point { x: around.low.x.min(place.x), y: around.low.y.min(place.y) },
            high: Point { x: around.high.x.max(place.x), y: around.high.y.max(place.y) },
        }))
    }

    fn extent(&self) -> f64 {
        (self.high.x - self.low.x).max(self.high.y - self.low.y)
    }

    fn is_near(&self, other: &Self, range: f64) -> bool {
        let gap = |low: f64, high: f64| (low - high).max(0.0);
        let x = gap(self.low.x, other.high.x).max(gap(other.low.x, self.high.x));
        let y = gap(self.low.y, other.high.y).max(gap(other.low.y, self.high.y));
        x <= range && y <= range
    }
}

/// The places in `all` of every two nodes that may come as near as `range`, the smaller place first, each pair once.
///
/// Two nodes that do have centres at most `range` and half of both extents apart, so that with cells of `range` and a whole extent it is
/// enough to look into the cells around. The few nodes that go much farther than the range are held against all others, so that they do
/// not make the cells of all others large.
pub(super) fn pairs(all: &[Around], range: f64) -> Vec<(usize, usize)> {
    // The slack of `crossing`, and what a sum may be rounded by.
    let range = range * (1.0 + 1e-9) + 1e-6;
    let is_far = |around: &Around| around.extent() > 4.0 * range;
    let widest = all.iter().filter(|around| !is_far(around)).map(Around::extent).fold(0.0, f64::max);
    let side = range + widest;
    let cell = |around: &Around| {
        let number = |low: f64, high: f64| ((low + high) / 2.0 / side).floor() as i64;
        (number(around.low.x, around.high.x), number(around.low.y, around.high.y))
    };
    let mut cells: Vec<((i64, i64), usize)> =
        (0..all.len()).filter(|place| !is_far(&all[*place])).map(|place| (cell(&all[place]), place)).collect();
    cells.sort_unstable();
    let mut pairs = Vec::new();
    let mut put = |a: usize, b: usize| {
        if all[a].is_near(&all[b], range) {
            pairs.push((a.min(b), a.max(b)));
        }
    };
    for (place, ((x, y), node)) in cells.iter().enumerate() {
        // The rest of its own cell, the one above, and the three to the right: from these others it is found itself.
        let own_and_above = cells[place + 1..].iter().take_while(|(other, _)| *other <= (*x, *y + 1));
        own_and_above.for_each(|(_, other)| put(*node, *other));
        let right = cells.partition_point(|(other, _)| *other < (*x + 1, *y - 1));
        let to_the_right = cells[right..].iter().take_while(|(other, _)| *other <= (*x + 1, *y + 1));
        to_the_right.for_each(|(_, other)| put(*node, *other));
    }
    for far in (0..all.len()).filter(|place| is_far(&all[*place])) {
        let others = (0..all.len()).filter(|other| !is_far(&all[*other]) || *other > far);
        others.for_each(|other| put(far, other));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::random::Random;

    #[test]
    fn no_two_nodes_that_are_near_are_left_out_and_none_comes_twice() {
        let mut random = Random::keyed(1, &["nearby"]);
        for round in 0..200 {
            let range = 5.0 + 40.0 * random.unit();
            let size = 2.0 * f64::from(round % 20);
            let all: Vec<Around> = (0..60)
                .map(|node| {
                    let place = Point { x: 300.0 * random.unit() - 150.0, y: 300.0 * random.unit() - 150.0 };
                    // Now and then one that goes far.
                    let way = if random.chance(0.05) { 500.0 } else { size * random.unit() };
                    Around::of(node, [place, Point { x: place.x + way, y: place.y - way * random.unit() }]).unwrap()
                })
                .collect();
            let found = pairs(&all, range);
            let expected: BTreeSet<(usize, usize)> = (0..60)
                .flat_map(|a| (a + 1..60).map(move |b| (a, b)))
                .filter(|(a, b)| all[*a].is_near(&all[*b], range))
                .collect();
            assert!(found.len() < 60 * 59 / 2);
            let distinct: BTreeSet<(usize, usize)> = found.iter().copied().collect();
            assert_eq!(found.len(), distinct.len(), "each once");
            assert!(expected.is_subset(&distinct), "{:?}", expected.difference(&distinct));
        }
    }
}
