//! From a planned query to records, in the way that is wanted and permitted.

use bytes::Bytes;
use cnsim_records::spool::SharedTexts;
use futures_util::future::try_join_all;
use indicatif::ProgressBar;
use tokio::sync::mpsc;

use super::arrow;
use super::client::JobName;
use super::client::rest::{JobFacts, Page, Rest};
use super::client::storage::{Batch, BatchSink, Session, Storage};
use super::collect::{Collect, Take};
use super::error::BigQueryError;
use super::job::{Running, query};
use super::names::TableName;
use super::plan::Part;
use super::records::{ResultRecords, Row, RowError, Timestamps};
use super::servers::Servers;
use super::spec::Method;

/// The ways of rows, as `fetch.json` names them.
const REST: &str = "rest";
const STORAGE: &str = "storage";
/// Rows for which a Storage Read session has one stream more: a stream's messages are of as many rows at most.
const STREAM_ROWS: u64 = 50_000;
/// Streams of a session at most, which is BigQuery's own limit.
const STREAMS: u64 = 1000;
/// Batches on their way between streams and readers.
const WAITING: usize = 1;
/// Up to so many rows a session costs more time than pages.
const FEW_ROWS: u64 = 20_000;

/// What a part gave.
#[derive(Debug)]
pub(crate) struct Pulled {
    pub(crate) table: TableName,
    pub(crate) job: JobName,
    pub(crate) facts: JobFacts,
    /// How the rows came: `storage` or `rest`.
    pub(crate) method: &'static str,
    /// What should be known of it.
    pub(crate) note: Option<String>,
    /// How many rows came.
    pub(crate) rows: u64,
}

/// Runs a part's query, unless an earlier one is to be read again, and reads its rows. What cannot be finished is stopped at
/// the server.
pub(crate) async fn pull(
    servers: &Servers,
    part: &Part,
    method: Method,
    running: &Running,
    bar: &ProgressBar,
    texts: &SharedTexts,
    take: &mut Take<'_>,
) -> Result<Pulled, BigQueryError> {
    let (job, rows) = match &part.earlier {
        Some(earlier) => earlier.clone(),
        None => query(&servers.rest, part, running).await?,
    };
    let mut facts = servers.rest.facts(&job).await?;
    if part.earlier.is_some() {
        facts = JobFacts { bytes_processed: 0, bytes_billed: 0, cache_hit: true, ..facts };
    }
    bar.inc_length(rows);
    let (found, method, note) =
        Rows { table: &part.table, job: &job, facts: &facts, rows, timestamps: part.timestamps, bar, texts }
            .read(servers, method, take)
            .await?;
    if found != rows {
        return Err(BigQueryError::Incomplete { table: part.table.to_string(), found, rows });
    }
    Ok(Pulled { table: part.table.clone(), job, facts, method, note, rows })
}

/// A finished job's rows.
struct Rows<'a> {
    table: &'a TableName,
    job: &'a JobName,
    facts: &'a JobFacts,
    rows: u64,
    timestamps: Timestamps,
    bar: &'a ProgressBar,
    texts: &'a SharedTexts,
}

impl Rows<'_> {
    /// Reads them in the way that is wanted and permitted: how many came, how, and what should be known of that.
    async fn read(
        &self,
        servers: &Servers,
        method: Method,
        take: &mut Take<'_>,
    ) -> Result<(u64, &'static str, Option<String>), BigQueryError> {
        let storage = match (method, &servers.storage) {
            (Method::Rest, _) | (Method::Auto, None) => None,
            (Method::Auto, Some(_)) if self.rows <= FEW_ROWS => None,
            (Method::Auto | Method::Storage, Some(storage)) => Some(storage),
            (Method::Storage, None) => return Err(BigQueryError::NoStorage),
        };
        let Some(storage) = storage else {
            return Ok((self.pages(&servers.rest, take).await?, REST, None));
        };
        let streams = self.rows.div_ceil(STREAM_ROWS).clamp(1, STREAMS) as i32;
        match storage.session(&self.job.project, &self.facts.destination, streams).await {
            Ok(session) => Ok((self.streams(storage, session, take).await?, STORAGE, None)),
            Err(error) if method == Method::Auto && error.is_forbidden() => {
                let note = format!("{error}; the rows were read page by page, which is slower");
                Ok((self.pages(&servers.rest, take).await?, REST, Some(note)))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn pages(&self, rest: &Rest, take: &mut Take<'_>) -> Result<u64, BigQueryError> {
        let (mut collect, timestamps) = (Collect::new(take), self.timestamps);
        let (mut token, mut received): (Option<String>, u64) = (None, 0);
        loop {
            let Page { rows, next } = rest.page(self.job, token.as_deref()).await?;
            received += rows.len() as u64;
            if received > self.rows {
                // Pages that come again would never end.
                return Err(BigQueryError::Incomplete {
                    table: self.table.to_string(),
                    found: received,
                    rows: self.rows,
                });
            }
            self.bar.inc(rows.len() as u64);
            let texts = self.texts.clone();
            collect.add(move || of_page(&rows, timestamps, &texts)).await?;
            match next {
                Some(next) => token = Some(next),
                None => return collect.finish().await,
            }
        }
    }

    async fn streams(&self, storage: &Storage, session: Session, take: &mut Take<'_>) -> Result<u64, BigQueryError> {
        let Session { schema, streams } = session;
        let schema = Bytes::from(schema);
        let (sender, mut batches) = mpsc::channel::<Batch>(WAITING);
        let send = async move {
            // Taking batches ends with the last sender.
            let intake = BatchSink::new(sender);
            let read = try_join_all(streams.iter().map(|name| storage.stream(name, &intake))).await;
            read.map(drop).map_err(BigQueryError::from)
        };
        let received = async {
            let mut collect = Collect::new(take);
            while let Some(batch) = batches.recv().await {
                self.bar.inc(batch.rows);
                for slice in arrow::slices(&schema, batch, self.timestamps)? {
                    let texts = self.texts.clone();
                    collect.add(move || slice.records(&texts)).await?;
                }
            }
            collect.finish().await
        };
        let ((), rows) = tokio::try_join!(send, received)?;
        Ok(rows)
    }
}

/// Runs a part's query and reads its few rows as texts.
pub(crate) async fn rows(
    rest: &Rest,
    part: &Part,
    running: &Running,
) -> Result<Vec<Vec<Option<String>>>, BigQueryError> {
    let (job, count) = query(rest, part, running).await?;
    let mut all = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let Page { rows, next } = rest.page(&job, token.as_deref()).await?;
        all.extend(rows);
        let found = all.len() as u64;
        match next {
            Some(next) if found <= count => token = Some(next),
            None if found == count => return Ok(all),
            Some(_) | None => {
                let table = part.table.to_string();
                return Err(BigQueryError::Incomplete { table, found: all.len() as u64, rows: count });
            }
        }
    }
}

fn of_page(
    rows: &[Vec<Option<String>>],
    timestamps: Timestamps,
    texts: &SharedTexts,
) -> Result<ResultRecords, RowError> {
    let mut result = ResultRecords::new(texts);
    for row in rows {
        let text = |column: usize| row.get(column).and_then(Option::as_deref);
        let number = |column: usize| text(column).and_then(|number| number.parse::<i64>().ok());
        result.push(Row {
            record: text(0).unwrap_or_default(),
            received_ns: number(1),
            copies: number(2).map_or(1, |copies| u64::try_from(copies).unwrap_or(1)),
            timestamps,
        })?;
    }
    Ok(result)
}
