"""Probabilities as dots on one line, drawn in the page's own font: a width in percent fits every screen."""

from __future__ import annotations

from html import escape

from mc_sie.report.document import Strip

_LEFT, _SPAN = 3.0, 94.0  # percent of the width at which 0 stands, and from there to 1
_STEP = 0.025  # dots closer than this stand above each other
_BASE, _DOT = 96, 13  # pixels: the line, and from one dot to the next above it


def strip_svg(strip: Strip) -> str:
    """The dots as an ``<svg>`` element as wide as what it stands in."""
    parts = []
    if strip.band is not None:
        low, high, _ = strip.band
        size = f'x="{_place(low)}" width="{_SPAN * (high - low):.2f}%" y="{_BASE + 2}" height="8"'
        parts.append(f'<rect class="band" {size}/>')
    parts.append(f'<line class="axis" x1="{_LEFT}%" x2="{_LEFT + _SPAN}%" y1="{_BASE}" y2="{_BASE}"/>')
    for percent in (0, 25, 50, 75, 100):
        parts.append(f'<text class="tick" x="{_place(percent / 100)}" y="{_BASE + 28}">{percent} %</text>')
    heights: dict[int, int] = {}
    for row in strip.numbers.sort_values("prob").itertuples(index=False):
        column = round(row.prob / _STEP)
        heights[column] = heights.get(column, 0) + 1
        kind = "dot"
        if row.name == strip.marked:
            kind = "dot marked"
            anchor = "start" if row.prob < 0.5 else "end"
            parts.append(
                f'<line class="marked" x1="{_place(row.prob)}" x2="{_place(row.prob)}" y1="20" y2="{_BASE}"/>'
                f'<text class="marked" style="text-anchor:{anchor}" x="{_place(row.prob)}" y="14">'
                f"{escape(str(row.name))}: {100 * row.prob:.0f} %</text>"
            )
        height = _BASE - _DOT * heights[column] + _DOT // 2
        words = f"<title>{escape(str(row.name))}: {100 * row.prob:.3g} %</title>"
        parts.append(f'<circle class="{kind}" cx="{_place(row.prob)}" cy="{height}" r="5.5">{words}</circle>')
    size = f'width="100%" height="{_BASE + 36}"'
    return f'<svg class="strip" role="img" aria-label="{escape(strip.alt)}" {size}>{"".join(parts)}</svg>'


def _place(prob: float) -> str:
    return f"{_LEFT + _SPAN * prob:.2f}%"
