//! Rumor mongering (Demers et al. 1987, "Epidemic algorithms for replicated database maintenance"): mean-field values,
//! one exact chain, and cycles played out by rules of few lines, which are the independent peer of the simulator's
//! protocol.
//!
//! The cycles reproduce residue, traffic and t_last of the paper's tables 1 to 3 by two rules that its text does not
//! stress: cycles are synchronous, so that every push to a site which did not know at the start of the cycle is useful;
//! and a useful contact sets the counter back to 0. The paper's t_ave is not reproduced.

use cnsim::random::Random;

/// Who calls whom in a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Each infective site sends to one uniform other.
    Push,
    /// Each site polls one uniform other, which answers with the update if it is infective.
    Pull,
}

/// Which contacts make an infective site lose interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// Those with sites that knew at the start of the cycle. Others set a counter back to 0.
    Useless,
    /// All.
    Blind,
}

/// How an infective site loses interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// At the k-th contact that counts.
    Counter(u32),
    /// At each contact that counts with probability 1/k.
    Coin(u32),
}

/// One variant of rumor mongering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rumor {
    /// The number of sites; one of them is infective in the beginning.
    pub(crate) n_sites: usize,
    /// Who calls whom.
    pub(crate) style: Style,
    /// Which contacts count.
    pub(crate) feedback: Feedback,
    /// When they suffice.
    pub(crate) interest: Interest,
}

/// How a rumor ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    /// s: the fraction of sites that it never reached.
    pub(crate) residue: f64,
    /// m: copies of the update for each site; polls are none.
    pub(crate) traffic: f64,
    /// t_last: the cycle of the last first receipt, counted from 1.
    pub(crate) last: f64,
}

/// The mean-field residue where all traffic is random: s = exp(-m).
pub(crate) fn residue_at_traffic(traffic: f64) -> f64 {
    (-traffic).exp()
}

/// The mean-field residue with coin and feedback: s = exp(-(k + 1) (1 - s)).
pub(crate) fn residue_with_feedback(k: u32) -> f64 {
    unreached(f64::from(k) + 1.0)
}

/// The mean-field residue of the blind coin: s = exp(-k (1 - s)), which for k = 1 has no solution but 1.
pub(crate) fn residue_blind(k: u32) -> f64 {
    unreached(f64::from(k))
}

/// The least solution of s = exp(-sends (1 - s)), by iteration from 0, which approaches it from below.
fn unreached(sends: f64) -> f64 {
    if sends <= 1.0 {
        return 1.0;
    }
    let next = |s: &f64| Some((-sends * (1.0 - s)).exp());
    std::iter::successors(Some(0.0), next).take(10_000).last().unwrap_or(0.0)
}

/// The means of the blind coin with k = 1, exactly: each site sends once, so the rumor goes from one to the next until
/// it meets a site that knows. Of the n - 1 others of the j-th sender, j - 1 know: as many sites learn as birthdays
/// differ among n - 1 days.
pub(crate) fn blind_coin_once(n_sites: usize) -> Outcome {
    let sites = n_sites as f64;
    let learns = |knowing: usize| 1.0 - knowing as f64 / (sites - 1.0);
    let reaching = (0..n_sites).scan(1.0, |all, knowing| {
        *all *= learns(knowing);
        Some(*all)
    });
    let learned: f64 = reaching.sum();
    Outcome { residue: 1.0 - (1.0 + learned) / sites, traffic: (1.0 + learned) / sites, last: learned }
}

/// Plays one rumor out, from site 0.
///
/// # Panics
/// When there are fewer than two sites.
pub(crate) fn play(rumor: &Rumor, seed: u64) -> Outcome {
    assert!(rumor.n_sites >= 2, "{rumor:?} has nobody to call");
    let mut cycles = Cycles::new(rumor, seed);
    while !cycles.infective.is_empty() {
        cycles.cycle += 1;
        match rumor.style {
            Style::Push => cycles.push(),
            Style::Pull => cycles.pull(),
        }
    }
    let sites = rumor.n_sites as f64;
    let missed = cycles.learned.iter().filter(|cycle| cycle.is_none()).count();
    let last = cycles.learned.iter().flatten().max().copied().unwrap_or(0);
    Outcome { residue: missed as f64 / sites, traffic: cycles.n_copies as f64 / sites, last: last as f64 }
}

struct Cycles<'a> {
    rumor: &'a Rumor,
    random: Random,
    cycle: u64,
    /// The cycle in which each site learned of it.
    learned: Vec<Option<u64>>,
    infective: Vec<usize>,
    /// How many contacts counted since the last useful one.
    counters: Vec<u32>,
    n_copies: u64,
}

impl<'a> Cycles<'a> {
    fn new(rumor: &'a Rumor, seed: u64) -> Self {
        let mut learned = vec![None; rumor.n_sites];
        learned[0] = Some(0);
        let (random, counters) = (Random::keyed(seed, &["rumor"]), vec![0; rumor.n_sites]);
        Self { rumor, random, cycle: 0, learned, infective: vec![0], counters, n_copies: 0 }
    }

    fn push(&mut self) {
        let mut kept = Vec::new();
        let mut reached = Vec::new();
        for site in std::mem::take(&mut self.infective) {
            let target = self.other_than(site);
            self.n_copies += 1;
            let needed = self.learned[target].is_none();
            if needed {
                reached.push(target);
            }
            if self.stays_interested(site, needed) {
                kept.push(site);
            }
        }
        self.end_cycle(kept, reached);
    }

    fn pull(&mut self) {
        let mut reached = Vec::new();
        // For each site, whether it was asked, and then whether by somebody who needed it.
        let mut asked: Vec<Option<bool>> = vec![None; self.rumor.n_sites];
        let mut infective = vec![false; self.rumor.n_sites];
        for &site in &self.infective {
            infective[site] = true;
        }
        for site in 0..self.rumor.n_sites {
            let answering = self.other_than(site);
            if !infective[answering] {
                continue;
            }
            self.n_copies += 1;
            let needed = self.learned[site].is_none();
            asked[answering] = Some(needed || asked[answering] == Some(true));
            if needed {
                reached.push(site);
            }
        }
        let mut kept = std::mem::take(&mut self.infective);
        kept.retain(|site| asked[*site].is_none_or(|needed| self.stays_interested(*site, needed)));
        self.end_cycle(kept, reached);
    }

    /// What was learned in this cycle is told from the next one on.
    fn end_cycle(&mut self, kept: Vec<usize>, reached: Vec<usize>) {
        self.infective = kept;
        for site in reached {
            if self.learned[site].is_none() {
                self.learned[site] = Some(self.cycle);
                self.infective.push(site);
            }
        }
    }

    /// Whether a site is still infective after a contact, which was with a site that needed the update or not.
    fn stays_interested(&mut self, site: usize, needed: bool) -> bool {
        let counts = match self.rumor.feedback {
            Feedback::Useless => !needed,
            Feedback::Blind => true,
        };
        if !counts {
            self.counters[site] = 0;
            return true;
        }
        self.counters[site] += 1;
        match self.rumor.interest {
            Interest::Counter(k) => self.counters[site] < k,
            Interest::Coin(k) => self.random.below(u64::from(k)) > 0,
        }
    }

    fn other_than(&mut self, site: usize) -> usize {
        let other = self.random.below(self.rumor.n_sites as u64 - 1) as usize;
        other + usize::from(other >= site)
    }
}
