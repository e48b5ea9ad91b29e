//! BigQuery's REST calls: each with a limit of time, made again while that may help, its answer checked.
//!
//! The calls are sent here, with the types of the crate `gcp-bigquery-client`: its own calls hide the status of an
//! answer that is no JSON, know no location, and are made once.

use std::time::Duration;

use gcp_bigquery_client::model::get_query_results_response::GetQueryResultsResponse;
use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::table_list::TableList;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::endpoint::Endpoint;
use super::super::names::{DatasetName, TableName};
use super::credentials::{Credentials, Freshness};
use super::error::{ApiError, Operation, one_line, root_cause};
use super::query::{JobName, Purpose, Query};
use super::retry_policy::RetryPolicy;

/// Rows of a page; BigQuery ends one at 10 MB besides.
pub(crate) const PAGE_ROWS: u32 = 20_000;
/// Pages of a list, a thousand tables each: a list that is longer goes in circles.
const LIST_PAGES: u32 = 100;
/// How long BigQuery may hold a call while a query runs.
const HELD_MS: u32 = 10_000;

/// A REST server and who asks it.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    endpoint: Endpoint,
    credentials: Credentials,
    retry_policy: RetryPolicy,
    http: reqwest::Client,
}

/// A table as its server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFacts {
    /// Where it lies.
    pub(crate) location: String,
    /// How it is divided by time.
    pub(crate) partition: Partition,
    /// Paths of its columns with their types, `jsonpayload.seq` for a nested one, in lower case.
    pub(crate) columns: Vec<(String, String)>,
    /// `TABLE`, `VIEW` and so on.
    pub(crate) kind: String,
}

/// How a table is divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Partition {
    /// Not at all.
    None,
    /// By a column of it.
    Column(String),
    /// By when rows came in.
    Ingestion,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The rows of its result, once it is done.
    pub(crate) rows: Option<u64>,
}

/// Some rows of a result, each column as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Page {
    /// The rows.
    pub(crate) rows: Vec<Vec<Option<String>>>,
    /// What to ask for the next ones with.
    pub(crate) next: Option<String>,
}

/// What a job came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct JobFacts {
    /// Where its result lies, as Storage Read names a table.
    pub(crate) destination: String,
    /// Bytes read.
    pub(crate) bytes_processed: u64,
    /// Bytes to be paid.
    pub(crate) bytes_billed: u64,
    /// Whether an earlier job's result was taken.
    pub(crate) cache_hit: bool,
}

/// A table as the API writes it. The crate's own type refuses a table without a schema, and types that it does not know.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableBody {
    #[serde(default)]
    location: String,
    time_partitioning: Option<PartitionBody>,
    #[serde(default)]
    schema: SchemaBody,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct PartitionBody {
    field: Option<String>,
}

#[derive(Deserialize, Default)]
struct SchemaBody {
    #[serde(default)]
    fields: Vec<FieldBody>,
}

#[derive(Deserialize)]
struct FieldBody {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    fields: Vec<FieldBody>,
}

/// An error as Google's servers write it.
#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorParts,
}

/// An error as Prometheus writes it.
#[derive(Deserialize)]
struct PlainError {
    error: String,
}

#[derive(Deserialize)]
struct ErrorParts {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<ErrorReason>,
}

#[derive(Deserialize)]
struct ErrorReason {
    #[serde(default)]
    reason: String,
}

