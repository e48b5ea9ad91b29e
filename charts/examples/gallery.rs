//! Draws every figure from made-up data into a folder, for the eye: `cargo run -p cnsim-charts --example gallery -- DIR`.

use std::error::Error;
use std::path::{Path, PathBuf};

use cnsim_charts::data::*;
use cnsim_charts::{ChartError, Drawing, Metadata};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    save(&folder, 1000, &cnsim_charts::convergence_by_round(&many_rounds())?)?;
    for count in [1, 3, 12] {
        for drawing in figures(count) {
            save(&folder, count, &drawing?)?;
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
    let (width_in, height_in) = drawing.size_in();
    eprintln!("{}: {width_in:.2} by {height_in:.2} in", stem.display());
    Ok(())
}

fn figures(count: usize) -> Vec<Result<Drawing, ChartError>> {
    vec![
        cnsim_charts::infection_curves(&infection(count)),
        cnsim_charts::convergence_ecdf(&ecdf(count)),
        cnsim_charts::convergence_by_nodes(&by_nodes(count)),
        cnsim_charts::hop_distribution(&hops(count)),
        cnsim_charts::latency_by_hop(&latency(count)),
        cnsim_charts::copies_by_round(&copies(count)),
        cnsim_charts::convergence_by_round(&by_round(count)),
        cnsim_charts::time_spent(&time(count)),
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
        InfectionPanel { label: label(index, count), rounds, median: curve(0, 0.0) }
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

fn hops(count: usize) -> HopDistribution {
    let series = |index: usize| {
        let mode = 2.0 + index as f64 * 0.3;
        let weight = |hop: u32| (-(f64::from(hop) - mode).powi(2) / 2.5).exp();
        let total: f64 = (1..=8).map(weight).sum();
        HopSeries { label: label(index, count), shares: (1..=8).map(|hop| (hop, weight(hop) / total)).collect() }
    };
    HopDistribution { series: (0..count).map(series).collect() }
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
    TimeSpent { bars: (0..count).map(bar).collect() }
}
