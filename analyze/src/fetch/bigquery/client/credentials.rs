//! Who asks: a key file, a user's log-in, the metadata server of a machine of Google Cloud, or `gcloud`.
//!
//! They are looked for where Google's own programs look. No secret stands in an error, a log line or a file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use gcp_bigquery_client::yup_oauth2::authenticator::Authenticator;
use gcp_bigquery_client::yup_oauth2::{
    DefaultHyperClientBuilder, Error, HyperClientBuilder, ServiceAccountAuthenticator, ServiceAccountKey,
};
use reqwest::redirect::Policy;
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::super::endpoint::Endpoint;
use super::error::{ApiError, Operation, one_line, root_cause};

/// Queries, their results, and tables' facts.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/bigquery", "https://www.googleapis.com/auth/monitoring.read"];
/// The metadata server of Google's machines, where no variable says another.
const METADATA_HOST: &str = "metadata.google.internal";
/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::from_secs(60);
/// For how long a token of `gcloud` is taken: it says nothing of its end, and gives one that lives this long at least.
const GCLOUD_LIFE: Duration = Duration::from_secs(300);

/// How long whoever gives tokens may take.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

type Connector = <DefaultHyperClientBuilder as HyperClientBuilder>::Connector;

/// Where tokens come from.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// No token is sent: a server on this machine.
    None,
    /// A file of a service account's key.
    File { path: PathBuf, who: String, authenticator: Authenticator<Connector> },
    /// A file of a user's log-in.
    User { path: PathBuf, login: Arc<Login>, http: reqwest::Client, cached: Arc<Mutex<Option<Token>>> },
    /// The metadata server.
    Machine { host: String, http: reqwest::Client, cached: Arc<Mutex<Option<Token>>> },
    /// `gcloud auth print-access-token`.
    Gcloud { program: PathBuf, cached: Arc<Mutex<Option<Token>>> },
}

/// What `gcloud auth application-default login` writes.
#[derive(Deserialize)]
pub(crate) struct Login {
    client_id: String,
    client_secret: String,
    refresh_token: String,
    #[serde(default = "token_uri")]
    token_uri: String,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// A token and until when it serves.
pub(crate) struct Token {
    text: String,
    until: Instant,
}

/// Whether a token that is at hand will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Until shortly before its end.
    Cached,
    /// The server has just refused it.
    New,
}

/// Where credentials are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CredentialSources {
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    pub(crate) key_file: Option<PathBuf>,
    /// The file of `gcloud auth application-default login`.
    pub(crate) login_file: Option<PathBuf>,
    /// `GCE_METADATA_HOST`.
    pub(crate) metadata_host: Option<String>,
    /// The program `gcloud`.
    pub(crate) gcloud: PathBuf,
}

impl CredentialSources {
    /// As the environment says.
    pub(crate) fn of_environment() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = path("CLOUDSDK_CONFIG").or_else(|| Some(path("HOME")?.join(".config/gcloud")));
        Self {
            key_file: path("GOOGLE_APPLICATION_CREDENTIALS"),
            login_file: config.map(|folder| folder.join("application_default_credentials.json")),
            metadata_host: std::env::var("GCE_METADATA_HOST").ok().filter(|host| !host.is_empty()),
            gcloud: "gcloud".into(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whose())
    }
}

impl Credentials {
    /// The first that there are, in the order of Google's own programs.
    pub(crate) async fn find(sources: &CredentialSources) -> Result<Self, ApiError> {
        if let Some(path) = &sources.key_file {
            return Self::of_file(path).await;
        }
        if let Some(path) = sources.login_file.as_ref().filter(|path| path.is_file()) {
            return Self::of_file(path).await;
        }
        let machine = Self::of_machine(sources.metadata_host.as_deref().unwrap_or(METADATA_HOST))?;
        if machine.token(Freshness::Cached).await.is_ok() {
            return Ok(machine);
        }
        let gcloud = Self::Gcloud { program: sources.gcloud.clone(), cached: Arc::default() };
        match gcloud.token(Freshness::Cached).await {
            Ok(_) => Ok(gcloud),
            Err(_) => Err(ApiError::NoCredentials),
        }
    }

