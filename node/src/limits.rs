//! The number of files that this process may have open: each connection is one on either end.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A run that needs more open files than one process may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a process of this run needs {needed} open files and may have {limit}, {missing} too few: raise the hard limit \
     (`ulimit -Hn`), use fewer nodes in one process, or a sparser topology",
    missing = self.missing()
)]
pub struct TooFewFiles {
    /// What it needs.
    pub needed: u64,
    /// What it may have.
    pub limit: u64,
}

impl TooFewFiles {
    /// How many are missing.
    pub fn missing(&self) -> u64 {
        self.needed.saturating_sub(self.limit)
    }
}

/// Raises the limit as far as the system allows without privileges, and says what it is then.
///
/// # Errors
/// When the system refuses.
pub fn raise_open_files() -> io::Result<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    Ok(maximum.unwrap_or(u64::MAX))
}

/// Checks that a process could open `needed` files after [`raise_open_files`]; children inherit the hard limit.
///
/// # Errors
/// When it could not; the error says how many are missing.
pub fn check_open_files(needed: u64) -> Result<(), TooFewFiles> {
    check(needed, getrlimit(Resource::Nofile).maximum)
}

fn check(needed: u64, limit: Option<u64>) -> Result<(), TooFewFiles> {
    match limit {
        Some(limit) if needed > limit => Err(TooFewFiles { needed, limit }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_number_is_told() {
        let error = check(20_100, Some(20_000)).unwrap_err();
        assert_eq!(error.missing(), 100);
        assert!(error.to_string().contains("needs 20100 open files and may have 20000, 100 too few"), "{error}");
    }

    #[test]
    fn enough_or_unlimited_files_pass() {
        assert_eq!(check(20_000, Some(20_000)), Ok(()));
        assert_eq!(check(u64::MAX, None), Ok(()));
    }

    #[test]
    fn the_limit_can_be_raised_to_what_is_checked_against() {
        let limit = raise_open_files().unwrap();
        assert_eq!(check_open_files(limit), Ok(()));
    }
}
