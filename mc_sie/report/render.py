"""A document as a page, as Markdown and as a table of numbers."""

from __future__ import annotations

import base64
import re
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd

from mc_sie.report.document import Aside, Code, Document, Item, Table
from mc_sie.report.svg import inline_svg

if TYPE_CHECKING:
    from jinja2 import Template

_NUMBER = re.compile(r"^[<>±\u2212+-]?\s*[\d.,]+(e[+-]?\d+)?(\s*(%|points|x|OOM|months))?(\s*\(.*\))?$")
"""What looks like a number, for the alignment of a column."""


def to_html(document: Document) -> str:
    """One page that needs nothing else: no network, no server.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    str
        HTML, with style and script inside.
    """
    return _template("report.html").render(document=document, item=_item_html, inline=_inline, data=_data_address)


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    folder = resources.files("mc_sie.report") / "templates"
    environment.globals["style"] = _safe((folder / "report.css").read_text(encoding="utf-8"))
    environment.globals["script"] = _safe((folder / "report.js").read_text(encoding="utf-8"))
    return environment.from_string((folder / name).read_text(encoding="utf-8"))


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _inline(text: str) -> Any:
    """A paragraph, with code between backticks and links as in Markdown."""
    coded = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return _safe(re.sub(r"\[([^\[\]]+)\]\(([\w./#-]+)\)", r'<a href="\2">\1</a>', coded))


def _item_html(item: Item, document: Document) -> Any:
    if isinstance(item, str):
        return _safe(f"<p>{_inline(item)}</p>")
    if isinstance(item, Aside):
        return _safe(f'<p class="aside" role="note">{_inline(item.text)}</p>')
    if isinstance(item, Code):
        return _safe(f"<pre><code>{escape(item.text, quote=False)}</code></pre>")
    reading = f'<p class="reading">{_inline(item.reading)}</p>' if item.reading else ""
    if isinstance(item, Table):
        return _safe(f'<div class="table" id="{item.name}">{_table_html(item.shown, item.caption)}</div>{reading}')
    svg = inline_svg(item.figure, item.name, item.alt)
    digest = document.facts.get("prior digest", "")[:12]
    made_by = f" <small>Prior {digest}.</small>" if digest else ""
    return _safe(
        f'<figure id="{item.name}">{svg}<figcaption>{_inline(item.caption)}{made_by}</figcaption>'
        f"<details><summary>Its numbers</summary>"
        f'<div class="table">{_table_html(shown(item.numbers), item.caption)}</div></details></figure>{reading}'
    )


def shown(numbers: pd.DataFrame) -> pd.DataFrame:
    """Numbers to four significant digits, for the tables behind figures."""
    return numbers.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))


def _table_html(frame: pd.DataFrame, caption: str) -> str:
    numeric = [all(map(_looks_numeric, frame.iloc[:, place])) for place in range(frame.shape[1])]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{escape(str(name))}</th>' for name, kind in zip(frame.columns, kinds, strict=True)
    )
    rows = []
    for row in frame.itertuples(index=False):
        cells = [f'<th scope="row"{kinds[0]}>{_inline(str(row[0]))}</th>']
        cells += [f"<td{kind}>{_inline(str(cell))}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True)]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    parts = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<table><caption>{_inline(caption)}</caption>{parts}</table>"


def _looks_numeric(cell: object) -> bool:
    return str(cell) in ("", "inf", "nan", "never") or _NUMBER.match(str(cell)) is not None


def _data_address(media: str, text: str) -> str:
    return f"data:{media};base64,{base64.b64encode(text.encode()).decode()}"


def to_markdown(document: Document) -> str:
    """The same report for people who paste.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    str
        Markdown; of each figure its caption, what it shows in words, and its numbers.
    """
    parts = [f"# {document.title}", f"**{document.claim}**", *document.lead]
    for number, section in enumerate(document.sections, 1):
        parts.append(f"## {number}. {section.title}")
        parts += [_item_markdown(item) for item in section.items]
    parts.append("\n".join(f"* {name}: `{value}`" for name, value in document.facts.items()))
    return "\n\n".join(parts) + "\n"


def _item_markdown(item: Item) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, Aside):
        return f"> {item.text}"
    if isinstance(item, Code):
        return f"```\n{item.text.rstrip()}\n```"
    reading = f"\n\n*{item.reading}*" if item.reading else ""
    if isinstance(item, Table):
        return f"**{item.caption}**\n\n{markdown_table(item.shown)}{reading}"
    return f"**Figure: {item.caption}** {item.alt}\n\n{markdown_table(shown(item.numbers))}{reading}"


def markdown_table(frame: pd.DataFrame) -> str:
    """A table of text in Markdown.

    Parameters
    ----------
    frame : pandas.DataFrame
        Texts, or what reads well as one.

    Returns
    -------
    str
        A line for the headings, one below them, and one a row.
    """
    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)
