//! Regions of the world: which nodes are in which, and how long a copy is on its way from one to another.
//!
//! A file of regions is TOML with the one table `[regions]`:
//! - `names`: the regions, each another word
//! - `shares`: which part of the nodes is in each, in the order of the names, as `"20%"`; 100 % together
//! - `one_way_ms`: a row for each region with a number for each: milliseconds one way from the row's to the column's (a
//!   measured round trip has to be halved)
//! - `jitter_sigma`: every delay is multiplied by exp(jitter_sigma * z) with a standard normal z; 0 or left out: by nothing
//! - `source`: where the numbers are from; may be left out

use serde::Deserialize;

use super::copy::Edge;
use super::normal::Sigma;
use super::shares::{Shares, SharesError};
use crate::id::NodeIx;
use crate::quantity::{DURATION_MAX, QuantityError, Share};
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// Regions with the delays between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    names: Vec<String>,
    shares: Shares,
    /// From the row's region to the column's, row by row.
    one_way: Vec<Interval>,
    jitter: Sigma,
    source: Option<String>,
}

/// A text that describes no regions.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RegionsError {
    /// It is no TOML, or a key is missing or unknown.
    #[error("line {line}: {reason}")]
    Toml {
        /// Which line, counted from 1.
        line: usize,
        /// What the reader of TOML says.
        reason: String,
    },
    /// There is no region, or two have one name.
    #[error("regions.names: give every region a name of its own, and at least one")]
    Names,
    /// A list is not as long as the list of names.
    #[error("regions.{key}: there are {names} names, but {found} entries here")]
    Length {
        /// Which list.
        key: &'static str,
        /// Its length.
        found: usize,
        /// The number of regions.
        names: usize,
    },
    /// A row of the matrix is too short or too long.
    #[error("regions.one_way_ms: the row of {name} is {found} long, not {names}: the matrix has to be square")]
    Row {
        /// Whose row.
        name: String,
        /// Its length.
        found: usize,
        /// The number of regions.
        names: usize,
    },
    /// A delay cannot be one.
    #[error("regions.one_way_ms: {ms} from {from} to {to} is not from 0 to 3600000 milliseconds")]
    Delay {
        /// The number as given.
        ms: f64,
        /// Whose row.
        from: String,
        /// Whose column.
        to: String,
    },
    /// A share is none.
    #[error("regions.shares: {0}")]
    Share(QuantityError),
    /// The shares are not a whole.
    #[error("regions.shares: {0}")]
    Shares(SharesError),
    /// The jitter is out of range.
    #[error("regions.jitter_sigma: {0} is not from 0 to 5")]
    Jitter(f64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    regions: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    names: Vec<String>,
    shares: Vec<String>,
    one_way_ms: Vec<Vec<f64>>,
    #[serde(default)]
    jitter_sigma: f64,
    source: Option<String>,
}

impl Regions {
    /// Ten cities as measured by a cloud provider: `regions/world.toml` says by whom, when and how.
    pub fn world() -> Self {
        Self::parse(include_str!("regions/world.toml")).expect("the regions that come with cnsim are regions")
    }

    /// Reads the text of a file of regions.
    pub fn parse(text: &str) -> Result<Self, RegionsError> {
        let File { regions: table } = toml::from_str(text).map_err(|error| not_toml(text, &error))?;
        let names = table.names;
        if names.is_empty() || (1..names.len()).any(|at| names[..at].contains(&names[at])) {
            return Err(RegionsError::Names);
        }
        let shares = shares(&table.shares, names.len())?;
        let one_way = matrix(&table.one_way_ms, &names)?;
        let jitter = Sigma::new(table.jitter_sigma).ok_or(RegionsError::Jitter(table.jitter_sigma))?;
        Ok(Self { names, shares, one_way, jitter, source: table.source })
    }

    /// The region that `node` is in under `seed`.
    pub fn name(&self, seed: u64, node: NodeIx) -> &str {
        &self.names[self.place(seed, node)]
    }

    /// Where the numbers are from, where the file says it.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// How much the delays scatter around what [`Self::one_way`] says.
    pub fn jitter(&self) -> Sigma {
        self.jitter
    }

    /// How long a copy is on its way along `edge` under `seed`, without jitter.
    pub fn one_way(&self, seed: u64, edge: Edge) -> Interval {
        self.one_way[self.place(seed, edge.from) * self.names.len() + self.place(seed, edge.to)]
    }

