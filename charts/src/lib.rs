//! Figures of gossip measurements from plain structs.

pub mod data;
