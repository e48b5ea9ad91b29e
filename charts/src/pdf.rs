//! A figure as a PDF of one page: filled and stroked paths in RGB, and text in fonts that the file holds; no images.

use std::collections::BTreeSet;

use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use resvg::tiny_skia::{PathSegment, Transform};
use resvg::usvg::layout::PositionedGlyph;
use resvg::usvg::{self, fontdb};

use crate::deflate::deflate;
use crate::embedded_font::EmbeddedFont;
use crate::error::ChartError;
use crate::font;
use crate::metadata::Metadata;

/// The file of `tree`, in which text is still text, on a page of `size_in` inches.
///
/// # Errors
/// [`ChartError::Pdf`] where packing fails; [`ChartError::Font`] where the bundled font is damaged.
pub(crate) fn write_pdf(
    tree: &usvg::Tree,
    size_in: (f64, f64),
    title: &str,
    metadata: &Metadata,
) -> Result<Vec<u8>, ChartError> {
    let (width, height) = ((size_in.0 * 72.0) as f32, (size_in.1 * 72.0) as f32);
    let scale = width / tree.size().width();
    // PDF counts from the bottom.
    let upright = Transform::from_row(scale, 0.0, 0.0, -scale, 0.0, height);
    let mut page = Page::new(tree.fontdb());
    page.draw_group(tree.root(), upright, 1.0)?;
    let mut next = Ref::new(1);
    let [catalog, pages, leaf, content, about] = [(); 5].map(|()| next.bump());
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([leaf]).count(1);
    let opacities: Vec<(u32, Ref)> = page.opacities.iter().map(|permille| (*permille, next.bump())).collect();
    for (permille, id) in &opacities {
        let opacity = *permille as f32 / 1000.0;
        pdf.ext_graphics(*id).non_stroking_alpha(opacity).stroking_alpha(opacity);
    }
    let fonts = page.fonts.iter().map(|font| font.write(&mut pdf, page.database, &mut next));
    let fonts: Vec<Ref> = fonts.collect::<Result<_, _>>()?;
    let mut entry = pdf.page(leaf);
    entry.parent(pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
    let mut resources = entry.resources();
    let mut states = resources.ext_g_states();
    for (permille, id) in &opacities {
        states.pair(Name(state_name(*permille).as_bytes()), *id);
    }
    states.finish();
    let mut named = resources.fonts();
    for (number, id) in fonts.iter().enumerate() {
        named.pair(Name(font_name(number).as_bytes()), *id);
    }
    named.finish();
    resources.finish();
    entry.finish();
    pdf.stream(content, &deflate(page.content.finish().as_slice())?).filter(Filter::FlateDecode);
    let (tool, provenance) = (font::printable(&metadata.tool), metadata.lines().trim_end().replace('\n', "; "));
    pdf.document_info(about).title(TextStr(title)).producer(TextStr(&tool)).subject(TextStr(&provenance));
    Ok(pdf.finish())
}

/// The name of the graphics state with this opacity, in thousandths.
fn state_name(permille: u32) -> String {
    format!("G{permille}")
}

fn font_name(number: usize) -> String {
    format!("F{number}")
}

/// What is drawn, and what it needs.
struct Page<'a> {
    content: Content,
    /// In thousandths.
    opacities: BTreeSet<u32>,
    fonts: Vec<EmbeddedFont>,
    database: &'a fontdb::Database,
}

impl<'a> Page<'a> {
    fn new(database: &'a fontdb::Database) -> Self {
        Self { content: Content::new(), opacities: BTreeSet::new(), fonts: Vec::new(), database }
    }

    fn draw_group(&mut self, group: &usvg::Group, upright: Transform, opacity: f32) -> Result<(), ChartError> {
        let opacity = opacity * group.opacity().get();
        for node in group.children() {
            match node {
                usvg::Node::Group(group) => self.draw_group(group, upright, opacity)?,
                usvg::Node::Path(path) if path.is_visible() => self.draw_path(path, upright, opacity),
                usvg::Node::Text(text) => self.draw_text(text, upright, opacity)?,
                // Drawings have no images.
                usvg::Node::Path(_) | usvg::Node::Image(_) => {}
            }
        }
        Ok(())
    }

