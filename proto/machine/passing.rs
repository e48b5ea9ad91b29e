//! The part of a machine that lets things pass between the node and its links; see [`super::access`].

use super::access::{Access, Pending, Reply, Taking, Through};
use super::io::{Event, Failure, Input, Output, Outputs, Refusal};
use super::{Answer, Machine};
use crate::id::{Hop, NodeIx};
use crate::quantity::Rate;
use crate::time::Timestamp;

impl Machine {
    /// When [`Input::AccessTimeout`] is due: something is through an uplink or downlink, worked on or checked. None where
    /// nothing is inside. It is never later than [`Self::poll_timeout`], which is due for timers too.
    pub fn poll_access(&self) -> Option<Timestamp> {
        self.access.as_ref().and_then(|access| access.poll_timeout()).filter(|_| !self.stands_still())
    }

    /// Gives the node an uplink whose rate faults can change.
    pub(super) fn open_uplink(&mut self) {
        if let Some(configured) = &self.configured {
            self.access = Some(Access::with_uplink(self.access.take(), &configured.config));
        }
    }

    /// Has the node send at this rate; none: at that of its links.
    pub(super) fn set_uplink(&mut self, now: Timestamp, rate: Option<Rate>) {
        let (Some(configured), Some(access)) = (&self.configured, &mut self.access) else { return };
        let usual = || configured.config.common.links.uplink(self.me).unwrap_or(Rate::MAX);
        access.set_uplink(now, rate.unwrap_or_else(usual));
    }

    /// How much of what keeps a message from being over is between the node and its links, or asked and not answered:
    /// nothing that a host without rates, validation and service would have to count itself.
    pub fn held_up(&self) -> u64 {
        let open = || self.contacts.as_ref().map_or(0, |contacts| contacts.in_flight());
        self.access.as_ref().map_or(0, |access| access.inside().moving + open()) + self.put_off()
    }

    /// What was to be through by now passes first, each at its own instant.
    pub(super) fn handle_through(&mut self, now: Timestamp, input: Input, outputs: &mut Outputs) {
        self.let_through(now, outputs);
        let input = match self.sender(&input) {
            Some(from) => self.access.as_mut().and_then(|access| access.take_in(now, from, input)),
            None => Some(input),
        };
        if let Some(input) = input {
            self.take_in(now, input, Taking::AtOnce, outputs);
        }
    }

    fn let_through(&mut self, now: Timestamp, outputs: &mut Outputs) {
        while let Some((at, through)) = self.access.as_mut().and_then(|access| access.pop(now)) {
            match through {
                Through::Uplink(output) => self.leave(at, output, outputs),
                Through::Arrived(input, received) => {
                    self.take_in(at, input, Taking::Received(received), outputs);
                }
                Through::Checked(pending) => {
                    pending.into_iter().for_each(|pending| self.go_on(at, pending, outputs));
                    self.pump(at, outputs);
                }
            }
        }
    }

    /// Whom what arrives is from. A node that starts a message at itself, and an answer that nobody waits for, pass at once.
    fn sender(&self, input: &Input) -> Option<NodeIx> {
        match input {
            Input::Deliver { from, .. } if *from == self.me => None,
            Input::Deliver { from, .. } | Input::Asked { from, .. } | Input::Control { from, .. } => Some(*from),
            Input::AskDone { contact, result: Ok(_) } => self.contacts.as_ref().and_then(|it| it.asked(*contact)),
            Input::AskDone { result: Err(_), .. }
            | Input::Configure(_)
            | Input::Initiate { .. }
            | Input::SendDone { .. }
            | Input::ControlDone { .. }
            | Input::Timeout
            | Input::AccessTimeout
            | Input::LinkUp { .. }
            | Input::LinkDown { .. }
            | Input::Stop => None,
        }
    }

    /// Has the machine take what has come in. A configuration brings an access of its own.
    fn take_in(&mut self, now: Timestamp, input: Input, taking: Taking, outputs: &mut Outputs) {
        self.note_taking(taking);
        self.handle(now, input, outputs);
        self.note_taking(Taking::Nothing);
    }

    fn note_taking(&mut self, taking: Taking) {
        if let Some(access) = &mut self.access {
            access.taking = taking;
        }
    }

