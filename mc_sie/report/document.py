"""What a report is made of, before it is a page: sections of paragraphs, tables and charts.

A document knows nothing of HTML. It is rendered three times from the same parts, as a page, as Markdown, and as one
table of all its numbers, so that none of them can say something else than the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mc_sie.text.showing import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """A table as it is read, and the numbers behind it.

    Attributes
    ----------
    name : str
        Unique in the document; letters, digits and underscores.
    caption : str
        What it shows, one sentence.
    shown : pandas.DataFrame
        Texts, no digit beyond its error.
    numbers : pandas.DataFrame
        The numbers behind, unrounded: one row an answer.
    reading : str
        How to read it, one sentence.
    """

    name: str
    caption: str
    shown: pd.DataFrame
    numbers: pd.DataFrame
    reading: str = ""


@dataclass(frozen=True)
class Chart:
    """A figure with its numbers.

    Attributes
    ----------
    name : str
        Unique in the document.
    caption : str
        What it shows, one sentence.
    alt : str
        What somebody who cannot see it should know, with the main numbers.
    figure : matplotlib.figure.Figure
        The drawing.
    numbers : pandas.DataFrame
        What is drawn, one row a mark.
    reading : str
        How to read it, one sentence.
    """

    name: str
    caption: str
    alt: str
    figure: Figure
    numbers: pd.DataFrame
    reading: str = ""


@dataclass(frozen=True)
class Code:
    """Text to copy: a command line, or a BibTeX entry."""

    text: str


@dataclass(frozen=True)
class Aside:
    """A paragraph that must not be overlooked: a doubt, a failed check."""

    text: str


@dataclass(frozen=True)
class Strip:
    """Probabilities as dots on one line from 0 to 100 %.

    Attributes
    ----------
    caption, alt : str
        As of a chart.
    numbers : pandas.DataFrame
        ``name`` and ``prob``, a row a dot.
    marked : str
        Name of the dot that stands out, with its probability beside it.
    band : tuple of (float, float, str) or None
        A range to compare with, and whose it is.
    """

    caption: str
    alt: str
    numbers: pd.DataFrame
    marked: str
    band: tuple[float, float, str] | None = None


@dataclass(frozen=True)
class Folded:
    """Items that a reader opens when wanted: closed on the page, absent from print and from Markdown."""

    title: str
    items: tuple[Item, ...]


Item = str | Table | Chart | Code | Aside | Strip | Folded
"""A paragraph is a plain string; ``backticks`` mark code, and ``[text](place)`` is a link."""


def unfolded(items: Iterable[Item]) -> Iterator[Item]:
    """Items in order, those of folds among the others."""
    for item in items:
        if isinstance(item, Folded):
            yield from unfolded(item.items)
        else:
            yield item


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes
    ----------
    slug : str
        Its anchor.
    title : str
        A question or a claim.
    items : tuple of Item
        What stands in it, in order.
    """

    slug: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, repr=False)
class Document(Shown):
    """A report.

    Attributes
    ----------
    title : str
        What it is about.
    claim : str
        The answer in one sentence that anybody can repeat.
    lead : tuple of Item
        What a reader who stops here should know; no jargon.
    facts : mapping of str to str
        Digest, seed, version, command: what identifies it.
    sections : tuple of Section
        In order; numbered from 1.
    downloads : mapping of str to tuple (file name, media type, text)
        Files that the page carries, by what to call them.
    exact : str
        The claim with its error, under the pointer.
    """

    title: str
    claim: str
    lead: tuple[Item, ...]
    facts: dict[str, str]
    sections: tuple[Section, ...]
    downloads: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    exact: str = ""

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Title and claim."""
        return (self.title, self.claim)

    def parts(self) -> Iterator[tuple[Section, Table | Chart]]:
        """Every table and chart with the section it stands in."""
        for section in self.sections:
            for item in unfolded(section.items):
                if isinstance(item, Table | Chart):
                    yield section, item

    def numbers(self) -> pd.DataFrame:
        """All numbers of the document in one long table.

        Returns
        -------
        pandas.DataFrame
            Columns ``section``, ``table``, ``row`` (what tells the row from the others: its texts, or its place),
            ``column`` and ``value``.
        """
        frames = []
        for section, part in self.parts():
            frame = part.numbers.reset_index(drop=True)
            numeric = [name for name in frame if frame[name].dtype.kind in "fiub"]
            texts = [name for name in frame if name not in numeric]
            spots = [str(position + 1) for position in range(len(frame))]
            labels = [
                ", ".join(str(value) for value in row) or spot
                for row, spot in zip(frame[texts].itertuples(index=False), spots, strict=True)
            ]
            if len(set(labels)) < len(labels):
                labels = [f"{spot}: {text}" if text != spot else spot for spot, text in zip(spots, labels, strict=True)]
            for name in numeric:
                values = frame[name].astype(float)
                place = {"section": section.slug, "table": part.name}
                frames.append(pd.DataFrame({**place, "row": labels, "column": str(name), "value": values}))
        return pd.concat(frames, ignore_index=True)
