//! What lies between a node and its links: the uplink that its copies leave by, the downlink and the processor that what
//! arrives has to pass, and the check of a message before anything that names it leaves.
//!
//! Everything passes at an instant that follows from the model, however late the host tells the time.

use std::collections::{BTreeMap, VecDeque};

use super::ask::Answered;
use super::io::{Config, Input, Output};
use super::sends::Spread;
use crate::id::{DeliveryId, Message, NodeIx};
use crate::link::{Links, Port, Sharing, Transfer, WorkModel};
use crate::protocol::Body;
use crate::quantity::Rate;
use crate::random::{Purpose, Random};
use crate::time::Timestamp;

/// See the module.
#[derive(Debug)]
pub(super) struct Access {
    uplink: Option<Gate<Output>>,
    downlink: Option<Gate<Input>>,
    processor: Option<Processor>,
    validation: Option<Validation>,
    inside: Inside,
    /// What the machine takes now.
    pub(super) taking: Taking,
}

/// What a machine takes that has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    /// Nothing: what comes next has to pass.
    Nothing,
    /// What nothing held up.
    AtOnce,
    /// What was received at this instant.
    Received(Timestamp),
}

impl Taking {
    /// When it was received; none where the host knows it.
    pub(super) fn received(self) -> Option<Timestamp> {
        match self {
            Self::Nothing | Self::AtOnce => None,
            Self::Received(at) => Some(at),
        }
    }
}

/// How much is inside that nobody else counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Inside {
    /// What keeps a message from being over.
    pub(super) moving: u64,
    /// Copies that wait for the check of their message.
    pub(super) copies: u64,
    /// Control messages and answers.
    pub(super) control: u64,
}

/// Something that is through.
#[derive(Debug)]
pub(super) enum Through {
    /// It has left the uplink.
    Uplink(Output),
    /// The node may take it, which it received at this instant.
    Arrived(Input, Timestamp),
    /// These wait no longer for the check of any message.
    Checked(Vec<Pending>),
}

/// What waits for the check of the messages that it names.
#[derive(Debug)]
pub(super) enum Pending {
    /// Copies of one.
    Copies(Spread, Vec<NodeIx>),
    /// A control message.
    Control(NodeIx, Body),
    /// An answer with copies.
    Answer(Reply),
}

/// What a protocol answers.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) asked: DeliveryId,
    pub(super) from: NodeIx,
    /// The number of the ask.
    pub(super) nth: u32,
    pub(super) body: Body,
    /// The messages that travel in it.
    pub(super) messages: Vec<Message>,
}

/// A port with what waits in it.
#[derive(Debug)]
struct Gate<T> {
    port: Port,
    waiting: BTreeMap<u64, T>,
    entered: u64,
}

/// Works on one copy at a time.
#[derive(Debug)]
struct Processor {
    model: WorkModel,
    of: Of,
    copies: u64,
    free: Timestamp,
    /// With the end of the work on it, and when it was received.
    waiting: VecDeque<(Timestamp, Timestamp, Input)>,
}

/// Checks any number of messages at once.
#[derive(Debug)]
struct Validation {
    model: WorkModel,
    of: Of,
    running: Vec<(Timestamp, Message)>,
    waiting: Vec<Pending>,
}

/// What draws are keyed by.
#[derive(Debug, Clone, Copy)]
struct Of {
    seed: u64,
    node: NodeIx,
    first_period: u32,
}

/// The order in which things pass at one instant: what arrives comes before what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Downlink,
    Processor,
    Validation,
    Uplink,
}

impl Access {
    /// That of a node; none where nothing lies between it and its links.
    pub(super) fn of(config: &Config) -> Option<Box<Self>> {
        let links: &Links = &config.common.links;
        if links.is_direct() {
            return None;
        }
        let of = Of { seed: config.common.seed, node: config.me, first_period: config.first_period };
        Some(Box::new(Self {
            uplink: links.uplink(config.me).map(|rate| Gate::new(rate, links.sharing())),
            downlink: links.downlink(config.me).map(|rate| Gate::new(rate, links.sharing())),
            processor: links.service().map(|model| Processor::new(model.clone(), of)),
            validation: links.validation().map(|model| Validation::new(model.clone(), of)),
            inside: Inside::default(),
            taking: Taking::Nothing,
        }))
    }

