//! Cloud Monitoring's Prometheus interface: one range query.

use serde::de::DeserializeOwned;

use super::error::{ApiError, Operation};
use super::rest::Rest;

/// A query over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    /// In PromQL.
    pub(crate) query: String,
    /// The first time, in s since the Unix epoch.
    pub(crate) start_s: i64,
    /// The last one.
    pub(crate) end_s: i64,
    /// What lies between two times, in s.
    pub(crate) step_s: i64,
}

impl Rest {
    /// The answer to a range query.
    pub(crate) async fn range<T: DeserializeOwned>(&self, project: &str, range: &Range) -> Result<T, ApiError> {
        // The location has to be global, wherever the cluster is.
        let names = ["v1", "projects", project, "location", "global", "prometheus", "api", "v1", "query_range"];
        let mut url = self.below(&names);
        url.query_pairs_mut()
            .append_pair("query", &range.query)
            .append_pair("start", &range.start_s.to_string())
            .append_pair("end", &range.end_s.to_string())
            .append_pair("step", &range.step_s.to_string());
        self.get(Operation::Samples, url).await
    }
}
