//! A BigQuery server with tables as a log sink of Cloud Logging fills them: numbers as FLOAT64, names in lower case, the
//! key of the entry in a column of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a server is waited for")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

/// The project and the dataset of every table.
pub(crate) const PROJECT: &str = "study";
pub(crate) const DATASET: &str = "gke_logs";
/// How long a server may take to begin.
const BEGIN: Duration = Duration::from_secs(300);

/// A running server.
pub(crate) struct Server {
    pub(crate) rest: String,
    pub(crate) storage: String,
    child: Child,
    http: reqwest::Client,
    runtime: Runtime,
    _data: tempfile::TempDir,
}

/// How a table is divided by time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Divided {
    No,
    ByTimestamp,
    ByIngestion,
}

impl Server {
    /// Starts the program that `CNSIM_BIGQUERY_SERVER` names: it is given a REST port, a gRPC port and a folder.
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("CNSIM_BIGQUERY_SERVER")
            .map(PathBuf::from)
            .expect("CNSIM_BIGQUERY_SERVER names a program that serves BigQuery: `just bigquery` sets it");
        let data = tempfile::tempdir().unwrap();
        let (rest, grpc) = (free_port(), free_port());
        let mut command = Command::new(&program);
        command.args([rest.to_string(), grpc.to_string()]).arg(data.path().join("data"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (rest, storage) = (format!("http://127.0.0.1:{rest}"), format!("http://127.0.0.1:{grpc}"));
        let mut server = Self { rest, storage, child, http, runtime, _data: data };
        server.wait();
        let reference = json!({"datasetReference": {"projectId": PROJECT, "datasetId": DATASET}});
        server.post("datasets", &reference);
        server
    }

    /// Makes a table for the payload's fields and puts entries into it.
    pub(crate) fn table(&self, name: &str, divided: Divided, entries: &[Value]) {
        let fields = fields(entries);
        let mut table = json!({
            "tableReference": {"projectId": PROJECT, "datasetId": DATASET, "tableId": name},
            "schema": {"fields": fields},
        });
        let tables = format!("datasets/{DATASET}/tables");
        match divided {
            Divided::No => self.post(&tables, &table),
            Divided::ByTimestamp => {
                table["timePartitioning"] = json!({"type": "DAY", "field": "timestamp"});
                self.post(&tables, &table);
            }
            // The server knows when rows came in only where a statement made the table.
            Divided::ByIngestion => {
                let columns = columns(&fields).join(", ");
                let sql = format!("CREATE TABLE `{PROJECT}.{DATASET}.{name}` ({columns}) PARTITION BY _PARTITIONDATE");
                self.post("queries", &json!({"query": sql, "useLegacySql": false}));
            }
        }
        self.add(name, entries);
    }

    /// Puts more entries into a table.
    pub(crate) fn add(&self, name: &str, entries: &[Value]) {
        for some in entries.chunks(500) {
            let rows: Vec<Value> = some.iter().map(|entry| json!({"json": entry})).collect();
            self.post(&format!("datasets/{DATASET}/tables/{name}/insertAll"), &json!({"rows": rows}));
        }
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        let url = format!("{}/bigquery/v2/projects/{PROJECT}/datasets", self.rest);
        while self.runtime.block_on(self.http.get(&url).send()).is_err() {
            assert!(begun.elapsed() < BEGIN, "the BigQuery server did not begin within {BEGIN:?}");
            assert!(self.child.try_wait().unwrap().is_none(), "the BigQuery server ended before it began");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn post(&self, path: &str, body: &Value) {
        let url = format!("{}/bigquery/v2/projects/{PROJECT}/{path}", self.rest);
        let answer = self.runtime.block_on(async {
            let answer = self.http.post(url).json(body).send().await.unwrap();
            let status = answer.status();
            (status, answer.text().await.unwrap())
        });
        assert!(answer.0.is_success() && !answer.1.contains("insertErrors"), "{path}: {}", answer.1);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line that a node wrote, as an entry of the log.
pub(crate) fn entry(line: &str) -> Value {
    let mut record: Map<String, Value> = serde_json::from_str(line).unwrap();
    let insert_id = record.remove("logging.googleapis.com/insertId").unwrap();
    let received: i64 = record["received_ns"].as_str().unwrap().parse().unwrap();
    let pod = record["receiver_id"].clone();
    logged(payload(record), insert_id, received, pod)
}

/// The records of a published CSV, as entries of their log.
pub(crate) fn seed_entries(csv: &str) -> Vec<Value> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let record = |line: &str| -> Map<String, Value> {
        let cell = |(name, cell): (&&str, &str)| {
            let value = cell.parse::<f64>().ok().filter(|_| matches!(*name, "received_timestamp" | "propagation_time"));
            ((*name).to_owned(), value.map_or_else(|| Value::from(cell), Value::from))
        };
        names.iter().zip(line.split(',')).filter(|(_, cell)| !cell.is_empty()).map(cell).collect()
    };
    lines.enumerate().map(|(number, line)| seed_entry(number, record(line))).collect()
}

fn seed_entry(number: usize, record: Map<String, Value>) -> Value {
    let received = record["received_timestamp"].as_f64().unwrap() as i64;
    let pod = record["receiver_id"].clone();
    logged(payload(record), format!("insert{number}").into(), received, pod)
}

fn payload(record: Map<String, Value>) -> Value {
    let float = |value: Value| value.as_f64().map_or(value, Value::from);
    let field = |(name, value): (String, Value)| (name.to_lowercase(), float(value));
    Value::Object(record.into_iter().filter(|(_, value)| !value.is_null()).map(field).collect())
}

fn logged(payload: Value, insert_id: Value, at_ns: i64, pod: Value) -> Value {
    let time = chrono::DateTime::from_timestamp_nanos(at_ns).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    json!({
        "logName": format!("projects/{PROJECT}/logs/stdout"),
        "resource": {"type": "k8s_container", "labels": {"namespace_name": "default", "pod_name": pod}},
        "jsonPayload": payload,
        "timestamp": time,
        "receiveTimestamp": time,
        "severity": "INFO",
        "insertId": insert_id,
    })
}

/// The columns that entries' fields would have made.
fn fields(entries: &[Value]) -> Vec<Value> {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind, "mode": "NULLABLE"});
    let record =
        |name: &str, fields: Vec<Value>| json!({"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": fields});
    let mut payload = Map::new();
    for (name, value) in entries.iter().flat_map(|entry| entry["jsonPayload"].as_object().unwrap()) {
        payload.insert(name.clone(), field(name, if value.is_string() { "STRING" } else { "FLOAT" }));
    }
    let labels = vec![field("namespace_name", "STRING"), field("pod_name", "STRING")];
    vec![
        field("logName", "STRING"),
        record("resource", vec![field("type", "STRING"), record("labels", labels)]),
        field("textPayload", "STRING"),
        record("jsonPayload", payload.into_iter().map(|(_, field)| field).collect()),
        field("timestamp", "TIMESTAMP"),
        field("receiveTimestamp", "TIMESTAMP"),
        field("severity", "STRING"),
        field("insertId", "STRING"),
    ]
}

/// The same as a statement names them.
fn columns(fields: &[Value]) -> Vec<String> {
    let column = |field: &Value| {
        let kind = match (field["type"].as_str().unwrap(), field["fields"].as_array()) {
            (_, Some(fields)) => format!("STRUCT<{}>", columns(fields).join(", ")),
            ("FLOAT", None) => "FLOAT64".to_owned(),
            (kind, None) => kind.to_owned(),
        };
        format!("{} {kind}", field["name"].as_str().unwrap())
    };
    fields.iter().map(column).collect()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
