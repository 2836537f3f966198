"""Priors from a table: one row a quantity, as people keep them in a spreadsheet, to the text of a prior file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mc_sie.errors import Faults, InputError, nearest
from mc_sie.priors.consistency import check_set
from mc_sie.priors.entries import Entry, entry_of_table
from mc_sie.priors.family_keys import FAMILIES
from mc_sie.priors.loading import load_prior
from mc_sie.priors.text_entry import file_text, fitted, is_quantile
from mc_sie.quantities import QUANTITIES
from mc_sie.text.csv_tables import CsvTable, read_csv

TEXT_COLUMNS = ("quantity", "family", "unit", "source", "judgement", "fit")
"""Columns of text; ``value`` is text too in the row of ``mode``."""

_IN_A_ROW = {name: family for name, family in FAMILIES.items() if family.fits_in_a_row}

NUMBER_COLUMNS = tuple(
    dict.fromkeys(
        key
        for family in _IN_A_ROW.values()
        for key in family.model_fields
        if key not in ("family", "fit", "quantiles", "interval")
    )
)
"""Columns of numbers; beside them any quantile such as ``q05``. An interval has its ends in ``low`` and ``high``."""


@dataclass(frozen=True)
class _Row:
    """One row: its table, its number from 0, and its cells that are not empty."""

    table: CsvTable
    number: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        return self.table.where(self.number)


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
    faults = Faults(str(path))
    for row in _rows(path):
        with faults.gathered():
            name, raw = _stated(row)
            determined = QUANTITIES[name].determined
            if determined in places:
                remedy = f"State {determined} in one row only."
                raise InputError(f"{row.where}: {name}", f"is given again, after {places[determined]}", remedy)
            places[determined] = row.where.removeprefix(f"{path}: ")
            entries[name] = entry_of_table(name, raw, row.where)
            stated[name] = raw
    faults.raise_any()
    if extends is None:
        check_set({name: entry for name, entry in entries.items() if entry is not None}, str(path))
    else:
        base = load_prior(extends)
        if base.members:
            raise InputError(f"--extends {extends}", "is a pool, which has no entries to inherit", "Name a member.")
        base.replaced(entries, str(path))
    header = {"title": title}
    if extends is not None:
        header["extends"] = extends_as or extends
    return file_text(header, stated)


def _is_numeric(column: str) -> bool:
    return column in NUMBER_COLUMNS or is_quantile(column)


def _rows(path: Path) -> list[_Row]:
    """The rows of a table that are not empty."""
    table = read_csv(
        path,
        numeric=_is_numeric,
        named=lambda name: re.sub(r"[\s-]+", "_", name.lower()),
        row_is="quantity",
    )
    _check_header(path, table.columns)
    return [
        _Row(table, row, {name: cells[row] for name, cells in table.columns.items() if cells[row]})
        for row in range(len(table))
    ]


def _check_header(path: Path, header: Iterable[str]) -> None:
    """Refuse columns that nobody knows, and a table without those that every prior needs."""
    for name in header:
        if name not in TEXT_COLUMNS and not _is_numeric(name):
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
    name = row.cells["quantity"]
    family = row.cells["family"].lower()
    if name not in QUANTITIES:
        where = f"{row.where}, column 'quantity' = {name!r}"
        raise InputError(where, "is not a quantity", nearest(name, QUANTITIES))
    if family in FAMILIES and family not in _IN_A_ROW:
        where = f"{row.where}, column 'family' = {family!r}"
        raise InputError(where, "does not fit into one row", "State it in the prior file itself.")
    parameters: dict[str, Any] = {
        column: row.table.number(row.number, column)
        for column in row.cells
        if column not in TEXT_COLUMNS and column != "value"
    }
    if "value" in row.cells:
        if name == "mode":
            parameters["value"] = row.cells["value"]
        else:
            parameters["value"] = row.table.number(row.number, "value")
    if "fit" in row.cells:
        parameters["fit"] = row.cells["fit"].lower()
    quantiles = {column: parameters.pop(column) for column in list(parameters) if is_quantile(column)}
    if quantiles:
        family, parameters = fitted(family, parameters, quantiles)
    if family == "interval":
        ends = [parameters.pop(end) for end in ("low", "high") if end in parameters]
        parameters["interval"] = ends
    texts: dict[str, Any] = {key: row.cells[key] for key in ("unit", "source", "judgement") if key in row.cells}
    return name, {"family": family, **parameters, **texts}
