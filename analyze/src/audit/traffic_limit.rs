//! Whether a limit on the traffic of pods held, by what a probe through it saw, and whether rounds were heavy enough to meet
//! it.

use std::cmp::Reverse;

use cnsim::manifest::{Bandwidth, Probe};

use super::limit::{Limit, LimitKind, LimitVerdict};
use super::scope::RunKey;
use super::units::{rate, size};
use crate::measure::Busiest;

/// The share of the intended rate from which a settled rate is the limit's. A token bucket counts link-layer bytes and the
/// probe counts payload, so the rate that it sees lies a few per cent below; what is further below is another bottleneck.
const RATE_SHARE_MIN: f64 = 0.8;

/// The share up to which it is: a window of the probe may still hold some of the burst.
const RATE_SHARE_MAX: f64 = 1.1;

/// What a probe shows of a limit.
enum Shown<'a> {
    /// Nobody probed.
    NoProbe { why: Option<&'a str> },
    /// The probe met no limit.
    NoLimit(&'a Probe),
    /// The probe settled at another rate, a share of the intended one.
    OtherRate { probe: &'a Probe, achieved: f64, share: f64 },
    /// The probe met the limit, after a burst that is larger than what any node moved in a round.
    WithinBurst { burst_bytes: u64, busiest: &'a Busiest },
    /// The probe met the limit, and no round is known to have stayed below it.
    Met(&'a Probe),
}

/// Judges a run's limit, given the busiest nodes of its scored rounds.
pub(super) fn judge_traffic<'a>(
    (condition, run_id): RunKey<'_>,
    limit: &Bandwidth,
    busiest: impl Iterator<Item = &'a Busiest>,
) -> Limit {
    let busiest = busiest.max_by_key(|busiest| (busiest.bytes, Reverse(busiest.round)));
    let shown = Shown::of(limit, busiest);
    Limit {
        condition: condition.to_owned(),
        run_id: run_id.to_owned(),
        kind: LimitKind::Bandwidth,
        intended: limit.intended_bits_per_s,
        achieved: limit.probe.as_ref().and_then(|probe| probe.achieved_bits_per_s),
        burst_bytes: limit.probe.as_ref().and_then(|probe| probe.burst_bytes),
        busiest: busiest.cloned(),
        verdict: shown.verdict(),
        detail: shown.describe(limit.intended_bits_per_s),
    }
}

impl<'a> Shown<'a> {
    fn of(limit: &'a Bandwidth, busiest: Option<&'a Busiest>) -> Self {
        let Some(probe) = &limit.probe else { return Self::NoProbe { why: limit.reason.as_deref() } };
        let Some(achieved) = probe.achieved_bits_per_s else { return Self::NoLimit(probe) };
        let share = achieved / limit.intended_bits_per_s as f64;
        if !(RATE_SHARE_MIN..=RATE_SHARE_MAX).contains(&share) {
            return Self::OtherRate { probe, achieved, share };
        }
        // What fits into the burst passes a token bucket as if there were none.
        match (busiest, probe.burst_bytes) {
            (Some(busiest), Some(burst_bytes)) if busiest.bytes <= burst_bytes => {
                Self::WithinBurst { burst_bytes, busiest }
            }
            (Some(_) | None, Some(_) | None) => Self::Met(probe),
        }
    }

    fn verdict(&self) -> LimitVerdict {
        match self {
            Self::NoProbe { .. } => LimitVerdict::NotProven,
            Self::NoLimit(_) | Self::OtherRate { .. } => LimitVerdict::NotEffective,
            Self::WithinBurst { .. } => LimitVerdict::NotExercised,
            Self::Met(_) => LimitVerdict::Effective,
        }
    }

    fn describe(&self, intended_bits_per_s: u64) -> String {
        let intended = format!("{} a pod were intended", rate(intended_bits_per_s as f64));
        let between = |probe: &Probe| format!("a probe from {} to {}", probe.from, probe.to);
        match self {
            Self::NoProbe { why } => {
                let why = why.unwrap_or("the manifest does not say why");
                format!("{intended} and no probe showed whether they bound: {why}")
            }
            Self::NoLimit(probe) => {
                let (size, seconds) = (size(probe.bytes), probe.seconds);
                let mean = rate(probe.bytes as f64 * 8.0 / seconds.max(1e-9));
                format!(
                    "{intended} and {} met no limit: {size} passed in {seconds:.1} s ({mean}), so the rounds ran without \
                     it; the cluster's network plugin must know the bandwidth annotations",
                    between(probe),
                )
            }
            Self::OtherRate { probe, achieved, share } => format!(
                "{intended} and {} settled at {}, {share:.2} of that: something else bound the traffic ({RATE_SHARE_MIN} \
                 to {RATE_SHARE_MAX} count as the limit, which counts headers too)",
                between(probe),
                rate(*achieved),
            ),
            Self::WithinBurst { burst_bytes, busiest } => format!(
                "{intended} and a probe met them, but only after a burst of {}: the busiest node of the busiest scored \
                 round ({}, round {}) moved {} one way, so no round met the limit; --payload-bytes makes a round heavier",
                size(*burst_bytes),
                busiest.node,
                busiest.round,
                size(busiest.bytes),
            ),
            Self::Met(probe) => format!("{intended} and {} met them", between(probe)),
        }
    }
}
