//! The figures of a report: drawn where there is something to show, else left out with the reason.

use cnsim_charts::{ChartError, Metadata, Sheet, data};
use rayon::prelude::*;

use crate::inputs::About;
use crate::measure::{Analysis, Group, Origin};
use crate::output::{DrawnFigure, FigureError, FigureSpec, OutputFile, figures as figure};

/// One figure, made or left out.
#[derive(Debug)]
pub(super) struct Figure {
    /// The stem of its files.
    pub(super) name: &'static str,
    /// What it shows, in a few words.
    pub(super) title: &'static str,
    /// How to read it, and on what it stands.
    pub(super) caption: String,
    /// The drawing and its data, or why there is none.
    pub(super) drawn: Result<DrawnFigure, &'static str>,
}

/// What a figure is made of.
struct Recipe {
    name: &'static str,
    title: &'static str,
    caption: &'static str,
    /// Whether what it shows depends on where time begins.
    origin: TimeOrigin,
    draw: fn(&FigureInput<'_>) -> Result<DrawnFigure, ChartError>,
    /// Why there may be nothing to show.
    absent: &'static str,
}

/// What figures show.
pub(super) struct FigureInput<'a> {
    pub(super) analysis: &'a Analysis,
    /// What is known of runs beside their records.
    pub(super) inputs: &'a [About],
    pub(super) origin: Origin,
    pub(super) telemetry: &'a data::Telemetry,
    pub(super) sheet: Sheet,
}

/// From when a figure counts time.
#[derive(Clone, Copy)]
enum TimeOrigin {
    /// The origin that was chosen.
    Chosen,
    /// The initiate record, whatever was chosen.
    Initiate,
    /// It shows no time that begins with a round.
    None,
}

