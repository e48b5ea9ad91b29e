//! From what was measured to the plain numbers of figures: one adapter a file.

pub mod telemetry;
