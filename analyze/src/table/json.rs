//! A list of objects.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::cell::Cell;
use super::column::Column;
use super::data::Table;

impl Table {
    /// A list of objects, one a row, with the columns' names in their order and full precision.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a table's keys are texts and its numbers finite");
        bytes.push(b'\n');
        bytes
    }
}

struct Object<'a> {
    columns: &'a [Column],
    cells: &'a [Cell],
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.rows.len()))?;
        for cells in &self.rows {
            list.serialize_element(&Object { columns: &self.columns, cells })?;
        }
        list.end()
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            object.serialize_entry(column.name, cell)?;
        }
        object.end()
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::None => serializer.serialize_none(),
        }
    }
}
