//! One namespace of one cluster, as the user's kubeconfig gives access to it.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{AsyncBufRead, Stream};
use k8s_openapi::api::core::v1::{self as api, Event, Node};
use kube::api::{DeleteParams, ListParams, LogParams, Portforwarder, Preconditions};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use tokio::io::{self, AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::access::{AccessError, Act, innermost_cause};
use crate::client::client;
use crate::host::Host;
use crate::pod::Pod;
use crate::watch::{self, Change};

/// Which cluster and namespace; what is not given is the kubeconfig's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// A context of the kubeconfig.
    pub context: Option<String>,
    /// A namespace of the cluster.
    pub namespace: Option<String>,
}

/// See the module.
#[derive(Clone)]
pub struct Namespace {
    client: Client,
    name: String,
    server: String,
}

/// Which run of a pod's container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instance {
    /// The one that runs, or has run last.
    Current,
    /// The one before it.
    Previous,
}

/// A way to a port on a pod's loopback, through the API server. Closed when dropped.
pub struct Forward {
    stream: DuplexStream,
    forwarder: Portforwarder,
}

impl Namespace {
    /// Reads the kubeconfig, or the pod's own account where the program runs in a pod. Nothing is asked of the server.
    pub async fn open(target: &Target) -> Result<Self, AccessError> {
        let options = KubeConfigOptions { context: target.context.clone(), ..Default::default() };
        let config = match Config::from_kubeconfig(&options).await {
            Ok(config) => config,
            Err(error) if target.context.is_some() || Kubeconfig::read().is_ok() => {
                return Err(AccessError::NoCluster(unquoted(&innermost_cause(&error))));
            }
            Err(error) => {
                Config::incluster().map_err(|_| AccessError::NoCluster(unquoted(&innermost_cause(&error))))?
            }
        };
        let name = target.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let server = config.cluster_url.to_string();
        let client = client(config).map_err(|error| AccessError::NoCluster(innermost_cause(&error)))?;
        Ok(Self { client, name, server })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's version, as `v1.34.4`.
    pub async fn version(&self) -> Result<String, AccessError> {
        let act = Act { verb: "get", resource: "/version" };
        self.client.apiserver_version().await.map(|info| info.git_version).map_err(|error| self.error(&error, act))
    }

    /// The pods with these labels (`name=value,…`), in the order of their names.
    pub async fn pods(&self, selector: &str) -> Result<Vec<Pod>, AccessError> {
        let act = Act { verb: "list", resource: "pods" };
        let found = self.api().list(&ListParams::default().labels(selector)).await;
        let mut pods: Vec<Pod> = found.map_err(|error| self.error(&error, act))?.into_iter().map(Pod::of).collect();
        pods.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(pods)
    }

    /// What happens to the pods with these labels from now on, beginning with each as it is.
    pub fn watch(&self, selector: &str) -> impl Stream<Item = Change> + Send + use<> {
        watch::watch(self.api(), selector)
    }

    /// Deletes a pod without grace, if it is the one with this uid; whoever owns it makes another.
    pub async fn delete_pod(&self, pod: &str, uid: &str) -> Result<(), AccessError> {
        let act = Act { verb: "delete", resource: "pods" };
        let preconditions = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
        let at_once = DeleteParams {
            grace_period_seconds: Some(0),
            preconditions: Some(preconditions),
            ..DeleteParams::default()
        };
        self.api().delete(pod, &at_once).await.map(drop).map_err(|error| self.error(&error, act))
    }

    /// What a pod's container wrote to stdout and stderr, as far as the kubelet keeps it.
    pub async fn log(&self, pod: &str, instance: Instance) -> Result<impl AsyncBufRead + use<>, AccessError> {
        self.read_log(pod, LogParams { previous: instance == Instance::Previous, ..Default::default() }).await
    }

    /// The last lines of that.
    pub async fn last_lines(&self, pod: &str, instance: Instance, lines: u16) -> Result<String, AccessError> {
        let previous = instance == Instance::Previous;
        let params = LogParams { previous, tail_lines: Some(lines.into()), ..Default::default() };
        let act = Act { verb: "get", resource: "pods/log" };
        self.api().logs(pod, &params).await.map_err(|error| self.error(&error, act))
    }

    /// Opens a port on the pod's loopback.
    pub async fn forward(&self, pod: &str, port: u16) -> Result<Forward, AccessError> {
        let act = Act { verb: "get", resource: "pods/portforward" };
        let mut forwarder = self.api().portforward(pod, &[port]).await.map_err(|error| self.error(&error, act))?;
        let stream = forwarder.take_stream(port).expect("the port was just asked for");
        if let Some(failure) = forwarder.take_error(port) {
            let pod = pod.to_owned();
            tokio::spawn(async move {
                if let Some(reason) = failure.await {
                    tracing::debug!(pod, port, reason, "a port-forward ended");
                }
            });
        }
        Ok(Forward { stream, forwarder })
    }

    /// A machine of the cluster; none where the user may not look at it.
    pub async fn host(&self, name: &str) -> Result<Option<Host>, AccessError> {
        let act = Act { verb: "get", resource: "nodes" };
        let nodes: Api<Node> = Api::all(self.client.clone());
        match nodes.get(name).await.map_err(|error| self.error(&error, act)) {
            Ok(node) => Ok(Some(Host::of(node))),
            Err(AccessError::Forbidden { .. } | AccessError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The warnings that the cluster holds about an object, newest last, without repeats.
    pub async fn warnings(&self, object: &str) -> Result<Vec<String>, AccessError> {
        let act = Act { verb: "list", resource: "events" };
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.name);
        let wanted = ListParams::default().fields(&format!("involvedObject.name={object},type=Warning"));
        let mut found = events.list(&wanted).await.map_err(|error| self.error(&error, act))?.items;
        found.sort_by(|a, b| a.metadata.creation_timestamp.cmp(&b.metadata.creation_timestamp));
        let text =
            |event: Event| format!("{}: {}", event.reason.unwrap_or_default(), event.message.unwrap_or_default());
        let mut texts: Vec<String> = found.into_iter().map(text).collect();
        texts.dedup();
        Ok(texts)
    }

    async fn read_log(&self, pod: &str, params: LogParams) -> Result<impl AsyncBufRead + use<>, AccessError> {
        let act = Act { verb: "get", resource: "pods/log" };
        self.api().log_stream(pod, &params).await.map_err(|error| self.error(&error, act))
    }

    fn api(&self) -> Api<api::Pod> {
        Api::namespaced(self.client.clone(), &self.name)
    }

    fn error(&self, error: &kube::Error, act: Act) -> AccessError {
        AccessError::of(error, act, &self.name, &self.server)
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.forwarder.abort();
    }
}

impl AsyncRead for Forward {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Forward {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// An error of a parser without the piece of the file that it quotes: a kubeconfig holds secrets.
fn unquoted(error: &str) -> String {
    error.split("-->").next().unwrap_or_default().split('\n').next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_a_kubeconfig_is_told_without_its_secrets() {
        let yaml = "users: [{name: admin, user: {token: very-secret}]\ncontexts: []\n";
        let error = Kubeconfig::from_yaml(yaml).unwrap_err();

        let text = unquoted(&innermost_cause(&error));

        assert!(!text.is_empty() && !text.contains("secret"), "{text}");
    }
}
