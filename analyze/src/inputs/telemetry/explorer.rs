//! CSV as Google's Metrics Explorer exports it: a column for each series, times as a browser writes them.

use std::path::Path;

use chrono::DateTime;

use super::error::TelemetryError;
use super::series::{Quantity, Sample, Series};

/// What the header begins with.
const HEADER: &str = "TimeSeries ID";
/// The label that names the pod of a column, where the export was not summed over pods.
const POD: &str = "pod_name";

/// Whether a file begins as such an export does.
pub(super) fn is_export(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.strip_prefix(b"\"").unwrap_or(bytes);
    bytes.starts_with(HEADER.as_bytes())
}

/// The series of an export. Lines between the header and the first time are labels of the columns.
pub(super) fn parse(path: &Path, quantity: Quantity, bytes: &[u8]) -> Result<Vec<Series>, TelemetryError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let mut series: Vec<Series> = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut number = 0;
    loop {
        let wrong = |reason: String| TelemetryError::Line { path: path.to_owned(), line: number + 1, reason };
        let read = lines.read_record(&mut record).map_err(|error| wrong(in_one_line(&error)))?;
        if !read {
            break;
        }
        number += 1;
        if number == 1 {
            let one = || Series {
                quantity,
                condition: None,
                pod: None,
                samples: Vec::new(),
                source: path.display().to_string(),
            };
            series = record.iter().skip(1).map(|_| one()).collect();
            continue;
        }
        take(&record, &mut series).map_err(|reason| TelemetryError::Line {
            path: path.to_owned(),
            line: number,
            reason,
        })?;
    }
    for one in &mut series {
        one.samples.sort_by_key(|sample| sample.at_ns);
    }
    Ok(series)
}

/// Takes a line of labels or of values.
fn take(record: &csv::StringRecord, series: &mut [Series]) -> Result<(), String> {
    let first = record.get(0).unwrap_or_default();
    let fields = record.iter().skip(1).zip(series.iter_mut());
    let Some(at_ns) = time(first) else {
        if is_meant_as_time(first) {
            return Err(format!("{first:?} is no time, as `Wed Mar 26 2025 08:55:00 GMT+0800`"));
        }
        if first.ends_with(POD) {
            fields.for_each(|(field, one)| one.pod = Some(field.to_owned()));
        }
        return Ok(());
    };
    for (field, one) in fields.filter(|(field, _)| !field.is_empty()) {
        let value = field.parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| format!("{field:?} is no number"))?;
        one.samples.push(Sample { at_ns, value });
    }
    Ok(())
}

/// Whether a first field is a time that went wrong: a label's name has no time of day in it.
fn is_meant_as_time(first: &str) -> bool {
    first.contains(':') && first.bytes().any(|byte| byte.is_ascii_digit())
}

/// `Wed Mar 26 2025 08:55:00 GMT+0800 (Malaysia Time)`, whose name of the zone depends on the browser, or RFC 3339.
fn time(text: &str) -> Option<i64> {
    let plain = text.split(" (").next().unwrap_or_default();
    let browsers = DateTime::parse_from_str(plain, "%a %b %d %Y %H:%M:%S GMT%z");
    browsers.or_else(|_| DateTime::parse_from_rfc3339(plain)).ok()?.timestamp_nanos_opt()
}

fn in_one_line(error: &csv::Error) -> String {
    error.to_string().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Series>, String> {
        assert!(is_export(text.as_bytes()));
        parse(Path::new("x.csv"), Quantity::Cpu, text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_browsers_time_is_read_with_its_zone() {
        let series =
            read("TimeSeries ID,telemetry-explorer-0-0\nWed Mar 26 2025 08:55:00 GMT+0800 (Malaysia Time),2.5\n");
        let expected = Sample { at_ns: 1_742_950_500_000_000_000, value: 2.5 };
        assert_eq!(series.unwrap()[0].samples, [expected]);
        assert_eq!(time("Wed Mar 26 2025 00:55:00 GMT+0000 (Coordinated Universal Time)"), Some(expected.at_ns));
    }

    #[test]
    fn columns_are_series_and_labels_name_their_pods() {
        let series = read(
            "TimeSeries ID,a,b\nresource.labels.pod_name,g-0,g-1\nmetric,x,x\n2025-03-26T01:00:00Z,1,\n2025-03-26T00:59:00Z,2,3\n",
        )
        .unwrap();
        assert_eq!(series.iter().map(|one| one.pod.as_deref()).collect::<Vec<_>>(), [Some("g-0"), Some("g-1")]);
        assert_eq!(series[0].samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [2.0, 1.0]);
        assert_eq!(series[1].samples.len(), 1);
    }

    #[test]
    fn a_line_that_is_no_sample_is_named() {
        let text = "TimeSeries ID,a\n2025-03-26T01:00:00Z,1\n2025-03-26T01:60:00Z,1\n";
        assert!(read(text).unwrap_err().starts_with("x.csv:3: \"2025-03-26T01:60:00Z\" is no time"));
        assert!(
            read("TimeSeries ID,a\n2025-03-26T01:00:00Z,lots\n")
                .unwrap_err()
                .contains("x.csv:2: \"lots\" is no number")
        );
        assert!(read("TimeSeries ID,a\n2025-03-26T01:00:00Z,1,2\n").unwrap_err().starts_with("x.csv:2: "));
    }
}
