//! What must hold for the events of one round, as named functions over plain facts.
//!
//! A check whose conditions do not hold says so and is not applied: it neither passes nor fails.

/// One copy that arrived. Nodes are numbers of the caller's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Who received it.
    pub receiver: u32,
    /// Who sent it.
    pub sender: u32,
    /// The receiver's distance from the initiator by this copy, where it is known.
    pub hop: Option<u32>,
    /// Whether it was logged as a duplicate.
    pub duplicate: bool,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The invariant holds.
    Holds,
    /// It does not.
    Broken {
        /// How often.
        count: u64,
        /// The first time that it is broken.
        example: Violation,
    },
    /// Its conditions do not hold here.
    NotApplied(&'static str),
}

/// How an invariant is broken. Nodes are the caller's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A node has more than one first receipt: see [`one_first_receipt`].
    SecondFirstReceipt {
        /// The node.
        node: u32,
    },
    /// A node is not one hop behind its parent: see [`hop_follows_parent`].
    HopNotBehindParent {
        /// The node.
        node: u32,
        /// Its hop.
        hop: u32,
        /// Its parent's.
        parent_hop: u32,
    },
    /// A node is its own ancestor: see [`acyclic_tree`].
    OwnAncestor {
        /// The node.
        node: u32,
    },
    /// Direct mail made duplicates: see [`direct_mail_has_no_duplicates`].
    DirectMailDuplicates {
        /// How many.
        duplicates: u64,
    },
    /// A complete flood made another number of duplicates: see [`flood_duplicates`].
    FloodDuplicates {
        /// How many.
        duplicates: u64,
        /// How many it should have made.
        expected: u64,
    },
}

impl Verdict {
    fn of(count: u64, example: impl FnOnce() -> Violation) -> Self {
        if count == 0 { Self::Holds } else { Self::Broken { count, example: example() } }
    }
}

/// A node receives a message for the first time at most once.
pub fn one_first_receipt(arrivals: &[Arrival]) -> Verdict {
    let mut receivers: Vec<u32> = first_receipts(arrivals).map(|arrival| arrival.receiver).collect();
    receivers.sort_unstable();
    let again: Vec<u32> = receivers.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    Verdict::of(again.len() as u64, || Violation::SecondFirstReceipt { node: again[0] })
}

/// hop(child) = hop(parent) + 1 for every copy that arrived where both are known: a copy says how far its sender is, and a duplicate
/// does so too. The initiator's hop is 0.
pub fn hop_follows_parent(arrivals: &[Arrival], initiator: u32) -> Verdict {
    const UNKNOWN: Verdict = Verdict::NotApplied("no hop is known at both ends of a delivery");
    if arrivals.iter().all(|arrival| arrival.hop.is_none()) {
        return UNKNOWN;
    }
    let firsts = first_receipts(arrivals).filter_map(|arrival| Some((arrival.receiver, arrival.hop?)));
    let hops = ByNode::of(firsts.chain([(initiator, 0)]));
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (arrival, child) in arrivals.iter().filter_map(|arrival| Some((arrival, arrival.hop?))) {
        if let Some(place) = hops.place(arrival.sender) {
            let (_, parent) = hops.0[place];
            judged += 1;
            if Some(child) != parent.checked_add(1) {
                wrong.push((arrival.receiver, child, parent));
            }
        }
    }
    if judged == 0 {
        return UNKNOWN;
    }
    Verdict::of(wrong.len() as u64, || {
        let (node, hop, parent_hop) = wrong[0];
        Violation::HopNotBehindParent { node, hop, parent_hop }
    })
}

/// The first receipts form a tree: following senders from any node never comes back to it.
pub fn acyclic_tree(arrivals: &[Arrival], initiator: u32) -> Verdict {
    let receipts = first_receipts(arrivals).filter(|arrival| arrival.receiver != initiator);
    // Where nobody else sent, no walk is longer than one step.
    if receipts.clone().all(|arrival| arrival.sender == initiator) {
        return Verdict::Holds;
    }
    let parents = ByNode::of(receipts.map(|arrival| (arrival.receiver, arrival.sender)));
    // Which walk towards the initiator came by first. A walk that meets itself found a cycle; one that meets another
    // goes on as that one did.
    let mut walked_by: Vec<Option<usize>> = vec![None; parents.0.len()];
    let mut cyclic = Vec::new();
    for walk in 0..parents.0.len() {
        let mut next = Some(walk);
        while let Some(place) = next {
            let (node, parent) = parents.0[place];
            match walked_by[place] {
                None => {
                    walked_by[place] = Some(walk);
                    next = parents.place(parent);
                }
                Some(other) => {
                    if other == walk {
                        cyclic.push(node);
                    }
                    next = None;
                }
            }
        }
    }
    Verdict::of(cyclic.len() as u64, || Violation::OwnAncestor { node: cyclic[0] })
}

/// Direct mail sends each neighbour one copy and nobody forwards: there is no duplicate.
pub fn direct_mail_has_no_duplicates(duplicates: u64) -> Verdict {
    Verdict::of(duplicates, || Violation::DirectMailDuplicates { duplicates })
}

/// What the number of a flood's duplicates depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flood {
    /// Nodes in the topology.
    pub nodes: u64,
    /// Edges in the topology.
    pub edges: u64,
    /// Whether an edge can be used from one end only.
    pub directed: bool,
    /// Whether it is free of self-loops and of parallel edges.
    pub simple: bool,
    /// Whether every node reaches every other.
    pub connected: bool,
    /// First receipts in the round.
    pub delivered: u64,
    /// Sends that failed in the round.
    pub failed: u64,
    /// Copies that reached a node which held the message; one that comes back to the initiator is among them.
    pub duplicates: u64,
}

