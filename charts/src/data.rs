//! What a figure shows, as plain numbers: the only input of every drawing, and what `figures/*.json` holds.

use serde::Serialize;

/// Infection curves: how coverage grows with time, a panel for each condition and number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InfectionCurves {
    /// One panel each.
    pub panels: Vec<InfectionPanel>,
}

/// The rounds of one condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InfectionPanel {
    /// Condition and number of nodes, as the panel names them.
    pub label: String,
    /// For each round the steps (ms since its origin, share of the nodes reached), in order of time.
    pub rounds: Vec<Vec<(f64, f64)>>,
    /// The median round's curve: for each share reached, the median time over rounds.
    pub median: Vec<(f64, f64)>,
    /// The earliest that links allow where these come and go: for each share, the median over rounds of the time at which foremost
    /// paths reach it. Empty where links stand still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<(f64, f64)>,
}

/// A network that moves: into how many pieces it falls, and how many nodes it has, a panel of each for a condition and number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Components {
    /// One each.
    pub panels: Vec<ComponentPanel>,
}

/// The networks of one condition at one number of nodes, at instants since time 0 in ms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentPanel {
    /// Condition and number of nodes, as the panels name them.
    pub label: String,
    /// The pieces that links join in the network of each run, of nodes that are there.
    pub runs: Vec<Vec<(f64, f64)>>,
    /// Their mean over runs.
    pub pieces: Vec<(f64, f64)>,
    /// Nodes that are there, mean over runs.
    pub there: Vec<(f64, f64)>,
    /// Nodes of the largest piece, mean over runs.
    pub largest: Vec<(f64, f64)>,
}

/// What grows or falls while faults befall rounds, a panel for each condition and number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultCurves {
    /// One panel each.
    pub panels: Vec<FaultPanel>,
}

/// The rounds under faults of one condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultPanel {
    /// Condition and number of nodes, as the panel names them.
    pub label: String,
    /// The faults.
    pub spans: Vec<ShadedSpan>,
    /// For each round the steps (ms since its origin, share of the nodes from then on), in order of time.
    pub rounds: Vec<Vec<(f64, f64)>>,
    /// The same in the middle of the rounds.
    pub middle: Vec<(f64, f64)>,
}

/// When a fault is at work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShadedSpan {
    /// Its name.
    pub name: String,
    /// From when on, in ms since the origin.
    pub begins_ms: f64,
    /// Until when.
    pub ends_ms: f64,
}

/// The distribution of convergence time over rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConvergenceEcdf {
    /// One line each.
    pub series: Vec<EcdfSeries>,
}

/// The rounds of one condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EcdfSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// Convergence time of each complete round in ms, sorted.
    pub complete_ms: Vec<f64>,
    /// Rounds that never converged: they count as infinitely long.
    pub censored: u32,
    /// Half-width of the DKW band in probability; none where it is not to be drawn.
    pub band: Option<f64>,
}

/// Convergence time against the number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConvergenceByNodes {
    /// One line each.
    pub conditions: Vec<GrowthSeries>,
}

/// One condition over all its numbers of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthSeries {
    /// The condition.
    pub label: String,
    /// In order of nodes.
    pub points: Vec<GrowthPoint>,
}

/// The rounds at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthPoint {
    /// Number of nodes.
    pub nodes: u32,
    /// Convergence time of each complete round in ms.
    pub rounds_ms: Vec<f64>,
    /// Median over rounds; none where too many are censored.
    pub median_ms: Option<f64>,
    /// Its 95 % interval; an end that does not exist is none.
    pub low_ms: Option<f64>,
    /// See `low_ms`.
    pub high_ms: Option<f64>,
}

/// What laws of growth leave of the convergence times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthResiduals {
    /// One for each condition.
    pub panels: Vec<ResidualPanel>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidualPanel {
    /// The condition.
    pub label: String,
    /// The laws, in every panel the same in the same order.
    pub laws: Vec<ResidualSeries>,
}