    /// Those of a key file or a log-in's file.
    pub(crate) async fn of_file(path: &Path) -> Result<Self, ApiError> {
        let unusable = |why: String| ApiError::Credentials { place: path.display().to_string(), why };
        let bytes = tokio::fs::read(path).await.map_err(|error| unusable(error.to_string()))?;
        let kind: Kind =
            serde_json::from_slice(&bytes).map_err(|_| unusable("it is no JSON of Google's".to_owned()))?;
        match kind.kind.as_str() {
            "service_account" => {
                let key: ServiceAccountKey =
                    serde_json::from_slice(&bytes).map_err(|_| unusable("a part of the key is missing".to_owned()))?;
                Endpoint::parse(&key.token_uri).map_err(|error| unusable(error.to_string()))?;
                let who = key.client_email.clone();
                let built = ServiceAccountAuthenticator::builder(key).build().await;
                let authenticator = built.map_err(|error| unusable(one_line(&error.to_string())))?;
                Ok(Self::File { path: path.to_owned(), who, authenticator })
            }
            "authorized_user" => {
                let login: Login = serde_json::from_slice(&bytes)
                    .map_err(|_| unusable("a part of the log-in is missing".to_owned()))?;
                Endpoint::parse(&login.token_uri).map_err(|error| unusable(error.to_string()))?;
                // Secrets go to the server that the file names, and to no other that it points to.
                let http = reqwest::Client::builder().redirect(Policy::none()).timeout(TOKEN_PATIENCE).build();
                let http = http.map_err(|error| unusable(one_line(&error.to_string())))?;
                Ok(Self::User { path: path.to_owned(), login: Arc::new(login), http, cached: Arc::default() })
            }
            other => Err(unusable(format!(
                "they are of type {other:?}: use a service account's key or `gcloud auth application-default login`"
            ))),
        }
    }

    /// Those of the machine, whose metadata server is `host`.
    pub(crate) fn of_machine(host: &str) -> Result<Self, ApiError> {
        // The server is a part of the machine's own host, and found there or not at all.
        const PATIENCE: Duration = Duration::from_secs(2);
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none());
        let http = http.connect_timeout(PATIENCE).timeout(PATIENCE * 5).build();
        let http = http.map_err(|error| machine_error(host, &error))?;
        Ok(Self::Machine { host: host.to_owned(), http, cached: Arc::default() })
    }

    /// Who it is, in words.
    pub(crate) fn whose(&self) -> String {
        match self {
            Self::None => "nobody: the server is on this machine".to_owned(),
            Self::File { path, who, .. } => format!("{who} ({})", path.display()),
            Self::User { path, .. } => format!("the user who logged in ({})", path.display()),
            Self::Machine { host, .. } => format!("this machine's service account (from {host})"),
            Self::Gcloud { .. } => "gcloud's user".to_owned(),
        }
    }

    /// A token; none where none is sent.
    pub(crate) async fn token(&self, freshness: Freshness) -> Result<Option<String>, ApiError> {
        match self {
            Self::None => Ok(None),
            Self::File { path, authenticator, .. } => {
                let token = match freshness {
                    Freshness::Cached => authenticator.token(&SCOPES).await,
                    Freshness::New => authenticator.force_refreshed_token(&SCOPES).await,
                };
                let unusable = |why| ApiError::Credentials { place: path.display().to_string(), why };
                let token = token.map_err(|error| match error {
                    Error::AuthError(_) | Error::UserError(_) | Error::JSONError(_) => {
                        unusable(one_line(&error.to_string()))
                    }
                    // Whoever gives tokens could not be reached.
                    error @ (Error::HttpError(_)
                    | Error::HttpClientError(_)
                    | Error::LowLevelError(_)
                    | Error::MissingAccessToken
                    | Error::StorageError(_)
                    | Error::CredentialSourceError(_)) => unreachable("the server of tokens", &error.to_string()),
                })?;
                let text = token.token().ok_or_else(|| unusable("there came no token for them".to_owned()))?;
                Ok(Some(text.to_owned()))
            }
            Self::User { path, login, http, cached } => cached_or(cached, freshness, of_login(path, login, http)).await,
            Self::Machine { host, http, cached } => cached_or(cached, freshness, of_metadata(host, http)).await,
            Self::Gcloud { program, cached } => cached_or(cached, freshness, of_gcloud(program)).await,
        }
    }
}

