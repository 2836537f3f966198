"""Tables that users hand in and get back: CSV in, CSV out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.engine.run import evaluate
from mc_sie.errors import InputError, nearest, shortened
from mc_sie.outcomes import LEVELS_DEFAULT, OUTCOME_KINDS, WIDTHS_DEFAULT
from mc_sie.priors import PriorSet
from mc_sie.priors.describing import medians
from mc_sie.priors.settings import texts_of
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, HORIZON_MONTHS_HIGH, MODES, QUANTITIES, TOP_OOMS
from mc_sie.storage.writing import check_file
from mc_sie.text.csv_tables import CsvTable, read_csv
from mc_sie.text.numerals import parse_number

LABEL_COLUMNS = ("id", "name", "note", "source")
"""Columns of a table that are repeated and not read."""


def evaluate_table(path: Path, output: Path | None = None, *, threads: int | None = None) -> pd.DataFrame:
    """Run the law of motion on the rows of a CSV.

    Parameters
    ----------
    path : pathlib.Path
        One row a case. Columns are quantities by code name; an absent column takes its default, an empty cell means
        "not given". Columns named ``id``, ``name``, ``note`` or ``source`` are repeated. A column named like an
        outcome (a table evaluated before, or one to compare with) is repeated as ``given_...``, and the outcome is
        computed for its k or w.
    output : pathlib.Path, optional
        Where the result will go, checked before anything is computed.
    threads : int, optional
        Threads.

    Returns
    -------
    pandas.DataFrame
        The rows with every quantity filled in, then ``status`` and every outcome.

    Raises
    ------
    InputError
        For a file that cannot be read, a column nobody knows, or a cell outside its domain; naming row and column.
    """
    _check_table_output(path, output)
    given = read_csv(path, numeric=lambda name: name in KERNEL_COLUMNS and name != "mode")
    levels = set(LEVELS_DEFAULT)
    widths = set(WIDTHS_DEFAULT)
    kept: dict[str, Any] = {}
    for column, cells in given.columns.items():
        if column in LABEL_COLUMNS:
            kept[column] = cells
        elif column not in KERNEL_COLUMNS:
            outcome, mark = _outcome_of(column.removeprefix("given_"))
            if outcome is None:
                raise InputError(f"{path}: column {column!r}", "is not a quantity", _column_remedy(column))
            _keep_given(path, column, cells, kept)
            if mark is not None:
                if outcome == "best_gain_ooms":
                    widths.add(mark)
                else:
                    levels.add(mark)
    quantities = {name: _column(given, name) for name in KERNEL_COLUMNS}
    outcomes = evaluate(quantities, levels=sorted(levels), widths=sorted(widths), threads=threads)
    shown = {name: array for name, array in quantities.items() if name != "mode"}
    frame = pd.DataFrame({**kept, "mode": np.asarray(MODES)[quantities["mode"].astype(int)], **shown})
    return pd.concat([frame, outcomes.to_frame()], axis=1)


def evaluate_simulator_table(path: Path, output: Path | None = None) -> pd.DataFrame:
    """Run Davidson & Houlden's simulator on the rows of a CSV.

    Parameters
    ----------
    path : pathlib.Path
        One row a case: ``option`` (a key of :data:`mc_sie.published.davidson_houlden.OPTIONS`), ``f``, ``r0``,
        ``limit_years`` and ``p``. Columns named ``draw`` or as in :data:`LABEL_COLUMNS` are repeated; a column named
        like an outcome is repeated as ``given_...``.
    output : pathlib.Path, optional
        Where the result will go, checked before anything is computed.

    Returns
    -------
    pandas.DataFrame
        The rows, then the outcomes of :func:`mc_sie.published.davidson_houlden.evaluate`.

    Raises
    ------
    InputError
        For a file that cannot be read, a column nobody knows, or a cell that cannot be used; naming row and column.
    """
    from mc_sie.published import davidson_houlden as simulator

    _check_table_output(path, output)
    given = read_csv(path, numeric=lambda name: name in simulator.INPUTS)
    kept: dict[str, Any] = {}
    for column, cells in given.columns.items():
        if column in ("draw", *LABEL_COLUMNS):
            kept[column] = cells
        elif column.removeprefix("given_") in simulator.OUTCOMES:
            _keep_given(path, column, cells, kept)
        elif column not in ("option", *simulator.INPUTS):
            known = ("option", *simulator.INPUTS)
            raise InputError(f"{path}: column {column!r}", "is not an input", f"{nearest(column, known)}")
    for name in ("option", *simulator.INPUTS):
        if name not in given.columns:
            raise InputError(str(path), f"has no column {name!r}", f"{name}: {simulator.INPUT_MEANINGS[name]}.")
    options = given.columns["option"]
    for row, option in enumerate(options):
        simulator.option_named(option, given.where(row, "option"))
    inputs = {
        name: np.array([_positive(given, row, name, simulator.INPUT_MEANINGS[name]) for row in range(len(given))])
        for name in simulator.INPUTS
    }
    return pd.DataFrame({**kept, "option": options, **inputs, **simulator.evaluate(options, inputs)})


def _positive(given: CsvTable, row: int, name: str, meaning: str) -> float:
    """A positive number of at most the published simulator's largest."""
    from mc_sie.published.davidson_houlden import INPUTS_HIGH

    if given.columns[name][row] == "":
        raise InputError(given.where(row, name), "is empty", f"{name}: {meaning}.")
    value = given.number(row, name)
    if not 0.0 < value <= INPUTS_HIGH:
        where = f"{given.where(row, name)} = {given.columns[name][row]}"
        raise InputError(where, f"is outside (0, {INPUTS_HIGH:g}]", f"{name}: {meaning}.")
    return value


