//! REST calls against a server that plays faults: what is asked again, what is not, and what the user is told.

use super::super::scripted_server::{ScriptedReply, ScriptedServer, retry_policy};
use super::*;
use crate::fetch::bigquery::client::Parameter;
use crate::fetch::bigquery::names::DatasetName;

const DONE: &str = r#"{"jobComplete": true, "totalRows": "3"}"#;

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

fn rest(server: &ScriptedServer, credentials: Credentials) -> Rest {
    Rest::new(server.endpoint.clone(), credentials, retry_policy()).unwrap()
}

fn job() -> JobName {
    JobName { project: "p".to_owned(), id: "cnsim_1".to_owned(), location: "EU".to_owned() }
}

fn query() -> Query {
    let parameters = vec![("run_ids", Parameter::Texts(vec!["a".to_owned()]))];
    Query { sql: "SELECT 1".to_owned(), parameters, max_bytes_billed: 10 }
}

/// What a wait for a job comes to, where the server answers so.
fn waited(replies: Vec<ScriptedReply>) -> (Result<Progress, String>, Vec<String>) {
    run(async {
        let server = ScriptedServer::start(replies).await;
        let answer = rest(&server, Credentials::None).progress(&job()).await;
        (answer.map_err(|error| error.to_string()), server.requests())
    })
}

fn plain(status: u16, body: &str) -> ScriptedReply {
    ScriptedReply::Answer { status, headers: "", body: body.to_owned() }
}

#[test]
fn what_passes_is_asked_for_again() {
    let faults = [
        ScriptedReply::error(429, "rateLimitExceeded", "slow down"),
        ScriptedReply::error(500, "internalError", "oops"),
        ScriptedReply::error(502, "", "bad gateway"),
        ScriptedReply::error(503, "backendError", "try later"),
        ScriptedReply::error(504, "", "too late"),
        ScriptedReply::error(403, "rateLimitExceeded", "Exceeded rate limits"),
        ScriptedReply::error(400, "backendError", "odd, but it is said to happen"),
        plain(503, "<html>unavailable</html>"),
        plain(200, "<html>a proxy's page</html>"),
        plain(200, ""),
        ScriptedReply::Cut,
    ];
    for fault in faults {
        let (answer, requests) = waited(vec![fault.clone(), fault.clone(), ScriptedReply::ok(DONE)]);
        assert_eq!(answer, Ok(Progress { rows: Some(3) }), "{fault:?}");
        assert_eq!(requests.len(), 3, "{fault:?}");
    }
}

#[test]
fn what_a_server_refuses_is_told_in_one_line_and_not_asked_again() {
    let faults = [
        ScriptedReply::error(400, "invalidQuery", "Unrecognized name: nope at [3:4]"),
        ScriptedReply::error(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 1"),
        ScriptedReply::error(403, "accessDenied", "Access Denied: Project p:\nUser does not have permission"),
        ScriptedReply::error(403, "quotaExceeded", "Quota exceeded"),
        ScriptedReply::error(403, "billingNotEnabled", "Billing has not been enabled"),
        ScriptedReply::error(403, "accessNotConfigured", "BigQuery API has not been used"),
        ScriptedReply::error(404, "notFound", "Not found: Job p:EU.cnsim_1"),
        plain(418, "teapot"),
    ];
    let messages = faults.map(|fault| {
        let (answer, requests) = waited(vec![fault]);
        assert_eq!(requests.len(), 1);
        answer.unwrap_err()
    });
    insta::assert_snapshot!(messages.join("\n"), @r"
    cannot read the query's result: Unrecognized name: nope at [3:4] (400, invalidQuery): see the statement with --dry-run
    cannot read the query's result: Query exceeded limit for bytes billed: 1 (400, bytesBilledLimitExceeded): narrow --since and --until, or raise --max-bytes-billed
    cannot read the query's result: Access Denied: Project p: User does not have permission (403, accessDenied): it needs the roles roles/bigquery.jobUser on the project and roles/bigquery.dataViewer on the dataset
    cannot read the query's result: Quota exceeded (403, quotaExceeded): the project's quota is spent: see its quota page, or wait until it is renewed
    cannot read the query's result: Billing has not been enabled (403, billingNotEnabled): enable billing for the project
    cannot read the query's result: BigQuery API has not been used (403, accessNotConfigured): enable it with `gcloud services enable bigquery.googleapis.com`
    cannot read the query's result: Not found: Job p:EU.cnsim_1 (404, notFound): check --project, --dataset, --table and --location
    cannot read the query's result: i'm a teapot (418)
    ");
}

#[test]
fn what_never_passes_is_given_up() {
    let (answer, requests) = waited(vec![ScriptedReply::error(503, "backendError", "try later"); 9]);
    let expected =
        "cannot read the query's result: try later (503, backendError); gave up after 4 attempts: try again later";
    assert_eq!((answer, requests.len()), (Err(expected.to_owned()), 4));
}

#[test]
fn answers_that_are_not_bigquery_s_are_given_up_sooner() {
    let (answer, requests) = waited(vec![plain(200, "<html>hello</html>"); 9]);
    let error = answer.unwrap_err();
    assert_eq!(requests.len(), 3);
    assert!(
        error.contains("is not BigQuery's (200: expected value at line 1 column 1): is the endpoint right?"),
        "{error}"
    );
}

#[test]
fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    run(async {
        let server = ScriptedServer::start([ScriptedReply::Silence, ScriptedReply::Silence]).await;
        let retry_policy = RetryPolicy { attempts: 2, call: Duration::from_millis(30), ..retry_policy() };
        let rest = Rest::new(server.endpoint.clone(), Credentials::None, retry_policy).unwrap();
        let error = rest.progress(&job()).await.unwrap_err().to_string();
        let expected = "did not answer in 0.03 s; gave up after 2 attempts: try again later";
        assert!(error.ends_with(expected), "{error}");
    });
}

#[test]
fn a_server_s_wish_to_wait_is_read() {
    let response = |seconds: &'static str| {
        let body = http_response(seconds);
        pause(&body)
    };
    assert_eq!(response("7"), Some(Duration::from_secs(7)));
    assert_eq!(response("Wed, 21 Oct 2026 07:28:00 GMT"), None);
}

