//! Figures of stacked bars: more of them than a page holds, and parts that are none.

use super::*;

#[test]
fn of_more_bars_than_a_page_holds_the_first_are_drawn_and_the_figure_says_so() {
    let figure = time_spent::layout(&All::new(40, LONG, 80.0).time, &Sheet::default()).unwrap();

    check_text_boxes(&figure, "time-spent");
    assert!(outline(&figure).contains("The first 22 of 40 bars are shown."));
}

#[test]
fn control_messages_of_many_kinds_have_a_key_each_and_who_sent_none_is_told() {
    let kinds =
        ["ask", "digest", "graft", "ihave", "prune", "wanted", "a kind of a protocol of one's own"].map(str::to_owned);
    let bar = |index: u32| {
        let messages = (0..7).map(|kind| f64::from(index * kind) * 0.3).collect();
        ControlBar { label: LONG.to_owned(), messages }
    };
    let data = |bars: std::ops::Range<u32>| ControlMessages {
        kinds: kinds.to_vec(),
        bars: bars.map(bar).collect(),
        left_out: Vec::new(),
    };
    const NONE: &str = "Where there is no bar, no control message was sent.";

    let some = control::layout(&data(0..18), &Sheet::default()).unwrap();
    check_text_boxes(&some, "control");
    assert!(kinds.iter().all(|kind| outline(&some).contains(kind)) && outline(&some).contains(NONE));
    let all = control::layout(&data(1..18), &Sheet::default()).unwrap();
    assert!(!outline(&all).contains(NONE));
    let nothing = ControlMessages { kinds: Vec::new(), ..data(0..1) };
    assert!(matches!(control::layout(&nothing, &Sheet::default()), Err(ChartError::NoData("control"))));
}
