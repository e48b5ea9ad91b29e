//! Contacts with both of their ends: `a b start end`, closed intervals in seconds. A second file may say when nodes are there:
//! `id start end`, or `id - -` of a node that never is and is left out.

use super::super::contacts::Contacts;
use super::super::spell::{Contact, Spell, Stay};
use super::error::{Problem, ReadError};
use super::fields::{fields, seconds};
use super::roster::Roster;
use crate::id::NodeIx;
use crate::time::Interval;

/// Whether a line is one of these.
pub(super) fn is_meant(line: &str) -> bool {
    let fields = fields(line);
    fields.len() == 4 && fields[2..].iter().all(|time| seconds(time).is_ok())
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Intervals {
    roster: Roster,
    contacts: Vec<Contact>,
    stays: Vec<Stay>,
    last: Interval,
}

impl Intervals {
    /// Reads a line of the presence file; all of them come before the contacts.
    pub(super) fn read_presence(&mut self, line: &str) -> Result<(), Problem> {
        let fields = fields(line);
        let form = || Problem::Form { text: line.trim().to_owned(), form: "id start end" };
        let [name, start, end] = fields[..] else { return Err(form()) };
        if start == "-" && end == "-" {
            return Ok(());
        }
        let (from, until) = span(start, end)?;
        let of = self.roster.node(name)?;
        self.stays.push(Spell { of, from, until: Some(until) });
        Ok(())
    }

    /// From now on nodes are those of the presence file.
    pub(super) fn end_presence(&mut self) -> Result<(), ReadError> {
        self.roster.close();
        self.stays =
            Spell::merged(std::mem::take(&mut self.stays)).map_err(super::super::contacts::ContactsError::from)?;
        Ok(())
    }

    /// Reads a line that is not empty and no comment.
    pub(super) fn read(&mut self, line: &str) -> Result<(), Problem> {
        let fields = fields(line);
        let form = || Problem::Form { text: line.trim().to_owned(), form: "a b start end" };
        let [a, b, start, end] = fields[..] else { return Err(form()) };
        let of = self.roster.link(a, b)?;
        let (from, until) = span(start, end)?;
        let contact = Spell { of, from, until: Some(until) };
        if !self.stays.is_empty()
            && let Some(node) = of.ends().into_iter().find(|node| !self.is_there(*node, &contact))
        {
            return Err(Problem::Absent { node: self.roster.name(node).clone(), from, until });
        }
        self.contacts.push(contact);
        self.last = self.last.max(until);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Contacts, ReadError> {
        Ok(Contacts::of(self.roster.network(self.contacts, self.stays, self.last))?)
    }

    /// Whether a node is there as long as the contact lasts; stays are sorted by node and time.
    fn is_there(&self, node: NodeIx, contact: &Contact) -> bool {
        let behind = self.stays.partition_point(|stay| (stay.of, stay.from) <= (node, contact.from));
        let stay = behind.checked_sub(1).map(|place| self.stays[place]);
        stay.is_some_and(|stay| stay.of == node && stay.covers(contact))
    }
}

fn span(start: &str, end: &str) -> Result<(Interval, Interval), Problem> {
    let (from, until) = (seconds(start)?, seconds(end)?);
    if until < from { Err(Problem::Backwards { before: from, time: until }) } else { Ok((from, until)) }
}

#[cfg(test)]
mod tests {
    use super::super::super::foremost::foremost;
    use super::super::{Recording, read};
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn network(text: &str, presence: Option<&str>) -> Result<Contacts, ReadError> {
        let mut bytes = presence.unwrap_or_default().as_bytes();
        let second: Option<&mut dyn std::io::BufRead> = if presence.is_some() { Some(&mut bytes) } else { None };
        match read(&mut text.as_bytes(), second)? {
            Recording::Contacts(contacts) => Ok(contacts),
            Recording::Movement(_) => panic!("{text}"),
        }
    }

    fn error(text: &str, presence: Option<&str>) -> String {
        network(text, presence).unwrap_err().to_string()
    }

    #[test]
    fn intervals_are_closed_and_those_of_one_link_that_overlap_are_one() {
        // Both devices saw the contact of 1 and 2; 2 hears from 3 at the last instant that it is linked to 1.
        let network = network("1\t2\t10\t20\n2\t1\t15\t30\n3\t2\t30\t40\n", None).unwrap();
        assert_eq!(network.contacts().len(), 2);
        let found = foremost(&network, NodeIx(2), Interval(0));
        assert_eq!(found, [30, 30, 0].map(|time| Some(Interval(time * SECOND))));
        assert_eq!(network.span(), Interval(40 * SECOND));
    }

    #[test]
    fn a_presence_file_says_who_is_there_and_when() {
        let presence = "0 - -\n1 0 50\n2 5 40\n3 0 10\n3 20 60\n";
        let network = network("1 2 5 20\n2 3 30 40\n", Some(presence)).unwrap();
        assert_eq!(network.nodes().iter().map(ToString::to_string).collect::<Vec<_>>(), ["1", "2", "3"]);
        assert_eq!((network.stays().len(), network.is_there_at_first(NodeIx(1))), (4, false));
        let contacts = "# none\n1 2 5 20\n2 3 9 12\n";
        assert_eq!(
            error(contacts, Some(presence)),
            "line 3: the node 3 is not there from 9 s to 12 s by the presence file"
        );
        assert_eq!(error("1 4 5 20\n", Some(presence)), "line 1: there is no node 4 in the list of nodes");
        assert_eq!(
            error("1 2 5 20\n", Some("1 0 50\n2 9 8\n")),
            "line 2 of the presence file: time goes back from 9 s to 8 s"
        );
        assert_eq!(error("1 2 5 20\n", Some("1 0\n")), "line 1 of the presence file: \"1 0\" is not id start end");
        assert_eq!(
            error("5 1 2 up\n", Some(presence)),
            "a presence file goes with a list of contacts \"a b start end\" alone"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            ("1 2 20 10\n", "line 1: time goes back from 20 s to 10 s"),
            ("1 2 0 10\n1 1 20 30\n", "line 2: the node 1 meets itself"),
            ("1 2 0 10\n1 3 20\n", "line 2: \"1 3 20\" is not a b start end"),
            ("1 2 0 10\n1 3 20 soon\n", "line 2: \"soon\" is no time in seconds from 0 on"),
        ] {
            assert_eq!(error(text, None), told);
        }
    }
}
