//! The names behind the core's numbers: nodes of the roster have their place in it, everybody and everything else is numbered here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cnsim::id::{Message, MessageId, NodeId, NodeIx, RunId};

/// How many texts that are no messages of the run a node has numbers for: more than its core remembers.
const FOREIGN_MAX: usize = 1 << 17;

/// The nodes of a configuration.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    run_id: Option<RunId>,
    numbers: BTreeMap<NodeId, NodeIx>,
    names: BTreeMap<NodeIx, NodeId>,
    /// The first number of nodes that are not in it.
    strangers: u32,
}

impl Roster {
    /// Of `nodes` nodes in all; those that this process meets have the numbers that are given. `run_id` is empty where nobody said.
    pub(crate) fn new(run_id: &str, nodes: u32, numbers: BTreeMap<NodeId, NodeIx>) -> Self {
        let names: BTreeMap<NodeIx, NodeId> = numbers.iter().map(|(id, number)| (*number, id.clone())).collect();
        let behind = names.keys().next_back().map_or(0, |last| last.0 + 1);
        Self { run_id: RunId::new(run_id).ok(), strangers: nodes.max(behind), numbers, names }
    }

    /// Whom the number stands for; none for a stranger.
    pub(crate) fn name(&self, node: NodeIx) -> Option<&NodeId> {
        self.names.get(&node)
    }

    /// Its place; none for a stranger.
    pub(crate) fn number(&self, id: &NodeId) -> Option<NodeIx> {
        self.numbers.get(id).copied()
    }
}

/// What one node calls by numbers.
#[derive(Debug)]
pub(crate) struct Names {
    roster: Arc<Roster>,
    strangers: Vec<NodeId>,
    foreign: BTreeMap<Message, MessageId>,
    foreign_order: VecDeque<Message>,
    /// The message of the run that was named last.
    last: Option<(Message, MessageId)>,
}

impl Names {
    /// Those of a configuration.
    pub(crate) fn new(roster: Arc<Roster>) -> Self {
        Self { roster, strangers: Vec::new(), foreign: BTreeMap::new(), foreign_order: VecDeque::new(), last: None }
    }

    /// The number of a node; a stranger gets one.
    pub(crate) fn number(&mut self, id: &NodeId) -> NodeIx {
        if let Some(number) = self.roster.number(id) {
            return number;
        }
        let known = self.strangers.iter().position(|stranger| stranger == id);
        let place = known.unwrap_or_else(|| {
            self.strangers.push(id.clone());
            self.strangers.len() - 1
        });
        NodeIx(self.roster.strangers.saturating_add(place as u32))
    }

    /// Whom a number stands for that this node was given.
    pub(crate) fn node(&self, number: NodeIx) -> NodeId {
        let stranger = || self.strangers.get(number.0.checked_sub(self.roster.strangers)? as usize);
        let found = self.roster.name(number).or_else(stranger);
        found.expect("the core names only nodes that it was told of").clone()
    }

    /// The number of a message; none where it is a text that nobody has brought here.
    pub(crate) fn find_message(&self, id: &MessageId) -> Option<Message> {
        self.of_run(id).or_else(|| self.foreign_place(id).ok())
    }

    /// The number of a message; a text that is no message of the run gets one that depends on nothing but the text, as long as no
    /// other text has it.
    pub(crate) fn message(&mut self, id: &MessageId) -> Message {
        if let Some(message) = self.of_run(id) {
            self.last = Some((message, id.clone()));
            return message;
        }
        match self.foreign_place(id) {
            Ok(known) => known,
            Err(free) => {
                self.foreign.insert(free, id.clone());
                self.foreign_order.push_back(free);
                if self.foreign_order.len() > FOREIGN_MAX
                    && let Some(oldest) = self.foreign_order.pop_front()
                {
                    self.foreign.remove(&oldest);
                }
                free
            }
        }
    }

    /// What a message is called that this node was given.
    pub(crate) fn message_name(&self, message: Message) -> MessageId {
        if let Some((_, name)) = self.last.as_ref().filter(|(last, _)| *last == message) {
            return name.clone();
        }
        match (&self.roster.run_id, self.foreign.get(&message)) {
            (_, Some(text)) => text.clone(),
            (Some(run_id), None) => MessageId::of(run_id, message.0),
            (None, None) => MessageId::new(""),
        }
    }

    /// The round, where the name is the one that a round of the run has.
    fn of_run(&self, id: &MessageId) -> Option<Message> {
        let run_id = self.roster.run_id.as_ref()?;
        let round = id.as_str().strip_prefix(run_id.as_str())?.strip_prefix('-')?;
        let is_plain = round == "0" || !round.starts_with(['0', '+']);
        round.parse().ok().filter(|round| is_plain && *round < Message::FOREIGN).map(Message)
    }

    /// The number that the text has, or the free one that it would get.
    fn foreign_place(&self, id: &MessageId) -> Result<Message, Message> {
        let mut place = Message::FOREIGN | fnv(id.as_str().as_bytes());
        loop {
            match self.foreign.get(&Message(place)) {
                Some(other) if other == id => return Ok(Message(place)),
                Some(_) => place = Message::FOREIGN | place.wrapping_add(1),
                None => return Err(Message(place)),
            }
        }
    }
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let numbers = [("a", 0), ("c", 2)].map(|(id, number)| (NodeId::new(id).unwrap(), NodeIx(number)));
        Names::new(Arc::new(Roster::new("run-7", 3, numbers.into())))
    }

    #[test]
    fn nodes_of_the_roster_have_their_place_and_strangers_stand_behind_it() {
        let mut names = names();
        let numbers = ["c", "10.60.2.23", "x", "10.60.2.23"].map(|id| names.number(&NodeId::new(id).unwrap()).0);
        assert_eq!(numbers, [2, 3, 4, 3]);
        assert_eq!(names.node(NodeIx(4)).as_str(), "x");
        assert_eq!(names.node(NodeIx(0)).as_str(), "a");
    }

    #[test]
    fn only_a_message_of_the_run_has_its_rounds_number() {
        let mut names = names();
        for (text, number) in [("run-7-0", 0), ("run-7-12", 12)] {
            assert_eq!(names.message(&MessageId::new(text)), Message(number));
            assert_eq!(names.message_name(Message(number)).as_str(), text);
        }
        for text in ["run-7-012", "run-7-+1", "run-7", "run-8-12", "hello", "run-7-4294967295"] {
            let id = MessageId::new(text);
            assert_eq!(names.find_message(&id), None);
            let number = names.message(&id);
            assert!(number.0 >= Message::FOREIGN, "{text}");
            assert_eq!((names.find_message(&id), names.message_name(number)), (Some(number), id));
        }
    }
}
