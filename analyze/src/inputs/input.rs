//! One input as a user names it: `[LABEL=]PATH`.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One input as typed: `[LABEL=]PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The condition that the user gave it.
    pub label: Option<String>,
    /// A run folder or a file; `-` is standard input.
    pub path: PathBuf,
}

impl FromStr for Input {
    type Err = Infallible;

    /// A text that names an existing path is that path, even where it holds `=`.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            Some((label, path)) if !label.is_empty() && !path.is_empty() && !Path::new(text).exists() => {
                Self { label: Some(label.to_owned()), path: path.into() }
            }
            Some(_) | None => Self { label: None, path: text.into() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(text: &str) -> Input {
        text.parse().unwrap()
    }

    #[test]
    fn what_stands_before_the_first_equals_sign_is_the_label() {
        assert_eq!(input("10M=a=b.csv"), Input { label: Some("10M".into()), path: "a=b.csv".into() });
        assert_eq!(input("a.csv"), Input { label: None, path: "a.csv".into() });
        assert_eq!(input("=a.csv"), Input { label: None, path: "=a.csv".into() });
        assert_eq!(input("-"), Input { label: None, path: "-".into() });
    }

    #[test]
    fn an_existing_path_with_an_equals_sign_is_a_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n=10.csv");
        std::fs::write(&path, "").unwrap();
        assert_eq!(input(path.to_str().unwrap()), Input { label: None, path });
    }
}
