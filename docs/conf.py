"""How the documentation is built: ``sphinx-build -W docs docs/_build/html``.

Tables, pages on prior sets and pictures are made from the package itself by ``made.py`` on every build, so that they
cannot say other than the program does. Formulas become MathML, which browsers draw themselves: the pages need no
script from elsewhere and can be read offline.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for made.py

try:
    release = metadata.version("mc-sie")
except metadata.PackageNotFoundError:  # a checkout that is not installed
    import tomllib

    release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

project = "mc_sie"
author = "the mc_sie developers"
version = release
project_copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build", "_made/*.part.md"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "none"  # the docstrings give types, with shapes and units
autodoc_member_order = "bysource"

smartquotes = False  # "--draws" is no dash, and quotes in commands are to be copied

html_theme = "furo"
html_title = f"mc_sie {release}"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
pygments_style = "tango"


def _mathml(translator: HTML5Translator, node: nodes.math | nodes.math_block, display: str) -> None:
    from docutils.nodes import SkipNode
    from latex2mathml.converter import convert

    markup = convert(node.astext(), display=display)
    translator.body.append(markup if display == "inline" else f'<div class="math">{markup}</div>')
    raise SkipNode


def _make(app: Sphinx) -> None:
    import made

    made.write(HERE / "_made")


def _published_table(app: Sphinx, docname: str, source: list[str]) -> None:
    """``published.md`` links to the table where it lies in the repository; here the table is a page of its own."""
    if docname == "published":
        source[0] = source[0].replace("](../reports/published/published.md)", "](published_table.md)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the formulas and what is made on every build."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(lambda translator, node: _mathml(translator, node, "inline"), None),
        block_renderers=(lambda translator, node: _mathml(translator, node, "block"), None),
    )
    app.connect("builder-inited", _make)
    app.connect("source-read", _published_table)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