def _check_table_output(path: Path, output: Path | None) -> None:
    """Refuse an output that cannot be written, or is the input."""
    if output is None:
        return
    check_file(output, "output")
    if output.exists() and path.exists() and output.samefile(path):
        raise InputError(f"output {output}", "is the input table", "Name another file.")


def _keep_given(path: Path, column: str, cells: list[str], kept: dict[str, Any]) -> None:
    """Repeat a column named like an outcome as ``given_...``."""
    name = f"given_{column.removeprefix('given_')}"
    if name in kept:
        raise InputError(f"{path}: column {column!r}", f"and {name!r} would both become {name!r}", "Drop one.")
    kept[name] = cells


def _column_remedy(column: str) -> str:
    """Remedy for a column that nobody knows."""
    if column in QUANTITIES and QUANTITIES[column].determines:
        determined = QUANTITIES[column].determines
        return f"It restates {determined} in prior files; a table takes {determined} itself."
    if ";" in column or "\t" in column:
        return "Separate all columns by commas, or all by semicolons."
    return f"{nearest(column, KERNEL_COLUMNS)} Call a remark 'note'."


def _outcome_of(column: str) -> tuple[str | None, float | None]:
    """The outcome that a column is named after, and its k or w; None where there is no such outcome."""
    if column in ("status", "end") or (column in OUTCOME_KINDS and OUTCOME_KINDS[column].index_unit is None):
        return column, None
    stem, _, text = column.rpartition("_")
    if stem not in OUTCOME_KINDS or OUTCOME_KINDS[stem].index_unit is None:
        return None, None
    try:
        mark = parse_number(text)
    except ValueError:
        return None, None
    is_gain = OUTCOME_KINDS[stem].index_unit == "OOM"
    if mark <= 0.0 or math.isinf(mark) or (is_gain and mark > TOP_OOMS):  # gains beyond are not told apart
        return None, None
    return stem, mark


