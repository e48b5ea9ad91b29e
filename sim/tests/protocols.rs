//! Every protocol on machines in virtual time, against exact chains and against independent rules of few lines.
//!
//! Periods are aligned and every way takes a tenth of one. A debug build takes few runs and small networks; a release
//! build takes those of the published tables.

#[path = "../verify/exact/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod exact;
#[path = "../../proto/protocol/testing.rs"]
#[expect(dead_code, reason = "the core's own tests use the rest")]
mod testing;

use cnsim::link::{LinkSpec, Transport};
use cnsim::protocol::{Phase, ProtocolSettings};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::{TopologySpec, default_ids};
use exact::final_size::{Spread, final_size};
use exact::rumor::{self, Feedback, Interest, Outcome, Rumor};
use exact::synchronous::{Chain, Style};
use testing::{BEGIN, Net, Plan, complete, plan};

/// Whether there is time for the sizes of the published tables.
const IS_LONG: bool = !cfg!(debug_assertions);
const RUNS: u64 = if IS_LONG { 2_000 } else { 100 };
const PERIOD: Interval = Interval::from_ms(1_000);
/// When the message begins: behind the timers of this instant.
const START: Timestamp = Timestamp(BEGIN.0 + 2 * PERIOD.0);

#[test]
fn synchronous_rounds_take_as_long_as_their_exact_chains() {
    let push = |arrives| Style::Push { arrives };
    let pull = |arrives| Style::Pull { request_arrives: arrives, answer_arrives: arrives };
    for (protocol, loss, style) in [
        ("push-periodic:1", "0", push(1.0)),
        ("push-periodic:1", "10%", push(0.9)),
        ("pull", "0", pull(1.0)),
        ("pull", "10%", pull(0.9)),
        ("anti-entropy:push", "0", push(1.0)),
        ("anti-entropy:pull", "0", pull(1.0)),
        ("push-pull", "0", Style::PushPull),
        ("anti-entropy:push-pull", "0", Style::PushPull),
    ] {
        let nodes = 100;
        let expected = Chain::new(nodes as usize, style).rounds_to_all();
        let rounds: Vec<f64> = (0..RUNS).map(|seed| rounds_to_all(aligned(protocol, nodes, loss, seed))).collect();
        let (mean, sd) = moments(&rounds);
        println!(
            "{protocol} n={nodes} loss={loss}: mean {mean:.4} sd {sd:.4}, exact {:.4} sd {:.4}, N={RUNS}, {:+.2} sigma",
            expected.mean,
            expected.sd,
            (mean - expected.mean) / (expected.sd / (RUNS as f64).sqrt())
        );
        assert!((mean - expected.mean).abs() <= 4.0 * expected.sd / (RUNS as f64).sqrt(), "{protocol} {loss}: {mean}");
    }
}

#[test]
fn rumors_end_as_those_of_independent_cycles_do() {
    use rumor::Style::{Pull, Push};
    for (style, feedback, interest) in [
        (Push, Feedback::Useless, Interest::Counter(1)),
        (Push, Feedback::Useless, Interest::Counter(2)),
        (Push, Feedback::Blind, Interest::Coin(1)),
        (Push, Feedback::Blind, Interest::Coin(2)),
        (Pull, Feedback::Useless, Interest::Counter(1)),
    ] {
        let rumor = Rumor { n_sites: if IS_LONG { 1_000 } else { 100 }, style, feedback, interest };
        let runs = if IS_LONG { 400 } else { 100 };
        let ours: Vec<Outcome> = (0..runs).map(|seed| play(&rumor, seed)).collect();
        let theirs: Vec<Outcome> = (0..10 * runs).map(|seed| rumor::play(&rumor, seed)).collect();
        for (name, of) in MEASURES {
            agree(&format!("{} {name}", word(&rumor)), &ours, &theirs, of);
        }
    }
}

