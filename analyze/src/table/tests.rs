//! How cells are written in each format.

use super::*;

#[test]
fn csv_keeps_full_precision() {
    let value = 1.0 / 3.0 * 1e3;
    let table = Table::new("t", "", [ms("x_ms")], [[Cell::from(value)], [Cell::from(1e-7)]]);
    let text = String::from_utf8(table.to_csv()).unwrap();
    let back: Vec<f64> = text.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert_eq!(back, [value, 1e-7]);
}

#[test]
fn a_rounded_zero_has_no_sign() {
    let table = Table::new("t", "", [ms("x_ms")], [[Cell::from(-0.0001)], [Cell::from(-0.5)]]);
    assert_eq!(String::from_utf8(table.to_text()).unwrap(), "  x_ms\n 0.000\n-0.500\n");
}

#[test]
fn every_csv_line_has_a_field_for_every_column() {
    let name = "a,\"b\"\nc";
    let table = Table::new("t", "", [text("condition"), count("n")], [[Cell::from(name), Cell::None]]);
    assert_eq!(String::from_utf8(table.to_csv()).unwrap(), "condition,n\n\"a,\"\"b\"\"\nc\",\n");
}

#[test]
fn csv_quotes_what_would_end_a_field_and_nothing_else() {
    let texts = ["", " a ", "a;b", "a\rb", "a\tb", "'", "#1", "-", "naïve"];
    let rows = texts.map(|text| [Cell::from(text), Cell::from(1_u32)]);
    let table = Table::new("t", "", [text("condition"), count("n")], rows);
    let expected = "condition,n\n,1\n a ,1\na;b,1\n\"a\rb\",1\na\tb,1\n',1\n#1,1\n-,1\nnaïve,1\n";
    assert_eq!(String::from_utf8(table.to_csv()).unwrap(), expected);
}
