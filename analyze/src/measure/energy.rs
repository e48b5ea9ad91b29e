//! Energy: what the bytes and the time of a round cost, by coefficients that the user gives. Nothing is known of a radio here.

use std::fmt;
use std::str::FromStr;

use cnsim::quantity::{EnergyPerByte, Power, QuantityError};
use serde::{Deserialize, Serialize};

use super::RoundMetrics;

/// What bytes and time cost, as in `sent=1uJ/B,received=0.5uJ/B,awake=50mW`; what is left out costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnergyModel {
    sent: Option<EnergyPerByte>,
    received: Option<EnergyPerByte>,
    awake: Option<Power>,
}

/// A text that says no costs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnergyModelError {
    /// It has another form.
    #[error("{0:?} is not sent=, received= or awake= with a quantity, as in sent=1uJ/B,received=0.5uJ/B,awake=50mW")]
    Form(String),
    /// A cost is given twice.
    #[error("{0} is given twice")]
    Twice(String),
    /// A quantity is none.
    #[error("{name}: {reason}")]
    Quantity {
        /// Of what.
        name: String,
        /// Why.
        reason: QuantityError,
    },
}

/// What a round cost, in joules.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Energy {
    /// Bytes of copies and control messages at their senders.
    pub sent_j: f64,
    /// The same at whom they reached.
    pub received_j: f64,
    /// The time in which nodes did not stand still.
    pub awake_j: f64,
}

impl Energy {
    /// All of it.
    pub fn total_j(&self) -> f64 {
        self.sent_j + self.received_j + self.awake_j
    }
}

impl EnergyModel {
    /// What a round of so many nodes cost; none where the round does not tell what is asked for.
    pub fn of(&self, round: &RoundMetrics, nodes: u32) -> Option<Energy> {
        let mut energy = Energy::default();
        if self.sent.is_some() || self.received.is_some() {
            let (moved, control) = (round.moved?, round.control.as_ref()?.sent.all.bytes);
            let cost = |cost: Option<EnergyPerByte>, bytes: u64| cost.map_or(0.0, |cost| cost.joules() * bytes as f64);
            energy.sent_j = cost(self.sent, moved.sent_bytes + control);
            energy.received_j = cost(self.received, moved.received_bytes + control);
        }
        if let Some(awake) = self.awake {
            let available = round.under_faults.as_ref().map_or(1.0, |faults| faults.available);
            energy.awake_j = awake.watts() * f64::from(nodes) * (round.lasts_ns? as f64 / 1e9) * available;
        }
        Some(energy)
    }
}

impl FromStr for EnergyModel {
    type Err = EnergyModelError;

    fn from_str(text: &str) -> Result<Self, EnergyModelError> {
        let mut model = Self::default();
        for part in text.split(',') {
            let form = || EnergyModelError::Form(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(form)?;
            match name {
                "sent" => put(&mut model.sent, name, value)?,
                "received" => put(&mut model.received, name, value)?,
                "awake" => put(&mut model.awake, name, value)?,
                _ => return Err(form()),
            }
        }
        Ok(model)
    }
}

fn put<T: FromStr<Err = QuantityError>>(place: &mut Option<T>, name: &str, text: &str) -> Result<(), EnergyModelError> {
    let value = text.parse().map_err(|reason| EnergyModelError::Quantity { name: name.to_owned(), reason })?;
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(EnergyModelError::Twice(name.to_owned())),
    }
}

impl fmt::Display for EnergyModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let costs = [
            self.sent.map(|cost| format!("sent={cost}")),
            self.received.map(|cost| format!("received={cost}")),
            self.awake.map(|power| format!("awake={power}")),
        ];
        f.write_str(&costs.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for EnergyModel {
    type Error = EnergyModelError;

    fn try_from(text: String) -> Result<Self, EnergyModelError> {
        text.parse()
    }
}

impl From<EnergyModel> for String {
    fn from(model: EnergyModel) -> Self {
        model.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::control::RoundControl;
    use super::super::fixture::silent_round;
    use super::super::{Moved, UnderFaults};
    use super::*;
    use crate::inputs::{ControlSent, Sent};

    fn model(text: &str) -> EnergyModel {
        text.parse().unwrap()
    }

    #[test]
    fn costs_are_typed_in_any_order_and_written_in_one() {
        assert_eq!(model("awake=50mW,sent=1uJ/B").to_string(), "sent=1uJ/B,awake=50mW");
        let error = |text: &str| text.parse::<EnergyModel>().unwrap_err().to_string();
        assert!(error("sent").contains("as in sent=1uJ/B,received=0.5uJ/B,awake=50mW"));
        assert!(error("").starts_with("\"\" is not sent="));
        assert_eq!(error("sent=1uJ/B,sent=2uJ/B"), "sent is given twice");
        assert_eq!(error("awake=50"), "awake: \"50\" has no unit: write 50mW or 50W");
    }

    #[test]
    fn a_round_costs_its_bytes_and_its_time_awake() {
        let all = Sent { bytes: 1_000, ..Sent::default() };
        let control = RoundControl { sent: ControlSent { all, ..ControlSent::default() }, payload_bytes: 5_000 };
        let round = RoundMetrics {
            moved: Some(Moved { sent_bytes: 5_000, received_bytes: 4_000 }),
            control: Some(control),
            lasts_ns: Some(2_000_000_000),
            under_faults: Some(UnderFaults { available: 0.75, ..UnderFaults::default() }),
            ..silent_round("run", 1)
        };
        let costs = model("sent=1mJ/B,received=500uJ/B,awake=1W");
        assert_eq!(costs.of(&round, 10), Some(Energy { sent_j: 6.0, received_j: 2.5, awake_j: 15.0 }));
        assert_eq!(costs.of(&round, 10).unwrap().total_j(), 23.5);
        let untold = RoundMetrics { control: None, ..round };
        assert_eq!(costs.of(&untold, 10), None, "nobody has counted what control messages cost");
        assert_eq!(model("awake=1W").of(&untold, 10).map(|energy| energy.awake_j), Some(15.0));
    }
}
