//! From event records to numbers, figures and a verdict on their quality.

pub mod frame;
pub mod metric;
pub mod quality;
pub mod round;
pub mod source;
pub mod stats;
pub mod table;
