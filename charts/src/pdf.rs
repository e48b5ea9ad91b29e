//! A figure as a PDF of one page: filled and stroked paths in RGB, no fonts, no images.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, TextStr};
use resvg::tiny_skia::{PathSegment, Transform};
use resvg::usvg;

use crate::drawing::Metadata;
use crate::error::ChartError;
use crate::font;

const CATALOG: i32 = 1;
const PAGES: i32 = 2;
const PAGE: i32 = 3;
const CONTENT: i32 = 4;
const INFO: i32 = 5;
/// The first of the graphics states; there is one for each opacity.
const FIRST_STATE: i32 = 6;

/// The file of `tree` on a page of `size_in` inches.
///
/// # Errors
/// [`ChartError::Pdf`] where packing fails.
pub(crate) fn file(
    tree: &usvg::Tree,
    (width_in, height_in): (f64, f64),
    title: &str,
    metadata: &Metadata,
) -> Result<Vec<u8>, ChartError> {
    let (width, height) = ((width_in * 72.0) as f32, (height_in * 72.0) as f32);
    let scale = width / tree.size().width();
    // PDF counts from the bottom.
    let upright = Transform::from_row(scale, 0.0, 0.0, -scale, 0.0, height);
    let mut page = Page { content: Content::new(), states: BTreeMap::new() };
    page.group(tree.root(), upright, 1.0);
    let mut pdf = Pdf::new();
    let id = Ref::new;
    pdf.catalog(id(CATALOG)).pages(id(PAGES));
    pdf.pages(id(PAGES)).kids([id(PAGE)]).count(1);
    let mut entry = pdf.page(id(PAGE));
    entry.parent(id(PAGES)).media_box(Rect::new(0.0, 0.0, width, height)).contents(id(CONTENT));
    let mut resources = entry.resources();
    let mut states = resources.ext_g_states();
    for (number, name) in page.states.values() {
        states.pair(Name(name.as_bytes()), id(*number));
    }
    states.finish();
    resources.finish();
    entry.finish();
    for (permille, (number, _)) in &page.states {
        let opacity = *permille as f32 / 1000.0;
        pdf.ext_graphics(id(*number)).non_stroking_alpha(opacity).stroking_alpha(opacity);
    }
    pdf.stream(id(CONTENT), &packed(page.content.finish().as_slice())?).filter(Filter::FlateDecode);
    let (tool, about) = (font::printable(&metadata.tool), metadata.lines().trim_end().replace('\n', "; "));
    pdf.document_info(id(INFO)).title(TextStr(title)).producer(TextStr(&tool)).subject(TextStr(&about));
    Ok(pdf.finish())
}

/// What is drawn, and the graphics states that it needs: by opacity in thousandths, object number and name.
struct Page {
    content: Content,
    states: BTreeMap<u32, (i32, String)>,
}

impl Page {
    fn group(&mut self, group: &usvg::Group, upright: Transform, opacity: f32) {
        let opacity = opacity * group.opacity().get();
        for node in group.children() {
            match node {
                usvg::Node::Group(group) => self.group(group, upright, opacity),
                usvg::Node::Path(path) if path.is_visible() => self.path(path, upright, opacity),
                // A drawing's texts are outlines already, and it has no images.
                usvg::Node::Path(_) | usvg::Node::Text(_) | usvg::Node::Image(_) => {}
            }
        }
    }

    fn path(&mut self, path: &usvg::Path, upright: Transform, opacity: f32) {
        let transform = path.abs_transform().post_concat(upright);
        let Some(outline) = path.data().clone().transform(transform) else { return };
        if let Some(fill) = path.fill() {
            self.paint(fill.paint(), opacity * fill.opacity().get(), Content::set_fill_rgb);
            self.outline(outline.segments());
            self.content.fill_nonzero();
        }
        if let Some(stroke) = path.stroke() {
            self.paint(stroke.paint(), opacity * stroke.opacity().get(), Content::set_stroke_rgb);
            self.content.set_line_width(stroke.width().get() * transform.get_scale().0);
            self.outline(outline.segments());
            self.content.stroke();
        }
    }

    /// Sets colour and opacity.
    fn paint(&mut self, paint: &usvg::Paint, opacity: f32, set: fn(&mut Content, f32, f32, f32) -> &mut Content) {
        // Drawings have plain colours alone.
        let usvg::Paint::Color(color) = paint else { return };
        let share = |channel: u8| f32::from(channel) / 255.0;
        set(&mut self.content, share(color.red), share(color.green), share(color.blue));
        let next = FIRST_STATE + self.states.len() as i32;
        let (_, name) =
            self.states.entry((opacity * 1000.0).round() as u32).or_insert_with(|| (next, format!("G{next}")));
        self.content.set_parameters(Name(name.as_bytes()));
    }

    fn outline(&mut self, segments: impl Iterator<Item = PathSegment>) {
        let content = &mut self.content;
        let mut at = (0.0, 0.0);
        for segment in segments {
            match segment {
                PathSegment::MoveTo(to) => {
                    content.move_to(to.x, to.y);
                    at = (to.x, to.y);
                }
                PathSegment::LineTo(to) => {
                    content.line_to(to.x, to.y);
                    at = (to.x, to.y);
                }
                PathSegment::QuadTo(control, to) => {
                    // A quadratic curve as a cubic one: its controls lie two thirds of the way to the quadratic's.
                    let towards = |from: f32, control: f32| from + (control - from) * 2.0 / 3.0;
                    let first = (towards(at.0, control.x), towards(at.1, control.y));
                    let second = (towards(to.x, control.x), towards(to.y, control.y));
                    content.cubic_to(first.0, first.1, second.0, second.1, to.x, to.y);
                    at = (to.x, to.y);
                }
                PathSegment::CubicTo(first, second, to) => {
                    content.cubic_to(first.x, first.y, second.x, second.y, to.x, to.y);
                    at = (to.x, to.y);
                }
                PathSegment::Close => {
                    content.close_path();
                }
            }
        }
    }
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>, ChartError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
