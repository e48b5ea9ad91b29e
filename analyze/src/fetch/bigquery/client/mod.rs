//! The one place that knows the crate `gcp-bigquery-client`: jobs, tables, pages, read sessions, credentials.

pub(crate) mod credentials;
pub(crate) mod error;
pub(crate) mod monitoring;
pub(crate) mod query;
pub(crate) mod rest;
pub(crate) mod retry_policy;
mod rows;
#[cfg(test)]
pub(crate) mod scripted_server;
pub(crate) mod storage;

pub use error::{ApiError, Operation};
pub use query::{JobName, Parameter, Query};
pub use retry_policy::RetryPolicy;
