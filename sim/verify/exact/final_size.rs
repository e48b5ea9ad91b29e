//! "Infect and die": each node forwards once, on its first receipt, to k distinct uniform others. Who is reached in the
//! end, exactly.
//!
//! Who is reached does not depend on the order in which the reached nodes send: so let them send one after the other.
//! The t-th sender meets, among its k targets of the n - 1 others, a hypergeometric number of nodes that nobody met
//! before, and the process ends when all that were met have sent. This is a chain over (senders, met), of which there
//! are fewer than n^2 / 2 states (Ludwig 1975, "Final size distributions for epidemics", shows that the order does not
//! matter).

/// Who forwards to how many, and what goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// All nodes, those that crashed among them.
    pub(crate) n_nodes: usize,
    /// How many distinct others each node forwards to.
    pub(crate) fanout: usize,
    /// The probability that a copy is lost.
    pub(crate) loss: f64,
    /// How many nodes crashed before the start. They are chosen as targets like the others, and the initiator is none of them.
    pub(crate) n_crashed: usize,
}

/// How a spread ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FinalSize {
    /// The probability of each number of nodes reached, the initiator among them; index k - 1 is k nodes, up to all
    /// that did not crash.
    pub(crate) reached: Vec<f64>,
}

impl FinalSize {
    /// The probability that all nodes that did not crash are reached.
    pub(crate) fn all(&self) -> f64 {
        self.reached.last().copied().unwrap_or(0.0)
    }

    /// The fraction of the nodes that did not crash which is never reached: its mean and its standard deviation in one run.
    pub(crate) fn residue(&self) -> (f64, f64) {
        let live = self.reached.len() as f64;
        let missed = |at: usize| (live - 1.0 - at as f64) / live;
        let moment = |power| -> f64 { self.reached.iter().enumerate().map(|(at, p)| p * missed(at).powi(power)).sum() };
        let mean = moment(1);
        (mean, (moment(2) - mean * mean).max(0.0).sqrt())
    }
}

/// How a spread ends.
///
/// # Panics
/// When the fanout exceeds the number of other nodes, or all nodes crashed.
pub(crate) fn final_size(spread: &Spread) -> FinalSize {
    let Spread { n_nodes, fanout, loss, n_crashed } = *spread;
    assert!(fanout < n_nodes && n_crashed < n_nodes, "{spread:?} has too few nodes");
    let live = n_nodes - n_crashed;
    let arriving = thinned(fanout, 1.0 - loss);
    explore(live, &|missing| new_targets(missing, n_nodes - 1, &arriving))
}

/// The probability that a random graph of `n` nodes, each edge there with probability `p`, is connected. It is the
/// final size of nodes that forward to each other node with probability `p` (Kermarrec, Massoulie and Ganesh 2003,
/// "Probabilistic reliable dissemination in large-scale systems": its limit for p = (ln n + c) / n is exp(-exp(-c))).
pub(crate) fn connected(n: usize, p: f64) -> f64 {
    explore(n, &|missing| thinned(missing, p)).all()
}

/// The same by the component of one node (Gilbert 1959, "Random graphs"): 1 less the sum over k < n of C(n-1, k-1) C(k)
/// (1-p)^(k (n-k)).
pub(crate) fn connected_by_components(n: usize, p: f64) -> f64 {
    let mut connected: Vec<f64> = Vec::with_capacity(n);
    for nodes in 1..=n {
        let mut ways = 1.0;
        let mut apart = 0.0;
        for (index, of_part) in connected.iter().enumerate() {
            let part = index + 1;
            apart += ways * of_part * (1.0 - p).powf((part * (nodes - part)) as f64);
            ways *= (nodes - part) as f64 / part as f64;
        }
        connected.push(1.0 - apart);
    }
    connected.last().copied().unwrap_or(1.0)
}

/// Lets the reached nodes send one after the other, until as many have sent as are reached. `meets` gives the
/// probability of each number of nodes that one sender meets first, from the number that nobody met.
fn explore(live: usize, meets: &dyn Fn(usize) -> Vec<f64>) -> FinalSize {
    let met: Vec<Vec<f64>> = (0..live).map(meets).collect();
    let mut reached = vec![0.0; live];
    let mut now = vec![0.0; live + 1];
    now[1] = 1.0;
    for senders in 1..=live {
        let mut next = vec![0.0; live + 1];
        for (known, probability) in now.iter().enumerate().skip(senders).filter(|(_, p)| **p > 0.0) {
            for (new, share) in met[live - known].iter().enumerate() {
                next[known + new] += probability * share;
            }
        }
        reached[senders - 1] = std::mem::take(&mut next[senders]);
        now = next;
    }
    FinalSize { reached }
}

/// The probability of each number of the `missing` nodes among the targets of one sender, of whom there are `others` to
/// choose from. `arriving` is the probability of each number of copies that arrive: lost ones chosen at random leave
/// distinct uniform targets.
fn new_targets(missing: usize, others: usize, arriving: &[f64]) -> Vec<f64> {
    let most = missing.min(arriving.len() - 1);
    let mut found = vec![0.0; most + 1];
    let mut drawn = vec![0.0; most + 2];
    drawn[0] = 1.0;
    for (copies, probability) in arriving.iter().enumerate() {
        for (total, share) in found.iter_mut().zip(&drawn) {
            *total += probability * share;
        }
        if copies + 1 == arriving.len() {
            break;
        }
        for already in (0..=copies.min(most)).rev() {
            let new = (missing - already) as f64 / (others - copies) as f64;
            drawn[already + 1] += drawn[already] * new;
            drawn[already] *= 1.0 - new;
        }
    }
    found
}

/// The probability of each number of successes in `trials`, one trial after the other.
fn thinned(trials: usize, success: f64) -> Vec<f64> {
    let mut counts = vec![0.0; trials + 1];
    counts[0] = 1.0;
    for trial in 0..trials {
        for already in (0..=trial).rev() {
            counts[already + 1] += counts[already] * success;
            counts[already] *= 1.0 - success;
        }
    }
    counts
}