    fn place(&self, seed: u64, node: NodeIx) -> usize {
        self.shares.draw(&mut Random::at(seed, Purpose::Region, &[node.0.into()]))
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> RegionsError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    RegionsError::Toml { line: before.matches('\n').count() + 1, reason: error.message().replace('\n', ", ") }
}

fn shares(texts: &[String], names: usize) -> Result<Shares, RegionsError> {
    if texts.len() != names {
        return Err(RegionsError::Length { key: "shares", found: texts.len(), names });
    }
    let shares: Result<Vec<Share>, _> = texts.iter().map(|text| text.parse()).collect();
    Shares::new(&shares.map_err(RegionsError::Share)?).map_err(RegionsError::Shares)
}

fn matrix(rows: &[Vec<f64>], names: &[String]) -> Result<Vec<Interval>, RegionsError> {
    if rows.len() != names.len() {
        return Err(RegionsError::Length { key: "one_way_ms", found: rows.len(), names: names.len() });
    }
    let mut one_way = Vec::with_capacity(names.len() * names.len());
    for (row, from) in rows.iter().zip(names) {
        if row.len() != names.len() {
            return Err(RegionsError::Row { name: from.clone(), found: row.len(), names: names.len() });
        }
        for (ms, to) in row.iter().zip(names) {
            let delay = delay(*ms).ok_or_else(|| RegionsError::Delay { ms: *ms, from: from.clone(), to: to.clone() });
            one_way.push(delay?);
        }
    }
    Ok(one_way)
}

fn delay(ms: f64) -> Option<Interval> {
    (0.0..=DURATION_MAX.as_ms()).contains(&ms).then(|| Interval((ms * 1e6).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "[regions]\nnames = ['a', 'b']\nshares = ['25%', '75%']\none_way_ms = [[1, 40], [50.5, 2]]\n";

    #[test]
    fn a_delay_is_that_of_the_regions_of_both_ends_in_this_direction() {
        let regions = Regions::parse(TWO).unwrap();
        let (a, b) = (node_in(&regions, "a"), node_in(&regions, "b"));
        assert_eq!(regions.one_way(1, edge(a, b)), Interval::from_ms(40));
        assert_eq!(regions.one_way(1, edge(b, a)), Interval(50_500_000));
        assert_eq!(regions.one_way(1, edge(b, b)), Interval::from_ms(2));
        assert_eq!(regions.jitter().get(), 0.0);
    }

    #[test]
    fn nodes_are_in_regions_by_their_shares() {
        let regions = Regions::parse(TWO).unwrap();
        let count = (0..10_000).filter(|node| regions.name(1, NodeIx(*node)) == "a").count();
        // Four standard deviations of a binomial count: 4 * sqrt(10000 * 0.25 * 0.75).
        assert!(count.abs_diff(2_500) <= 174, "{count}");
    }

    #[test]
    fn the_world_is_ten_measured_cities_with_the_distances_of_the_earth() {
        let world = Regions::world();
        assert_eq!(world.names.len(), 10);
        let ms = |from: &str, to: &str| world.one_way(1, edge(node_in(&world, from), node_in(&world, to))).as_ms();
        assert_eq!((ms("london", "frankfurt"), ms("frankfurt", "sydney")), (6.5, 124.0));
        for (at, from) in world.names.iter().enumerate() {
            let row = &world.one_way[at * 10..][..10];
            assert!(row.iter().all(|other| row[at] <= *other), "nothing is nearer to {from} than itself");
            for to in &world.names {
                assert_eq!(ms(from, to), ms(to, from), "{from} {to}");
            }
        }
    }

    #[test]
    fn a_wrong_file_is_told_the_key() {
        let changed = |old: &str, new: &str| Regions::parse(&TWO.replace(old, new)).unwrap_err().to_string();
        assert_eq!(
            changed("[50.5, 2]", "[50.5]"),
            "regions.one_way_ms: the row of b is 1 long, not 2: the matrix has to be square"
        );
        assert_eq!(changed(", [50.5, 2]", ""), "regions.one_way_ms: there are 2 names, but 1 entries here");
        assert_eq!(changed("40", "-40"), "regions.one_way_ms: -40 from a to b is not from 0 to 3600000 milliseconds");
        assert!(changed("40", "nan").starts_with("regions.one_way_ms: NaN from a to b"));
        assert_eq!(changed("75%", "70%"), "regions.shares: the shares add up to 95%: make it 100%");
        assert_eq!(changed("'75%'", "'0.75'"), "regions.shares: \"0.75\" has no unit: write 75% or 0.75%");
        assert_eq!(changed("'b'", "'a'"), "regions.names: give every region a name of its own, and at least one");
        assert_eq!(changed("names", "jitter_sigma = -1\nnames"), "regions.jitter_sigma: -1 is not from 0 to 5");
        let unknown = changed("names", "jitter = 1\nnames");
        assert!(unknown.starts_with("line 2: unknown field `jitter`, expected one of `names`, "), "{unknown}");
        let broken = changed("[[1", "[[1 x");
        assert!(broken.starts_with("line 4: ") && !broken.contains('\n'), "{broken}");
        assert!(Regions::parse("").unwrap_err().to_string().contains("missing field `regions`"));
    }

    fn edge(from: NodeIx, to: NodeIx) -> Edge {
        Edge { from, to, weight: None }
    }

    fn node_in(regions: &Regions, name: &str) -> NodeIx {
        (0..1_000).map(NodeIx).find(|node| regions.name(1, *node) == name).unwrap()
    }
}
