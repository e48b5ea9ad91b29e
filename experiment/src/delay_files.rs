//! What stands in the files that delays and times are drawn from: read where they were typed, and kept in the run folder.

use cnsim::link::{LinkSpec, Texts};

use crate::folder::{DELAY, File, SERVICE, VALIDATE};

/// A file that a time is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct DelayFile<'a> {
    /// The flag that names it.
    pub flag: &'static str,
    /// As typed.
    pub file: &'a str,
    /// What it is called in a run folder.
    pub kept_as: &'static str,
}

/// See the module. None where a time needs no file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DelayFiles {
    delay: Option<String>,
    validate: Option<String>,
    service: Option<String>,
}

impl DelayFiles {
    /// Reads each file that the options name.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn of<E>(links: &LinkSpec, read: impl Fn(DelayFile<'_>) -> Result<String, E>) -> Result<Self, E> {
        let text =
            |flag, kept_as, file: Option<&str>| file.map(|file| read(DelayFile { flag, file, kept_as })).transpose();
        Ok(Self {
            delay: text("--delay", DELAY, links.delay.file())?,
            validate: text("--validate", VALIDATE, links.validate.file())?,
            service: text("--service", SERVICE, links.service.file())?,
        })
    }

    /// Their texts.
    pub fn texts(&self) -> Texts<'_> {
        Texts { delay: self.delay.as_deref(), validate: self.validate.as_deref(), service: self.service.as_deref() }
    }

    /// As a run folder keeps them.
    pub fn kept(&self) -> impl Iterator<Item = File<'_>> {
        let named = [(DELAY, &self.delay), (VALIDATE, &self.validate), (SERVICE, &self.service)];
        named.into_iter().filter_map(|(name, text)| Some(File { name, bytes: text.as_ref()?.as_bytes() }))
    }
}
