"""A document as a page, as Markdown and as a table of numbers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd

from mc_sie.published.addresses import ADDRESSES
from mc_sie.report.document import Aside, Code, Document, Folded, Item, Strip, Table
from mc_sie.report.naming import for_readers, plain_number
from mc_sie.report.strip import strip_svg
from mc_sie.report.svg import inline_svg
from mc_sie.text.escaping import visible

if TYPE_CHECKING:
    from jinja2 import Template

_NUMBER = re.compile(r"^[<>±\u2212+-]?\s*[\d.,]+(e[+-]?\d+)?(\s*(%|points|x|OOM|months))?(\s*\(.*\))?$")
"""What looks like a number, for the alignment of a column."""

_PLACES = "|".join(map(re.escape, ADDRESSES.values()))
_MARKUP = re.compile(
    rf"`(?P<code>[^`]+)`|\[(?P<label>[^\[\]]+)\]\((?P<place>#[\w-]+|(?:\.\./)?\w[\w./-]*(?:#[\w-]+)?|{_PLACES})\)"
)
"""All the markup there is in a paragraph or a cell: code, and links to places in the page, to files beside it, and to
the literature."""

_INLINE = re.compile(r"[\\`*~$|]|<(?=[A-Za-z/!?])|\](?=[(\[:])|&(?=[\w#]+;)|(?<!\w)_|_(?!\w)")
_BLOCK = re.compile(r"#(?=#*\s)|>|[+-](?=\s)|[=-](?=[=-]{2,}$)|\d+(?=[.)]\s)")
"""What Markdown would take for markup, where it would: formatting, HTML, links, entities; and blocks, at the start."""


def to_html(document: Document) -> str:
    """One page that needs nothing else, no network and no server: style and script stand inside."""
    template = _template("report.html")
    return template.render(document=document, item=_item_html, inline=_inline, data=_data_address)


def content_policy(script: str, allowed: Mapping[str, str] | None = None) -> str:
    """A Content-Security-Policy for a page that holds all it needs, and one script.

    Parameters
    ----------
    script : str
        The script, as it stands in the page.
    allowed : mapping of str to str, optional
        Further sources by directive.

    Returns
    -------
    str
        Nothing is fetched or sent, and no other script runs. Works for a page opened as a file too, which has no
        server that could give a nonce.

    Notes
    -----
    Styles are allowed inline: figures carry theirs in attributes, and a style can fetch nothing here.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    sources = {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for name, source in (allowed or {}).items():
        sources[name] = f"{sources.get(name, '')} {source}".strip()
    return "; ".join(f"{name} {source}" for name, source in sources.items())


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    folder = resources.files("mc_sie.report") / "templates"
    environment.globals["style"] = _safe((folder / "report.css").read_text(encoding="utf-8"))
    script = (folder / "report.js").read_text(encoding="utf-8")
    environment.globals["script"] = _safe(script)
    environment.globals["policy"] = content_policy(script)
    return environment.from_string((folder / name).read_text(encoding="utf-8"))


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _inline(text: str) -> Any:
    """A paragraph, with code between backticks and links as in Markdown."""
    return _safe(_rendered(visible(text), lambda part: escape(for_readers(part), quote=False), _markup_html))


def _rendered(text: str, plain: Callable[[str], str], marked: Callable[[re.Match[str]], str]) -> str:
    """A paragraph with its markup rendered by one function and all that is between by another."""
    parts, end = [], 0
    for found in _MARKUP.finditer(text):
        parts += [plain(text[end : found.start()]), marked(found)]
        end = found.end()
    return "".join([*parts, plain(text[end:])])


def _markup_html(found: re.Match[str]) -> str:
    if found["code"]:
        return f"<code>{escape(found['code'], quote=False)}</code>"
    return f'<a href="{found["place"]}">{escape(found["label"], quote=False)}</a>'


def _item_html(item: Item, document: Document) -> Any:
    if isinstance(item, str):
        return _safe(f"<p>{_inline(item)}</p>")
    if isinstance(item, Aside):
        return _safe(f'<p class="aside" role="note">{_inline(item.text)}</p>')
    if isinstance(item, Code):
        return _safe(f"<pre><code>{escape(item.text, quote=False)}</code></pre>")
    if isinstance(item, Folded):
        inside = "".join(_item_html(part, document) for part in item.items)
        return _safe(f"<details><summary>{_inline(item.title)}</summary>{inside}</details>")
    if isinstance(item, Strip):
        return _safe(f'<figure class="wide">{strip_svg(item)}<figcaption>{_inline(item.caption)}</figcaption></figure>')
    reading = ""
    if item.reading:
        reading = f'<p class="reading">{_inline(item.reading)}</p>'
    if isinstance(item, Table):
        return _safe(f'<div class="table" id="{item.name}">{_table_html(item.shown, item.caption)}</div>{reading}')
    svg = inline_svg(item.figure, item.name, for_readers(item.alt))
    numbers = _table_html(shown(item.numbers), item.caption)
    return _safe(
        f'<figure id="{item.name}"><div class="drawing">{svg}</div><figcaption>{_inline(item.caption)}{reading}'
        f'</figcaption><details><summary>Its numbers</summary><div class="table">{numbers}</div></details></figure>'
    )


def shown(numbers: pd.DataFrame, digits: int = 4) -> pd.DataFrame:
    """A table as text, its numbers to some significant digits."""

    def text(value: object) -> str:
        if isinstance(value, float):
            return plain_number(value, digits)
        return str(value)

    return numbers.map(text)


def _table_html(frame: pd.DataFrame, caption: str) -> str:
    numeric = [all(map(_looks_numeric, frame.iloc[:, place])) for place in range(frame.shape[1])]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    names = [escape(for_readers(str(name))) for name in frame.columns]
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in zip(names, kinds, strict=True))
    rows = []
    for row in frame.itertuples(index=False):
        cells = [f'<th scope="row"{kinds[0]}>{_inline(str(row[0]))}</th>']
        cells += [
            f'<td{kind} data-label="{name}">{_inline(str(cell))}</td>'
            for name, cell, kind in zip(names[1:], row[1:], kinds[1:], strict=True)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    parts = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<table><caption>{_inline(caption)}</caption>{parts}</table>"


def _looks_numeric(cell: object) -> bool:
    return str(cell) in ("", "inf", "nan", "never") or _NUMBER.match(str(cell)) is not None


def _data_address(media: str, text: str) -> str:
    return f"data:{media};base64,{base64.b64encode(text.encode()).decode()}"


def to_markdown(document: Document) -> str:
    """A report as Markdown, short enough to paste: what the page shows unfolded, figures in words."""
    parts = [f"# {markdown_text(document.title)}", f"**{markdown_text(document.claim)}**"]
    parts += filter(None, [markdown_text(document.exact), *map(_item_markdown, document.lead)])
    for number, section in enumerate(document.sections, 1):
        parts.append(f"## {number}. {markdown_text(section.title)}")
        parts += filter(None, map(_item_markdown, section.items))
    parts.append("\n".join(f"* {name}: {_code_span(value)}" for name, value in document.facts.items()))
    return "\n\n".join(parts) + "\n"


def _item_markdown(item: Item) -> str:
    """An item; nothing of what the page folds away."""
    if isinstance(item, str):
        return markdown_text(item)
    if isinstance(item, Folded):
        return ""
    if isinstance(item, Aside):
        return f"> {markdown_text(item.text)}"
    if isinstance(item, Code):
        text = visible(item.text.rstrip())
        fence = _fence(text, 3)
        return f"{fence}\n{text}\n{fence}"
    if isinstance(item, Strip):
        return markdown_text(f"{item.caption} {item.alt}")
    reading = ""
    if item.reading:
        reading = f"\n\n*{markdown_text(item.reading)}*"
    if isinstance(item, Table):
        return f"**{markdown_text(item.caption)}**\n\n{markdown_table(item.shown)}{reading}"
    return f"**Figure: {markdown_text(item.caption)}** {markdown_text(item.alt)}{reading}"


def markdown_text(text: str) -> str:
    """A paragraph or a heading as one line of Markdown, with code and links as in :mod:`mc_sie.report.document`.

    Everything else that Markdown would take for markup stands as it is written.
    """
    line = _markdown_inline(text)
    block = _BLOCK.match(line)
    if block is None:
        return line
    return _escaped_markdown(block) + line[block.end() :]


def _markdown_inline(text: str) -> str:
    line = visible(" ".join(text.split()))
    return _rendered(line, lambda part: _INLINE.sub(_escaped_markdown, part), lambda found: found.group())


def _escaped_markdown(found: re.Match[str]) -> str:
    if found.group()[-1].isdecimal():
        return f"{found.group()}\\"  # the point of "1." is what makes a list
    return f"\\{found.group()}"


def _code_span(text: str) -> str:
    """Code within a line, whatever stands in it."""
    line = visible(" ".join(text.split()))
    fence = _fence(line, 1)
    if "`" in line:
        padding = " "
    else:
        padding = ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _fence(text: str, n_fewest: int) -> str:
    """More backticks than stand together in a text."""
    return "`" * max([n_fewest, *(len(run) + 1 for run in re.findall("`+", text))])


def markdown_table(frame: pd.DataFrame) -> str:
    """A table of text in Markdown."""
    head, *rows = [
        [_markdown_cell(str(cell)) for cell in row] for row in [frame.columns, *frame.astype(str).to_numpy()]
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * frame.shape[1], *rows))


def _markdown_cell(text: str) -> str:
    """Text in a cell, where a bar ends it even within code."""
    return re.sub(r"(?<!\\)\|", r"\\|", _markdown_inline(text))
