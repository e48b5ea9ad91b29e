//! How figures look: sizes, colours, line styles, markers and patterns; the only file that decides it.
//!
//! Sizes are in points (1/72 inch) on paper. The width is that of a journal's full page; text is 8 to 9 points when printed at that
//! width. Series differ by colour and by line style and by marker (or pattern), so that a print in grey still tells them apart.

/// Width of a figure that nothing else is asked of; heights are chosen for it.
pub(crate) const WIDTH_PT: f64 = 6.5 * 72.0;
/// Height of the data area of a figure with one panel.
pub(crate) const PLOT_HEIGHT_PT: f64 = 200.0;
/// Height of the data area of each of two panels, one above the other.
pub(crate) const HALF_HEIGHT_PT: f64 = 120.0;
/// Small panels are no narrower.
pub(crate) const CELL_WIDTH_MIN_PT: f64 = 80.0;
/// Height of the data areas of a grid with one, two or three columns: four rows fit on a page.
pub(crate) const GRID_HEIGHTS_PT: [f64; 3] = [PLOT_HEIGHT_PT, 140.0, 96.0];
/// Height of a row with a name: two lines.
pub(crate) const ROW_PT: f64 = 24.0;
/// The room of a row's name, as a share of the figure's width.
pub(crate) const ROW_NAME_SHARE: f64 = 0.32;
/// Empty border on all sides.
pub(crate) const BORDER_PT: f64 = 4.0;
/// Room between parts of a figure.
pub(crate) const GAP_PT: f64 = 6.0;
/// Room between the columns and between the rows of small panels.
pub(crate) const PANEL_GAP_PT: f64 = 18.0;

/// Canvas units per point. SVG coordinates are integers, so that one unit is the finest step: 1/20 point is below a pixel at 1200 dpi.
pub(crate) const UNITS_PER_PT: f64 = 20.0;

/// Tick labels, legends and notes.
pub(crate) const SMALL_PT: f64 = 8.0;
/// Axis titles and panel headings.
pub(crate) const TEXT_PT: f64 = 9.0;
/// Distance of two baselines, as a multiple of the text's size.
pub(crate) const LEADING: f64 = 1.25;

/// Length of a tick.
pub(crate) const TICK_PT: f64 = 3.0;
/// Width of axes and ticks.
pub(crate) const AXIS_LINE_PT: f64 = 0.6;
/// Width of the lines of the grid.
pub(crate) const GRID_LINE_PT: f64 = 0.4;
/// Width of a series' line.
pub(crate) const LINE_PT: f64 = 1.2;
/// Width of the line that stands out among thin ones.
pub(crate) const STRONG_LINE_PT: f64 = 1.6;
/// Width of one line among many.
pub(crate) const THIN_LINE_PT: f64 = 0.35;
/// Radius of a marker.
pub(crate) const MARKER_PT: f64 = 2.2;
/// Radius of one point among many.
pub(crate) const DOT_PT: f64 = 0.9;
/// How much of its colour the inside of a box has.
pub(crate) const BOX_TINT: f64 = 0.3;
/// Distance of a pattern's lines.
pub(crate) const HATCH_PT: f64 = 4.0;

/// Above this many bands they hide each other, and are left out with a note.
pub(crate) const BANDS_MAX: usize = 4;
/// Rows with names that fit on a page.
pub(crate) const ROWS_MAX: usize = 22;
/// Rows of small panels that fit on a page.
pub(crate) const GRID_ROWS_MAX: usize = 4;

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Color {
    /// The colour mixed with white; 0 is white, 1 the colour itself.
    pub(crate) fn tint(self, share: f64) -> Self {
        let mix = |channel: u8| (255.0 - (255.0 - f64::from(channel)) * share).round() as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }
}

#[cfg(test)]
impl Color {
    /// How light it is, 0 to 1: what is left of it in grey.
    pub(crate) fn luminance(self) -> f64 {
        (0.2126 * f64::from(self.0) + 0.7152 * f64::from(self.1) + 0.0722 * f64::from(self.2)) / 255.0
    }
}

