//! The exact values of `verify/exact` against published and tabulated digits.

#[path = "../verify/exact/mod.rs"]
mod exact;

use exact::final_size::{self, FinalSize, Spread};
use exact::maelstrom::{self, Forwarding, Topology};
use exact::rumor::{self, Feedback, Interest, Rumor};
use exact::synchronous::{Chain, Moments, Style};
use exact::{pure_birth, queueing};

#[test]
fn a_flood_with_exponential_delays_is_a_pure_birth_chain() {
    for (n, t100, sd, delivery, hop, copies) in [
        (10, 0.56579365, 0.20521020, 0.31432981, 2.143298, 81),
        (100, 0.10354755, 0.01864635, 0.05229674, 4.229674, 9801),
    ] {
        let flood = pure_birth::flood(n);
        close(flood.t100_mean, t100, 8);
        close(flood.t100_sd, sd, 8);
        close(flood.delivery_mean, delivery, 8);
        close(flood.hop_mean, hop, 6);
        assert_eq!(flood.copies, copies);
    }
    let (mean, sd) = pure_birth::asynchronous_push(1000);
    close(mean, 14.953973, 6);
    close(sd, 1.819663, 6);
}

#[test]
fn synchronous_rounds_are_the_chains_of_the_table() {
    let pull = pull(1.0, 1.0);
    for (n, style, mean, sd) in [
        (10, push(1.0), 6.04713, 1.26941),
        (100, push(1.0), 12.30452, 1.33232),
        (256, push(1.0), 14.67003, 1.32478),
        (10, pull, 5.06339, 1.32134),
        (100, pull, 9.79321, 1.36611),
        (256, pull, 11.46321, 1.35214),
        (10, Style::PushPull, 3.46051, 0.61298),
        (100, Style::PushPull, 6.52861, 0.56989),
        (256, Style::PushPull, 7.62871, 0.55174),
    ] {
        rounds_are(n, style, (mean, sd));
    }
}

#[test]
fn over_a_new_graph_in_each_round_the_first_step_is_binomial_and_three_nodes_can_be_counted() {
    let chain = |n, linked| Chain::new(n, Style::FreshGraph { linked });
    let [_, first] = &chain(40, 0.2).knowing_by_round(1)[..] else { panic!("the begin and one round") };
    let mean: f64 = first.iter().zip(1..).map(|(p, known)| p * f64::from(known)).sum();
    close(mean, 1.0 + 39.0 * 0.2, 10);
    // From one of three: none (1 - p)^2, one 2 p (1 - p), both p^2; from two the last one with 1 - (1 - p)^2.
    let (p, q) = (0.3_f64, 0.7_f64);
    let from_two = 1.0 / (1.0 - q * q);
    close(chain(3, p).rounds_to_all().mean, (1.0 + 2.0 * p * q * from_two) / (1.0 - q * q), 10);
}

#[test]
fn losing_a_copy_slows_rounds_as_in_the_table() {
    rounds_are(100, push(0.9), (13.44646, 1.54324));
    rounds_are(100, push(0.5), (22.57186, 3.20462));
    // The table draws once for a request and its answer.
    rounds_are(100, pull(0.9, 1.0), (11.03667, 1.58121));
    rounds_are(100, pull(1.0, 0.5), (20.36015, 3.22685));
}

#[test]
fn push_takes_a_constant_more_than_two_logarithms() {
    for (n, more) in [(100, 1.05550), (512, 1.15083), (1000, 1.16481)] {
        let size = n as f64;
        close(Chain::new(n, push(1.0)).rounds_to_all().mean - size.log2() - size.ln(), more, 5);
    }
}

