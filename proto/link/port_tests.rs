//! A port is exact, loses nothing and is never faster than its rate.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn the_kth_copy_of_a_queue_is_through_at_exactly_k_times_its_share_of_a_second() {
    // 1000 bytes at 7 Mbit/s: 1142857.14… ns each.
    let mut port = Port::new(rate(7_000_000), Sharing::Fifo);
    for id in 1..=1_000 {
        port.enter(START, Transfer { id, stream: NodeIx(id as u32 % 3), bytes: 1_000 });
    }
    let expected = |k: u64| START + Interval((k * 8_000 * 1_000_000_000).div_ceil(7_000_000));
    assert_eq!(run(&mut port), (1..=1_000).map(|k| (expected(k), k)).collect::<Vec<_>>());
}

#[test]
fn equal_copies_to_different_nodes_are_through_together_when_the_rate_is_shared() {
    let mut port = Port::new(rate(7_000_000), Sharing::Fair);
    for id in 1..=9 {
        port.enter(START, Transfer { id, stream: NodeIx(id as u32), bytes: 1_000 });
    }
    let end = START + Interval((9u64 * 8_000 * 1_000_000_000).div_ceil(7_000_000));
    assert_eq!(run(&mut port), (1..=9).map(|id| (end, id)).collect::<Vec<_>>());
}

#[test]
fn a_fair_port_slows_a_copy_down_while_another_stream_sends() {
    // One byte takes 8 ns. The first is alone for 80 ns, then shares until the second, half as long, is through.
    let mut port = Port::new(rate(1_000_000_000), Sharing::Fair);
    port.enter(START, Transfer { id: 1, stream: NodeIx(1), bytes: 60 });
    port.enter(START + Interval(80), Transfer { id: 2, stream: NodeIx(2), bytes: 25 });
    port.enter(START + Interval(80), Transfer { id: 3, stream: NodeIx(2), bytes: 10 });
    let ends = [(2, 80 + 400), (3, 80 + 400 + 160), (1, 8 * 95)].map(|(id, ns)| (START + Interval(ns), id));
    assert_eq!(run(&mut port), ends);
}

#[test]
fn a_copy_that_is_taken_out_leaves_its_time_to_those_behind_it() {
    for (taken, ends) in [(1, [(2, 40 + 80), (3, 40 + 160)]), (2, [(1, 80), (3, 160)]), (3, [(1, 80), (2, 160)])] {
        let mut port = Port::new(rate(1_000_000_000), Sharing::Fifo);
        for id in 1..=3 {
            port.enter(START, Transfer { id, stream: NodeIx(7), bytes: 10 });
        }
        assert!(port.cancel(START + Interval(40), taken) && !port.cancel(START + Interval(40), taken));
        assert_eq!(run(&mut port), ends.map(|(id, ns)| (START + Interval(ns), id)), "without {taken}");
    }
}

#[test]
fn a_cleared_port_is_as_good_as_new() {
    let mut port = Port::new(rate(1_000_000_000), Sharing::Fair);
    port.enter(START, Transfer { id: 1, stream: NodeIx(1), bytes: 10 });
    port.clear();
    assert_eq!((port.poll_timeout(), port.poll_done(START + Interval(500))), (None, None));
    port.enter(START + Interval(600), Transfer { id: 2, stream: NodeIx(1), bytes: 10 });
    assert_eq!(run(&mut port), [(START + Interval(680), 2)]);
}

#[test]
fn an_empty_copy_is_through_at_once_and_huge_ones_do_not_overflow() {
    let mut port = Port::new(rate(1), Sharing::Fair);
    port.enter(START, Transfer { id: 1, stream: NodeIx(1), bytes: 0 });
    assert_eq!(port.poll_timeout(), Some(START));
    assert_eq!(port.poll_done(START), Some(1));
    port.enter(START, Transfer { id: 2, stream: NodeIx(1), bytes: u64::MAX });
    assert_eq!(port.poll_timeout(), Some(Timestamp(u64::MAX)));
    assert_eq!(port.poll_done(Timestamp(u64::MAX)), None);
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    after_ns: u64,
    stream: u32,
    bytes: u64,
}

proptest! {
    #[test]
    fn sharing_changes_who_is_first_and_nothing_of_the_whole(
        bits in 1_000_000u64..3_000_000_000,
        arrivals in proptest::collection::vec(arrival(), 1..40),
    ) {
        let fair = through(bits, Sharing::Fair, &arrivals);
        let fifo = through(bits, Sharing::Fifo, &arrivals);
        prop_assert_eq!(fair.last().map(|end| end.0), fifo.last().map(|end| end.0));
        let order: Vec<u64> = fifo.iter().map(|end| end.1).collect();
        prop_assert_eq!(order, (0..arrivals.len() as u64).collect::<Vec<_>>());
        let mut ids: Vec<u64> = fair.iter().map(|end| end.1).collect();
        prop_assert!(in_order_within_streams(&ids, &arrivals));
        ids.sort_unstable();
        prop_assert_eq!(ids, (0..arrivals.len() as u64).collect::<Vec<_>>());
        prop_assert!(never_faster(bits, &fair, &arrivals));
    }

    #[test]
    fn a_fair_port_follows_the_fluid_model(
        bits in 1_000_000u64..3_000_000_000,
        arrivals in proptest::collection::vec(arrival(), 1..25),
    ) {
        let expected = fluid(bits, &arrivals);
        for (end, id) in through(bits, Sharing::Fair, &arrivals) {
            let off = (end.since(START).0 as f64 - expected[id as usize]).abs();
            prop_assert!(off < 2.0, "{id} is {off} ns off");
        }
    }
}

