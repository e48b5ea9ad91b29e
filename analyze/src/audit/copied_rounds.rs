//! Rounds whose receipts came one after the other as those of another round did: copies at another time, under another name, of
//! other nodes, with a little noise. Only wall clocks are judged: no two rounds of them are alike.

use std::collections::BTreeMap;

use cnsim::link::DelaySpec;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};

/// Receipts from which one round alone can be called a copy. Of 120,000 pairs of rounds of real runs over seven protocols and
/// topologies none with so many came closer than three times [`ROUND_NS_MAX`].
const RECEIPTS_MIN: usize = 8;

/// What every receipt of a copied round may be off by.
const ROUND_NS_MAX: i64 = 2_500;
const ROUND_SHARE_MAX: f64 = 0.005;

/// The same where most rounds of a run are like those of another with the same numbers, which needs fewer receipts.
const RUN_NS_MAX: i64 = 20_000;
const RUN_SHARE_MAX: f64 = 0.01;
const RUN_RECEIPTS_MIN: usize = 4;

/// So many rounds of two runs, and this share of them, have to be alike.
const RUN_ROUNDS_MIN: usize = 5;
const RUN_ROUNDS_SHARE: f64 = 0.8;

/// Times that were read to a coarser step are alike by themselves.
const COARSE_NS: i64 = 10_000;

/// The copies of all inputs, one finding for each two runs.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let measured = scope.rounds.iter().filter(|round| !scope.run(round).is_simulated);
    let traces: Vec<Trace<'_>> = measured.filter_map(|round| Trace::of(round, least(scope.run(round)))).collect();
    let mut copies = copied_runs(&traces);
    for (pair, rounds) in copied_rounds(&traces) {
        copies.entry(pair).or_insert(rounds);
    }
    copies.into_iter().map(|((copy, original), rounds)| finding(scope, copy, original, &rounds)).collect()
}

/// How many receipts a round of a run needs: where link delays say when receipts come, a few of them are alike by themselves.
fn least(run: &AuditedRun<'_>) -> usize {
    let is_held = run.manifest().is_some_and(|manifest| manifest.options.link_delay != DelaySpec::None);
    if is_held { RECEIPTS_MIN } else { RUN_RECEIPTS_MIN }
}

/// A run that copies, and the one that it copies.
type Copies<'a> = BTreeMap<(RunKey<'a>, RunKey<'a>), Vec<(u32, u32)>>;

/// When the receipts of a round came.
struct Trace<'a> {
    round: &'a AuditedRound<'a>,
    /// From its first receipt to each, sorted.
    offsets_ns: Vec<i64>,
}

impl<'a> Trace<'a> {
    /// None where the round has too few receipts to be known by them, or clocks that were read too coarsely.
    fn of(round: &'a AuditedRound<'a>, receipts_min: usize) -> Option<Self> {
        let reached = &round.metrics.reached_ns;
        let first = *reached.first()?;
        let offsets_ns: Vec<i64> = reached.iter().map(|time| time.saturating_sub(first)).collect();
        let is_fine = offsets_ns.iter().any(|offset| offset % COARSE_NS != 0);
        (reached.len() >= receipts_min && is_fine).then_some(Self { round, offsets_ns })
    }

    fn key(&self) -> RunKey<'a> {
        (self.round.condition, self.round.run_id)
    }

    fn span_ns(&self) -> i64 {
        self.offsets_ns[self.offsets_ns.len() - 1]
    }

    /// Whether each receipt is where the other's is, to within so much and to that share of the round, and yet they are not the
    /// same records.
    fn is_like(&self, other: &Self, ns_max: i64, share_max: f64) -> bool {
        let most = ns_max.min((share_max * self.span_ns() as f64) as i64);
        let is_close = |(one, another): (&i64, &i64)| (one - another).abs() <= most;
        self.offsets_ns.len() == other.offsets_ns.len()
            && self.round.evidence.fingerprint != other.round.evidence.fingerprint
            && self.offsets_ns.iter().zip(&other.offsets_ns).all(is_close)
    }
}