/// What both kinds of files begin to say.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

/// What a server of tokens answers.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    expires_in: u64,
}

async fn cached_or(
    cached: &Mutex<Option<Token>>,
    freshness: Freshness,
    renew: impl Future<Output = Result<Token, ApiError>>,
) -> Result<Option<String>, ApiError> {
    let mut cached = cached.lock().await;
    if let Some(token) = &*cached
        && freshness == Freshness::Cached
        && token.until > Instant::now()
    {
        return Ok(Some(token.text.clone()));
    }
    let token = cached.insert(renew.await?);
    Ok(Some(token.text.clone()))
}

impl From<TokenResponse> for Token {
    fn from(TokenResponse { access_token, expires_in }: TokenResponse) -> Self {
        let life = Duration::from_secs(expires_in).saturating_sub(MARGIN);
        Self { text: access_token, until: Instant::now() + life }
    }
}

/// Why a server of tokens gave none.
#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

async fn of_login(path: &Path, login: &Login, http: &reqwest::Client) -> Result<Token, ApiError> {
    let unusable = |why: String| ApiError::Credentials { place: path.display().to_string(), why };
    let lost = |error: reqwest::Error| unreachable("the server of tokens", &root_cause(&error.without_url()));
    let Login { client_id, client_secret, refresh_token, token_uri } = login;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("client_secret", client_secret),
        ("refresh_token", refresh_token),
    ];
    let answer = http.post(token_uri).form(&form).send().await.map_err(lost)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(lost)?;
    if status.is_server_error() {
        return Err(unreachable("the server of tokens", &format!("it answers {status}")));
    }
    if status.is_success() {
        let given: TokenResponse =
            serde_json::from_slice(&body).map_err(|_| unusable("there came no token for them".to_owned()))?;
        return Ok(given.into());
    }
    let why = match serde_json::from_slice::<TokenRefusal>(&body) {
        Ok(TokenRefusal { error, error_description }) => format!("{error}: {error_description}"),
        Err(_) => status.to_string(),
    };
    Err(unusable(format!("{}: log in again with `gcloud auth application-default login`", one_line(&why))))
}

async fn of_metadata(host: &str, http: &reqwest::Client) -> Result<Token, ApiError> {
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let failed = |error: &reqwest::Error| machine_error(host, error);
    let answer = http.get(url).header("Metadata-Flavor", "Google").send().await.map_err(|error| failed(&error))?;
    let answer = answer.error_for_status().map_err(|error| failed(&error))?;
    Ok(answer.json::<TokenResponse>().await.map_err(|error| failed(&error))?.into())
}

fn machine_error(host: &str, error: &reqwest::Error) -> ApiError {
    let server = format!("the metadata server {host}");
    if error.is_connect() || error.is_timeout() || error.status().is_some_and(|status| status.is_server_error()) {
        return unreachable(&server, &error.to_string());
    }
    let why = if error.is_decode() { "its answer is no token".to_owned() } else { one_line(&error.to_string()) };
    ApiError::Credentials { place: server, why }
}

fn unreachable(server: &str, why: &str) -> ApiError {
    ApiError::Unreachable { operation: Operation::Token, server: server.to_owned(), why: one_line(why) }
}

async fn of_gcloud(program: &Path) -> Result<Token, ApiError> {
    let unusable = |why: String| ApiError::Credentials { place: "gcloud".to_owned(), why };
    let mut command = Command::new(program);
    command.args(["auth", "print-access-token"]).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| unusable(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || text.is_empty() || text.contains(char::is_whitespace) {
        return Err(unusable("gcloud gave no token: log in with `gcloud auth login`".to_owned()));
    }
    Ok(Token { text, until: Instant::now() + GCLOUD_LIFE })
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
