//! Push, pull and push-pull in synchronous rounds on the complete graph, and sending to all over a graph that is drawn anew in
//! each round, as exact Markov chains over the number of nodes that know.
//!
//! In each round a node picks one of the other n - 1 uniformly; who learns acts from the next round on, and a node
//! answers any number of calls. Push is the model of Frieze and Grimmett 1985 ("The shortest-path problem for graphs
//! with random arc-lengths"), pull and push-pull are those of Karp et al. 2000 ("Randomized rumor spreading").

/// Who calls whom, and what a call carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Style {
    /// Each node that knows sends a copy, which arrives with probability `arrives`.
    Push {
        /// The probability that a copy arrives.
        arrives: f64,
    },
    /// Each node that does not know asks; one that knows answers with a copy.
    Pull {
        /// The probability that a request arrives.
        request_arrives: f64,
        /// The probability that an answer arrives.
        answer_arrives: f64,
    },
    /// Each node calls, and whichever of the two knows tells the other; nothing is lost.
    PushPull,
    /// Every two nodes are linked with a probability, on their own and anew in each round, and each node that knows tells all to whom
    /// it is linked (the edge-Markovian graph of Clementi et al. 2010, "Flooding time in edge-Markovian dynamic graphs", whose edges
    /// remember nothing). So whoever does not know is linked to none of the k that do with probability (1 - p)^k, whatever was before.
    FreshGraph {
        /// The probability that two nodes are linked.
        linked: f64,
    },
}

/// A mean and a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    /// The mean.
    pub(crate) mean: f64,
    /// The standard deviation of one run.
    pub(crate) sd: f64,
}

/// The chain of one style on `n` nodes.
pub(crate) struct Chain {
    /// `steps[k - 1][j]` is the probability that j nodes learn in a round that begins with k that know.
    steps: Vec<Vec<f64>>,
}

impl Chain {
    /// The chain on `n` nodes. It takes of the order of n^3 steps.
    ///
    /// # Panics
    /// When `n` is below 2.
    pub(crate) fn new(n: usize, style: Style) -> Self {
        assert!(n >= 2, "{n} nodes have nobody to call");
        Self { steps: (1..=n).map(|knowing| step(n, knowing, style)).collect() }
    }

    /// The number of rounds until all know what one node knew, by the first step: with `m1` and `m2` the first two
    /// moments from each state, E[T] = 1 + E[m1] and E[T^2] = 1 + 2 E[m1] + E[m2], both over the next state, which may
    /// be the same.
    pub(crate) fn rounds_to_all(&self) -> Moments {
        let n = self.steps.len();
        let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
        for state in (0..n - 1).rev() {
            let step = &self.steps[state];
            let moves = 1.0 - step[0];
            let ahead = |moments: &[f64]| -> f64 { (1..step.len()).map(|new| step[new] * moments[state + new]).sum() };
            first[state] = (1.0 + ahead(&first)) / moves;
            second[state] = (1.0 + 2.0 * (ahead(&first) + step[0] * first[state]) + ahead(&second)) / moves;
        }
        Moments { mean: first[0], sd: (second[0] - first[0] * first[0]).max(0.0).sqrt() }
    }

    /// For each round from 0 to `rounds`, the probability of each number of nodes that know at its end; index k - 1 is k nodes.
    pub(crate) fn knowing_by_round(&self, rounds: usize) -> Vec<Vec<f64>> {
        let n = self.steps.len();
        let mut begin = vec![0.0; n];
        begin[0] = 1.0;
        let next = |now: &Vec<f64>| {
            let mut next = vec![0.0; n];
            for (state, (reached, step)) in now.iter().zip(&self.steps).enumerate().filter(|(_, (p, _))| **p > 0.0) {
                for (new, probability) in step.iter().enumerate() {
                    next[state + new] += reached * probability;
                }
            }
            Some(next)
        };
        std::iter::successors(Some(begin), next).take(rounds + 1).collect()
    }
}

/// What is less probable changes no digit of any sum here.
const NEGLIGIBLE: f64 = 1e-30;

/// The probability of each number of nodes that learn while `knowing` of `n` know.
fn step(n: usize, knowing: usize, style: Style) -> Vec<f64> {
    let unknowing = n - knowing;
    let finds = knowing as f64 / (n - 1) as f64;
    match style {
        Style::Push { arrives } => hit(n, knowing, arrives),
        Style::Pull { request_arrives, answer_arrives } => {
            binomial(unknowing, finds * request_arrives * answer_arrives)
        }
        Style::FreshGraph { linked } => binomial(unknowing, 1.0 - (1.0 - linked).powi(knowing as i32)),
        Style::PushPull => {
            let mut learning = vec![0.0; unknowing + 1];
            let told = hit(n, knowing, 1.0).into_iter().enumerate();
            for (told, probability) in told.filter(|(_, probability)| *probability > NEGLIGIBLE) {
                for (asked, share) in binomial(unknowing - told, finds).into_iter().enumerate() {
                    learning[told + asked] += probability * share;
                }
            }
            learning
        }
    }
}

/// The probability of each number of distinct unknowing nodes that get at least one copy, of which each of the
/// `knowing` nodes sends one to a uniform other: one copy after the other, each meets a node that no copy met with
/// probability (unknowing - met) / (n - 1).
fn hit(n: usize, knowing: usize, arrives: f64) -> Vec<f64> {
    let unknowing = n - knowing;
    let mut met = vec![0.0; unknowing + 1];
    met[0] = 1.0;
    for copy in 0..knowing {
        for already in (0..=unknowing.min(copy)).rev() {
            let new = arrives * (unknowing - already) as f64 / (n - 1) as f64;
            if already < unknowing {
                met[already + 1] += met[already] * new;
            }
            met[already] *= 1.0 - new;
        }
    }
    met
}

/// The probability of each number of successes in `trials`.
fn binomial(trials: usize, success: f64) -> Vec<f64> {
    let mut counts = vec![0.0; trials + 1];
    counts[0] = 1.0;
    if success >= 1.0 {
        counts.reverse();
        return counts;
    }
    // By logarithms: (1 - p)^n alone may be below the smallest number there is.
    let (yes, no) = (success.ln(), (-success).ln_1p());
    let mut choose = 0.0;
    for (successes, count) in counts.iter_mut().enumerate() {
        *count = (choose + successes as f64 * yes + (trials - successes) as f64 * no).exp();
        choose += ((trials - successes) as f64 / (successes + 1) as f64).ln();
    }
    counts
}