    /// Has something go out: by the uplink, where there is one.
    pub(super) fn send_off(&mut self, now: Timestamp, output: Output, outputs: &mut Outputs) {
        let output = match &mut self.access {
            Some(access) => access.send_off(now, output),
            None => Some(output),
        };
        if let Some(output) = output {
            self.leave(now, output, outputs);
        }
    }

    /// Something goes onto its link at this instant.
    fn leave(&mut self, now: Timestamp, mut output: Output, outputs: &mut Outputs) {
        match &mut output {
            Output::Send(send) if !self.has_link(send.to) => {
                let send = send.send;
                return self.cancel(now, send, Failure::NoLink, outputs);
            }
            Output::Send(send) => {
                send.hold.0 = send.hold.0.saturating_add(now.since(send.since).0);
                self.sends.leave(send.send, send.since + send.hold);
            }
            Output::Ask(contact) | Output::Control(contact) => {
                contact.hold.0 = contact.hold.0.saturating_add(now.since(contact.since).0);
            }
            Output::Answer(answer) => {
                answer.hold.0 = answer.hold.0.saturating_add(now.since(answer.since).0);
                if answer.is_lost {
                    self.fail_copies(answer, answer.since + answer.hold, &Failure::Lost, outputs);
                }
            }
            Output::Reply { .. } | Output::Refuse { .. } | Output::Event(_) => {}
        }
        outputs.queue.push_back(output);
    }

    /// The copies in an answer that does not arrive.
    fn fail_copies(&mut self, answer: &Answer, at: Timestamp, reason: &Failure, outputs: &mut Outputs) {
        for copy in &answer.copies {
            let (message, hop, to) = (copy.gossip.message, copy.gossip.hop.map(Hop::next), answer.to);
            let (send, sent, bytes, reason) = (copy.send, answer.since, copy.bytes, reason.clone());
            self.load.failed += 1;
            outputs.event(Event::Failed { message, to, hop, send, sent, at, bytes, reason });
        }
    }

    /// Has something wait for the check of what it names; gives it back where nothing is checked.
    pub(super) fn wait_for_check(&mut self, pending: Pending) -> Option<Pending> {
        match &mut self.access {
            Some(access) => access.wait(pending),
            None => Some(pending),
        }
    }

    fn go_on(&mut self, now: Timestamp, pending: Pending, outputs: &mut Outputs) {
        match pending {
            Pending::Copies(spread, targets) => self.sends.queue(spread, targets.into_iter()),
            Pending::Control(to, body) => self.tell(now, to, body, outputs),
            Pending::Answer(mut reply) => {
                reply.messages.retain(|message| self.holdings.held(*message).is_some());
                self.answer(now, reply, outputs);
            }
        }
    }

    /// Gives up what is inside. Copies that wait for a check are queued, to be given up with the others.
    pub(super) fn abandon_access(&mut self, now: Timestamp, why: &'static str, outputs: &mut Outputs) {
        let Some(access) = &mut self.access else { return };
        let (leaving, arriving, pending) = access.clear();
        let refusal = Refusal::CutShort(why);
        for output in leaving {
            if let Output::Answer(answer) = output {
                self.fail_copies(&answer, now, &Failure::Abandoned(why), outputs);
                outputs.queue.push_back(Output::Refuse { asked: answer.asked, refusal });
            }
        }
        for input in arriving {
            match input {
                Input::Deliver { delivery, .. } => {
                    outputs.queue.push_back(Output::Reply { delivery, ack: Err(refusal), useful: None });
                }
                Input::Asked { asked, .. } => outputs.queue.push_back(Output::Refuse { asked, refusal }),
                Input::AskDone { .. }
                | Input::Control { .. }
                | Input::Configure(_)
                | Input::Initiate { .. }
                | Input::SendDone { .. }
                | Input::ControlDone { .. }
                | Input::Timeout
                | Input::AccessTimeout
                | Input::LinkUp { .. }
                | Input::LinkDown { .. }
                | Input::Stop => {}
            }
        }
        for pending in pending {
            match pending {
                Pending::Copies(spread, targets) => self.sends.queue(spread, targets.into_iter()),
                Pending::Control(..) => {}
                Pending::Answer(Reply { asked, .. }) => {
                    outputs.queue.push_back(Output::Refuse { asked, refusal });
                }
            }
        }
    }
}
