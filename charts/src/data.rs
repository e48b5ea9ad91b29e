//! What a figure shows, as plain numbers: the only input of every drawing, and what `figures/*.json` will hold.

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

/// How far first deliveries came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HopDistribution {
    /// One group of bars each.
    pub series: Vec<HopSeries>,
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
