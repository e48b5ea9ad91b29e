//! The texts of a spool's records, each with one number for all readers.

use std::sync::Arc;

use polars::prelude::{CategoricalMapping, CategoricalPhysical, Categories, PlSmallStr};

/// The texts of a spool's records, numbered as they come.
#[derive(Debug, Clone)]
pub struct SharedTexts {
    pub(super) mapping: Arc<CategoricalMapping>,
}

impl Default for SharedTexts {
    fn default() -> Self {
        let categories = Categories::random(PlSmallStr::from_static("records"), CategoricalPhysical::U32);
        Self { mapping: categories.mapping() }
    }
}
