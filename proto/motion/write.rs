//! A moving network as text: `t,u,v,up|down`, as [`super::read`] reads it back.

use std::io;

use super::contacts::{Change, Contacts};
use super::spell::InSeconds;
use crate::id::{NodeId, NodeIx};

/// Why a network cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A name would be read as something else.
    #[error("the node {0:?} has a comma or a semicolon in its name, which a file of contacts cannot hold")]
    Name(NodeId),
    /// The text cannot be put away.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Contacts {
    /// Writes a line for each node, each change and the end. The same network gives the same bytes, and they give the same network.
    ///
    /// # Errors
    /// Where a name cannot be written, and those of `out`.
    pub fn write(&self, mut out: impl io::Write) -> Result<(), WriteError> {
        if let Some(node) = self.nodes().iter().find(|node| node.as_str().contains([',', ';'])) {
            return Err(WriteError::Name(node.clone()));
        }
        let name = |node: NodeIx| &self.nodes()[node.index()];
        writeln!(out, "t,u,v,change")?;
        for node in self.nodes() {
            writeln!(out, ",{node},,node")?;
        }
        for (time, change) in self.changes() {
            let time = InSeconds(time);
            match change {
                Change::Joins(node) => writeln!(out, "{time},{},,joins", name(node))?,
                Change::Leaves(node) => writeln!(out, "{time},{},,leaves", name(node))?,
                Change::Up(link) | Change::Down(link) => {
                    let [a, b] = link.ends().map(name);
                    let word = if let Change::Up(_) = change { "up" } else { "down" };
                    writeln!(out, "{time},{a},{b},{word}")?;
                }
            }
        }
        writeln!(out, "{},,,end", InSeconds(self.span()))?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
