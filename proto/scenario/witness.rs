//! What copies and probes say of faults: each is held against the timeline of its round, from the records of both ends.
//!
//! A copy witnesses by when it was sent and received, never by what a node says that it did. Where clocks are those of machines,
//! only what lies well inside a fault's window counts, by [`SLACK`].

use std::collections::BTreeMap;

use super::exact::{binomial_tail, wilson};
use super::fault::{FaultSpec, How, Kind};
use super::receipt::{Control, Receipt, Testimony, Verdict};
use super::timeline::{Effect, Manner, NodeSet, Planned, ROUND_END, Span, Timeline};
use crate::id::NodeIx;
use crate::link::{DelaySpec, LinkSpec, RETRANSMISSION, Transport, WorkSpec};
use crate::time::{Clock, Interval};

/// How far inside a fault's time a copy has to be to count, where clocks are those of machines: nodes take their steps late, and
/// clocks differ.
pub const SLACK: Interval = Interval::from_ms(50);

/// The same where processes are killed: whoever does that takes longer than a node.
const KILL_SLACK: Interval = Interval::from_ms(250);

/// By how much a time that is measured within one copy may be off on machines.
const BLUR: Interval = Interval::from_ms(1);

/// A contradiction by chance is less probable than this.
const P_MAX: f64 = 1e-6;

/// And it is at least so far from what was meant, as a part of that.
const EFFECT_MIN: f64 = 0.1;

/// One copy, or one probe, by the records of both of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Who sent it. A message that begins is sent by its initiator to itself.
    pub from: NodeIx,
    /// Who received it, or was to.
    pub to: NodeIx,
    /// When it was sent, from time 0 of its round; negative where before.
    pub sent_ns: i64,
    /// When it was received or given up.
    pub received_ns: i64,
    /// What became of it.
    pub end: SeenEnd,
    /// Its distance from the initiator, where it is known.
    pub hop: Option<u32>,
    /// Its encoded size; 0 unknown.
    pub bytes: u64,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenEnd {
    /// It began a message.
    Began,
    /// It was the first of its message at its receiver.
    First,
    /// It was a duplicate.
    Again,
    /// It failed.
    Failed,
    /// It is a probe that arrived.
    ProbeArrived,
    /// It is a probe that did not.
    ProbeLost,
}

impl SeenEnd {
    fn arrived(self) -> bool {
        match self {
            Self::Began | Self::First | Self::Again | Self::ProbeArrived => true,
            Self::Failed | Self::ProbeLost => false,
        }
    }

    fn is_probe(self) -> bool {
        match self {
            Self::ProbeArrived | Self::ProbeLost => true,
            Self::Began | Self::First | Self::Again | Self::Failed => false,
        }
    }
}

/// The witness of a run.
#[derive(Debug)]
pub struct Witness<'a> {
    faults: &'a [FaultSpec],
    links: LinkSpec,
    slack: Interval,
    kill_slack: Interval,
    blur: Interval,
    counts: Vec<Count>,
}

#[derive(Debug, Clone, Default)]
struct Count {
    rounds: u32,
    nodes: u64,
    control: Control,
    attempted: u64,
    affected: u64,
    leaked: u64,
    probes: u64,
    /// Of a delay: how long each copy was on its way, by the number of whole microseconds.
    latencies_us: BTreeMap<u64, u64>,
}

impl Count {
    fn add(&mut self, more: &Self) {
        self.rounds += more.rounds;
        self.nodes += more.nodes;
        self.control.steps += more.control.steps;
        self.control.late_max_ms = self.control.late_max_ms.max(more.control.late_max_ms);
        self.attempted += more.attempted;
        self.affected += more.affected;
        self.leaked += more.leaked;
        self.probes += more.probes;
        for (us, copies) in &more.latencies_us {
            *self.latencies_us.entry(*us).or_default() += copies;
        }
    }
}

/// What one copy says of one fault.
enum Word {
    Nothing,
    Affected,
    Leaked,
    /// It was sent under the fault, which meets some by chance, and this one not.
    Spared,
}

impl<'a> Witness<'a> {
    /// Of a run with these faults and links, whose times are read from this clock.
    pub fn new(faults: &'a [FaultSpec], links: LinkSpec, clock: Clock) -> Self {
        let (slack, kill_slack, blur) = match clock {
            Clock::Wall => (SLACK, KILL_SLACK, BLUR),
            Clock::Virtual => (Interval::ZERO, Interval::ZERO, Interval::ZERO),
        };
        Self { faults, links, slack, kill_slack, blur, counts: vec![Count::default(); faults.len()] }
    }