    /// That of a node whose faults change the rate that it sends at: it has an uplink, without limit where its links have none.
    pub(super) fn with_uplink(access: Option<Box<Self>>, config: &Config) -> Box<Self> {
        let mut access = access.unwrap_or_else(|| {
            Box::new(Self {
                uplink: None,
                downlink: None,
                processor: None,
                validation: None,
                inside: Inside::default(),
                taking: Taking::Nothing,
            })
        });
        access.uplink.get_or_insert_with(|| Gate::new(Rate::MAX, config.common.links.sharing()));
        access
    }

    /// The node sends at this rate from now on.
    pub(super) fn set_uplink(&mut self, now: Timestamp, rate: Rate) {
        if let Some(gate) = &mut self.uplink {
            gate.port.set_rate(now, rate);
        }
    }

    /// How much is inside.
    pub(super) fn inside(&self) -> Inside {
        self.inside
    }

    /// When the next thing is through; none where nothing waits.
    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.next().map(|(at, _)| at)
    }

    /// The next thing that is through by now, and since when.
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Through)> {
        loop {
            let (at, stage) = self.next().filter(|(at, _)| *at <= now)?;
            let through = match stage {
                Stage::Downlink => {
                    let input = self.downlink.as_mut().and_then(|gate| gate.pop(at))?;
                    self.work_on(at, input).map(|input| (at, input))
                }
                Stage::Processor => {
                    let (_, received, input) = self.processor.as_mut().and_then(|it| it.waiting.pop_front())?;
                    Some((received, input))
                }
                Stage::Validation => {
                    let checked = self.validation.as_mut()?.pop();
                    checked.iter().for_each(|pending| self.inside.remove(Inside::of_pending(pending)));
                    return Some((at, Through::Checked(checked)));
                }
                Stage::Uplink => {
                    let output = self.uplink.as_mut().and_then(|gate| gate.pop(at))?;
                    self.inside.remove(Inside::of_output(&output));
                    return Some((at, Through::Uplink(output)));
                }
            };
            if let Some((received, input)) = through {
                self.inside.remove(Inside::of_input(&input));
                return Some((at, Through::Arrived(input, received)));
            }
        }
    }

    /// Has something go out by the uplink; gives it back where there is none.
    pub(super) fn send_off(&mut self, now: Timestamp, output: Output) -> Option<Output> {
        let Some(gate) = &mut self.uplink else { return Some(output) };
        let (to, bytes) = match &output {
            Output::Send(send) => (send.to, send.bytes),
            Output::Ask(contact) | Output::Control(contact) => (contact.to, contact.bytes),
            Output::Answer(answer) => (answer.to, answer.bytes),
            Output::Reply { .. } | Output::Refuse { .. } | Output::Event(_) => return Some(output),
        };
        self.inside.add(Inside::of_output(&output));
        gate.enter(now, to, bytes, output);
        None
    }

    /// Has something come in that is from a node; gives it back where nothing holds it up.
    pub(super) fn take_in(&mut self, now: Timestamp, from: NodeIx, input: Input) -> Option<Input> {
        let bytes = match &input {
            Input::Deliver { bytes, .. } | Input::Asked { bytes, .. } | Input::Control { bytes, .. } => *bytes,
            Input::AskDone { result: Ok(Answered { bytes, .. }), .. } => *bytes,
            Input::AskDone { result: Err(_), .. }
            | Input::Configure(_)
            | Input::Initiate { .. }
            | Input::SendDone { .. }
            | Input::ControlDone { .. }
            | Input::Timeout
            | Input::AccessTimeout
            | Input::LinkUp { .. }
            | Input::LinkDown { .. }
            | Input::Stop => return Some(input),
        };
        let weight = Inside::of_input(&input);
        let held_up = match &mut self.downlink {
            Some(gate) => {
                gate.enter(now, from, bytes, input);
                None
            }
            None => self.work_on(now, input),
        };
        if held_up.is_none() {
            self.inside.add(weight);
        }
        held_up
    }

    fn work_on(&mut self, now: Timestamp, input: Input) -> Option<Input> {
        match &mut self.processor {
            Some(processor) => processor.enter(now, input),
            None => Some(input),
        }
    }

    /// Has the check of a message begin.
    pub(super) fn check(&mut self, now: Timestamp, message: Message) {
        if let Some(validation) = &mut self.validation {
            validation.begin(now, message);
        }
    }

    /// Has something wait until what it names is checked; gives it back where that is the case.
    pub(super) fn wait(&mut self, pending: Pending) -> Option<Pending> {
        let validation = self.validation.as_mut().filter(|it| it.holds_up(&pending));
        let Some(validation) = validation else { return Some(pending) };
        self.inside.add(Inside::of_pending(&pending));
        validation.waiting.push(pending);
        None
    }

    /// Takes everything out.
    pub(super) fn clear(&mut self) -> (Vec<Output>, Vec<Input>, Vec<Pending>) {
        self.inside = Inside::default();
        let mut inputs = self.downlink.as_mut().map(Gate::clear).unwrap_or_default();
        let worked_on = self.processor.as_mut().map(|it| std::mem::take(&mut it.waiting)).unwrap_or_default();
        inputs.extend(worked_on.into_iter().map(|(.., input)| input));
        let pending = self.validation.as_mut().map(Validation::clear).unwrap_or_default();
        (self.uplink.as_mut().map(Gate::clear).unwrap_or_default(), inputs, pending)
    }

    fn next(&self) -> Option<(Timestamp, Stage)> {
        let downlink = self.downlink.as_ref().and_then(|gate| gate.port.poll_timeout());
        let processor = self.processor.as_ref().and_then(|it| it.waiting.front()).map(|(end, ..)| *end);
        let validation = self.validation.as_ref().and_then(|it| it.running.iter().map(|(end, _)| *end).min());
        let uplink = self.uplink.as_ref().and_then(|gate| gate.port.poll_timeout());
        let stages = [
            (downlink, Stage::Downlink),
            (processor, Stage::Processor),
            (validation, Stage::Validation),
            (uplink, Stage::Uplink),
        ];
        stages.into_iter().filter_map(|(at, stage)| Some((at?, stage))).min()
    }
}

