//! `cnsim-analyze fetch` against a server that plays BigQuery and its faults: afterwards there is a whole run or none, and
//! one clear line.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use serde_json::{Value, json};

mod support;

use support::{command, fixture};

const RUN: &str = "5e1f00d2-cubaan4";

/// What the server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Table,
    Tables,
    DryRun,
    Begin,
    Wait,
    Job,
    Page,
    Cancel,
}

/// An HTTP status and a body.
type Answer = (u16, String);

/// Faults, each of them played once before the sound answer.
type Faults = BTreeMap<Asked, Vec<Answer>>;

/// A server with the flood's records in one table, in two pages.
struct Server {
    root: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn start(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, faults) = (Arc::clone(&asked), Arc::new(Mutex::new(faults)));
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (seen, faults) = (Arc::clone(&seen), Arc::clone(&faults));
                std::thread::spawn(move || serve(connection, &seen, &faults));
            }
        });
        Self { root, asked }
    }

    fn count(&self, of: Asked) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| **asked == of).count()
    }
}

fn serve(connection: TcpStream, seen: &Mutex<Vec<Asked>>, faults: &Mutex<Faults>) -> Option<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let (line, body) = request(&mut connection)?;
        let asked = asked(&line, &body);
        seen.lock().unwrap().push(asked);
        let fault =
            faults.lock().unwrap().get_mut(&asked).filter(|faults| !faults.is_empty()).map(|faults| faults.remove(0));
        let (status, body) = fault.unwrap_or_else(|| (200, sound(asked, &line).to_string()));
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
        connection.get_mut().write_all((head + &body).as_bytes()).ok()?;
    }
}

fn request(connection: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            first = line.to_owned();
        } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    Some((first, String::from_utf8(body).unwrap()))
}

