//! Draws every figure from made-up data into a folder, for the eye: `cargo run -p cnsim-charts --example gallery -- DIR`.

use std::error::Error;
use std::path::{Path, PathBuf};

use cnsim_charts::data::*;
use cnsim_charts::{ChartError, Drawing, Metadata, Sheet, Style, Venue, Width};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let screen = Sheet::default();
    let column = Sheet { style: Style::Paper, venue: Venue::Ieee, width: Width::Single, ..Sheet::default() };
    let page = Sheet { style: Style::Paper, venue: Venue::Plos, width: Width::Double, ..Sheet::default() };
    for (name, sheet) in [("screen", screen), ("column", column), ("page", page)] {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        save(&folder, 1000, &cnsim_charts::convergence_by_round(&many_rounds(), &sheet)?)?;
        for count in [1, 3, 12] {
            for drawing in figures(count, &sheet) {
                save(&folder, count, &drawing?)?;
            }
        }
    }
    Ok(())
}

fn save(folder: &Path, count: usize, drawing: &Drawing) -> Result<(), Box<dyn Error>> {
    let metadata = Metadata {
        tool: "gallery 0".to_owned(),
        revision: "none".to_owned(),
        input_sha256: "none".to_owned(),
        options: vec![("series".to_owned(), count.to_string())],
    };
    let stem = folder.join(format!("{}-{count}", drawing.name()));
    std::fs::write(stem.with_extension("svg"), drawing.svg(&metadata))?;
    std::fs::write(stem.with_extension("png"), drawing.png(150, &metadata)?)?;
    std::fs::write(stem.with_extension("pdf"), drawing.pdf(&metadata)?)?;
    let (width_in, height_in) = drawing.size_in();
    eprintln!("{}: {width_in:.2} by {height_in:.2} in", stem.display());
    Ok(())
}

fn figures(count: usize, sheet: &Sheet) -> Vec<Result<Drawing, ChartError>> {
    vec![
        cnsim_charts::infection_curves(&infection(count), sheet),
        cnsim_charts::convergence_ecdf(&ecdf(count), sheet),
        cnsim_charts::convergence_by_nodes(&by_nodes(count), sheet),
        cnsim_charts::growth_residuals(&residuals(count), sheet),
        cnsim_charts::hop_distribution(&hops(count), sheet),
        cnsim_charts::latency_by_hop(&latency(count), sheet),
        cnsim_charts::copies_by_round(&copies(count), sheet),
        cnsim_charts::convergence_by_round(&by_round(count), sheet),
        cnsim_charts::time_spent(&time(count), sheet),
        cnsim_charts::control(&control(count), sheet),
        cnsim_charts::latency_tail(&tail(count), sheet),
        cnsim_charts::latency_by_hosts(&hosts(count), sheet),
        cnsim_charts::load_lorenz(&lorenz(count), sheet),
        cnsim_charts::effects(&effects(count), sheet),
        cnsim_charts::telemetry(&telemetry(count), sheet),
    ]
}

/// A label; at twelve series one of forty letters.
fn label(index: usize, count: usize) -> String {
    let nodes = [10, 30, 50, 100, 300, 1000][index % 6];
    match (count, index) {
        (1..=3, _) => format!("{}, N = {nodes}", ["flood", "push", "direct-mail"][index % 3]),
        (_, 0..6) => format!("flood, N = {nodes}"),
        (_, _) => format!("push fanout 3 ttl 8, k-regular:8, N = {nodes}"),
    }
}

