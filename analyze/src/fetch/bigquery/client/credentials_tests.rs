//! Where credentials are found, when tokens are renewed, and that no secret stands in an error.

use super::super::scripted_server::{ScriptedReply, ScriptedServer};
use super::*;

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

fn token(text: &str, expires_in: u64) -> ScriptedReply {
    ScriptedReply::ok(&format!(r#"{{"access_token": "{text}", "expires_in": {expires_in}, "token_type": "Bearer"}}"#))
}

fn host(server: &ScriptedServer) -> String {
    server.endpoint.to_string().replace("http://", "")
}

/// What a file with this text comes to.
fn of_file(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    std::fs::write(&path, text).unwrap();
    let error = run(Credentials::of_file(&path)).unwrap_err().to_string();
    error.replace(&path.display().to_string(), "key.json")
}

#[test]
fn a_machine_s_token_is_asked_for_once_and_again_shortly_before_its_end() {
    run(async {
        let metadata = ScriptedServer::start([token("long", 3600), token("short", 59), token("third", 3600)]).await;
        let credentials = Credentials::of_machine(&host(&metadata)).unwrap();
        for (freshness, expected) in [
            (Freshness::Cached, "long"),
            (Freshness::Cached, "long"),
            (Freshness::New, "short"),
            (Freshness::Cached, "third"),
        ] {
            assert_eq!(credentials.token(freshness).await.unwrap().as_deref(), Some(expected));
        }
        let asked = "GET /computeMetadata/v1/instance/service-accounts/default/token";
        assert_eq!(metadata.requests(), [asked; 3]);
    });
}

#[test]
fn a_machine_that_has_no_service_account_says_so() {
    run(async {
        let metadata =
            ScriptedServer::start([ScriptedReply::error(404, "", "no account"), ScriptedReply::ok("<html>")]).await;
        let credentials = Credentials::of_machine(&host(&metadata)).unwrap();
        let none = credentials.token(Freshness::Cached).await.unwrap_err();
        assert!(!none.is_passing() && none.to_string().contains("404"), "{none}");
        let odd = credentials.token(Freshness::Cached).await.unwrap_err().to_string();
        assert!(odd.starts_with("the credentials in the metadata server 127.0.0.1:"), "{odd}");
        assert!(odd.ends_with("cannot be used: its answer is no token"), "{odd}");
    });
}

#[test]
fn a_named_key_file_comes_before_everything_else() {
    let sources = CredentialSources {
        key_file: Some("/nonexistent/key.json".into()),
        login_file: Some("/nonexistent/login.json".into()),
        metadata_host: Some("127.0.0.1:9".to_owned()),
        ..CredentialSources::default()
    };
    let error = run(Credentials::find(&sources)).unwrap_err().to_string();
    assert!(error.starts_with("the credentials in /nonexistent/key.json cannot be used: No such file"), "{error}");
}

#[test]
fn a_machine_is_asked_where_there_is_no_file() {
    run(async {
        let metadata = ScriptedServer::start([token("of the machine", 3600)]).await;
        let sources = CredentialSources { metadata_host: Some(host(&metadata)), ..CredentialSources::default() };
        let found = Credentials::find(&sources).await.unwrap();
        assert_eq!(found.token(Freshness::Cached).await.unwrap().as_deref(), Some("of the machine"));
        assert!(found.whose().starts_with("this machine's service account"), "{}", found.whose());
    });
}

/// The credentials of a user's log-in whose tokens this server gives.
async fn login(folder: &Path, tokens: &ScriptedServer) -> Credentials {
    let path = folder.join("application_default_credentials.json");
    let file = serde_json::json!({
        "type": "authorized_user", "client_id": "c1", "client_secret": "s3cret", "refresh_token": "r&1",
        "account": "", "universe_domain": "googleapis.com", "token_uri": format!("{}/token", tokens.endpoint),
    });
    std::fs::write(&path, file.to_string()).unwrap();
    let sources = CredentialSources {
        login_file: Some(path),
        metadata_host: Some("127.0.0.1:9".to_owned()),
        ..CredentialSources::default()
    };
    Credentials::find(&sources).await.unwrap()
}

#[test]
fn a_user_s_log_in_is_made_into_a_token_and_into_another_at_its_end() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let tokens = ScriptedServer::start([token("short", 59), token("long", 3600), token("new", 3600)]).await;
        let credentials = login(folder.path(), &tokens).await;
        for (freshness, expected) in [
            (Freshness::Cached, "short"),
            (Freshness::Cached, "long"),
            (Freshness::Cached, "long"),
            (Freshness::New, "new"),
        ] {
            assert_eq!(credentials.token(freshness).await.unwrap().as_deref(), Some(expected));
        }
        let asked = "POST /token grant_type=refresh_token&client_id=c1&client_secret=s3cret&refresh_token=r%261";
        assert_eq!(tokens.requests(), [asked; 3]);
        assert!(credentials.whose().starts_with("the user who logged in ("), "{}", credentials.whose());
    });
}

