"""From a matplotlib figure to an SVG that lives in a page: the page's ink and paper, values under the pointer."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

from mc_sie.report.figures.common import GRID, INK, style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_HOVER = "hover-"


def hover(artist: Artist, text: str) -> None:
    """Let a mark, or a line as a whole, say something under the pointer."""
    artist.set_gid(_HOVER + text.encode().hex())


def inline_svg(figure: Figure, name: str, alt: str) -> str:
    """A figure as an ``<svg>`` element, all identifiers of which begin with its name.

    Ink takes the colour of the text around it and the grid ``--grid``; the width is that of what it stands in.
    """
    with style():
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(rf'<g id="{_HOVER}([0-9a-f]+)">', _title, text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(href="#|url\(#)([^")]+)', rf"\g<1>{name}-\g<2>", text)
    text = text.replace(INK, "currentColor").replace(GRID, "var(--grid)")
    text = re.sub(r"font: ([^;\"]*?) '[^\"]*?sans-serif", r"font: \1 sans-serif", text)
    width, height = figure.get_size_inches() * 72.0
    head = (
        f'<svg role="img" aria-label="{escape(alt)}" viewBox="0 0 {width:g} {height:g}" fill="currentColor" '
        f'style="max-width:{width * 1.2:.0f}px" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return head + text[text.index(">") + 1 :].strip()


def _title(found: re.Match[str]) -> str:
    return f"<g><title>{escape(bytes.fromhex(found.group(1)).decode())}</title>"
