//! All that a copy meets on its way, for one run: the options as typed, and what they come to under a seed.

use super::copy::{CopyKey, Edge, coordinates};
use super::delay::DelaySpec;
use super::model::{DelayModel, DelayModelError};
use super::rate::{RateSpec, Sharing};
use super::transport::{Fate, Loss, Transport};
use super::work::{WorkModel, WorkSpec};
use crate::id::NodeIx;
use crate::quantity::{Rate, Share};
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// The links of a run as typed. The default is a network that adds nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinkSpec {
    /// How long copies are on their way.
    pub delay: DelaySpec,
    /// What loss means.
    pub transport: Transport,
    /// How often a copy is lost.
    pub loss: Loss,
    /// How fast nodes send; none: without limit.
    pub uplink: Option<RateSpec>,
    /// How fast nodes receive; none: without limit.
    pub downlink: Option<RateSpec>,
    /// How copies share an uplink or downlink.
    pub sharing: Sharing,
    /// How long a node checks a message before it goes on.
    pub validate: WorkSpec,
    /// How long a node works on each copy that it takes; only where time is virtual.
    pub service: WorkSpec,
    /// How many processors all nodes share for that work; none: each node has its own.
    pub processors: Option<u32>,
}

/// What stands in the files that a [`LinkSpec`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Texts<'a> {
    /// In that of the delay.
    pub delay: Option<&'a str>,
    /// In that of the validation.
    pub validate: Option<&'a str>,
    /// In that of the service.
    pub service: Option<&'a str>,
}

impl<'a> From<Option<&'a str>> for Texts<'a> {
    /// The delay's alone.
    fn from(delay: Option<&'a str>) -> Self {
        Self { delay, ..Self::default() }
    }
}

/// The links of a run under its seed. Nothing in it changes, so that all nodes of a process may share one.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    seed: u64,
    delay: DelayModel,
    transport: Transport,
    loss: Loss,
    uplink: Option<RateSpec>,
    downlink: Option<RateSpec>,
    sharing: Sharing,
    /// None: no time is taken.
    validation: Option<WorkModel>,
    service: Option<WorkModel>,
    processors: Option<u32>,
}

/// Processors that all nodes of a simulation share, and what they work on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedProcessors<'a> {
    /// How many there are.
    pub count: u32,
    /// What a copy takes of them, over its whole way.
    pub work: &'a WorkModel,
}

/// What becomes of a copy between its sender's uplink and its receiver's downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// So long after it was sent it arrives, or would have arrived, retransmissions included.
    pub after: Interval,
    /// How often a stream sent it again.
    pub retransmissions: u32,
    /// Whether it never arrives: a datagram got lost, or a stream lost the copy too often.
    pub is_lost: bool,
}

impl Passage {
    /// A way that adds nothing.
    pub const AT_ONCE: Self = Self { after: Interval::ZERO, retransmissions: 0, is_lost: false };
}

