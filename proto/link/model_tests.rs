//! What is drawn: the same for ever, and as often as the formulas say.

use super::*;
use crate::random::Purpose;

const COUNT: u32 = 40_000;

#[test]
fn the_same_seed_gives_the_same_delays_for_ever() {
    let draws = |spec: &str, text: Option<&str>| -> Vec<u64> {
        let model = model(spec, text);
        (0..3).map(|nth| model.sample(&mut random(nth), edge(1, 2)).0).collect()
    };
    assert_eq!(draws("uniform:10ms:20ms", None), [17_553_215, 17_150_930, 15_274_450]);
    assert_eq!(draws("exponential:20ms", None), [5_612_235, 6_706_853, 12_794_214]);
    assert_eq!(draws("lognormal:40ms:0.5", None), [56_517_223, 53_145_966, 41_400_950]);
    assert_eq!(draws("empirical:f", Some("ms\n1\n2\n3\n4\n5\n6\n7\n8\n9\n")), [7_000_000, 7_000_000, 5_000_000]);
    assert_eq!(draws("regions:world", None), [117_500_000; 3]);
    assert_eq!(draws("regions:f", Some(JITTER)), [32_147_368, 31_754_357, 30_207_259]);
}

#[test]
fn delays_are_spread_as_their_formula_says() {
    let exponential = |p: f64| -20.0 * (1.0 - p).ln();
    check("exponential:20ms", Moments { mean: 20.0, deviation: 20.0 }, exponential);
    check("uniform:10ms:20ms", Moments { mean: 15.0, deviation: 10.0 / 12f64.sqrt() }, |p| 10.0 + 10.0 * p);
    let s2 = 0.25f64;
    let mean = 40.0 * (s2 / 2.0).exp();
    let lognormal = Moments { mean, deviation: mean * (s2.exp() - 1.0).sqrt() };
    // Quantiles of the standard normal distribution from a table.
    let z: fn(f64) -> f64 = |p| match p {
        0.1 => -1.281_551_565_544_600_4,
        0.5 => 0.0,
        _ => 2.326_347_874_040_840_8,
    };
    check("lognormal:40ms:0.5", lognormal, |p| 40.0 * (0.5 * z(p)).exp());
}

#[test]
fn measured_delays_are_drawn_equally_often_and_no_others_are() {
    let model = model("empirical:f", Some("ms\n10\n20\n20\n40\n"));
    let count = |ms| delays(&model).filter(|delay| *delay == ms).count();
    let (ten, twenty, forty) = (count(10.0), count(20.0), count(40.0));
    assert_eq!(ten + twenty + forty, COUNT as usize);
    // Four standard deviations of a binomial count: 4 * sqrt(40000 * 0.25 * 0.75), and with 0.5.
    assert!(ten.abs_diff(10_000) <= 346 && twenty.abs_diff(20_000) <= 400, "{ten} {twenty} {forty}");
}

#[test]
fn jitter_scatters_around_the_delay_between_the_regions() {
    let model = model("regions:f", Some(JITTER));
    let below = delays(&model).filter(|delay| *delay < 30.0).count();
    assert!(below.abs_diff(COUNT as usize / 2) <= 400, "{below}");
    assert!(delays(&model).all(|delay| (15.0..60.0).contains(&delay)));
}

#[test]
fn what_is_the_same_for_all_copies_is_not_drawn() {
    for (spec, fixed) in
        [("none", 0), ("constant:20ms", 20), ("weights", 7), ("uniform:3ms:3ms", 3), ("lognormal:9ms:0", 9)]
    {
        let model = model(spec, None);
        assert_eq!(model.fixed(edge(1, 2)), Some(Interval::from_ms(fixed)), "{spec}");
        assert_eq!(model.sample(&mut random(0), edge(1, 2)), Interval::from_ms(fixed), "{spec}");
    }
    assert!(model("regions:world", None).fixed(edge(1, 2)).is_some());
    for drawn in ["uniform:1ms:2ms", "exponential:1ms", "lognormal:1ms:1"] {
        assert_eq!(model(drawn, None).fixed(edge(1, 2)), None, "{drawn}");
    }
}

#[test]
fn a_delay_is_never_longer_than_an_hour() {
    let model = model("exponential:3600s", None);
    let longest = (0..100).map(|nth| model.sample(&mut random(nth), edge(1, 2))).max();
    assert_eq!(longest, Some(DURATION_MAX));
}

#[test]
fn a_file_that_is_not_what_it_has_to_be_is_named() {
    let error = |spec: &str, text| DelayModel::new(&spec.parse().unwrap(), text, 1).unwrap_err().to_string();
    assert_eq!(error("empirical:p.csv", None), "p.csv: the text of this file is needed");
    assert!(error("empirical:p.csv", Some("ms\n1\n-2")).starts_with("p.csv: line 3: \"-2\" is negative"));
    assert!(error("regions:r.toml", Some("x")).starts_with("r.toml: line 1: "));
}

const JITTER: &str = "[regions]\nnames = ['a']\nshares = ['100%']\none_way_ms = [[30]]\njitter_sigma = 0.1\n";

struct Moments {
    mean: f64,
    deviation: f64,
}

/// Mean and quantiles of many draws, within four standard deviations of their estimates.
fn check(spec: &str, expected: Moments, quantile: impl Fn(f64) -> f64) {
    let model = model(spec, None);
    let count = f64::from(COUNT);
    let mean = delays(&model).sum::<f64>() / count;
    let allowed = 4.0 * expected.deviation / count.sqrt();
    assert!((mean - expected.mean).abs() < allowed, "{spec}: mean {mean}, not {} ± {allowed}", expected.mean);
    for p in [0.1, 0.5, 0.99] {
        let below = delays(&model).filter(|delay| *delay <= quantile(p)).count() as f64 / count;
        assert!((below - p).abs() < 4.0 * (p * (1.0 - p) / count).sqrt(), "{spec}: {below} below the quantile of {p}");
    }
}

/// In milliseconds.
fn delays(model: &DelayModel) -> impl Iterator<Item = f64> {
    (0..COUNT).map(|nth| model.sample(&mut random(nth), edge(1, 2)).as_ms())
}

fn model(spec: &str, text: Option<&str>) -> DelayModel {
    DelayModel::new(&spec.parse().unwrap(), text, 1).unwrap()
}

fn random(nth: u32) -> Random {
    Random::at(7, Purpose::Delay, &[nth.into()])
}

fn edge(from: u32, to: u32) -> Edge {
    Edge { from: NodeIx(from), to: NodeIx(to), weight: Some(Interval::from_ms(7)) }
}
