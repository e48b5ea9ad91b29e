//! The part of a machine that faults stop, hold and hurry, and that sends and takes probes of them.

use super::Machine;
use super::ask::{Contact, Words};
use super::faults::{FaultLog, Faults, PROBE, RoundFaults, Step, StepEdge, What};
use super::io::{Input, Output, Outputs};
use super::periods::Of;
use super::size::WordsParts;
use super::way::Way;
use crate::id::{ContactId, Epoch, Message};
use crate::link::{CopyKey, CopyKind};
use crate::protocol::Body;
use crate::scenario::{Manner, Stop};
use crate::time::{Interval, Timestamp};

/// More than a node sends in one configuration.
const COPIES_OF_A_LIFE: u64 = 1 << 20;

impl Machine {
    /// Begins the faults of a round. The node must have been configured; a configuration ends them.
    pub fn begin_faults(&mut self, faults: RoundFaults) {
        self.restarts = self.restarts.max(faults.before);
        if faults.joined > Interval::ZERO {
            self.join(&faults);
        }
        if !faults.timeline.uplinks_of(self.me).is_empty() {
            self.open_uplink();
        }
        self.faults = Some(Box::new(Faults::new(faults, self.me)));
    }

    /// The node takes the place of one whose process has ended: it holds nothing, and gives no copy or period the number of an earlier
    /// one.
    fn join(&mut self, faults: &RoundFaults) {
        self.sends.skip(u64::from(faults.before) * COPIES_OF_A_LIFE);
        let period = self.configured.as_ref().map_or(0, |configured| configured.config.common.settings.period.0);
        self.periods.skip(faults.joined.0 / period.max(1));
    }

    /// What this node has seen of the round's faults.
    pub fn fault_log(&self) -> FaultLog {
        self.faults.as_ref().map(|faults| faults.log.clone()).unwrap_or_default()
    }

