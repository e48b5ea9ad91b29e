//! Values that the simulator must give, from closed forms and exact chains: each file stands alone and knows no crate
//! of cnsim but its random numbers.

pub(crate) mod final_size;
pub(crate) mod maelstrom;
pub(crate) mod pure_birth;
pub(crate) mod queueing;
pub(crate) mod rumor;
pub(crate) mod synchronous;