    fn draw_path(&mut self, path: &usvg::Path, upright: Transform, opacity: f32) {
        let transform = path.abs_transform().post_concat(upright);
        let Some(outline) = path.data().clone().transform(transform) else { return };
        if let Some(fill) = path.fill() {
            self.set_paint(fill.paint(), opacity * fill.opacity().get(), Content::set_fill_rgb);
            self.add_outline(outline.segments());
            self.content.fill_nonzero();
        }
        if let Some(stroke) = path.stroke() {
            self.set_paint(stroke.paint(), opacity * stroke.opacity().get(), Content::set_stroke_rgb);
            self.content.set_line_width(stroke.width().get() * transform.get_scale().0);
            self.add_outline(outline.segments());
            self.content.stroke();
        }
    }

    fn draw_text(&mut self, text: &usvg::Text, upright: Transform, opacity: f32) -> Result<(), ChartError> {
        let to_page = text.abs_transform().post_concat(upright);
        for span in text.layouted().iter().filter(|span| span.visible) {
            let Some(fill) = &span.fill else { continue };
            self.set_paint(fill.paint(), opacity * fill.opacity().get(), Content::set_fill_rgb);
            let same_line = |one: &PositionedGlyph, other: &PositionedGlyph| {
                one.font == other.font && one.transform().ty == other.transform().ty
            };
            for glyphs in span.positioned_glyphs.chunk_by(same_line) {
                self.show_glyphs(glyphs, to_page)?;
            }
        }
        Ok(())
    }

    /// Glyphs of one font on one baseline: a reader of the file finds them as one text. `to_page` turns and scales, but does not skew.
    fn show_glyphs(&mut self, glyphs: &[PositionedGlyph], to_page: Transform) -> Result<(), ChartError> {
        let Some(first) = glyphs.first() else { return Ok(()) };
        let at = |glyph: &PositionedGlyph| glyph.outline_transform().post_concat(to_page);
        let size_pt = first.font_size() * to_page.get_scale().0;
        let start = at(first);
        let (cos, sin) = (start.sx / start.sx.hypot(start.ky), start.ky / start.sx.hypot(start.ky));
        let number = self.fonts.iter().position(|font| font.is(first.font)).unwrap_or_else(|| {
            self.fonts.push(EmbeddedFont::new(first.font));
            self.fonts.len() - 1
        });
        let Self { content, fonts, database, .. } = self;
        content.begin_text();
        content.set_font(Name(font_name(number).as_bytes()), size_pt);
        content.set_text_matrix([cos, sin, -sin, cos, start.tx, start.ty]);
        let mut shown = content.show_positioned();
        let mut items = shown.items();
        // Where the next glyph would stand by the widths alone, in thousandths of the size; kerning puts it elsewhere.
        let mut pen = 0.0;
        let mut codes = Vec::new();
        for glyph in glyphs {
            let place = at(glyph);
            let along = ((place.tx - start.tx) * cos + (place.ty - start.ty) * sin) / size_pt * 1000.0;
            let back = (pen - along).round();
            if back != 0.0 {
                items.show(Str(&codes)).adjust(back);
                codes.clear();
                pen -= back;
            }
            let (code, width) = fonts[number].add_glyph(database, glyph.id.0, &glyph.text)?;
            codes.extend(code.to_be_bytes());
            pen += width;
        }
        items.show(Str(&codes));
        items.finish();
        shown.finish();
        content.end_text();
        Ok(())
    }

    /// Sets colour and opacity.
    fn set_paint(&mut self, paint: &usvg::Paint, opacity: f32, set: fn(&mut Content, f32, f32, f32) -> &mut Content) {
        // Drawings have plain colours alone.
        let usvg::Paint::Color(color) = paint else { return };
        let share = |channel: u8| f32::from(channel) / 255.0;
        set(&mut self.content, share(color.red), share(color.green), share(color.blue));
        let permille = (opacity * 1000.0).round() as u32;
        self.opacities.insert(permille);
        self.content.set_parameters(Name(state_name(permille).as_bytes()));
    }

    fn add_outline(&mut self, segments: impl Iterator<Item = PathSegment>) {
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
