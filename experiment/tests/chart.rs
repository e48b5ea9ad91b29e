//! The chart as Helm sees it: what it renders, and what it refuses. Helm is `helm`, or the program that `CNSIM_HELM` names;
//! without it these tests fail. Those in `on_a_cluster` need `kubectl` and the API server of `KUBECONFIG` too.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Rendering asks no cluster, so the version has to be said.
const KUBERNETES: &str = "1.34.0";

#[test]
fn lint_finds_nothing_in_the_chart_with_any_of_its_values_files() {
    for file in values_files() {
        let output = helm(&["lint", "--strict", "--quiet", &chart(), "--values", &text(&file)]);
        assert!(output.status.success(), "{}: {}{}", file.display(), printed(&output.stdout), printed(&output.stderr));
    }
}

#[test]
fn what_the_chart_renders_is_known() {
    insta::with_settings!({
        snapshot_path => "../../helm/cnsim/ci/snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for file in values_files() {
            insta::assert_snapshot!(name(&file), rendered(&["--values", &text(&file)]));
        }
    });
}

#[test]
fn a_bandwidth_test_is_a_bandwidth_in_a_word() {
    let short = rendered(&["--set", "testType=bandwidth"]);
    assert_eq!(short, rendered(&["--set", "bandwidth=5M"]));
    assert_eq!(short.matches("gress-bandwidth: 5M").count(), 2);
    assert!(!rendered(&[]).contains("gress-bandwidth"));
}

#[test]
fn a_memory_test_is_a_request_and_a_limit_in_a_word() {
    let short = rendered(&["--set", "testType=memory"]);
    assert_eq!(short, rendered(&["--set", "memory.request=120Mi,memory.limit=150Mi"]));
    assert!(short.contains("memory: 150Mi") && short.contains("memory: 120Mi"), "{short}");
}

#[test]
fn both_limits_go_together_however_they_are_written() {
    let plus = rendered(&["--set", "testType=bandwidth+memory"]);
    for other in ["memory+bandwidth", "bandwidth\\,memory", "memory\\,bandwidth"] {
        assert_eq!(plus, rendered(&["--set", &format!("testType={other}")]), "{other}");
    }
    assert!(plus.contains("gress-bandwidth: 5M") && plus.contains("memory: 150Mi"), "{plus}");
}

#[test]
fn the_pods_hold_all_nodes_and_no_more_pods_than_that_takes() {
    let known = [("10", "1", 10), ("1000", "10", 100), ("1001", "10", 101), ("3", "10", 1), ("1", "1", 1)];
    for (nodes, each, pods) in known {
        let text = rendered(&["--set", &format!("totalNodes={nodes},nodesPerPod={each}")]);
        assert!(text.contains(&format!("\n  replicas: {pods}\n")), "{nodes} nodes, {each} in a pod");
    }
}

#[test]
fn a_test_looks_at_a_hundred_pods_at_most_and_at_the_first_and_the_last_among_them() {
    for (nodes, asked) in [(1, 1), (2, 2), (100, 100), (101, 100), (777, 100)] {
        let text = rendered(&["--set", &format!("totalNodes={nodes}")]);
        let line = text.lines().find_map(|line| line.trim().strip_prefix("- --seen-at=")).expect("the test names pods");
        let hosts: Vec<&str> = line.split(',').collect();
        assert_eq!(hosts.len(), asked, "{nodes} nodes");
        assert_eq!(hosts[0], "gossip-statefulset-0.gossip-statefulset.gossip.svc.cluster.local.:5050");
        assert!(hosts[asked - 1].starts_with(&format!("gossip-statefulset-{}.", nodes - 1)), "{}", hosts[asked - 1]);
    }
}

#[test]
fn with_a_driver_the_nodes_wait_and_nothing_else_configures_them() {
    let text = rendered(&["--set", "driver=true,topology=ba:3,condition=c,inFlight=2"]);
    assert!(text.contains("- --wait-for-driver\n"), "{text}");
    for other in ["--topology", "--protocol", "--seed", "--condition", "--in-flight", "helm.sh/hook"] {
        assert!(!text.contains(other), "{other} in {text}");
    }
}

