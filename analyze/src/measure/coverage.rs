//! How many nodes there are to reach.

use cnsim::id::nodes_in_run_id;

use crate::rounds::{Round, Rounds};

/// Nodes of a round's network: the largest number that its records give; in old logs the run's.
pub(super) fn nodes(round: &Round<'_>, of_run: u32) -> u32 {
    match logged(round) {
        0 => of_run,
        nodes => nodes,
    }
}

/// By run number: the nodes that the run's id names, else the distinct ids in all its rounds.
pub(super) fn nodes_by_run(rounds: &Rounds<'_>) -> Vec<u32> {
    let mut nodes: Vec<u32> = Vec::new();
    let mut seen: Vec<u32> = Vec::new();
    for round in rounds.iter() {
        let named = nodes_in_run_id(round.run_id());
        nodes.resize(round.run as usize + 1, named.unwrap_or(0));
        if named.is_none() && !says_nodes(&round) {
            seen.resize(round.events.names.nodes.texts().len(), 0);
            nodes[round.run as usize] += distinct(&round, &mut seen);
        }
    }
    nodes
}

fn says_nodes(round: &Round<'_>) -> bool {
    round.rows.iter().any(|row| round.events.nodes[*row as usize] > 0)
}

fn logged(round: &Round<'_>) -> u32 {
    round.rows.iter().map(|row| round.events.nodes[*row as usize]).max().unwrap_or(0)
}

/// How many ids the run shows for the first time in this round. `seen` holds, by node, the last run that showed it, plus 1.
fn distinct(round: &Round<'_>, seen: &mut [u32]) -> u32 {
    let events = round.events;
    let mut count = 0;
    for row in round.rows.iter().map(|row| *row as usize) {
        for node in [events.sender[row], events.receiver[row]] {
            let seen = &mut seen[node as usize];
            count += u32::from(*seen != round.run + 1);
            *seen = round.run + 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, events};
    use super::*;

    fn nodes_of(rows: &[Row]) -> Vec<u32> {
        let events = events(rows);
        let rounds = Rounds::of(&events);
        let of_run = nodes_by_run(&rounds);
        rounds.iter().map(|round| nodes(&round, of_run[round.run as usize])).collect()
    }

    #[test]
    fn records_say_how_many_nodes_there_are_before_the_run_id_does() {
        let row = Row::initiate("a", 1).of_run("4abf-cubaan50");
        assert_eq!(nodes_of(&[row.with_nodes(7), row.with_nodes(9)]), [9]);
        assert_eq!(nodes_of(&[row]), [50]);
    }

    #[test]
    fn without_either_the_ids_of_the_whole_run_are_counted() {
        let rows = [
            Row::received("a", "b", 1, 2).of_run("x").of_round(1),
            Row::received("a", "c", 1, 2).of_run("x").of_round(2),
            Row::received("a", "b", 1, 2).of_run("y").of_round(1),
        ];
        assert_eq!(nodes_of(&rows), [3, 3, 2]);
    }
}