#[test]
fn the_blind_coin_of_one_ends_as_birthdays_do() {
    let n_sites = if IS_LONG { 1_000 } else { 100 };
    let rumor = Rumor { n_sites, style: rumor::Style::Push, feedback: Feedback::Blind, interest: Interest::Coin(1) };
    let expected = rumor::blind_coin_once(n_sites);
    let ours: Vec<Outcome> = (0..RUNS).map(|seed| play(&rumor, seed)).collect();
    for (name, of) in MEASURES {
        let (mean, sd) = moments(&ours.iter().map(of).collect::<Vec<_>>());
        println!("{} {name}: {mean:.5}, exact {:.5}, N={RUNS}", word(&rumor), of(&expected));
        assert!((mean - of(&expected)).abs() <= 4.0 * sd / (RUNS as f64).sqrt(), "{name}: {mean}");
    }
}

#[test]
fn a_push_back_to_senders_too_ends_as_infect_and_die_does() {
    for (loss, word) in [(0.0, "0"), (0.1, "10%"), (0.3, "30%")] {
        let exact = final_size(&Spread { n_nodes: 100, fanout: 6, loss, n_crashed: 0 });
        let missed = |seed| {
            let plain = aligned("push:6", 100, word, seed);
            let settings = ProtocolSettings { back_to_sender: true, ..plain.settings };
            let mut net = begun(Plan { settings, ..plain });
            net.run_until_settled(START + Interval::from_ms(1_000_000));
            1.0 - net.holders(1) as f64 / 100.0
        };
        let residues: Vec<f64> = (0..RUNS).map(missed).collect();
        let all = residues.iter().filter(|residue| **residue == 0.0).count() as f64 / RUNS as f64;
        let ((mean, _), (expected, sd)) = (moments(&residues), exact.residue());
        let all_sd = (exact.all() * (1.0 - exact.all())).sqrt();
        println!("push:6 loss={word}: residue {mean:.6}, exact {expected:.6}; all {all:.4}, exact {:.4}", exact.all());
        assert!((mean - expected).abs() <= 4.0 * sd / (RUNS as f64).sqrt(), "{word}: residue {mean}");
        assert!((all - exact.all()).abs() <= 4.0 * all_sd / (RUNS as f64).sqrt(), "{word}: all {all}");
    }
}

#[test]
fn plumtree_misses_nobody_and_its_tree_carries_one_copy_for_each_node_but_the_first() {
    for (seed, nodes) in [(0, 20), (1, 100), (212_312_388_123, 100), (123, if IS_LONG { 1_000 } else { 200 })] {
        let mut net =
            Net::new(Plan { graph: regular(5, nodes, seed), ..plan("plumtree", Vec::new(), "constant:20ms") });
        let mut until = BEGIN;
        let mut copies = Vec::new();
        for message in 0..20 {
            net.begin(message * 7 % nodes, message);
            until = until + Interval::from_ms(100_000);
            net.run_until_settled(until);
            assert_eq!(net.holders(message), nodes as usize, "message {message}");
            copies.push(net.copies(message));
        }
        println!("plumtree 5-regular n={nodes}: copies {copies:?}");
        assert!(copies[2..].iter().all(|copies| *copies == nodes as usize - 1), "{copies:?}");
    }
}

#[test]
fn plumtree_with_one_sender_and_delays_that_differ_stays_in_the_bands_of_another_implementation() {
    // iroh-gossip, tests/sim.rs: 30 messages, 10 to 50 ms, one sender: hops below 15, redundancy below 0.2, nobody missed.
    for seed in [0, 1, 212_312_388_123, 123] {
        let graph = regular(5, 100, seed);
        let mut net = Net::new(Plan { graph, seed, ..plan("plumtree", Vec::new(), "uniform:10ms:50ms") });
        let mut redundancies = Vec::new();
        for message in 0..30 {
            net.begin(5, message);
            net.run_until_settled(Timestamp(BEGIN.0 + u64::from(message + 1) * 100 * PERIOD.0));
            assert_eq!(net.holders(message), 100);
            redundancies.push(net.copies(message) as f64 / 99.0 - 1.0);
        }
        let hops = net.receipts.iter().filter(|receipt| !receipt.duplicate).filter_map(|receipt| receipt.hop);
        let (last_hop, redundancy) = (hops.max().unwrap_or(0), moments(&redundancies).0);
        println!("plumtree uniform seed {seed}: last hop {last_hop}, mean redundancy {redundancy:.4}");
        assert!(last_hop < 15 && redundancy < 0.2, "{last_hop} {redundancies:?}");
    }
}

