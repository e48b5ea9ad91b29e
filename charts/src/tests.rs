//! What holds for every figure.

use std::collections::BTreeSet;

use resvg::usvg::{self, roxmltree};

use crate::canvas::Shape;
use crate::data::*;
use crate::drawing::usvg_options;
use crate::figure::Figure;
use crate::style::UNITS_PER_PT;
use crate::*;

mod pdf_text;
mod sample;
mod stacked_bars;

use sample::All;

const LONG: &str = "push fanout=3 ttl=8 k-regular:8, N = 100";

#[test]
fn the_layout_of_each_figure_is_as_reviewed() {
    for (name, figure) in All::new(2, "flood, N = 10", 80.0).layouts() {
        insta::assert_snapshot!(name, outline(&figure.unwrap()));
    }
}

#[test]
fn the_layout_of_each_figure_for_a_narrow_column_of_a_paper_is_as_reviewed() {
    let sheet = Sheet { style: Style::Paper, venue: Venue::Plos, width: Width::Single, ..Sheet::default() };
    for (name, figure) in All::new(2, "flood, N = 10", 80.0).layouts_on(&sheet) {
        insta::assert_snapshot!(format!("paper-{name}"), outline(&figure.unwrap()));
    }
}

#[test]
fn no_text_overlaps_another_or_leaves_the_canvas() {
    const TOPS: [f64; 4] = [0.004, 80.0, 123_456.0, 9.9e14];
    for sheet in Sheet::all() {
        for count in 1..=12u32 {
            // Every count with one of the ranges, the most crowded figures with all of them.
            let tops = if count == 12 { &TOPS[..] } else { &TOPS[count as usize % 4..][..1] };
            for &top in tops {
                for (name, figure) in All::new(count, LONG, top).layouts_on(&sheet) {
                    check_text_boxes(&figure.unwrap(), &format!("{name} with {count} series up to {top} on {sheet:?}"));
                }
            }
        }
    }
}

#[test]
fn a_marked_figure_says_so_in_every_file_and_is_but_a_line_higher() {
    let (plain, marked) = (Sheet::default(), Sheet { mark: Some(Mark::Simulated), ..Sheet::default() });
    let narrow =
        Sheet { style: Style::Paper, venue: Venue::Plos, width: Width::Single, mark: Some(Mark::PartlySimulated) };
    let all = All::new(18, LONG, 80.0);
    for (name, figure) in all.layouts_on(&narrow) {
        check_text_boxes(&figure.unwrap(), name);
    }
    for ((name, figure), (_, unmarked)) in all.layouts_on(&marked).into_iter().zip(all.layouts_on(&plain)) {
        let (figure, unmarked) = (figure.unwrap(), unmarked.unwrap());
        check_text_boxes(&figure, name);
        assert!(figure.size_pt().1 <= unmarked.size_pt().1 + style::SMALL_PT * style::LEADING, "{name}");

        let drawing = figure.draw().unwrap();

        let pdf = drawing.pdf(&Metadata::default()).unwrap();
        assert!(pdf_text::texts(&pdf).contains(&"SIMULATED".to_owned()), "{name}");
        let svg = String::from_utf8(drawing.svg(&Metadata::default())).unwrap();
        assert!(svg.contains(" (SIMULATED)</title>"), "{name}");
        assert!(!unmarked.draw().unwrap().title().contains("SIMULATED"), "{name}");
    }
}

#[test]
fn names_without_spaces_of_any_length_keep_their_place_too() {
    for (name, figure) in All::new(5, &"push:8:k-regular".repeat(12), 80.0).layouts() {
        check_text_boxes(&figure.unwrap(), name);
    }
}