impl Links {
    /// The links of `spec`, with what stands in its files.
    pub fn new<'a>(spec: &LinkSpec, texts: impl Into<Texts<'a>>, seed: u64) -> Result<Self, DelayModelError> {
        let Texts { delay, validate, service } = texts.into();
        let work = |spec, text| WorkModel::new(spec, text).map(|model| Some(model).filter(|model| !model.is_zero()));
        Ok(Self {
            seed,
            delay: DelayModel::new(&spec.delay, delay, seed)?,
            validation: work(&spec.validate, validate)?,
            service: work(&spec.service, service)?,
            transport: spec.transport,
            loss: spec.loss,
            uplink: spec.uplink.clone(),
            downlink: spec.downlink.clone(),
            sharing: spec.sharing,
            processors: spec.processors,
        })
    }

    /// Links that add nothing.
    pub fn none() -> Self {
        Self::new(&LinkSpec::default(), None, 0).expect("a network that adds nothing needs no file")
    }

    /// Whether these links add nothing: every copy arrives at once, and no rate limits it.
    pub fn is_plain(&self) -> bool {
        self.delay.is_zero() && self.loss == Loss::NONE && self.is_direct()
    }

    /// Whether nothing lies between nodes and their links: no rate limits a node, and it takes no time for what arrives.
    pub fn is_direct(&self) -> bool {
        let no_rate = self.uplink.is_none() && self.downlink.is_none();
        no_rate && self.validation.is_none() && self.service().is_none()
    }

    /// What becomes of one copy. It follows from the seed, the edge's ends and the copy's key alone, whatever was asked
    /// before.
    pub fn passage(&self, edge: Edge, copy: CopyKey) -> Passage {
        let delay = self.delay(edge, copy);
        match self.fate(edge, copy) {
            Fate::Lost => Passage { after: delay, retransmissions: 0, is_lost: true },
            Fate::Arrives { waited, retransmissions } => {
                Passage { after: Interval(waited.0 + delay.0), retransmissions, is_lost: false }
            }
        }
    }

    /// What becomes of a copy that is lost to something else too, on its own.
    pub fn lose_besides(&self, passage: Passage, loss: Share, random: &mut Random) -> Passage {
        match self.transport.fate(Loss::of(loss), random) {
            Fate::Lost => Passage { is_lost: true, ..passage },
            Fate::Arrives { waited, retransmissions } => Passage {
                after: Interval(passage.after.0.saturating_add(waited.0)),
                retransmissions: passage.retransmissions + retransmissions,
                ..passage
            },
        }
    }

    /// What loss means.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// How fast `node` sends; none: without limit.
    pub fn uplink(&self, node: NodeIx) -> Option<Rate> {
        self.uplink.as_ref().map(|spec| spec.rate(self.seed, node))
    }

    /// How fast `node` receives; none: without limit.
    pub fn downlink(&self, node: NodeIx) -> Option<Rate> {
        self.downlink.as_ref().map(|spec| spec.rate(self.seed, node))
    }

    /// How copies share an uplink or downlink.
    pub fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// How long a node checks a message before it goes on; none: not at all.
    pub fn validation(&self) -> Option<&WorkModel> {
        self.validation.as_ref()
    }

    /// How long a node's own processor works on each copy that it takes; none: not at all.
    pub fn service(&self) -> Option<&WorkModel> {
        self.service.as_ref().filter(|_| self.processors.is_none())
    }

    /// The processors that all nodes share; none where each has its own, or takes no time.
    pub fn shared_processors(&self) -> Option<SharedProcessors<'_>> {
        Some(SharedProcessors { count: self.processors?, work: self.service.as_ref()? })
    }

    /// The region that `node` is in; none where the delay knows no regions.
    pub fn region(&self, node: NodeIx) -> Option<&str> {
        self.delay.region(node)
    }

    fn fate(&self, edge: Edge, copy: CopyKey) -> Fate {
        if self.loss == Loss::NONE {
            return Fate::SPARED;
        }
        self.transport.fate(self.loss, &mut Random::at(self.seed, Purpose::Loss, &coordinates(edge, copy)))
    }

    fn delay(&self, edge: Edge, copy: CopyKey) -> Interval {
        self.delay.fixed(edge).unwrap_or_else(|| {
            self.delay.sample(&mut Random::at(self.seed, Purpose::Delay, &coordinates(edge, copy)), edge)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::copy::CopyKind;

    const COPY: CopyKey = CopyKey { round: 1, kind: CopyKind::Payload, nth: 0 };

    #[test]
    fn the_same_seed_gives_the_same_passages_for_ever() {
        let spec = LinkSpec { loss: "30%".parse().unwrap(), ..delayed("exponential:20ms") };
        let links = Links::new(&spec, None, 7).unwrap();
        let passages: Vec<(u64, u32)> = (0..6)
            .map(|nth| links.passage(edge(1, 2), CopyKey { nth, ..COPY }))
            .map(|passage| (passage.after.0, passage.retransmissions))
            .collect();
        let expected =
            [(12_854_454, 0), (75_140_311, 0), (6_988_371, 0), (66_390_804, 0), (202_669_085, 1), (18_232, 0)];
        assert_eq!(passages, expected);
    }

    #[test]
    fn a_copy_meets_the_same_whatever_was_asked_before_and_another_copy_meets_another_delay() {
        let links = Links::new(&delayed("uniform:0ms:1s"), None, 7).unwrap();
        let first = links.passage(edge(1, 2), COPY);
        let others = [
            links.passage(edge(2, 1), COPY),
            links.passage(edge(1, 3), COPY),
            links.passage(edge(1, 2), CopyKey { round: 2, ..COPY }),
            links.passage(edge(1, 2), CopyKey { kind: CopyKind::Acknowledgment, ..COPY }),
            links.passage(edge(1, 2), CopyKey { nth: 1, ..COPY }),
            Links::new(&delayed("uniform:0ms:1s"), None, 8).unwrap().passage(edge(1, 2), COPY),
        ];
        assert!(others.iter().all(|other| *other != first), "{others:?}");
        assert_eq!(links.passage(edge(1, 2), COPY), first);
    }

    #[test]
    fn loss_changes_nothing_but_the_lost_copies() {
        let lossless = Links::new(&delayed("uniform:0ms:1s"), None, 7).unwrap();
        let spec =
            LinkSpec { loss: "50%".parse().unwrap(), transport: Transport::Datagram, ..delayed("uniform:0ms:1s") };
        let lossy = Links::new(&spec, None, 7).unwrap();
        let copies = || (0..1_000).map(|nth| CopyKey { nth, ..COPY });
        let lost = copies().filter(|copy| lossy.passage(edge(1, 2), *copy).is_lost).count();
        let kept = copies().filter(|copy| lossy.passage(edge(1, 2), *copy) == lossless.passage(edge(1, 2), *copy));
        assert_eq!(kept.count(), 1_000 - lost);
        assert!(lost.abs_diff(500) <= 64, "{lost}");
    }

    #[test]
    fn links_without_options_add_nothing() {
        assert!(Links::new(&LinkSpec::default(), None, 1).unwrap().is_plain());
        assert!(Links::new(&delayed("constant:0ms"), None, 1).unwrap().is_plain());
        let others = [
            delayed("constant:1ms"),
            delayed("weights"),
            LinkSpec { loss: "1%".parse().unwrap(), ..LinkSpec::default() },
            LinkSpec { uplink: Some("1Gbit".parse().unwrap()), ..LinkSpec::default() },
            LinkSpec { downlink: Some("1Gbit".parse().unwrap()), ..LinkSpec::default() },
            LinkSpec { validate: "constant:1ms".parse().unwrap(), ..LinkSpec::default() },
            LinkSpec { service: "constant:1ms".parse().unwrap(), ..LinkSpec::default() },
        ];
        for spec in others {
            assert!(!Links::new(&spec, None, 1).unwrap().is_plain(), "{spec:?}");
        }
    }

    #[test]
    fn a_node_has_the_rates_of_the_options() {
        let spec = LinkSpec { uplink: Some("mix:50%=1Gbit,50%=5Mbit".parse().unwrap()), ..LinkSpec::default() };
        let links = Links::new(&spec, None, 1).unwrap();
        assert_eq!(links.uplink(NodeIx(3)), Some(spec.uplink.unwrap().rate(1, NodeIx(3))));
        assert_eq!(links.downlink(NodeIx(3)), None);
    }

    fn delayed(delay: &str) -> LinkSpec {
        LinkSpec { delay: delay.parse().unwrap(), ..LinkSpec::default() }
    }

    fn edge(from: u32, to: u32) -> Edge {
        Edge { from: NodeIx(from), to: NodeIx(to), weight: None }
    }
}
