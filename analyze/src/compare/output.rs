//! A comparison as bytes: the table of comparisons, for readers with a sentence for each and what each side is.

use super::{Comparison, Format, Side};
use crate::output;

pub(super) fn written(format: Format, comparisons: &[Comparison], sides: &[Side]) -> Vec<u8> {
    match format {
        Format::Json => output::comparisons(comparisons).to_json(),
        Format::Csv => output::comparisons(comparisons).to_csv(),
        Format::Text => {
            let sentences: String =
                comparisons.iter().map(|comparison| format!("{}.\n", comparison.sentence)).collect();
            let parts = [
                sentences.into_bytes(),
                output::comparisons_for_readers(comparisons).to_text(),
                output::sides(sides).to_text(),
            ];
            parts.join(&b'\n')
        }
    }
}