#[test]
fn an_svg_is_well_formed_and_has_neither_text_nor_ids() {
    let metadata = Metadata { options: vec![("--label".into(), "a<b> & \"c\" \u{1}".into())], ..Metadata::default() };
    for drawing in All::new(3, "push < \"flood\" & \u{1}'mail'", 80.0).drawings() {
        let svg = String::from_utf8(drawing.svg(&metadata)).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();

        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        assert_eq!(root.attribute("width"), Some("6.5000in"));
        assert!(root.attribute("viewBox").unwrap().starts_with("0 0 9360 "));
        let names: BTreeSet<&str> = document.descendants().map(|node| node.tag_name().name()).collect();
        assert!(!names.contains("text") && names.contains("path"), "{names:?}");
        assert!(document.descendants().all(|node| node.attribute("id").is_none()), "{}", drawing.name());
        let entry = document.descendants().find(|node| node.attribute("key") == Some("option --label")).unwrap();
        assert_eq!(entry.text(), Some("a<b> & \"c\"  "));
    }
}

#[test]
fn an_inline_svg_scales_with_the_page_and_names_itself() {
    for drawing in All::new(1, "flood", 80.0).drawings() {
        let svg = drawing.inline_svg();
        let document = roxmltree::Document::parse(&svg).unwrap();

        assert!(svg.starts_with("<svg "));
        assert_eq!(document.root_element().attribute("width"), Some("100%"));
        let title = document.root_element().first_element_child().unwrap();
        assert_eq!((title.tag_name().name(), title.text()), ("title", Some(drawing.title())));
    }
}

#[test]
fn a_png_is_rgb_on_white_and_bears_resolution_and_provenance() {
    let metadata = Metadata { tool: "cnsim-analyze 1".into(), revision: "abc".into(), ..Metadata::default() };
    let drawing = convergence_ecdf(&All::new(1, "flood", 80.0).ecdf, &Sheet::default()).unwrap();

    let bytes = drawing.png(300, &metadata).unwrap();

    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let info = reader.info();
    assert_eq!((info.color_type, info.bit_depth, info.width), (png::ColorType::Rgb, png::BitDepth::Eight, 1950));
    assert_eq!(info.pixel_dims.map(|dims| (dims.xppu, dims.yppu, dims.unit)), Some((11811, 11811, png::Unit::Meter)));
    let comment = info.utf8_text.iter().find(|chunk| chunk.keyword == "Comment").unwrap().get_text().unwrap();
    assert!(comment.contains("tool: cnsim-analyze 1\nrevision: abc\n"), "{comment}");
    assert_eq!(pixels[..3], [255, 255, 255]);
    assert!(pixels.chunks_exact(3).any(|pixel| pixel == [0, 0x72, 0xB2]), "the series' colour is not there");
    assert!(matches!(drawing.png(5000, &metadata), Err(ChartError::Dpi(5000))));
}

#[test]
fn every_file_has_its_venues_size_and_resolution() {
    let metadata = Metadata { tool: "cnsim-analyze 1".into(), revision: "abc".into(), ..Metadata::default() };
    for sheet in Sheet::all().filter(|sheet| sheet.style == Style::Paper) {
        let drawing = convergence_ecdf(&All::new(2, "flood", 80.0).ecdf, &sheet).unwrap();
        let (width_in, height_in) = drawing.size_in();
        assert!((width_in - sheet.width_in()).abs() < 1e-3, "{sheet:?}: {width_in}");
        let pixels = |inches: f64| (inches * f64::from(sheet.dpi())).round() as u32;

        check_tiff(drawing.file(Format::Tiff, sheet.dpi(), &metadata).unwrap(), &sheet, pixels(width_in));
        check_pdf(&drawing.file(Format::Pdf, sheet.dpi(), &metadata).unwrap(), (width_in, height_in));
        let png = drawing.file(Format::Png, sheet.dpi(), &metadata).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let per_metre = (f64::from(sheet.dpi()) / 0.0254).round() as u32;
        assert_eq!(reader.info().pixel_dims.map(|dims| dims.xppu), Some(per_metre));
        assert_eq!((reader.info().width, reader.info().color_type), (pixels(width_in), png::ColorType::Rgb));
        let svg = String::from_utf8(drawing.file(Format::Svg, sheet.dpi(), &metadata).unwrap()).unwrap();
        assert!(svg.contains(&format!("width=\"{width_in:.4}in\"")) && !svg.contains("<text"), "{sheet:?}");
    }
}

