"""Priors from a table: one row a quantity, as people keep them in a spreadsheet, to the text of a prior file.

Exports of Excel are read as they come: a byte order mark, UTF-16, a ``sep=;`` line, semicolons or tabs between cells
(then with a decimal comma), empty rows and columns, and column names in any case.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mc_sie.errors import InputError, nearest
from mc_sie.priors.entries import Entry, entry_of_table
from mc_sie.priors.prior_set import check_set
from mc_sie.priors.spec import load_prior
from mc_sie.priors.written import NUMBER, file_text, fitted
from mc_sie.quantities import QUANTITIES

TEXT_COLUMNS = ("quantity", "family", "unit", "source", "judgement", "fit")
"""Columns of text; ``value`` is text too in the row of ``mode``."""

NUMBER_COLUMNS = (
    *("value", "low", "peak", "high", "mean", "sd", "median", "sd_log", "a", "b", "location", "scale", "df"),
    *("level", "truncate_low", "truncate_high"),
)
"""Columns of numbers; beside them any quantile such as ``q05``."""

_BY_HAND = ("mixture", "linear_pool", "histogram", "tabulated", "categorical")


@dataclass(frozen=True)
class _Row:
    """One row: where it stands, and its cells that are not empty."""

    where: str
    cells: dict[str, str]
    has_decimal_comma: bool

    def number(self, column: str) -> float:
        """A cell as a number."""
        text = self.cells[column]
        plain = text.replace(",", ".") if self.has_decimal_comma and text.count(",") == 1 and "." not in text else text
        if not NUMBER.fullmatch(plain):
            mark = "with a decimal point or comma" if self.has_decimal_comma else "with a decimal point"
            remedy = f"Write it {mark}, without units, spaces and thousands."
            raise InputError(f"{self.where}, column {column!r} = {text!r}", "is not a number", remedy)
        return float(plain)


def prior_text(path: Path, *, title: str, extends: str | None = None, extends_as: str | None = None) -> str:
    """The text of a prior file with the priors of a table.

    Parameters
    ----------
    path : pathlib.Path
        CSV with a row for each quantity: ``quantity``, ``family``, ``unit``, ``source``, perhaps ``judgement``, and
        the parameters of the families in columns of their names. A family with quantiles (``q05``, ``q95``) instead of
        its parameters is fitted to them; family ``interval`` takes ``mean``, ``low``, ``high``, ``level`` and ``fit``.
    title : str
        Title of the set.
    extends : str, optional
        Prior set that the rest is inherited from: a shipped name or a path.
    extends_as : str, optional
        How the file shall refer to it, if not in the same way.

    Returns
    -------
    str
        TOML that loads.

    Raises
    ------
    InputError
        For a table that cannot be read, or a row that is no prior; naming row and column.
    """
    entries: dict[str, Entry | None] = {}
    places: dict[str, str] = {}
    stated: dict[str, dict[str, Any]] = {}
    for row in _rows(path):
        name, raw = _stated(row)
        determined = QUANTITIES[name].determines or name
        if determined in places:
            remedy = f"State {determined} in one row only."
            raise InputError(f"{row.where}: {name}", f"is given again, after {places[determined]}", remedy)
        places[determined] = row.where.removeprefix(f"{path}: ")
        entries[name] = entry_of_table(name, raw, row.where)
        stated[name] = raw
    if extends is None:
        check_set({name: entry for name, entry in entries.items() if entry is not None}, str(path))
    else:
        base = load_prior(extends)
        if base.members:
            raise InputError(f"--extends {extends}", "is a pool, which has no entries to inherit", "Name a member.")
        base.replaced(entries, str(path))
    header = {"title": title} | ({} if extends is None else {"extends": extends_as or extends})
    return file_text(header, stated)


def _rows(path: Path) -> list[_Row]:
    """The rows of a table that are not empty."""
    lines = _text_of(path).splitlines(keepends=True)
    first = 0
    delimiter = None
    if lines and re.fullmatch(r"sep=.", lines[0].strip(), re.IGNORECASE):
        delimiter, first = lines[0].strip()[-1], 1
    header_text = next((line for line in lines[first:] if line.strip()), "")
    if delimiter is None:
        delimiter = max(",;\t", key=header_text.count)
    reader = csv.reader(io.StringIO("".join(lines[first:]), newline=""), delimiter=delimiter, strict=True)
    try:
        table = [(reader.line_num + first, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        where = f"{path}: line {reader.line_num + first}"
        raise InputError(where, f"is not CSV: {error}", "Check the quotes.") from None
    table = [(line, cells) for line, cells in table if any(cells)]
    if not table:
        raise InputError(str(path), "is empty", "The first line names the columns: quantity, family, unit, source, ...")
    header = [re.sub(r"[\s-]+", "_", name.lower()) for name in table.pop(0)[1]]
    filled = {place for _, cells in table for place, cell in enumerate(cells) if cell}
    _check_header(path, header, filled)
    if not table:
        raise InputError(str(path), "has no rows", "Put one quantity in each row below the column names.")
    return [
        _Row(
            f"{path}: row {number} (line {line})",
            {header[place]: cell for place, cell in enumerate(cells) if cell},
            delimiter != ",",
        )
        for number, (line, cells) in enumerate(table, start=1)
    ]


def _text_of(path: Path) -> str:
    if path.is_dir():
        raise InputError(str(path), "is a folder, not a table", "Give the path of a CSV file.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Give the path of a CSV file.") from None
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(str(path), "is a workbook, not a table in text", 'Save the sheet as "CSV UTF-8".')
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8: byte {error.start}", 'Save it as "CSV UTF-8".') from None


def _check_header(path: Path, header: Sequence[str], filled: set[int]) -> None:
    """Refuse columns that nobody knows; without a name and without cells they are spreadsheet's."""
    for place in sorted(filled | {place for place, name in enumerate(header) if name}):
        if place >= len(header) or not header[place]:
            where = f"{path}: column {place + 1}"
            raise InputError(where, "has cells but no name", "Name it in the first line, or empty it.")
        name = header[place]
        if header.index(name) != place:
            raise InputError(f"{path}: column {name!r}", "stands there twice", "Keep one of them.")
        if name not in (*TEXT_COLUMNS, *NUMBER_COLUMNS) and not re.fullmatch(r"q\d+", name):
            remedy = f"{nearest(name, (*TEXT_COLUMNS, *NUMBER_COLUMNS))} Quantiles are q05, q50, q95."
            raise InputError(f"{path}: column {name!r}", "is not a column of a table of priors", remedy)
    for name in ("quantity", "family", "source"):
        if name not in header:
            raise InputError(str(path), f"has no column {name!r}", "Every prior needs quantity, family and source.")


