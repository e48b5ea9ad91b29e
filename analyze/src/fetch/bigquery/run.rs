//! A fetch from BigQuery: what it would read is told first, then a query for each table, then as any other fetch.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cnsim::manifest::Manifest;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::fetch::arrived::{self, Lack};
use crate::fetch::bigquery::PullError;
use crate::fetch::bigquery::client::rest::Progress;
use crate::fetch::bigquery::job::{self, Running};
use crate::fetch::bigquery::plan::{self, Part, Plan, Request};
use crate::fetch::bigquery::price;
use crate::fetch::bigquery::pull::{self, Pulled, Servers};
use crate::fetch::bigquery::records::Came;
use crate::fetch::bigquery::settings::BigQueryArgs;
use crate::fetch::bigquery::statement::{Ask, Wanted};
use crate::fetch::bigquery::window::{Window, instant};
use crate::fetch::earlier;
use crate::fetch::{FetchError, Fetched, Options, Run, chosen};
use crate::inputs::fetch_facts::{FetchFacts, FetchedFile, FetchedQuery};
use crate::inputs::folder;
use cnsim_records::spool::{Spool, Spooling};

/// Between two looks whether a run has arrived: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// Fetches runs from BigQuery.
pub(crate) fn fetch(args: &BigQueryArgs, options: &Options) -> Result<Fetched, FetchError> {
    let target = args.target.resolve()?;
    let manifests = manifests(args, options)?;
    if args.wait.is_some() && !manifests.iter().any(arrived::counts) {
        return Err(PullError::WaitForWhat.into());
    }
    let request = Request {
        dataset: target.dataset.clone(),
        table: target.table.clone(),
        location: target.location.clone(),
        ask: Ask::Records(wanted(args, options)),
        window: known_window(args, options, &manifests)?.unwrap_or(Window::ALL),
        max_bytes_billed: args.max_bytes_billed,
    };
    let task = Task { args, request: &request, manifests: &manifests, out: &options.out, run_ids: &options.run_ids };
    let read = async |servers: &Servers, running: &Running| task.read_in_time(servers, running).await;
    let read = job::with_servers(&target, read)?;
    if args.dry_run {
        let plan = read.plan;
        return Ok(Fetched { folders: Vec::new(), notes: plan.notes.clone(), plan: Some(plan.in_words()) });
    }
    let fetched = put(read, &request, &wanted(args, options), options)?;
    if let (Some(path), [manifest]) = (&args.manifest, manifests.as_slice()) {
        keep_manifest(path, &options.out.join(&manifest.run_id))?;
    }
    Ok(fetched)
}

/// Puts a co-author's manifest into the run's folder, where none is, so that the report knows what was expected.
fn keep_manifest(path: &Path, folder: &Path) -> Result<(), FetchError> {
    let (staged, target) = (folder.join(".manifest.json.tmp"), folder.join("manifest.json"));
    if target.exists() || !folder.exists() {
        return Ok(());
    }
    let copied = std::fs::copy(path, &staged).and_then(|_| std::fs::rename(&staged, &target));
    copied.map_err(|source| FetchError::Write { path: target, source })
}

fn wanted(args: &BigQueryArgs, options: &Options) -> Wanted {
    Wanted { run_ids: options.run_ids.clone(), prefixes: args.run_id_prefixes.clone() }
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
    args: &'a BigQueryArgs,
    request: &'a Request,
    /// Of the runs that have one.
    manifests: &'a [Manifest],
    /// Where run folders are.
    out: &'a Path,
    /// As typed.
    run_ids: &'a [String],
}