/// RGB without alpha, LZW, the resolution in both directions, and the series' colour among the pixels.
fn check_tiff(bytes: Vec<u8>, sheet: &Sheet, width: u32) {
    use tiff::tags::Tag;
    let mut decoder = tiff::decoder::Decoder::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(decoder.dimensions().unwrap().0, width);
    assert_eq!(decoder.colortype().unwrap(), tiff::ColorType::RGB(8));
    let number = |decoder: &mut tiff::decoder::Decoder<_>, tag| decoder.get_tag_u32(tag).unwrap();
    let lzw = 5;
    assert_eq!(number(&mut decoder, Tag::Compression), lzw);
    let inch = 2;
    assert_eq!(number(&mut decoder, Tag::ResolutionUnit), inch);
    for tag in [Tag::XResolution, Tag::YResolution] {
        let resolution = decoder.get_tag(tag).unwrap();
        assert_eq!(resolution, tiff::decoder::ifd::Value::Rational(sheet.dpi(), 1));
    }
    let about = decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap();
    assert!(about.contains("tool: cnsim-analyze 1\nrevision: abc\n"), "{about}");
    let tiff::decoder::DecodingResult::U8(pixels) = decoder.read_image().unwrap() else { panic!("no bytes") };
    assert!(pixels.chunks_exact(3).any(|pixel| pixel == [0, 0x72, 0xB2]), "the series' colour is not there");
}

