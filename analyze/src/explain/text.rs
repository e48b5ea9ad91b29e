//! A round for readers: what it came to in a few lines, then the tree.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::explained::{ExplainedRound, ms};
use super::failed;
use super::lists::shown;
use super::spec::Extent;
use crate::measure::{Parent, Reached};

/// The largest tree that is printed whole.
const NODES_WHOLE: usize = 40;

/// Of a larger one, how many of the nodes that were reached last are printed, each with its way there.
const SLOWEST: usize = 8;

/// Levels that are told apart by indentation; deeper nodes have their hop alone.
const INDENTED: usize = 16;

pub(super) fn bytes(explained: &ExplainedRound, extent: Extent) -> Vec<u8> {
    let mut out = String::new();
    head(explained, &mut out);
    out.push('\n');
    let lines = Tree::of(explained, extent).lines();
    table(&lines, &mut out);
    if !explained.failed.is_empty() {
        out.push('\n');
    }
    failed::table(explained, extent, &mut out);
    out.into_bytes()
}

fn head(explained: &ExplainedRound, out: &mut String) {
    let metrics = &explained.metrics;
    let (_, origin) = explained.zero();
    let last = explained.dissemination.reached.last();
    let until =
        last.map_or_else(String::new, |last| format!(", the last {:.3} ms after {origin}", explained.at_ms(last)));
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    if explained.is_simulated {
        line("SIMULATED: no machine was measured".to_owned());
    }
    line(format!(
        "round {} of {} ({}): {} of {} nodes reached{until}",
        metrics.round, metrics.run_id, explained.condition, metrics.delivered, metrics.expected
    ));
    line(match metrics.path {
        Some(path) => format!(
            "path to the last node: set-up {:.3} ms, waiting at forwarders {:.3} ms, wire {:.3} ms, hops {}",
            ms(path.setup_ns),
            ms(path.waiting_ns),
            ms(path.wire_ns),
            explained.dissemination.critical.len()
        ),
        None => "path to the last node: not known, because a record or a time on it is missing".to_owned(),
    });
    if let [.., _, drawn] = explained.last() {
        let tied = explained.last();
        let names = shown(tied.iter().map(|node| &node.node));
        line(format!(
            "reached last at one time: {} nodes, {names}; this path and the marks are those of {}",
            tied.len(),
            drawn.node
        ));
    }
    if let Some(shape) = &metrics.shape {
        let widths: Vec<String> = shape.widths.iter().map(u32::to_string).collect();
        line(format!(
            "tree: depth {}, nodes at depth 1, 2, …: {}; children of a forwarder: mean {:.2}, most {}",
            shape.depth(),
            shown(widths),
            shape.branching_mean,
            shape.branching_max
        ));
    }
    line(match (metrics.sends, metrics.duplicates) {
        (Some(sends), Some(duplicates)) => {
            format!("copies: {sends} sent, {duplicates} duplicates, {} failed", metrics.failed)
        }
        (None, _) | (_, None) => {
            format!("copies: {} failed; the run kept no records of duplicates (--records first)", metrics.failed)
        }
    });
    if metrics.delivered < metrics.expected {
        line(stranded(explained));
    }
}

fn stranded(explained: &ExplainedRound) -> String {
    let count = explained.metrics.expected - explained.metrics.delivered;
    let unnamed = match explained.stranded_unnamed() {
        0 => String::new(),
        unnamed => format!(" ({unnamed} of them in no record)"),
    };
    let names = if explained.stranded.is_empty() { String::new() } else { format!(": {}", shown(&explained.stranded)) };
    format!("without a receipt: {count}{unnamed}{names}")
}

/// One line of the tree.
struct Line {
    mark: &'static str,
    label: String,
    cells: Option<[String; 7]>,
}

const HEADER: [&str; 7] = ["hop", "at ms", "waited ms", "wire ms", "sent", "dupl.", "host"];

/// The tree as it is printed.
struct Tree<'a> {
    explained: &'a ExplainedRound,
    on_path: Vec<bool>,
    /// By position: whether it is printed.
    shown: Vec<bool>,
    /// By position: the nodes that heard from it first.
    children: Vec<Vec<usize>>,
}

