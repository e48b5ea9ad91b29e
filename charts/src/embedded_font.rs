//! A font as a page holds it: the glyphs that the page shows, how wide they are, and which characters they mean.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::writers::CidFont;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use resvg::usvg::fontdb;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use subsetter::GlyphRemapper;

use crate::deflate::deflate;
use crate::error::ChartError;

/// Glyphs are addressed by their numbers, whatever the characters.
const SYSTEM: SystemInfo = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A PDF measures glyphs in thousandths of their size.
const THOUSAND: f32 = 1000.0;

/// One bundled font, as far as a page uses it.
pub(crate) struct EmbeddedFont {
    id: fontdb::ID,
    /// From the font's own numbers of glyphs to those without gaps of the embedded part.
    numbers: GlyphRemapper,
    shown: BTreeMap<u16, ShownGlyph>,
}

/// A glyph that is on the page.
struct ShownGlyph {
    /// In thousandths of the font's size.
    width: f32,
    /// The characters that it stands for.
    characters: String,
}

impl EmbeddedFont {
    /// The font of this number, with no glyph yet.
    pub(crate) fn new(id: fontdb::ID) -> Self {
        Self { id, numbers: GlyphRemapper::new(), shown: BTreeMap::new() }
    }

    /// Whether it is the font of this number.
    pub(crate) fn is(&self, id: fontdb::ID) -> bool {
        self.id == id
    }

    /// Adds a glyph that stands for `characters`: its number in the embedded part, and its width in thousandths of the font's size.
    ///
    /// # Errors
    /// [`ChartError::Font`] where the font has no such glyph.
    pub(crate) fn add_glyph(
        &mut self,
        fonts: &fontdb::Database,
        glyph: u32,
        characters: &str,
    ) -> Result<(u16, f32), ChartError> {
        let number = self.numbers.remap(u16::try_from(glyph).map_err(|_| ChartError::Font)?);
        if let Some(shown) = self.shown.get(&number) {
            return Ok((number, shown.width));
        }
        let width = self.read(fonts, |font| {
            let metrics = font.metrics(Size::unscaled(), LocationRef::default());
            let widths = font.glyph_metrics(Size::unscaled(), LocationRef::default());
            Some(widths.advance_width(GlyphId::new(glyph))? * THOUSAND / f32::from(metrics.units_per_em))
        })?;
        // Glyph 0 stands for every character that the font lacks.
        let characters = if glyph == 0 { "\u{FFFD}" } else { characters };
        self.shown.insert(number, ShownGlyph { width, characters: characters.to_owned() });
        Ok((number, width))
    }

    /// Writes the font's objects, numbered from `next` on, and returns the number by which a page names it.
    ///
    /// # Errors
    /// [`ChartError::Font`] where the bundled file is damaged; [`ChartError::Pdf`] where packing fails.
    pub(crate) fn write(&self, pdf: &mut Pdf, fonts: &fontdb::Database, next: &mut Ref) -> Result<Ref, ChartError> {
        let part = fonts.with_face_data(self.id, |data, index| subsetter::subset(data, index, &self.numbers));
        let part = part.and_then(Result::ok).ok_or(ChartError::Font)?;
        let info = fonts.face(self.id).ok_or(ChartError::Font)?;
        let name = format!("{}+{}", tag(&part), info.post_script_name);
        let name = Name(name.as_bytes());
        let [font, descendant, descriptor, file, characters] = [(); 5].map(|()| next.bump());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(descendant)
            .to_unicode(characters);
        self.write_widths(pdf.cid_font(descendant).base_font(name).font_descriptor(descriptor));
        self.write_descriptor(pdf, fonts, (descriptor, file), (name, info.weight.0))?;
        let compressed = deflate(&part)?;
        let mut stream = pdf.stream(file, &compressed);
        stream.pair(Name(b"Length1"), part.len() as i32);
        stream.filter(Filter::FlateDecode);
        stream.finish();
        let mut map = UnicodeCmap::new(Name(b"Characters"), SYSTEM);
        for (number, glyph) in &self.shown {
            map.pair_with_multiple(*number, glyph.characters.chars());
        }
        pdf.stream(characters, &deflate(&map.finish())?).filter(Filter::FlateDecode);
        Ok(font)
    }

    fn write_widths(&self, entry: &mut CidFont<'_>) {
        entry.subtype(CidFontType::Type2).system_info(SYSTEM);
        entry.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = entry.widths();
        for (number, glyph) in &self.shown {
            widths.consecutive(*number, [glyph.width]);
        }
    }

    /// What a reader that has to replace the font wants to know of it.
    fn write_descriptor(
        &self,
        pdf: &mut Pdf,
        fonts: &fontdb::Database,
        (descriptor, file): (Ref, Ref),
        (name, weight): (Name<'_>, u16),
    ) -> Result<(), ChartError> {
        let metrics = self.read(fonts, |font| Some(font.metrics(Size::unscaled(), LocationRef::default())))?;
        let scaled = |units: f32| units * THOUSAND / f32::from(metrics.units_per_em);
        let bounds = metrics.bounds.ok_or(ChartError::Font)?;
        let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(scaled);
        let mut entry = pdf.font_descriptor(descriptor);
        entry.name(name).flags(FontFlags::SYMBOLIC);
        entry.bbox(Rect::new(bounds[0], bounds[1], bounds[2], bounds[3])).italic_angle(metrics.italic_angle);
        entry.ascent(scaled(metrics.ascent)).descent(scaled(metrics.descent));
        entry.cap_height(scaled(metrics.cap_height.unwrap_or(metrics.ascent)));
        // No table of the font has the width of its stems; this is the usual guess from the weight.
        entry.stem_v(10.0 + 0.244 * (f32::from(weight) - 50.0)).font_file2(file);
        Ok(())
    }

    fn read<T>(&self, fonts: &fontdb::Database, what: impl FnOnce(&FontRef<'_>) -> Option<T>) -> Result<T, ChartError> {
        let read = |data: &[u8], index| FontRef::from_index(data, index).ok().and_then(|font| what(&font));
        fonts.with_face_data(self.id, read).flatten().ok_or(ChartError::Font)
    }
}

/// Six letters that differ from part to part of one font, as PDF asks of a font's name (FNV-1a over the part).
fn tag(part: &[u8]) -> String {
    let mut hash = part
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let letter = |_| {
        let letter = b'A' + (hash % 26) as u8;
        hash /= 26;
        char::from(letter)
    };
    (0..6).map(letter).collect()
}
