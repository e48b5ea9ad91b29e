//! A LaTeX `tabular` with the rules of the booktabs package, to be read in with `\input`.

use super::data::Table;

impl Table {
    /// A LaTeX `tabular` with the rules of booktabs and rounded numbers.
    pub fn to_latex(&self) -> Vec<u8> {
        let alignment: String =
            self.columns.iter().map(|column| if column.is_left_aligned() { 'l' } else { 'r' }).collect();
        let mut out = format!("% {}\n\\begin{{tabular}}{{{alignment}}}\n\\toprule\n", self.caption);
        line(&mut out, self.columns.iter().map(|column| escape(column.name)));
        out.push_str("\\midrule\n");
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            line(
                &mut out,
                cells.map(|(column, cell)| column.rounded(cell).map_or("--".to_owned(), |text| escape(&text))),
            );
        }
        out.push_str("\\bottomrule\n\\end{tabular}\n");
        out.into_bytes()
    }
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    let fields: Vec<String> = fields.collect();
    out.push_str(&fields.join(" & "));
    out.push_str(" \\\\\n");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', char]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '|' => escaped.push_str("\\textbar{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '\n' | '\r' => escaped.push(' '),
            _ => escaped.push(char),
        }
    }
    // A row that begins with a bracket would be an argument of the line end before it.
    match escaped.starts_with('[') {
        true => format!("{{}}{escaped}"),
        false => escaped,
    }
}
