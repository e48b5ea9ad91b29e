//! From where nodes are to which links are up: the contacts of nodes that come within reach of each other.

use std::collections::HashMap;

use super::contacts::{Contacts, ContactsError, Parts};
use super::crossing::within;
use super::movement::{Leg, Movement};
use super::nearby::{Around, pairs};
use super::reach::Reach;
use super::spell::{Contact, Link, Spell};
use crate::id::NodeIx;
use crate::time::Interval;

/// In one slice of time the usual node goes at most this part of the range, so that the cells of the grid stay about as large as it.
const PART_OF_RANGE: f64 = 0.25;

/// The most slices of time: more would take longer than looking at more pairs.
const SLICES_MAX: u64 = 20_000;

impl Movement {
    /// The contacts of the nodes: two are linked while they are at most as far apart as links reach. Link changes are the crossings of
    /// straight legs, in closed form and to the nanosecond; nothing is sampled. `seed` is for bounds of the reach that differ.
    ///
    /// # Errors
    /// Where no two nodes are ever linked, or two have one name.
    pub fn contacts(&self, reach: Reach, seed: u64) -> Result<Contacts, ContactsError> {
        let mut meetings = Meetings { reach, seed, known: HashMap::new(), contacts: Vec::new() };
        let mut next: Vec<usize> = vec![0; self.nodes().len()];
        let slice = self.slice(reach.most());
        let mut begin = Interval::ZERO;
        loop {
            let end = Interval(begin.0.saturating_add(slice.0).min(self.span().0));
            self.meet(begin, end, &mut next, &mut meetings);
            if end >= self.span() {
                break;
            }
            begin = end;
        }
        let contacts = meetings
            .contacts
            .into_iter()
            .map(|contact| Spell { until: contact.until.filter(|until| *until < self.span()), ..contact });
        Contacts::of(Parts {
            nodes: self.nodes().to_vec(),
            contacts: contacts.collect(),
            stays: self.stays(),
            span: self.span(),
        })
    }

    /// How long a slice of time is.
    fn slice(&self, range: f64) -> Interval {
        let (way, ns) = self.all_legs().iter().fold((0.0, 0.0), |(way, ns), leg| {
            (way + leg.start.distance(leg.end), ns + (leg.until.0 - leg.from.0) as f64)
        });
        let least = self.span().0 / SLICES_MAX + 1;
        let slice = if way > 0.0 { (PART_OF_RANGE * range / (way / ns)) as u64 } else { u64::MAX };
        Interval(slice.max(least))
    }

    /// What happens from `begin` to `end`. `next` holds the first leg of each node that is not over before.
    fn meet(&self, begin: Interval, end: Interval, next: &mut [usize], meetings: &mut Meetings) {
        let mut around = Vec::new();
        let mut current: Vec<&[Leg]> = Vec::new();
        for (node, next) in (0..).zip(next) {
            let legs = self.legs(NodeIx(node));
            while legs.get(*next).is_some_and(|leg| leg.until < begin) {
                *next += 1;
            }
            let count = legs[*next..].iter().take_while(|leg| leg.from <= end).count();
            let legs = &legs[*next..*next + count];
            let places = legs.iter().flat_map(|leg| [leg.at(leg.from.max(begin)), leg.at(leg.until.min(end))]);
            if let Some(box_of_node) = Around::of(node, places) {
                around.push(box_of_node);
                current.push(legs);
            }
        }
        for (a, b) in pairs(&around, meetings.reach.most()) {
            let link = Link::between(NodeIx(around[a].node), NodeIx(around[b].node));
            let link = link.expect("a node is around once in a slice");
            for_each_overlap(current[a], current[b], (begin, end), |own, other, during| {
                meetings.add(link, own, other, during);
            });
        }
    }
}

/// Every two legs, one of each node, that overlap in time, in the order of time.
fn for_each_overlap<'a>(
    mut own: &'a [Leg],
    mut other: &'a [Leg],
    (begin, end): (Interval, Interval),
    mut with: impl FnMut(&'a Leg, &'a Leg, (Interval, Interval)),
) {
    while let ([a, rest_of_own @ ..], [b, rest_of_other @ ..]) = (own, other) {
        let (from, until) = (a.from.max(b.from).max(begin), a.until.min(b.until).min(end));
        if from <= until {
            with(a, b, (from, until));
        }
        if a.until <= b.until {
            own = rest_of_own;
        }
        if b.until <= a.until {
            other = rest_of_other;
        }
    }
}

/// The contacts so far.
struct Meetings {
    reach: Reach,
    seed: u64,
    /// The last meeting of every two nodes that have met.
    known: HashMap<Link, Meeting>,
    contacts: Vec<Contact>,
}

/// Two nodes that came as near as links can reach, and have not parted.
struct Meeting {
    /// Which one of these two nodes, from 0 on.
    number: u64,
    /// Until when it is known to last.
    until: Interval,
    /// How far the link reaches, in metres.
    reach: f64,
    /// Where in the list their last contact stands.
    contact: Option<usize>,
}

impl Meetings {
    /// What two nodes on these legs have of each other during this time. Times of two nodes come in order.
    fn add(&mut self, link: Link, a: &Leg, b: &Leg, during: (Interval, Interval)) {
        let Some((from, until)) = within(a, b, during, self.reach.most()) else { return };
        let last = self.known.remove(&link);
        let mut meeting = match last {
            Some(meeting) if from <= meeting.until => meeting,
            Some(Meeting { number, contact, .. }) => self.begin(link, number + 1, contact),
            None => self.begin(link, 0, None),
        };
        meeting.until = until;
        let linked = match meeting.reach < self.reach.most() {
            true => within(a, b, (from, until), meeting.reach),
            false => Some((from, until)),
        };
        if let Some((from, until)) = linked {
            let place = meeting.contact.filter(|place| self.contacts[*place].until >= Some(from));
            match place {
                Some(place) => self.contacts[place].until = Some(until),
                None => {
                    meeting.contact = Some(self.contacts.len());
                    self.contacts.push(Spell { of: link, from, until: Some(until) });
                }
            }
        }
        self.known.insert(link, meeting);
    }

    fn begin(&self, link: Link, number: u64, contact: Option<usize>) -> Meeting {
        let reach = self.reach.of_meeting(self.seed, link.ends(), number);
        Meeting { number, until: Interval::ZERO, reach, contact }
    }
}

#[cfg(test)]
#[path = "meetings_tests.rs"]
mod tests;
