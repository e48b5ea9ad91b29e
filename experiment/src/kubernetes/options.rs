//! What can be typed for a run on Kubernetes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cnsim_cluster::Target;
use serde_json::{Map, Value, json};

use crate::plan::Plan;

/// The flags of `cnsim run --backend kubernetes`.
#[derive(Debug, Clone, Args, Default)]
#[command(next_help_heading = "With --backend kubernetes")]
pub struct Options {
    /// Namespace of the cluster [default: the kubeconfig's]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Context of the kubeconfig [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Use this release, which is there already, and leave it there
    #[arg(long, value_name = "NAME", conflicts_with_all = ["chart", "image", "set"])]
    pub release: Option<String>,
    /// Leave the release there when the run ends
    #[arg(long)]
    pub keep: bool,
    /// Image of the nodes, as REPOSITORY:TAG or REPOSITORY@sha256:DIGEST [default: the chart's]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Give the chart a value; may be given again
    #[arg(long, value_name = "K=V")]
    pub set: Vec<String>,
    /// Install this chart [default: the one in this program]
    #[arg(long, value_name = "DIR")]
    pub chart: Option<PathBuf>,
    /// Seconds in which every pod must become ready [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = crate::cli::seconds)]
    pub ready_timeout: Option<Duration>,
}

/// How long pods may take to become ready where nobody says.
const READY_TIMEOUT: Duration = Duration::from_secs(300);
/// A release's name may have this many characters: its pods' names are longer, and labels of theirs have at most 63.
const RELEASE_LEN_MAX: usize = 40;

impl Options {
    /// The first flag that was typed, for a run that is not on Kubernetes.
    pub fn first_typed(&self) -> Option<&'static str> {
        let typed = [
            ("--namespace", self.namespace.is_some()),
            ("--context", self.context.is_some()),
            ("--release", self.release.is_some()),
            ("--keep", self.keep),
            ("--image", self.image.is_some()),
            ("--set", !self.set.is_empty()),
            ("--chart", self.chart.is_some()),
            ("--ready-timeout", self.ready_timeout.is_some()),
        ];
        typed.into_iter().find(|(_, typed)| *typed).map(|(flag, _)| flag)
    }

    /// Which cluster and namespace.
    pub fn target(&self) -> Target {
        Target { context: self.context.clone(), namespace: self.namespace.clone() }
    }

    /// How long pods may take to become ready.
    pub fn ready_timeout(&self) -> Duration {
        self.ready_timeout.unwrap_or(READY_TIMEOUT)
    }

    /// What a run that is resumed takes from the manifest, where it was not typed again.
    pub fn or_recorded(mut self, facts: &std::collections::BTreeMap<String, Value>) -> Self {
        let text = |name: &str| facts.get(name).and_then(Value::as_str).map(str::to_owned);
        self.namespace = self.namespace.or_else(|| text("namespace"));
        self.context = self.context.or_else(|| text("context"));
        self.image = self.image.or_else(|| text("image_asked"));
        if self.set.is_empty() {
            let set = facts.get("chart_set").and_then(Value::as_array).into_iter().flatten();
            self.set = set.filter_map(Value::as_str).map(str::to_owned).collect();
        }
        self
    }

    /// What a later command needs to go on with this run.
    pub fn recorded(&self) -> Map<String, Value> {
        let facts = json!({ "context": self.context, "image_asked": self.image, "chart_set": self.set });
        let Value::Object(facts) = facts else { return Map::new() };
        facts.into_iter().filter(|(_, value)| !value.is_null()).collect()
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

/// The name of a run's release, from the run's.
pub fn release_of(run_id: &str) -> String {
    let head = run_id.split("-cubaan").next().unwrap_or(run_id);
    let plain: String = head
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(RELEASE_LEN_MAX)
        .collect();
    format!("cnsim-{}", plain.trim_matches('-'))
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
    fn a_release_has_a_name_that_kubernetes_takes() {
        assert_eq!(release_of("4abf0c12-cubaan10"), "cnsim-4abf0c12");
        assert_eq!(release_of("My_Run.1"), "cnsim-my-run-1");
        assert!(release_of(&"x".repeat(200)).len() <= 46);
    }

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
        let facts =
            Options { context: Some("c".to_owned()), set: vec!["bandwidth=5M".to_owned()], ..Options::default() };
        let mut recorded: std::collections::BTreeMap<String, Value> = facts.recorded().into_iter().collect();
        recorded.insert("namespace".to_owned(), "gossip".into());

        let resumed = Options { context: Some("d".to_owned()), ..Options::default() }.or_recorded(&recorded);

        assert_eq!((resumed.context.as_deref(), resumed.namespace.as_deref()), (Some("d"), Some("gossip")));
        assert_eq!(resumed.set, ["bandwidth=5M"]);
    }
}
