//! What happens to pods, as it happens; it goes on through a server that is away for a while.

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::core::v1 as api;
use kube::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event};

use crate::pod::Pod;

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A pod is there, as it is now.
    Now(Pod),
    /// A pod is gone, as it was.
    Gone(Pod),
    /// The server did not answer; the watch goes on.
    Missed(String),
}

pub(crate) fn watch(pods: Api<api::Pod>, selector: &str) -> impl Stream<Item = Change> + Send + use<> {
    let config = watcher::Config::default().labels(selector);
    watcher::watcher(pods, config).default_backoff().filter_map(|event| async {
        match event {
            Ok(Event::Apply(pod) | Event::InitApply(pod)) => Some(Change::Now(Pod::of(pod))),
            Ok(Event::Delete(pod)) => Some(Change::Gone(Pod::of(pod))),
            Ok(Event::Init | Event::InitDone) => None,
            Err(error) => Some(Change::Missed(crate::access::innermost_cause(&error))),
        }
    })
}
