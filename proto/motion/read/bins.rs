//! Contacts of SocioPatterns: `t i j`, and perhaps the groups of both. A line means that i and j met between t - 20 s and t, for the
//! sensors tell in bins of 20 seconds. Time 0 is where the first bin begins, for t counts from midnight or from 1970.

use super::super::contacts::Contacts;
use super::super::spell::{Contact, Spell};
use super::error::{Problem, ReadError};
use super::fields::{fields, seconds};
use super::roster::Roster;
use crate::time::Interval;

/// How long a bin is.
const BIN: Interval = Interval(20_000_000_000);

/// Whether a line is one of these.
pub(super) fn is_meant(line: &str) -> bool {
    let fields = fields(line);
    (fields.len() == 3 || fields.len() == 5) && seconds(fields[0]).is_ok()
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Bins {
    roster: Roster,
    /// With the times of the file.
    contacts: Vec<Contact>,
    first: Option<Interval>,
    now: Interval,
}

impl Bins {
    /// Reads a line that is not empty and no comment.
    pub(super) fn read(&mut self, line: &str) -> Result<(), Problem> {
        let fields = fields(line);
        let form = || Problem::Form { text: line.trim().to_owned(), form: "t i j or t i j Ci Cj" };
        let ([time, a, b] | [time, a, b, _, _]) = fields[..] else { return Err(form()) };
        let time = seconds(time)?;
        if time < self.now {
            return Err(Problem::Backwards { before: self.now, time });
        }
        self.now = time;
        let of = self.roster.link(a, b)?;
        let from = Interval(time.0.saturating_sub(BIN.0));
        self.first.get_or_insert(from);
        self.contacts.push(Spell { of, from, until: Some(time) });
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Contacts, ReadError> {
        let origin = self.first.unwrap_or_default();
        let since = |time: Interval| Interval(time.0 - origin.0);
        let contacts = self.contacts.into_iter().map(|contact| Spell {
            from: since(contact.from),
            until: contact.until.map(since),
            ..contact
        });
        Ok(Contacts::of(self.roster.network(contacts.collect(), Vec::new(), since(self.now)))?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recording, read};
    use super::*;

    fn network(text: &str) -> Result<Contacts, ReadError> {
        match read(&mut text.as_bytes(), None)? {
            Recording::Contacts(contacts) => Ok(contacts),
            Recording::Movement(_) => panic!("{text}"),
        }
    }

    #[test]
    fn a_line_is_a_bin_of_twenty_seconds_and_bins_in_a_row_are_one_contact() {
        for text in [
            "28820 492 938\n28820 938 17\n28840 938 492\n28860 492 938\n28900 492 938\n",
            "28820\t492\t938\tA\tB\n28820\t938\t17\tB\tA\n28840\t938\t492\tA\tB\n28860\t492\t938\tA\tB\n28900\t492\t938\tA\tB\n",
            "28820;492;938\n28820;938;17\n28840;938;492\n28860;492;938\n28900;492;938\n",
        ] {
            let network = network(text).unwrap();
            assert_eq!(network.nodes().iter().map(ToString::to_string).collect::<Vec<_>>(), ["17", "492", "938"]);
            let spans: Vec<(u64, u64)> = network
                .contacts()
                .iter()
                .map(|contact| (contact.from.0 / 1_000_000_000, contact.until.unwrap().0 / 1_000_000_000))
                .collect();
            assert_eq!(spans, [(0, 20), (0, 60), (80, 100)]);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = |text: &str| network(text).unwrap_err().to_string();
        assert_eq!(error("40 1 2\n20 1 2\n"), "line 2: time goes back from 40 s to 20 s");
        assert_eq!(error("40 1 2\n60 2 2\n"), "line 2: the node 2 meets itself");
        assert_eq!(error("40 1 2\n60 2\n"), "line 2: \"60 2\" is not t i j or t i j Ci Cj");
    }
}
