//! A fetch from BigQuery: what it would read is told first, then a query for each table, then as any other fetch.

use std::collections::BTreeMap;
use std::path::Path;

use cnsim::manifest::Manifest;
use indicatif::{ProgressBar, ProgressStyle};

use super::{FetchError, Fetched, Options, Run, put, runs};
use crate::bigquery::PullError;
use crate::bigquery::price;
use crate::bigquery::pull::{self, Plan, Pulled, Request, Running, Servers};
use crate::bigquery::settings::{BigQueryArgs, Target};
use crate::bigquery::statement::Wanted;
use crate::bigquery::window::{Window, instant};
use crate::source::fetch_facts::{FetchedQuery, FetchedRound};
use crate::source::folder;
use crate::source::gather::Gather;
use crate::source::table::Keep;

/// Fetches runs from BigQuery.
pub(super) fn fetch(args: &BigQueryArgs, options: &Options) -> Result<Fetched, FetchError> {
    let target = args.target.resolve()?;
    let known = known_window(args, options)?;
    let request = Request {
        dataset: target.dataset.clone(),
        table: target.table.clone(),
        location: target.location.clone(),
        wanted: Wanted { run_ids: options.run_ids.clone(), prefixes: args.run_id_prefixes.clone() },
        window: known.unwrap_or(Window::ALL),
        max_bytes_billed: args.max_bytes_billed,
    };
    let is_refused = known.is_none() && !args.scan_all && !args.dry_run;
    let task = Task { args, request: &request, is_refused, running: Running::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PullError::Runtime)?;
    let (plan, pulled) = runtime.block_on(task.until_interrupted(&target))?;
    if args.dry_run {
        return Ok(Fetched { folders: Vec::new(), notes: plan.notes.clone(), plan: Some(in_words(&plan)) });
    }
    write(pulled, plan, &request, options)
}

/// A fetch as it goes.
struct Task<'a> {
    args: &'a BigQueryArgs,
    request: &'a Request,
    /// Whether its price is all that may be found out.
    is_refused: bool,
    running: Running,
}

impl Task<'_> {
    /// Does it. Where the user interrupts or something fails, the query that runs is stopped.
    async fn until_interrupted(&self, target: &Target) -> Result<(Plan, Vec<Pulled>), PullError> {
        let servers = target.servers().await?;
        let done = tokio::select! {
            done = self.done(&servers) => done,
            // Where no signal can be had, only the default action is left.
            Ok(()) = tokio::signal::ctrl_c() => Err(PullError::Interrupted),
        };
        let running = self.running.lock().expect("nobody panics while holding it").take();
        if let (Err(_), Some(job)) = (&done, running) {
            // What went wrong before is what the user must know.
            let _ = servers.rest.cancel(&job).await;
        }
        done
    }

    async fn done(&self, servers: &Servers) -> Result<(Plan, Vec<Pulled>), PullError> {
        let mut plan = pull::plan(&servers.rest, self.request).await?;
        let bytes = price::in_words(plan.bytes());
        if self.is_refused {
            return Err(PullError::NoTime { bytes });
        }
        if self.args.dry_run {
            return Ok((plan, Vec::new()));
        }
        let limit = self.request.max_bytes_billed;
        if plan.bytes() > limit {
            return Err(PullError::TooMuch { bytes, limit: price::size(limit) });
        }
        eprintln!("reading {bytes}");
        let bar = progress();
        let mut pulled = Vec::with_capacity(plan.parts.len());
        for part in &plan.parts {
            let part = pull::pull(servers, part, self.args.method, &self.running, &bar).await?;
            plan.notes.extend(part.note.clone());
            pulled.push(part);
        }
        bar.finish_and_clear();
        Ok((plan, pulled))
    }
}

/// The time that the user or the runs' manifests say.
fn known_window(args: &BigQueryArgs, options: &Options) -> Result<Option<Window>, FetchError> {
    let typed = |text: &Option<String>| text.as_deref().map(instant).transpose().map_err(PullError::from);
    let (since, until) = (typed(&args.since)?, typed(&args.until)?);
    let known = match of_manifests(args, options)? {
        Some(window) => Some(window),
        None if since.is_some() => Some(Window::ALL),
        None => None,
    };
    known.map(|window| window.with(since, until).map_err(|error| PullError::from(error).into())).transpose()
}

