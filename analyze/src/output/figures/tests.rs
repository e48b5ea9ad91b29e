//! What the adapters hand to the figures.

use cnsim_charts::data::{LatencyBox, TimeBar};

use super::latency::latency_box;
use super::*;
use crate::measure::fixture::{Row, loaded};
use crate::measure::{Analysis, Options, Origin, analyse};
use crate::stats::{LEVEL, dkw_half_width};

const MS: i64 = 1_000_000;

/// Rounds of direct mail from n0 to n1 and n2, the last receipt `last_ms` after `initiate`, a tenth of that for set-up;
/// none: n2 never heard.
fn analysis(runs: &[(&'static str, u32, &[Option<i64>])]) -> Analysis {
    let mut rows = Vec::new();
    for (run, nodes, rounds) in runs {
        for (number, last_ms) in (1..).zip(*rounds) {
            let base = i64::from(number) * 1_000 * MS;
            let span = last_ms.unwrap_or(10) * MS;
            let mut round =
                vec![Row::initiate("n0", base), Row::received("n0", "n1", base + span / 10, base + span / 2)];
            round.extend(last_ms.map(|_| Row::received("n0", "n2", base + span / 5, base + span)));
            rows.extend(round.into_iter().map(|row| row.of_run(run).of_round(number).with_nodes(*nodes)));
        }
    }
    analyse(&[loaded("c", &rows)], &Options::default())
}

#[test]
fn a_label_names_the_number_of_nodes_only_where_it_differs() {
    let labels = |analysis: &Analysis| {
        let series = hop_distribution(analysis).series.into_iter();
        series.map(|series| series.label).collect::<Vec<_>>()
    };
    assert_eq!(labels(&analysis(&[("r", 3, &[Some(10)])])), ["c"]);
    assert_eq!(labels(&analysis(&[("r", 3, &[Some(10)]), ("s", 4, &[Some(10)])])), ["c, N=3", "c, N=4"]);
}

#[test]
fn curves_count_from_the_chosen_origin_and_their_median_ends_where_half_the_rounds_did_not_come() {
    let analysis = analysis(&[("r", 3, &[Some(10), Some(20), None])]);
    let panel = &infection_curves(&analysis, Origin::Initiate).panels[0];
    assert_eq!(panel.rounds, [vec![(5.0, 0.5), (10.0, 1.0)], vec![(10.0, 0.5), (20.0, 1.0)], vec![(5.0, 0.5)]]);
    assert_eq!(panel.median, [(5.0, 0.5), (20.0, 1.0)]);
    let panel = &infection_curves(&analysis, Origin::FirstSend).panels[0];
    assert_eq!(panel.rounds[1], [(8.0, 0.5), (18.0, 1.0)]);
}

#[test]
fn a_panel_says_how_many_rounds_it_draws() {
    let rounds: Vec<Option<i64>> = (0..250).map(|number| Some(10 + number)).collect();
    let panel = &infection_curves(&analysis(&[("r", 3, &rounds)]), Origin::Initiate).panels[0];
    assert_eq!(panel.label, "c (200 of 250 rounds drawn)");
    assert_eq!((panel.rounds.len(), panel.rounds[0][1].0, panel.rounds[199][1].0), (200, 10.0, 259.0));
    assert_eq!(panel.median[1], (134.5, 1.0), "the median is over all rounds");
}

#[test]
fn rounds_that_never_converged_are_counted_beside_the_distribution() {
    let analysis = analysis(&[("r", 3, &[Some(30), Some(10), None])]);
    let series = &convergence_ecdf(&analysis, Origin::Initiate).series[0];
    assert_eq!((&series.complete_ms[..], series.censored, series.band), (&[10.0, 30.0][..], 1, None));
    let rounds = &convergence_by_round(&analysis, Origin::Initiate).series[0].rounds;
    assert_eq!(rounds, &[(1, Some(30.0)), (2, Some(10.0)), (3, None)]);
}

#[test]
fn a_band_needs_eight_rounds() {
    let band = |count: usize| {
        let rounds = vec![Some(10); count];
        convergence_ecdf(&analysis(&[("r", 3, &rounds)]), Origin::Initiate).series[0].band
    };
    assert_eq!(band(7), None);
    assert_eq!(band(8), dkw_half_width(8, LEVEL));
}

#[test]
fn growth_has_one_line_a_condition_with_all_its_numbers_of_nodes() {
    let analysis = analysis(&[("s", 4, &[None]), ("r", 3, &[Some(10), Some(20)])]);
    let [series] = &convergence_by_nodes(&analysis, Origin::Initiate).conditions[..] else { panic!("one condition") };
    let points: Vec<(u32, Vec<f64>, Option<f64>)> =
        series.points.iter().map(|point| (point.nodes, point.rounds_ms.clone(), point.median_ms)).collect();
    assert_eq!(points, [(3, vec![10.0, 20.0], Some(15.0)), (4, vec![], None)]);
}

#[test]
fn rounds_of_several_runs_stand_in_the_order_in_which_they_ran() {
    let analysis = analysis(&[("s", 3, &[Some(10), Some(20)]), ("r", 3, &[Some(30), Some(40)])]);
    let rounds = &convergence_by_round(&analysis, Origin::Initiate).series[0].rounds;
    assert_eq!(rounds, &[(1, Some(30.0)), (2, Some(10.0)), (3, Some(40.0)), (4, Some(20.0))]);
    let copies = &copies_by_round(&analysis).series[0].rounds;
    assert_eq!(copies, &[(1, 2, 0), (2, 2, 0), (3, 2, 0), (4, 2, 0)]);
}

#[test]
fn time_spent_is_the_mean_over_complete_rounds_and_adds_up() {
    let bars = time_spent(&analysis(&[("r", 3, &[Some(10), Some(30), None])])).bars;
    assert_eq!(bars, [TimeBar { label: "c".to_owned(), setup_ms: 2.0, waiting_ms: 2.0, wire_ms: 16.0 }]);
    assert!(time_spent(&analysis(&[("r", 3, &[None])])).bars.is_empty());
}

#[test]
fn whiskers_end_at_data() {
    let values = [1, 10, 11, 12, 13, 14, 100].map(|value| value * MS).to_vec();
    let expected = LatencyBox {
        hop: 1,
        count: 7,
        whisker_low_ms: 10.0,
        q1_ms: 10.5,
        median_ms: 12.0,
        q3_ms: 13.5,
        whisker_high_ms: 14.0,
        min_ms: 1.0,
        max_ms: 100.0,
    };
    assert_eq!(latency_box(1, &values), Some(expected));
    assert_eq!(latency_box(1, &[]), None);
}

#[test]
fn hops_without_a_number_have_no_bar_and_keep_their_share() {
    let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("lost", "c", 1, 3)];
    let analysis = analyse(&[loaded("c", &rows)], &Options::default());
    assert_eq!(hop_distribution(&analysis).series[0].shares, [(1, 0.5)]);
    assert_eq!(latency_by_hop(&analysis).series[0].boxes.len(), 1);
}

#[test]
fn a_run_without_a_record_has_figures_without_data() {
    let nothing = Analysis::default();
    assert!(hop_distribution(&nothing).series.is_empty() && hop_distribution(&nothing).theory.is_empty());
    assert!(convergence_by_nodes(&nothing, Origin::Initiate).conditions.is_empty());
    assert!(convergence_by_round(&nothing, Origin::Initiate).series.is_empty());
    assert!(convergence_ecdf(&nothing, Origin::Initiate).series.is_empty());
    assert!(time_spent(&nothing).bars.is_empty());
}

#[test]
fn a_network_that_moves_has_its_foremost_paths_and_its_pieces() {
    use cnsim::motion::read::{Recording, read};

    use crate::inputs::{FileFacts, MotionFacts};
    use crate::measure::fixture::manifest;

    let text = "0 a b up\n0.00000001 b c up\n0.00000002 a b down\n0.00000003 c d up\n";
    let Ok(Recording::Contacts(contacts)) = read(&mut text.as_bytes(), None) else { panic!("these are contacts") };
    let mut facts = manifest("epidemic", ["a", "b", "c", "d"], &[(0, 1), (1, 2), (2, 3)], false);
    facts.manifest.options.motion = Some("contacts:x".parse().unwrap());
    let file = FileFacts { path: "contacts.csv".to_owned(), sha256: String::new(), rows: 4 };
    facts.motion = Some(MotionFacts { contacts: Some((file, contacts)) });
    let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 3), Row::received("b", "c", 12, 20)];
    let mut input = loaded("c", &rows.map(|row| row.with_nodes(4)));
    input.about.runs.insert("run".to_owned(), facts);
    let analysis = analyse(std::slice::from_ref(&input), &Options::default());

    let panel = &infection_curves(&analysis, Origin::Initiate).panels[0];
    // The round was over before c met d.
    assert_eq!(panel.bound, [(0.0, 1.0 / 3.0), (1e-5, 2.0 / 3.0)]);
    assert_eq!(analysis.groups[0].rounds[0].reachable.as_ref().map(|it| (it.expected, it.delivered)), Some((2, 2)));
    let pieces = &components(&[input.about], &analysis).panels[0];
    let at = |curve: &[(f64, f64)], ns: f64| curve.iter().rfind(|(ms, _)| *ms <= ns / 1e6).unwrap().1;
    assert_eq!([0.0, 9.0, 15.0, 20.0].map(|ns| at(&pieces.pieces, ns)), [3.0, 3.0, 2.0, 3.0]);
    assert_eq!([0.0, 15.0, 20.0].map(|ns| at(&pieces.largest, ns)), [2.0, 3.0, 2.0]);
    assert_eq!((at(&pieces.there, 0.0), pieces.runs.len()), (4.0, 1));
}
