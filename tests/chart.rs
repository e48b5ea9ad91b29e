//! What can be said about the image's and the chart's files without Docker or Helm: versions, comments, the schema, sizes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Kubernetes keeps a release in a Secret of 1 MiB, with the chart in it and beside other things.
const CHART_BYTES_MAX: usize = 128 << 10;

#[test]
fn chart_and_image_have_the_version_of_the_workspace() {
    let version = env!("CARGO_PKG_VERSION");
    let chart = read("helm/cnsim/Chart.yaml");
    assert!(chart.contains(&format!("\nversion: {version}\n")), "{chart}");
    assert!(chart.contains(&format!("\nappVersion: \"{version}\"\n")), "{chart}");
    assert!(read("Dockerfile").contains(&format!("\nARG CNSIM_VERSION={version}\n")));
}

#[test]
fn the_image_is_built_by_the_toolchain_of_the_checkout() {
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain.split('"').nth(1).expect("the channel is the first text in quotes");
    let minor = channel.rsplit_once('.').expect("a version has three numbers").0;
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains(&format!("\nFROM rust:{minor}-bookworm AS build\n")), "{dockerfile}");
    assert!(dockerfile.contains(&format!("RUSTUP_TOOLCHAIN=${{RUST_VERSION:-{channel}}}")), "{dockerfile}");
}

#[test]
fn the_build_of_the_image_sees_every_crate_and_no_history() {
    let ignored = read(".dockerignore");
    let ignored: BTreeSet<&str> = ignored.lines().collect();
    let manifest = read("Cargo.toml");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("the workspace has members");
    let members: Vec<String> = serde_json::from_str(members).expect("a list of texts reads as JSON");
    for needed in members.iter().map(String::as_str).chain(["proto", "benches", "build.rs", "Cargo.toml", "Cargo.lock"])
    {
        assert!(!ignored.contains(needed), "{needed} is kept from the build");
    }
    for kept in [".git", "**/target", "runs", "docs", "helm"] {
        assert!(ignored.contains(kept), "{kept} is sent to the build");
    }
}

#[test]
fn every_value_has_a_comment_above_it() {
    let values = read("helm/cnsim/values.yaml");
    let mut parent = "";
    let mut above = "";
    for line in values.lines() {
        let indent = line.len() - line.trim_start().len();
        let name = line.trim_start().split_once(':').map(|(name, _)| name).filter(|name| !name.starts_with('#'));
        if let Some(name) = name {
            parent = if indent == 0 { name } else { parent };
            // An object whose every part has a comment, and Kubernetes' own words, need none.
            let is_plain = line.ends_with(':') || (indent > 0 && parent == "resources");
            assert!(is_plain || above.trim_start().starts_with('#'), "{parent}: {line}");
        }
        above = line;
    }
}

#[test]
fn values_schema_and_templates_name_the_same_values() {
    let schema = schema();
    let in_schema: BTreeSet<String> = properties(&schema).keys().cloned().collect();
    let allowed: BTreeSet<String> =
        serde_json::from_value(schema["propertyNames"]["enum"].clone()).expect("the names are texts");
    let in_values = top_level(&read("helm/cnsim/values.yaml"));
    let templates: String = templates().iter().map(|path| read_path(path)).collect();

    assert_eq!(in_values, in_schema);
    assert_eq!(allowed, in_schema);
    for name in &in_values {
        assert!(templates.contains(&format!(".Values.{name}")), "no template uses {name}");
    }
}

#[test]
fn a_values_file_sets_every_value() {
    assert_eq!(top_level(&read("helm/cnsim/ci/everything-values.yaml")), top_level(&read("helm/cnsim/values.yaml")));
}

#[test]
fn the_schema_lets_no_unknown_name_pass() {
    fn walk(path: &str, node: &Value, open: &mut Vec<String>) {
        match node {
            Value::Object(object) => {
                if object.contains_key("properties") && object.get("additionalProperties") != Some(&Value::Bool(false))
                {
                    open.push(path.to_owned());
                }
                object.iter().for_each(|(name, child)| walk(&format!("{path}/{name}"), child, open));
            }
            Value::Array(items) => items.iter().for_each(|child| walk(path, child, open)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut open = Vec::new();
    walk("", &schema(), &mut open);
    assert!(open.is_empty(), "objects that take any name: {open:?}");
}

#[test]
fn every_template_says_what_it_is() {
    for path in templates().iter().filter(|path| path.extension().is_some_and(|kind| kind != "txt")) {
        assert!(read_path(path).starts_with("{{- /*"), "{}", path.display());
    }
}

#[test]
fn every_rule_of_the_example_role_says_why() {
    let rules = read("helm/cnsim/rbac-example.yaml");
    let lines: Vec<&str> = rules.lines().collect();
    let at: Vec<usize> = (1..lines.len()).filter(|at| lines[*at].starts_with("  - apiGroups:")).collect();
    let bare: Vec<usize> = at.iter().filter(|at| !lines[**at - 1].starts_with("  # ")).map(|at| at + 1).collect();
    assert!(at.len() >= 8, "the rules were found");
    assert!(bare.is_empty(), "lines {bare:?}");
}

#[test]
fn the_chart_fits_into_a_release() {
    let ignored = read("helm/cnsim/.helmignore");
    assert!(ignored.contains("\nci/\n") && ignored.contains("\nrbac-example.yaml\n"), "{ignored}");
    let top = ["Chart.yaml", "values.yaml", "values.schema.json"].map(|name| read(&format!("helm/cnsim/{name}")).len());
    let bytes = top.iter().sum::<usize>() + templates().iter().map(|path| read_path(path).len()).sum::<usize>();
    assert!(bytes < CHART_BYTES_MAX, "{bytes} bytes");
}

/// Names that stand at a line's beginning.
fn top_level(yaml: &str) -> BTreeSet<String> {
    let starts = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    yaml.lines().filter(starts).filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
}

fn schema() -> Value {
    serde_json::from_str(&read("helm/cnsim/values.schema.json")).expect("the schema is JSON")
}

fn properties(schema: &Value) -> &Map<String, Value> {
    schema["properties"].as_object().expect("the schema has properties")
}

/// The chart's templates, in the folder and the ones below.
fn templates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("helm/cnsim/templates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the chart has templates").flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    assert!(found.len() >= 5, "{found:?}");
    found
}

fn read(name: &str) -> String {
    read_path(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
}

fn read_path(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
