//! The Helm program: what installs the chart and takes it away again.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use cnsim_cluster::Target;
use tokio::process::Command;
use tokio::time::timeout;

/// The least version of Helm.
const VERSION_MIN: (u32, u32) = (3, 8);
/// How long one call may take: the chart is rendered and sent, nothing is waited for.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Why Helm did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HelmError {
    /// It is not there.
    #[error("cannot run {program}: {reason}; install Helm 3.8 or newer, or name it in CNSIM_HELM")]
    Absent {
        /// What was run.
        program: String,
        /// Why not.
        reason: io::Error,
    },
    /// It is too old, or something else.
    #[error("{program} is version {found:?}, and Helm 3.8 or newer is needed; name another in CNSIM_HELM")]
    Version {
        /// What was run.
        program: String,
        /// What it said.
        found: String,
    },
    /// The release is there.
    #[error(
        "release {release} exists in namespace {namespace}: use it with --release {release}, or take it away with helm uninstall"
    )]
    Exists {
        /// Its name.
        release: String,
        /// Where.
        namespace: String,
    },
    /// Helm or the cluster refused.
    #[error("helm {call} failed: {reason}")]
    Refused {
        /// What was asked.
        call: &'static str,
        /// Its last words.
        reason: String,
    },
    /// No answer.
    #[error("helm {call} did not end within {} s", CALL_TIMEOUT.as_secs())]
    Late {
        /// What was asked.
        call: &'static str,
    },
}

/// Helm, for one namespace.
#[derive(Debug, Clone)]
pub(super) struct Helm {
    program: OsString,
    place: Vec<String>,
    namespace: String,
}

/// What to install.
#[derive(Debug, Clone, Copy)]
pub(super) struct Install<'a> {
    /// The release's name.
    pub(super) release: &'a str,
    /// The chart's folder.
    pub(super) chart: &'a Path,
    /// A file of values.
    pub(super) values: &'a Path,
    /// Values as typed, `k=v`.
    pub(super) set: &'a [String],
}

impl Helm {
    /// The Helm that is there, where it is new enough.
    pub(super) async fn find(target: &Target, namespace: &str) -> Result<Self, HelmError> {
        let program = std::env::var_os("CNSIM_HELM").unwrap_or_else(|| "helm".into());
        let context = target.context.iter().flat_map(|context| ["--kube-context".to_owned(), context.clone()]);
        let place = ["--namespace".to_owned(), namespace.to_owned()].into_iter().chain(context).collect();
        let helm = Self { program, place, namespace: namespace.to_owned() };
        let found = helm.call("version", ["version", "--template", "{{.Version}}"]).await?;
        match version(&found) {
            Some(version) if version >= VERSION_MIN => Ok(helm),
            Some(_) | None => Err(HelmError::Version { program: helm.name(), found: found.trim().to_owned() }),
        }
    }

    /// Installs a release; nothing is waited for.
    pub(super) async fn install(&self, install: Install<'_>) -> Result<(), HelmError> {
        let mut words: Vec<&OsStr> = vec!["install".as_ref(), install.release.as_ref(), install.chart.as_ref()];
        words.extend(["--values".as_ref(), install.values.as_os_str()]);
        install.set.iter().for_each(|set| words.extend([OsStr::new("--set"), set.as_ref()]));
        match self.call("install", words).await {
            Err(HelmError::Refused { reason, .. }) if reason.contains("cannot re-use a name") => {
                Err(HelmError::Exists { release: install.release.to_owned(), namespace: self.namespace.clone() })
            }
            installed => installed.map(drop),
        }
    }

    /// Whether the release is there.
    pub(super) async fn has(&self, release: &str) -> Result<bool, HelmError> {
        match self.call("status", ["status", release, "--output", "json"]).await {
            Ok(_) => Ok(true),
            Err(HelmError::Refused { reason, .. }) if reason.contains("not found") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a release away. One that is not there is no error.
    pub(super) async fn uninstall(&self, release: &str) -> Result<(), HelmError> {
        match self.call("uninstall", ["uninstall", release]).await {
            Err(HelmError::Refused { reason, .. }) if reason.contains("not found") => Ok(()),
            gone => gone.map(drop),
        }
    }

    /// All values of a release, as JSON.
    pub(super) async fn values(&self, release: &str) -> Result<String, HelmError> {
        self.call("get", ["get", "values", release, "--all", "--output", "json"]).await
    }

    /// Runs it in a process group of its own, so that a Ctrl-C reaches only the driver.
    async fn call<W: AsRef<OsStr>>(
        &self,
        call: &'static str,
        words: impl IntoIterator<Item = W>,
    ) -> Result<String, HelmError> {
        let mut command = Command::new(&self.program);
        command.args(words).args(&self.place).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        let output = timeout(CALL_TIMEOUT, command.output()).await.map_err(|_| HelmError::Late { call })?;
        let output = output.map_err(|reason| HelmError::Absent { program: self.name(), reason })?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(HelmError::Refused { call, reason: last_words(&output) }),
        }
    }

    fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }
}

/// `v3.19.5` and `v4.0.0+g1234` as (3, 19) and (4, 0).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What it said on stderr but for warnings, as one line.
fn last_words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("WARNING"));
    let words: Vec<&str> = lines.collect();
    let joined = words.join(" ");
    joined.strip_prefix("Error: ").unwrap_or(&joined).to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v3.19.5"), Some((3, 19)));
        assert_eq!(version("v4.0.0+gabc\n"), Some((4, 0)));
        assert!(version("v3.7.2") < Some(VERSION_MIN));
        assert_eq!(version("Client: v2"), None);
    }

    /// A program that says `words` on stderr and fails, but for its version.
    fn helm(folder: &Path, words: &str) -> Helm {
        let path = folder.join("helm");
        let script = format!("#!/bin/sh\n[ \"$1\" = version ] && echo v3.19.5 && exit 0\necho '{words}' >&2\nexit 1\n");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Helm { program: path.into(), place: Vec::new(), namespace: "gossip".to_owned() }
    }

    #[tokio::test]
    async fn a_release_that_exists_is_said_to_be_usable() {
        let folder = tempfile::tempdir().unwrap();
        let helm = helm(folder.path(), "Error: INSTALLATION FAILED: cannot re-use a name that is still in use");
        let install = Install { release: "g", chart: Path::new("chart"), values: Path::new("values.json"), set: &[] };

        let error = helm.install(install).await.unwrap_err().to_string();

        assert_eq!(
            error,
            "release g exists in namespace gossip: use it with --release g, or take it away with helm uninstall"
        );
    }

    #[tokio::test]
    async fn a_release_that_is_gone_needs_no_uninstall() {
        let folder = tempfile::tempdir().unwrap();
        helm(folder.path(), "Error: uninstall: Release not loaded: g: release: not found")
            .uninstall("g")
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn what_helm_says_is_passed_on_as_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let error = helm(folder.path(), "Error: values are wrong:\n- at /nodes: no").uninstall("g").await.unwrap_err();
        assert_eq!(error.to_string(), "helm uninstall failed: values are wrong: - at /nodes: no");
    }
}
