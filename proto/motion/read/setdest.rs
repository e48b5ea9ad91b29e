//! Movements as ns-2 reads them: `$node_(0) set X_ 329.8` and `$ns_ at 0.0 "$node_(0) setdest 378.3 45.5 0.57"`, with `on` and `off` for
//! nodes that come and go. These files are scripts; what is no such statement is refused, and so is a variable.
//!
//! A node stands where it was set until its first setdest, and stays where it arrives. A node whose first word is `on` is away before.
//! Z_ and the distances that `$god_` knows are passed over.

use super::super::movement::{Leg, Movement, Point};
use super::error::{Problem, ReadError, at};
use super::fields::{number, seconds};
use super::roster::Roster;
use crate::id::NodeIx;
use crate::time::Interval;

const FORM: &str = "$node_(N) set X_ x, $ns_ at t \"$node_(N) setdest x y speed\", or on or off in place of setdest";

/// Whether a line is one of these.
pub(super) fn is_meant(line: &str) -> bool {
    line.starts_with("$ns") || line.starts_with("$node_") || line.starts_with("$god_") || line.starts_with("set ")
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Setdest {
    roster: Roster,
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    x: Option<f64>,
    y: Option<f64>,
    /// In the order of the file.
    orders: Vec<Order>,
    /// Where it was first spoken of.
    line: u64,
}

/// What a node shall do.
struct Order {
    time: Interval,
    line: u64,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    X(f64),
    Y(f64),
    Go { to: Point, speed: f64 },
    On,
    Off,
}

impl Setdest {
    /// Reads a line that is not empty and no comment.
    pub(super) fn read(&mut self, line: u64, text: &str) -> Result<(), Problem> {
        let code = text.split(";#").next().unwrap_or_default().replace(['"', ';'], " ");
        let words: Vec<&str> = code.split_whitespace().collect();
        let form = || Problem::Form { text: text.trim().to_owned(), form: FORM };
        match words[..] {
            [] | ["$god_" | "set", "god_" | "set-dist", ..] | ["$ns_" | "$ns", "at", _, "$god_", ..] => Ok(()),
            ["$ns_" | "$ns", "at", time, node, ref order @ ..] => {
                check_variables(&words[2..])?;
                let what = what(order)?.ok_or_else(form)?;
                let (time, node) = (seconds(time)?, self.node(node, line)?.ok_or_else(form)?);
                if let Some(what) = what {
                    self.nodes[node.index()].orders.push(Order { time, line, what });
                }
                Ok(())
            }
            [node, ref order @ ..] => {
                check_variables(&words)?;
                let what = what(order)?.ok_or_else(form)?;
                let node = self.node(node, line)?.ok_or_else(form)?;
                match what {
                    Some(What::X(x)) => self.place(node, x, |node| &mut node.x),
                    Some(What::Y(y)) => self.place(node, y, |node| &mut node.y),
                    None => Ok(()),
                    Some(What::Go { .. } | What::On | What::Off) => Err(form()),
                }
            }
        }
    }

    pub(super) fn finish(self) -> Result<Movement, ReadError> {
        let mut ways = Vec::with_capacity(self.nodes.len());
        for (number, node) in (0..).zip(self.nodes) {
            let name = self.roster.name(NodeIx(number));
            ways.push(Way::follow(node, name.as_str())?);
        }
        let span = ways.iter().map(Way::end).max().unwrap_or_default();
        let (nodes, places) = self.roster.ordered();
        let mut ordered: Vec<Vec<Leg>> = vec![Vec::new(); nodes.len()];
        for (way, place) in ways.into_iter().zip(places) {
            ordered[place.index()] = way.until(span);
        }
        Ok(Movement::of(nodes, ordered, span)?)
    }

    /// The node of `$node_(7)`; none where the word is not of that form.
    fn node(&mut self, word: &str, line: u64) -> Result<Option<NodeIx>, Problem> {
        let name = word.strip_prefix("$node_(").and_then(|rest| rest.strip_suffix(')'));
        let Some(name) = name.filter(|name| name.parse::<u32>().is_ok()) else { return Ok(None) };
        let node = self.roster.node(name)?;
        if node.index() == self.nodes.len() {
            self.nodes.push(Node { line, ..Node::default() });
        }
        Ok(Some(node))
    }

    /// Where a node is at time 0.
    fn place(
        &mut self,
        node: NodeIx,
        at: f64,
        coordinate: impl Fn(&mut Node) -> &mut Option<f64>,
    ) -> Result<(), Problem> {
        match coordinate(&mut self.nodes[node.index()]).replace(at) {
            Some(before) if before != at => {
                Err(Problem::TwoPlaces { node: self.roster.name(node).clone(), time: Interval::ZERO })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What a node is told; none inside where it is of no interest, and none outside where the words are of no known form.
fn what(order: &[&str]) -> Result<Option<Option<What>>, Problem> {
    Ok(Some(match order {
        ["set", "X_", x] => Some(What::X(number(x)?)),
        ["set", "Y_", y] => Some(What::Y(number(y)?)),
        ["set", "Z_", z] => number(z).map(|_| None)?,
        ["setdest", x, y, speed] => {
            let speed = number(speed)
                .and_then(|speed| if speed < 0.0 { Err(Problem::Number(speed.to_string())) } else { Ok(speed) })?;
            Some(What::Go { to: Point { x: number(x)?, y: number(y)? }, speed })
        }
        ["on"] => Some(What::On),
        ["off"] => Some(What::Off),
        _ => return Ok(None),
    }))
}

/// Refuses words with a variable in them that has no value here.
fn check_variables(words: &[&str]) -> Result<(), Problem> {
    for word in words {
        let rest = word.strip_prefix("$node_(").unwrap_or(word);
        if let Some(start) = rest.find('$') {
            return Err(Problem::Variable(rest[start..].trim_end_matches(')').to_owned()));
        }
        if rest.contains('[') {
            return Err(Problem::Variable(rest.to_owned()));
        }
    }
    Ok(())
}

/// A node on its way.
struct Way {
    legs: Vec<Leg>,
    now: Interval,
    here: Point,
    /// Where it goes, and when it arrives.
    heading: Option<(Point, Interval)>,
    is_there: bool,
}

impl Way {
    /// Carries out all that a node shall do.
    fn follow(node: Node, name: &str) -> Result<Self, ReadError> {
        let Node { mut x, mut y, mut orders, line } = node;
        orders.sort_by_key(|order| order.time);
        let first = orders.iter().find(|order| matches!(order.what, What::On | What::Off));
        let comes_later = first.is_some_and(|order| matches!(order.what, What::On));
        let nowhere = || Problem::NoPlace(name.to_owned());
        let mut way: Option<Self> = None;
        for Order { time, line, what } in orders {
            match what {
                What::X(at) if way.is_none() && time == Interval::ZERO => x = Some(at),
                What::Y(at) if way.is_none() && time == Interval::ZERO => y = Some(at),
                What::X(_) | What::Y(_) | What::Go { .. } | What::On | What::Off => {
                    let way = match &mut way {
                        Some(way) => way,
                        none => {
                            let here = x.zip(y).map(|(x, y)| Point { x, y });
                            none.insert(Self::at(here.ok_or_else(nowhere).map_err(at(line))?, comes_later))
                        }
                    };
                    way.pass(time);
                    way.obey(what);
                }
            }
        }
        let here = x.zip(y).map(|(x, y)| Point { x, y }).ok_or_else(nowhere).map_err(at(line))?;
        Ok(way.unwrap_or_else(|| Self::at(here, comes_later)))
    }

    fn at(here: Point, comes_later: bool) -> Self {
        Self { legs: Vec::new(), now: Interval::ZERO, here, heading: None, is_there: !comes_later }
    }

    fn obey(&mut self, what: What) {
        match what {
            What::X(x) => (self.here.x, self.heading) = (x, None),
            What::Y(y) => (self.here.y, self.heading) = (y, None),
            What::On => self.is_there = true,
            What::Off => self.is_there = false,
            What::Go { to, speed } => {
                let seconds = self.here.distance(to) / speed;
                let arrives = Interval(self.now.0.saturating_add(libm::round(seconds * 1e9) as u64));
                // ns-2 takes a speed of 0 for a stop.
                self.heading = (speed > 0.0 && arrives > self.now).then_some((to, arrives));
            }
        }
    }

    /// Lets time pass until `until`.
    fn pass(&mut self, until: Interval) {
        if let Some((to, arrives)) = self.heading {
            let leg = Leg { from: self.now, until: arrives, start: self.here, end: to };
            let stop = arrives.min(until);
            self.add(Leg { until: stop, end: leg.at(stop), ..leg });
            if arrives <= until {
                self.heading = None;
            }
        }
        self.add(Leg { from: self.now, until, start: self.here, end: self.here });
    }

    fn add(&mut self, leg: Leg) {
        if leg.from < leg.until {
            (self.now, self.here) = (leg.until, leg.end);
            self.legs.extend(self.is_there.then_some(leg));
        }
    }

    /// When the last thing that it was told is done.
    fn end(&self) -> Interval {
        self.heading.map_or(self.now, |(_, arrives)| arrives)
    }

    /// Its legs in a record that ends at `span`.
    fn until(mut self, span: Interval) -> Vec<Leg> {
        self.pass(span);
        if self.is_there && self.legs.last().is_none_or(|leg| leg.until < span) {
            self.legs.push(Leg { from: span, until: span, start: self.here, end: self.here });
        }
        self.legs
    }
}

#[cfg(test)]
#[path = "setdest_tests.rs"]
mod tests;