impl Inside {
    fn add(&mut self, more: Self) {
        self.moving += more.moving;
        self.copies += more.copies;
        self.control += more.control;
    }

    fn remove(&mut self, less: Self) {
        self.moving -= less.moving;
        self.copies -= less.copies;
        self.control -= less.control;
    }

    /// Copies have permits, asks and control messages are contacts: those are counted as such. A host does not count the
    /// answer to a poll.
    fn of_output(output: &Output) -> Self {
        match output {
            Output::Send(_) | Output::Control(_) => Self { moving: 1, ..Self::default() },
            Output::Ask(ask) => Self { moving: u64::from(!ask.is_poll), ..Self::default() },
            Output::Answer(answer) => Self::of_answer(answer.copies.is_empty()),
            Output::Reply { .. } | Output::Refuse { .. } | Output::Event(_) => Self::default(),
        }
    }

    fn of_input(input: &Input) -> Self {
        match input {
            Input::Deliver { .. } => Self { moving: 1, ..Self::default() },
            Input::Control { .. } => Self { moving: 1, control: 1, ..Self::default() },
            Input::AskDone { result: Ok(answered), .. } => Self::of_answer(answered.copies.is_empty()),
            Input::AskDone { result: Err(_), .. }
            | Input::Asked { .. }
            | Input::Configure(_)
            | Input::Initiate { .. }
            | Input::SendDone { .. }
            | Input::ControlDone { .. }
            | Input::Timeout
            | Input::AccessTimeout
            | Input::LinkUp { .. }
            | Input::LinkDown { .. }
            | Input::Stop => Self::default(),
        }
    }

