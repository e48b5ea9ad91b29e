//! Rows to records beside the transport: batches are read by other threads while the next ones come.

use tokio::task::JoinSet;

use super::records::{Records, RowError};

/// Batches that are read at once: more would only fill memory.
const AT_ONCE: usize = 8;

/// Records as they come in.
#[derive(Debug, Default)]
pub(crate) struct Collect {
    records: Records,
    reading: JoinSet<Result<Records, RowError>>,
}

impl Collect {
    /// Takes a batch, once there is room for it.
    pub(crate) async fn add(
        &mut self,
        read: impl FnOnce() -> Result<Records, RowError> + Send + 'static,
    ) -> Result<(), RowError> {
        while self.reading.len() >= AT_ONCE {
            self.one().await?;
        }
        self.reading.spawn_blocking(read);
        Ok(())
    }

    /// Everything that was taken.
    pub(crate) async fn finish(mut self) -> Result<Records, RowError> {
        while !self.reading.is_empty() {
            self.one().await?;
        }
        Ok(self.records)
    }

    async fn one(&mut self) -> Result<(), RowError> {
        if let Some(read) = self.reading.join_next().await {
            let records = read.expect("a batch's reader neither panics nor is cancelled")?;
            self.records.append(records);
        }
        Ok(())
    }
}