#[test]
fn a_large_seed_reaches_the_nodes_digit_by_digit() {
    for seed in ["0", "20250326", "9007199254740992", "18446744073709551615"] {
        assert!(rendered(&["--set", &format!("seed={seed}")]).contains(&format!("- --seed={seed}\n")), "{seed}");
    }
}

#[test]
fn the_name_of_a_release_is_checked_before_anything_is_installed() {
    for name in ["1st", "a.b", &"x".repeat(53)] {
        let output = helm(&["template", name, &chart()]);
        assert!(!output.status.success(), "{name}");
        let reason = printed(&output.stderr);
        assert!(reason.contains("at most 52 lower-case letters, digits and -, a letter first"), "{name}: {reason}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_what_is_allowed() {
    let wrong = [
        ("totalNode=3", "additional properties 'totalNode' not allowed"),
        ("totalNode=3", "value must be one of 'totalNodes', 'nodesPerPod'"),
        ("image.repo=x", "at '/image': additional properties 'repo' not allowed"),
        ("totalNodes=ten", "at '/totalNodes': got string, want integer"),
        ("totalNodes=0", "at '/totalNodes': minimum: got 0, want 1"),
        ("testType=bandwith", "value must be one of 'default', 'bandwidth', 'memory', 'bandwidth+memory'"),
        ("testType=default\\,memory", "at '/testType': value must be one of"),
        ("protocol=gosip", "value must be one of 'direct-mail', 'flood', 'seed-h', 'seed-o'"),
        ("topology=mesh", "value must be one of 'complete', 'ring', 'line', 'star', 'grid'"),
        ("forward=later", "value must be one of '', 'after-ack', 'before-ack'"),
        ("deadline=soon", "value must be 'none'"),
        ("inFlight=0", "at '/inFlight': minimum: got 0, want 1"),
        ("seed=-1", "at '/seed': minimum: got -1, want 0"),
        ("acceptStart=maybe", "at '/acceptStart': got string, want boolean"),
        ("image.digest=sha256:00", "'^(sha256:[0-9a-f]{64})?$'"),
        ("podDisruptionBudget.minAvailable=half", "at '/podDisruptionBudget/minAvailable'"),
        ("tolerations[0].key=a,tolerations[0].effect=Never", "value must be one of 'NoSchedule'"),
        (
            "bandwidth=5Mbit",
            "bandwidth \"5Mbit\": write bits per second as a whole number with k, M or G, as 500k or 5M",
        ),
        ("memory.limit=much", "memory.limit \"much\": write bytes as a whole number with Ki, Mi or Gi, as 150Mi"),
        ("nodesPerPod=2,bandwidth=5M", "nodesPerPod 2 with bandwidth 5M: a bandwidth limit cannot touch the links"),
        ("nodesPerPod=2,testType=bandwidth", "set nodesPerPod=1, or leave the bandwidth out"),
        ("topologyConfigMap.name=t,topology=ba:3", "topology ba:3 with topologyConfigMap.name t: give one of them"),
        ("podLabels.app\\.kubernetes\\.io/name=x", "it tells the release's pods apart"),
    ];
    for (set, reason) in wrong {
        let output = helm(&["template", "g", &chart(), "--set", set]);
        let refused = printed(&output.stderr);
        assert!(!output.status.success(), "{set} is taken");
        assert!(refused.contains(reason), "{set}: {refused}");
    }
}

#[test]
fn a_node_starts_with_every_command_line_that_the_chart_renders() {
    let folder = tempfile::tempdir().unwrap();
    let topology = folder.path().join("topology.json");
    fs::write(&topology, ring(10)).unwrap();
    for file in values_files() {
        let rendered = rendered(&["--values", &text(&file)]);
        let words = command_line(&rendered).into_iter().map(|word| {
            word.replace("0.0.0.0:5050", "127.0.0.1:0")
                .replace("127.0.0.1:4050", "127.0.0.1:0")
                .replace("/var/spool/cnsim", &text(folder.path()))
                .replace("/etc/cnsim/topology.json", &text(&topology))
        });
        // Without stdin it ends when it has started.
        let output = Command::new(env!("CARGO_BIN_EXE_cnsim"))
            .arg("node")
            .args(words)
            .arg("--exit-with-stdin")
            .env("CNSIM_POD", "gossip-statefulset-0")
            .env("CNSIM_HOST", "host")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = printed(&output.stderr);
        assert!(output.status.success() && stderr.contains("serving"), "{}: {stderr}", file.display());
    }
}

mod on_a_cluster {
    use super::*;

    #[test]
    fn the_api_server_takes_what_each_values_file_renders() {
        let folder = tempfile::tempdir().unwrap();
        for file in values_files() {
            let objects = folder.path().join(name(&file));
            fs::write(&objects, rendered_in("default", &["--values", &text(&file)])).unwrap();
            let output = Command::new("kubectl")
                .args(["apply", "--namespace=default", "--dry-run=server", "--filename", &text(&objects)])
                .output()
                .expect("kubectl runs: these tests need it");
            assert!(output.status.success(), "{}: {}", file.display(), printed(&output.stderr));
            assert!(printed(&output.stderr).is_empty(), "{}: {}", file.display(), printed(&output.stderr));
        }
    }
}

/// What the chart renders with these arguments for a release of the published system's name.
fn rendered(arguments: &[&str]) -> String {
    rendered_in("gossip", arguments)
}

fn rendered_in(namespace: &str, arguments: &[&str]) -> String {
    let chart = chart();
    let output = helm(&[&["template", "gossip-statefulset", &chart, "--namespace", namespace], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", printed(&output.stderr));
    printed(&output.stdout)
}

fn helm(arguments: &[&str]) -> Output {
    let program = std::env::var_os("CNSIM_HELM").unwrap_or_else(|| OsString::from("helm"));
    let mut command = Command::new(&program);
    let output = command.args(arguments).args(["--kube-version", KUBERNETES]).output();
    output.unwrap_or_else(|error| {
        panic!("cannot run {}: {error}; install Helm 3, or name it in CNSIM_HELM", program.display())
    })
}

/// The arguments of the nodes' container.
fn command_line(rendered: &str) -> Vec<String> {
    let after = rendered.split("          args:\n").nth(1).expect("the nodes have arguments");
    let block = after.split("          env:\n").next().expect("a split has a first part");
    let words = block.lines().filter_map(|line| line.trim().strip_prefix("- "));
    // A text in quotes is written as in JSON.
    words.map(|word| serde_json::from_str(word).unwrap_or_else(|_| word.to_owned())).collect()
}

/// A topology file of so many nodes.
fn ring(nodes: u32) -> String {
    let names: Vec<_> = (0..nodes).map(|node| serde_json::json!({ "id": format!("n-{node}") })).collect();
    let edge =
        |node| serde_json::json!({ "source": format!("n-{node}"), "target": format!("n-{}", (node + 1) % nodes) });
    let edges: Vec<_> = (0..nodes).map(edge).collect();
    serde_json::json!({ "directed": false, "multigraph": false, "graph": {}, "nodes": names, "edges": edges })
        .to_string()
}

/// The values files that stand for the ways to use the chart.
fn values_files() -> Vec<PathBuf> {
    let folder = Path::new(&chart()).join("ci");
    let entries = fs::read_dir(folder).expect("the chart has a folder ci");
    let files = entries.map(|entry| entry.expect("the folder is readable").path());
    let mut files: Vec<PathBuf> = files.filter(|file| text(file).ends_with("-values.yaml")).collect();
    files.sort();
    assert!(files.len() >= 7, "{files:?}");
    files
}

/// `default` of `ci/default-values.yaml`.
fn name(file: &Path) -> String {
    let stem = file.file_stem().expect("a values file has a name").to_string_lossy();
    stem.trim_end_matches("-values").to_owned()
}

fn chart() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../helm/cnsim").to_owned()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn printed(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