const RECIPES: [Recipe; 19] = [
    Recipe {
        name: "infection-curves",
        title: "Infection curves",
        caption: "Share of the nodes that hold the message over time: a thin line for each round, the bold line for the \
                  median over rounds.",
        origin: TimeOrigin::Chosen,
        draw: |it| {
            DrawnFigure::draw(
                &figure::infection_curves(it.analysis, it.origin),
                cnsim_charts::infection_curves,
                &it.sheet,
            )
        },
        absent: "no scored round has a delivery with a time",
    },
    Recipe {
        name: "coverage-under-faults",
        title: "Coverage under faults",
        caption: "Share of the nodes that hold the message over time, to the end of each round, with the faults as shaded spans. \
                  All panels have one time axis. Nodes that were down count among those to reach.",
        origin: TimeOrigin::Initiate,
        draw: |it| {
            DrawnFigure::draw(
                &figure::coverage_under_faults(it.analysis),
                cnsim_charts::coverage_under_faults,
                &it.sheet,
            )
        },
        absent: "no scored round was under faults",
    },
    Recipe {
        name: "population",
        title: "Population",
        caption: "Share of the nodes that did not stand still over time, with the faults as shaded spans.",
        origin: TimeOrigin::Initiate,
        draw: |it| DrawnFigure::draw(&figure::population(it.analysis), cnsim_charts::population, &it.sheet),
        absent: "no fault stopped a node in a scored round",
    },
    Recipe {
        name: "components",
        title: "Components",
        caption: "Above: into how many pieces a network that moves falls, of nodes that are there. Below: how many nodes are there, and \
                  how many are in the largest piece. Faults are in none of it.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::components(it.inputs, it.analysis), cnsim_charts::components, &it.sheet),
        absent: "no network moves, or nothing says when its links were up",
    },
    Recipe {
        name: "convergence-ecdf",
        title: "Distribution of the convergence time",
        caption: "Share of the rounds that had reached every node by a time. Band: 95 %, Dvoretzky-Kiefer-Wolfowitz; \
                  rounds that never converged count as infinitely long.",
        origin: TimeOrigin::Chosen,
        draw: |it| {
            DrawnFigure::draw(
                &figure::convergence_ecdf(it.analysis, it.origin),
                cnsim_charts::convergence_ecdf,
                &it.sheet,
            )
        },
        absent: "no scored round converged",
    },
    Recipe {
        name: "convergence-by-nodes",
        title: "Convergence time against the number of nodes",
        caption: "Every round as a point; the line joins the medians, bars are their 95 % intervals by order statistics.",
        origin: TimeOrigin::Chosen,
        draw: |it| {
            DrawnFigure::draw(
                &figure::convergence_by_nodes(it.analysis, it.origin),
                cnsim_charts::convergence_by_nodes,
                &it.sheet,
            )
        },
        absent: "no scored round converged",
    },
    Recipe {
        name: "growth-residuals",
        title: "What laws of growth leave",
        caption: "How far convergence times lie above each law of the table growth, in per cent of the law's time: points that \
                  bend away from 0 show a law that does not hold.",
        origin: TimeOrigin::Chosen,
        draw: |it| {
            DrawnFigure::draw(
                &figure::growth_residuals(it.analysis, it.origin),
                cnsim_charts::growth_residuals,
                &it.sheet,
            )
        },
        absent: "no condition has complete scored rounds at three numbers of nodes",
    },
    Recipe {
        name: "hop-distribution",
        title: "Hops of first deliveries",
        caption: "Share of the first deliveries at each distance from the initiator.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::hop_distribution(it.analysis), cnsim_charts::hop_distribution, &it.sheet),
        absent: "no hop of a first delivery is known",
    },
    Recipe {
        name: "latency-by-hop",
        title: "Latency of first deliveries by hop",
        caption: "From send to receipt. Boxes are quartiles (type 7); whiskers end at the outermost delivery within 1.5 \
                  interquartile ranges.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::latency_by_hop(it.analysis), cnsim_charts::latency_by_hop, &it.sheet),
        absent: "no first delivery has both a hop and a latency",
    },
    Recipe {
        name: "latency-tail",
        title: "The slowest deliveries",
        caption: "Share of the first deliveries that took as long or longer, both axes on a log scale. Deliveries inside a \
                  round are not independent, so there is no band.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::latency_tail(it.analysis), cnsim_charts::latency_tail, &it.sheet),
        absent: "no first delivery has a latency above zero",
    },
    Recipe {
        name: "latency-by-hosts",
        title: "Latency by machines",
        caption: "Median latency of the first deliveries from one machine to another; on the diagonal, inside one. Clocks are \
                  not corrected: what one machine's clock is ahead adds to one way and is missing on the other.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::latency_by_hosts(it.analysis), cnsim_charts::latency_by_hosts, &it.sheet),
        absent: "all nodes run on one machine, or nothing says where they run",
    },
    Recipe {
        name: "load-lorenz",
        title: "How the work is shared",
        caption: "Lorenz curve of the copies that nodes sent over all scored rounds, and its Gini coefficient: 0 where all \
                  sent the same, towards 1 where one sent everything.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::load_lorenz(it.analysis), cnsim_charts::load_lorenz, &it.sheet),
        absent: "no copy was sent in a scored round",
    },
    Recipe {
        name: "copies-by-round",
        title: "Copies and duplicates in each round",
        caption: "Copies that were sent, and those among them that reached a node which held the message. A dashed line: \
                  the duplicates that the topology dictates.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::copies_by_round(it.analysis), cnsim_charts::copies_by_round, &it.sheet),
        absent: "there is no scored round",
    },
    Recipe {
        name: "control",
        title: "Control messages",
        caption: "Asks, answers without the copies in them, and other messages of a protocol that are no copies, by kind: means \
                  over the rounds that ended and were counted. Copies are in none of them.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::control(it.analysis), cnsim_charts::control, &it.sheet),
        absent: "no control message is known of in a scored round",
    },
    Recipe {
        name: "convergence-by-round",
        title: "Convergence time in the order of rounds",
        caption: "Each round in the order in which it ran: a drift or a slow first round shows here.",
        origin: TimeOrigin::Chosen,
        draw: |it| {
            DrawnFigure::draw(
                &figure::convergence_by_round(it.analysis, it.origin),
                cnsim_charts::convergence_by_round,
                &it.sheet,
            )
        },
        absent: "no scored round converged",
    },
    Recipe {
        name: "time-spent",
        title: "Where the time went",
        caption: "Mean over rounds of the time until the last delivery, along the path that led to it: set-up until the \
                  first send, waiting at forwarders, and the wire between send and receipt.",
        origin: TimeOrigin::Initiate,
        draw: |it| DrawnFigure::draw(&figure::time_spent(it.analysis), cnsim_charts::time_spent, &it.sheet),
        absent: "the path to the last delivery is not known in any scored round",
    },
    Recipe {
        name: "cost-reliability",
        title: "Cost against reliability",
        caption: "Copies per node and bytes of control messages per node, means over rounds, against the share of rounds that \
                  reached all nodes.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(&figure::cost_reliability(it.analysis), cnsim_charts::cost_reliability, &it.sheet),
        absent: "no run kept a record of its copies",
    },
    Recipe {
        name: "offered-load",
        title: "Goodput against the offered load",
        caption: "A point for each run of an open loop: the messages a second that it delivered while the rounds that count \
                  began, and how long 99 in 100 deliveries took at most.",
        origin: TimeOrigin::Initiate,
        draw: |it| {
            DrawnFigure::draw(&figure::offered_load(it.inputs, it.analysis), cnsim_charts::offered_load, &it.sheet)
        },
        absent: "no run was an open loop",
    },
    Recipe {
        name: "telemetry",
        title: "What pods used",
        caption: "Samples of the telemetry on the time axis of the rounds. A sample tells of the time since the one before it.",
        origin: TimeOrigin::None,
        draw: |it| DrawnFigure::draw(it.telemetry, cnsim_charts::telemetry, &it.sheet),
        absent: "no telemetry was given",
    },
];

