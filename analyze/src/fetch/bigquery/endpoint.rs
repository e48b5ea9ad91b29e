//! Where a server is reached: by TLS, or without it on this machine alone.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// A server's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
}

/// A root that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL of a host.
    #[error("the endpoint {0:?} is not a URL such as http://127.0.0.1:9050")]
    NotAUrl(String),
    /// Records and tokens would travel readable.
    #[error("the endpoint {0:?} is neither https nor on this machine: use https, or a loopback address")]
    Open(String),
}

impl Endpoint {
    /// BigQuery itself.
    pub fn google_rest() -> Self {
        Self::known("https://bigquery.googleapis.com")
    }

    /// BigQuery's Storage Read API.
    pub fn google_storage() -> Self {
        Self::known("https://bigquerystorage.googleapis.com")
    }

    /// Cloud Monitoring.
    pub fn google_monitoring() -> Self {
        Self::known("https://monitoring.googleapis.com")
    }

    /// The root that `text` names.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let none = || EndpointError::NotAUrl(text.to_owned());
        let url = Url::parse(text).map_err(|_| none())?;
        if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
            return Err(none());
        }
        let endpoint = Self { url };
        if endpoint.url.scheme() == "https" || endpoint.is_loopback() {
            Ok(endpoint)
        } else {
            Err(EndpointError::Open(text.to_owned()))
        }
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether its bytes are encrypted.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The address of what lies below it under these names.
    pub fn below(&self, names: &[&str]) -> Url {
        let mut url = self.url.clone();
        url.path_segments_mut().expect("a URL with a host has segments").pop_if_empty().extend(names);
        url
    }

    fn known(text: &str) -> Self {
        Self { url: Url::parse(text).expect("the text is a URL") }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_only_this_machine_is_reached() {
        for open in ["http://127.0.0.1:9050", "http://localhost:1", "http://[::1]:9", "https://bq.example"] {
            assert_eq!(Endpoint::parse(open).unwrap().to_string(), open);
        }
        for refused in ["http://10.0.0.1:9050", "http://bq.example", "http://127.0.0.1.example"] {
            assert_eq!(Endpoint::parse(refused), Err(EndpointError::Open(refused.to_owned())));
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in ["", "127.0.0.1:9050", "ftp://localhost", "http://"] {
            assert_eq!(Endpoint::parse(text), Err(EndpointError::NotAUrl(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn names_below_it_cannot_leave_it() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9050/").unwrap();
        let url = endpoint.below(&["bigquery", "v2", "a/../b?c"]);
        assert_eq!(url.as_str(), "http://127.0.0.1:9050/bigquery/v2/a%2F..%2Fb%3Fc");
    }
}
