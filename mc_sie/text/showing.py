"""How results look at a prompt and in a notebook: sentences first, then their tables."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ROWS_SHOWN = 20
"""Rows of a table in a notebook; of a longer one the first and the last."""


class Shown:
    """A result with a short ``repr`` and HTML for notebooks.

    A class says what is shown of it by :attr:`shown_sentences` and :attr:`shown_tables`. It is a dataclass with
    ``repr=False``, which otherwise would print every array it holds.
    """

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Sentences, the most important first: it is all that ``repr`` shows."""
        return ()

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Tables below the sentences, in a notebook alone."""
        return ()

    def __repr__(self) -> str:
        """The class and the first sentence."""
        return f"<{type(self).__name__}: {''.join(self.shown_sentences[:1])}>"

    def _repr_html_(self) -> str:
        """The sentences and tables, for notebooks."""
        sentences = [f"<p>{html.escape(sentence)}</p>" for sentence in self.shown_sentences if sentence]
        tables = [table.to_html(index=False, max_rows=ROWS_SHOWN) for table in self.shown_tables if len(table)]
        return "".join([*sentences, *tables])
