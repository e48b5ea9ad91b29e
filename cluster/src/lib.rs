//! Pods of one Kubernetes namespace: what they are, their logs, and ways into their ports.