fn asked(line: &str, body: &str) -> Asked {
    let is = |part: &str| line.contains(part);
    if is("/cancel") {
        Asked::Cancel
    } else if is("POST ") {
        if body.contains(r#""dryRun":true"#) { Asked::DryRun } else { Asked::Begin }
    } else if is("/queries/") {
        if is("maxResults=0&") { Asked::Wait } else { Asked::Page }
    } else if is("/jobs/") {
        Asked::Job
    } else if is("/tables/") {
        Asked::Table
    } else {
        Asked::Tables
    }
}

/// What BigQuery would answer.
fn sound(asked: Asked, line: &str) -> Value {
    let columns = ["message", "event_type", "received_timestamp"].map(|name| json!({"name": name, "type": "STRING"}));
    match asked {
        Asked::Table => {
            json!({"location": "EU", "type": "TABLE", "timePartitioning": {"type": "DAY", "field": "timestamp"},
            "schema": {"fields": [
                {"name": "insertId", "type": "STRING"}, {"name": "timestamp", "type": "TIMESTAMP"},
                {"name": "jsonPayload", "type": "RECORD", "fields": columns}]}})
        }
        Asked::Tables => json!({"tables": []}),
        Asked::DryRun => json!({"statistics": {"totalBytesProcessed": "2000000000"}}),
        Asked::Begin => json!({"jobReference": {"projectId": "study", "jobId": "j", "location": "EU"}}),
        Asked::Wait => json!({"jobComplete": true, "totalRows": "80"}),
        Asked::Job => {
            json!({"statistics": {"query": {"totalBytesProcessed": "2000000000", "totalBytesBilled": "2000683008"}}})
        }
        Asked::Page if line.contains("pageToken=second") => json!({"jobComplete": true, "rows": rows(40..80)}),
        Asked::Page => json!({"jobComplete": true, "rows": rows(0..40), "pageToken": "second"}),
        Asked::Cancel => json!({}),
    }
}

fn rows(range: std::ops::Range<usize>) -> Vec<Value> {
    let lines = fs::read_to_string(fixture("flood-n4").join("events.jsonl")).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    lines[range].iter().map(|line| json!({"f": [{"v": line}, {"v": null}, {"v": "1"}]})).collect()
}

fn error(status: u16, reason: &str, message: &str) -> Answer {
    (status, json!({"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}).to_string())
}

fn fetch(server: &Server, home: &Path, arguments: &[&str]) -> Assert {
    let mut command = command(home);
    command.args(["fetch", "--run-id", RUN, "--project", "study", "--dataset", "gke_logs", "--since", "2025-03-25"]);
    command.args(["--endpoint", &server.root]).args(arguments).assert()
}

/// Fetches where this goes wrong, and checks that it leaves nothing behind but one line.
fn failed(asked: Asked, fault: Answer, message: &str) -> Server {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(Faults::from([(asked, vec![fault])]));
    let assert = fetch(&server, home.path(), &[]).code(1).stdout("");
    let lines = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    let errors: Vec<&str> = lines.lines().filter(|line| !line.starts_with("reading ")).collect();
    assert_eq!(errors.len(), 1, "{lines}");
    assert!(errors[0].starts_with("error: ") && errors[0].contains(message), "{lines}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "{lines}");
    server
}

#[test]
fn a_fault_that_passes_leaves_no_trace_in_the_run() {
    let home = tempfile::tempdir().unwrap();
    let busy = || vec![error(503, "backendError", "try again")];
    let each = [Asked::Table, Asked::DryRun, Asked::Begin, Asked::Wait, Asked::Job, Asked::Page];
    let server = Server::start(each.into_iter().map(|asked| (asked, busy())).collect());
    fetch(&server, home.path(), &[]).success().stderr("reading 2.0 GB, about $0.01 at $6.25 per TiB\n");
    let own = home.path().join("own");
    command(home.path()).args(["fetch", fixture("flood-n4").to_str().unwrap(), "-o", "own"]).assert().success();
    let events = |folder: &Path| fs::read(folder.join(RUN).join("events.parquet")).unwrap();
    assert_eq!(events(&home.path().join("runs")), events(&own));
    assert_eq!((server.count(Asked::Begin), server.count(Asked::Page)), (2, 3));
    let facts: Value =
        serde_json::from_slice(&fs::read(home.path().join("runs").join(RUN).join("fetch.json")).unwrap()).unwrap();
    assert_eq!(facts["queries"][0]["bytes_billed"], 2_000_683_008_u64);
    assert_eq!(facts["queries"][0]["location"], "EU");
}

#[test]
fn a_job_that_is_not_complete_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let running = (200, json!({"jobComplete": false}).to_string());
    let server = Server::start(Faults::from([(Asked::Wait, vec![running; 3])]));
    fetch(&server, home.path(), &[]).success();
    assert_eq!(server.count(Asked::Wait), 4);
}

#[test]
fn a_refusal_at_any_step_leaves_nothing_but_its_line() {
    failed(Asked::Table, error(403, "accessDenied", "Access Denied"), "cannot look at the table: Access Denied");
    failed(Asked::Table, error(404, "notFound", "Not found"), "no table study.gke_logs.stdout and no");
    failed(
        Asked::DryRun,
        error(400, "invalidQuery", "Unrecognized name"),
        "cannot estimate the query: Unrecognized name",
    );
    failed(Asked::Begin, error(403, "quotaExceeded", "Quota exceeded"), "cannot run the query: Quota exceeded");
    failed(Asked::Page, error(404, "notFound", "Not found: Job"), "cannot read the query's result: Not found: Job");
}

#[test]
fn a_query_that_fails_while_it_is_waited_for_is_stopped() {
    let server = failed(Asked::Wait, error(400, "invalid", "Division by zero"), "Division by zero (400, invalid)");
    assert_eq!(server.count(Asked::Cancel), 1);
}

/// What the server answers while but the first page has arrived.
fn half() -> Vec<(Asked, Vec<Answer>)> {
    let wait = (200, json!({"jobComplete": true, "totalRows": "40"}).to_string());
    let page = (200, json!({"jobComplete": true, "rows": rows(0..40)}).to_string());
    vec![(Asked::Wait, vec![wait]), (Asked::Page, vec![page])]
}

#[test]
fn records_that_have_not_arrived_are_told_and_with_wait_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let manifest = fixture("flood-n4").join("manifest.json");
    let manifest = ["--manifest", manifest.to_str().unwrap()];
    let message =
        "warning: 5e1f00d2-cubaan4: 40 of the 80 records that its manifest counts have not arrived, from bench-";
    fetch(&Server::start(half().into_iter().collect()), home.path(), &manifest)
        .success()
        .stderr(predicate::str::contains(message));
    let server = Server::start(half().into_iter().collect());
    let waited = fetch(&server, home.path(), &[&manifest[..], &["--wait"]].concat()).success();
    waited.stderr(
        predicate::str::contains("waiting: 5e1f00d2-cubaan4: 40 of the 80")
            .and(predicate::str::contains("warning").not()),
    );
    assert_eq!(server.count(Asked::Begin), 2);
}

#[test]
fn without_a_manifest_there_is_nothing_to_wait_for() {
    let home = tempfile::tempdir().unwrap();
    let message =
        "error: --wait needs the manifest of a run that has ended, which counts its records: give --manifest\n";
    fetch(&Server::start(Faults::new()), home.path(), &["--wait"]).code(1).stderr(message);
}

#[test]
fn an_interrupted_fetch_stops_its_query() {
    let home = tempfile::tempdir().unwrap();
    let running = (200, json!({"jobComplete": false}).to_string());
    let server = Server::start(Faults::from([(Asked::Wait, vec![running; 100_000])]));
    let mut program = Command::new(assert_cmd::cargo::cargo_bin("cnsim-analyze"));
    program.current_dir(home.path()).stderr(Stdio::piped());
    program.args(["fetch", "--run-id", RUN, "--project", "study", "--dataset", "gke_logs", "--since", "2025-03-25"]);
    let child = program.args(["--endpoint", &server.root]).spawn().unwrap();
    while server.count(Asked::Wait) == 0 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.ends_with("error: interrupted: whatever ran at BigQuery was stopped, and nothing was fetched\n"),
        "{message}"
    );
    assert_eq!(server.count(Asked::Cancel), 1);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_disk_that_is_full_leaves_no_part_of_a_run() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(Faults::new());
    let mut shell = assert_cmd::Command::new("sh");
    // No file may grow beyond a block; whoever ignores the signal is told so by the call, as by a full disk.
    shell.current_dir(home.path()).args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]);
    shell.arg(assert_cmd::cargo::cargo_bin("cnsim-analyze")).args(["fetch", "--run-id", RUN, "--project", "study"]);
    shell.args(["--dataset", "gke_logs", "--since", "2025-03-25", "--endpoint", &server.root]);
    let failed = shell.assert().code(1).stdout("");
    let lines = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    let errors: Vec<&str> = lines.lines().filter(|line| !line.starts_with("reading ")).collect();
    assert_eq!(errors.len(), 1, "{lines}");
    assert!(errors[0].ends_with("events.parquet: cannot write it: File too large (os error 27)"), "{lines}");
    assert_eq!(support::files(home.path()), Vec::new());
}

