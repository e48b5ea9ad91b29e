//! What was simulated: in virtual time, by a model of links, where no machine was measured.

use std::collections::BTreeMap;

use super::{Analysis, Group};

/// How some rounds came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// On machines.
    Measured,
    /// In virtual time.
    Simulated,
    /// Some here, some there.
    Both,
}

impl Execution {
    fn of(simulated: usize, all: usize) -> Self {
        match simulated {
            0 => Self::Measured,
            some if some == all => Self::Simulated,
            _ => Self::Both,
        }
    }

    /// Of the whole, where this is of one part and `other` of another.
    fn with(self, other: Self) -> Self {
        if self == other { self } else { Self::Both }
    }

    /// Whether any round of it was simulated.
    pub fn has_simulated(self) -> bool {
        self != Self::Measured
    }
}

impl Group {
    /// How its runs came to be.
    pub fn execution(&self) -> Execution {
        let runs = self.rounds.chunk_by(|a, b| a.run_id == b.run_id).count();
        Execution::of(self.simulated.len(), runs)
    }

    /// Whether it stands on one simulated run: rounds on one graph are repeats of nothing but initiator and draw, so that no interval
    /// is known.
    pub fn is_one_simulation(&self) -> bool {
        !self.simulated.is_empty() && self.deployments().len() < 2
    }

    /// How many of its values tell of a further one: rounds, of simulations runs.
    pub fn replicates(&self) -> usize {
        if self.simulated.is_empty() { self.scored().count() } else { self.deployments().len() }
    }
}

impl Analysis {
    /// How all of it came to be.
    pub fn execution(&self) -> Execution {
        self.groups.iter().map(Group::execution).reduce(Execution::with).unwrap_or(Execution::Measured)
    }

    /// Which conditions were simulated, for captions; none where none was.
    pub fn simulated_words(&self) -> Option<String> {
        const ALL: &str = "SIMULATED: no machine was measured.";
        match self.execution() {
            Execution::Measured => None,
            Execution::Simulated => Some(ALL.to_owned()),
            Execution::Both => Some(self.partly_simulated_words()),
        }
    }

    fn partly_simulated_words(&self) -> String {
        let parts = self.parts();
        let named = |wanted: Execution, word: &str| {
            let names = parts.iter().filter(|(_, execution)| *execution == wanted).map(|(name, _)| name.as_str());
            let names: Vec<&str> = names.collect();
            (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
        };
        let words = [
            named(Execution::Simulated, "SIMULATED"),
            named(Execution::Both, "SIMULATED in part"),
            named(Execution::Measured, "measured"),
        ];
        format!("{}.", words.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    /// Every condition, at each number of nodes where these came to be in several ways.
    fn parts(&self) -> Vec<(String, Execution)> {
        let mut conditions: BTreeMap<&str, Execution> = BTreeMap::new();
        for group in &self.groups {
            let execution = group.execution();
            conditions.entry(&group.condition).and_modify(|all| *all = all.with(execution)).or_insert(execution);
        }
        let name = |group: &Group| match conditions[group.condition.as_str()] {
            Execution::Both => format!("{} with {} nodes", group.condition, group.nodes),
            Execution::Measured | Execution::Simulated => group.condition.clone(),
        };
        let mut parts: Vec<(String, Execution)> =
            self.groups.iter().map(|group| (name(group), group.execution())).collect();
        parts.dedup();
        parts
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::measure::fixture::silent_round;

    fn group(condition: &str, nodes: u32, runs: &[&str], simulated: &[&str]) -> Group {
        Group {
            condition: condition.to_owned(),
            nodes,
            rounds: runs.iter().map(|run| silent_round(run, 1)).collect(),
            simulated: simulated.iter().map(|run| (*run).to_owned()).collect::<BTreeSet<_>>(),
            ..Group::default()
        }
    }

    #[test]
    fn a_caption_says_which_conditions_were_simulated_and_which_measured() {
        let measured = group("real", 4, &["a"], &[]);
        let simulated = group("model", 4, &["b", "c"], &["b", "c"]);
        let words = |groups: &[&Group]| {
            Analysis { groups: groups.iter().map(|group| (*group).clone()).collect() }.simulated_words()
        };
        assert_eq!(words(&[&measured]), None);
        assert_eq!(words(&[&simulated]).unwrap(), "SIMULATED: no machine was measured.");
        assert_eq!(words(&[&measured, &simulated]).unwrap(), "SIMULATED: model; measured: real.");
        let mixed = group("model", 8, &["d", "e"], &["e"]);
        assert_eq!(
            words(&[&measured, &simulated, &mixed]).unwrap(),
            "SIMULATED: model with 4 nodes; SIMULATED in part: model with 8 nodes; measured: real."
        );
    }
}