#[test]
fn a_log_in_that_serves_no_longer_is_told_and_a_server_that_fails_is_asked_again() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let revoked = r#"{"error": "invalid_grant", "error_description": "Token has been revoked."}"#;
        let revoked = ScriptedReply::Answer { status: 400, headers: "", body: revoked.to_owned() };
        let replies =
            [revoked, ScriptedReply::ok("<html>"), ScriptedReply::error(503, "", "later"), ScriptedReply::Cut];
        let tokens = ScriptedServer::start(replies).await;
        let credentials = login(folder.path(), &tokens).await;
        let mut messages = Vec::new();
        for _ in 0..4 {
            let error = credentials.token(Freshness::Cached).await.unwrap_err();
            messages.push((error.is_passing(), error.to_string().replace(&folder.path().display().to_string(), "F")));
        }
        assert!(
            !messages.iter().any(|(_, messages)| messages.contains("s3cret") || messages.contains("r&1")),
            "{messages:?}"
        );
        assert_eq!(messages.iter().map(|(is_passing, _)| *is_passing).collect::<Vec<_>>(), [false, false, true, true]);
        let first = "the credentials in F/application_default_credentials.json cannot be used: invalid_grant: Token has \
                     been revoked.: log in again with `gcloud auth application-default login`";
        assert_eq!(messages[0].1, first);
    });
}

#[test]
fn secrets_go_to_the_server_of_the_file_and_to_no_other() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = ScriptedServer::start([token("not mine", 3600)]).await;
        let headers = format!("location: {}/token\r\n", elsewhere.endpoint).leak();
        let tokens = ScriptedServer::start([ScriptedReply::Answer { status: 307, headers, body: String::new() }]).await;
        let credentials = login(folder.path(), &tokens).await;
        assert!(credentials.token(Freshness::Cached).await.is_err());
        assert!(tokens.is_done() && elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
    });
}

/// A program that stands for `gcloud`.
fn gcloud(folder: &Path, script: &str) -> CredentialSources {
    use std::os::unix::fs::PermissionsExt;
    let gcloud = folder.join("gcloud");
    std::fs::write(&gcloud, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&gcloud, std::fs::Permissions::from_mode(0o755)).unwrap();
    CredentialSources { gcloud, metadata_host: Some("127.0.0.1:9".to_owned()), ..CredentialSources::default() }
}

#[test]
fn gcloud_s_own_user_comes_last_and_is_asked_once() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let sources = gcloud(folder.path(), &format!("echo \"$@\" >> '{}'\necho of-gcloud", count.display()));
        let found = Credentials::find(&sources).await.unwrap();
        assert_eq!(found.token(Freshness::Cached).await.unwrap().as_deref(), Some("of-gcloud"));
        assert_eq!(std::fs::read_to_string(count).unwrap(), "auth print-access-token\n");
        assert_eq!(found.whose(), "gcloud's user");
    });
}

#[test]
fn where_gcloud_has_no_user_either_the_ways_to_credentials_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for script in ["exit 1", "echo You do not currently have an active account selected."] {
        let error = run(Credentials::find(&gcloud(folder.path(), script))).unwrap_err();
        assert!(matches!(error, ApiError::NoCredentials), "{error}");
    }
    let nowhere = CredentialSources { metadata_host: Some("127.0.0.1:9".to_owned()), ..CredentialSources::default() };
    let messages = run(Credentials::find(&nowhere)).unwrap_err().to_string();
    assert!(messages.starts_with("no credentials for Google Cloud: log in with `gcloud auth"), "{messages}");
}

#[test]
fn a_file_that_is_no_credentials_is_told_without_its_content() {
    let messages = [
        of_file("s3cret"),
        of_file(r#"{"type": "service_account", "private_key": "s3cret"}"#),
        of_file(r#"{"type": "authorized_user", "refresh_token": "s3cret"}"#),
        of_file(r#"{"type": "external_account", "token_url": "s3cret"}"#),
        of_file(
            r#"{"type": "service_account", "private_key": "s3cret", "client_email": "a@b", "token_uri": "http://tokens.example"}"#,
        ),
        of_file(
            r#"{"type": "service_account", "private_key": "s3cret", "client_email": "a@b", "token_uri": "https://tokens.example"}"#,
        ),
    ];
    let messages = messages.join("\n");
    assert!(!messages.contains("s3cret"), "{messages}");
    insta::assert_snapshot!(messages, @r#"
    the credentials in key.json cannot be used: it is no JSON of Google's
    the credentials in key.json cannot be used: a part of the key is missing
    the credentials in key.json cannot be used: a part of the log-in is missing
    the credentials in key.json cannot be used: they are of type "external_account": use a service account's key or `gcloud auth application-default login`
    the credentials in key.json cannot be used: the endpoint "http://tokens.example" is neither https nor on this machine: use https, or a loopback address
    the credentials in key.json cannot be used: Error reading key from PEM
    "#);
}