    /// Adds what another witness of the same run has seen, of other rounds.
    pub fn add(&mut self, other: &Witness<'_>) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            count.add(more);
        }
    }

    /// Begins a round, or an open loop.
    pub fn begin(&mut self, timeline: &Timeline) {
        for (count, planned) in self.counts.iter_mut().zip(&timeline.faults) {
            count.rounds += 1;
            count.nodes += planned.size();
        }
    }

    /// Notes a step that a node took.
    pub fn note_step(&mut self, fault: u32, late: Interval) {
        if let Some(Count { control, .. }) = self.counts.get_mut(fault as usize) {
            control.steps += 1;
            control.late_max_ms = control.late_max_ms.max(late.as_ms());
        }
    }

    /// Notes a copy, or a probe.
    pub fn note(&mut self, timeline: &Timeline, seen: &Seen) {
        for (place, planned) in timeline.faults.iter().enumerate() {
            let word = match self.word(planned, seen) {
                // What another fault may have done says nothing of this one.
                Word::Affected | Word::Spared if self.is_met_by_another(timeline, place, seen) => Word::Nothing,
                word @ (Word::Nothing | Word::Affected | Word::Leaked | Word::Spared) => word,
            };
            let Some(count) = self.counts.get_mut(place) else { return };
            match word {
                Word::Nothing => continue,
                Word::Affected => count.affected += 1,
                Word::Leaked => count.leaked += 1,
                Word::Spared => {}
            }
            count.attempted += 1;
            count.probes += u64::from(seen.end.is_probe());
            if matches!(planned.effect, Effect::Delay { .. }) && seen.end.arrived() {
                let us = seen.received_ns.saturating_sub(seen.sent_ns).max(0) as u64 / 1_000;
                *count.latencies_us.entry(us).or_default() += 1;
            }
        }
    }

    fn is_met_by_another(&self, timeline: &Timeline, place: usize, seen: &Seen) -> bool {
        let near = |span: Span, at: i64| {
            let at = at.saturating_add(self.slack.0 as i64).max(0) as u64;
            span.begins.0 <= at && at < span.ends.0.saturating_add(2 * self.slack.0)
        };
        let others = timeline.faults.iter().enumerate().filter(|(other, _)| *other != place);
        others.into_iter().any(|(_, planned)| match &planned.effect {
            Effect::Stopped { manner, nodes } => {
                let stopped = nodes.binary_search_by_key(&seen.to, |stopped| stopped.node);
                // A process that is killed takes along which probes it has seen, and the next one comes up late.
                let until = |span: &Span| if manner.ends_processes() { ROUND_END } else { span.ends };
                // Until it arrived, or would have: one that failed waited for its deadline.
                let meets = |span: &Span| {
                    near(Span { ends: until(span), ..*span }, seen.sent_ns)
                        || (seen.sent_ns < span.begins.0 as i64 && seen.received_ns >= span.begins.0 as i64)
                        || (manner.ends_processes() && seen.end.is_probe())
                };
                stopped.is_ok_and(|at| nodes[at].spans.iter().any(meets))
            }
            Effect::Cut { .. } => planned.effect.cuts(seen.from, seen.to) && near(planned.window, seen.sent_ns),
            Effect::Loss { nodes, .. } | Effect::Delay { nodes, .. } | Effect::Uplink { nodes, .. } => {
                nodes.contains(seen.from) && near(planned.window, seen.sent_ns)
            }
            Effect::Mute { .. } => false,
        })
    }

    fn word(&self, planned: &Planned, seen: &Seen) -> Word {
        let is_inside = |at: i64| is_inside(planned.window, at, self.slack);
        let sent_by =
            |nodes: &NodeSet| seen.end != SeenEnd::Began && nodes.contains(seen.from) && is_inside(seen.sent_ns);
        match &planned.effect {
            Effect::Stopped { manner, nodes } => {
                let spans = |node| {
                    let place = nodes.binary_search_by_key(&node, |stopped| stopped.node).ok();
                    place.map_or(&[][..], |place| &nodes[place].spans)
                };
                self.word_of_stopped(*manner, spans(seen.from), spans(seen.to), seen)
            }
            Effect::Cut { .. } if !planned.effect.cuts(seen.from, seen.to) || !is_inside(seen.sent_ns) => Word::Nothing,
            Effect::Cut { .. } if seen.end.arrived() => Word::Leaked,
            Effect::Cut { .. } => Word::Affected,
            Effect::Loss { nodes, .. } if sent_by(nodes) => match self.links.transport {
                Transport::Datagram if seen.end.arrived() => Word::Spared,
                Transport::Stream if seen.end.arrived() && !self.took(seen, RETRANSMISSION) => Word::Spared,
                Transport::Datagram | Transport::Stream => Word::Affected,
            },
            Effect::Delay { nodes, .. } if sent_by(nodes) && seen.end.arrived() => Word::Affected,
            // A copy takes at least the time that its own bits take.
            Effect::Uplink { nodes, rate } if sent_by(nodes) && seen.end.arrived() && !seen.end.is_probe() => {
                let own = Interval(seen.bytes.saturating_mul(8_000_000_000) / rate.bits_per_second());
                // One that the end of the fault sets free is no witness.
                let is_meant = own.0 > 2 * self.blur.0 && is_inside(seen.sent_ns.saturating_add(own.0 as i64));
                match is_meant {
                    false => Word::Nothing,
                    true if self.took(seen, own) => Word::Affected,
                    true => Word::Leaked,
                }
            }
            Effect::Mute { nodes } if sent_by(nodes) && seen.hop != Some(1) && !seen.end.is_probe() => Word::Leaked,
            Effect::Mute { nodes }
                if seen.end == SeenEnd::First && nodes.contains(seen.to) && is_inside(seen.received_ns) =>
            {
                Word::Affected
            }
            Effect::Loss { .. } | Effect::Delay { .. } | Effect::Uplink { .. } | Effect::Mute { .. } => Word::Nothing,
        }
    }

    /// A node that is down neither sends nor receives; to one that pauses things come when it goes on.
    fn word_of_stopped(&self, manner: Manner, of_sender: &[Span], of_receiver: &[Span], seen: &Seen) -> Word {
        let slack = if manner.ends_processes() { self.kill_slack } else { self.slack };
        let inside = |spans: &[Span], at| spans.iter().copied().find(|span| is_inside(*span, at, slack));
        let received_inside = seen.end.arrived() && inside(of_receiver, seen.received_ns).is_some();
        if inside(of_sender, seen.sent_ns).is_some() || received_inside {
            return Word::Leaked;
        }
        let Some(span) = inside(of_receiver, seen.sent_ns) else { return Word::Nothing };
        match (manner, seen.end.arrived()) {
            (Manner::Down { .. } | Manner::Asleep, false) | (Manner::Paused, true) => Word::Affected,
            // It came when the node was back, or failed for another reason.
            (Manner::Down { .. } | Manner::Asleep, true) => Word::Nothing,
            (Manner::Paused, false) if seen.received_ns < span.ends.0 as i64 => Word::Affected,
            (Manner::Paused, false) => Word::Nothing,
        }
    }

    fn took(&self, seen: &Seen, least: Interval) -> bool {
        let latency = seen.received_ns.saturating_sub(seen.sent_ns).max(0) as u64;
        latency.saturating_add(self.blur.0) >= least.0
    }

    /// The receipts, in the order of the faults.
    pub fn receipts(&self) -> Vec<Receipt> {
        let receipts = self.faults.iter().zip(&self.counts).map(|(fault, count)| self.receipt(fault, count));
        receipts.collect()
    }

    fn receipt(&self, fault: &FaultSpec, count: &Count) -> Receipt {
        let Count { rounds, nodes, ref control, attempted, affected, leaked, probes, .. } = *count;
        let (low, high) = wilson(affected, attempted, 1.959_963_984_540_054);
        let (verdict, reason) = self.judge(fault, count);
        let witness = Testimony { attempted, affected, leaked, probes, interval: [low, high] };
        Receipt { intended: fault.clone(), rounds, nodes, control: control.clone(), witness, verdict, reason }
    }

    fn judge(&self, fault: &FaultSpec, count: &Count) -> (Verdict, String) {
        let Count { attempted, affected, leaked, .. } = *count;
        if attempted == 0 {
            return (Verdict::Unwitnessed, self.why_unwitnessed(fault));
        }
        match &fault.kind {
            Kind::Loss { loss, .. } => self.judge_loss(loss.get(), count),
            Kind::Delay { delay, .. } => self.judge_delay(delay, count),
            Kind::Crash { .. }
            | Kind::Churn { .. }
            | Kind::Pause { .. }
            | Kind::Sleep { .. }
            | Kind::Partition { .. }
            | Kind::Uplink { .. }
            | Kind::Mute { .. } => match (leaked, affected) {
                (0, 0) => (Verdict::Unwitnessed, self.why_unwitnessed(fault)),
                (0, _) => {
                    let bound = f64::min(300.0 / attempted as f64, 100.0);
                    (Verdict::Confirmed, format!("0 of {attempted} got past it: it leaks less than {bound:.2}%"))
                }
                (_, _) => {
                    (Verdict::Contradicted, format!("{leaked} of {attempted} could not be: {}", cannot_be(&fault.kind)))
                }
            },
        }
    }

    fn judge_loss(&self, loss: f64, count: &Count) -> (Verdict, String) {
        let Count { attempted, affected, .. } = *count;
        if self.links.transport == Transport::Stream && self.may_take(RETRANSMISSION) {
            let why = format!("--delay {} holds copies as long as a retransmission does", self.links.delay);
            return (Verdict::Unwitnessed, why);
        }
        let expected = 1.0 - (1.0 - loss) * (1.0 - self.links.loss.share().get());
        let found = affected as f64 / attempted as f64;
        let said =
            format!("{affected} of {attempted} were lost ({:.2}%), {:.2}% were meant", found * 100.0, expected * 100.0);
        let without = self.links.loss.share().get();
        if binomial_tail(affected, attempted, expected) < P_MAX && (found - expected).abs() >= EFFECT_MIN * expected {
            return (Verdict::Contradicted, said);
        }
        // Would it show if the fault were not there?
        let expected_count = (expected * attempted as f64).round() as u64;
        if without > 0.0 && binomial_tail(expected_count, attempted, without) >= P_MAX
            || without == 0.0 && (1.0 - expected).powf(attempted as f64) >= P_MAX
        {
            return (Verdict::Unwitnessed, format!("{said}: {attempted} are too few to tell"));
        }
        (Verdict::Confirmed, said)
    }

    /// Every copy takes at least what the fault adds. So the share of copies that took at most x is at most that of what it adds,
    /// but for chance: by the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990).
    fn judge_delay(&self, delay: &WorkSpec, count: &Count) -> (Verdict, String) {
        let total = count.latencies_us.values().sum::<u64>();
        let band = libm::sqrt(-libm::log(P_MAX) / (2.0 * total.max(1) as f64));
        let blur_us = self.blur.0 / 1_000;
        let (mut below, mut worst, mut worst_us) = (0, 0.0, 0);
        for (us, copies) in &count.latencies_us {
            below += copies;
            let over = below as f64 / total as f64 - added_at_most(delay.law(), us + blur_us);
            if over > worst {
                (worst, worst_us) = (over, *us);
            }
        }
        let ms = worst_us as f64 / 1e3;
        if worst > band.max(EFFECT_MIN)
            || added_at_most(delay.law(), count.latencies_us.keys().next().map_or(0, |us| us + blur_us)) == 0.0
        {
            return (Verdict::Contradicted, format!("copies took at most {ms} ms more often than {delay} allows"));
        }
        match band < 1.0 {
            false => (Verdict::Unwitnessed, format!("{total} copies are too few to tell")),
            true => (Verdict::Confirmed, format!("{total} copies took at least as long as {delay} says")),
        }
    }

    /// Whether a copy may be on its way as long without any loss.
    fn may_take(&self, span: Interval) -> bool {
        match &self.links.delay {
            DelaySpec::None => false,
            DelaySpec::Constant(delay) => *delay >= span,
            DelaySpec::Uniform { most, .. } => *most >= span,
            DelaySpec::Weights
            | DelaySpec::Exponential { .. }
            | DelaySpec::Lognormal { .. }
            | DelaySpec::Empirical { .. }
            | DelaySpec::Regions { .. } => true,
        }
    }

    fn why_unwitnessed(&self, fault: &FaultSpec) -> String {
        let slack = match &fault.kind {
            Kind::Crash { how: How::Process, .. } => self.kill_slack,
            Kind::Crash { how: How::Dark, .. }
            | Kind::Churn { .. }
            | Kind::Pause { .. }
            | Kind::Sleep { .. }
            | Kind::Partition { .. }
            | Kind::Loss { .. }
            | Kind::Delay { .. }
            | Kind::Uplink { .. }
            | Kind::Mute { .. } => self.slack,
        };
        let too_short = fault.lasts.is_some_and(|lasts| lasts.0 <= 2 * slack.0);
        match &fault.kind {
            _ if too_short => format!(
                "it lasts {}, and on machines only what lies {} inside it counts",
                fault.lasts.unwrap_or_default(),
                slack
            ),
            Kind::Uplink { .. } => "no copy was sent that takes longer at this rate than clocks can tell".to_owned(),
            Kind::Mute { .. } => "no mute node heard of a message for the first time meanwhile".to_owned(),
            Kind::Crash { .. } | Kind::Churn { .. } | Kind::Pause { .. } | Kind::Sleep { .. } => {
                "nothing was sent to its nodes while they stood still".to_owned()
            }
            Kind::Partition { .. } => "no copy tried to cross meanwhile".to_owned(),
            Kind::Loss { .. } | Kind::Delay { .. } => "its nodes sent nothing meanwhile".to_owned(),
        }
    }
}

