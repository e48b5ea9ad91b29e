//! telemetry.parquet: a line for each pod and time, a column for each quantity with its unit in the name, in the order of
//! pods and times.

use std::collections::BTreeMap;
use std::io::{BufWriter, Cursor};
use std::path::Path;

use polars::prelude::*;

use super::error::TelemetryError;
use super::series::{Quantity, Sample, Series};
use cnsim_files::whole;

/// Its name in a run folder.
pub const FILE: &str = "telemetry.parquet";
/// The column of pods; empty where the source has summed over them.
const POD: &str = "pod";
/// The column of times, in ns since the Unix epoch.
const AT: &str = "at_ns";

/// Writes series into the file, which is whole or as it was.
pub fn write(path: &Path, series: &[Series]) -> Result<(), TelemetryError> {
    let written = whole::stage(path).map_err(PolarsError::from).and_then(|mut staged| {
        ParquetWriter::new(BufWriter::new(staged.as_file_mut())).finish(&mut frame(series)?)?;
        whole::put(staged, path).map_err(PolarsError::from)
    });
    written
        .map_err(|error| TelemetryError::Write { path: path.to_owned(), reason: error.to_string().replace('\n', " ") })
}

/// Reads the file.
pub fn read(path: &Path) -> Result<Vec<Series>, TelemetryError> {
    let bytes = std::fs::read(path).map_err(|source| TelemetryError::Read { path: path.to_owned(), source })?;
    parse(path, bytes)
}

/// Reads the file's bytes.
pub(super) fn parse(path: &Path, bytes: Vec<u8>) -> Result<Vec<Series>, TelemetryError> {
    let from = path.display().to_string();
    let damaged = |reason: String| TelemetryError::Damaged { from: from.clone(), reason: reason.replace('\n', " ") };
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().map_err(|error| damaged(error.to_string()))?;
    all_series(&frame, &from).map_err(|error| damaged(error.to_string()))
}

fn frame(series: &[Series]) -> PolarsResult<DataFrame> {
    let mut lines: BTreeMap<(&str, i64), [Option<f64>; Quantity::ALL.len()]> = BTreeMap::new();
    for one in series {
        let column = place(one.quantity);
        for sample in &one.samples {
            lines.entry((one.pod.as_deref().unwrap_or_default(), sample.at_ns)).or_default()[column] =
                Some(sample.value);
        }
    }
    let pods: Vec<&str> = lines.keys().map(|(pod, _)| *pod).collect();
    let times: Vec<i64> = lines.keys().map(|(_, at)| *at).collect();
    let values = Quantity::ALL.map(|quantity| {
        let column: Vec<Option<f64>> = lines.values().map(|line| line[place(quantity)]).collect();
        Column::new(quantity.column().into(), column)
    });
    let keys = [Column::new(POD.into(), pods), Column::new(AT.into(), times)];
    DataFrame::new(lines.len(), keys.into_iter().chain(values).collect())
}

fn all_series(frame: &DataFrame, from: &str) -> PolarsResult<Vec<Series>> {
    let (pods, times) = (frame.column(POD)?.str()?, frame.column(AT)?.i64()?);
    let mut found: BTreeMap<(&str, Quantity), Vec<Sample>> = BTreeMap::new();
    for quantity in Quantity::ALL {
        let values = frame.column(quantity.column())?.f64()?;
        for (row, value) in values.iter().enumerate() {
            if let (Some(pod), Some(at_ns), Some(value)) = (pods.get(row), times.get(row), value) {
                found.entry((pod, quantity)).or_default().push(Sample { at_ns, value });
            }
        }
    }
    let series = found.into_iter().map(|((pod, quantity), mut samples)| {
        samples.sort_by_key(|sample| sample.at_ns);
        let pod = Some(pod).filter(|pod| !pod.is_empty()).map(str::to_owned);
        Series { quantity, condition: None, pod, samples, source: from.to_owned() }
    });
    Ok(series.collect())
}

fn place(quantity: Quantity) -> usize {
    Quantity::ALL.iter().position(|other| *other == quantity).expect("ALL names every quantity")
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE);
        let source = path.display().to_string();
        let one = |quantity, pod: Option<&str>, samples: &[(i64, f64)]| Series {
            quantity,
            condition: None,
            pod: pod.map(str::to_owned),
            samples: samples.iter().map(|(at_ns, value)| Sample { at_ns: *at_ns, value: *value }).collect(),
            source: source.clone(),
        };
        let series = [
            one(Quantity::Memory, None, &[(5, 1e9)]),
            one(Quantity::Cpu, Some("g-0"), &[(5, 0.5), (6, 0.25)]),
            one(Quantity::Received, Some("g-0"), &[(6, 10.0)]),
        ];

        write(&path, &series).unwrap();

        assert_eq!(read(&path).unwrap(), series);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_without_its_columns_is_damaged() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.parquet");
        let mut other = df!("pod" => ["a"]).unwrap();
        ParquetWriter::new(File::create(&path).unwrap()).finish(&mut other).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("at_ns"));
    }
}
