//! The servers of a target, with the credentials that there are.

use super::client::credentials::{CredentialSources, Credentials};
use super::client::rest::Rest;
use super::client::storage::Storage;
use super::client::{ApiError, RetryPolicy};
use super::endpoint::Endpoint;
use super::target::Target;

/// The servers.
#[derive(Debug, Clone)]
pub(super) struct Servers {
    pub(super) rest: Rest,
    /// None where there is none.
    pub(super) storage: Option<Storage>,
}

impl Servers {
    /// Those of a target.
    pub(super) async fn connect(target: &Target) -> Result<Self, ApiError> {
        let retry_policy = RetryPolicy::default();
        let storage_is_here = target.storage_endpoint.as_ref().is_none_or(Endpoint::is_loopback);
        let credentials = if target.endpoint.is_loopback() && storage_is_here {
            Credentials::None
        } else {
            Credentials::find(&CredentialSources::of_environment()).await?
        };
        let rest = Rest::new(target.endpoint.clone(), credentials.clone(), retry_policy)?;
        let storage = |endpoint: &Endpoint| Storage::new(endpoint.clone(), credentials.clone(), retry_policy);
        Ok(Self { storage: target.storage_endpoint.as_ref().map(storage).transpose()?, rest })
    }
}