/// One page of the figure's size, colours as RGB, parts of both fonts, and no images.
fn check_pdf(bytes: &[u8], (width_in, height_in): (f64, f64)) {
    let text = String::from_utf8_lossy(bytes);
    let size = text.split("/MediaBox [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let ends: Vec<f64> = size.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert!((ends[2] - width_in * 72.0).abs() < 0.01 && (ends[3] - height_in * 72.0).abs() < 0.01, "{size}");
    let fonts = text.matches("/Type /Font\n").count();
    assert!(fonts > 0 && text.matches("/FontFile2").count() * 2 == fonts, "a font is not embedded: {text}");
    assert!(text.contains("+LiberationSans") && !text.contains("/XObject"), "{text}");
    assert!(text.contains("tool: cnsim-analyze 1"), "{text}");
    let drawn = pdf_text::streams(bytes).concat();
    assert!(drawn.contains("0 0.44705883 0.69803923 RG"), "the series' colour is not there");
}

#[test]
fn every_text_of_a_figure_is_found_in_its_pdf() {
    for (name, figure) in All::new(3, "push (fanout 3) \\ \u{141}\u{f3}d\u{17a} \u{4e16}", 80.0).layouts() {
        let figure = figure.unwrap();
        let labels = figure.canvas.shapes.iter().filter_map(|shape| match shape {
            // The font has no Chinese letter.
            Shape::Text(label) => Some(label.text.replace('\u{4e16}', "\u{FFFD}")),
            Shape::Line { .. } | Shape::Area { .. } => None,
        });
        let labels: Vec<String> = labels.filter(|text| !text.trim().is_empty()).collect();

        let pdf = figure.draw().unwrap().pdf(&Metadata::default()).unwrap();

        assert_eq!(pdf_text::texts(&pdf), labels, "{name}");
    }
}

#[test]
fn what_a_paper_does_not_draw_is_left_to_the_caption() {
    let data = All::new(2, "flood", 80.0).by_nodes;
    let paper = Sheet { style: Style::Paper, ..Sheet::default() };
    let drawn = |sheet: &Sheet| outline(&convergence_by_nodes::layout(&data, sheet).unwrap());
    let note = "95 % intervals of the median";

    assert!(drawn(&Sheet::default()).contains(note) && !drawn(&paper).contains(note));
    let notes = convergence_by_nodes(&data, &paper).unwrap().notes().join(" ");
    assert!(notes.contains(note), "{notes}");
    assert!(convergence_by_nodes(&data, &Sheet::default()).unwrap().notes().is_empty());
}

#[test]
fn series_are_told_apart_without_colour() {
    let grey = |index: usize| style::series(index).color.luminance();
    for first in 0..12 {
        for second in 0..first {
            let (one, other) = (style::series(first), style::series(second));
            let lines_differ = (one.dash, one.marker) != (other.dash, other.marker);
            assert!(lines_differ, "lines {first} and {second}");
            let areas_differ = one.pattern != other.pattern || (grey(first) - grey(second)).abs() > 0.03;
            assert!(areas_differ, "areas {first} and {second}");
        }
    }
}

#[test]
fn the_same_data_give_the_same_bytes() {
    let data = All::new(3, "flood", 80.0);
    for (first, second) in data.drawings().into_iter().zip(data.clone().drawings()) {
        assert_eq!(first.svg(&Metadata::default()), second.svg(&Metadata::default()));
        for format in Format::ALL {
            let file = |drawing: &Drawing| drawing.file(format, 72, &Metadata::default()).unwrap();
            assert_eq!(file(&first), file(&second), "{format:?}");
        }
    }
}

#[test]
fn degenerate_data_are_drawn() {
    for top in [0.0, 1e-300, 1e15, 1e300, -5.0] {
        for (name, figure) in All::new(1, "", top).layouts() {
            let figure = figure.unwrap();
            assert!(figure.canvas.shapes.iter().all(is_finite), "{name} up to {top}");
            figure.draw().unwrap();
        }
    }
}

#[test]
fn one_value_alone_is_drawn() {
    let label = String::new;
    let all = All {
        infection: InfectionCurves {
            panels: vec![InfectionPanel {
                label: label(),
                rounds: vec![vec![(3.0, 1.0)]],
                median: vec![],
                bound: vec![(2.0, 1.0)],
            }],
        },
        ecdf: ConvergenceEcdf {
            series: vec![EcdfSeries { label: label(), complete_ms: vec![3.0], censored: 0, band: None }],
        },
        by_nodes: ConvergenceByNodes {
            conditions: vec![GrowthSeries {
                label: label(),
                points: vec![GrowthPoint {
                    nodes: 2,
                    rounds_ms: vec![3.0],
                    median_ms: None,
                    low_ms: None,
                    high_ms: None,
                }],
            }],
        },
        hops: HopDistribution { series: vec![HopSeries { label: label(), shares: vec![(1, 1.0)] }], theory: vec![] },
        copies: CopiesByRound {
            series: vec![CopiesSeries { label: label(), rounds: vec![(1, 0, 0)], expected_duplicates: None }],
        },
        by_round: ConvergenceByRound { series: vec![RoundSeries { label: label(), rounds: vec![(1, Some(3.0))] }] },
        ..All::new(1, "", 3.0)
    };
    for (name, figure) in all.layouts() {
        check_text_boxes(&figure.unwrap(), name);
    }
}

#[test]
fn a_value_without_a_place_on_an_axis_is_an_error_that_names_figure_and_series() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e301] {
        let mut all = All::new(1, "flood", 80.0);
        all.infection.panels[0].rounds[1][2].0 = value;
        all.ecdf.series[0].complete_ms[1] = value;
        all.by_nodes.conditions[0].points[1].low_ms = Some(value);
        all.residuals.panels[0].laws[1].points[1].high_percent = Some(value);
        all.hops.series[0].shares[0].1 = value;
        all.latency.series[0].boxes[1].max_ms = value;
        all.by_round.series[0].rounds[0].1 = Some(value);
        all.time.bars[0].wire_ms = value;
        all.control.bars[0].messages[2] = value;
        all.offered.series[0].runs[1].goodput_per_s = value;
        all.cost.points[0].copies = value;
        all.tail.series[0].points[1].0 = value;
        all.hosts.panels[0].cells[2].median_ms = value;
        all.lorenz.series[0].gini = value;
        all.effects.rows[0].low = Some(value);
        all.telemetry.runs[0].rounds[1].1 = value;
        all.faults.panels[0].rounds[0][1].0 = value;
        all.components.panels[0].largest[1].1 = value;
        for (name, figure) in all.layouts().into_iter().filter(|(name, _)| *name != "copies-by-round") {
            let error = figure.unwrap_err();
            let named =
                matches!(&error, ChartError::Value { figure, label, .. } if *figure == name && label == "flood");
            assert!(named, "{name}: {error}");
        }
    }
}

