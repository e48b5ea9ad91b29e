//! What may not be compared, and why.

/// Why conditions are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing to compare with.
    #[error("there is only one condition, {0}: name at least two, as in LABEL=INPUT")]
    OneCondition(String),
    /// There is no round at all.
    #[error("there is no condition with a round in it")]
    NoCondition,
    /// A name that no condition has.
    #[error("no condition is called {name:?} (--baseline): there are {known}")]
    UnknownBaseline {
        /// As typed.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// One measurement would be compared with itself, or counted twice.
    #[error("the same rounds are there twice ({place}): {detail}; leave one out")]
    SameRun {
        /// Where.
        place: String,
        /// What the audit says.
        detail: String,
    },
    /// Times at different numbers of nodes differ whatever the condition.
    #[error(
        "{a} has {nodes_a} and {b} has {nodes_b} nodes: compare rounds of equal numbers with --by nodes, or name inputs \
         of one number only"
    )]
    DifferentNodes {
        /// One condition.
        a: String,
        /// Its numbers of nodes.
        nodes_a: String,
        /// Another.
        b: String,
        /// Its numbers.
        nodes_b: String,
    },
    /// No number of nodes is in both.
    #[error(
        "{a} (with {nodes_a} nodes) and {b} (with {nodes_b}) have no number of nodes in common: nothing can be compared"
    )]
    NoCommonNodes {
        /// The baseline.
        a: String,
        /// Its numbers of nodes.
        nodes_a: String,
        /// The other.
        b: String,
        /// Its numbers.
        nodes_b: String,
    },
    /// The audit says no.
    #[error("the verdict on the data is unsound ({check}, {place}: {detail}): leave that out, or add --force")]
    Unsound {
        /// Which check found it first.
        check: &'static str,
        /// Where.
        place: String,
        /// What it found.
        detail: String,
    },
    /// No round counts.
    #[error("{condition} has no scored round with {nodes} nodes: run more rounds, or lower --warm-up")]
    NoRounds {
        /// The condition.
        condition: String,
        /// The number of nodes.
        nodes: u32,
    },
    /// The metric is not on record.
    #[error("no scored round of {condition} with {nodes} nodes has a {metric}: choose another --metric")]
    NoValues {
        /// The condition.
        condition: String,
        /// The number of nodes.
        nodes: u32,
        /// The metric.
        metric: String,
    },
    /// Rounds do not come in pairs.
    #[error("{a} and {b} with {nodes} nodes are no pairs ({why}): compare them without --paired")]
    NotPaired {
        /// The baseline.
        a: String,
        /// The other.
        b: String,
        /// The number of nodes.
        nodes: u32,
        /// What tells.
        why: String,
    },
}