/// One law.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidualSeries {
    /// Its name.
    pub label: String,
    /// In order of nodes.
    pub points: Vec<ResidualPoint>,
}

/// How far rounds lie above a law at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidualPoint {
    /// Number of nodes.
    pub nodes: u32,
    /// Geometric mean over rounds, in per cent of the law's time.
    pub mean_percent: f64,
    /// Its 95 % interval; none of one round.
    pub low_percent: Option<f64>,
    /// See `low_percent`.
    pub high_percent: Option<f64>,
}

/// How far first deliveries came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HopDistribution {
    /// One group of bars each.
    pub series: Vec<HopSeries>,
    /// What theory says of the number of hops.
    pub theory: Vec<HopBand>,
}

/// A statement on the largest hop, with its assumptions in its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HopBand {
    /// What it is, and for which series it holds.
    pub label: String,
    /// The least number of hops.
    pub low: f64,
    /// The greatest; none where theory bounds it from below alone.
    pub high: Option<f64>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HopSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// (hop, share of first deliveries).
    pub shares: Vec<(u32, f64)>,
}

/// Latency of first deliveries by hop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyByHop {
    /// One group of boxes each.
    pub series: Vec<LatencySeries>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencySeries {
    /// Condition and number of nodes.
    pub label: String,
    /// In order of hops.
    pub boxes: Vec<LatencyBox>,
}

/// One hop's latencies. The whiskers end at data, not at fences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyBox {
    /// The hop.
    pub hop: u32,
    /// Deliveries at it.
    pub count: u64,
    /// The smallest value that is not below the lower quartile by more than 1.5 interquartile ranges.
    pub whisker_low_ms: f64,
    /// Lower quartile.
    pub q1_ms: f64,
    /// Median.
    pub median_ms: f64,
    /// Upper quartile.
    pub q3_ms: f64,
    /// The largest value that is not above the upper quartile by more than 1.5 interquartile ranges.
    pub whisker_high_ms: f64,
    /// The smallest and the largest value of all.
    pub min_ms: f64,
    /// See `min_ms`.
    pub max_ms: f64,
}

/// Copies and duplicates of each round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopiesByRound {
    /// One line pair each.
    pub series: Vec<CopiesSeries>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopiesSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// (position on the round axis, copies sent, duplicates among them).
    pub rounds: Vec<(u32, u64, u64)>,
    /// The number of duplicates that the topology dictates, where it does.
    pub expected_duplicates: Option<u64>,
}

/// Convergence time of each round, in the order in which rounds ran: a drift shows here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConvergenceByRound {
    /// One line each.
    pub series: Vec<RoundSeries>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// (position on the round axis, ms); none: the round never converged.
    pub rounds: Vec<(u32, Option<f64>)>,
}

/// Where the time until the last delivery went, mean over rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeSpent {
    /// One stacked bar each.
    pub bars: Vec<TimeBar>,
    /// Those without a bar, since the path to the last delivery is known in none of their rounds.
    pub left_out: Vec<String>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeBar {
    /// Condition and number of nodes.
    pub label: String,
    /// From `initiate` to the first send.
    pub setup_ms: f64,
    /// Waiting at forwarders on the path to the last node.
    pub waiting_ms: f64,
    /// Between send and receipt on that path.
    pub wire_ms: f64,
}

/// What rounds cost each node, against how often they reached all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostReliability {
    /// One marker each.
    pub points: Vec<CostPoint>,
    /// Conditions whose copies nobody recorded.
    pub left_out: Vec<String>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostPoint {
    /// Condition and number of nodes.
    pub label: String,
    /// Rounds that count.
    pub rounds: u64,
    /// The share of rounds that reached all, in per cent.
    pub reached_all_percent: f64,
    /// The lower end of its interval; none where there is no interval.
    pub low_percent: Option<f64>,
    /// The upper end.
    pub high_percent: Option<f64>,
    /// Copies sent per node, mean over rounds.
    pub copies: f64,
    /// Bytes of control messages per node, mean over rounds; none where nobody has counted.
    pub control_bytes: Option<f64>,
}

