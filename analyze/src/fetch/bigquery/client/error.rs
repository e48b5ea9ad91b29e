//! What BigQuery can answer instead of what was asked, each in one line that says what to do.

use std::error::Error;
use std::time::Duration;
use std::{fmt, iter};

/// The longest part of a server's message that is shown.
const SHOWN: usize = 400;

/// What was asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A token for the credentials.
    Token,
    /// A table's facts.
    Table,
    /// The tables of a dataset.
    Tables,
    /// What a query would read.
    DryRun,
    /// To run a query.
    Query,
    /// Whether it is done, and its rows.
    Results,
    /// To stop a query.
    Cancel,
    /// A read session.
    Session,
    /// A stream of it.
    Stream,
    /// Samples of a metric.
    Samples,
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server says no, and would again.
    #[error("cannot {operation}: {message} ({status}{}){}", comma(reason), hint(*operation, *status, reason))]
    Refused {
        /// What was asked.
        operation: Operation,
        /// HTTP or gRPC status.
        status: u16,
        /// BigQuery's word for it; may be empty.
        reason: String,
        /// Its message in one line.
        message: String,
    },
    /// The server cannot now.
    #[error("cannot {operation}: {message} ({status}{})", comma(reason))]
    Busy {
        /// What was asked.
        operation: Operation,
        /// HTTP or gRPC status.
        status: u16,
        /// BigQuery's word for it; may be empty.
        reason: String,
        /// Its message in one line.
        message: String,
        /// How long it wants not to be asked.
        pause: Option<Duration>,
    },
    /// No connection, or one that was cut.
    #[error("cannot {operation}: no answer from {server}: {why}")]
    Unreachable {
        /// What was asked.
        operation: Operation,
        /// The server's root.
        server: String,
        /// In one line.
        why: String,
    },
    /// It took longer than a call may.
    #[error("cannot {operation}: {server} did not answer in {} s", limit.as_secs_f32())]
    Silent {
        /// What was asked.
        operation: Operation,
        /// The server's root.
        server: String,
        /// The time that it had.
        limit: Duration,
    },
    /// Not what the API's description says.
    #[error("cannot {operation}: the answer of {server} is not {}'s ({status}: {why}): is the endpoint right?", operation.system())]
    Garbled {
        /// What was asked.
        operation: Operation,
        /// The server's root.
        server: String,
        /// HTTP status.
        status: u16,
        /// In one line.
        why: String,
    },
    /// Asked again and again.
    #[error("{last}; gave up after {attempts} attempts: try again later")]
    GaveUp {
        /// How often.
        attempts: u32,
        /// The last answer.
        last: Box<Self>,
    },
    /// An answer that contradicts itself or an earlier one.
    #[error("cannot {operation}: {what}: fetch again")]
    Inconsistent {
        /// What was asked.
        operation: Operation,
        /// How.
        what: String,
    },
    /// There is nothing to log in with.
    #[error(
        "no credentials for Google Cloud: log in with `gcloud auth application-default login`, or name a service \
         account's key file in GOOGLE_APPLICATION_CREDENTIALS, or run on a machine of Google Cloud that has a service \
         account"
    )]
    NoCredentials,
    /// There is something that does not serve.
    #[error("the credentials in {place} cannot be used: {why}")]
    Credentials {
        /// A file, the metadata server or gcloud.
        place: String,
        /// In one line; never a secret.
        why: String,
    },
}

impl Operation {
    /// Whose server is asked.
    fn system(self) -> &'static str {
        match self {
            Self::Samples => "Cloud Monitoring",
            Self::Token
            | Self::Table
            | Self::Tables
            | Self::DryRun
            | Self::Query
            | Self::Results
            | Self::Cancel
            | Self::Session
            | Self::Stream => "BigQuery",
        }
    }
}

impl ApiError {
    /// Whether asking again may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Unreachable { .. } | Self::Silent { .. } | Self::Garbled { .. } => true,
            Self::Refused { .. }
            | Self::GaveUp { .. }
            | Self::Inconsistent { .. }
            | Self::NoCredentials
            | Self::Credentials { .. } => false,
        }
    }

    /// BigQuery's word for it; empty where there is none.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Refused { reason, .. } | Self::Busy { reason, .. } => reason,
            Self::GaveUp { last, .. } => last.reason(),
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Garbled { .. }
            | Self::Inconsistent { .. }
            | Self::NoCredentials
            | Self::Credentials { .. } => "",
        }
    }

    /// Whether what was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the user may not do it.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 403, .. })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "get a token",
            Self::Table => "look at the table",
            Self::Tables => "list the dataset's tables",
            Self::DryRun => "estimate the query",
            Self::Query => "run the query",
            Self::Results => "read the query's result",
            Self::Cancel => "cancel the query",
            Self::Session => "open a Storage Read session",
            Self::Stream => "read a stream of the Storage Read session",
            Self::Samples => "read samples of a metric",
        })
    }
}

/// A text of a server in one line of bounded length.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// The innermost cause of an error of the transport in one line: its own words repeat the address.
pub(crate) fn root_cause(error: &dyn Error) -> String {
    let innermost = iter::successors(error.source(), |&cause| cause.source()).last().unwrap_or(error);
    one_line(&innermost.to_string())
}

fn comma(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(", {reason}") }
}

/// What to do about a refusal.
fn hint(operation: Operation, status: u16, reason: &str) -> &'static str {
    match (status, reason) {
        (_, "bytesBilledLimitExceeded") => ": narrow --since and --until, or raise --max-bytes-billed",
        (_, "quotaExceeded") => ": the project's quota is spent: see its quota page, or wait until it is renewed",
        (_, "billingNotEnabled" | "billingTierLimitExceeded") => ": enable billing for the project",
        (_, "accessNotConfigured") => ": enable it with `gcloud services enable bigquery.googleapis.com`",
        (_, "invalidQuery") => ": see the statement with --dry-run",
        (401, _) => ": log in again with `gcloud auth application-default login`",
        (403, _) => match operation {
            Operation::Table | Operation::Tables => ": it needs the role roles/bigquery.dataViewer on the dataset",
            Operation::Session | Operation::Stream => {
                ": it needs the role roles/bigquery.readSessionUser on the project; --method rest does without"
            }
            Operation::DryRun | Operation::Query | Operation::Results | Operation::Cancel => {
                ": it needs the roles roles/bigquery.jobUser on the project and roles/bigquery.dataViewer on the dataset"
            }
            Operation::Samples => ": it needs the role roles/monitoring.viewer in the project",
            Operation::Token => "",
        },
        (404, _) => ": check --project, --dataset, --table and --location",
        _ => "",
    }
}
