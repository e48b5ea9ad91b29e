//! A release that this run brought up, from its installation to its end.

use std::time::Duration;

use cnsim_cluster::Namespace;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::chart;
use super::error::KubernetesError;
use super::helm::{Helm, HelmError, Install};
use super::options::KubernetesOptions;
use super::release::selector;
use crate::watcher::Watcher;

/// How long pods may take to be gone after their release was taken away.
const GONE_TIMEOUT: Duration = Duration::from_secs(90);
/// How often they are looked for, and how long a failed uninstallation waits for the next try.
const LOOK: Duration = Duration::from_secs(1);
/// How often taking a release away is tried: an API server may be away for a while.
const TRIES_MAX: u32 = 30;

/// See the module.
#[derive(Debug)]
pub(super) struct Installed {
    helm: Helm,
    namespace: String,
    release: String,
}

/// Whether a run goes on that was begun before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resumed {
    /// It does.
    Yes,
    /// It begins.
    No,
}

/// What is to be installed.
pub(super) struct Installation<'a> {
    pub(super) options: &'a KubernetesOptions,
    pub(super) namespace: &'a str,
    pub(super) release: &'a str,
    pub(super) values: &'a Value,
    pub(super) is_resumed: Resumed,
    /// Filled before Helm is called, so that whoever is interrupted knows what to take away.
    pub(super) installed: &'a mut Option<Installed>,
}

/// Installs the release, or finds it where its run is resumed.
pub(super) async fn install(wanted: Installation<'_>) -> Result<(), KubernetesError> {
    let helm = Helm::find(&wanted.options.target(), wanted.namespace).await?;
    let installed =
        Installed { helm: helm.clone(), namespace: wanted.namespace.to_owned(), release: wanted.release.to_owned() };
    if helm.has(wanted.release).await? {
        return match wanted.is_resumed {
            Resumed::Yes => {
                *wanted.installed = Some(installed);
                Ok(())
            }
            Resumed::No => {
                let (release, namespace) = (wanted.release.to_owned(), wanted.namespace.to_owned());
                Err(HelmError::Exists { release, namespace }.into())
            }
        };
    }
    let scratch = tempfile::tempdir().map_err(KubernetesError::Chart)?;
    let values = scratch.path().join("values.json");
    std::fs::write(&values, wanted.values.to_string()).map_err(KubernetesError::Chart)?;
    let unpacked = scratch.path().join("cnsim");
    if wanted.options.chart.is_none() {
        chart::unpack(&unpacked).map_err(KubernetesError::Chart)?;
    }
    let chart = wanted.options.chart.as_deref().unwrap_or(&unpacked);
    *wanted.installed = Some(installed);
    let result =
        helm.install(Install { release: wanted.release, chart, values: &values, set: &wanted.options.set }).await;
    if let Err(HelmError::Exists { .. }) = &result {
        // Somebody else's, made meanwhile.
        *wanted.installed = None;
    }
    Ok(result?)
}

/// The values that the release was installed with; none where they cannot be read.
pub(super) async fn values_of(
    installed: Option<&Installed>,
    options: &KubernetesOptions,
    namespace: &str,
    release: &str,
) -> Option<Value> {
    let helm = match installed {
        Some(installed) => Ok(installed.helm.clone()),
        None => Helm::find(&options.target(), namespace).await,
    };
    let read = async { helm?.values(release).await };
    let text = read.await.unwrap_or_else(|error: HelmError| {
        tracing::warn!(%error, "the values of the release cannot be read");
        String::new()
    });
    serde_json::from_str(&text).ok()
}

impl Installed {
    /// Says that it stays, and how to take it away.
    pub(super) fn keep(&self, watcher: &dyn Watcher) {
        let Self { namespace, release, .. } = self;
        watcher.warn(&format!("release {release} stays (--keep): helm uninstall {release} --namespace {namespace}"));
    }

    /// Takes the release away and waits until its pods are gone.
    pub(super) async fn take_away(
        &self,
        options: &KubernetesOptions,
        namespace: Option<Namespace>,
        watcher: &dyn Watcher,
    ) {
        watcher.waits_for(&format!("release {} to be taken away", self.release));
        if let Err(reason) = self.gone(options, namespace).await {
            let Self { namespace, release, .. } = self;
            watcher.warn(&format!(
                "release {release} may still be there ({reason}): helm uninstall {release} --namespace {namespace}"
            ));
        }
    }

    async fn gone(&self, options: &KubernetesOptions, namespace: Option<Namespace>) -> Result<(), String> {
        for attempt in 1.. {
            match self.helm.uninstall(&self.release).await {
                Ok(()) => break,
                Err(error) if attempt == TRIES_MAX => return Err(error.to_string()),
                Err(HelmError::Refused { .. } | HelmError::Late { .. }) => sleep(LOOK).await,
                Err(error) => return Err(error.to_string()),
            }
        }
        let namespace = match namespace {
            Some(namespace) => namespace,
            None => Namespace::open(&options.target()).await.map_err(|error| error.to_string())?,
        };
        let deadline = Instant::now() + GONE_TIMEOUT;
        loop {
            let left = namespace.pods(&selector(&self.release)).await.map_err(|error| error.to_string())?;
            match left.len() {
                0 => return Ok(()),
                count if Instant::now() > deadline => return Err(format!("{count} pods are still ending")),
                _ => sleep(LOOK).await,
            }
        }
    }
}
