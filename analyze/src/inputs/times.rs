//! Whether times can be what they are taken for: nanoseconds of these years.

use std::path::Path;

use chrono::DateTime;
use cnsim_records::times::TimeScale;

use super::error::InputError;

/// 2000-01-01 and 2100-01-01, ns since the Unix epoch: between them lies every time of a run, real or simulated.
const YEARS_NS: std::ops::Range<i64> = 946_684_800_000_000_000..4_102_444_800_000_000_000;

/// What times may count, in ns, and how `--time-unit` calls it.
const UNITS: [(&str, i64); 3] = [("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];

/// Refuses times of which none lies in these years. A single one may be damaged: that is for the audit to tell.
pub(super) fn check_times(file: &Path, (first_ns, last_ns): (i64, i64), scale: TimeScale) -> Result<(), InputError> {
    if last_ns >= YEARS_NS.start && first_ns < YEARS_NS.end {
        return Ok(());
    }
    let example = first_ns.saturating_sub(scale.origin_ns) / scale.unit_ns.max(1);
    let unit =
        UNITS.into_iter().find(|(_, unit_ns)| example.checked_mul(*unit_ns).is_some_and(|ns| YEARS_NS.contains(&ns)));
    let advice = match unit {
        Some((unit, _)) if scale.is_own() => format!("they look like {unit}: add --time-unit {unit}"),
        Some(_) | None => {
            "say what they count with --time-unit, and from when with --time-origin, as in --time-unit us --time-origin \
             2030-01-01T00:00:00Z"
                .to_owned()
        }
    };
    let (path, as_time) = (file.display().to_string(), DateTime::from_timestamp_nanos(first_ns).format("%Y-%m-%d"));
    Err(InputError::Times { path, example, as_time: as_time.to_string(), advice })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(time: i64, scale: TimeScale) -> Option<String> {
        let ns = scale.to_ns(time);
        check_times(Path::new("x.jsonl"), (ns, ns), scale).err().map(|error| error.to_string())
    }

    #[test]
    fn times_of_other_units_are_told_with_the_unit() {
        const MS: i64 = 1_796_017_791_966;
        let own = TimeScale::default();
        for (time, unit) in [(MS, "ms"), (MS * 1_000, "us"), (MS / 1_000, "s")] {
            let refusal = refusal(time, own).unwrap();
            assert!(refusal.ends_with(&format!("they look like {unit}: add --time-unit {unit}")), "{refusal}");
        }
        assert_eq!(refusal(MS * 1_000_000, own), None);
        assert_eq!(refusal(MS, TimeScale { unit_ns: 1_000_000, origin_ns: 0 }), None);
        assert_eq!(refusal(5, TimeScale { unit_ns: 1_000, origin_ns: YEARS_NS.start }), None);
        assert!(refusal(5, own).unwrap().contains("--time-origin"));
    }
}