/// A number between 0 and 1 that looks like chance and is the same every time.
fn chance(key: u64) -> f64 {
    let mut z = key.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A number around 0 whose spread is about 1.
fn noise(key: u64) -> f64 {
    (0..6).map(|part| chance(key * 6 + part)).sum::<f64>() * 1.4 - 4.2
}

fn level_ms(index: usize) -> f64 {
    [64.0, 180.0, 310.0, 450.0, 634.0, 220.0, 90.0, 390.0, 520.0, 140.0, 270.0, 580.0][index % 12]
}

fn infection(count: usize) -> InfectionCurves {
    let panel = |index: usize| {
        let nodes = [10usize, 30, 50, 100, 300, 1000][index % 6];
        let curve = |round: usize, strength: f64| {
            let middle = level_ms(index) * 0.5 * (1.0 + 0.12 * strength * noise((index * 1000 + round) as u64));
            let times = (1..nodes).map(|k| {
                let share = k as f64 / nodes as f64;
                let jitter = 0.01 * strength * noise((round * 7919 + k) as u64);
                (middle * (1.0 + 0.22 * (share / (1.0 - share)).ln() + jitter)).max(0.0)
            });
            let mut times: Vec<f64> = times.collect();
            times.sort_by(f64::total_cmp);
            let reached = times.into_iter().enumerate();
            reached.map(|(k, time)| (time, (k + 1) as f64 / (nodes - 1) as f64)).collect::<Vec<_>>()
        };
        let rounds = (0..100).map(|round| curve(round, 1.0)).collect();
        InfectionPanel { label: label(index, count), rounds, median: curve(0, 0.0), bound: vec![] }
    };
    InfectionCurves { panels: (0..count).map(panel).collect() }
}

fn ecdf(count: usize) -> ConvergenceEcdf {
    let series = |index: usize| {
        let rounds = if index == 0 { 100 } else { 20 };
        let censored = if index == 2 { 3 } else { 0 };
        let time = |round: usize| level_ms(index) * (1.0 + 0.15 * noise((index * 100 + round) as u64));
        let mut complete_ms: Vec<f64> = (0..rounds - censored).map(time).collect();
        complete_ms.sort_by(f64::total_cmp);
        let band = Some((40f64.ln() / (2.0 * rounds as f64)).sqrt());
        EcdfSeries { label: label(index, count), complete_ms, censored: censored as u32, band }
    };
    ConvergenceEcdf { series: (0..count).map(series).collect() }
}

fn by_nodes(count: usize) -> ConvergenceByNodes {
    let point = |index: usize, nodes: u32| {
        let level = 6.46 * f64::from(nodes - 1) * (0.4 + 0.12 * index as f64);
        let time = |round: u64| level * (1.0 + 0.15 * noise(index as u64 * 7777 + u64::from(nodes) * 100 + round));
        let mut rounds_ms: Vec<f64> = (0..40).map(time).collect();
        let spread = rounds_ms.clone();
        rounds_ms.sort_by(f64::total_cmp);
        let median_ms = Some((rounds_ms[19] + rounds_ms[20]) / 2.0);
        let (low_ms, high_ms) = (Some(rounds_ms[13]), Some(rounds_ms[26]));
        GrowthPoint { nodes, rounds_ms: spread, median_ms, low_ms, high_ms }
    };
    let condition = |index: usize| GrowthSeries {
        label: format!("{} {index}", if count > 3 { "direct mail with reused connections" } else { "direct-mail" }),
        points: if count == 1 { vec![10, 30, 100, 300, 1000] } else { vec![10, 30, 50, 70, 100] }
            .into_iter()
            .map(|nodes| point(index, nodes))
            .collect(),
    };
    ConvergenceByNodes { conditions: (0..count).map(condition).collect() }
}

fn residuals(count: usize) -> GrowthResiduals {
    let point = |nodes: u32, mean_percent: f64| {
        let (low_percent, high_percent) = (Some(mean_percent - 3.0), Some(mean_percent + 3.5));
        ResidualPoint { nodes, mean_percent, low_percent, high_percent }
    };
    let law = |label: &str, bend: f64| ResidualSeries {
        label: label.to_owned(),
        points: [(10, 1.0), (30, -0.6), (100, -0.9), (300, -0.3), (1000, 0.8)]
            .map(|(nodes, share)| point(nodes, share * bend))
            .to_vec(),
    };
    let panel = |index| ResidualPanel {
        label: label(index, count),
        laws: vec![law("a N^b", 2.0), law("a + b N", 9.0 + index as f64), law("a + b ln N", -28.0)],
    };
    GrowthResiduals { panels: (0..count).map(panel).collect() }
}

fn hops(count: usize) -> HopDistribution {
    let series = |index: usize| {
        let mode = 2.0 + index as f64 * 0.3;
        let weight = |hop: u32| (-(f64::from(hop) - mode).powi(2) / 2.5).exp();
        let total: f64 = (1..=8).map(weight).sum();
        HopSeries { label: label(index, count), shares: (1..=8).map(|hop| (hop, weight(hop) / total)).collect() }
    };
    let band = |label: &str, low: f64, high: Option<f64>| HopBand { label: label.to_owned(), low, high };
    let theory = match count {
        1 => vec![band("eccentricity of the initiators: the largest hop of a flood", 4.0, Some(5.0))],
        _ => vec![band("eccentricity: no largest hop is below", 4.0, None)],
    };
    HopDistribution { series: (0..count).map(series).collect(), theory }
}

fn latency(count: usize) -> LatencyByHop {
    let latency_box = |index: usize, hop: u32| {
        let base = (0.6 + 0.25 * f64::from(hop)) * (1.0 + 0.1 * index as f64);
        LatencyBox {
            hop,
            count: 100,
            whisker_low_ms: base * 0.5,
            q1_ms: base * 0.8,
            median_ms: base,
            q3_ms: base * 1.4,
            whisker_high_ms: base * 2.2,
            min_ms: base * 0.5,
            max_ms: base * if count == 3 { 90.0 } else { 3.0 + chance(u64::from(hop)) },
        }
    };
    let series = |index: usize| LatencySeries {
        label: label(index, count),
        boxes: (1..=6).map(|hop| latency_box(index, hop)).collect(),
    };
    LatencyByHop { series: (0..count).map(series).collect() }
}

fn copies(count: usize) -> CopiesByRound {
    let series = |index: usize| {
        let expected = 12_000 + 1500 * index as u64;
        let round = |round: u32| {
            let missing = if chance(u64::from(round) + 100 * index as u64) < 0.15 { 400 } else { 0 };
            (round, expected - missing + 999, expected - missing)
        };
        CopiesSeries {
            label: label(index, count),
            rounds: (1..=30).map(round).collect(),
            expected_duplicates: index.is_multiple_of(4).then_some(expected),
        }
    };
    CopiesByRound { series: (0..count).map(series).collect() }
}

fn by_round(count: usize) -> ConvergenceByRound {
    let series = |index: usize| {
        let time = |round: u32| level_ms(index) * (1.0 + 0.15 * noise(u64::from(round) + 977 * index as u64));
        let rounds = if count == 1 { 100 } else { 20 };
        let censored = |round: u32| count == 3 && index == 1 && (round == 7 || round == 12);
        RoundSeries {
            label: label(index, count),
            rounds: (1..=rounds).map(|round| (round, (!censored(round)).then(|| time(round)))).collect(),
        }
    };
    ConvergenceByRound { series: (0..count).map(series).collect() }
}

fn many_rounds() -> ConvergenceByRound {
    let series = |index: usize| RoundSeries {
        label: label(index, 3),
        rounds: (1..=1000).map(|round| (round, Some(level_ms(index) + 9.0 * noise(u64::from(round))))).collect(),
    };
    ConvergenceByRound { series: (0..3).map(series).collect() }
}

fn time(count: usize) -> TimeSpent {
    let bar = |index: usize| TimeBar {
        label: label(index, count),
        setup_ms: level_ms(index) * 0.4,
        waiting_ms: level_ms(index) * 0.5,
        wire_ms: 3.0 + 6.0 * index as f64,
    };
    TimeSpent { bars: (0..count).map(bar).collect(), left_out: Vec::new() }
}

fn control(count: usize) -> ControlMessages {
    let kinds = ["ask", "graft", "ihave", "prune", "digest", "wanted"];
    let messages = |index: usize| (0..kinds.len()).map(|kind| ((index + 2 * kind) % 7) as f64 * 0.8).collect();
    let bar = |index: usize| ControlBar { label: label(index, count), messages: messages(index) };
    ControlMessages {
        kinds: kinds.map(str::to_owned).to_vec(),
        bars: (0..count).map(bar).collect(),
        left_out: Vec::new(),
    }
}

fn tail(count: usize) -> LatencyTail {
    let series = |index: usize| {
        let latency = |rank: u64| 0.4 * (1.0 + 0.2 * index as f64) * (1.5 * noise(rank * 31 + index as u64)).exp();
        let mut latencies: Vec<f64> = (0..2000).map(latency).collect();
        latencies.sort_by(f64::total_cmp);
        let points = latencies.iter().enumerate().map(|(rank, latency)| (*latency, 1.0 - rank as f64 / 2000.0));
        TailSeries { label: label(index, count), points: points.collect(), without_place: 0 }
    };
    LatencyTail { series: (0..count).map(series).collect() }
}

fn hosts(count: usize) -> LatencyByHosts {
    let machines = if count == 1 { 6 } else { 20 };
    let panel = |index: usize| {
        let cell = |from: u32, to: u32| {
            let apart = if from == to { 0.1 } else { 0.6 + 0.1 * f64::from(from.abs_diff(to)) };
            HostCell { from, to, count: 9, median_ms: apart * (1.0 + 0.2 * chance(u64::from(from * 50 + to))) }
        };
        let pairs = (1..=machines).flat_map(|from| (1..=machines).map(move |to| (from, to)));
        let hosts = (1..=machines).map(|number| format!("gke-pool-{number}")).collect();
        let cells = pairs.filter(|(from, to)| from + to != 9).map(|(from, to)| cell(from, to)).collect();
        HostPanel { label: label(index, count), hosts, cells }
    };
    LatencyByHosts { panels: (0..count).map(panel).collect() }
}

fn lorenz(count: usize) -> LoadLorenz {
    let series = |index: usize| {
        let power = 1.0 + 0.4 * index as f64;
        let points = (0..=100).map(|step| f64::from(step) / 100.0).map(|share| (share, share.powf(power))).collect();
        LorenzSeries { label: label(index, count), gini: (power - 1.0) / (power + 1.0), points }
    };
    LoadLorenz { series: (0..count).map(series).collect() }
}

fn effects(count: usize) -> Effects {
    let row = |index: usize| {
        let shift = 40.0 * noise(index as u64 + 5);
        let low = (index != 2).then_some(shift - 30.0);
        Effect {
            label: format!("{} against flood", label(index, count)),
            shift: Some(shift),
            low,
            high: Some(shift + 25.0),
        }
    };
    let words = "Shift of t100_first_send".to_owned();
    Effects { words, unit: Some("ms".to_owned()), rows: (0..count).map(row).collect(), left_out: Vec::new() }
}

fn telemetry(count: usize) -> Telemetry {
    let run = |index: usize| {
        let rounds = (0..20).map(|round| (f64::from(round) * 6.0, f64::from(round) * 6.0 + 1.5)).collect();
        TelemetryRun { label: label(index, count), rounds }
    };
    let quantity = |words: &str, unit: &str, scale: f64| {
        let pod = |pod: u64| (0..8u64).map(move |step| (step as f64 * 15.0, scale * (0.2 + chance(pod * 97 + step))));
        let pods =
            move |index: usize| (0..if index == 0 { 3 } else { 30 }).map(|number| pod(number).collect()).collect();
        TelemetryQuantity { words: words.to_owned(), unit: unit.to_owned(), runs: (0..count).map(pods).collect() }
    };
    let quantities = vec![
        quantity("CPU", "cores", 0.05),
        quantity("Memory", "bytes", 4e7),
        quantity("Received", "bytes/s", 9e3),
        quantity("Transmitted", "bytes/s", 8e3),
    ];
    Telemetry { runs: (0..count).map(run).collect(), quantities }
}
