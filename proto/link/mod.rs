//! What a copy of a message meets between two nodes: delay, loss and the rate of a node's uplink and downlink, all drawn
//! from a seed and never from the order of draws.

mod copy;
mod delay;
mod links;
mod model;
mod normal;
mod port;
mod rate;
mod regions;
mod samples;
mod shares;
mod transport;
mod work;

pub(crate) use copy::coordinates;
pub use copy::{CopyKey, CopyKind, Edge};
pub use delay::{DelaySpec, DelaySpecError};
pub use links::{LinkSpec, Links, Passage, SharedProcessors, Texts};
pub use model::{DelayModel, DelayModelError};
pub use normal::Sigma;
pub use port::{Port, Transfer};
pub use rate::{RateMix, RateSpec, RateSpecError, Sharing, SharingError};
pub use regions::{Regions, RegionsError};
pub use samples::{Samples, SamplesError};
pub use shares::{Shares, SharesError};
pub use transport::{LOSSES_MAX, Loss, RETRANSMISSION, Transport, TransportError};
pub use work::{WorkModel, WorkSpec, WorkSpecError};
