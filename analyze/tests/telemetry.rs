//! `cnsim-analyze fetch --metrics` from a real Prometheus behind Cloud Monitoring's path; `CNSIM_PROMETHEUS` is the folder
//! of its programs. See `just telemetry`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cnsim_analyze::inputs::telemetry::{self, FILE, Quantity, Series};
use predicates::prelude::*;
use serde_json::{Value, json};

mod support;

use support::{command, flood_folder};

const RUN: &str = "5e1f00d2-cubaan4";
/// The minute that the flood's rounds were in, in s since the Unix epoch.
const MINUTE: i64 = 1_742_869_800;

#[test]
fn what_the_pods_of_a_run_used_comes_pod_by_pod_and_nobody_elses() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    on_pods(&folder);
    let prometheus = Prometheus::start(home.path(), &samples());

    prometheus
        .fetch(home.path(), &[])
        .success()
        .stdout(format!("./{RUN}\n"))
        .stderr(predicate::str::contains("warning: 5e1f00d2-cubaan4: no memory sample of 1 of 2 pods (gossip-1)"));

    let series = telemetry::read(&folder.join(FILE)).unwrap();
    assert_eq!(values(&series, Quantity::Cpu, "gossip-0"), [(MINUTE, 0.5), (MINUTE + 60, 0.5), (MINUTE + 120, 0.5)]);
    assert_eq!(values(&series, Quantity::Cpu, "gossip-1"), [(MINUTE, 0.25), (MINUTE + 60, 0.25), (MINUTE + 120, 0.25)]);
    assert_eq!(values(&series, Quantity::Memory, "gossip-0")[0], (MINUTE, 7e6));
    assert_eq!(values(&series, Quantity::Received, "gossip-1")[0], (MINUTE, 100.0));
    assert_eq!(values(&series, Quantity::Transmitted, "gossip-1")[0], (MINUTE, 200.0));
    let pods: Vec<_> = series.iter().filter_map(|one| one.pod.as_deref()).collect();
    assert!(pods.iter().all(|pod| ["gossip-0", "gossip-1"].contains(pod)), "{pods:?}");
}

#[test]
fn a_run_without_pods_or_samples_is_refused_in_one_line_and_leaves_no_file() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    let prometheus = Prometheus::start(home.path(), &samples());
    prometheus.fetch(home.path(), &[]).code(1).stderr(predicate::str::contains("it ran on no pods"));

    on_pods(&folder);
    let elsewhere = ["--pod-namespace", "elsewhere"];
    let expected = "error: no sample of the 2 pods of 5e1f00d2-cubaan4 in namespace elsewhere";
    prometheus.fetch(home.path(), &elsewhere).code(1).stderr(predicate::str::starts_with(expected));
    let wrong = ["--pod-namespace", "x\"} or {y=\""];
    prometheus.fetch(home.path(), &wrong).code(1).stderr(predicate::str::contains("is no name of a namespace"));
    let nowhere = ["--project", "other"];
    prometheus.fetch(home.path(), &nowhere).code(1).stderr(predicate::str::contains("cannot read samples of a metric"));

    assert!(!folder.join(FILE).exists());
}

/// Says in the manifest that the run was on two pods.
fn on_pods(folder: &Path) {
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["backend"] = json!("kubernetes");
    manifest["backend_facts"] = json!({"namespace": "ns1", "pods": {"gossip-0": {}, "gossip-1": {}}});
    fs::write(&path, manifest.to_string()).unwrap();
}

/// Samples in OpenMetrics' text: of the run's pods, of a pod that is called alike, and of another namespace.
fn samples() -> String {
    let mut text = String::new();
    let mut metric = |name: &str, resource: &str, of: &[(&str, &str, &str, f64)]| {
        text.push_str(&format!("# TYPE kubernetes_io:{name} gauge\n"));
        for (namespace, pod, more, per_s) in of {
            for minute in -3..=3 {
                let at = MINUTE + minute * 60;
                let value = if *per_s > 1e6 { *per_s } else { *per_s * (minute + 3) as f64 * 60.0 };
                text.push_str(&format!(
                    "kubernetes_io:{name}{{monitored_resource=\"{resource}\",namespace_name=\"{namespace}\",\
                     pod_name=\"{pod}\"{more}}} {value} {at}\n"
                ));
            }
        }
    };
    let node = ",container_name=\"node\"";
    let firm = ",container_name=\"node\",memory_type=\"non-evictable\"";
    let loose = ",container_name=\"node\",memory_type=\"evictable\"";
    metric(
        "container_cpu_core_usage_time",
        "k8s_container",
        &[
            ("ns1", "gossip-0", node, 0.5),
            ("ns1", "gossip-1", node, 0.25),
            ("ns1", "gossip-7", node, 9.0),
            ("ns2", "gossip-0", node, 9.0),
        ],
    );
    metric(
        "container_memory_used_bytes",
        "k8s_container",
        &[("ns1", "gossip-0", firm, 7e6), ("ns1", "gossip-0", loose, 9e9)],
    );
    let both = |per_s: f64| [("ns1", "gossip-0", "", per_s), ("ns1", "gossip-1", "", per_s)];
    metric("pod_network_received_bytes_count", "k8s_pod", &both(100.0));
    metric("pod_network_sent_bytes_count", "k8s_pod", &both(200.0));
    text + "# EOF\n"
}

fn values(series: &[Series], quantity: Quantity, pod: &str) -> Vec<(i64, f64)> {
    let of = series.iter().filter(|one| one.quantity == quantity && one.pod.as_deref() == Some(pod));
    of.flat_map(|one| &one.samples).map(|sample| (sample.at_ns / 1_000_000_000, sample.value)).collect()
}

/// A server that holds samples.
struct Prometheus {
    child: Child,
    root: String,
}

impl Prometheus {
    fn start(home: &Path, samples: &str) -> Self {
        let programs = PathBuf::from(std::env::var_os("CNSIM_PROMETHEUS").expect("CNSIM_PROMETHEUS is a folder"));
        let data = home.join("prometheus");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("samples.om"), samples).unwrap();
        fs::write(data.join("config.yml"), "").unwrap();
        let import = ["tsdb", "create-blocks-from", "openmetrics", "samples.om", "data"];
        let imported = Command::new(programs.join("promtool")).args(import).current_dir(&data).output().unwrap();
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(programs.join("prometheus"))
            .args(["--config.file=config.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=50y"])
            .arg("--web.route-prefix=/v1/projects/p/location/global/prometheus")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(&data)
            .stdout(Stdio::null())
            .stderr(File::create(data.join("log")).unwrap())
            .spawn()
            .unwrap();
        let started = Self { child, root: format!("http://127.0.0.1:{port}") };
        while !fs::read_to_string(data.join("log")).unwrap().contains("Server is ready to receive web requests") {
            std::thread::sleep(Duration::from_millis(20));
        }
        started
    }

    fn fetch(&self, home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
        let project: &[&str] = if arguments.contains(&"--project") { &[] } else { &["--project", "p"] };
        let mut fetch = command(home);
        fetch.args(["fetch", "--metrics", "--run-id", RUN, "--out", ".", "--monitoring-endpoint", &self.root]);
        fetch.args(project).args(arguments).assert()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