/// Runs most of whose rounds are like those of the same numbers in another.
fn copied_runs<'a>(traces: &[Trace<'a>]) -> Copies<'a> {
    let mut runs: BTreeMap<RunKey<'a>, BTreeMap<u32, &Trace<'a>>> = BTreeMap::new();
    for trace in traces {
        runs.entry(trace.key()).or_default().insert(trace.round.round, trace);
    }
    let runs: Vec<_> = runs.into_iter().collect();
    let mut copies = Copies::new();
    for (place, (key, rounds)) in runs.iter().enumerate() {
        for (other_key, other_rounds) in runs[..place].iter().filter(|(other, _)| other.1 != key.1) {
            let common =
                rounds.iter().filter_map(|(number, round)| Some((*number, *round, *other_rounds.get(number)?)));
            let mut common = common.peekable();
            // Two runs that do not begin alike are looked at no further: every round of a copy is one.
            let mut unlike = 0;
            let mut alike = Vec::new();
            let allowed = (1.0 - RUN_ROUNDS_SHARE) * rounds.len().min(other_rounds.len()) as f64;
            while let Some((number, round, other)) = common.next_if(|_| f64::from(unlike) <= allowed) {
                match round.is_like(other, RUN_NS_MAX, RUN_SHARE_MAX) {
                    true => alike.push((number, number)),
                    false => unlike += 1,
                }
            }
            if alike.len() >= RUN_ROUNDS_MIN && f64::from(unlike) <= allowed {
                copies.insert((*key, *other_key), alike);
            }
        }
    }
    copies
}

/// Single rounds that are like another, in the same run or in another.
fn copied_rounds<'a>(traces: &[Trace<'a>]) -> Copies<'a> {
    let mut order: Vec<&Trace<'a>> = traces.iter().filter(|trace| trace.offsets_ns.len() >= RECEIPTS_MIN).collect();
    order.sort_by_key(|trace| (trace.offsets_ns.len(), trace.span_ns()));
    let mut copies = Copies::new();
    for (place, trace) in order.iter().enumerate() {
        let close = order[place + 1..].iter().take_while(|other| {
            let is_as_many = other.offsets_ns.len() == trace.offsets_ns.len();
            is_as_many && other.span_ns() - trace.span_ns() <= ROUND_NS_MAX
        });
        for other in close.filter(|other| trace.is_like(other, ROUND_NS_MAX, ROUND_SHARE_MAX)) {
            let mut pair = [*trace, *other];
            pair.sort_by_key(|trace| (trace.key(), trace.round.round));
            let [original, copy] = pair;
            copies.entry((copy.key(), original.key())).or_default().push((copy.round.round, original.round.round));
        }
    }
    copies
}

fn finding(scope: &Scope<'_>, copy: RunKey<'_>, original: RunKey<'_>, rounds: &[(u32, u32)]) -> Finding {
    let ((condition, run_id), (other_condition, other_run)) = (copy, original);
    let (first, of) = rounds[0];
    let whose = if copy == original { String::new() } else { format!(" of {other_run} in {other_condition}") };
    let detail = format!(
        "in {} of its rounds the receipts come one after the other as in a round{whose}, but for the time of day and at most \
         {} us (first: round {first} as round {of}): one measurement that counts twice",
        rounds.len(),
        RUN_NS_MAX / 1_000
    );
    let count = rounds.len() as u64;
    let finding = Finding::in_condition(Check::ReusedRun, Severity::Caution, condition, count, detail).of_run(run_id);
    let is_warm_up = rounds.iter().all(|(round, _)| *round < scope.warm_up);
    if is_warm_up { scope.narrow(finding, first) } else { finding }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    /// Direct mail to 12 nodes over six rounds, no two of which are alike.
    fn run() -> Fixture {
        Fixture::direct_mail_of(13, 6, 1)
    }

    fn found(fixtures: Vec<Fixture>) -> Vec<(u64, String)> {
        only(&audit_all(fixtures), Check::ReusedRun).into_iter().map(|found| (found.count, found.detail)).collect()
    }

    #[test]
    fn no_two_rounds_of_a_run_and_no_two_runs_are_alike() {
        assert_eq!(found(vec![run()]), []);
        assert_eq!(found(vec![run(), Fixture::direct_mail_of(13, 6, 2).named("run-b").labelled("other")]), []);
    }

    #[test]
    fn a_run_at_another_time_under_another_name_with_noise_is_a_copy() {
        let shifted = || run().shifted(1_000_000_000_000).named("run-b").labelled("other");
        assert_eq!(found(vec![run(), shifted()])[0].0, 6);
        let mut noisy = shifted();
        for (place, row) in (0..).zip(&mut noisy.rows) {
            row.received_ns += (place * 7_919) % 3_000;
        }
        assert_eq!(found(vec![run(), noisy])[0].0, 6);
        let renamed = shifted().renamed(|node| format!("other-{node}"));
        assert_eq!(found(vec![run(), renamed])[0].0, 6);
    }

    #[test]
    fn a_round_in_the_place_of_another_is_a_copy() {
        let mut fixture = run();
        fixture.copy_round(2, 4);
        let found = found(vec![fixture]);
        assert!(found[0].1.contains("(first: round 4 as round 2)"), "{found:?}");
    }
}
