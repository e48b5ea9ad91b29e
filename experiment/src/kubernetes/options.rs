//! How a run on Kubernetes is made: where, from which chart and image, and how long pods may take.

use std::path::PathBuf;
use std::time::Duration;

use cnsim::manifest::KubernetesFacts;
use cnsim_cluster::Target;
use serde_json::{Value, json};

use crate::plan::Plan;

/// What was chosen for a run on Kubernetes.
#[derive(Debug, Clone, Default)]
pub struct KubernetesOptions {
    /// Namespace of the cluster; none: the kubeconfig's.
    pub namespace: Option<String>,
    /// Context of the kubeconfig; none: the current one.
    pub context: Option<String>,
    /// A release that is there already and stays; none: one is installed for the run.
    pub release: Option<String>,
    /// Whether the run's own release stays when the run ends.
    pub keep: bool,
    /// Image of the nodes, as REPOSITORY:TAG or REPOSITORY@sha256:DIGEST; none: the chart's.
    pub image: Option<String>,
    /// Values for the chart, each as `K=V`.
    pub set: Vec<String>,
    /// The chart's folder; none: the chart in this program.
    pub chart: Option<PathBuf>,
    /// In how long every pod must become ready; none: the usual time.
    pub ready_timeout: Option<Duration>,
}

/// How long pods may take to become ready where nobody says.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

impl KubernetesOptions {
    /// Which cluster and namespace.
    pub fn target(&self) -> Target {
        Target { context: self.context.clone(), namespace: self.namespace.clone() }
    }

    /// How long pods may take to become ready.
    pub fn ready_timeout(&self) -> Duration {
        self.ready_timeout.unwrap_or(READY_TIMEOUT)
    }

    /// What a run that is resumed takes from its manifest, where it was not typed again.
    pub fn or_recorded(self, facts: &KubernetesFacts) -> Self {
        let facts = facts.clone();
        Self {
            namespace: self.namespace.or(facts.namespace),
            context: self.context.or(facts.context),
            image: self.image.or(facts.image_asked),
            set: if self.set.is_empty() { facts.chart_set } else { self.set },
            ..self
        }
    }

    /// Notes what a later command needs to go on with this run.
    pub fn note_in(&self, facts: &mut KubernetesFacts) {
        facts.context.clone_from(&self.context);
        facts.image_asked.clone_from(&self.image);
        facts.chart_set.clone_from(&self.set);
    }

    /// The chart's values for a plan; `--set` overrides them.
    pub fn values(&self, plan: &Plan) -> Value {
        let mut values = json!({
            "totalNodes": plan.options.nodes,
            "nodesPerPod": plan.options.nodes_per_process,
            "driver": true,
            "maxMessage": plan.options.max_message,
            "labels": { "cnsim/run": label(plan.run_id.as_str()) },
        });
        if let Some(image) = &self.image {
            values["image"] = image_values(image);
        }
        values
    }
}

/// A text as a label's value.
fn label(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).take(63).collect();
    plain.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

/// `host:5000/name:tag` and `name@sha256:…` as the chart's values.
fn image_values(image: &str) -> Value {
    if let Some((repository, digest)) = image.split_once('@') {
        return json!({ "repository": repository, "digest": digest });
    }
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => json!({ "repository": repository, "tag": tag }),
        Some(_) | None => json!({ "repository": image }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_taken_apart_at_its_tag_or_digest() {
        let known = [
            ("cnsim-node", json!({"repository": "cnsim-node"})),
            ("cnsim-node:1", json!({"repository": "cnsim-node", "tag": "1"})),
            ("host:5000/cnsim-node", json!({"repository": "host:5000/cnsim-node"})),
            ("host:5000/cnsim-node:1", json!({"repository": "host:5000/cnsim-node", "tag": "1"})),
            ("a/b@sha256:00", json!({"repository": "a/b", "digest": "sha256:00"})),
        ];
        for (image, values) in known {
            assert_eq!(image_values(image), values, "{image}");
        }
    }

    #[test]
    fn a_run_that_is_resumed_goes_where_it_was() {
        let typed = KubernetesOptions {
            context: Some("c".to_owned()),
            set: vec!["bandwidth=5M".to_owned()],
            ..KubernetesOptions::default()
        };
        let mut recorded = KubernetesFacts { namespace: Some("gossip".to_owned()), ..KubernetesFacts::default() };
        typed.note_in(&mut recorded);

        let resumed =
            KubernetesOptions { context: Some("d".to_owned()), ..KubernetesOptions::default() }.or_recorded(&recorded);

        assert_eq!((resumed.context.as_deref(), resumed.namespace.as_deref()), (Some("d"), Some("gossip")));
        assert_eq!(resumed.set, ["bandwidth=5M"]);
    }
}
