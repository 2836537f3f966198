"""Text that somebody else may have written (titles, names, sources, records), before it goes where text can act.

A terminal obeys control characters and a spreadsheet computes cells; neither should happen because of a file that was
only looked at. What is meant for a browser is escaped in :mod:`mc_sie.report`.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""C0 but tab and line feed, delete, C1, line separators, and what turns the direction of writing."""

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d[\d,.]*|\.\d+|inf|nan)(e[+-]?\d+)?$", re.IGNORECASE)


def visible(text: object) -> str:
    r"""Text whose control characters can be seen instead of being obeyed.

    Parameters
    ----------
    text : object
        Its ``str`` is taken.

    Returns
    -------
    str
        Each of them as ``\uXXXX``, which JSON and TOML read back as the character; line feeds and tabs stay.
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", str(text))


def csv_cell(value: Any) -> Any:
    """A cell that a spreadsheet takes for text or for a number, never for a formula.

    Parameters
    ----------
    value : object
        Cell or heading.

    Returns
    -------
    object
        With an apostrophe before text that would be a formula; anything else as it is.
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return f"'{value}"
    return value


def to_csv(frame: pd.DataFrame, target: Path | IO[str], **options: Any) -> None:
    """Write a table as CSV without its index.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    target : pathlib.Path or file
        Where.
    **options
        Of :meth:`pandas.DataFrame.to_csv`.
    """
    texts = {name: frame[name].map(csv_cell) for name in frame if frame[name].dtype.kind not in "fiub"}
    frame.assign(**texts).rename(columns=csv_cell).to_csv(target, index=False, **options)
