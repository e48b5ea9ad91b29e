//! Rows to records beside the transport: batches are read by other threads while the next ones come.

use tokio::task::JoinSet;

use super::error::BigQueryError;
use super::records::{ResultRecords, RowError};
use cnsim_records::gather::Gather;

/// Batches that are read at once: more would only fill memory.
const AT_ONCE: usize = 2;

/// Whoever takes records as they come.
pub(crate) type Take<'a> = dyn FnMut(ResultRecords) -> Result<(), BigQueryError> + 'a;

/// Records as they come in.
pub(crate) struct Collect<'t, 'a> {
    take: &'t mut Take<'a>,
    /// How many came.
    rows: u64,
    reading: JoinSet<Result<ResultRecords, RowError>>,
}

impl<'t, 'a> Collect<'t, 'a> {
    /// Gives what it reads to `take`.
    pub(crate) fn new(take: &'t mut Take<'a>) -> Self {
        Self { take, rows: 0, reading: JoinSet::new() }
    }

    /// Takes a batch, once there is room for it.
    pub(crate) async fn add(
        &mut self,
        read: impl FnOnce() -> Result<ResultRecords, RowError> + Send + 'static,
    ) -> Result<(), BigQueryError> {
        while self.reading.len() >= AT_ONCE {
            self.one().await?;
        }
        self.reading.spawn_blocking(read);
        Ok(())
    }

    /// How many rows came, once all are read.
    pub(crate) async fn finish(mut self) -> Result<u64, BigQueryError> {
        while !self.reading.is_empty() {
            self.one().await?;
        }
        Ok(self.rows)
    }

    async fn one(&mut self) -> Result<(), BigQueryError> {
        if let Some(read) = self.reading.join_next().await {
            let result = read.expect("a batch's reader neither panics nor is cancelled")?;
            self.rows += result.records.rows() as u64;
            (self.take)(result)?;
        }
        Ok(())
    }
}