/// Draws every figure from the scored rounds.
///
/// # Errors
/// Where a drawing fails for another reason than that there is nothing to show.
pub(super) fn all(input: &FigureInput<'_>) -> Result<Vec<Figure>, FigureError> {
    let rounds = rounds_words(input.analysis);
    let simulated = input.analysis.simulated_words().map(|words| format!(" {words}"));
    let figure = |recipe: &Recipe| {
        let drawn = match (recipe.draw)(input) {
            Ok(drawn) => Ok(drawn),
            Err(ChartError::NoData(_)) => Err(recipe.absent),
            Err(error) => return Err(FigureError::Draw(error)),
        };
        let from = match (recipe.origin, input.origin) {
            (TimeOrigin::Chosen, Origin::FirstSend) => " Time counts from the initiator's first send.",
            (TimeOrigin::Chosen, Origin::Initiate) | (TimeOrigin::Initiate, _) => {
                " Time counts from the initiate record."
            }
            (TimeOrigin::None, _) => "",
        };
        let notes: String =
            drawn.iter().flat_map(|drawn| drawn.drawing.notes()).map(|note| format!(" {note}")).collect();
        let bound = bound_words(recipe.name, input.analysis);
        let mut caption = format!("{}{bound}{notes}{from} {rounds}", recipe.caption);
        if let Some(words) = &simulated {
            let tells_level = caption.contains("95 %");
            caption += words;
            caption += if tells_level {
                " Intervals and bands of simulations are over runs, and one run has none."
            } else {
                ""
            };
        }
        Ok(Figure { name: recipe.name, title: recipe.title, caption, drawn })
    };
    RECIPES.par_iter().map(figure).collect()
}

/// The files of the figures that were made.
///
/// # Errors
/// Where an image cannot be encoded.
pub(super) fn files(
    figures: &[Figure],
    spec: &FigureSpec,
    metadata: &Metadata,
) -> Result<Vec<OutputFile>, FigureError> {
    let files = |(figure, drawn): (&Figure, &DrawnFigure)| {
        drawn.files(&format!("figures/{}", figure.name), &figure.caption, spec, metadata)
    };
    let made: Vec<_> = figures.iter().filter_map(|figure| Some((figure, figure.drawn.as_ref().ok()?))).collect();
    let files: Vec<Vec<OutputFile>> = made.into_par_iter().map(files).collect::<Result<_, FigureError>>()?;
    Ok(files.into_iter().flatten().collect())
}

/// What the dashed line of infection curves is, where there is one.
fn bound_words(figure: &str, analysis: &Analysis) -> &'static str {
    match figure == "infection-curves" && analysis.groups.iter().any(Group::moves) {
        true => {
            " Dashed, foremost paths: the earliest that links allow, over which copies take no time; the median over rounds."
        }
        false => "",
    }
}

/// On how many scored rounds everything stands.
fn rounds_words(analysis: &Analysis) -> String {
    let counts: Vec<usize> =
        analysis.groups.iter().map(|group| group.rounds.iter().filter(|round| round.scored).count()).collect();
    let (fewest, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    match (counts.len(), fewest == most) {
        (0 | 1, _) if most == 1 => "1 scored round.".to_owned(),
        (0 | 1, _) => format!("{most} scored rounds."),
        (_, true) => format!("{most} scored rounds for each condition and number of nodes."),
        (_, false) => format!("{fewest} to {most} scored rounds for each condition and number of nodes."),
    }
}
