//! Whether values have more than one hump, whatever the humps look like.

use std::collections::BTreeMap;

use cnsim::random::Random;
use rayon::prelude::*;

use super::dip_table;
use super::resample::MANY_ROUNDS;

/// Samples that are drawn at once; after each lot it is seen whether more are needed.
const LOT: usize = 500;

/// Larger dips of samples without two humps after which a probability is known well enough.
const LARGER_ENOUGH: usize = 20;

/// The dip of sorted values (Hartigan and Hartigan 1985): the largest distance between their empirical distribution and the
/// unimodal distribution that is nearest to it. By the algorithm of P. M. Hartigan (1985, AS 217) with the corrections in R's
/// diptest: from the whole range inwards, the modal interval ends where the greatest convex minorant and the least concave
/// majorant are furthest apart. None of no value.
pub fn dip(sorted: &[f64]) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let count = sorted.len() as f64;
    // In units of 1 / (2 n); less cannot be.
    let mut dip: f64 = 1.0;
    if sorted[0] < sorted[last] {
        let (minorant, majorant) = (minorant(sorted), majorant(sorted));
        let (mut low, mut high) = (0, last);
        loop {
            let convex = vertices(high, low, &minorant);
            let concave = vertices(low, high, &majorant);
            let gap = widest(sorted, &convex, &concave);
            if gap.width < dip {
                break;
            }
            let below = convex[gap.convex..].windows(2).map(|ends| above_line(sorted, ends[1], ends[0]));
            let above = concave[gap.concave..].windows(2).map(|ends| below_line(sorted, ends[0], ends[1]));
            dip = below.chain(above).fold(dip, f64::max);
            let inner = (convex[gap.convex], concave[gap.concave]);
            if inner == (low, high) {
                break;
            }
            (low, high) = inner;
        }
    }
    Some(dip / (2.0 * count))
}

/// Dips of samples of one hump that were drawn so far, by the samples' size.
#[derive(Debug, Default)]
pub struct DipReference(BTreeMap<usize, Vec<f64>>);

impl DipReference {
    /// The probability that as many values of one hump have at least that dip: that of evenly spread ones, which is the largest
    /// (Hartigan and Hartigan 1985). Of few, from samples drawn with a seed: at most `replicates`, and fewer where it is
    /// not small (Besag and Clifford 1991). Of many, from a table.
    pub fn probability(&mut self, count: usize, dip: f64, replicates: usize) -> f64 {
        if count >= MANY_ROUNDS {
            return dip_table::probability(count, dip);
        }
        let samples = self.0.entry(count).or_default();
        let (mut drawn, mut larger) = (0, 0);
        while drawn < replicates && larger < LARGER_ENOUGH {
            let lot = drawn..replicates.min(drawn + LOT);
            drawn = lot.end;
            let missing = samples.len().min(lot.end)..lot.end;
            samples.par_extend(missing.into_par_iter().map(|number| dip_of_even(count, number)));
            // Rounding must not make of an equal dip a smaller one.
            larger += samples[lot].iter().filter(|even| **even >= dip - 1e-12).count();
        }
        (larger + 1) as f64 / (drawn + 1) as f64
    }
}

/// The dip of evenly spread values, drawn for one sample.
fn dip_of_even(count: usize, number: usize) -> f64 {
    let mut random = Random::keyed(1, &["dip", &count.to_string(), &number.to_string()]);
    let even = super::sorted((0..count).map(|_| random.below(1 << 53) as f64));
    dip(&even).expect("a sample has a value")
}

/// For each value, the place of the vertex before it on the greatest convex minorant of the values up to it.
fn minorant(sorted: &[f64]) -> Vec<usize> {
    let mut before = vec![0; sorted.len()];
    for place in 1..sorted.len() {
        let mut vertex = place - 1;
        while vertex > 0 && !is_convex(sorted, before[vertex], vertex, place) {
            vertex = before[vertex];
        }
        before[place] = vertex;
    }
    before
}

/// For each value, the place of the vertex after it on the least concave majorant of the values from it on.
fn majorant(sorted: &[f64]) -> Vec<usize> {
    let last = sorted.len() - 1;
    let mut after = vec![last; sorted.len()];
    for place in (0..last).rev() {
        let mut vertex = place + 1;
        while vertex < last && !is_concave(sorted, place, vertex, after[vertex]) {
            vertex = after[vertex];
        }
        after[place] = vertex;
    }
    after
}

/// Whether the distribution function rises faster from `b` to `c` than from `a` to `b`.
fn is_convex(sorted: &[f64], a: usize, b: usize, c: usize) -> bool {
    (sorted[c] - sorted[b]) * ((b - a) as f64) < (sorted[b] - sorted[a]) * ((c - b) as f64)
}

