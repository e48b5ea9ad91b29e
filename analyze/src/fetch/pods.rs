//! A fetch from pods' logs: into temporary files, and from there as any other.

use cnsim_cluster::{Namespace, Target};
use tokio::runtime;

use super::logs::{Logs, LogsError, Pods, collect};

/// The logs of the pods, in files that go when the folder is dropped.
pub(super) fn logs(pods: &Pods) -> Result<(Logs, tempfile::TempDir), LogsError> {
    let keep = |source| LogsError::Keep { path: std::env::temp_dir(), source };
    let folder = tempfile::Builder::new().prefix("cnsim-logs-").tempdir().map_err(keep)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(keep)?;
    let logs = runtime.block_on(async {
        tokio::select! {
            logs = of_cluster(pods, folder.path()) => logs,
            // Where no signal can be had, only the default action is left.
            Ok(()) = tokio::signal::ctrl_c() => Err(LogsError::Interrupted),
        }
    })?;
    Ok((logs, folder))
}

async fn of_cluster(pods: &Pods, folder: &std::path::Path) -> Result<Logs, LogsError> {
    let target = Target { context: pods.context.clone(), namespace: pods.namespace.clone() };
    let namespace = Namespace::open(&target).await?;
    collect(&namespace, pods.release.as_deref(), folder).await
}
