//! A column on its way from records into the events frame.

use polars::prelude::*;

use crate::columns::constant;

/// A column whose values come one by one. As long as all are equal, as they are in most columns of most files, it is one of
/// them and a count.
#[derive(Debug)]
pub(crate) struct ColumnBuilder<T> {
    name: &'static str,
    first: T,
    /// How often the first value came before another did.
    equal: usize,
    /// Every value, once there is another.
    values: Vec<T>,
    /// How many values there will be, or more.
    room: usize,
}

impl<T: Copy + PartialEq + Default> ColumnBuilder<T> {
    /// A column without values, which will have so many, or fewer.
    pub(crate) fn new(name: &'static str, room: usize) -> Self {
        Self { name, first: T::default(), equal: 0, values: Vec::new(), room }
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, value: T) {
        if !self.values.is_empty() {
            self.values.push(value);
        } else if self.equal > 0 && value != self.first {
            self.values.reserve_exact(self.room.max(self.equal + 1));
            self.values.resize(self.equal, self.first);
            self.values.push(value);
        } else {
            self.first = value;
            self.equal += 1;
        }
    }

    /// The column, in which `missing` stands for no value.
    pub(crate) fn finish<P: PolarsNumericType<Native = T>>(self, missing: Option<T>) -> Column {
        self.into_column(|name, values| match missing {
            Some(missing) if values.contains(&missing) => {
                let known = values.into_iter().map(|value| Some(value).filter(|value| *value != missing));
                ChunkedArray::<P>::from_iter_options(name, known).into_series()
            }
            Some(_) | None => ChunkedArray::<P>::from_vec(name, values).into_series(),
        })
    }

    fn into_column(self, series: impl Fn(PlSmallStr, Vec<T>) -> Series) -> Column {
        let name = PlSmallStr::from_static(self.name);
        if self.values.is_empty() && self.equal > 0 {
            return constant(&series(name, vec![self.first]), self.equal);
        }
        series(name, self.values).into()
    }
}

impl ColumnBuilder<bool> {
    /// The column.
    pub(crate) fn finish_flags(self) -> Column {
        self.into_column(|name, values| BooleanChunked::from_slice(name, &values).into_series())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[i64]) -> Column {
        let mut builder = ColumnBuilder::new("times", values.len());
        values.iter().for_each(|value| builder.push(*value));
        builder.finish::<Int64Type>(Some(-1))
    }

    #[test]
    fn equal_values_take_the_room_of_one() {
        for (values, expected) in [([7, 7, 7], Some(7)), ([-1, -1, -1], None)] {
            let column = column(&values);
            assert!(matches!(column, Column::Scalar(_)), "{values:?}");
            assert_eq!(column, Column::new("times".into(), [expected; 3]));
        }
    }

    #[test]
    fn other_values_stand_in_their_order_and_missing_ones_are_null() {
        assert_eq!(column(&[7, 7, 8, -1, 7]), Column::new("times".into(), [Some(7), Some(7), Some(8), None, Some(7)]));
        assert_eq!(column(&[7, 8]).null_count(), 0);
        assert_eq!(column(&[]).len(), 0);
    }
}