/// Text and axes.
pub(crate) const INK: Color = Color(0x1A, 0x1A, 0x1A);
/// Notes.
pub(crate) const MUTED: Color = Color(0x55, 0x55, 0x55);
/// The grid.
pub(crate) const GRID: Color = Color(0xE4, 0xE4, 0xE4);
/// The paper.
pub(crate) const PAPER: Color = Color(0xFF, 0xFF, 0xFF);

const BLUE: Color = Color(0x00, 0x72, 0xB2);
const VERMILLION: Color = Color(0xD5, 0x5E, 0x00);
const GREEN: Color = Color(0x00, 0x9E, 0x73);
const SKY: Color = Color(0x56, 0xB4, 0xE9);
const ORANGE: Color = Color(0xE6, 0x9F, 0x00);
const PURPLE: Color = Color(0xCC, 0x79, 0xA7);
const BLACK: Color = Color(0x00, 0x00, 0x00);

/// Okabe and Ito's colours without the yellow, which a thin line on white loses; in an order in which neighbours differ in luminance.
const PALETTE: [Color; 7] = [BLUE, ORANGE, GREEN, VERMILLION, SKY, BLACK, PURPLE];

/// The lengths of a line's dashes and gaps in turn; none for a line without gaps.
pub(crate) type Dash = &'static [f64];

const DASHES: [Dash; 4] = [&[], &[5.0, 2.0], &[1.2, 1.6], &[6.0, 1.6, 1.2, 1.6]];

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    TriangleDown,
}

const MARKERS: [Marker; 6] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Cross, Marker::TriangleDown];

/// What covers a filled area, so that it is known without its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    Plain,
    Rising,
    Falling,
    Level,
    Upright,
    Crossed,
}

const PATTERNS: [Pattern; 6] =
    [Pattern::Plain, Pattern::Rising, Pattern::Falling, Pattern::Level, Pattern::Upright, Pattern::Crossed];

/// How one series looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SeriesStyle {
    pub(crate) color: Color,
    pub(crate) dash: Dash,
    pub(crate) marker: Marker,
    pub(crate) pattern: Pattern,
}

/// The look of the series at `index`. Seven colours by four line styles: the first 28 differ in the pair of both.
pub(crate) fn series(index: usize) -> SeriesStyle {
    SeriesStyle {
        color: PALETTE[index % PALETTE.len()],
        dash: DASHES[index % DASHES.len()],
        marker: MARKERS[index % MARKERS.len()],
        pattern: PATTERNS[index % PATTERNS.len()],
    }
}

/// One round among many, and the median over them.
pub(crate) const ROUND: Color = Color(0x9C, 0xC3, 0xDF);
/// See [`ROUND`].
pub(crate) const MEDIAN: Color = Color(0x00, 0x3F, 0x66);

/// The time of a round behind what was measured in it.
pub(crate) const ROUND_WINDOW: Color = Color(0xF3, 0xDD, 0xA8);
/// The time of a fault: lines of rounds stand before it.
pub(crate) const FAULT_SPAN: Color = Color(0xFB, 0xEE, 0xD0);
/// What no round can be before: dashes that stay apart from [`MEDIAN`] in grey.
pub(crate) const BOUND: Color = VERMILLION;
/// See [`BOUND`].
pub(crate) const BOUND_DASH: Dash = DASHES[1];
/// What theory says, behind what was measured.
pub(crate) const THEORY: Color = Color(0xE0, 0xDC, 0xD0);
/// Pairs of machines: the colour of the greatest value, and how much of it the least one has. One hue, so that grey keeps the order.
pub(crate) const HEAT: Color = Color(0x00, 0x2A, 0x4A);
/// See [`HEAT`].
pub(crate) const HEAT_LEAST: f64 = 0.06;

/// The three parts of a round's time, from light to dark: they keep their order in grey.
pub(crate) const TIME_PARTS: [(Color, Pattern); 3] =
    [(Color(0xF2, 0xD3, 0x8C), Pattern::Plain), (SKY, Pattern::Rising), (Color(0x00, 0x4C, 0x7A), Pattern::Plain)];