#[test]
fn a_figure_without_data_says_so() {
    let mut all = All::new(0, "", 1.0);
    for (name, figure) in all.layouts() {
        assert!(matches!(figure, Err(ChartError::NoData(figure)) if figure == name), "{name}");
    }
    all.ecdf.series.push(EcdfSeries { label: String::new(), complete_ms: vec![], censored: 4, band: None });
    all.by_round.series.push(RoundSeries { label: String::new(), rounds: vec![(1, None)] });
    all.infection.panels.push(InfectionPanel {
        label: String::new(),
        rounds: vec![vec![]],
        median: vec![],
        bound: vec![],
    });
    for (name, figure) in all.layouts() {
        assert!(matches!(figure, Err(ChartError::NoData(figure)) if figure == name), "{name}");
    }
}

#[test]
fn a_hundred_rounds_of_a_thousand_nodes_make_an_svg_below_a_megabyte() {
    let round = |seed: u64| -> Vec<(f64, f64)> {
        let wobble = |k: u64| ((k * 7919 + seed * 104_729) % 1000) as f64 / 500.0;
        (1..1000).map(|k| (k as f64 * 0.6 + wobble(k) + seed as f64, k as f64 / 999.0)).collect()
    };
    let panel = InfectionPanel {
        label: "flood".into(),
        rounds: (0..100).map(round).collect(),
        median: round(50),
        bound: vec![],
    };
    let sheet = Sheet::default();
    for panels in [1, 12] {
        let drawing = infection_curves(&InfectionCurves { panels: vec![panel.clone(); panels] }, &sheet).unwrap();

        let bytes = drawing.svg(&Metadata::default()).len();

        assert!((50_000..1_000_000).contains(&bytes), "{bytes} bytes for {panels} panels");
    }
}

#[test]
fn more_than_twelve_panels_are_cut_and_the_figure_says_so() {
    let long_named = infection_curves::layout(&All::new(14, LONG, 80.0).infection, &Sheet::default()).unwrap();
    check_text_boxes(&long_named, "infection-curves");
    let figure = infection_curves::layout(&All::new(14, "flood", 80.0).infection, &Sheet::default()).unwrap();

    let texts = outline(&figure);

    assert_eq!(texts.matches("\"flood\"").count(), 12);
    assert!(texts.contains("The first 12 of 14 panels are shown."), "{texts}");
}

#[test]
fn hops_by_the_hundred_are_lines_instead_of_bars() {
    let shares: Vec<(u32, f64)> = (1..=500).map(|hop| (hop, 0.002)).collect();
    let series = vec![HopSeries { label: "ring".into(), shares }; 3];

    let figure = hop_distribution::layout(&HopDistribution { series, theory: vec![] }, &Sheet::default()).unwrap();

    check_text_boxes(&figure, "hop-distribution");
    let areas = figure.canvas.shapes.iter().filter(|shape| matches!(shape, Shape::Area { .. })).count();
    assert!(areas < 3 * 100, "{areas} areas");
}

#[test]
fn the_json_of_a_figure_keeps_its_field_names() {
    let all = All::new(1, "flood", 80.0);
    let json = serde_json::json!({
        "infection": all.infection, "ecdf": all.ecdf, "by_nodes": all.by_nodes, "hops": all.hops,
        "latency": all.latency, "copies": all.copies, "by_round": all.by_round, "time": all.time,
        "tail": all.tail, "hosts": all.hosts, "lorenz": all.lorenz, "effects": all.effects, "telemetry": all.telemetry,
        "components": all.components,
    });
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&json).unwrap());
}

