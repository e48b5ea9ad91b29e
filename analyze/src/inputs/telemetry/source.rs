//! A file of telemetry as a user names it: `[CONDITION:][QUANTITY=]FILE`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::series::Quantity;

/// A file as typed after `--telemetry`: `[CONDITION:][QUANTITY=]FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The only condition that it tells of, where that was typed.
    pub condition: Option<String>,
    /// What it measures, where that was typed.
    pub quantity: Option<Quantity>,
    /// The file.
    pub path: PathBuf,
}

impl std::str::FromStr for Source {
    type Err = std::convert::Infallible;

    /// A text that names an existing path is that path, whatever it holds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = Self { condition: None, quantity: None, path: text.into() };
        if plain.path.exists() {
            return Ok(plain);
        }
        let (condition, text) = match text.split_once(':') {
            Some((condition, rest)) if !condition.is_empty() && !rest.is_empty() => (Some(condition.to_owned()), rest),
            Some(_) | None => (None, text),
        };
        let typed = text.split_once('=').and_then(|(word, path)| Some((Quantity::of_word(word)?, path)));
        Ok(match typed {
            Some((quantity, path)) => Self { condition, quantity: Some(quantity), path: path.into() },
            None => Self { condition, quantity: None, path: text.into() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_can_be_typed_before_the_file() {
        let typed: Source = "memory=a=b.csv".parse().unwrap();
        assert_eq!((typed.quantity, typed.path), (Some(Quantity::Memory), PathBuf::from("a=b.csv")));
        let plain: Source = "x=y.csv".parse().unwrap();
        assert_eq!((plain.quantity, plain.path), (None, PathBuf::from("x=y.csv")));
        let all: Source = "5M:cpu=a.csv".parse().unwrap();
        let expected = Source { condition: Some("5M".to_owned()), quantity: Some(Quantity::Cpu), path: "a.csv".into() };
        assert_eq!(all, expected);
        let of_condition: Source = "5M:a.csv".parse().unwrap();
        assert_eq!((of_condition.condition.as_deref(), of_condition.path), (Some("5M"), PathBuf::from("a.csv")));
    }
}
