//! Values that are typed after options of several commands: choices by their names.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::measure::Origin;
use crate::measure::usage::Window;
use crate::output::Named;
use crate::table::TableFormat;

/// Reads an origin's name.
pub(super) fn origin() -> impl TypedValueParser<Value = Origin> {
    let names = PossibleValuesParser::new(Origin::ALL.map(Origin::as_str));
    names.map(|name| {
        Origin::ALL.into_iter().find(|origin| origin.as_str() == name).expect("only their names are possible")
    })
}

/// Reads a choice by its name.
pub(super) fn named<T: Named>() -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(T::ALL.iter().map(|choice| choice.name()));
    names
        .map(|name| T::ALL.iter().copied().find(|choice| choice.name() == name).expect("only their names are possible"))
}

impl ValueEnum for TableFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json, Self::Csv]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => PossibleValue::new("table").help("Columns of text"),
            Self::Json => PossibleValue::new("json").help("One array of objects"),
            Self::Csv => PossibleValue::new("csv").help("A header and a line for each"),
        })
    }
}

impl ValueEnum for Window {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Block, Self::Seed]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(match self {
            Self::Block => "From the first scored round's start to the last one's end",
            Self::Seed => "The same in whole seconds, as the published study took it: the largest sample in it counts",
        }))
    }
}
