//! Links as they come up and go down, one event a line: `t,u,v,up|down`, which is the form that this program writes, and the connection
//! events of the ONE, `974 CONN 0 1 up`. A further field, the interface, is passed over.
//!
//! The form that is written has three more kinds of line: `,u,,node` lists the nodes, in their order; `t,u,,joins` and `t,u,,leaves` tell
//! when a node is there; `t,,,end` how long the record is.

use std::collections::HashMap;

use super::super::contacts::Contacts;
use super::super::spell::{Contact, Link, Spell, Stay};
use super::error::{Problem, ReadError};
use super::fields::{fields, seconds};
use super::roster::Roster;
use crate::id::NodeIx;
use crate::time::Interval;

/// Events of the ONE that are about messages.
const ABOUT_MESSAGES: [&str; 6] = ["C", "S", "DE", "DR", "A", "R"];

const FORM: &str = "t,u,v,up|down or t CONN u v up|down";

/// Whether a line is one of these.
pub(super) fn is_meant(line: &str) -> bool {
    let fields = fields(line);
    let tells_of_links = fields.get(1).is_some_and(|word| word.eq_ignore_ascii_case("CONN"));
    // Fewer fields may be a contact of a node that is called C.
    let tells_of_messages = fields.len() > 4 && is_about_messages(&fields);
    let is_plain = fields.get(3).is_some_and(|word| Happens::of(word).is_some());
    is_header(&fields) || tells_of_links || tells_of_messages || is_plain
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Events {
    roster: Roster,
    contacts: Vec<Contact>,
    /// The last contact of every link.
    last: HashMap<Link, usize>,
    stays: Vec<Stay>,
    /// The last stay of every node that has one.
    last_stay: HashMap<NodeIx, usize>,
    now: Interval,
    is_begun: bool,
}

#[derive(Clone, Copy)]
enum Happens {
    Up,
    Down,
    Joins,
    Leaves,
    Node,
    End,
}

impl Happens {
    fn of(word: &str) -> Option<Self> {
        let words = [
            ("up", Self::Up),
            ("down", Self::Down),
            ("joins", Self::Joins),
            ("leaves", Self::Leaves),
            ("node", Self::Node),
            ("end", Self::End),
        ];
        words.into_iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, happens)| happens)
    }
}

impl Events {
    /// Reads a line that is not empty and no comment.
    pub(super) fn read(&mut self, line: &str) -> Result<(), Problem> {
        let fields = fields(line);
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if is_first && is_header(&fields) || is_about_messages(&fields) {
            return Ok(());
        }
        let is_of_the_one = fields.get(1).is_some_and(|word| word.eq_ignore_ascii_case("CONN"));
        let form = || Problem::Form { text: line.trim().to_owned(), form: FORM };
        if is_of_the_one {
            let [time, _, a, b, word, ..] = fields[..] else { return Err(form()) };
            let (a, b) = (host(a)?, host(b)?);
            return match Happens::of(word) {
                Some(happens @ (Happens::Up | Happens::Down)) => self.apply(time, [&a, &b], happens),
                Some(Happens::Joins | Happens::Leaves | Happens::Node | Happens::End) | None => Err(form()),
            };
        }
        let [time, a, b, word, ..] = fields[..] else { return Err(form()) };
        let happens = Happens::of(word).ok_or_else(form)?;
        self.apply(time, [a, b], happens)
    }

    pub(super) fn finish(self) -> Result<Contacts, ReadError> {
        Ok(Contacts::of(self.roster.network(self.contacts, self.stays, self.now))?)
    }

    fn apply(&mut self, time: &str, [a, b]: [&str; 2], happens: Happens) -> Result<(), Problem> {
        if let Happens::Node = happens {
            return self.roster.list(a);
        }
        let time = seconds(time)?;
        if time < self.now {
            return Err(Problem::Backwards { before: self.now, time });
        }
        self.now = time;
        match happens {
            Happens::Up => self.up(a, b, time),
            Happens::Down => self.down(a, b, time),
            Happens::Joins => self.joins(a, time),
            Happens::Leaves => self.leaves(a, time),
            Happens::Node | Happens::End => Ok(()),
        }
    }

    /// A link that went down at this very instant goes on: contacts are closed.
    fn up(&mut self, a: &str, b: &str, time: Interval) -> Result<(), Problem> {
        let of = self.roster.link(a, b)?;
        if let Some(contact) = self.last.get(&of).map(|place| &mut self.contacts[*place]) {
            let Some(until) = contact.until else {
                let [a, b] = self.roster.names(of);
                return Err(Problem::AlreadyUp(a, b));
            };
            if until == time {
                contact.until = None;
                return Ok(());
            }
        }
        self.last.insert(of, self.contacts.len());
        self.contacts.push(Spell { of, from: time, until: None });
        Ok(())
    }

    fn down(&mut self, a: &str, b: &str, time: Interval) -> Result<(), Problem> {
        let of = self.roster.link(a, b)?;
        let contact = self.last.get(&of).map(|place| &mut self.contacts[*place]);
        match contact.filter(|contact| contact.until.is_none()) {
            Some(contact) => contact.until = Some(time),
            None => {
                let [a, b] = self.roster.names(of);
                return Err(Problem::NotUp(a, b));
            }
        }
        Ok(())
    }

    fn joins(&mut self, name: &str, time: Interval) -> Result<(), Problem> {
        let of = self.roster.node(name)?;
        if let Some(stay) = self.last_stay.get(&of).map(|place| &mut self.stays[*place]) {
            let Some(until) = stay.until else { return Err(Problem::AlreadyThere(self.roster.name(of).clone())) };
            if until == time {
                stay.until = None;
                return Ok(());
            }
        }
        self.last_stay.insert(of, self.stays.len());
        self.stays.push(Spell { of, from: time, until: None });
        Ok(())
    }

    /// A node of which nothing was said was there from the beginning.
    fn leaves(&mut self, name: &str, time: Interval) -> Result<(), Problem> {
        let of = self.roster.node(name)?;
        let place = *self.last_stay.entry(of).or_insert_with(|| {
            self.stays.push(Spell { of, from: Interval::ZERO, until: None });
            self.stays.len() - 1
        });
        if self.stays[place].until.is_some() {
            return Err(Problem::NotThere(self.roster.name(of).clone()));
        }
        self.stays[place].until = Some(time);
        Ok(())
    }
}

/// A first line that names the columns.
fn is_header(fields: &[&str]) -> bool {
    fields.len() >= 4 && ["t", "time"].iter().any(|name| fields[0].eq_ignore_ascii_case(name))
}

/// Whether a line of the ONE tells of a message, which is none of ours.
fn is_about_messages(fields: &[&str]) -> bool {
    let is_plain = fields.get(3).is_some_and(|word| Happens::of(word).is_some());
    !is_plain && fields.len() >= 3 && seconds(fields[0]).is_ok() && ABOUT_MESSAGES.contains(&fields[1])
}

/// The address of a host: the ONE reads p12 and 12 as the same one.
fn host(text: &str) -> Result<String, Problem> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| Problem::Host(text.to_owned()))?;
    Ok(number.to_string())
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
