//! Logs of pods that restarted, are gone, hold nothing, or may not be read.

use std::collections::BTreeMap;

use cnsim_cluster::{Act, Container, Ended};
use futures_util::io::Cursor;

use super::*;

/// A namespace whose pods have these logs; what is not here cannot be had.
#[derive(Default)]
struct Fake {
    pods: Vec<Pod>,
    logs: BTreeMap<(String, bool), String>,
    refused: Option<u16>,
}

const GET_LOG: Act = Act { verb: "get", resource: "pods/log" };

impl Fake {
    fn with(mut self, pod: &str, restarts: u32, state: State) -> Self {
        let last = (restarts > 0).then(|| Ended { exit_code: 137, reason: "Error".to_owned(), at: None });
        let container = Container { image: String::new(), image_id: String::new(), restarts, state, last };
        self.pods.push(Pod { name: pod.to_owned(), container: Some(container), ..Pod::default() });
        self
    }

    fn logged(mut self, pod: &str, instance: Instance, text: &str) -> Self {
        self.logs.insert((pod.to_owned(), instance == Instance::Previous), text.to_owned());
        self
    }
}

impl LogSource for Fake {
    fn namespace(&self) -> &str {
        "gossip"
    }

    async fn pods(&self, selector: &str) -> Result<Vec<Pod>, AccessError> {
        assert!(selector.starts_with("app.kubernetes.io/name=cnsim,app.kubernetes.io/component=node"), "{selector}");
        let is_wanted = !selector.contains("instance=") || selector.ends_with(",app.kubernetes.io/instance=here");
        Ok(if is_wanted { self.pods.clone() } else { Vec::new() })
    }

    async fn log(&self, pod: &str, instance: Instance) -> Result<Lines, AccessError> {
        if self.refused == Some(403) {
            let message = "pods is forbidden".to_owned();
            return Err(AccessError::Forbidden { act: GET_LOG, namespace: "gossip".to_owned(), message });
        }
        let log = self.logs.get(&(pod.to_owned(), instance == Instance::Previous));
        let reason = "previous terminated container not found".to_owned();
        let text = log.ok_or(AccessError::Failed { act: GET_LOG, reason })?.clone();
        Ok(Box::pin(Cursor::new(text.into_bytes())))
    }
}

fn collected(fake: &Fake, release: Option<&str>) -> Result<(Logs, tempfile::TempDir), LogsError> {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let logs = runtime.block_on(collect(fake, release, folder.path()))?;
    Ok((logs, folder))
}

fn record(seq: u32) -> String {
    format!("{{\"event_type\":\"received\",\"seq\":{seq}}}\n")
}

#[test]
fn every_container_instance_becomes_a_file_of_its_records() {
    let both = format!("INFO it listens\n{}{}", record(1), record(2));
    let fake = Fake::default()
        .with("g-0", 0, State::Running)
        .with("g-1", 1, State::Running)
        .logged("g-0", Instance::Current, &both)
        .logged("g-1", Instance::Previous, &record(7))
        .logged("g-1", Instance::Current, "INFO it listens\n");

    let (found, _folder) = collected(&fake, Some("here")).unwrap();

    let names: Vec<String> = found.logs.iter().map(PodLog::name).collect();
    assert_eq!(names, ["g-0.jsonl", "g-1.previous.jsonl", "g-1.jsonl"]);
    assert_eq!(found.notes, Vec::<String>::new());
    assert_eq!((found.logs[0].lines, found.logs[0].bytes), (3, both.len() as u64));
    assert_eq!(std::fs::read_to_string(&found.logs[0].path).unwrap(), format!("{}{}", record(1), record(2)));
    let hold: Vec<bool> = found.logs.iter().map(|log| log.holds_records).collect();
    assert_eq!(hold, [true, true, false]);
}

#[test]
fn logs_that_are_gone_are_told_and_the_others_fetched() {
    let fake = Fake::default().with("g-0", 3, State::Running).logged("g-0", Instance::Current, &record(1)).with(
        "g-1",
        0,
        State::Waiting { reason: "ContainerCreating".to_owned(), message: String::new() },
    );

    let (found, _folder) = collected(&fake, None).unwrap();

    assert_eq!(found.logs.len(), 1);
    let [before, earlier, waiting] = &found.notes[..] else { panic!("{:?}", found.notes) };
    assert!(before.starts_with("g-0: the log of its container before the last restart is gone: previous"), "{before}");
    assert!(earlier.contains("started again 3 times, and the logs of the first 2 containers are gone"), "{earlier}");
    assert_eq!(waiting, "g-1: there is no log of it yet: ContainerCreating");
}

#[test]
fn what_cannot_be_fetched_gets_one_line() {
    let message = |fake: &Fake, release| collected(fake, release).unwrap_err().to_string();
    let silent = Fake::default().with("g-0", 0, State::Running).logged("g-0", Instance::Current, "INFO nothing\n");
    assert_eq!(message(&silent, None), "the logs of 1 pods in namespace gossip hold no event record");
    let selector = "app.kubernetes.io/name=cnsim,app.kubernetes.io/component=node,app.kubernetes.io/instance=there";
    let expected =
        format!("no pod in namespace gossip has the labels {selector}: give --namespace, --context or --release");
    assert_eq!(message(&silent, Some("there")), expected);
    let refused = Fake { refused: Some(403), ..Fake::default().with("g-0", 1, State::Running) };
    let expected = "no permission to get pods/log in namespace gossip: pods is forbidden";
    assert_eq!(message(&refused, None), expected);
    let gone = Fake::default().with("g-0", 0, State::Running);
    assert_eq!(message(&gone, None), "cannot get pods/log: previous terminated container not found");
}
