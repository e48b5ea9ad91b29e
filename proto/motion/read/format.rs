//! Which form a file has, by its first line with anything in it.

use std::io::BufRead;

use super::super::contacts::Contacts;
use super::super::movement::Movement;
use super::bins::{self, Bins};
use super::error::{Problem, ReadError, at};
use super::events::{self, Events};
use super::fcd;
use super::intervals::{self, Intervals};
use super::setdest::{self, Setdest};

/// What a file tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Recording {
    /// Who meets whom when.
    Contacts(Contacts),
    /// Where nodes are.
    Movement(Movement),
}

/// The forms that there are.
#[derive(Clone, Copy)]
enum Form {
    Events,
    Intervals,
    Bins,
    Setdest,
    Fcd,
}

/// Reads a moving network in whatever form it has. `presence` goes with a list of contacts alone.
///
/// # Errors
/// One line that says what is wrong and where.
pub fn read(input: &mut dyn BufRead, presence: Option<&mut dyn BufRead>) -> Result<Recording, ReadError> {
    let mut lines = Lines { input, number: 0 };
    let first = lines.next_line()?.ok_or(ReadError::Empty)?;
    let form = Form::of(&first).ok_or_else(|| ReadError::Unknown { line: lines.number, text: first.clone() })?;
    if let (Some(_), Form::Events | Form::Bins | Form::Setdest | Form::Fcd) = (&presence, form) {
        return Err(ReadError::Presence);
    }
    match form {
        Form::Events => {
            let mut events = Events::default();
            lines.each(first, |_, line| events.read(line))?;
            events.finish().map(Recording::Contacts)
        }
        Form::Intervals => {
            let mut intervals = Intervals::default();
            if let Some(presence) = presence {
                read_presence(presence, &mut intervals)?;
            }
            lines.each(first, |_, line| intervals.read(line))?;
            intervals.finish().map(Recording::Contacts)
        }
        Form::Bins => {
            let mut bins = Bins::default();
            lines.each(first, |_, line| bins.read(line))?;
            bins.finish().map(Recording::Contacts)
        }
        Form::Setdest => {
            let mut script = Setdest::default();
            lines.each(first, |number, line| script.read(number, line))?;
            script.finish().map(Recording::Movement)
        }
        Form::Fcd => {
            let mut whole = std::io::Read::chain(first.as_bytes(), std::io::Read::chain(&b"\n"[..], lines.input));
            fcd::read(&mut whole, lines.number).map(Recording::Movement)
        }
    }
}

fn read_presence(input: &mut dyn BufRead, intervals: &mut Intervals) -> Result<(), ReadError> {
    let mut lines = Lines { input, number: 0 };
    while let Some(line) = lines.next_line()? {
        let told = intervals.read_presence(&line);
        told.map_err(|problem| ReadError::PresenceLine { line: lines.number, problem })?;
    }
    intervals.end_presence()
}

impl Form {
    fn of(line: &str) -> Option<Self> {
        Some(match line {
            line if line.starts_with('<') => Self::Fcd,
            line if setdest::is_meant(line) => Self::Setdest,
            line if events::is_meant(line) => Self::Events,
            line if intervals::is_meant(line) => Self::Intervals,
            line if bins::is_meant(line) => Self::Bins,
            _ => return None,
        })
    }
}

/// Lines with their numbers.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    /// Of the last line that was read, from 1 on.
    number: u64,
}

impl Lines<'_> {
    /// The next line with anything in it that is no comment, without the white space around it.
    fn next_line(&mut self) -> Result<Option<String>, ReadError> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.input.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let text = line.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() && !text.starts_with('#') {
                return Ok(Some(text.to_owned()));
            }
        }
    }

    /// Gives every line to `read`, the first one again.
    fn each(&mut self, first: String, mut read: impl FnMut(u64, &str) -> Result<(), Problem>) -> Result<(), ReadError> {
        let mut next = Some(first);
        while let Some(line) = next {
            read(self.number, &line).map_err(at(self.number))?;
            next = self.next_line()?;
        }
        Ok(())
    }
}
