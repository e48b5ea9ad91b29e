//! Which lines are event records, and what is said of those that are not.

use proptest::prelude::*;

use super::*;
use crate::time::Clock;

const SEED: &str = r#"{"message":"4abf-cubaan50-7","sender_id":"10.0.0.1","receiver_id":"10.0.0.2","received_timestamp":1742952259098703917,"propagation_time":3.844324,"event_type":"received","detail":"(pod(10.0.0.2) received: '4abf-cubaan50-7' from 10.0.0.1 in 3.84 ms "}"#;

fn read(line: &str) -> Result<Record<'_>, ReadError> {
    Record::read_line(line.as_bytes())
}

fn with(from: &str, to: &str) -> String {
    assert!(SEED.contains(from));
    SEED.replace(from, to)
}

#[test]
fn an_old_line_gets_its_run_round_and_nodes_from_the_message() {
    let record = read(SEED).unwrap();
    assert_eq!((&*record.run_id, record.round, record.nodes), ("4abf-cubaan50", 7, 50));
    assert_eq!((record.received_ns, record.float_timestamp), (1_742_952_259_098_703_917, false));
    assert_eq!((record.hop, record.sent_ns, record.seq, record.bytes), (None, None, None, None));
    assert!(matches!(record.message, Cow::Borrowed(_)));
}