#[test]
fn the_distribution_by_round_has_the_moments_of_the_chain() {
    for style in [push(0.9), pull(0.9, 0.8), Style::PushPull] {
        let chain = Chain::new(30, style);
        let by_round = chain.knowing_by_round(400);
        assert!(by_round.iter().all(|knowing| (knowing.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        let unfinished = by_round.iter().map(|knowing| 1.0 - knowing[29]);
        let (mean, second) = unfinished
            .enumerate()
            .fold((0.0, 0.0), |(mean, second), (round, left)| (mean + left, second + (2 * round + 1) as f64 * left));
        let Moments { mean: expected, sd } = chain.rounds_to_all();
        assert!((mean - expected).abs() < 1e-9 && ((second - mean * mean).sqrt() - sd).abs() < 1e-9, "{style:?}");
    }
}

#[test]
fn forwarding_once_ends_as_in_the_table() {
    for (n, fanout, all, residue, sd) in [
        (100, 4, 0.174063, 0.017987, Some(0.013807)),
        (100, 6, 0.814960, 0.002057, Some(0.004560)),
        (100, 10, 0.997389, 0.000026, None),
        (1000, 4, 0.0, 0.019641, Some(0.004572)),
        (1000, 6, 0.086029, 0.002468, Some(0.001581)),
        (1000, 10, 0.957781, 0.000043, None),
    ] {
        let size = final_size::final_size(&Spread { n_nodes: n, fanout, loss: 0.0, n_crashed: 0 });
        ends(&size, all, residue);
        if let Some(sd) = sd {
            close(size.residue().1, sd, 6);
        }
    }
}

#[test]
fn loss_and_crashes_end_forwarding_as_in_the_table() {
    for (loss, n_crashed, all, residue) in [
        (0.1, 0, 0.678068, 0.003926),
        (0.3, 0, 0.247706, 0.015164),
        (0.5, 0, 0.006449, 0.072459),
        (0.0, 10, 0.708022, 0.003876),
        (0.0, 30, 0.386149, 0.014581),
        (0.0, 50, 0.084899, 0.069580),
    ] {
        ends(&final_size::final_size(&Spread { n_nodes: 100, fanout: 6, loss, n_crashed }), all, residue);
    }
}

#[test]
fn a_random_graph_is_connected_as_in_the_table_and_by_two_ways_alike() {
    let rows = [(-1.0, 0.068616), (0.0, 0.388619), (1.0, 0.717646), (2.0, 0.890979), (3.0, 0.961036), (4.0, 0.986561)];
    for (c, expected) in rows {
        let p = (100f64.ln() + c) / 100.0;
        let connected = final_size::connected(100, p);
        close(connected, expected, 6);
        assert!((connected - final_size::connected_by_components(100, p)).abs() < 1e-12, "c = {c}");
    }
}

#[test]
fn a_link_queues_as_the_formulas_say() {
    for (utilisation, wait) in [(0.5, 0.5), (0.8, 2.0), (0.9, 4.5), (0.95, 9.5)] {
        close(queueing::md1_wait(utilisation), wait, 12);
    }
    let left: Vec<u64> = (1..=3).map(|copy| queueing::fifo_left_ns(copy, 1_250, 10_000_000)).collect();
    assert_eq!(left, [1_000_000, 2_000_000, 3_000_000]);
    assert_eq!(queueing::fifo_left_ns(1, 1, 3_000_000_000), 3, "8/3 ns");
}

#[test]
fn broadcasts_take_the_copies_of_maelstrom_s_page() {
    use {Forwarding::*, Topology::*};
    for (topology, n, forwarding, copies) in [
        (Grid, 5, ToAll, 10),
        (Grid, 5, NotToSender, 6),
        (Grid, 25, NotToSender, 56),
        (Line, 25, NotToSender, 24),
        (Total, 25, NotToSender, 576),
        (Tree(4), 25, NotToSender, 24),
    ] {
        let copied = maelstrom::copies(&maelstrom::neighbours(topology, n), forwarding);
        assert_eq!(copied, copies, "{topology:?} of {n}");
    }
}

#[test]
fn broadcasts_are_as_far_as_maelstrom_s_graphs_are_wide() {
    for (topology, mean, median, most) in [
        (Topology::Grid, 6.4, 6, 8),
        (Topology::Line, 18.24, 18, 24),
        (Topology::Tree(4), 4.56, 5, 5),
        (Topology::Total, 1.0, 1, 1),
    ] {
        let mut far = maelstrom::eccentricities(&maelstrom::neighbours(topology, 25));
        far.sort_unstable();
        close(far.iter().sum::<usize>() as f64 / 25.0, mean, 12);
        assert_eq!((far[12], far[24]), (median, most), "{topology:?}");
    }
    let grid = maelstrom::eccentricities(&maelstrom::neighbours(Topology::Grid, 25));
    let counts: Vec<usize> = (4..=8).map(|far| grid.iter().filter(|other| **other == far).count()).collect();
    assert_eq!(counts, [1, 4, 8, 8, 4]);
}

#[test]
fn a_blind_coin_of_one_is_the_birthday_chain() {
    let exact = rumor::blind_coin_once(1000);
    close(exact.last, 39.2834, 4);
    close(exact.residue, 0.95972, 5);
    close(exact.traffic, 0.04028, 5);
}

#[test]
fn mean_field_residues_solve_their_equations() {
    for (k, residue) in [(1, 0.203188), (2, 0.059520), (3, 0.019827), (4, 0.006977), (5, 0.002516)] {
        close(rumor::residue_with_feedback(k), residue, 6);
        close(rumor::residue_blind(k + 1), residue, 6);
    }
    assert_eq!(rumor::residue_blind(1), 1.0);
    close(rumor::residue_at_traffic(3.3), 0.036883, 6);
}

/// A row of Demers' tables, for residue, traffic and t_last.
struct Row {
    rumor: Rumor,
    /// What is printed, and to how many digits behind the point.
    printed: [(f64, i32); 3],
    /// Mean and standard deviation of one run by another program.
    other: [(f64, f64); 3],
    /// In how many runs.
    n_other: f64,
    /// How far standard deviations may be apart, as a fraction.
    sd_within: f64,
}

#[test]
fn rumors_end_as_in_demers_table_1() {
    let table = [
        ([(0.18, 2), (1.7, 1), (16.8, 1)], [(0.1742, 0.0152), (1.745, 0.036), (16.81, 1.23)]),
        ([(0.037, 3), (3.3, 1), (16.9, 1)], [(0.0368, 0.0065), (3.301, 0.033), (17.00, 1.13)]),
        ([(0.011, 3), (4.5, 1), (17.4, 1)], [(0.01075, 0.0033), (4.534, 0.034), (17.27, 1.16)]),
        ([(0.0036, 4), (5.6, 1), (17.5, 1)], [(0.00346, 0.0018), (5.638, 0.038), (17.60, 1.15)]),
        ([(0.0012, 4), (6.7, 1), (17.7, 1)], [(0.00131, 0.0011), (6.681, 0.038), (17.74, 1.25)]),
    ];
    for (k, (printed, other)) in (1..).zip(table) {
        let rumor = rumor(rumor::Style::Push, Feedback::Useless, Interest::Counter(k));
        check(&Row { rumor, printed, other, n_other: 1000.0, sd_within: 0.25 });
    }
}

#[test]
fn rumors_end_as_in_demers_table_2() {
    let table = [
        ([(0.96, 2), (0.04, 2), (38.0, 0)], [(0.95961, 0.0206), (0.0404, 0.0206), (39.4, 20.6)]),
        ([(0.20, 2), (1.6, 1), (33.0, 0)], [(0.2051, 0.033), (1.590, 0.091), (32.8, 4.2)]),
    ];
    for (k, (printed, other)) in (1..).zip(table) {
        let rumor = rumor(rumor::Style::Push, Feedback::Blind, Interest::Coin(k));
        // One rumor in hundreds dies out at once, and widens the spread of the runs that hold it by a half.
        check(&Row { rumor, printed, other, n_other: 1000.0, sd_within: 0.5 });
    }
}

#[test]
fn rumors_end_as_in_demers_table_3() {
    let rumor = rumor(rumor::Style::Pull, Feedback::Useless, Interest::Counter(1));
    let printed = [(0.031, 3), (2.7, 1), (17.63, 2)];
    let other = [(0.03125, 0.0066), (2.701, 0.04), (17.54, 1.98)];
    check(&Row { rumor, printed, other, n_other: 800.0, sd_within: 0.25 });
}

/// Runs whose means are compared.
const N_RUNS: u64 = 300;

/// Runs of which the paper's digits are the means: its scatter is that of so many.
const N_PAPER: f64 = 100.0;

/// Means are within 4 standard errors of those of the other program, and within 4 and half a unit of the last digit of
/// the printed ones.
fn check(row: &Row) {
    let runs: Vec<rumor::Outcome> = (0..N_RUNS).map(|seed| rumor::play(&row.rumor, seed)).collect();
    let of: [fn(&rumor::Outcome) -> f64; 3] = [|run| run.residue, |run| run.traffic, |run| run.last];
    for (what, of) in of.into_iter().enumerate() {
        let n = N_RUNS as f64;
        let mean = runs.iter().map(of).sum::<f64>() / n;
        let spread = (runs.iter().map(|run| (of(run) - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let (other, other_sd) = row.other[what];
        let told = format!("{:?}, value {what}: mean {mean:.5}, sd {spread:.5}", row.rumor);
        assert!((mean - other).abs() <= 4.0 * other_sd * (1.0 / n + 1.0 / row.n_other).sqrt(), "{told}, not {other}");
        assert!((spread / other_sd - 1.0).abs() < row.sd_within, "{told}, not an sd of {other_sd}");
        let (printed, digits) = row.printed[what];
        let allowed = 4.0 * other_sd * (1.0 / n + 1.0 / N_PAPER).sqrt() + 0.5 * 10f64.powi(-digits);
        assert!((mean - printed).abs() <= allowed, "{told}, not {printed}");
    }
}

fn rumor(style: rumor::Style, feedback: Feedback, interest: Interest) -> Rumor {
    Rumor { n_sites: 1000, style, feedback, interest }
}

fn push(arrives: f64) -> Style {
    Style::Push { arrives }
}

fn pull(request_arrives: f64, answer_arrives: f64) -> Style {
    Style::Pull { request_arrives, answer_arrives }
}

fn rounds_are(n: usize, style: Style, (mean, sd): (f64, f64)) {
    let rounds = Chain::new(n, style).rounds_to_all();
    close(rounds.mean, mean, 5);
    close(rounds.sd, sd, 5);
}

fn ends(size: &FinalSize, all: f64, residue: f64) {
    assert!((size.reached.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    close(size.all(), all, 6);
    close(size.residue().0, residue, 6);
}

/// `value` is `expected` to so many digits behind the point.
#[track_caller]
fn close(value: f64, expected: f64, digits: i32) {
    assert!((value - expected).abs() <= 0.501 * 10f64.powi(-digits), "{value} is not {expected}");
}