    fn of_pending(pending: &Pending) -> Self {
        match pending {
            Pending::Copies(_, targets) => {
                Self { moving: targets.len() as u64, copies: targets.len() as u64, control: 0 }
            }
            Pending::Control(..) | Pending::Answer(_) => Self { moving: 1, copies: 0, control: 1 },
        }
    }

    fn of_answer(is_bare: bool) -> Self {
        let counts = u64::from(!is_bare);
        Self { moving: counts, copies: 0, control: counts }
    }
}

impl<T> Gate<T> {
    fn new(rate: Rate, sharing: Sharing) -> Self {
        Self { port: Port::new(rate, sharing), waiting: BTreeMap::new(), entered: 0 }
    }

    fn enter(&mut self, now: Timestamp, stream: NodeIx, bytes: u64, item: T) {
        self.entered += 1;
        self.port.enter(now, Transfer { id: self.entered, stream, bytes });
        self.waiting.insert(self.entered, item);
    }

    fn pop(&mut self, at: Timestamp) -> Option<T> {
        self.port.poll_done(at).and_then(|id| self.waiting.remove(&id))
    }

    fn clear(&mut self) -> Vec<T> {
        self.port.clear();
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

impl Processor {
    fn new(model: WorkModel, of: Of) -> Self {
        Self { model, of, copies: 0, free: Timestamp::default(), waiting: VecDeque::new() }
    }

    /// Only copies take time.
    fn enter(&mut self, now: Timestamp, input: Input) -> Option<Input> {
        let copies = match &input {
            Input::Deliver { .. } => 1,
            Input::AskDone { result: Ok(answered), .. } => answered.copies.len(),
            Input::AskDone { result: Err(_), .. }
            | Input::Asked { .. }
            | Input::Control { .. }
            | Input::Configure(_)
            | Input::Initiate { .. }
            | Input::SendDone { .. }
            | Input::ControlDone { .. }
            | Input::Timeout
            | Input::AccessTimeout
            | Input::LinkUp { .. }
            | Input::LinkDown { .. }
            | Input::Stop => 0,
        };
        if copies == 0 {
            return Some(input);
        }
        let Of { seed, node, first_period } = self.of;
        let mut end = self.free.max(now);
        for _ in 0..copies {
            self.copies += 1;
            let key = [u64::from(node.0), u64::from(first_period), self.copies];
            end = end + self.model.draw(|| Random::at(seed, Purpose::Service, &key));
        }
        self.free = end;
        self.waiting.push_back((end, now, input));
        None
    }
}

impl Validation {
    fn new(model: WorkModel, of: Of) -> Self {
        Self { model, of, running: Vec::new(), waiting: Vec::new() }
    }

    fn begin(&mut self, now: Timestamp, message: Message) {
        let Of { seed, node, .. } = self.of;
        let key = [u64::from(node.0), u64::from(message.0)];
        let time = self.model.draw(|| Random::at(seed, Purpose::Validation, &key));
        self.running.push((now + time, message));
    }

    fn is_checked(&self, message: Message) -> bool {
        self.running.iter().all(|(_, other)| *other != message)
    }

    fn holds_up(&self, pending: &Pending) -> bool {
        !match pending {
            Pending::Copies(spread, _) => self.is_checked(spread.message),
            Pending::Control(_, body) => body.messages.iter().all(|message| self.is_checked(*message)),
            Pending::Answer(reply) => reply.messages.iter().all(|message| self.is_checked(*message)),
        }
    }

    /// Ends the check that ends first; what waits for none any more, in the order in which it came.
    fn pop(&mut self) -> Vec<Pending> {
        if let Some(end) = self.running.iter().map(|(end, _)| *end).min()
            && let Some(place) = self.running.iter().position(|(other, _)| *other == end)
        {
            self.running.remove(place);
        }
        let waiting = std::mem::take(&mut self.waiting);
        let (waiting, checked) = waiting.into_iter().partition(|pending| self.holds_up(pending));
        self.waiting = waiting;
        checked
    }

    fn clear(&mut self) -> Vec<Pending> {
        self.running.clear();
        std::mem::take(&mut self.waiting)
    }
}