/// What networks deliver of the load that they are offered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfferedLoad {
    /// One colour each.
    pub series: Vec<LoadSeries>,
}

/// The open loops of one condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// One point each.
    pub runs: Vec<LoadPoint>,
}

/// One open loop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadPoint {
    /// Messages that began a second.
    pub begun_per_s: f64,
    /// Messages a second that were delivered meanwhile.
    pub goodput_per_s: f64,
    /// 99 in 100 deliveries took no longer; none where fewer were made.
    pub p99_ms: Option<f64>,
}

/// What nodes sent beside copies of messages, mean over rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlMessages {
    /// The kinds of messages; none where nothing was sent.
    pub kinds: Vec<String>,
    /// One stacked bar each.
    pub bars: Vec<ControlBar>,
    /// Those without a bar, since nobody knows what they sent.
    pub left_out: Vec<String>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlBar {
    /// Condition and number of nodes.
    pub label: String,
    /// Messages per node and round, of each kind.
    pub messages: Vec<f64>,
}

/// The distribution of latency at its upper end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyTail {
    /// One line each.
    pub series: Vec<TailSeries>,
}

/// The first deliveries of one condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TailSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// (latency in ms, above zero; share of the deliveries that took as long or longer, above zero), in order of latency.
    pub points: Vec<(f64, f64)>,
    /// Deliveries that a log scale has no place for: they seem to take no time, or less.
    pub without_place: u64,
}

/// Latency by the machines that copies went from and to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyByHosts {
    /// One panel each.
    pub panels: Vec<HostPanel>,
}

/// One condition at one number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostPanel {
    /// Condition and number of nodes.
    pub label: String,
    /// The machines' names, in the order of their numbers, from 1.
    pub hosts: Vec<String>,
    /// The pairs that have a delivery.
    pub cells: Vec<HostCell>,
}

/// The first deliveries from one machine to another, or inside one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostCell {
    /// Number of the sending machine, from 1.
    pub from: u32,
    /// Number of the receiving machine, from 1.
    pub to: u32,
    /// How many.
    pub count: u64,
    /// Median latency in ms.
    pub median_ms: f64,
}

/// How unevenly nodes share the work of sending.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadLorenz {
    /// One curve each.
    pub series: Vec<LorenzSeries>,
}

/// One condition at one number of nodes, over all its scored rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LorenzSeries {
    /// Condition and number of nodes.
    pub label: String,
    /// The Gini coefficient: 0 where all nodes sent the same, towards 1 where one sent everything.
    pub gini: f64,
    /// (share of the nodes, least loaded first; share of the copies that they sent), from (0, 0) to (1, 1).
    pub points: Vec<(f64, f64)>,
}

/// What conditions differ by from a baseline, in one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effects {
    /// What the shift is of, with the baseline's name.
    pub words: String,
    /// Its unit.
    pub unit: Option<String>,
    /// One row each.
    pub rows: Vec<Effect>,
    /// Comparisons of which nothing can be drawn.
    pub left_out: Vec<String>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// What was compared.
    pub label: String,
    /// How much more it is than the baseline; none where it is infinite.
    pub shift: Option<f64>,
    /// The lower end of its interval; none where it has none.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// What pods used, on the time axis of the rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Telemetry {
    /// One column of panels each.
    pub runs: Vec<TelemetryRun>,
    /// One row of panels each.
    pub quantities: Vec<TelemetryQuantity>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TelemetryRun {
    /// What the columns are called.
    pub label: String,
    /// Begin and end of each scored round, in s since the first began.
    pub rounds: Vec<(f64, f64)>,
}

/// One quantity in every run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TelemetryQuantity {
    /// What was measured.
    pub words: String,
    /// Its unit.
    pub unit: String,
    /// For each run its series of (s since the run's first round began, value).
    pub runs: Vec<Vec<Vec<(f64, f64)>>>,
}
