//! A flood on the complete graph whose link delays are independent and exponential: a pure-birth chain.
//!
//! With k of n nodes reached, the next is reached at rate k (n - k) over the mean delay, and each reached node is
//! equally likely to be the one that reaches it: the tree of first deliveries is a random recursive tree (first-passage
//! percolation on the complete graph: Janson 1999, "One, two and three times log n / n for paths in a complete graph
//! with random weights"). It holds where nodes take no time and links have no rate.

/// What is expected of one flood over `n` nodes. Times are in units of the mean delay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PureBirth {
    /// The mean time until all are reached: the sum of 1 / (k (n - k)) = 2 H(n-1) / n.
    pub(crate) t100_mean: f64,
    /// Its standard deviation: the root of the sum of 1 / (k (n - k))^2.
    pub(crate) t100_sd: f64,
    /// The mean time of delivery over the nodes that did not initiate: H(n-1) / (n - 1).
    pub(crate) delivery_mean: f64,
    /// The mean hop over the nodes that did not initiate: n (H(n) - 1) / (n - 1).
    pub(crate) hop_mean: f64,
    /// The copies sent where each node forwards to all but the sender: (n - 1)^2, always.
    pub(crate) copies: u64,
}

/// The values of a flood over `n` nodes.
///
/// # Panics
/// When `n` is below 2: there is nobody to reach.
pub(crate) fn flood(n: u32) -> PureBirth {
    assert!(n >= 2, "a flood over {n} nodes reaches nobody");
    let size = f64::from(n);
    let others = size - 1.0;
    let variance: f64 = (1..n).map(|k| (f64::from(k) * f64::from(n - k)).powi(-2)).sum();
    PureBirth {
        t100_mean: 2.0 * harmonic(n - 1) / size,
        t100_sd: variance.sqrt(),
        delivery_mean: harmonic(n - 1) / others,
        hop_mean: size * (harmonic(n) - 1.0) / others,
        copies: u64::from(n - 1).pow(2),
    }
}

/// The mean time and its standard deviation until all `n` nodes know, where each that knows tells one uniform other at
/// the times of a Poisson clock of rate 1: the same chain, n - 1 times slower. Where each node both tells and asks it
/// takes half of it.
pub(crate) fn asynchronous_push(n: u32) -> (f64, f64) {
    let PureBirth { t100_mean, t100_sd, .. } = flood(n);
    let others = f64::from(n - 1);
    (t100_mean * others, t100_sd * others)
}

/// H(n) = 1 + 1/2 + ... + 1/n, from the small terms to the large.
fn harmonic(n: u32) -> f64 {
    (1..=n).rev().map(|k| 1.0 / f64::from(k)).sum()
}
