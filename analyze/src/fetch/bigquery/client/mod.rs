//! The one place that knows the crate `gcp-bigquery-client`: jobs, tables, pages, read sessions, credentials.

pub(crate) mod credentials;
pub(crate) mod error;
pub(crate) mod monitoring;
#[cfg(test)]
pub(crate) mod played;
pub(crate) mod query;
pub(crate) mod rest;
pub(crate) mod retry;
mod rows;
pub(crate) mod storage;

pub use error::{Act, ApiError};
pub use query::{JobName, Parameter, Query};
pub use retry::Patience;
