//! What `control.csv` may hold, and what is said of a line that it may not.

use super::*;

const NODES: [&str; 4] = ["n0", "n1", "n2", "n3"];

fn read_text(bytes: impl AsRef<[u8]>, nodes: &[&str]) -> Result<ControlFacts, InputError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::fs::write(&path, bytes).unwrap();
    read(&path, nodes.iter().copied()).map(Option::unwrap)
}

/// What is said of some lines below the header, without the folder.
fn complaint(lines: &str) -> String {
    let text = format!("round,node,kind,messages,bytes\n{lines}");
    let error = read_text(text, &NODES).unwrap_err().to_string();
    error.split_once("/control.csv:").unwrap().1.to_owned()
}

const fn sent(messages: u64, bytes: u64, senders: u32, node_max: u64) -> Sent {
    Sent { messages, bytes, senders, node_max }
}

#[test]
fn lines_are_summed_up_by_round_and_kind() {
    let text = "round,node,kind,messages,bytes\n\
                1,n0,ihave,3,60\n\
                1,n0,prune,1,10\n\
                1,n2,ihave,2,40\n\
                1,n3,\"graft, \"\"late\"\"\",4,50\n\
                4,n0,ihave,7,140\n";
    let found = read_text(text, &NODES).unwrap();
    let kinds = |round: u32| found.rounds[&round].kinds.iter().map(|(kind, sent)| (kind.as_str(), *sent));
    assert_eq!(
        kinds(1).collect::<Vec<_>>(),
        [("graft, \"late\"", sent(4, 50, 1, 4)), ("ihave", sent(5, 100, 2, 3)), ("prune", sent(1, 10, 1, 1))]
    );
    assert_eq!(found.rounds[&1].all, sent(10, 160, 3, 4), "n0 sent 3 + 1, n3 sent 4");
    assert_eq!(kinds(4).collect::<Vec<_>>(), [("ihave", sent(7, 140, 1, 7))]);
    assert_eq!((found.rounds.len(), found.file.rows, found.strangers.len()), (2, 5, 0));
    assert_eq!(found.file.sha256, crate::inputs::sha256(text.as_bytes()));
}

#[test]
fn a_header_alone_says_that_nothing_was_sent_and_no_file_says_nothing() {
    let found = read_text("round,node,kind,messages,bytes\r\n", &NODES).unwrap();
    assert_eq!((found.rounds.len(), found.file.rows), (0, 0));
    assert_eq!(read(Path::new("/nowhere/control.csv"), NODES.into_iter()).unwrap(), None);
}

#[test]
fn columns_may_follow_those_that_are_known() {
    let text = "round,node,kind,messages,bytes,dropped\n1,n0,ihave,3,60,0\n";
    assert_eq!(read_text(text, &NODES).unwrap().rounds[&1].all, sent(3, 60, 1, 3));
}

#[test]
fn a_bad_line_is_told_with_its_line_and_field() {
    for (lines, told) in [
        ("1,n0,ihave,3\n", "2: 4 fields where the header has 5"),
        ("1,n0,ihave,3,60\n1,n1,ihave,3,60,7\n", "3: 6 fields where the header has 5"),
        ("one,n0,ihave,3,60\n", "2: round is \"one\", no whole number in range"),
        ("4294967296,n0,ihave,3,60\n", "2: round is \"4294967296\", no whole number in range"),
        ("1,,ihave,3,60\n", "2: node is empty"),
        ("1,n0,,3,60\n", "2: kind is empty"),
        ("1,n0,all,3,60\n", "2: kind is \"all\", which is the name of all kinds together"),
        ("1,n0,ihave,-3,60\n", "2: messages is \"-3\", no whole number in range"),
        ("1,n0,ihave,+3,60\n", "2: messages is \"+3\", no whole number in range"),
        ("1,n0,ihave,0,0\n", "2: messages is 0: only who sent any has a line"),
        ("1,n0,ihave,3,6.5\n", "2: bytes is \"6.5\", no whole number in range"),
        ("1,n0,ihave,3,\n", "2: bytes is \"\", no whole number in range"),
        ("2,n0,ihave,1,9\n1,n0,ihave,1,9\n", "3: round 1 after round 2: rounds stand in their order"),
        (
            "1,n2,ihave,1,9\n1,n1,ihave,1,9\n",
            "3: node n1 after node n2 in round 1: nodes stand in the order of the topology",
        ),
        (
            "1,n1,ihave,1,9\n1,n2,ihave,1,9\n1,n1,prune,1,9\n",
            "4: node n1 after node n2 in round 1: nodes stand in the order of the topology",
        ),
        ("1,n1,ihave,1,9\n1,n1,ihave,1,9\n", "3: kind \"ihave\" of node n1 in round 1 a second time"),
    ] {
        assert_eq!(complaint(lines), told);
    }
}

#[test]
fn another_header_and_other_bytes_are_told() {
    let told = |bytes: &[u8]| {
        let error = read_text(bytes, &NODES).unwrap_err().to_string();
        error.split_once("/control.csv:").unwrap().1.to_owned()
    };
    assert_eq!(told(b""), "1: the header is nothing, not round,node,kind,messages,bytes");
    assert_eq!(
        told(b"round,node,kind,bytes\n"),
        "1: the header is round,node,kind,bytes, not round,node,kind,messages,bytes"
    );
    assert_eq!(told(b"1,n0,ihave,3,60\n"), "1: the header is 1,n0,ihave,3,60, not round,node,kind,messages,bytes");
    assert_eq!(told(b"round,node,kind,messages,bytes\n1,n0,\xff,3,60\n"), "2: invalid UTF-8");
}

#[test]
fn nodes_that_are_none_of_the_runs_are_kept_by_name_and_counted() {
    let text = "round,node,kind,messages,bytes\n1,n1,ihave,1,9\n1,n9,ihave,2,9\n1,n2,ihave,1,9\n";
    let found = read_text(text, &NODES).unwrap();
    assert_eq!(found.strangers.iter().collect::<Vec<_>>(), ["n9"]);
    assert_eq!(found.rounds[&1].all, sent(4, 27, 3, 2));
    let behind = read_text(format!("{text}1,n0,ihave,1,9\n"), &NODES).unwrap_err().to_string();
    assert!(
        behind.ends_with(":5: node n0 after node n2 in round 1: nodes stand in the order of the topology"),
        "{behind}"
    );
}

#[test]
fn where_nobody_knows_the_nodes_every_name_is_taken() {
    let text = "round,node,kind,messages,bytes\n1,b,ihave,1,9\n1,a,ihave,2,9\n";
    let found = read_text(text, &[]).unwrap();
    assert_eq!((found.rounds[&1].all, found.strangers.len()), (sent(3, 18, 2, 2), 0));
}

#[test]
fn sums_beyond_all_counting_end_at_the_largest_number() {
    let text = format!("round,node,kind,messages,bytes\n1,n0,a,{max},{max}\n1,n0,b,{max},1\n", max = u64::MAX);
    assert_eq!(read_text(text, &NODES).unwrap().rounds[&1].all, sent(u64::MAX, u64::MAX, 1, u64::MAX));
}
