//! Aligned columns for a terminal.

use super::data::Table;

impl Table {
    /// Aligned columns for a terminal, with rounded numbers.
    pub fn to_text(&self) -> Vec<u8> {
        let header = self.columns.iter().map(|column| column.name.to_owned()).collect();
        let cells = self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row);
            cells.map(|(column, cell)| plain(&column.rounded(cell).unwrap_or("-".to_owned()))).collect()
        });
        let lines: Vec<Vec<String>> = std::iter::once(header).chain(cells).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut out = String::new();
        for line in &lines {
            let mut text = String::new();
            for ((cell, column), width) in line.iter().zip(&self.columns).zip(&widths) {
                let padded = match column.is_left_aligned() {
                    true => format!("{cell:<width$}  "),
                    false => format!("{cell:>width$}  "),
                };
                text.push_str(&padded);
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out.into_bytes()
    }
}

/// A text that moves no cursor and colours nothing.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}
