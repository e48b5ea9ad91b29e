//! Floating car data of SUMO: `<timestep time="0.00"><vehicle id="v0" x="4.4" y="0.05" speed="27.7" .../></timestep>`, read as it comes.
//!
//! Between two timesteps a vehicle, person or container goes straight. It is there from the first timestep that has it to the last one
//! before one that has not; in the last timestep of the file nobody leaves.

use std::io::{BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};

use super::super::movement::{Leg, Movement, Point};
use super::error::{Problem, ReadError, at};
use super::fields::{number, seconds};
use super::roster::Roster;
use crate::time::Interval;

/// Reads a whole file, whose first line has the number `line`.
pub(super) fn read(input: &mut dyn BufRead, line: u64) -> Result<Movement, ReadError> {
    let mut reader = Reader::from_reader(Lines { input, passed: line });
    let mut buffer = Vec::new();
    let mut traffic = Traffic::default();
    loop {
        let event = reader.read_event_into(&mut buffer);
        let line = reader.get_ref().passed;
        match event.map_err(not_xml).map_err(at(line))? {
            Event::Start(element) | Event::Empty(element) => traffic.begin(&element).map_err(at(line))?,
            Event::Comment(text) if is_geo(&text) => return Err(at(line)(Problem::Geo)),
            Event::End(element) if element.local_name().as_ref() == b"timestep" => traffic.time = None,
            Event::Eof => return traffic.finish(line),
            Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
        buffer.clear();
    }
}

/// The configuration that SUMO writes into a comment at the beginning.
fn is_geo(comment: &[u8]) -> bool {
    String::from_utf8_lossy(comment).contains("<fcd-output.geo value=\"true\"")
}

fn not_xml(error: impl std::fmt::Display) -> Problem {
    Problem::Xml(error.to_string())
}

/// Counts lines as they pass.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    /// The number of the line that is read.
    passed: u64,
}

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(into)?;
        self.passed += into[..count].iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(count)
    }
}

impl BufRead for Lines<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if let Ok(bytes) = self.input.fill_buf() {
            self.passed += bytes[..count].iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        self.input.consume(count);
    }
}

/// What has been read so far.
#[derive(Default)]
struct Traffic {
    roster: Roster,
    ways: Vec<Vec<Leg>>,
    /// Of each timestep inside of which reading is.
    time: Option<Interval>,
    /// The last two timesteps.
    now: Interval,
    before: Option<Interval>,
    is_begun: bool,
    /// Metres that all went by their places, and by their speeds.
    gone: f64,
    driven: f64,
}

impl Traffic {
    fn begin(&mut self, element: &BytesStart) -> Result<(), Problem> {
        match element.local_name().as_ref() {
            b"timestep" => {
                let time = seconds(&required(element, "time")?)?;
                if self.is_begun && time <= self.now {
                    return Err(Problem::Backwards { before: self.now, time });
                }
                self.before = self.is_begun.then_some(self.now);
                (self.time, self.now, self.is_begun) = (Some(time), time, true);
                Ok(())
            }
            b"vehicle" | b"person" | b"container" => self.place(element),
            _ => Ok(()),
        }
    }

    fn place(&mut self, element: &BytesStart) -> Result<(), Problem> {
        let name = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
        let time = self.time.ok_or(Problem::NoTimestep(name))?;
        let here = Point { x: number(&required(element, "x")?)?, y: number(&required(element, "y")?)? };
        let node = self.roster.node(&required(element, "id")?)?;
        if node.index() == self.ways.len() {
            self.ways.push(Vec::new());
        }
        let way = &mut self.ways[node.index()];
        let stand = Leg { from: time, until: time, start: here, end: here };
        match way.last_mut() {
            Some(last) if last.until == time => {
                return Err(Problem::TwoPlaces { node: self.roster.name(node).clone(), time });
            }
            Some(last) if Some(last.until) == self.before => {
                let seconds = (time.0 - last.until.0) as f64 / 1e9;
                self.gone += last.end.distance(here);
                self.driven += attribute(element, "speed")?.map_or(Ok(0.0), |speed| number(&speed))? * seconds;
                let leg = Leg { from: last.until, until: time, start: last.end, end: here };
                if last.from == last.until || last.start == last.end && leg.start == leg.end {
                    *last = Leg { from: last.from, ..leg };
                } else {
                    way.push(leg);
                }
            }
            Some(_) | None => way.push(stand),
        }
        Ok(())
    }

    /// Degrees are 100 000 times as large as metres: who drives farther than it gets is on longitudes and latitudes.
    fn finish(self, line: u64) -> Result<Movement, ReadError> {
        if self.ways.is_empty() {
            return Err(ReadError::Empty);
        }
        if self.driven > 1000.0 * self.gone {
            return Err(at(line)(Problem::Geo));
        }
        let (nodes, places) = self.roster.ordered();
        let mut ways: Vec<Vec<Leg>> = vec![Vec::new(); nodes.len()];
        for (way, place) in self.ways.into_iter().zip(places) {
            ways[place.index()] = way;
        }
        Ok(Movement::of(nodes, ways, self.now)?)
    }
}

fn required(element: &BytesStart, name: &'static str) -> Result<String, Problem> {
    let element_name = || String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
    attribute(element, name)?.ok_or_else(|| Problem::NoAttribute { element: element_name(), attribute: name })
}

fn attribute(element: &BytesStart, name: &str) -> Result<Option<String>, Problem> {
    let found: Option<Attribute> = element.try_get_attribute(name).map_err(not_xml)?;
    let value = found.map(|found| found.decode_and_unescape_value(element.decoder()));
    Ok(value.transpose().map_err(not_xml)?.map(std::borrow::Cow::into_owned))
}

#[cfg(test)]
#[path = "fcd_tests.rs"]
mod tests;
