//! A data area with its axes, and where values lie in it.

use crate::axis::Axis;
use crate::canvas::{Point, Rect};

/// A data area with its axes.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    pub(crate) rect: Rect,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

impl Panel {
    /// Where the values lie on the canvas.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        (self.rect.left + self.x.share(x) * self.rect.width(), self.rect.bottom - self.y.share(y) * self.rect.height())
    }
}

/// One small panel of a grid.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) heading: String,
    pub(crate) x: Axis,
}
