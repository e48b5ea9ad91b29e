//! A fetch from BigQuery: what it would read is told first, then a query for each table, then as any other fetch.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use cnsim::manifest::Manifest;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::client::rest::Progress;
use super::completeness::{self, MissingRecords};
use super::earlier;
use super::error::BigQueryError;
use super::job::{self, Running};
use super::plan::{self, Part, Plan, Request};
use super::price;
use super::pull::{self, Pulled};
use super::records::ResultRecords;
use super::servers::Servers;
use super::spec::RecordsSpec;
use super::statement::{QueryKind, RunSelection};
use super::time_range::{TimeRange, instant};
use crate::fetch::error::FetchError;
use crate::fetch::run_folders::put_runs;
use crate::fetch::runs::{FetchedRun, check_name, choose_runs, new_facts};
use crate::fetch::spec::{FetchSpec, Fetched};
use crate::inputs::fetch_facts::{FetchFacts, FetchedFile, FetchedQuery};
use crate::inputs::folder;
use crate::messages::tell;
use cnsim_files::whole;
use cnsim_records::spool::{Spool, Spooling};

/// Between two looks whether a run has arrived: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// Fetches runs from BigQuery.
pub(crate) fn fetch(asked: &RecordsSpec, spec: &FetchSpec) -> Result<Fetched, FetchError> {
    let target = asked.target.resolve()?;
    let manifests = manifests(asked, spec)?;
    if asked.wait_min.is_some() && !manifests.iter().any(completeness::counts_records) {
        return Err(BigQueryError::WaitForWhat.into());
    }
    let request = Request {
        dataset: target.dataset.clone(),
        table: target.table.clone(),
        location: target.location.clone(),
        kind: QueryKind::Records(run_selection(asked, spec)),
        range: known_range(asked, spec, &manifests)?.unwrap_or(TimeRange::ALL),
        max_bytes_billed: asked.max_bytes_billed,
    };
    let task = Task { spec: asked, request: &request, manifests: &manifests, out: &spec.out, run_ids: &spec.run_ids };
    let read = async |servers: &Servers, running: &Running| task.read_in_time(servers, running).await;
    let read = job::with_servers(&target, read)?;
    if asked.dry_run {
        let plan = read.plan;
        return Ok(Fetched { folders: Vec::new(), notes: plan.notes.clone(), plan: Some(plan.in_words()) });
    }
    let fetched = put(read, &request, &run_selection(asked, spec), spec)?;
    if let (Some(path), [manifest]) = (&asked.manifest, manifests.as_slice()) {
        keep_manifest(path, &spec.out.join(&manifest.run_id))?;
    }
    Ok(fetched)
}

/// Puts a co-author's manifest into the run's folder, where none is, so that the report knows what was expected.
fn keep_manifest(path: &Path, folder: &Path) -> Result<(), FetchError> {
    let target = folder.join("manifest.json");
    if target.exists() || !folder.exists() {
        return Ok(());
    }
    let copied = whole::stage(&target).and_then(|mut staged| {
        io::copy(&mut File::open(path)?, &mut staged)?;
        whole::put(staged, &target)
    });
    copied.map_err(|source| FetchError::Write { path: target, source })
}

fn run_selection(asked: &RecordsSpec, spec: &FetchSpec) -> RunSelection {
    RunSelection { run_ids: spec.run_ids.clone(), prefixes: asked.run_id_prefixes.clone() }
}

/// What was read.
struct Read {
    plan: Plan,
    pulled: Vec<Pulled>,
    spool: Spool,
    /// The runs of which nothing is missing by their manifests.
    complete: BTreeSet<String>,
}

/// What is to be read.
struct Task<'a> {
    spec: &'a RecordsSpec,
    request: &'a Request,
    /// Of the runs that have one.
    manifests: &'a [Manifest],
    /// Where run folders are.
    out: &'a Path,
    /// As typed.
    run_ids: &'a [String],
}

