//! The texts of a column in order, so that comparing their numbers compares the texts.

use std::sync::Arc;

use polars::prelude::{DataType, FrozenCategories};

/// Distinct texts: the categories of a Polars `Enum`. A text's number is its place among them.
#[derive(Debug, Clone)]
pub struct Names {
    categories: Arc<FrozenCategories>,
}

impl Names {
    /// The names of `texts`, which must be sorted and distinct.
    pub fn of_sorted<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts: Vec<&str> = texts.into_iter().collect();
        assert!(texts.is_sorted_by(|a, b| a < b), "names are sorted and distinct");
        Self::in_order(texts)
    }

    /// The names of `texts` in any order, each once.
    pub fn of_any<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts: Vec<&str> = texts.into_iter().collect();
        texts.sort_unstable();
        texts.dedup();
        Self::of_sorted(texts)
    }

    /// The names of distinct `texts` in an order of their own.
    pub fn in_order<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let categories = FrozenCategories::new(texts);
        Self { categories: categories.expect("distinct texts, of which there are less than 2^32, are categories") }
    }

    /// The names that a column of this type has; none where its type is no enumeration.
    pub fn of_type(dtype: &DataType) -> Option<Self> {
        let DataType::Enum(categories, _) = dtype else { return None };
        Some(Self { categories: Arc::clone(categories) })
    }

    /// The type of a column that holds such names.
    pub fn dtype(&self) -> DataType {
        DataType::from_frozen_categories(Arc::clone(&self.categories))
    }

    /// The text of a number that a column of these names holds.
    pub fn text(&self, number: u32) -> &str {
        self.categories.categories().value(number as usize)
    }

    /// The number of a text.
    pub fn number(&self, text: &str) -> Option<u32> {
        self.categories.mapping().get_cat(text)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.categories.categories().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every text, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.categories.categories().values_iter()
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::in_order([])
    }
}

impl PartialEq for Names {
    /// Polars keeps equal categories once.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.categories, &other.categories)
    }
}

impl Eq for Names {}
