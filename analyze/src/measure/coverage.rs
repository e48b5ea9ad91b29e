//! How many nodes there are to reach, and how many were reached.

use cnsim::id::nodes_in_run_id;
use cnsim_records::events::Events;
use cnsim_records::schema::{NODES, RECEIVER, ROUND, RUN, SENDER};
use polars::prelude::{DataType, Expr, IntoLazy, PolarsResult, UniqueKeepStrategy, col, concat, len, lit};

use crate::rounds::Round;

/// First receipts of a round, the initiator's not among them.
pub(super) const DELIVERED: &str = "delivered";

/// Over a round's first receipts: how many there are.
pub(super) fn delivered() -> Expr {
    len().cast(DataType::UInt32).alias(DELIVERED)
}

/// Nodes of a round's network: the largest number that its records give; in old logs the run's.
pub(super) fn nodes(round: &Round<'_>, of_run: u32) -> u32 {
    match round.events.nodes[round.rows.clone()].iter().copied().max().unwrap_or(0) {
        0 => of_run,
        nodes => nodes,
    }
}

/// By run number: the nodes that the run's id names, else the distinct ids in those of its rounds that do not say.
pub(super) fn nodes_by_run(events: &Events) -> PolarsResult<Vec<u32>> {
    let named: Vec<Option<u32>> = events.names().runs.iter().map(nodes_in_run_id).collect();
    if named.iter().all(Option::is_some) {
        return Ok(named.into_iter().flatten().collect());
    }
    let fewest = events.frame().column(NODES)?.min_reduce()?;
    if fewest.value().extract::<u32>().is_some_and(|fewest| fewest > 0) {
        // Every round says how many there are, so that none has to be counted, which takes a second copy of all rows.
        return Ok(named.into_iter().map(Option::unwrap_or_default).collect());
    }
    let rows = events.frame().clone().lazy().select([
        col(RUN).to_physical().cast(DataType::UInt32),
        col(ROUND),
        col(NODES),
        col(SENDER).to_physical().cast(DataType::UInt32),
        col(RECEIVER).to_physical().cast(DataType::UInt32),
    ]);
    let silent =
        rows.clone().group_by([col(RUN), col(ROUND)]).agg([col(NODES).max()]).filter(col(NODES).eq(lit(0_u32)));
    let rows = rows.join(
        silent.select([col(RUN), col(ROUND)]),
        [col(RUN), col(ROUND)],
        [col(RUN), col(ROUND)],
        Default::default(),
    );
    let ids = |name: &str| rows.clone().select([col(RUN), col(name).alias(SENDER)]);
    let ids = concat([ids(SENDER), ids(RECEIVER)], Default::default())?.unique(None, UniqueKeepStrategy::Any);
    let counted = ids.group_by([col(RUN)]).agg([len().cast(DataType::UInt32).alias(NODES)]).collect()?;
    let mut nodes: Vec<u32> = named.iter().map(|named| named.unwrap_or(0)).collect();
    let (runs, counts) = (counted.column(RUN)?.u32()?, counted.column(NODES)?.u32()?);
    for (run, count) in runs.iter().flatten().zip(counts.iter().flatten()) {
        if named[run as usize].is_none() {
            nodes[run as usize] = count;
        }
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, events};
    use super::*;
    use crate::rounds::Rounds;

    fn nodes_of(rows: &[Row]) -> Vec<u32> {
        let events = events(rows);
        let rounds = Rounds::of(&events);
        let of_run = nodes_by_run(&events).unwrap();
        rounds.lay_out_all().iter().map(|round| nodes(&round, of_run[round.run as usize])).collect()
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