    /// How often it has lost what it held, and began anew.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Whether it is down to the round's end.
    pub fn is_gone(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.is_gone())
    }

    /// The same as [`Self::handle`], where faults may have to say something first.
    pub(super) fn handle_under_faults(&mut self, now: Timestamp, input: Input, outputs: &mut Outputs) {
        self.take_steps(now, outputs);
        let Some(faults) = &mut self.faults else { return self.handle_free(now, input, outputs) };
        match faults.standing.map(|stop| stop.manner) {
            None => self.handle_free(now, input, outputs),
            Some(_) if matches!(input, Input::Configure(_) | Input::Stop) => self.handle_free(now, input, outputs),
            Some(Manner::Paused) => match input {
                Input::Timeout | Input::AccessTimeout => {}
                Input::Configure(_)
                | Input::Stop
                | Input::LinkUp { .. }
                | Input::LinkDown { .. }
                | Input::Initiate { .. }
                | Input::Deliver { .. }
                | Input::SendDone { .. }
                | Input::Asked { .. }
                | Input::AskDone { .. }
                | Input::Control { .. }
                | Input::ControlDone { .. } => faults.waiting.push_back(input),
            },
            Some(Manner::Down { .. } | Manner::Asleep) => match input.turn() {
                // Links come and go whether or not anybody looks.
                Some(turn) => self.turn(now, turn, outputs),
                None => self.pass_over(input),
            },
        }
    }

    /// What comes to a node that is down leaves no trace, but for permits that become free.
    fn pass_over(&mut self, input: Input) {
        match input {
            Input::SendDone { send, .. } => {
                if let Some(permitted) = self.sends.end(send) {
                    self.load.finished += 1;
                    // Nobody is answered by a node that is down.
                    self.sends.settle(permitted.copy);
                }
            }
            Input::AskDone { contact, .. } | Input::ControlDone { contact, .. } => self.control_done(contact),
            Input::Configure(_)
            | Input::Initiate { .. }
            | Input::Deliver { .. }
            | Input::Asked { .. }
            | Input::Control { .. }
            | Input::Timeout
            | Input::AccessTimeout
            | Input::LinkUp { .. }
            | Input::LinkDown { .. }
            | Input::Stop => {}
        }
    }

    fn take_steps(&mut self, now: Timestamp, outputs: &mut Outputs) {
        while let Some(Step { at, what }) = self.faults.as_mut().and_then(|faults| faults.due(now)) {
            match what {
                What::Stops(stop) => self.stop_standing(now, stop),
                What::Goes(stop) => self.go_again(now, stop, outputs),
                What::Begins(fault) => self.note_step(fault, StepEdge::Begins, at, now),
                What::Ends(fault) => self.note_step(fault, StepEdge::Ends, at, now),
                What::Mutes => self.count_mutes(|mutes| mutes + 1),
                What::Speaks => self.count_mutes(|mutes| mutes - 1),
                What::Rate(rate) => self.set_uplink(now, rate),
                What::Probe(place) => self.send_probe(now, place, outputs),
            }
        }
    }

    fn note_step(&mut self, fault: u32, edge: StepEdge, intended: Interval, taken: Timestamp) {
        if let Some(faults) = &mut self.faults {
            faults.note(fault, edge, intended, taken);
        }
    }

    fn count_mutes(&mut self, count: impl FnOnce(u32) -> u32) {
        if let Some(faults) = &mut self.faults {
            faults.mutes = count(faults.mutes);
        }
    }

    /// The node stands still from now on. One that goes down loses what has not left it; one that sleeps keeps what waits for a
    /// permit; one that pauses keeps everything.
    fn stop_standing(&mut self, now: Timestamp, stop: Stop) {
        self.note_step(stop.fault, StepEdge::Begins, stop.span.begins, now);
        if let Some(faults) = &mut self.faults {
            faults.standing = Some(stop);
        }
        match stop.manner {
            Manner::Paused => {}
            Manner::Asleep => self.drop_held(),
            Manner::Down { .. } => {
                self.drop_held();
                while let Some(copy) = self.sends.next_waiting() {
                    self.sends.settle(copy);
                }
                if let Some(contacts) = &mut self.contacts {
                    contacts.abandon();
                }
            }
        }
    }

    /// What has come to the node or was to leave it, and is still on the way inside.
    fn drop_held(&mut self) {
        let Some(access) = &mut self.access else { return };
        let (leaving, ..) = access.clear();
        for output in leaving {
            if let Output::Send(send) = output {
                self.pass_over(Input::SendDone { send: send.send, sent: send.since, result: Ok(None) });
            }
        }
    }

    /// The node goes on. What came to it while it paused is taken now.
    fn go_again(&mut self, now: Timestamp, stop: Stop, outputs: &mut Outputs) {
        self.note_step(stop.fault, StepEdge::Ends, stop.span.ends, now);
        let Some(faults) = &mut self.faults else { return };
        faults.standing = None;
        let waiting = std::mem::take(&mut faults.waiting);
        if matches!(stop.manner, Manner::Down { state, .. } if state.is_lost()) {
            self.begin_anew(now);
        }
        self.put_off_to(Some(now));
        waiting.into_iter().for_each(|input| self.handle_free(now, input, outputs));
        self.put_off_to(None);
        self.pump(now, outputs);
    }

    /// What waits for the end of a pause.
    pub(super) fn put_off(&self) -> u64 {
        self.faults.as_ref().map_or(0, |faults| faults.waiting.len() as u64)
    }

    fn put_off_to(&mut self, until: Option<Timestamp>) {
        if let Some(faults) = &mut self.faults {
            faults.put_off_until = until;
        }
    }

    /// When what has waited for the end of a pause is received.
    pub(super) fn put_off_until(&self) -> Option<Timestamp> {
        self.faults.as_ref().and_then(|faults| faults.put_off_until)
    }

    /// Whether it takes nothing at present, and never will take what comes now.
    pub fn is_down(&self) -> bool {
        let standing = self.faults.as_ref().and_then(|faults| faults.standing);
        standing.is_some_and(|stop| stop.manner != Manner::Paused)
    }

    /// Whether it does nothing at present.
    pub fn stands_still(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.standing.is_some())
    }

    /// A node without a memory, under the configuration that it has.
    fn begin_anew(&mut self, now: Timestamp) {
        self.restarts += 1;
        self.holdings.clear();
        self.timers.clear();
        let Some(configured) = &mut self.configured else { return };
        let common = &configured.config.common;
        let protocol = common.settings.spec.protocol();
        configured.part = protocol.node();
        if protocol.is_periodic() {
            let of = Of { seed: common.seed, node: self.me, first: configured.config.first_period };
            self.periods = self.periods.begin_later(now, of, &common.settings);
        }
    }

    fn send_probe(&mut self, now: Timestamp, place: u32, outputs: &mut Outputs) {
        let (Some(configured), Some(faults)) = (&self.configured, &self.faults) else { return };
        if faults.standing.is_some() {
            return;
        }
        let to = faults.timeline().probes[place as usize].to;
        let common = &configured.config.common;
        let (name_bytes, epoch, deadline) = (configured.config.name_bytes, common.epoch, common.settings.deadline);
        let key = CopyKey { round: place, kind: CopyKind::Probe, nth: configured.config.first_period };
        let Way { after: hold, is_lost, is_cut } = self.way(now, to, key);
        let is_lost = is_lost || is_cut;
        let body = Body::new(PROBE, [Message(place)]);
        let bytes = WordsParts { name_bytes, epoch, nth: place, body: &body }.encoded_bytes();
        let words = Words { nth: place, epoch: Some(epoch).filter(|epoch| *epoch != Epoch(0)), body };
        let contact = probe_contact(place);
        let contact = Contact { contact, to, words, bytes, since: now, deadline, hold, is_poll: true, is_lost };
        outputs.queue.push_back(Output::Control(contact));
        if let Some(faults) = &mut self.faults {
            faults.log.sent.push((place, now));
        }
    }

    /// Notes that a probe of this node came.
    pub(super) fn note_answer(&mut self, contact: ContactId, answered: Option<Timestamp>) {
        let (Some(faults), Some(at)) = (&mut self.faults, answered) else { return };
        let probe = u32::try_from(u64::MAX - contact.0).ok().filter(|place| probe_contact(*place) == contact);
        faults.log.answered.extend(probe.map(|place| (place, at)));
    }

    /// Takes a probe; false where what has come is none.
    pub(super) fn take_probe(&mut self, now: Timestamp, body: &Body) -> bool {
        let is_probe = body.kind == PROBE;
        if is_probe && let (Some(faults), Some(Message(place))) = (&mut self.faults, body.messages.first()) {
            faults.log.received.push((*place, now));
        }
        is_probe
    }

    /// Whether it sends no message of another node on at present.
    pub(super) fn is_mute(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.mutes > 0)
    }
}

/// Contacts are counted from 1 up, probes from the other end.
fn probe_contact(place: u32) -> ContactId {
    ContactId(u64::MAX - u64::from(place))
}
