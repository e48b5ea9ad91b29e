//! The texts of a run's columns: each column is an enumeration of those that occur in it, in order, so that the file does
//! not depend on other runs, nor on the order in which records came.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::Column as Field;
use polars::prelude::*;

use crate::intern::Interner;
use crate::table::{Table, Texts};

/// The texts that occur in each column of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    columns: BTreeMap<Field, BTreeSet<String>>,
}

/// The same as types of columns.
pub struct Categories {
    columns: BTreeMap<Field, Enumeration>,
}

struct Enumeration {
    /// In order.
    texts: Vec<String>,
    dtype: DataType,
}

impl Vocabulary {
    /// Adds the texts of some rows.
    pub fn add(&mut self, table: &Table, rows: &[u32]) {
        let rest = table.rest.as_ref().expect("a fetch gathers whole records");
        for (field, texts) in [
            (Field::Message, &rest.message),
            (Field::RunId, &table.run),
            (Field::Protocol, &table.protocol),
            (Field::Condition, &table.condition),
            (Field::Process, &table.process),
            (Field::Host, &table.host),
        ] {
            self.add_texts(field, texts, rows);
        }
        for (field, numbers) in [(Field::SenderId, &table.sender), (Field::ReceiverId, &table.receiver)] {
            self.add_numbers(field, &table.node_names, rows.iter().map(|row| numbers[*row as usize]));
        }
        let kinds: BTreeSet<&str> = rows.iter().map(|row| table.kind[*row as usize].as_str()).collect();
        self.columns.entry(Field::EventType).or_default().extend(kinds.into_iter().map(str::to_owned));
    }

    fn add_texts(&mut self, field: Field, texts: &Texts, rows: &[u32]) {
        self.add_numbers(field, texts.names(), rows.iter().map(|row| texts.number(*row as usize)));
    }

    fn add_numbers(&mut self, field: Field, names: &Interner, numbers: impl Iterator<Item = u32>) {
        let mut occurs = vec![false; names.len()];
        numbers.for_each(|number| occurs[number as usize] = true);
        let known = self.columns.entry(field).or_default();
        for number in (0..names.len() as u32).filter(|number| occurs[*number as usize]) {
            let text = names.text(number);
            if !known.contains(text) {
                known.insert(text.to_owned());
            }
        }
    }
}

impl Categories {
    /// The types of a vocabulary's columns.
    pub fn of(vocabulary: Vocabulary) -> PolarsResult<Self> {
        let enumeration = |(field, texts): (Field, BTreeSet<String>)| {
            let texts: Vec<String> = texts.into_iter().collect();
            let categories = FrozenCategories::new(texts.iter().map(String::as_str))?;
            Ok((field, Enumeration { texts, dtype: DataType::from_frozen_categories(categories) }))
        };
        Ok(Self { columns: vocabulary.columns.into_iter().map(enumeration).collect::<PolarsResult<_>>()? })
    }

    /// A column whose texts have numbers of their own in `names`.
    pub fn column(&self, field: Field, names: &Interner, numbers: impl Iterator<Item = u32>) -> PolarsResult<Column> {
        let Enumeration { texts, dtype } = &self.columns[&field];
        let place = |number: u32| {
            let text = names.text(number);
            texts.binary_search_by(|known| known.as_str().cmp(text)).map_or(u32::MAX, |place| place as u32)
        };
        let places: Vec<u32> = (0..names.len() as u32).map(place).collect();
        let numbers = numbers.map(|number| places[number as usize]);
        let (name, dtype) = (field.name().into(), dtype.clone());
        let series = match dtype.cat_physical()? {
            CategoricalPhysical::U8 => {
                let numbers = UInt8Chunked::from_iter_values(name, numbers.map(|number| number as u8));
                Categorical8Chunked::from_cats_and_dtype(numbers, dtype).into_series()
            }
            CategoricalPhysical::U16 => {
                let numbers = UInt16Chunked::from_iter_values(name, numbers.map(|number| number as u16));
                Categorical16Chunked::from_cats_and_dtype(numbers, dtype).into_series()
            }
            CategoricalPhysical::U32 => {
                let numbers = UInt32Chunked::from_iter_values(name, numbers);
                Categorical32Chunked::from_cats_and_dtype(numbers, dtype).into_series()
            }
        };
        Ok(series.into())
    }
}