fn http_response(retry_after: &'static str) -> Response {
    use tonic::codegen::http;
    http::Response::builder().header("retry-after", retry_after).body("").unwrap().into()
}

#[test]
fn a_job_that_is_not_complete_has_no_rows_yet() {
    let (answer, requests) = waited(vec![ScriptedReply::ok(r#"{"jobComplete": false}"#)]);
    assert_eq!(answer, Ok(Progress { rows: None }));
    let expected = "GET /bigquery/v2/projects/p/queries/cnsim_1?maxResults=0&timeoutMs=10000&location=EU";
    assert_eq!(requests, [expected]);
}

#[test]
fn a_page_of_a_job_that_is_suddenly_not_complete_is_refused() {
    run(async {
        let server = ScriptedServer::start([ScriptedReply::ok(r#"{"jobComplete": false}"#)]).await;
        let error = rest(&server, Credentials::None).page(&job(), None).await.unwrap_err().to_string();
        assert_eq!(error, "cannot read the query's result: a finished job is not complete: fetch again");
    });
}

#[test]
fn a_page_that_is_followed_by_itself_is_refused() {
    run(async {
        let page = r#"{"jobComplete": true, "rows": [{"f": [{"v": "x"}, {"v": null}]}], "pageToken": "t1"}"#;
        let server = ScriptedServer::start([ScriptedReply::ok(page), ScriptedReply::ok(page)]).await;
        let rest = rest(&server, Credentials::None);
        let first = rest.page(&job(), None).await.unwrap();
        assert_eq!(first, Page { rows: vec![vec![Some("x".to_owned()), None]], next: Some("t1".to_owned()) });
        let error = rest.page(&job(), first.next.as_deref()).await.unwrap_err().to_string();
        assert_eq!(error, "cannot read the query's result: a page says that it is followed by itself: fetch again");
    });
}

#[test]
fn a_job_whose_first_request_was_lost_on_the_way_back_is_begun_once() {
    run(async {
        let there = ScriptedReply::error(409, "duplicate", "Already Exists: Job p:EU.cnsim_1");
        let server = ScriptedServer::start([ScriptedReply::Cut, there]).await;
        let begun = rest(&server, Credentials::None).start(&query(), &job()).await.unwrap();
        assert_eq!(begun, job());
        let requests = server.requests();
        assert_eq!(requests[0], requests[1]);
        for part in [r#""jobId":"cnsim_1""#, r#""location":"EU""#, r#""maximumBytesBilled":"10""#, r#""tool":"cnsim""#]
        {
            assert!(requests[0].contains(part), "{part} in {}", requests[0]);
        }
    });
}

#[test]
fn a_token_that_expires_on_the_way_is_renewed_once() {
    run(async {
        let token = |text: &str| ScriptedReply::ok(&format!(r#"{{"access_token": "{text}", "expires_in": 3600}}"#));
        let metadata = ScriptedServer::start([token("first"), token("second")]).await;
        let expired = ScriptedReply::error(401, "authError", "Invalid Credentials");
        let page = |next: &str| ScriptedReply::ok(&format!(r#"{{"jobComplete": true, "pageToken": "{next}"}}"#));
        let server = ScriptedServer::start([page("t1"), expired, page("t2"), page("")]).await;
        let host = metadata.endpoint.to_string().replace("http://", "");
        let rest = rest(&server, Credentials::of_machine(&host).unwrap());
        for token in [None, Some("t1"), Some("t2")] {
            rest.page(&job(), token).await.unwrap();
        }
        let tokens: Vec<bool> = server.requests().iter().map(|request| request.ends_with("Bearer first")).collect();
        assert_eq!(tokens, [true, true, false, false]);
        assert!(server.is_done() && metadata.is_done());
    });
}

#[test]
fn credentials_that_stay_refused_ask_for_a_new_log_in_and_tell_no_token() {
    run(async {
        let metadata =
            ScriptedServer::start(vec![ScriptedReply::ok(r#"{"access_token": "s3cret", "expires_in": 3600}"#); 2])
                .await;
        let server =
            ScriptedServer::start(vec![ScriptedReply::error(401, "authError", "Invalid Credentials"); 2]).await;
        let host = metadata.endpoint.to_string().replace("http://", "");
        let credentials = Credentials::of_machine(&host).unwrap();
        let error = rest(&server, credentials.clone()).progress(&job()).await.unwrap_err();
        let text = format!("{error} {error:?} {credentials:?}");
        assert!(text.contains("log in again with `gcloud auth application-default login`"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    });
}

#[test]
fn a_table_is_known_by_its_division_and_its_columns_in_lower_case() {
    run(async {
        let table = |time: &str| {
            ScriptedReply::ok(&format!(
                r#"{{"location": "EU", "type": "TABLE" {time}, "schema": {{"fields": [
                    {{"name": "insertId", "type": "STRING"}},
                    {{"name": "jsonPayload", "type": "RECORD", "fields": [{{"name": "seq", "type": "FLOAT"}}]}},
                    {{"name": "span", "type": "RANGE"}}]}}}}"#
            ))
        };
        let replies = [
            table(""),
            table(r#", "timePartitioning": {"type": "DAY", "field": "timestamp"}"#),
            table(r#", "timePartitioning": {"type": "DAY"}"#),
            ScriptedReply::error(404, "notFound", "Not found: Table"),
        ];
        let server = ScriptedServer::start(replies).await;
        let rest = rest(&server, Credentials::None);
        let name = DatasetName::new("p", "d").unwrap().table("stdout").unwrap();
        let plain = rest.table(&name).await.unwrap().unwrap();
        assert_eq!((plain.location.as_str(), plain.partition), ("EU", Partition::None));
        let columns: Vec<&str> = plain.columns.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(columns, ["insertid", "jsonpayload.seq", "jsonpayload", "span"]);
        let divided = rest.table(&name).await.unwrap().unwrap();
        assert_eq!(divided.partition, Partition::Column("timestamp".to_owned()));
        assert_eq!(rest.table(&name).await.unwrap().unwrap().partition, Partition::Ingestion);
        assert_eq!(rest.table(&name).await.unwrap(), None);
    });
}

#[test]
fn all_pages_of_a_dataset_s_tables_are_listed() {
    run(async {
        let page = |table: &str, next: &str| {
            ScriptedReply::ok(&format!(
                r#"{{"nextPageToken": {next}, "tables": [
                    {{"tableReference": {{"projectId": "p", "datasetId": "d", "tableId": "{table}"}}}}]}}"#
            ))
        };
        let server = ScriptedServer::start([page("a", "\"t\""), page("b", "null"), ScriptedReply::ok("{}")]).await;
        let rest = rest(&server, Credentials::None);
        let dataset = DatasetName::new("p", "d").unwrap();
        assert_eq!(rest.tables(&dataset).await.unwrap(), ["a", "b"]);
        assert!(server.requests()[1].ends_with("?maxResults=1000&pageToken=t"));
        assert_eq!(rest.tables(&dataset).await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn a_job_is_stopped_where_it_runs() {
    run(async {
        let server = ScriptedServer::start([ScriptedReply::ok("{}")]).await;
        rest(&server, Credentials::None).cancel(&job()).await.unwrap();
        assert_eq!(server.requests(), ["POST /bigquery/v2/projects/p/jobs/cnsim_1/cancel?location=EU"]);
    });
}