impl Task<'_> {
    /// Reads until every run has arrived or the time that the user gives is over, or else once.
    async fn read_in_time(&self, servers: &Servers, running: &Running) -> Result<Read, BigQueryError> {
        let wait = Duration::from_secs(60 * u64::from(self.spec.wait_min.unwrap_or(0)));
        let pauses = ExponentialBuilder::new().with_min_delay(PAUSES[0]).with_max_delay(PAUSES[1]).without_max_times();
        let (mut waited, mut pauses) = (Duration::ZERO, pauses.build());
        loop {
            let mut read = self.read(servers, running).await?;
            let missing: Vec<MissingRecords> = self
                .manifests
                .iter()
                .filter_map(|manifest| completeness::find_missing(&read.spool, manifest))
                .collect();
            let is_over = missing.is_empty() || waited >= wait;
            if self.spec.dry_run || is_over {
                self.add_notes(&mut read, &missing);
                let is_whole = |run_id: &&str| missing.iter().all(|one| one.run_id != *run_id);
                read.complete = self.counted().filter(is_whole).map(str::to_owned).collect();
                return Ok(read);
            }
            missing.iter().flat_map(MissingRecords::notes).for_each(|note| tell(format_args!("waiting: {note}")));
            let pause = pauses.next().expect("the number of pauses has no limit");
            tokio::time::sleep(pause).await;
            waited += pause;
        }
    }

    /// Reads what is planned, unless only the plan is asked for.
    async fn read(&self, servers: &Servers, running: &Running) -> Result<Read, BigQueryError> {
        let mut plan = plan::plan(&servers.rest, self.request).await?;
        if self.spec.dry_run {
            return Ok(Read { plan, pulled: Vec::new(), spool: Spool::new(self.out), complete: BTreeSet::new() });
        }
        if self.request.range == TimeRange::ALL && !self.spec.scan_all {
            return Err(BigQueryError::NoTime { bytes: price::in_words(plan.bytes()) });
        }
        self.look_back(servers, &mut plan).await;
        plan.check(self.request.max_bytes_billed)?;
        tell(format_args!("reading {}", price::in_words(plan.bytes())));
        let bar = progress();
        let (mut pulled, mut spooling) = (Vec::with_capacity(plan.parts.len()), Spooling::start(self.out));
        let (mut bytes, texts) = (0, spooling.texts().clone());
        for part in &plan.parts {
            let table = part.table.to_string();
            let mut keep = |result: ResultRecords| {
                bytes += result.bytes;
                bar.set_message(HumanBytes(bytes).to_string());
                Ok(spooling.add(&table, result.records)?)
            };
            let part = pull::pull(servers, part, self.spec.method, running, &bar, &texts, &mut keep).await?;
            plan.notes.extend(part.note.clone());
            pulled.push(part);
        }
        let spool = spooling.finish()?;
        bar.finish_and_clear();
        Ok(Read { plan, pulled, spool, complete: BTreeSet::new() })
    }

    /// Finds parts whose answer is there already, from a fetch that lacked nothing. Whatever speaks against one, its query is
    /// made anew.
    async fn look_back(&self, servers: &Servers, plan: &mut Plan) {
        if !self.spec.run_id_prefixes.is_empty() {
            return;
        }
        for part in &mut plan.parts {
            let Some(job) = earlier::job(part, self.out, self.run_ids) else { continue };
            if let Ok(Progress { rows: Some(rows) }) = servers.rest.progress(&job).await {
                plan.notes.push(format!("{}: the result of the earlier query {} was read again", part.table, job.id));
                (part.earlier, part.bytes) = (Some((job, rows)), 0);
            }
        }
    }

    /// The runs whose manifests count all records.
    fn counted(&self) -> impl Iterator<Item = &str> {
        let counted = self.manifests.iter().filter(|manifest| completeness::counts_records(manifest));
        counted.map(|manifest| manifest.run_id.as_str())
    }

    /// Adds what may be missing to what should be known.
    fn add_notes(&self, read: &mut Read, missing: &[MissingRecords]) {
        if self.spec.dry_run {
            return;
        }
        read.plan.notes.extend(missing.iter().flat_map(MissingRecords::notes));
        let counted: BTreeSet<&str> = self.counted().collect();
        if read.spool.runs().keys().any(|run_id| !counted.contains(run_id.as_str())) {
            #[expect(clippy::disallowed_methods, reason = "how old a record is depends on the clock")]
            let now: DateTime<Utc> = std::time::SystemTime::now().into();
            read.plan.notes.extend(completeness::note_recent(
                &read.spool,
                &counted,
                now.timestamp_nanos_opt().unwrap_or(i64::MAX),
            ));
        }
    }
}