def _stated(row: _Row) -> tuple[str, dict[str, Any]]:
    """The quantity of a row, and the entry as a file would state it."""
    for column in ("quantity", "family"):
        if column not in row.cells:
            raise InputError(f"{row.where}, column {column!r}", "is empty", "Every row needs a quantity and a family.")
    name, family = row.cells["quantity"], row.cells["family"].lower()
    if name not in QUANTITIES:
        where = f"{row.where}, column 'quantity' = {name!r}"
        raise InputError(where, "is not a quantity", nearest(name, QUANTITIES))
    if family in _BY_HAND:
        where = f"{row.where}, column 'family' = {family!r}"
        raise InputError(where, "does not fit into one row", "State it in the prior file itself.")
    parameters: dict[str, Any] = {
        column: row.number(column) for column in row.cells if column not in TEXT_COLUMNS and column != "value"
    }
    if "value" in row.cells:
        parameters["value"] = row.cells["value"] if name == "mode" else row.number("value")
    if "fit" in row.cells:
        parameters["fit"] = row.cells["fit"].lower()
    quantiles = {column: parameters.pop(column) for column in list(parameters) if re.fullmatch(r"q\d+", column)}
    if quantiles:
        family, parameters = fitted(family, parameters, quantiles)
    if family == "interval":
        ends = [parameters.pop(end) for end in ("low", "high") if end in parameters]
        parameters["interval"] = ends
    texts: dict[str, Any] = {key: row.cells[key] for key in ("unit", "source", "judgement") if key in row.cells}
    return name, {"family": family, **parameters, **texts}
