//! Control traffic: what nodes sent in a round beside copies of messages, as `control.csv` of the run's folder tells.

use cnsim::manifest::RoundOutcome;

use super::traffic::Moved;
use crate::inputs::{ControlSent, RunFacts};

/// What a round sent beside copies, and what these were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoundControl {
    /// By kind and of all together; empty where nothing was sent.
    pub sent: ControlSent,
    /// Bytes of the copies on record.
    pub payload_bytes: u64,
}

impl RoundControl {
    /// So many bytes for each byte of the copies on record; none where these say nothing of their size.
    pub fn per_payload_byte(&self, bytes: u64) -> Option<f64> {
        (self.payload_bytes > 0).then(|| bytes as f64 / self.payload_bytes as f64)
    }
}

/// What a round sent whose copies moved so many bytes, where its run tells.
pub(super) fn of_round(facts: Option<&RunFacts>, round: u32, moved: Moved) -> Option<RoundControl> {
    Some(RoundControl { sent: sent(facts?, round)?, payload_bytes: moved.sent_bytes })
}

/// The same of a round without records.
pub(super) fn of_silent(facts: &RunFacts, round: u32) -> Option<RoundControl> {
    Some(RoundControl { sent: sent(facts, round)?, payload_bytes: 0 })
}

/// A round without a line sent nothing, unless it was cut off: then nobody has counted.
fn sent(facts: &RunFacts, round: u32) -> Option<ControlSent> {
    let control = facts.control.as_ref()?;
    let driven = facts.manifest.rounds.iter().find(|driven| driven.round == round)?;
    match driven.outcome {
        RoundOutcome::Quiescent | RoundOutcome::Horizon | RoundOutcome::TimedOut => {
            Some(control.rounds.get(&round).cloned().unwrap_or_default())
        }
        RoundOutcome::Disturbed | RoundOutcome::Interrupted | RoundOutcome::Open => None,
    }
}

#[cfg(test)]
mod tests {
    use cnsim::manifest;

    use super::super::fixture::{Row, control, loaded, manifest};
    use super::super::{Options, RoundMetrics, analyse};
    use super::*;
    use crate::inputs::{Loaded, Sent};

    const SENT: Sent = Sent { messages: 6, bytes: 90, senders: 2, node_max: 4 };

    fn driven(round: u32, outcome: RoundOutcome) -> manifest::Round {
        let round_of_manifest = serde_json::json!({
            "round": round, "initiator": "a", "outcome": outcome, "delivered": 1, "failed": 0, "last_seqs": {},
            "driver_ms": 1.0, "scheduling_delay_ms": null, "clock_steps": 0
        });
        serde_json::from_value(round_of_manifest).unwrap()
    }

    /// A run whose `control.csv` has a line for round 1 alone; rounds 1 to 5 are of these outcomes, and 4 has no record.
    fn run(outcomes: [RoundOutcome; 5]) -> Vec<RoundMetrics> {
        let rows = |round| {
            [Row::initiate("a", 0), Row::received("a", "b", 1, 2).with_bytes(45)]
                .map(|row| row.of_round(round).with_nodes(3))
        };
        let rows: Vec<Row> = [1, 2, 3, 5, 6].into_iter().flat_map(rows).collect();
        let Loaded { mut about, events } = loaded("c", &rows);
        let mut facts = manifest("flood", ["a", "b"], &[(0, 1)], false);
        facts.manifest.rounds = (1..).zip(outcomes).map(|(round, outcome)| driven(round, outcome)).collect();
        facts.control = Some(control([(1, [("ihave", SENT)])]));
        about.runs.insert("run".to_owned(), facts);
        analyse(&[Loaded { about, events }], &Options::default())
            .groups
            .into_iter()
            .flat_map(|group| group.rounds)
            .collect()
    }

    #[test]
    fn a_round_without_a_line_sent_nothing_and_of_one_that_was_cut_off_nobody_knows() {
        use RoundOutcome::{Disturbed, Horizon, Interrupted, Quiescent, TimedOut};
        let messages = |outcomes| {
            let rounds = run(outcomes).into_iter();
            rounds.map(|round| round.control.map(|control| control.sent.all.messages)).collect::<Vec<_>>()
        };
        assert_eq!(
            messages([Quiescent, Horizon, TimedOut, Quiescent, Disturbed]),
            [Some(6), Some(0), Some(0), Some(0), None, None],
            "round 6 is not in the manifest"
        );
        assert_eq!(
            messages([Disturbed, Interrupted, Quiescent, Interrupted, Quiescent])[..5],
            [None, None, Some(0), None, Some(0)]
        );
    }

    #[test]
    fn bytes_stand_against_those_of_copies() {
        let rounds = run([RoundOutcome::Quiescent; 5]);
        let ratio = |place: usize| {
            let control: &RoundControl = rounds[place].control.as_ref().unwrap();
            control.per_payload_byte(control.sent.all.bytes)
        };
        assert_eq!((ratio(0), ratio(1)), (Some(2.0), Some(0.0)));
        assert_eq!(ratio(3), None, "a round without records has no copies");
    }
}
