//! A report's page in a real browser: no console error, no outside request, every figure there, nothing wider than a
//! phone. Needs Chromium (`chromium`, `chromium-browser` or `$CHROMIUM`) and fails where there is none.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod support;

use support::{FIGURES, fixture, flood_folder, limit_and_disturb, report};

/// The widths of a phone and of a laptop, in CSS pixels.
const WIDTHS: [u32; 2] = [375, 1280];

#[test]
fn the_page_is_whole_and_asks_for_nothing() {
    let home = tempfile::tempdir().unwrap();
    let index = page(home.path());
    let Visit { dom, console, requests } = visit(home.path(), &index);
    assert_eq!(console, Vec::<String>::new());
    assert_eq!(requests, Vec::<String>::new());
    assert!(dom.contains("<h2>Verdict: sound</h2>"), "no verdict in the page");
    // One machine and one number of nodes, a closed loop without control messages, faults or telemetry: these have nothing to show.
    let absent = [
        "coverage-under-faults",
        "population",
        "components",
        "latency-by-hosts",
        "growth-residuals",
        "control",
        "offered-load",
        "telemetry",
    ];
    let shown: Vec<&str> = FIGURES.into_iter().filter(|figure| !absent.contains(figure)).collect();
    for figure in &shown {
        assert!(dom.contains(&format!("<figure id=\"{figure}\">")), "no figure {figure} in the page");
    }
    assert_eq!(dom.matches("<svg").count(), shown.len());
}

#[test]
fn a_page_that_asks_and_complains_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let page = home.path().join("page.html");
    let text = "<!doctype html><img src=\"https://outside.example/a.png\"><script>console.error('bad')</script>";
    fs::write(&page, text).unwrap();
    let visit = visit(home.path(), &page);
    assert!(visit.console.iter().any(|line| line.contains("bad")), "{:?}", visit.console);
    assert_eq!(visit.requests, ["https://outside.example/a.png"]);
}

#[test]
fn nothing_is_wider_than_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    limit_and_disturb(&folder);
    let long = format!("{}={}", "condition".repeat(12), fixture("seed-n5.csv").display());
    report(&[folder.to_str().unwrap(), &long, "-o", "wide"], home.path()).success();
    for width in WIDTHS {
        assert_eq!(needed_width(home.path(), &home.path().join("wide/index.html"), width), width);
    }
}

#[test]
fn a_page_that_is_too_wide_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let page = home.path().join("page.html");
    fs::write(&page, "<!doctype html><body style='margin:0'><p style='width:2000px'>wide</p>").unwrap();
    assert_eq!(needed_width(home.path(), &page, 375), 2000);
}

#[test]
fn the_page_prints() {
    let home = tempfile::tempdir().unwrap();
    let index = page(home.path());
    let pdf = home.path().join("report.pdf");
    chromium(home.path(), &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display()), &url(&index)]);
    assert!(fs::read(pdf).unwrap().starts_with(b"%PDF-"));
}

/// A report on a run folder, in `home`.
fn page(home: &Path) -> PathBuf {
    let folder = flood_folder(home);
    report(&[folder.to_str().unwrap()], home).success();
    folder.join("report/index.html")
}

/// What a browser had from a page.
struct Visit {
    dom: String,
    console: Vec<String>,
    requests: Vec<String>,
}

fn visit(home: &Path, page: &Path) -> Visit {
    let net_log = home.join("net.json");
    let output = chromium(home, &[&format!("--log-net-log={}", net_log.display()), "--dump-dom", &url(page)]);
    let messages = String::from_utf8_lossy(&output.stderr);
    Visit {
        dom: String::from_utf8(output.stdout).unwrap(),
        console: messages.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
        requests: asked_for(&net_log),
    }
}

/// How wide a page is on a screen of `width` pixels, as a page says that holds it in a frame.
fn needed_width(home: &Path, page: &Path, width: u32) -> u32 {
    let probe = home.join("probe.html");
    fs::write(&probe, probe_page(page, width)).unwrap();
    let output = chromium(home, &["--allow-file-access-from-files", "--hide-scrollbars", "--dump-dom", &url(&probe)]);
    let dom = String::from_utf8(output.stdout).unwrap();
    let said = dom.split("<output>").nth(1).and_then(|rest| rest.split("</output>").next());
    said.and_then(|width| width.parse().ok()).unwrap_or_else(|| panic!("the frame was not loaded:\n{dom}"))
}

fn probe_page(index: &Path, width: u32) -> String {
    format!(
        r#"<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><output></output>
<iframe src="{}" style="width:{width}px;height:800px;border:0" onload="
  document.querySelector('output').textContent = this.contentDocument.documentElement.scrollWidth"></iframe>"#,
        url(index)
    )
}

fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Every address that a page asked for. What the browser asks for of itself has no origin.
fn asked_for(net_log: &Path) -> Vec<String> {
    let log = fs::read_to_string(net_log).unwrap();
    let mut urls: Vec<String> = log.split("{\"initiator\":\"").skip(1).filter_map(request_of_page).collect();
    urls.sort();
    urls.dedup();
    urls
}

fn request_of_page(request: &str) -> Option<String> {
    let initiator = request.split('"').next()?;
    let url = request.split("\"url\":\"").nth(1)?.split('"').next()?;
    (initiator != "not an origin").then(|| url.to_owned())
}

fn chromium(home: &Path, arguments: &[&str]) -> Output {
    let profile = home.join("profile");
    let output = Command::new(executable())
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-pings"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--timeout=5000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .output()
        .expect("Chromium starts");
    assert!(output.status.success(), "Chromium failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn executable() -> PathBuf {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    ["chromium", "chromium-browser"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
        .expect("no chromium on this machine: install it, or name it in CHROMIUM")
}