impl Task<'_> {
    /// Reads until every run has arrived or the user's patience ends, or else once.
    async fn read_in_time(&self, servers: &Servers, running: &Running) -> Result<Read, PullError> {
        let wait = Duration::from_secs(60 * u64::from(self.args.wait.unwrap_or(0)));
        let (mut waited, mut pause) = (Duration::ZERO, PAUSES[0]);
        loop {
            let mut read = self.read(servers, running).await?;
            let lacks: Vec<Lack> =
                self.manifests.iter().filter_map(|manifest| arrived::lack(&read.spool, manifest)).collect();
            let is_over = lacks.is_empty() || waited >= wait;
            if self.args.dry_run || is_over {
                self.tell(&mut read, &lacks);
                let is_whole = |run_id: &&str| lacks.iter().all(|lack| lack.run_id != *run_id);
                read.complete = self.counted().filter(is_whole).map(str::to_owned).collect();
                return Ok(read);
            }
            lacks.iter().flat_map(Lack::notes).for_each(|note| eprintln!("waiting: {note}"));
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(PAUSES[1]);
        }
    }

    /// Reads what is planned, unless only the plan is asked for.
    async fn read(&self, servers: &Servers, running: &Running) -> Result<Read, PullError> {
        let mut plan = plan::plan(&servers.rest, self.request).await?;
        if self.args.dry_run {
            return Ok(Read { plan, pulled: Vec::new(), spool: Spool::new(self.out), complete: BTreeSet::new() });
        }
        if self.request.window == Window::ALL && !self.args.scan_all {
            return Err(PullError::NoTime { bytes: price::in_words(plan.bytes()) });
        }
        self.look_back(servers, &mut plan).await;
        plan.check(self.request.max_bytes_billed)?;
        eprintln!("reading {}", price::in_words(plan.bytes()));
        let bar = progress();
        let (mut pulled, mut spooling) = (Vec::with_capacity(plan.parts.len()), Spooling::start(self.out));
        let mut bytes = 0;
        for part in &plan.parts {
            let table = part.table.to_string();
            let mut keep = |came: Came| {
                bytes += came.bytes;
                bar.set_message(HumanBytes(bytes).to_string());
                Ok(spooling.add(&table, came.records)?)
            };
            let part = pull::pull(servers, part, self.args.method, running, &bar, &mut keep).await?;
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
        if !self.args.run_id_prefixes.is_empty() {
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
        let counted = self.manifests.iter().filter(|manifest| arrived::counts(manifest));
        counted.map(|manifest| manifest.run_id.as_str())
    }

    /// Adds what may be missing to what should be known.
    fn tell(&self, read: &mut Read, lacks: &[Lack]) {
        if self.args.dry_run {
            return;
        }
        read.plan.notes.extend(lacks.iter().flat_map(Lack::notes));
        let counted: BTreeSet<&str> = self.counted().collect();
        if read.spool.runs().keys().any(|run_id| !counted.contains(run_id.as_str())) {
            #[expect(clippy::disallowed_methods, reason = "how old a record is depends on the clock")]
            let now: DateTime<Utc> = std::time::SystemTime::now().into();
            read.plan.notes.extend(arrived::young(
                &read.spool,
                &counted,
                now.timestamp_nanos_opt().unwrap_or(i64::MAX),
            ));
        }
    }
}

/// The time that the user or the runs' manifests say.
fn known_window(args: &BigQueryArgs, options: &Options, manifests: &[Manifest]) -> Result<Option<Window>, FetchError> {
    let typed = |text: &Option<String>| text.as_deref().map(instant).transpose().map_err(PullError::from);
    let (since, until) = (typed(&args.since)?, typed(&args.until)?);
    let has_manifest = |run_id: &String| manifests.iter().any(|manifest| manifest.run_id == *run_id);
    let mut known = since.map(|_| Window::ALL);
    if args.run_id_prefixes.is_empty() && options.run_ids.iter().all(has_manifest) {
        let windows: Result<Vec<Window>, _> = manifests.iter().map(Window::of_run).collect();
        known = windows.map_err(PullError::from)?.into_iter().reduce(Window::around).or(known);
    }
    known.map(|window| window.with(since, until).map_err(|error| PullError::from(error).into())).transpose()
}

/// The manifests that there are of the runs that are wanted: the one that was named, else those in runs' folders.
fn manifests(args: &BigQueryArgs, options: &Options) -> Result<Vec<Manifest>, FetchError> {
    if let Some(path) = &args.manifest {
        let manifest = manifest(path)?;
        let is_wanted = args.run_id_prefixes.iter().any(|prefix| manifest.run_id.starts_with(prefix));
        if !is_wanted && !options.run_ids.contains(&manifest.run_id) {
            return Err(PullError::OtherManifest { path: path.clone(), run_id: manifest.run_id }.into());
        }
        return Ok(vec![manifest]);
    }
    let mut manifests = Vec::new();
    for run_id in &options.run_ids {
        crate::fetch::check_name(run_id)?;
        manifests.extend(folder::manifest(&options.out.join(run_id))?);
    }
    Ok(manifests)
}

fn manifest(path: &Path) -> Result<Manifest, PullError> {
    let failed = |why: String| PullError::Manifest { path: path.to_owned(), why };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    Manifest::from_json(&bytes).map_err(|error| failed(error.to_string()))
}

/// Puts what came into run folders.
fn put(read: Read, request: &Request, wanted: &Wanted, options: &Options) -> Result<Fetched, FetchError> {
    let Read { plan, pulled, mut spool, complete } = read;
    if spool.runs().is_empty() {
        return Err(no_records(&plan, request, wanted).into());
    }
    let queries: Vec<FetchedQuery> =
        pulled.iter().zip(&plan.parts).map(|(part, asked)| query(part, asked, request)).collect();
    let mut names = chosen(&spool, &wanted.run_ids)?;
    if !wanted.prefixes.is_empty() {
        // Nobody knows the names that begin so before; the query finds no others.
        names = chosen(&spool, &[])?;
    }
    let mut runs = Vec::new();
    for run_id in names {
        let records = spool.take(&run_id)?.expect("it is one of the spool's");
        // A table has no digest of its own: that of the run's records stands for it once they are in order.
        let file =
            |(table, rows): (&String, &u64)| FetchedFile { path: table.clone(), sha256: String::new(), rows: *rows };
        let files = records.origins.iter().map(file).collect();
        let complete = complete.contains(&run_id);
        let facts =
            FetchFacts { files, complete, queries: queries.clone(), ..crate::fetch::facts(&run_id, "bigquery") };
        runs.push(Run { facts, records, rejects: Vec::new() });
    }
    Ok(Fetched { folders: crate::fetch::put(runs, options)?, notes: plan.notes, plan: None })
}

fn query(part: &Pulled, asked: &Part, request: &Request) -> FetchedQuery {
    FetchedQuery {
        table: part.table.to_string(),
        sql: asked.query.sql.clone(),
        since: request.window.since_text(),
        until: request.window.until_text(),
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

fn no_records(plan: &Plan, request: &Request, wanted: &Wanted) -> PullError {
    let Wanted { run_ids, prefixes } = wanted;
    let prefixes = prefixes.iter().map(|prefix| format!("{prefix}…"));
    let names: Vec<String> = run_ids.iter().cloned().chain(prefixes).collect();
    let tables: Vec<String> = plan.parts.iter().map(|part| part.table.to_string()).collect();
    PullError::NoRecords {
        wanted: names.join(", "),
        tables: tables.join(", "),
        since: request.window.since_text(),
        until: request.window.until_text(),
    }
}

/// A bar on standard error, where that is a terminal.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} rows, {msg}, {per_sec}, {elapsed}")
        .expect("the template is valid");
    ProgressBar::new(0).with_style(style)
}
