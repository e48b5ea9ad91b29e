//! `cnsim demo`: a small study and a partition in the simulator, with a report, from no file at all.
//!
//! Both are files that stand in the program and are written where the demonstration goes, so that the next command can be tried on
//! them.

use anyhow::{Context, Result};
use cnsim::manifest::Manifest;
use cnsim::scenario::{Receipt, Verdict};
use cnsim_node::messages::tell;

use crate::demo_args::DemoArgs;
use crate::folder::MANIFEST;
use crate::scenario::check::aligned;
use crate::study;

/// The study of four protocols.
const DEMO: &str = include_str!("demo.toml");

/// The partition.
const SPLIT: &str = include_str!("split.toml");

/// Columns of the report's table `reliability`, and what they are called here.
const COLUMNS: [(&str, &str); 6] = [
    ("condition", "protocol"),
    ("reached_all_share", "reached all"),
    ("t99_median_ms", "t99 (ms)"),
    ("t99_median_low_ms, t99_median_high_ms", "95 % interval"),
    ("copies_per_node_mean", "copies per node"),
    ("control_per_node_mean_bytes", "control bytes per node"),
];

/// Makes both studies where they are not complete yet, prints what came of them, and returns the report's page.
///
/// # Errors
/// Where the folder cannot be written, or a run fails.
pub fn run(args: &DemoArgs) -> Result<String> {
    let out = &args.out;
    let [demo, split] = [("demo.toml", DEMO), ("split.toml", SPLIT)].map(|(name, text)| (out.join(name), text));
    std::fs::create_dir_all(out).with_context(|| format!("cannot write {}", out.display()))?;
    for (path, text) in [&demo, &split] {
        cnsim_files::replace(path, text.as_bytes())?;
    }
    let runs = study::command::make(&demo.0, out)?;
    let cut = study::command::make(&split.0, out)?;
    let report = out.join("report");
    study::report::write(&runs, &report)?;
    let table = std::fs::read_to_string(report.join("tables/reliability.csv"))?;
    tell(format_args!("\nSIMULATED: 1000 nodes, one copy in ten is lost, 10 runs of 3 rounds each\n"));
    tell(aligned(&rows(&table)?).trim_end());
    for run in &cut {
        let manifest = std::fs::read(run.join(MANIFEST))?;
        Manifest::from_json(&manifest)?.receipts.iter().for_each(|receipt| tell(format_args!("\n{}", words(receipt))));
    }
    tell(format_args!(
        "\nThe same file with real nodes on this machine, in about a minute:\n  cnsim study run {} --backend local --nodes 50 --name \
         demo-local --blocks 2\n",
        demo.0.display()
    ));
    Ok(format!("{}\n", report.join("index.html").display()))
}

/// The columns of the table that are shown, under their names here.
fn rows(table: &str) -> Result<Vec<Vec<String>>> {
    let mut lines = csv::Reader::from_reader(table.as_bytes());
    let header = lines.headers()?.clone();
    let place = |column: &str| header.iter().position(|name| name == column);
    let mut rows = vec![COLUMNS.map(|(_, name)| name.to_owned()).to_vec()];
    for line in lines.records() {
        let line = line?;
        let cell = |column: &str| place(column).and_then(|place| line.get(place)).unwrap_or_default();
        rows.push(COLUMNS.map(|(columns, name)| shown(name, columns.split(", ").map(cell).collect())).to_vec());
    }
    Ok(rows)
}

/// A cell in words: a share in per cent, an interval by its ends, a number without digits that nobody reads.
fn shown(name: &str, cells: Vec<&str>) -> String {
    let number = |cell: &str| cell.parse::<f64>();
    match cells[..] {
        [low, high] if low.is_empty() || high.is_empty() => "none".to_owned(),
        [low, high] => format!("{} to {}", shown("", vec![low]), shown("", vec![high])),
        [cell] => match number(cell) {
            Ok(share) if name == "reached all" => format!("{:.0} %", 100.0 * share),
            Ok(small) if small < 100.0 => format!("{small:.1}"),
            Ok(large) => format!("{large:.0}"),
            Err(_) if cell.is_empty() => "never".to_owned(),
            Err(_) => cell.to_owned(),
        },
        _ => String::new(),
    }
}

fn words(receipt: &Receipt) -> String {
    let witness = &receipt.witness;
    let verdict = match receipt.verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Contradicted => "contradicted",
        Verdict::Unwitnessed => "unwitnessed",
    };
    format!(
        "Receipt of the partition {:?}: {} copies and probes tried to cross, {} got through: {verdict}",
        receipt.intended.name, witness.attempted, witness.leaked
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::study::file::StudyFile;
    use crate::study::plan::{StudyPlan, Typed};

    #[test]
    fn both_files_are_studies_in_the_simulator_and_with_fifty_real_nodes() {
        let path = Path::new("demo.toml");
        for (text, runs) in [(DEMO, 40), (SPLIT, 1)] {
            let file = StudyFile::parse(text, path).unwrap();
            let typed = Typed { limit: 500, ..Typed::default() };
            let plan = StudyPlan::of(&file, &typed).unwrap();
            plan.check(path).unwrap();
            assert_eq!(plan.runs().count(), runs);
            let real = Typed { backend: Some(crate::cli::BackendName::Local), nodes: Some(50), ..typed };
            StudyPlan::of(&file, &real).unwrap().check(path).unwrap();
        }
    }

    #[test]
    fn columns_are_found_by_their_names_and_shown_in_words() {
        let table = "condition,nodes,reached_all_share,t99_median_ms,t99_median_low_ms,t99_median_high_ms,copies_per_node_mean,control_per_node_mean_bytes\n\
                     flood,1000,1.0000,187.612,181.1,193.4,6.995,0.0\n\
                     push:4,1000,0.1333,,,,3.987,0.0\n";
        let rows = rows(table).unwrap();
        assert_eq!(rows[1], ["flood", "100 %", "188", "181 to 193", "7.0", "0.0"]);
        assert_eq!(rows[2], ["push:4", "13 %", "never", "none", "4.0", "0.0"]);
    }
}