/// What stands at the left edge.
enum Root<'a> {
    Initiator,
    /// A sender whose own first receipt is not on record, and those that heard from it.
    Lost(&'a str, Vec<usize>),
    /// A node that, parent by parent, comes back to itself.
    Cycle(usize),
}

impl<'a> Tree<'a> {
    fn of(explained: &'a ExplainedRound, extent: Extent) -> Self {
        let reached = &explained.dissemination.reached;
        let mut children = vec![Vec::new(); reached.len()];
        for (position, node) in reached.iter().enumerate() {
            if let Parent::At(parent) = node.parent {
                children[parent].push(position);
            }
        }
        let on_path = explained.on_path();
        let shown = match extent {
            Extent::Slowest if reached.len() > NODES_WHOLE => slowest(reached, &on_path),
            Extent::Slowest | Extent::All => vec![true; reached.len()],
        };
        Self { explained, on_path, shown, children }
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut printed = vec![false; self.shown.len()];
        for root in self.roots() {
            let (top, line) = match root {
                Root::Initiator => (self.heard_from_initiator(), self.initiator()),
                Root::Lost(sender, top) => (top, Line::note(format!("{sender} (its own receipt is not on record)"))),
                Root::Cycle(position) if printed[position] => continue,
                Root::Cycle(position) => {
                    let sender = &self.explained.dissemination.reached[position].sender;
                    (vec![position], Line::note(format!("{sender} (its path comes back to itself)")))
                }
            };
            lines.push(line);
            self.below(&top, &mut printed, &mut lines);
        }
        lines
    }

    fn roots(&self) -> Vec<Root<'a>> {
        let reached = &self.explained.dissemination.reached;
        let mut lost: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, node) in reached.iter().enumerate().filter(|(_, node)| node.parent == Parent::Unknown) {
            lost.entry(&node.sender).or_default().push(position);
        }
        let initiator = self.explained.metrics.initiator.iter().map(|_| Root::Initiator);
        let lost = lost.into_iter().map(|(sender, top)| Root::Lost(sender, top));
        let unknown = (0..reached.len()).filter(|position| reached[*position].depth.is_none());
        initiator.chain(lost).chain(unknown.map(Root::Cycle)).collect()
    }

    fn heard_from_initiator(&self) -> Vec<usize> {
        let reached = &self.explained.dissemination.reached;
        (0..reached.len()).filter(|position| reached[*position].parent == Parent::Root).collect()
    }

    /// The lines of some nodes with all that is below them. What is open stands on a stack: trees can be deep.
    fn below(&self, top: &[usize], printed: &mut [bool], lines: &mut Vec<Line>) {
        let mut open = vec![Level { indent: String::new(), depth: 0, next: self.of_level(top, printed).into_iter() }];
        while let Some(level) = open.last_mut() {
            let Some(item) = level.next.next() else {
                open.pop();
                continue;
            };
            let is_last = level.next.as_slice().is_empty();
            let (indent, depth) = (level.indent.clone(), level.depth);
            let branch = if is_last { "└─ " } else { "├─ " };
            match item {
                Item::Hidden(count, until_ms) => {
                    let label = format!("{indent}{branch}… {count} more, the last at {until_ms:.3} ms");
                    lines.push(Line::note(label));
                }
                Item::Node(position) if !std::mem::replace(&mut printed[position], true) => {
                    lines.push(self.node(position, &format!("{indent}{branch}")));
                    let deeper = if is_last { "   " } else { "│  " };
                    let indent = if depth < INDENTED { indent + deeper } else { indent };
                    let next = self.of_level(&self.children[position], printed).into_iter();
                    open.push(Level { indent, depth: depth + 1, next });
                }
                Item::Node(_) => {}
            }
        }
    }

    /// The nodes of a level that are printed, and one line for the others with all below them.
    fn of_level(&self, level: &[usize], printed: &mut [bool]) -> Vec<Item> {
        let (shown, hidden): (Vec<usize>, Vec<usize>) = level.iter().partition(|position| self.shown[**position]);
        let mut items: Vec<Item> = shown.into_iter().map(Item::Node).collect();
        if !hidden.is_empty() {
            let (count, last) = self.subtree(hidden, printed);
            items.push(Item::Hidden(count, self.explained.at_ms(&self.explained.dissemination.reached[last])));
        }
        items
    }

    /// How many nodes are in and below some, and which of them was reached last. Of a node that is not printed nothing below
    /// is printed, and whoever is on a cycle is counted once.
    fn subtree(&self, mut open: Vec<usize>, printed: &mut [bool]) -> (usize, usize) {
        let (mut count, mut last) = (0, 0);
        while let Some(position) = open.pop() {
            if !std::mem::replace(&mut printed[position], true) {
                count += 1;
                last = last.max(position);
                open.extend(&self.children[position]);
            }
        }
        (count, last)
    }

    fn initiator(&self) -> Line {
        let tree = &self.explained.dissemination;
        let (zero_ns, _) = self.explained.zero();
        let at_ms = self.explained.metrics.initiate_ns.map(|at_ns| ms(at_ns.saturating_sub(zero_ns)));
        let cells = [
            "0".to_owned(),
            number(at_ms),
            String::new(),
            String::new(),
            self.copies(tree.initiator_sent),
            self.copies(tree.initiator_duplicates),
            tree.initiator_host.clone().unwrap_or_default(),
        ];
        let mark = if tree.critical.is_empty() { " " } else { "*" };
        let label = self.explained.metrics.initiator.clone().unwrap_or_default();
        Line { mark, label, cells: Some(cells) }
    }

    /// A number of copies, where all of them were recorded.
    fn copies(&self, count: u64) -> String {
        self.explained.metrics.sends.map_or_else(String::new, |_| count.to_string())
    }

    fn node(&self, position: usize, indent: &str) -> Line {
        let node = &self.explained.dissemination.reached[position];
        let cells = [
            node.depth.map_or_else(String::new, |depth| depth.to_string()),
            number(Some(self.explained.at_ms(node))),
            number(node.waiting_ns.map(ms)),
            number(node.wire_ns.map(ms)),
            self.copies(node.sent),
            self.copies(node.duplicates),
            node.host.clone().unwrap_or_default(),
        ];
        let mark = if self.on_path[position] { "*" } else { " " };
        Line { mark, label: format!("{indent}{}", node.node), cells: Some(cells) }
    }
}

