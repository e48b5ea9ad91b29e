//! The eight figures of a report: drawn where there is something to show, else left out with the reason.

use cnsim_charts::{ChartError, Drawing, Metadata};
use rayon::prelude::*;

use super::folder::File;
use crate::metric::figures as figure;
use crate::metric::{Analysis, Origin};

/// Resolution that journals ask for.
const PRINT_DPI: u32 = 300;

/// One figure, made or left out.
#[derive(Debug)]
pub(super) struct Figure {
    /// The stem of its files.
    pub(super) name: &'static str,
    /// What it shows, in a few words.
    pub(super) title: &'static str,
    /// How to read it, and on what it stands.
    pub(super) caption: String,
    /// The drawing, or why there is none.
    pub(super) drawing: Result<Drawing, &'static str>,
}

/// What a figure is made of.
struct Recipe {
    name: &'static str,
    title: &'static str,
    caption: &'static str,
    /// Whether what it shows depends on where time begins.
    origin: Counts,
    draw: fn(&Analysis, Origin) -> Result<Drawing, ChartError>,
    /// Why there may be nothing to show.
    absent: &'static str,
}

/// From when a figure counts time.
#[derive(Clone, Copy)]
enum Counts {
    FromOrigin,
    FromInitiate,
    NoTime,
}

const RECIPES: [Recipe; 8] = [
    Recipe {
        name: "infection-curves",
        title: "Infection curves",
        caption: "Share of the nodes that hold the message over time: a thin line for each round, the bold line for the \
                  median round.",
        origin: Counts::FromOrigin,
        draw: |analysis, origin| cnsim_charts::infection_curves(&figure::infection_curves(analysis, origin)),
        absent: "no scored round has a delivery with a time",
    },
    Recipe {
        name: "convergence-ecdf",
        title: "Distribution of the convergence time",
        caption: "Share of the rounds that had reached every node by a time. Band: 95 %, Dvoretzky-Kiefer-Wolfowitz; \
                  rounds that never converged count as infinitely long.",
        origin: Counts::FromOrigin,
        draw: |analysis, origin| cnsim_charts::convergence_ecdf(&figure::convergence_ecdf(analysis, origin)),
        absent: "no scored round converged",
    },
    Recipe {
        name: "convergence-by-nodes",
        title: "Convergence time against the number of nodes",
        caption: "Every round as a point; the line joins the medians, bars are their 95 % intervals by order statistics.",
        origin: Counts::FromOrigin,
        draw: |analysis, origin| cnsim_charts::convergence_by_nodes(&figure::convergence_by_nodes(analysis, origin)),
        absent: "no scored round converged",
    },
    Recipe {
        name: "hop-distribution",
        title: "Hops of first deliveries",
        caption: "Share of the first deliveries at each distance from the initiator.",
        origin: Counts::NoTime,
        draw: |analysis, _| cnsim_charts::hop_distribution(&figure::hop_distribution(analysis)),
        absent: "no hop of a first delivery is known",
    },
    Recipe {
        name: "latency-by-hop",
        title: "Latency of first deliveries by hop",
        caption: "From send to receipt. Boxes are quartiles (type 7); whiskers end at the outermost delivery within 1.5 \
                  interquartile ranges.",
        origin: Counts::NoTime,
        draw: |analysis, _| cnsim_charts::latency_by_hop(&figure::latency_by_hop(analysis)),
        absent: "no first delivery has both a hop and a latency",
    },
    Recipe {
        name: "copies-by-round",
        title: "Copies and duplicates in each round",
        caption: "Copies that were sent, and those among them that reached a node which held the message. A dashed line: \
                  the duplicates that the topology dictates.",
        origin: Counts::NoTime,
        draw: |analysis, _| cnsim_charts::copies_by_round(&figure::copies_by_round(analysis)),
        absent: "there is no scored round",
    },
    Recipe {
        name: "convergence-by-round",
        title: "Convergence time in the order of rounds",
        caption: "Each round in the order in which it ran: a drift or a slow first round shows here.",
        origin: Counts::FromOrigin,
        draw: |analysis, origin| cnsim_charts::convergence_by_round(&figure::convergence_by_round(analysis, origin)),
        absent: "no scored round converged",
    },
    Recipe {
        name: "time-spent",
        title: "Where the time went",
        caption: "Mean over rounds of the time until the last delivery, along the path that led to it: set-up until the \
                  first send, waiting at forwarders, and the wire between send and receipt.",
        origin: Counts::FromInitiate,
        draw: |analysis, _| cnsim_charts::time_spent(&figure::time_spent(analysis)),
        absent: "the path to the last delivery is not known in any scored round",
    },
];

/// Draws every figure from the scored rounds.
///
/// # Errors
/// Where a drawing fails for another reason than that there is nothing to show.
pub(super) fn all(analysis: &Analysis, origin: Origin) -> Result<Vec<Figure>, ChartError> {
    let rounds = rounds_words(analysis);
    let figure = |recipe: &Recipe| {
        let drawing = match (recipe.draw)(analysis, origin) {
            Ok(drawing) => Ok(drawing),
            Err(ChartError::NoData(_)) => Err(recipe.absent),
            Err(error) => return Err(error),
        };
        let from = match (recipe.origin, origin) {
            (Counts::FromOrigin, Origin::FirstSend) => " Time counts from the initiator's first send.",
            (Counts::FromOrigin, Origin::Initiate) | (Counts::FromInitiate, _) => {
                " Time counts from the initiate record."
            }
            (Counts::NoTime, _) => "",
        };
        let caption = format!("{}{from} {rounds}", recipe.caption);
        Ok(Figure { name: recipe.name, title: recipe.title, caption, drawing })
    };
    RECIPES.par_iter().map(figure).collect()
}

/// The image files of the figures that were made.
///
/// # Errors
/// Where an image cannot be encoded.
pub(super) fn files(figures: &[Figure], metadata: &Metadata) -> Result<Vec<File>, ChartError> {
    let images = |(name, drawing): (&str, &Drawing)| {
        let svg = File { path: format!("figures/{name}.svg"), bytes: drawing.svg(metadata) };
        let png = File { path: format!("figures/{name}.png"), bytes: drawing.png(PRINT_DPI, metadata)? };
        Ok([svg, png])
    };
    let made: Vec<_> = figures.iter().filter_map(|figure| Some((figure.name, figure.drawing.as_ref().ok()?))).collect();
    let files: Vec<[File; 2]> = made.into_par_iter().map(images).collect::<Result<_, ChartError>>()?;
    Ok(files.into_iter().flatten().collect())
}

/// On how many scored rounds everything stands.
pub(super) fn rounds_words(analysis: &Analysis) -> String {
    let counts: Vec<usize> =
        analysis.groups.iter().map(|group| group.rounds.iter().filter(|round| round.scored).count()).collect();
    let (fewest, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    match (counts.len(), fewest == most) {
        (0 | 1, _) => format!("{most} scored rounds."),
        (_, true) => format!("{most} scored rounds for each condition and number of nodes."),
        (_, false) => format!("{fewest} to {most} scored rounds for each condition and number of nodes."),
    }
}
