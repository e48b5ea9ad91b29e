//! A column of events that takes room for one value only while all its rows hold the same.

use std::ops::Index;

/// Values by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column<T> {
    /// One for each row, or a single one that all rows hold.
    values: Vec<T>,
    rows: usize,
}

impl<T: Copy + PartialEq> Column<T> {
    /// Adds a row.
    pub fn push(&mut self, value: T) {
        self.append(&[value], 0);
    }

    /// Adds rows to a column that is to have `total` in the end.
    pub fn append(&mut self, added: &[T], total: usize) {
        let Some(first) = self.values.first().or(added.first()).copied() else { return };
        if self.values.len() <= 1 && added.iter().all(|value| *value == first) {
            self.values = vec![first];
        } else {
            self.values.reserve_exact(total.saturating_sub(self.values.len()));
            self.values.resize(self.rows, first);
            self.values.extend_from_slice(added);
        }
        self.rows += added.len();
    }

    /// Puts `new` in the place of each value.
    pub fn replace(&mut self, new: impl Fn(T) -> T) {
        self.values.iter_mut().for_each(|value| *value = new(*value));
    }

    /// Every value, in the order of rows.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.rows).map(|row| &self[row])
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { values: Vec::new(), rows: 0 }
    }
}

impl<T: Copy + PartialEq> From<Vec<T>> for Column<T> {
    fn from(mut values: Vec<T>) -> Self {
        let rows = values.len();
        if values.iter().all(|value| *value == values[0]) {
            values.truncate(1);
            values.shrink_to_fit();
        }
        Self { values, rows }
    }
}

impl<T> Index<usize> for Column<T> {
    type Output = T;

    fn index(&self, row: usize) -> &T {
        if self.values.len() == self.rows {
            return &self.values[row];
        }
        assert!(row < self.rows, "row {row} of {}", self.rows);
        &self.values[0]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_column_holds_what_was_added_however_it_was(parts in prop::collection::vec(prop::collection::vec(0..2, 0..4), 0..6)) {
            let all = parts.concat();
            let mut appended = Column::default();
            parts.iter().for_each(|part| appended.append(part, all.len()));
            let mut pushed = Column::default();
            all.iter().for_each(|value| pushed.push(*value));
            prop_assert_eq!(appended.iter().copied().collect::<Vec<i32>>(), &all[..]);
            prop_assert_eq!(&appended, &pushed);
            prop_assert_eq!(appended, Column::from(all));
        }
    }

    #[test]
    fn equal_rows_take_the_room_of_one() {
        let mut column = Column::from(vec![7; 1000]);
        column.push(7);
        assert_eq!((column.values.len(), column[1000]), (1, 7));
        column.push(8);
        assert_eq!((column.values.len(), column[1000], column[1001]), (1002, 7, 8));
    }
}