#[test]
fn rows_that_are_missing_are_noticed() {
    let short = (200, json!({"jobComplete": true, "rows": rows(0..39), "pageToken": "second"}).to_string());
    failed(Asked::Page, short, "79 rows came of 80 that the query found: fetch again");
    let last = (200, json!({"jobComplete": true, "rows": rows(0..40)}).to_string());
    failed(Asked::Page, last, "40 rows came of 80");
}

#[test]
fn a_row_that_is_no_record_is_told() {
    let rows = json!([{"f": [{"v": "{\"event_type\":\"received\",\"message\":\"5e1f00d2-cubaan4-1\"}"}, {"v": null}, {"v": "1"}]}]);
    let page = (200, json!({"jobComplete": true, "rows": rows}).to_string());
    failed(Asked::Page, page, "a row of the result: field sender_id is missing");
}

#[test]
fn what_would_cost_too_much_is_not_begun() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(Faults::new());
    let message = "error: it would read 2.0 GB, about $0.01 at $6.25 per TiB, more than --max-bytes-billed 1.0 GB: narrow --since \
                and --until, or raise it\n";
    fetch(&server, home.path(), &["--max-bytes-billed", "1GB"]).code(1).stderr(message);
    assert_eq!(server.count(Asked::Begin), 0);
}

#[test]
fn an_answer_that_is_not_bigquery_s_is_told_with_the_endpoint() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(Faults::from([(Asked::Table, vec![(200, "<html>a portal</html>".to_owned()); 9])]));
    fetch(&server, home.path(), &[]).code(1).stderr(predicate::str::contains("is not BigQuery's"));
    assert_eq!(server.count(Asked::Table), 3);
}