/// The time of every run that is wanted; none where one of them has no manifest.
fn of_manifests(args: &BigQueryArgs, options: &Options) -> Result<Option<Window>, FetchError> {
    if let Some(path) = &args.manifest {
        let manifest = manifest(path)?;
        return Ok(Some(Window::of_run(&manifest).map_err(PullError::from)?));
    }
    if !args.run_id_prefixes.is_empty() {
        return Ok(None);
    }
    let mut all: Option<Window> = None;
    for run_id in &options.run_ids {
        super::check_name(run_id)?;
        let Some(manifest) = folder::manifest(&options.out.join(run_id))? else { return Ok(None) };
        let window = Window::of_run(&manifest).map_err(PullError::from)?;
        all = Some(all.map_or(window, |all| all.around(window)));
    }
    Ok(all)
}

fn manifest(path: &Path) -> Result<Manifest, PullError> {
    let failed = |why: String| PullError::Manifest { path: path.to_owned(), why };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    Manifest::from_json(&bytes).map_err(|error| failed(error.to_string()))
}

/// The statements, what they would read, and the price.
fn in_words(plan: &Plan) -> String {
    let part = |part: &pull::Part| {
        let parameters = part.query.parameters.iter().map(|(name, value)| format!("--   @{name} = {value}\n"));
        format!(
            "-- {}: {}\n{}{}\n",
            part.table,
            price::in_words(part.bytes),
            parameters.collect::<String>(),
            part.query.sql.trim_end()
        )
    };
    let parts: Vec<String> = plan.parts.iter().map(part).collect();
    format!("{}\n-- all together: {}\n", parts.join("\n"), price::in_words(plan.bytes()))
}

/// Puts what came into run folders.
fn write(pulled: Vec<Pulled>, plan: Plan, request: &Request, options: &Options) -> Result<Fetched, FetchError> {
    let (mut gather, mut queries) = (Gather::new(Keep::Records), Vec::with_capacity(pulled.len()));
    let mut repeats: BTreeMap<(String, u32), u64> = BTreeMap::new();
    for (part, asked) in pulled.into_iter().zip(&plan.parts) {
        queries.push(query(&part, asked, request));
        for (round, count) in &part.records.repeats {
            *repeats.entry(round.clone()).or_default() += count;
        }
        if part.records.table.rows() > 0 {
            gather.files.push(part.records.as_file(part.table.to_string()));
            gather.table.append(&part.records.table);
        }
    }
    if gather.table.rows() == 0 {
        return Err(no_records(&plan, request).into());
    }
    let wanted: &[String] = if request.wanted.prefixes.is_empty() { &options.run_ids } else { &[] };
    let mut found = runs(&gather, wanted)?;
    for run in &mut found {
        run.facts.source = "bigquery".to_owned();
        run.facts.queries = queries.clone();
        add_repeats(run, &repeats);
    }
    Ok(Fetched { folders: put(&gather, &found, options)?, notes: plan.notes, plan: None })
}

fn query(part: &Pulled, asked: &pull::Part, request: &Request) -> FetchedQuery {
    FetchedQuery {
        table: part.table.to_string(),
        sql: asked.query.sql.clone(),
        since: request.window.since_text(),
        until: request.window.until_text(),
        job: part.job.id.clone(),
        location: part.job.location.clone(),
        method: part.method.to_owned(),
        rows: part.records.table.rows() as u64,
        bytes_processed: part.facts.bytes_processed,
        bytes_billed: part.facts.bytes_billed,
        cache_hit: part.facts.cache_hit,
    }
}

/// Adds what the queries dropped to what was dropped here.
fn add_repeats(run: &mut Run<'_>, repeats: &BTreeMap<(String, u32), u64>) {
    let id = &run.facts.run_id;
    let add = |round: &mut FetchedRound| {
        round.repeats += repeats.get(&(id.clone(), round.round)).copied().unwrap_or(0);
    };
    run.facts.rounds.iter_mut().for_each(add);
}

fn no_records(plan: &Plan, request: &Request) -> PullError {
    let Wanted { run_ids, prefixes } = &request.wanted;
    let prefixes = prefixes.iter().map(|prefix| format!("{prefix}…"));
    let wanted: Vec<String> = run_ids.iter().cloned().chain(prefixes).collect();
    let tables: Vec<String> = plan.parts.iter().map(|part| part.table.to_string()).collect();
    PullError::NoRecords {
        wanted: wanted.join(", "),
        tables: tables.join(", "),
        since: request.window.since_text(),
        until: request.window.until_text(),
    }
}

/// A bar on standard error, where that is a terminal.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} rows, {per_sec}, {elapsed}")
        .expect("the template is valid");
    ProgressBar::new(0).with_style(style)
}
