//! What an API server may not let one do, in one line each.

use std::error::Error;

use kube::core::Status;

/// Something asked of the API: what a Role must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// `get`, `list`, `watch`, `create` or `delete`.
    pub verb: &'static str,
    /// As in a Role: `pods`, `pods/log`, ….
    pub resource: &'static str,
}

/// Why the cluster did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No kubeconfig, or none that can be used.
    #[error("no Kubernetes cluster to talk to: {0}; give --context, or set KUBECONFIG")]
    NoCluster(String),
    /// Nobody answers.
    #[error("the API server {server} does not answer: {reason}")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        reason: String,
    },
    /// The user may not.
    #[error("no permission to {verb} {resource} in namespace {namespace}: {message}", verb = act.verb, resource = act.resource)]
    Forbidden {
        /// What was not allowed.
        act: Act,
        /// Where.
        namespace: String,
        /// What the server said.
        message: String,
    },
    /// There is no such thing.
    #[error("cannot {verb} {resource} in namespace {namespace}: {message}", verb = act.verb, resource = act.resource)]
    NotFound {
        /// What was asked.
        act: Act,
        /// Where.
        namespace: String,
        /// What the server said.
        message: String,
    },
    /// Anything else.
    #[error("cannot {verb} {resource}: {reason}", verb = act.verb, resource = act.resource)]
    Failed {
        /// What was asked.
        act: Act,
        /// Why not.
        reason: String,
    },
}

impl AccessError {
    /// The error of asking for `act` in a namespace of the server.
    pub(crate) fn of(error: &kube::Error, act: Act, namespace: &str, server: &str) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the client has many errors that end a call the same way")]
        match error {
            kube::Error::Api(status) => Self::answered(status, act, namespace),
            kube::Error::HyperError(_) | kube::Error::Service(_) => {
                Self::Unreachable { server: server.to_owned(), reason: innermost_cause(error) }
            }
            kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(code))
                if code.as_u16() == 403 =>
            {
                let message = format!("the server refused the connection with {code}");
                Self::Forbidden { act, namespace: namespace.to_owned(), message }
            }
            _ => Self::Failed { act, reason: innermost_cause(error) },
        }
    }

    fn answered(status: &Status, act: Act, namespace: &str) -> Self {
        let (namespace, message) = (namespace.to_owned(), status.message.clone());
        match status.code {
            401 => Self::NoCluster(format!("it does not accept the credentials: {message}")),
            403 => Self::Forbidden { act, namespace, message },
            404 => Self::NotFound { act, namespace, message },
            _ => Self::Failed { act, reason: message },
        }
    }

    /// Whether asking again later may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Failed { .. } => true,
            Self::NoCluster(_) | Self::Forbidden { .. } | Self::NotFound { .. } => false,
        }
    }
}

/// The last cause says most, and the ones before it repeat it.
pub fn innermost_cause(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST_PODS: Act = Act { verb: "list", resource: "pods" };

    fn answered(code: u16) -> AccessError {
        let status = Status::failure("pods is forbidden", "Forbidden").with_code(code);
        AccessError::of(&kube::Error::Api(status.boxed()), LIST_PODS, "gossip", "https://10.0.0.1")
    }

    #[test]
    fn a_refusal_names_the_verb_the_resource_and_the_namespace() {
        let text = answered(403).to_string();
        assert_eq!(text, "no permission to list pods in namespace gossip: pods is forbidden");
    }

    #[test]
    fn only_what_may_pass_is_worth_another_try() {
        assert!(answered(503).is_passing());
        assert!(!answered(403).is_passing());
        assert!(!answered(404).is_passing());
        assert!(!answered(401).is_passing());
    }
}
