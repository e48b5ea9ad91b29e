//! A statement with its parameters, as a job of BigQuery's.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use gcp_bigquery_client::model::query_parameter::QueryParameter;
use gcp_bigquery_client::model::query_parameter_type::QueryParameterType;
use gcp_bigquery_client::model::query_parameter_value::QueryParameterValue;

/// A statement to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// GoogleSQL.
    pub sql: String,
    /// Its `@named` parameters.
    pub parameters: Vec<(&'static str, Parameter)>,
    /// It fails before it reads more.
    pub max_bytes_billed: u64,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// `STRING`.
    Text(String),
    /// `ARRAY<STRING>`.
    Texts(Vec<String>),
    /// `TIMESTAMP`, as RFC 3339 writes it.
    Instant(String),
}

/// A job that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName {
    /// Who pays.
    pub project: String,
    /// Its id.
    pub id: String,
    /// Where it runs; empty where nothing says it.
    pub location: String,
}

/// What a job's request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Estimate,
    Run,
}

impl Query {
    /// Its parameters as people read them, by name.
    pub fn parameters_in_words(&self) -> BTreeMap<String, String> {
        self.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
    }

    /// The job's description.
    pub(super) fn job(&self, name: &JobName, purpose: Purpose) -> Job {
        let query = JobConfigurationQuery {
            query: self.sql.clone(),
            use_legacy_sql: Some(false),
            use_query_cache: Some(true),
            maximum_bytes_billed: Some(self.max_bytes_billed.to_string()),
            parameter_mode: Some("NAMED".to_owned()),
            query_parameters: Some(self.parameters.iter().map(|(name, value)| value.named(name)).collect()),
            ..JobConfigurationQuery::default()
        };
        let (dry_run, id) = match purpose {
            Purpose::Estimate => (Some(true), None),
            Purpose::Run => (None, Some(name.id.clone())),
        };
        let configuration = JobConfiguration {
            dry_run,
            labels: Some(HashMap::from([("tool".to_owned(), "cnsim".to_owned())])),
            query: Some(query),
            ..JobConfiguration::default()
        };
        let location = Some(name.location.clone()).filter(|location| !location.is_empty());
        let reference = JobReference { job_id: id, location, project_id: Some(name.project.clone()) };
        Job { configuration: Some(configuration), job_reference: Some(reference), ..Job::default() }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(texts) => write!(f, "{texts:?}"),
            Self::Instant(text) => write!(f, "TIMESTAMP {text:?}"),
        }
    }
}

impl Parameter {
    fn named(&self, name: &str) -> QueryParameter {
        let plain = |kind: &str| QueryParameterType { array_type: None, struct_types: None, r#type: kind.to_owned() };
        let one = |value: &str| QueryParameterValue { value: Some(value.to_owned()), ..QueryParameterValue::default() };
        let (kind, value) = match self {
            Self::Text(text) => (plain("STRING"), one(text)),
            Self::Instant(text) => (plain("TIMESTAMP"), one(text)),
            Self::Texts(texts) => (
                QueryParameterType { array_type: Some(Box::new(plain("STRING"))), ..plain("ARRAY") },
                QueryParameterValue {
                    array_values: Some(texts.iter().map(|text| one(text)).collect()),
                    ..QueryParameterValue::default()
                },
            ),
        };
        QueryParameter { name: Some(name.to_owned()), parameter_type: Some(kind), parameter_value: Some(value) }
    }
}