impl Flood {
    /// Flooding a connected, undirected, simple graph of n nodes and E edges sends 2E - (n - 1) copies, of which n - 1
    /// are first receipts: 2(E - n + 1) are duplicates.
    pub fn expected_duplicates(nodes: u64, edges: u64) -> u64 {
        2 * (edges + 1).saturating_sub(nodes)
    }
}

/// A complete flood makes exactly [`Flood::expected_duplicates`].
pub fn flood_duplicates(flood: Flood) -> Verdict {
    let conditions = [
        (flood.directed, "the topology is directed"),
        (!flood.simple, "the topology has self-loops or parallel edges"),
        (!flood.connected, "the topology is not connected"),
        (flood.failed > 0, "sends failed"),
        (flood.delivered + 1 < flood.nodes, "the round did not reach every node"),
    ];
    if let Some((_, why)) = conditions.into_iter().find(|(fails, _)| *fails) {
        return Verdict::NotApplied(why);
    }
    let expected = Flood::expected_duplicates(flood.nodes, flood.edges);
    let off = flood.duplicates.abs_diff(expected);
    Verdict::of(off, || Violation::FloodDuplicates { duplicates: flood.duplicates, expected })
}

/// One number for each node, sorted by node: a round can have many nodes, and an analysis many rounds. Of several numbers
/// for a node it keeps the last.
struct ByNode(Vec<(u32, u32)>);

impl ByNode {
    fn of(numbers: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut sorted: Vec<(u32, u32)> = numbers.collect();
        sorted.sort_by_key(|(node, _)| *node);
        sorted.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = later.1;
            }
            is_same
        });
        Self(sorted)
    }

    fn place(&self, node: u32) -> Option<usize> {
        self.0.binary_search_by_key(&node, |(candidate, _)| *candidate).ok()
    }
}

fn first_receipts(arrivals: &[Arrival]) -> impl Iterator<Item = &Arrival> + Clone {
    arrivals.iter().filter(|arrival| !arrival.duplicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(receiver: u32, sender: u32, hop: u32) -> Arrival {
        Arrival { receiver, sender, hop: Some(hop), duplicate: false }
    }

    fn broken(verdict: &Verdict) -> u64 {
        match verdict {
            Verdict::Broken { count, .. } => *count,
            Verdict::Holds | Verdict::NotApplied(_) => 0,
        }
    }

    #[test]
    fn a_clean_round_breaks_nothing() {
        let arrivals = [first(1, 0, 1), first(2, 1, 2), Arrival { duplicate: true, ..first(1, 2, 3) }];
        assert_eq!(one_first_receipt(&arrivals), Verdict::Holds);
        assert_eq!(hop_follows_parent(&arrivals, 0), Verdict::Holds);
        assert_eq!(acyclic_tree(&arrivals, 0), Verdict::Holds);
    }

    #[test]
    fn a_second_first_receipt_is_found() {
        assert_eq!(broken(&one_first_receipt(&[first(1, 0, 1), first(1, 2, 2)])), 1);
    }

    #[test]
    fn a_hop_that_does_not_follow_its_parent_is_found() {
        assert_eq!(broken(&hop_follows_parent(&[first(1, 0, 1), first(2, 1, 3)], 0)), 1);
        assert_eq!(broken(&hop_follows_parent(&[first(1, 0, 2)], 0)), 1);
        let duplicate = |hop: u32| Arrival { duplicate: true, ..first(0, 1, hop) };
        assert_eq!(hop_follows_parent(&[first(1, 0, 1), duplicate(2)], 0), Verdict::Holds);
        assert_eq!(broken(&hop_follows_parent(&[first(1, 0, 1), duplicate(7)], 0)), 1);
    }

    #[test]
    fn unknown_hops_are_not_judged() {
        let unknown = Arrival { hop: None, ..first(1, 0, 1) };
        assert!(matches!(hop_follows_parent(&[unknown], 0), Verdict::NotApplied(_)));
    }

    #[test]
    fn a_cycle_is_found_once_however_many_nodes_hang_on_it() {
        let arrivals = [first(1, 2, 1), first(2, 1, 1), first(3, 1, 1), first(4, 3, 1), first(5, 0, 1)];
        assert_eq!(broken(&acyclic_tree(&arrivals, 0)), 1);
    }

    #[test]
    fn a_sender_whose_own_receipt_is_missing_makes_no_cycle() {
        assert_eq!(acyclic_tree(&[first(3, 9, 2), first(4, 3, 3)], 0), Verdict::Holds);
    }

    #[test]
    fn a_complete_flood_has_one_number_of_duplicates() {
        let flood = Flood {
            nodes: 1000,
            edges: 9776,
            directed: false,
            simple: true,
            connected: true,
            delivered: 999,
            failed: 0,
            duplicates: 17_554,
        };
        assert_eq!(flood_duplicates(flood), Verdict::Holds);
        assert_eq!(broken(&flood_duplicates(Flood { duplicates: 17_550, ..flood })), 4);
        assert!(matches!(flood_duplicates(Flood { failed: 1, ..flood }), Verdict::NotApplied(_)));
        assert!(matches!(flood_duplicates(Flood { delivered: 998, ..flood }), Verdict::NotApplied(_)));
        assert!(matches!(flood_duplicates(Flood { directed: true, ..flood }), Verdict::NotApplied(_)));
    }
}