def _column(given: CsvTable, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One quantity of every row, checked against its domain."""
    default = HORIZON_MONTHS_DEFAULT if name == "horizon_months" else QUANTITIES[name].default
    required = default is None and not QUANTITIES[name].optional
    if name not in given.columns:
        if required:
            why, remedy = f"has no column {name!r}", f"{name} has no default: {QUANTITIES[name].meaning}."
            raise InputError(str(given.path), why, remedy)
        return np.full(len(given), _as_number(name, default))
    values = np.empty(len(given))
    for row, text in enumerate(given.columns[name]):
        if text == "":
            if required:
                remedy = f"{name} has no default: {QUANTITIES[name].meaning}."
                raise InputError(given.where(row, name), "is empty", remedy)
            values[row] = _as_number(name, default)
        elif name == "mode":
            values[row] = _mode_code(f"{given.where(row, name)} = {shortened(repr(text))}", text)
        else:
            values[row] = given.number(row, name)
            _check_domain(values[row], name, f"{given.where(row, name)} = {text}")
    return values


def _as_number(name: str, default: float | str | None) -> float:
    if default is None:
        return math.nan
    if name == "mode":
        return float(MODES.index(str(default)))
    return float(default)


def _value(where: str, name: str, text: str) -> float:
    """One value of a quantity or of ``horizon_months`` in its unit, a mode as its code.

    An InputError, which ``where`` begins, for what is no number or outside the domain.
    """
    stated = f"{where} = {shortened(repr(text))}"
    if name == "mode":
        return _mode_code(stated, text)
    try:
        value = parse_number(text)
    except ValueError as error:
        raise InputError(stated, *error.args) from None
    _check_domain(value, name, f"{where} = {text}")
    return value


def _mode_code(where: str, text: str) -> float:
    if text not in MODES:
        raise InputError(where, "is not a retraining mode", nearest(text, MODES))
    return float(MODES.index(text))


def _check_domain(value: float, name: str, where: str) -> None:
    """Refuse a value outside the domain of its quantity, or of the horizon."""
    if name != "horizon_months":
        quantity = QUANTITIES[name]
        if not quantity.contains(value):
            raise InputError(where, f"is outside {quantity.domain}", f"{name}: {quantity.meaning}.")
    elif not 0.0 < value <= HORIZON_MONTHS_HIGH:
        raise InputError(where, f"is outside (0, {HORIZON_MONTHS_HIGH:g}]", "horizon_months: end of the run.")


def median_row(prior: PriorSet, settings: Sequence[str], horizon_months: float) -> dict[str, float]:
    """The quantities of one trajectory: medians of a prior set, some of them set by hand.

    Parameters
    ----------
    prior : PriorSet
        Where the rest comes from; every quantity at its median, ``mode`` at its most likely value. What a pool leaves
        out in most draws is not given.
    settings : sequence of str
        ``name=value``; an empty value means "not given".
    horizon_months : float
        End of the trajectory.

    Returns
    -------
    dict of str to float
        In the order of ``engine.kernel.KERNEL_COLUMNS``.

    Raises
    ------
    InputError
        For a setting that cannot be read.
    """
    middle = medians(prior)
    row = {name: middle[name] for name in KERNEL_COLUMNS[:-1]}
    for name, text in texts_of(settings).items():
        if name not in row:
            why = f"names no quantity: {name!r} is unknown"
            raise InputError(f"settings {name}={text}", why, _setting_remedy(name, row))
        if text == "" and QUANTITIES[name].optional:  # "not given"
            row[name] = math.nan
        else:
            row[name] = _value(f"settings {name}", name, text)
    row["horizon_months"] = horizon_months
    return row


def _setting_remedy(name: str, row: dict[str, float]) -> str:
    if name == "horizon_months":
        return "Give horizon_months instead."
    if name in QUANTITIES and QUANTITIES[name].determines:
        return f"Set {QUANTITIES[name].determines}, which it restates."
    return nearest(name, row)


def check_figure_path(path: Path | None) -> None:
    """Refuse a figure file that cannot be written or has no known ending."""
    if path is None:
        return
    if path.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise InputError(f"plot {path}", f"has the ending {path.suffix!r}", "Use .svg, .png or .pdf.")
    check_file(path, "plot")
