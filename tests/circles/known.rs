//! What does not keep the order of the house yet: take out what is mended. A list that holds more than there is fails too.

/// Files that use each other in a circle, each circle sorted.
pub(crate) const CIRCLES: &[&[&str]] = &[
    &[
        "analyze/src/measure/critical.rs",
        "analyze/src/measure/mod.rs",
        "analyze/src/measure/path.rs",
        "analyze/src/measure/theory.rs",
    ],
    &["analyze/src/measure/setup.rs", "analyze/src/measure/spread.rs"],
    &["analyze/src/stats/mod.rs", "analyze/src/stats/resample.rs"],
    &["records/src/block.rs", "records/src/csv.rs", "records/src/gather.rs", "records/src/parquet.rs"],
];

/// Arrows between folders of `analyze/src` against their order, as (from, to).
pub(crate) const FOLDER_ARROWS: &[(&str, &str)] = &[("audit", "evaluation")];