/// One number of an outcome.
type Of = fn(&Outcome) -> f64;

const MEASURES: [(&str, Of); 3] = [("s", |it| it.residue), ("m", |it| it.traffic), ("t_last", |it| it.last)];

/// Both means, and four standard errors of their difference.
fn agree(name: &str, ours: &[Outcome], theirs: &[Outcome], of: Of) {
    let of_all = |outcomes: &[Outcome]| moments(&outcomes.iter().map(of).collect::<Vec<_>>());
    let ((mean, sd), (expected, expected_sd)) = (of_all(ours), of_all(theirs));
    let error = (sd * sd / ours.len() as f64 + expected_sd * expected_sd / theirs.len() as f64).sqrt();
    println!("{name}: {mean:.5} (sd {sd:.5}), independent {expected:.5}, {:+.2} sigma", (mean - expected) / error);
    assert!((mean - expected).abs() <= 4.0 * error, "{name}: {mean} and {expected}");
}

fn play(rumor: &Rumor, seed: u64) -> Outcome {
    let nodes = u32::try_from(rumor.n_sites).expect("the networks of these tests are small");
    let mut net = begun(aligned(&word(rumor), nodes, "0", seed));
    net.run_until_settled(START + Interval::from_ms(10_000_000));
    let cycles = cycles(&net);
    Outcome {
        residue: 1.0 - net.holders(1) as f64 / f64::from(nodes),
        traffic: net.copies(1) as f64 / f64::from(nodes),
        last: cycles.into_iter().max().unwrap_or(0) as f64,
    }
}

fn word(rumor: &Rumor) -> String {
    let way = match rumor.style {
        rumor::Style::Push => "push",
        rumor::Style::Pull => "pull",
    };
    let feedback = match rumor.feedback {
        Feedback::Useless => "feedback",
        Feedback::Blind => "blind",
    };
    match rumor.interest {
        Interest::Counter(k) => format!("rumor:{way}:{feedback}:counter:{k}"),
        Interest::Coin(k) => format!("rumor:{way}:{feedback}:coin:{k}"),
    }
}

fn rounds_to_all(plan: Plan) -> f64 {
    let nodes = plan.graph.len();
    let mut net = begun(plan);
    let mut until = START;
    while net.holders(1) < nodes {
        until = until + PERIOD;
        net.run_until(until);
    }
    cycles(&net).into_iter().max().unwrap_or(0) as f64
}

fn begun(plan: Plan) -> Net {
    let mut net = Net::new(plan);
    net.run_until(START);
    net.begin(0, 1);
    net
}

/// In which cycle each node that was reached got its first copy.
fn cycles(net: &Net) -> Vec<u64> {
    let first_timer = START + PERIOD;
    let firsts = net.receipts.iter().filter(|receipt| !receipt.duplicate);
    firsts.map(|receipt| 1 + receipt.at.since(first_timer).0 / PERIOD.0).collect()
}

fn aligned(protocol: &str, nodes: u32, loss: &str, seed: u64) -> Plan {
    let plain = plan(protocol, complete(nodes), "constant:100ms");
    let settings = ProtocolSettings { phase: Phase::Aligned, period: PERIOD, ..plain.settings };
    let links =
        LinkSpec { transport: Transport::Datagram, loss: loss.parse().expect("a loss as it is typed"), ..plain.links };
    Plan { settings, links, seed, ..plain }
}

fn regular(degree: u32, nodes: u32, seed: u64) -> Vec<Vec<u32>> {
    let spec: TopologySpec = format!("k-regular:{degree}").parse().expect("a topology as it is typed");
    let topology = spec.generate(default_ids(nodes), seed).expect("there are such graphs");
    let lists = topology.neighbours().into_iter();
    lists.map(|list| list.into_iter().map(|neighbour| neighbour.node).collect()).collect()
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0);
    (mean, variance.sqrt())
}