proptest! {
    #[test]
    fn copies_that_are_taken_out_delay_no_other(
        bits in 1_000_000u64..3_000_000_000,
        arrivals in proptest::collection::vec(arrival(), 2..30),
        taken in proptest::collection::btree_set(0u64..30, 1..6),
    ) {
        for sharing in [Sharing::Fair, Sharing::Fifo] {
            let with: BTreeMap<u64, Timestamp> =
                through(bits, sharing, &arrivals).into_iter().map(|(at, id)| (id, at)).collect();
            let without = through_without(bits, sharing, &arrivals, &taken);
            for (at, id) in &without {
                prop_assert!(*at <= with[id], "{id} is through at {at:?}, not before {:?}", with[id]);
            }
            let left: Vec<u64> = (0..arrivals.len() as u64).filter(|id| !taken.contains(id)).collect();
            let ids: BTreeSet<u64> = without.iter().map(|end| end.1).collect();
            prop_assert!(left.iter().all(|id| ids.contains(id)), "{left:?} {ids:?}");
            prop_assert!(never_faster(bits, &without, &arrivals));
        }
    }
}

fn arrival() -> impl Strategy<Value = Arrival> {
    (0u64..3_000, 0u32..5, 0u64..1_500).prop_map(|(after_ns, stream, bytes)| Arrival { after_ns, stream, bytes })
}

/// All copies with the instants at which they are through, driven as a host does: by the port's own timeouts.
fn through(bits: u64, sharing: Sharing, arrivals: &[Arrival]) -> Vec<(Timestamp, u64)> {
    through_without(bits, sharing, arrivals, &BTreeSet::new())
}

/// As [`through`], but the copies of these names are taken out as soon as the last one has entered.
fn through_without(bits: u64, sharing: Sharing, arrivals: &[Arrival], taken: &BTreeSet<u64>) -> Vec<(Timestamp, u64)> {
    let mut port = Port::new(rate(bits), sharing);
    let (mut ends, mut last) = (Vec::new(), START);
    for ((at, arrival), id) in instants(arrivals).zip(0..) {
        ends.extend(run_until(&mut port, at));
        port.enter(at, Transfer { id, stream: NodeIx(arrival.stream), bytes: arrival.bytes });
        last = at;
    }
    for id in taken {
        port.cancel(last, *id);
    }
    ends.extend(run(&mut port));
    ends
}

fn instants(arrivals: &[Arrival]) -> impl Iterator<Item = (Timestamp, &Arrival)> {
    arrivals.iter().scan(START, |at, arrival| {
        *at = *at + Interval(arrival.after_ns);
        Some((*at, arrival))
    })
}

fn in_order_within_streams(ids: &[u64], arrivals: &[Arrival]) -> bool {
    (0..5).all(|stream| ids.iter().filter(|id| arrivals[**id as usize].stream == stream).is_sorted())
}

/// In no span from an arrival to an end does more get through, of what arrived in it, than the rate allows.
fn never_faster(bits: u64, ends: &[(Timestamp, u64)], arrivals: &[Arrival]) -> bool {
    let begins: Vec<Timestamp> = instants(arrivals).map(|(at, _)| at).collect();
    begins.iter().all(|begin| {
        let inside = ends.iter().filter(|(_, id)| begins[*id as usize] >= *begin);
        let mut sent = 0;
        inside.into_iter().all(|(end, id)| {
            sent += u128::from(arrivals[*id as usize].bytes) * 8 * BIT;
            sent <= u128::from(end.since(*begin).0) * u128::from(bits)
        })
    })
}

/// When each copy is through in the fluid model, in nanoseconds, by steps from change to change in floating point.
fn fluid(bits: u64, arrivals: &[Arrival]) -> Vec<f64> {
    let per_ns = bits as f64 / 1e9;
    let begins: Vec<f64> = instants(arrivals).map(|(at, _)| at.since(START).0 as f64).collect();
    let mut left: Vec<f64> = arrivals.iter().map(|arrival| arrival.bytes as f64 * 8.0).collect();
    let (mut ends, mut now, mut entered) = (vec![f64::NAN; arrivals.len()], 0.0, 0);
    loop {
        while entered < begins.len() && begins[entered] <= now {
            entered += 1;
        }
        let mut heads: BTreeMap<u32, usize> = BTreeMap::new();
        for id in (0..entered).rev().filter(|id| ends[*id].is_nan()) {
            heads.insert(arrivals[id].stream, id);
        }
        let share = per_ns / heads.len() as f64;
        let next_end = heads.values().map(|id| now + left[*id] / share).fold(f64::INFINITY, f64::min);
        let next = begins.get(entered).map_or(next_end, |begin| begin.min(next_end));
        if !next.is_finite() {
            return ends;
        }
        for id in heads.into_values() {
            left[id] -= (next - now) * share;
            if left[id] < 1e-7 {
                ends[id] = next;
            }
        }
        now = next;
    }
}

fn run(port: &mut Port) -> Vec<(Timestamp, u64)> {
    run_until(port, Timestamp(u64::MAX))
}

fn run_until(port: &mut Port, limit: Timestamp) -> Vec<(Timestamp, u64)> {
    let mut ends = Vec::new();
    while let Some(at) = port.poll_timeout().filter(|at| *at <= limit) {
        ends.extend(port.poll_done(at).map(|id| (at, id)));
    }
    ends
}

fn rate(bits: u64) -> Rate {
    Rate::new(bits).unwrap()
}

const START: Timestamp = Timestamp(1_700_000_000_000_000_000);