impl Rest {
    /// A client of this server.
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: Credentials,
        retry_policy: RetryPolicy,
    ) -> Result<Self, ApiError> {
        let is_here = endpoint.is_loopback();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("cnsim/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!is_here)
            .timeout(retry_policy.call);
        let http = if is_here { builder.no_proxy() } else { builder }.build();
        let server = endpoint.to_string();
        let http = http.map_err(|error| ApiError::Unreachable {
            operation: Operation::Query,
            server,
            why: one_line(&error.to_string()),
        })?;
        Ok(Self { endpoint, credentials, retry_policy, http })
    }

    /// What is known of a table; none where there is no such table.
    pub(crate) async fn table(&self, name: &TableName) -> Result<Option<TableFacts>, ApiError> {
        let of = name.dataset();
        let url = self.url(of.project(), &["datasets", of.dataset(), "tables", name.table()]);
        match self.get::<TableBody>(Operation::Table, url).await {
            Ok(table) => Ok(Some(table_facts(table))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of a dataset's tables.
    pub(crate) async fn tables(&self, dataset: &DatasetName) -> Result<Vec<String>, ApiError> {
        let mut names = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..LIST_PAGES {
            let mut url = self.url(dataset.project(), &["datasets", dataset.dataset(), "tables"]);
            url.query_pairs_mut().append_pair("maxResults", "1000");
            if let Some(token) = &token {
                url.query_pairs_mut().append_pair("pageToken", token);
            }
            let list: TableList = self.get(Operation::Tables, url).await?;
            names.extend(list.tables.unwrap_or_default().into_iter().map(|table| table.table_reference.table_id));
            let next = list.next_page_token.filter(|next| !next.is_empty());
            check_next(Operation::Tables, token.as_deref(), next.as_deref())?;
            match next {
                Some(next) => token = Some(next),
                None => return Ok(names),
            }
        }
        let what = format!("the list of tables has more than {LIST_PAGES} pages");
        Err(ApiError::Inconsistent { operation: Operation::Tables, what })
    }

    /// The bytes that a query would read.
    pub(crate) async fn estimate(&self, query: &Query, name: &JobName) -> Result<u64, ApiError> {
        let job = self.insert(Operation::DryRun, &query.job(name, Purpose::Estimate), &name.project).await?;
        Ok(number(job.statistics.and_then(|statistics| statistics.total_bytes_processed)))
    }

    /// Begins a query. A job of this name that is there already is this one: the answer to the first request was lost.
    pub(crate) async fn start(&self, query: &Query, name: &JobName) -> Result<JobName, ApiError> {
        let location = match self.insert(Operation::Query, &query.job(name, Purpose::Run), &name.project).await {
            Ok(job) => job.job_reference.and_then(|reference| reference.location),
            Err(ApiError::Refused { status: 409, .. }) => None,
            Err(error) => return Err(error),
        };
        let location = location.unwrap_or_else(|| name.location.clone());
        Ok(JobName { location, ..name.clone() })
    }

    /// Waits a while for a job.
    pub(crate) async fn progress(&self, job: &JobName) -> Result<Progress, ApiError> {
        let mut url = self.url(&job.project, &["queries", &job.id]);
        url.query_pairs_mut().append_pair("maxResults", "0").append_pair("timeoutMs", &HELD_MS.to_string());
        let answer: GetQueryResultsResponse = self.get(Operation::Results, located(url, job)).await?;
        let is_done = answer.job_complete == Some(true);
        Ok(Progress { rows: is_done.then(|| number(answer.total_rows)) })
    }

    /// A page of a finished job's rows.
    pub(crate) async fn page(&self, job: &JobName, token: Option<&str>) -> Result<Page, ApiError> {
        let mut url = self.url(&job.project, &["queries", &job.id]);
        url.query_pairs_mut().append_pair("maxResults", &PAGE_ROWS.to_string());
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("pageToken", token);
        }
        let answer: GetQueryResultsResponse = self.get(Operation::Results, located(url, job)).await?;
        if answer.job_complete != Some(true) {
            let what = "a finished job is not complete".to_owned();
            return Err(ApiError::Inconsistent { operation: Operation::Results, what });
        }
        let next = answer.page_token.filter(|next| !next.is_empty());
        check_next(Operation::Results, token, next.as_deref())?;
        let cells = |row: gcp_bigquery_client::model::table_row::TableRow| {
            row.columns.unwrap_or_default().into_iter().map(|cell| cell.value.and_then(text)).collect()
        };
        Ok(Page { rows: answer.rows.unwrap_or_default().into_iter().map(cells).collect(), next })
    }

    /// What a finished job came to.
    pub(crate) async fn facts(&self, job: &JobName) -> Result<JobFacts, ApiError> {
        let url = self.url(&job.project, &["jobs", &job.id]);
        let answer: Job = self.get(Operation::Results, located(url, job)).await?;
        let destination = answer.configuration.and_then(|configuration| configuration.query?.destination_table);
        let destination = destination.map_or_else(String::new, |table| {
            format!("projects/{}/datasets/{}/tables/{}", table.project_id, table.dataset_id, table.table_id)
        });
        let query = answer.statistics.and_then(|statistics| statistics.query).unwrap_or_default();
        Ok(JobFacts {
            destination,
            bytes_processed: number(query.total_bytes_processed),
            bytes_billed: number(query.total_bytes_billed),
            cache_hit: query.cache_hit.unwrap_or(false),
        })
    }

    /// Stops a job.
    pub(crate) async fn cancel(&self, job: &JobName) -> Result<(), ApiError> {
        let url = located(self.url(&job.project, &["jobs", &job.id, "cancel"]), job);
        self.ask::<Value>(Operation::Cancel, || self.http.request(Method::POST, url.clone()).body("")).await.map(drop)
    }

    /// The address of what lies below the server's root under these names.
    pub(super) fn below(&self, names: &[&str]) -> Url {
        self.endpoint.below(names)
    }

    /// Who asks, in words.
    pub(crate) fn whose(&self) -> String {
        self.credentials.whose()
    }

    fn url(&self, project: &str, names: &[&str]) -> Url {
        let mut url = self.endpoint.below(&["bigquery", "v2", "projects", project]);
        url.path_segments_mut().expect("a URL with a host has segments").extend(names);
        url
    }

    /// Asks for what is at an address below the endpoint.
    pub(super) async fn get<T: DeserializeOwned>(&self, operation: Operation, url: Url) -> Result<T, ApiError> {
        self.ask(operation, || self.http.request(Method::GET, url.clone())).await
    }

    async fn insert(&self, operation: Operation, job: &Job, project: &str) -> Result<Job, ApiError> {
        let url = self.url(project, &["jobs"]);
        self.ask(operation, || self.http.request(Method::POST, url.clone()).json(job)).await
    }

    /// Makes a request as often as it takes. A refused token is renewed once.
    async fn ask<T: DeserializeOwned>(
        &self,
        operation: Operation,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, ApiError> {
        match self.retry_policy.retry(async || self.once(operation, request(), Freshness::Cached).await).await {
            Err(ApiError::Refused { status: 401, .. }) => {
                self.retry_policy.retry(async || self.once(operation, request(), Freshness::New).await).await
            }
            answer => answer,
        }
    }

    async fn once<T: DeserializeOwned>(
        &self,
        operation: Operation,
        request: RequestBuilder,
        freshness: Freshness,
    ) -> Result<T, ApiError> {
        let request = match self.credentials.token(freshness).await? {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.map_err(|error| self.lost(operation, &error))?;
        let (status, pause) = (response.status(), pause(&response));
        let body = response.bytes().await.map_err(|error| self.lost(operation, &error))?;
        if !status.is_success() {
            return Err(failure(operation, status, pause, &body));
        }
        serde_json::from_slice(&body).map_err(|error| ApiError::Garbled {
            operation,
            server: self.endpoint.to_string(),
            status: status.as_u16(),
            why: one_line(&error.to_string()),
        })
    }

    fn lost(&self, operation: Operation, error: &reqwest::Error) -> ApiError {
        let server = self.endpoint.to_string();
        if error.is_timeout() {
            return ApiError::Silent { operation, server, limit: self.retry_policy.call };
        }
        ApiError::Unreachable { operation, server, why: root_cause(error) }
    }
}

fn located(mut url: Url, job: &JobName) -> Url {
    if !job.location.is_empty() {
        url.query_pairs_mut().append_pair("location", &job.location);
    }
    url
}

/// A page that names itself as the next one would be read for ever.
fn check_next(operation: Operation, asked: Option<&str>, next: Option<&str>) -> Result<(), ApiError> {
    if next.is_some() && asked == next {
        let what = "a page says that it is followed by itself".to_owned();
        return Err(ApiError::Inconsistent { operation, what });
    }
    Ok(())
}

fn pause(response: &Response) -> Option<Duration> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// What an answer that is no success means.
fn failure(operation: Operation, status: StatusCode, pause: Option<Duration>, body: &[u8]) -> ApiError {
    let parsed: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let (message, reason) = match parsed {
        Some(ErrorBody { error }) => {
            (error.message, error.errors.into_iter().map(|error| error.reason).next().unwrap_or_default())
        }
        None => {
            let plain: Option<PlainError> = serde_json::from_slice(body).ok();
            (plain.map(|plain| plain.error).unwrap_or_default(), String::new())
        }
    };
    let message = if message.is_empty() {
        status.canonical_reason().unwrap_or("an unknown status").to_lowercase()
    } else {
        one_line(&message)
    };
    let status = status.as_u16();
    let is_passing =
        matches!(status, 408 | 429 | 500 | 502 | 503 | 504) || matches!(&*reason, "rateLimitExceeded" | "backendError");
    if is_passing {
        ApiError::Busy { operation, status, reason, message, pause }
    } else {
        ApiError::Refused { operation, status, reason, message }
    }
}

fn number(text: Option<String>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Some(other.to_string()),
    }
}

fn table_facts(table: TableBody) -> TableFacts {
    let partition = match table.time_partitioning {
        None => Partition::None,
        Some(time) => time.field.map_or(Partition::Ingestion, Partition::Column),
    };
    let mut columns = Vec::new();
    flatten("", table.schema.fields, &mut columns);
    TableFacts { location: table.location, partition, columns, kind: table.kind }
}

fn flatten(above: &str, fields: Vec<FieldBody>, columns: &mut Vec<(String, String)>) {
    for field in fields {
        let path = format!("{above}{}", field.name.to_lowercase());
        flatten(&format!("{path}."), field.fields, columns);
        columns.push((path, field.kind.to_uppercase()));
    }
}

#[cfg(test)]
#[path = "rest_tests.rs"]
mod tests;