/// Whether it rises slower.
fn is_concave(sorted: &[f64], a: usize, b: usize, c: usize) -> bool {
    (sorted[b] - sorted[a]) * ((c - b) as f64) < (sorted[c] - sorted[b]) * ((b - a) as f64)
}

/// The vertices from one end to the other.
fn vertices(from: usize, to: usize, next: &[usize]) -> Vec<usize> {
    let mut vertices = vec![from];
    let mut place = from;
    while place != to {
        place = next[place];
        vertices.push(place);
    }
    vertices
}

/// Where two curves are furthest apart.
struct Gap {
    /// In units of 1 / n.
    width: f64,
    /// The vertex of the minorant that is at or before it, as a place in its list, which runs from the high end down.
    convex: usize,
    /// The vertex of the majorant that is at or after it.
    concave: usize,
}

/// The widest gap between minorant and majorant, at a vertex of either.
fn widest(sorted: &[f64], convex: &[usize], concave: &[usize]) -> Gap {
    let mut gap = Gap { width: 0.0, convex: convex.len() - 1, concave: concave.len() - 1 };
    if convex.len() == 2 && concave.len() == 2 {
        return Gap { width: 1.0, ..gap };
    }
    // From the low end up on both: `on_convex` is the next vertex of the one, `on_concave` of the other.
    let (mut on_convex, mut on_concave) = (convex.len() - 2, 1);
    loop {
        let (lower, upper) = (convex[on_convex], concave[on_concave]);
        if lower > upper {
            let start = convex[on_convex + 1];
            let line = (sorted[upper] - sorted[start]) * slope(sorted, start, lower);
            let width = (upper - start) as f64 + 1.0 - line;
            on_concave += 1;
            if width >= gap.width {
                gap = Gap { width, convex: on_convex + 1, concave: on_concave - 1 };
            }
        } else {
            let start = concave[on_concave - 1];
            let line = (sorted[lower] - sorted[start]) * slope(sorted, start, upper);
            let width = line - (lower as f64 - start as f64 - 1.0);
            let here = on_convex;
            on_convex = on_convex.saturating_sub(1);
            if width >= gap.width {
                gap = Gap { width, convex: here, concave: on_concave };
            }
        }
        on_concave = on_concave.min(concave.len() - 1);
        if convex[on_convex] == concave[on_concave] {
            return gap;
        }
    }
}

/// Values per unit of their range between two places.
fn slope(sorted: &[f64], from: usize, to: usize) -> f64 {
    (to - from) as f64 / (sorted[to] - sorted[from])
}

/// How far the distribution function is above the line between two places at most; at least one step.
fn above_line(sorted: &[f64], from: usize, to: usize) -> f64 {
    let distance = |place: usize, slope: f64| (place - from) as f64 + 1.0 - (sorted[place] - sorted[from]) * slope;
    furthest(sorted, from, to, distance)
}

/// How far it is below.
fn below_line(sorted: &[f64], from: usize, to: usize) -> f64 {
    let distance =
        |place: usize, slope: f64| (sorted[place] - sorted[from]) * slope - (place as f64 - from as f64 - 1.0);
    furthest(sorted, from, to, distance)
}

fn furthest(sorted: &[f64], from: usize, to: usize, distance: impl Fn(usize, f64) -> f64) -> f64 {
    if to - from <= 1 || sorted[from] == sorted[to] {
        return 1.0;
    }
    let slope = slope(sorted, from, to);
    (from..=to).map(|place| distance(place, slope)).fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::*;
    use crate::stats::sorted;

    #[test]
    fn the_dip_is_that_of_diptest() {
        for case in reference("dip").as_array().unwrap() {
            let values = sorted(numbers(&case["values"]));
            close(dip(&values).unwrap(), case["dip"].as_f64().unwrap(), "dip");
        }
        assert_eq!(dip(&[]), None);
    }

    #[test]
    fn even_values_are_likely_and_two_heaps_are_not() {
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert!(DipReference::default().probability(50, dip(&even).unwrap(), 999) > 0.99);
        let heaps: Vec<f64> = (0..50).map(|place| f64::from(place) + if place < 25 { 0.0 } else { 200.0 }).collect();
        assert_eq!(DipReference::default().probability(50, dip(&heaps).unwrap(), 999), 0.001);
    }

    #[test]
    fn probabilities_are_those_of_the_published_table() {
        // The table of diptest, from a million samples: one in twenty samples of 50 values has a dip above 0.07027.
        let p = DipReference::default().probability(50, 0.07027, 4_000);
        assert!((0.03..0.08).contains(&p), "{p}");
        let p_of_many = DipReference::default().probability(8_000, 0.07027 * (50.0_f64 / 8_000.0).sqrt(), 200);
        assert!((0.005..0.2).contains(&p_of_many), "{p_of_many}");
    }
}