/// The time that the user or the runs' manifests say.
fn known_range(asked: &RecordsSpec, spec: &FetchSpec, manifests: &[Manifest]) -> Result<Option<TimeRange>, FetchError> {
    let typed = |text: &Option<String>| text.as_deref().map(instant).transpose().map_err(BigQueryError::from);
    let (since, until) = (typed(&asked.since)?, typed(&asked.until)?);
    let has_manifest = |run_id: &String| manifests.iter().any(|manifest| manifest.run_id == *run_id);
    let mut known = since.map(|_| TimeRange::ALL);
    if asked.run_id_prefixes.is_empty() && spec.run_ids.iter().all(has_manifest) {
        let windows: Result<Vec<TimeRange>, _> = manifests.iter().map(TimeRange::of_run).collect();
        known = windows.map_err(BigQueryError::from)?.into_iter().reduce(TimeRange::around).or(known);
    }
    known.map(|range| range.with(since, until).map_err(|error| BigQueryError::from(error).into())).transpose()
}

/// The manifests that there are of the runs that are wanted: the one that was named, else those in runs' folders.
fn manifests(asked: &RecordsSpec, spec: &FetchSpec) -> Result<Vec<Manifest>, FetchError> {
    if let Some(path) = &asked.manifest {
        let manifest = manifest(path)?;
        let is_wanted = asked.run_id_prefixes.iter().any(|prefix| manifest.run_id.starts_with(prefix));
        if !is_wanted && !spec.run_ids.contains(&manifest.run_id) {
            return Err(BigQueryError::OtherManifest { path: path.clone(), run_id: manifest.run_id }.into());
        }
        return Ok(vec![manifest]);
    }
    let mut manifests = Vec::new();
    for run_id in &spec.run_ids {
        check_name(run_id)?;
        manifests.extend(folder::manifest(&spec.out.join(run_id))?);
    }
    Ok(manifests)
}

fn manifest(path: &Path) -> Result<Manifest, BigQueryError> {
    let failed = |why: String| BigQueryError::Manifest { path: path.to_owned(), why };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    Manifest::from_json(&bytes).map_err(|error| failed(error.to_string()))
}

/// Puts what came into run folders.
fn put(read: Read, request: &Request, wanted: &RunSelection, spec: &FetchSpec) -> Result<Fetched, FetchError> {
    let Read { plan, pulled, mut spool, complete } = read;
    if spool.runs().is_empty() {
        return Err(no_records(&plan, request, wanted).into());
    }
    let queries: Vec<FetchedQuery> =
        pulled.iter().zip(&plan.parts).map(|(part, asked)| query(part, asked, request)).collect();
    let mut names = choose_runs(&spool, &wanted.run_ids)?;
    if !wanted.prefixes.is_empty() {
        // Nobody knows the names that begin so before; the query finds no others.
        names = choose_runs(&spool, &[])?;
    }
    let mut runs = Vec::new();
    for run_id in names {
        let records = spool.take(&run_id)?.expect("it is one of the spool's");
        // A table has no digest of its own: that of the run's records stands for it once they are in order.
        let file =
            |(table, rows): (&String, &u64)| FetchedFile { path: table.clone(), sha256: String::new(), rows: *rows };
        let files = records.origins.iter().map(file).collect();
        let complete = complete.contains(&run_id);
        let facts = FetchFacts { files, complete, queries: queries.clone(), ..new_facts(&run_id, "bigquery") };
        runs.push(FetchedRun { facts, records, rejects: Vec::new() });
    }
    Ok(Fetched { folders: put_runs(runs, spec)?, notes: plan.notes, plan: None })
}

fn query(part: &Pulled, asked: &Part, request: &Request) -> FetchedQuery {
    FetchedQuery {
        table: part.table.to_string(),
        sql: asked.query.sql.clone(),
        since: request.range.since_text(),
        until: request.range.until_text(),
        parameters: asked.query.parameters_in_words(),
        job: part.job.id.clone(),
        location: part.job.location.clone(),
        method: part.method.to_owned(),
        rows: part.rows,
        bytes_processed: part.facts.bytes_processed,
        bytes_billed: part.facts.bytes_billed,
        cache_hit: part.facts.cache_hit,
    }
}

fn no_records(plan: &Plan, request: &Request, wanted: &RunSelection) -> BigQueryError {
    let RunSelection { run_ids, prefixes } = wanted;
    let prefixes = prefixes.iter().map(|prefix| format!("{prefix}…"));
    let names: Vec<String> = run_ids.iter().cloned().chain(prefixes).collect();
    let tables: Vec<String> = plan.parts.iter().map(|part| part.table.to_string()).collect();
    BigQueryError::NoRecords {
        wanted: names.join(", "),
        tables: tables.join(", "),
        since: request.range.since_text(),
        until: request.range.until_text(),
    }
}

/// A bar on standard error, where that is a terminal.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} rows, {msg}, {per_sec}, {elapsed}")
        .expect("the template is valid");
    ProgressBar::new(0).with_style(style)
}