fn cannot_be(kind: &Kind) -> &'static str {
    match kind {
        Kind::Crash { .. } | Kind::Churn { .. } | Kind::Sleep { .. } => {
            "a node that is down neither sends nor receives"
        }
        Kind::Pause { .. } => "a node that pauses neither sends nor receives",
        Kind::Partition { .. } => "nothing crosses a partition",
        Kind::Uplink { .. } => "a copy takes at least the time that its own bits take",
        Kind::Mute { .. } => "a mute node sends no message of others on",
        Kind::Loss { .. } | Kind::Delay { .. } => "it is not what was meant",
    }
}

/// Whether an instant is in a span, and not near its ends.
fn is_inside(span: Span, at: i64, slack: Interval) -> bool {
    let Ok(at) = u64::try_from(at) else { return false };
    let begins = if span.begins == Interval::ZERO { 0 } else { span.begins.0.saturating_add(slack.0) };
    at >= begins && at < span.ends.0.saturating_sub(slack.0)
}

/// The probability that a delay adds at most so much.
fn added_at_most(law: &DelaySpec, us: u64) -> f64 {
    let ns = us as f64 * 1e3 + 1e3;
    match law {
        DelaySpec::Constant(least) => f64::from(u8::from(ns >= least.0 as f64)),
        DelaySpec::Uniform { least, most } => {
            ((ns - least.0 as f64) / (most.0 - least.0).max(1) as f64).clamp(0.0, 1.0)
        }
        DelaySpec::Exponential { mean } => 1.0 - libm::exp(-ns / mean.0 as f64),
        DelaySpec::Lognormal { median, sigma } if sigma.get() > 0.0 => {
            0.5 * libm::erfc(-libm::log(ns / median.0 as f64) / (sigma.get() * std::f64::consts::SQRT_2))
        }
        DelaySpec::Lognormal { median, .. } => f64::from(u8::from(ns >= median.0 as f64)),
        DelaySpec::None | DelaySpec::Weights | DelaySpec::Empirical { .. } | DelaySpec::Regions { .. } => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{How, State, Stopped};

    #[test]
    fn what_a_killed_process_took_along_speaks_for_no_other_fault() {
        let faults: Vec<FaultSpec> = serde_json::from_str(
            r#"[{"name":"f","at":"1s","for":"2s","kind":"crash","who":["a"],"how":"process","state":"lost"},
                {"name":"g","at":"0s","for":"9s","kind":"loss","who":"all","loss":"5%"}]"#,
        )
        .unwrap();
        let ms = Interval::from_ms;
        let (killed, whole) = (Span { begins: ms(1_000), ends: ms(3_000) }, Span { begins: ms(0), ends: ms(9_000) });
        let manner = Manner::Down { how: How::Process, state: State::Lost };
        let nodes = vec![Stopped { node: NodeIx(0), spans: vec![killed] }];
        let all = NodeSet::new(vec![NodeIx(0), NodeIx(1)]);
        let of = |name: &str, window, effect| Planned { name: name.to_owned(), window, effect };
        let lossy = Effect::Loss { nodes: all, loss: "5%".parse().unwrap() };
        let effects = vec![of("f", killed, Effect::Stopped { manner, nodes }), of("g", whole, lossy)];
        let timeline = Timeline { faults: effects, probes: Vec::new() };
        let counts = |at_ms: i64, end| {
            let mut witness = Witness::new(&faults, LinkSpec::default(), Clock::Wall);
            let at = at_ms * 1_000_000;
            let seen = Seen { from: NodeIx(1), to: NodeIx(0), sent_ns: at, received_ns: at, end, hop: None, bytes: 0 };
            witness.note(&timeline, &seen);
            let of = |receipt: &Receipt| (receipt.witness.attempted, receipt.witness.leaked);
            witness.receipts().iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(counts(1_100, SeenEnd::First), [(0, 0), (0, 0)], "the driver may be late");
        assert_eq!(counts(1_400, SeenEnd::First)[0], (1, 1));
        assert_eq!(counts(1_400, SeenEnd::Failed), [(0, 0), (0, 0)], "either may have met it");
        assert_eq!(counts(3_400, SeenEnd::Failed), [(0, 0), (0, 0)], "the next process may not be there yet");
        assert_eq!(counts(500, SeenEnd::ProbeLost), [(0, 0), (0, 0)], "what it had received is not known");
        assert_eq!(counts(500, SeenEnd::Failed), [(0, 0), (1, 0)]);
    }
}