/// The shapes in words, positions in points.
fn outline(figure: &Figure) -> String {
    let (width_pt, height_pt) = figure.size_pt();
    let mut text = format!("{width_pt:.1} by {height_pt:.1} pt\n");
    for shape in &figure.canvas.shapes {
        text += &match shape {
            Shape::Line { points, stroke } => {
                let dash = stroke.dash.iter().map(|length| format!("{length}-")).collect::<String>();
                format!(
                    "line {} {:.2} {dash} {}
",
                    hex(stroke.color),
                    stroke.width_pt,
                    path(points)
                )
            }
            Shape::Area { outline, color, opacity } => format!("area {} {opacity:.2} {}\n", hex(*color), path(outline)),
            Shape::Text(label) => {
                let (x, y) = label.at;
                format!("text {:?} at {x:.1},{y:.1} {:?} {:?}\n", label.text, label.align, label.direction)
            }
        };
    }
    text
}

fn hex(color: style::Color) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

fn path(points: &[(f64, f64)]) -> String {
    let point = |(x, y): &(f64, f64)| format!("{x:.1},{y:.1}");
    match points {
        [first, .., last] if points.len() > 9 => {
            format!("{} … {} ({} points)", point(first), point(last), points.len())
        }
        _ => points.iter().map(point).collect::<Vec<_>>().join(" "),
    }
}

fn is_finite(shape: &Shape) -> bool {
    let finite = |points: &[(f64, f64)]| points.iter().all(|(x, y)| x.abs() < 1e4 && y.abs() < 1e4);
    match shape {
        Shape::Line { points, .. } => finite(points),
        Shape::Area { outline, .. } => finite(outline),
        Shape::Text(label) => finite(&[label.at]),
    }
}

/// The boxes are those that the renderer measures, before it turns text into outlines.
fn check_text_boxes(figure: &Figure, name: &str) {
    let (width_pt, height_pt) = figure.size_pt();
    let height_max_pt = figure.sheet.height_max_in() * 72.0;
    assert!(height_pt <= height_max_pt, "{name}: {height_pt} pt is higher than a journal's page");
    let size_units = ((width_pt * UNITS_PER_PT) as u32, (height_pt * UNITS_PER_PT) as u32);
    let svg = figure.canvas.to_svg(size_units).unwrap();
    let tree = usvg::Tree::from_str(&svg, &usvg_options()).unwrap();
    let mut boxes = Vec::new();
    collect_text_boxes(tree.root(), &mut boxes);
    let texts = figure
        .canvas
        .shapes
        .iter()
        .filter(|shape| matches!(shape, Shape::Text(label) if !label.text.trim().is_empty()));
    assert_eq!(boxes.len(), texts.count(), "{name}: a text has no box");
    let (right, bottom) = (size_units.0 as f32, size_units.1 as f32);
    for (index, (text, area)) in boxes.iter().enumerate() {
        let inside = area.left() >= 0.0 && area.top() >= 0.0 && area.right() <= right && area.bottom() <= bottom;
        assert!(inside, "{name}: {text:?} leaves the canvas: {area:?}");
        for (other, other_area) in &boxes[..index] {
            let apart = area.left() >= other_area.right()
                || area.right() <= other_area.left()
                || area.top() >= other_area.bottom()
                || area.bottom() <= other_area.top();
            assert!(apart, "{name}: {text:?} overlaps {other:?}");
        }
    }
}

/// The boxes of the letters' outlines: line boxes hold the room above accents, which is empty here.
fn collect_text_boxes(group: &usvg::Group, boxes: &mut Vec<(String, usvg::Rect)>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => collect_text_boxes(group, boxes),
            usvg::Node::Text(text) => {
                let words = text.chunks().iter().map(|chunk| chunk.text()).collect();
                boxes.push((words, text.flattened().abs_bounding_box()));
            }
            usvg::Node::Path(_) | usvg::Node::Image(_) => {}
        }
    }
}
