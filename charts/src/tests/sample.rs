//! Data of every figure, for any number of series.

use crate::data::*;
use crate::figure::Figure;
use crate::*;

pub(super) type Layouts = Vec<(&'static str, Result<Figure, ChartError>)>;

/// Data of every figure.
#[derive(Clone)]
pub(super) struct All {
    pub(super) infection: InfectionCurves,
    pub(super) ecdf: ConvergenceEcdf,
    pub(super) by_nodes: ConvergenceByNodes,
    pub(super) residuals: GrowthResiduals,
    pub(super) hops: HopDistribution,
    pub(super) latency: LatencyByHop,
    pub(super) copies: CopiesByRound,
    pub(super) by_round: ConvergenceByRound,
    pub(super) time: TimeSpent,
    pub(super) offered: OfferedLoad,
    pub(super) cost: CostReliability,
    pub(super) control: ControlMessages,
    pub(super) tail: LatencyTail,
    pub(super) hosts: LatencyByHosts,
    pub(super) lorenz: LoadLorenz,
    pub(super) effects: Effects,
    pub(super) telemetry: Telemetry,
    pub(super) faults: FaultCurves,
    pub(super) components: Components,
}

impl All {
    /// `count` series with a few values between 0 and `top`, all named `label`.
    pub(super) fn new(count: u32, label: &str, top: f64) -> Self {
        let series = || 0..count;
        let label = || label.to_owned();
        let level = move |index: u32| top * f64::from(index + 1) / f64::from(count);
        let times = move |index: u32| [0.2, 0.5, 0.9, 1.0].map(|share| share * level(index)).to_vec();
        let curve = move |index: u32| times(index).into_iter().zip([0.25, 0.5, 0.75, 1.0]).collect::<Vec<_>>();
        let growth = move |index: u32, nodes: u32| GrowthPoint {
            nodes,
            rounds_ms: times(index),
            median_ms: Some(0.7 * level(index)),
            low_ms: Some(0.2 * level(index)),
            high_ms: None,
        };
        let latency = move |index: u32, hop: u32| latency_box(hop, level(index));
        let copies =
            move |index: u32, round: u32| (round, (level(index) as u64).saturating_add(9), level(index) as u64);
        let panel = |index| infection(label(), curve(index), index);
        let ecdf =
            |index| EcdfSeries { label: label(), complete_ms: times(index), censored: index % 2, band: Some(0.3) };
        let nodes =
            |index| GrowthSeries { label: label(), points: [10, 30, 1000].map(|nodes| growth(index, nodes)).to_vec() };
        let boxes = |index| LatencySeries { label: label(), boxes: (1..4).map(|hop| latency(index, hop)).collect() };
        let copies = |index| CopiesSeries {
            label: label(),
            rounds: (1..5).map(|round| copies(index, round)).collect(),
            expected_duplicates: Some(level(index) as u64),
        };
        let rounds =
            |index| RoundSeries { label: label(), rounds: vec![(1, Some(level(index))), (2, None), (3, Some(0.0))] };
        let bar =
            |index| TimeBar { label: label(), setup_ms: level(index), waiting_ms: -0.1 * level(index), wire_ms: 0.0 };
        Self {
            infection: InfectionCurves { panels: series().map(panel).collect() },
            ecdf: ConvergenceEcdf { series: series().map(ecdf).collect() },
            by_nodes: ConvergenceByNodes { conditions: series().map(nodes).collect() },
            residuals: GrowthResiduals { panels: series().map(|index| residuals(label(), level(index))).collect() },
            hops: HopDistribution {
                series: series().map(|_| HopSeries { label: label(), shares: vec![(1, 0.7), (2, 0.3)] }).collect(),
                theory: [None, Some(3.5)].map(|high| HopBand { label: label(), low: 1.5, high }).to_vec(),
            },
            latency: LatencyByHop { series: series().map(boxes).collect() },
            copies: CopiesByRound { series: series().map(copies).collect() },
            by_round: ConvergenceByRound { series: series().map(rounds).collect() },
            offered: OfferedLoad { series: series().map(|index| offered(label(), level(index))).collect() },
            cost: costs((0..count).map(level), &label()),
            time: TimeSpent { bars: series().map(bar).collect(), left_out: vec![label()] },
            control: control_of(count, &label(), top),
            tail: LatencyTail { series: series().map(|index| tail(label(), level(index))).collect() },
            hosts: LatencyByHosts { panels: series().map(|index| hosts(label(), level(index))).collect() },
            lorenz: LoadLorenz { series: series().map(|_| lorenz(label())).collect() },
            effects: Effects {
                words: "Shift of t100_first_send against default".to_owned(),
                unit: Some("ms".to_owned()),
                rows: series().map(|index| effect(label(), level(index))).collect(),
                left_out: vec![label()],
            },
            telemetry: telemetry_of(count, &label(), top),
            faults: FaultCurves { panels: series().map(|index| faults(label(), level(index))).collect() },
            components: Components { panels: series().map(|index| component(label(), level(index))).collect() },
        }
    }

    /// On the usual sheet.
    pub(super) fn layouts(&self) -> Layouts {
        self.layouts_on(&Sheet::default())
    }

    pub(super) fn layouts_on(&self, sheet: &Sheet) -> Layouts {
        vec![
            ("infection-curves", infection_curves::layout(&self.infection, sheet)),
            ("convergence-ecdf", convergence_ecdf::layout(&self.ecdf, sheet)),
            ("convergence-by-nodes", convergence_by_nodes::layout(&self.by_nodes, sheet)),
            ("growth-residuals", growth_residuals::layout(&self.residuals, sheet)),
            ("hop-distribution", hop_distribution::layout(&self.hops, sheet)),
            ("latency-by-hop", latency_by_hop::layout(&self.latency, sheet)),
            ("copies-by-round", copies_by_round::layout(&self.copies, sheet)),
            ("convergence-by-round", convergence_by_round::layout(&self.by_round, sheet)),
            ("time-spent", time_spent::layout(&self.time, sheet)),
            ("offered-load", offered_load::layout(&self.offered, sheet)),
            ("cost-reliability", cost_reliability::layout(&self.cost, sheet)),
            ("control", control::layout(&self.control, sheet)),
            ("latency-tail", latency_tail::layout(&self.tail, sheet)),
            ("latency-by-hosts", latency_by_hosts::layout(&self.hosts, sheet)),
            ("load-lorenz", load_lorenz::layout(&self.lorenz, sheet)),
            ("effects", effects::layout(&self.effects, sheet)),
            ("telemetry", telemetry::layout(&self.telemetry, sheet)),
            ("coverage-under-faults", under_faults::coverage_layout(&self.faults, sheet)),
            ("population", under_faults::population_layout(&self.faults, sheet)),
            ("components", components::layout(&self.components, sheet)),
        ]
    }

    pub(super) fn drawings(&self) -> Vec<Drawing> {
        let sheet = Sheet::default();
        vec![
            infection_curves(&self.infection, &sheet).unwrap(),
            convergence_ecdf(&self.ecdf, &sheet).unwrap(),
            convergence_by_nodes(&self.by_nodes, &sheet).unwrap(),
            growth_residuals(&self.residuals, &sheet).unwrap(),
            hop_distribution(&self.hops, &sheet).unwrap(),
            latency_by_hop(&self.latency, &sheet).unwrap(),
            copies_by_round(&self.copies, &sheet).unwrap(),
            convergence_by_round(&self.by_round, &sheet).unwrap(),
            time_spent(&self.time, &sheet).unwrap(),
            offered_load(&self.offered, &sheet).unwrap(),
            cost_reliability(&self.cost, &sheet).unwrap(),
            control(&self.control, &sheet).unwrap(),
            latency_tail(&self.tail, &sheet).unwrap(),
            latency_by_hosts(&self.hosts, &sheet).unwrap(),
            load_lorenz(&self.lorenz, &sheet).unwrap(),
            effects(&self.effects, &sheet).unwrap(),
            telemetry(&self.telemetry, &sheet).unwrap(),
            coverage_under_faults(&self.faults, &sheet).unwrap(),
            population(&self.faults, &sheet).unwrap(),
            components(&self.components, &sheet).unwrap(),
        ]
    }
}

fn residuals(label: String, level: f64) -> ResidualPanel {
    let point = |nodes: u32, share: f64| ResidualPoint {
        nodes,
        mean_percent: share * level,
        low_percent: (nodes > 10).then_some((share - 0.3) * level),
        high_percent: (nodes > 10).then_some((share + 0.2) * level),
    };
    let law = |label: &str, bend: f64| ResidualSeries {
        label: label.to_owned(),
        points: vec![point(10, bend), point(100, -bend), point(1000, bend / 2.0)],
    };
    ResidualPanel { label, laws: vec![law("a N^b", 0.1), law("a + b N", 0.3), law("a + b ln N", 0.6)] }
}

fn offered(label: String, level: f64) -> LoadSeries {
    let run = |begun_per_s: f64, p99_ms| LoadPoint { begun_per_s, goodput_per_s: begun_per_s.min(level), p99_ms };
    LoadSeries { label, runs: vec![run(0.5, Some(level)), run((level.abs() + 1.0) * 0.9, None)] }
}

fn latency_box(hop: u32, level: f64) -> LatencyBox {
    LatencyBox {
        hop,
        count: 4,
        whisker_low_ms: 0.1 * level,
        q1_ms: 0.2 * level,
        median_ms: 0.3 * level,
        q3_ms: 0.4 * level,
        whisker_high_ms: 0.6 * level,
        min_ms: 0.1 * level,
        max_ms: level,
    }
}

fn costs(levels: impl Iterator<Item = f64>, label: &str) -> CostReliability {
    CostReliability {
        points: levels.map(|level| cost(label.to_owned(), level)).collect(),
        left_out: vec![label.to_owned()],
    }
}

fn cost(label: String, level: f64) -> CostPoint {
    let (low_percent, high_percent) = if level > 0.0 { (Some(80.0), Some(95.0)) } else { (None, None) };
    let control_bytes = (level > 0.0).then_some(level);
    CostPoint {
        label,
        rounds: 10,
        reached_all_percent: 90.0,
        low_percent,
        high_percent,
        copies: level.abs(),
        control_bytes,
    }
}

fn tail(label: String, level: f64) -> TailSeries {
    let points = [(0.2, 1.0), (0.5, 0.1), (1.0, 0.001)];
    let points: Vec<(f64, f64)> = points.iter().map(|(latency, share)| (latency * level, *share)).collect();
    let (points, without_place) = if level > 0.0 { (points, 0) } else { (vec![(1.0, 1.0)], 3) };
    TailSeries { label, points, without_place }
}

fn hosts(label: String, level: f64) -> HostPanel {
    let cell = |from: u32, to: u32| HostCell { from, to, count: 3, median_ms: level * f64::from(from + to) / 8.0 };
    let pairs = (1..=4).flat_map(|from| (1..=4).map(move |to| (from, to)));
    let hosts = (1..=4).map(|number| format!("gke-cluster-pool-{number}")).collect();
    HostPanel { label, hosts, cells: pairs.map(|(from, to)| cell(from, to)).collect() }
}

fn lorenz(label: String) -> LorenzSeries {
    LorenzSeries { label, gini: 0.25, points: vec![(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)] }
}

fn effect(label: String, level: f64) -> Effect {
    Effect { label, shift: Some(level), low: Some(-0.5 * level), high: None }
}

fn faults(label: String, level: f64) -> FaultPanel {
    let curve = vec![(0.0, 0.0), (0.2 * level, 0.5), (0.9 * level, 1.0), (level, 1.0)];
    let span = |name: &str, begins: f64, ends: f64| ShadedSpan {
        name: name.to_owned(),
        begins_ms: begins * level,
        ends_ms: ends * level,
    };
    let spans = vec![span(&label, 0.1, 0.6), span("split", 0.5, 1.0)];
    FaultPanel { label, spans, rounds: vec![curve.clone(); 2], middle: curve }
}

/// Every other network moves.
fn infection(label: String, curve: Vec<(f64, f64)>, index: u32) -> InfectionPanel {
    let bound = curve.iter().map(|(at, share)| (0.7 * at, *share)).filter(|_| index % 2 == 1).collect();
    InfectionPanel { label, rounds: vec![curve.clone(); 2], median: curve, bound }
}

fn component(label: String, level: f64) -> ComponentPanel {
    let curve = |counts: [f64; 3]| [0.0, 0.4 * level, level].into_iter().zip(counts).collect::<Vec<_>>();
    ComponentPanel {
        label,
        runs: vec![curve([4.0, 7.0, 5.0]), curve([6.0, 3.0, 3.0])],
        pieces: curve([5.0, 5.0, 4.0]),
        there: curve([50.0, 48.0, 50.0]),
        largest: curve([30.0, 12.0, 41.0]),
    }
}

/// `count` bars of three kinds, one of which nobody sends.
fn control_of(count: u32, label: &str, top: f64) -> ControlMessages {
    let bar = |index: u32| {
        let level = top * f64::from(index + 1) / f64::from(count);
        ControlBar { label: label.to_owned(), messages: vec![level, 0.0, 0.1 * level] }
    };
    ControlMessages {
        kinds: vec![label.to_owned(); 3],
        bars: (0..count).map(bar).collect(),
        left_out: vec![label.to_owned()],
    }
}

/// `count` runs; the later the quantity, the fewer its series.
fn telemetry_of(count: u32, label: &str, top: f64) -> Telemetry {
    let run = |_| TelemetryRun { label: label.to_owned(), rounds: vec![(0.0, 1.0), (3.0, 4.5)] };
    let series = |pods: u32| (0..pods).map(|pod| vec![(f64::from(pod), 0.5 * top), (9.0, top)]).collect::<Vec<_>>();
    let row = |words: &str, pods: u32| TelemetryQuantity {
        words: words.to_owned(),
        unit: "bytes/s".to_owned(),
        runs: (0..count).map(|_| series(pods)).collect(),
    };
    let rows = vec![row("CPU", 9), row("Memory", 2), row("Network received", 1), row("Network transmitted", 1)];
    Telemetry { runs: (0..count).map(run).collect(), quantities: rows }
}
