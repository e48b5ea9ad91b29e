//! Answers of Prometheus' HTTP API, which Google's Cloud Monitoring speaks too: a matrix of series.

use std::path::Path;

use serde::Deserialize;

use super::error::TelemetryError;
use super::series::{Quantity, Sample, Series};

/// An answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    status: String,
    data: Option<Data>,
    #[serde(default)]
    error: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Stream>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    #[serde(default)]
    metric: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// The series of an answer that was kept in a file. What they measure is typed, or in the series' names.
pub(crate) fn of_file(path: &Path, typed: Option<Quantity>, bytes: &[u8]) -> Result<Vec<Series>, TelemetryError> {
    let from = path.display().to_string();
    let spoken = path.file_name().and_then(|name| Quantity::of_file_name(&name.to_string_lossy()));
    let named = |metric: &str| typed.or_else(|| Quantity::of_file_name(metric)).or(spoken);
    parse(&from, named, bytes)
}

/// The series of an answer to a query for one quantity.
#[cfg(feature = "bigquery")]
pub(crate) fn of_query(query: &str, quantity: Quantity, answer: Answer) -> Result<Vec<Series>, TelemetryError> {
    all(query, |_| Some(quantity), answer)
}

fn parse(from: &str, quantity: impl Fn(&str) -> Option<Quantity>, bytes: &[u8]) -> Result<Vec<Series>, TelemetryError> {
    let damaged =
        |error: serde_json::Error| TelemetryError::Damaged { from: from.to_owned(), reason: error.to_string() };
    all(from, quantity, serde_json::from_slice(bytes).map_err(damaged)?)
}

fn all(from: &str, quantity: impl Fn(&str) -> Option<Quantity>, answer: Answer) -> Result<Vec<Series>, TelemetryError> {
    let damaged = |reason: String| TelemetryError::Damaged { from: from.to_owned(), reason };
    let data = answer.data.filter(|_| answer.status == "success");
    let data = data.ok_or_else(|| damaged(format!("the query failed: {}", answer.error)))?;
    if data.result_type != "matrix" {
        return Err(damaged(format!("it holds a {}, and a range query gives a matrix", data.result_type)));
    }
    data.result.into_iter().map(|stream| series(from, &quantity, stream).map_err(damaged)).collect()
}

fn series(from: &str, quantity: impl Fn(&str) -> Option<Quantity>, stream: Stream) -> Result<Series, String> {
    let label = |name: &str| stream.metric.get(name).and_then(|value| value.as_str());
    let name = label("__name__").unwrap_or_default();
    let quantity = quantity(name).ok_or_else(|| {
        format!("the series {name:?} does not say what it measures: give cpu=FILE, memory=FILE, received=FILE or transmitted=FILE")
    })?;
    let samples = stream.values.iter().map(|(seconds, text)| {
        let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
        Ok(Sample { at_ns: (seconds * 1e3).round() as i64 * 1_000_000, value })
    });
    let samples: Result<Vec<Sample>, String> = samples.collect();
    let mut samples: Vec<Sample> = samples?.into_iter().filter(|sample| sample.value.is_finite()).collect();
    samples.sort_by_key(|sample| sample.at_ns);
    if name.ends_with("_total") && quantity != Quantity::Memory {
        samples = rates(&samples);
    }
    let pod = label("pod_name").or_else(|| label("pod")).map(str::to_owned);
    Ok(Series { quantity, condition: None, pod, samples, source: from.to_owned() })
}

/// What a counter grew by in a second, at each sample but the first. One that falls was begun anew and counts from 0, as
/// Prometheus' `rate` takes it.
fn rates(counted: &[Sample]) -> Vec<Sample> {
    let rate = |pair: &[Sample]| {
        let (before, now) = (pair[0], pair[1]);
        let seconds = (now.at_ns - before.at_ns) as f64 / 1e9;
        let grown = if now.value >= before.value { now.value - before.value } else { now.value };
        (seconds > 0.0).then(|| Sample { at_ns: now.at_ns, value: grown / seconds })
    };
    counted.windows(2).filter_map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: &str, bytes: &[u8]) -> Result<Vec<Series>, TelemetryError> {
        parse(from, |_| Some(Quantity::Cpu), bytes)
    }

    #[test]
    fn a_matrix_becomes_a_series_for_each_pod() {
        let answer = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"pod_name":"g-0"},"values":[[1767225780,"0.25"],[1767225720,"0.5"],[1767225840,"NaN"]]}]}}"#;
        let series = read("q", answer).unwrap();
        let expected = [
            Sample { at_ns: 1_767_225_720_000_000_000, value: 0.5 },
            Sample { at_ns: 1_767_225_780_000_000_000, value: 0.25 },
        ];
        assert_eq!((series[0].pod.as_deref(), series[0].samples.as_slice()), (Some("g-0"), &expected[..]));
    }

    #[test]
    fn a_counter_becomes_a_rate_and_one_that_was_begun_anew_counts_from_nothing() {
        let answer = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"__name__":"container_cpu_usage_seconds_total","pod":"p0"},
             "values":[[1742952300,"100.0"],[1742952360,"101.2"],[1742952420,"0.6"]]}]}}"#;
        let values: Vec<f64> = read("q", answer).unwrap()[0].samples.iter().map(|sample| sample.value).collect();
        assert!((values[0] - 0.02).abs() < 1e-12 && (values[1] - 0.01).abs() < 1e-12, "{values:?}");
        assert_eq!(values.len(), 2);
    }

    #[test]
    fn a_failed_query_says_why() {
        let answer = br#"{"status":"error","errorType":"bad_data","error":"1:6: parse error"}"#;
        let error = read("q", answer).unwrap_err().to_string();
        assert_eq!(error, "q: the query failed: 1:6: parse error");
        assert!(read("q", b"<html>").unwrap_err().to_string().starts_with("q: expected value"));
    }

    #[test]
    fn a_kept_answer_must_say_what_it_measures() {
        let answer = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"__name__":"kubernetes_io:container_memory_used_bytes","pod":"g-0"},"values":[[1,"2"]]}]}}"#;
        assert_eq!(of_file(Path::new("a.json"), None, answer).unwrap()[0].quantity, Quantity::Memory);
        let nameless =
            br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}]}}"#;
        assert!(of_file(Path::new("a.json"), None, nameless).unwrap_err().to_string().contains("give cpu=FILE"));
        assert_eq!(of_file(Path::new("rx-received.json"), None, nameless).unwrap()[0].quantity, Quantity::Received);
    }
}