#[test]
fn the_same_line_reads_the_same_prefixed_or_nested() {
    let prefixed = SEED.replace("{\"", "{\"jsonPayload.").replace(",\"", ",\"jsonPayload.");
    let nested = format!(r#"{{"insertId":"x","jsonPayload":{SEED},"labels":{{"a":[1,2]}}}}"#);
    assert_eq!(read(&prefixed), read(SEED));
    assert_eq!(read(&nested), read(SEED));
}

#[test]
fn a_timestamp_may_be_a_float_a_text_or_both_and_the_exact_one_wins() {
    let float = with("1742952259098703917", "1.7429522590987039e+18");
    let text = with("1742952259098703917", "\"1742952259098703917\"");
    let both = with("\"sender_id\"", "\"received_ns\":\"1742952259098703917\",\"sender_id\"")
        .replace("_timestamp\":1742952259098703917", "_timestamp\":1.7429522590987039e+18");
    let float = read(&float).unwrap();
    assert!(float.float_timestamp && float.received_ns.abs_diff(1_742_952_259_098_703_872) <= 256);
    assert_eq!(read(&text), read(SEED));
    assert_eq!(read(&both), read(SEED));
}

#[test]
fn an_unknown_hop_and_a_blank_propagation_time_are_none() {
    for blank in ["null", "\"\"", "\"null\""] {
        let line = with("3.844324", blank).replace("{\"message\"", "{\"hop\":-1,\"seq\":0,\"message\"");
        let record = read(&line).unwrap();
        assert_eq!((record.propagation_time, record.hop, record.seq), (None, None, None));
    }
}

#[test]
fn what_is_no_event_is_told_from_a_broken_event() {
    for (line, reason) in [
        ("self.susceptible_nodes: []", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ("{\"message\":\"a\"", "it is cut off or empty"),
        ("", "it is cut off or empty"),
        (r#"{"message":"listening"}"#, "it has no event_type"),
        (r#"{"event_type":"received","round":"x"}"#, "it has no message"),
    ] {
        assert_eq!(read(line), Err(ReadError::NoEvent(reason)), "{line}");
    }
}

#[test]
fn a_broken_event_names_its_field() {
    for (from, to, error) in [
        ("1742952259098703917", "\"soon\"", "field received_timestamp: \"soon\" is not a whole number"),
        ("3.844324", "\"fast\"", "field propagation_time: \"fast\" is not a number"),
        ("3.844324", "[3]", "field propagation_time: a list is not a number"),
        ("\"10.0.0.1\"", "1.5", "field sender_id: 1.5 is not a text"),
        ("\"sender_id\"", "\"from\"", "field sender_id is missing"),
        ("\"10.0.0.2\"", "null", "field receiver_id is missing"),
        ("\"received_timestamp\"", "\"time\"", "field received_timestamp is missing"),
        ("\"event_type\"", "\"round\":-2,\"event_type\"", "field round: -2 is not a count"),
        ("\"event_type\"", "\"hop\":-2,\"event_type\"", "field hop: -2 is not a count"),
        (
            "\"received\"",
            "\"sent\"",
            "field event_type: unknown event type \"sent\": use initiate, received, duplicate or failed",
        ),
    ] {
        assert_eq!(read(&with(from, to)).unwrap_err().to_string(), error);
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.-]{1,12}", "[^\\p{Cc}]{1,8}", Just("a\"b\\c\nd\u{1}".to_owned())]
}

fn any_record() -> impl Strategy<Value = Record<'static>> {
    let texts = prop::array::uniform9(any_text());
    let numbers =
        (0..2_000_000_000_000_000_000_i64, 0..2_000_000_000_000_000_000_i64, 1..u64::MAX / 4, 0..1_000_000_u64);
    let rest = (
        0..4_usize,
        prop::option::of(-1_000_000_i64..9_000_000_000_000),
        0..9_u32,
        1..5000_u32,
        prop::option::of(0..99_u32),
        (
            "[a-z-]{0,6}",
            0..3_u32,
            prop::sample::select(&[None, Some(Clock::Wall), Some(Clock::Virtual)][..]),
            "[a-z]{0,3}",
        ),
    );
    (texts, numbers, rest).prop_map(|(texts, numbers, rest)| {
        let (reason, incarnation, clock, topic) = rest.5;
        let [message, sender_id, receiver_id, detail, run_id, protocol, send_id, process, host] = texts.map(Cow::Owned);
        Record {
            message,
            sender_id,
            receiver_id,
            received_ns: numbers.0,
            propagation_time: rest.1.map(|ns| ns as f64 / 1e6),
            kind: Kind::ALL[rest.0],
            detail,
            run_id,
            round: rest.2,
            nodes: rest.3,
            protocol,
            condition: Cow::Borrowed(""),
            hop: rest.4,
            sent_ns: Some(numbers.1),
            send_id,
            seq: Some(numbers.2),
            process,
            host,
            bytes: Some(numbers.3),
            reason: reason.into(),
            incarnation,
            clock,
            topic: topic.into(),
            float_timestamp: false,
            received_twice: false,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(record in any_record()) {
        let mut line = Vec::new();
        record.write_line(&mut line);
        prop_assert_eq!(Record::read_line(&line).unwrap(), record);
    }
}

/// A received record with these fields besides.
fn received(fields: &str) -> String {
    format!(
        r#"{{"message":"r-1","sender_id":"a","receiver_id":"b","event_type":"received","run_id":"r","round":1,"sent_ns":"1796049377255055738","received_ns":"1796049377255228518"{fields}}}"#
    )
}

#[test]
fn a_record_that_says_one_thing_twice_and_differently_contradicts_itself() {
    let contradicts = |fields: &str| Record::read_line(received(fields).as_bytes()).unwrap().contradicts_itself();
    let agreeing = [
        "",
        r#","received_timestamp":1796049377255228518"#,
        r#","received_timestamp":1796049377255228600"#,
        r#","received_timestamp":1.7960493772552286e18"#,
        r#","propagation_time":0.17278"#,
        r#","propagation_time":0.17"#,
        r#","propagation_time":0.2"#,
        r#","send_id":"a:1796049377224219235:2""#,
        r#","send_id":"whatever:it:is""#,
    ];
    for fields in agreeing {
        assert!(!contradicts(fields), "{fields}");
    }
    let contradicting = [
        r#","received_timestamp":1796049377255229518"#,
        r#","propagation_time":0.19278"#,
        r#","propagation_time":172.78"#,
        r#","send_id":"c:1796049377224219235:2""#,
    ];
    for fields in contradicting {
        assert!(contradicts(fields), "{fields}");
    }
    let other_round = received("").replace(r#""message":"r-1""#, r#""message":"r-2""#);
    assert!(Record::read_line(other_round.as_bytes()).unwrap().contradicts_itself());
    let other_text = received("").replace(r#""message":"r-1""#, r#""message":"hello""#);
    assert!(!Record::read_line(other_text.as_bytes()).unwrap().contradicts_itself());
}

#[test]
fn a_record_of_a_later_format_is_refused() {
    assert!(Record::read_line(received(r#","format":1"#).as_bytes()).is_ok());
    let error = Record::read_line(received(r#","format":99"#).as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "field format: 99 is of a later version of cnsim than this one, which reads up to 2");
}

#[test]
fn a_record_of_format_1_does_not_say_what_only_format_2_says() {
    let old = received(r#","format":1"#);
    let old = Record::read_line(old.as_bytes()).unwrap();
    assert_eq!((&*old.reason, old.incarnation, old.clock, &*old.topic), ("", 0, None, ""));
    let error = Record::read_line(received(r#","clock":"solar""#).as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "field clock: unknown clock \"solar\": use wall or virtual");
}

#[test]
fn a_cell_is_what_its_text_is() {
    for column in Column::ALL {
        for cell in ["", "null", "0", "1", "1.5e3", "-1", "failed", "virtual", "x"] {
            let (mut by_cell, mut by_text) = (Draft::default(), Draft::default());
            by_cell.set_cell(*column, cell);
            by_text.set(*column, Value::Text(cell.into()));
            let parts = |draft: Draft<'static>| (draft.record, draft.seen, draft.error);
            assert_eq!(parts(by_cell), parts(by_text), "{column}: {cell:?}");
        }
    }
}

#[test]
fn an_emptied_draft_is_as_a_new_one() {
    let mut draft = Draft::default();
    for column in Column::ALL {
        draft.set_cell(*column, "1");
    }
    draft.set_cell(Column::EventType, "failed");
    draft.set_cell(Column::Clock, "virtual");
    draft.set_cell(Column::ReceivedNs, "1e15");
    assert!(draft.error.is_some() && draft.record.received_twice && draft.record.float_timestamp);
    draft.clear();
    assert_eq!((&draft.record, draft.seen, &draft.error), (&Draft::default().record, 0, &None));
}

#[test]
fn one_draft_tells_messages_apart() {
    let mut draft = Draft::default();
    for (message, said) in
        [("a-cubaan5-7", ("a-cubaan5", 7, 5)), ("a-cubaan5-7", ("a-cubaan5", 7, 5)), ("hi", ("hi", 1, 0))]
    {
        draft.clear();
        for (column, cell) in [(Column::Message, message), (Column::EventType, "received")] {
            draft.set_cell(column, cell);
        }
        for column in [Column::SenderId, Column::ReceiverId, Column::ReceivedNs] {
            draft.set_cell(column, "1");
        }
        let record = draft.complete().unwrap();
        assert_eq!((&*record.run_id, record.round, record.nodes), said);
    }
}