/// A level whose nodes are being printed.
struct Level {
    indent: String,
    depth: usize,
    next: std::vec::IntoIter<Item>,
}

/// What is printed of a level.
enum Item {
    Node(usize),
    /// How many nodes are left out, and when the last of them was reached.
    Hidden(usize, f64),
}

impl Line {
    fn note(label: String) -> Self {
        Self { mark: " ", label, cells: None }
    }
}

/// The nodes on the path to the last one, those that were reached last, and the way to each.
fn slowest(reached: &[Reached], on_path: &[bool]) -> Vec<bool> {
    let mut shown = on_path.to_vec();
    for mut position in reached.len().saturating_sub(SLOWEST)..reached.len() {
        let is_known = std::mem::replace(&mut shown[position], true);
        while let Parent::At(parent) = reached[position].parent
            && !(is_known || shown[parent])
        {
            shown[parent] = true;
            position = parent;
        }
    }
    shown
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// Aligns lines under the header.
fn table(lines: &[Line], out: &mut String) {
    let width = |text: &str| text.chars().count();
    let label_width =
        lines.iter().filter(|line| line.cells.is_some()).map(|line| width(&line.label)).max().unwrap_or(0);
    let rows = || lines.iter().filter_map(|line| line.cells.as_ref());
    let of_column = |column: usize| rows().map(|cells| width(&cells[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADER.len()).map(|column| of_column(column).max(width(HEADER[column]))).collect();
    let mut row = |mark: &str, label: &str, cells: &[String]| {
        let mut text = format!("{mark} {label:<label_width$}");
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let is_text = column + 1 == HEADER.len();
            let written = if is_text { write!(text, "  {cell}") } else { write!(text, "  {cell:>width$}") };
            written.expect("a string takes every text");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    row(" ", "node", &HEADER.map(str::to_owned));
    for line in lines {
        row(line.mark, &line.label, line.cells.as_ref().map_or(&[], |cells| &cells[..]));
    }
}
