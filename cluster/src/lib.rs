//! Pods of one Kubernetes namespace: what they are, their logs, and ways into their ports.
//!
//! [`Namespace`] is the way in; what it gives are plain values that know nothing of the API's types. Deliberately absent:
//! any knowledge of what the pods run, installing anything, and retries other than those of a watch.

mod access;
mod client;
mod host;
mod namespace;
mod pod;
mod watch;

pub use access::{AccessError, Act, innermost_cause};
pub use host::Host;
pub use namespace::{Forward, Instance, Namespace, Target};
pub use pod::{Container, Ended, Pod, State};
pub use watch::Change;
