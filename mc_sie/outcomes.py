"""Outcomes of the law of motion, draw by draw, as named arrays and as labelled tables.

Arrays below, labels above: the engine fills the arrays, pandas begins at :meth:`Outcomes.to_frame`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.errors import InputError
from mc_sie.model.status import ENDS, STATUSES
from mc_sie.quantities import MODES
from mc_sie.text.showing import Shown
from mc_sie.units import MONTHS_PER_YEAR, years_of_progress

if TYPE_CHECKING:
    import pandas as pd

LEVELS_DEFAULT = tuple(float(k) for k in range(1, 17))
"""Gains in effective training compute at which times are taken, OOM."""

WIDTHS_DEFAULT = (4.0, 12.0)
"""Widths of the windows in which the largest gain is taken, months."""

STATUS_NAMES = tuple(STATUSES[code].name for code in sorted(STATUSES))
"""Names of the status codes, by code."""


@dataclass(frozen=True)
class OutcomeKind:
    """One outcome, in words."""

    name: str
    """Code name, the same in events, tables and code."""
    label: str
    """Name for people, for tables and figures; k and w stand for the index."""
    unit: str
    """As of quantities, and ``"years"`` for years of recent progress."""
    meaning: str
    """One line for tables and documentation."""
    index_unit: str | None = None
    """``"OOM"`` or ``"months"``: what the index counts, for an outcome that has one."""


_TABLE = (
    OutcomeKind(
        "months_to", "time to k OOM", "months",
        "months until effective compute has risen by k OOM; inf if it never does", "OOM",
    ),
    OutcomeKind(
        "best_window_months", "best window for k OOM", "months",
        "shortest time in which effective compute rises by k OOM, wherever it lies", "OOM",
    ),
    OutcomeKind(
        "best_gain_ooms", "largest gain in w months", "OOM",
        "largest rise of effective compute within w months, never more than 20", "months",
    ),
    OutcomeKind(
        "first_year_ooms", "gain of the first year", "OOM",
        "rise of effective compute in the first 12 months",
    ),
    OutcomeKind(
        "pace_initial", "pace on day one", "x",
        "pace of software progress on the day of automation, relative to before it",
    ),
    OutcomeKind(
        "pace_peak", "peak pace", "x",
        "largest pace while software still moves",
    ),
    OutcomeKind(
        "months_to_peak", "time to the peak pace", "months",
        "when the largest pace is reached; 0 if progress only slows",
    ),
    OutcomeKind(
        "pace_ceiling", "ceiling on the pace", "x",
        "largest pace the CES allows with unlimited labour; inf if it has no ceiling",
    ),
    OutcomeKind(
        "doublings_per_pace_doubling", "software doublings per pace doubling", "1",
        "software doublings per doubling of the pace on the day of automation, before retraining; negative if it slows",
    ),
    OutcomeKind(
        "doublings_per_pace_doubling_shortened", "software doublings per pace doubling, training shortened", "1",
        "the same once mode shortening has added a doubling to each",
    ),
    OutcomeKind(
        "software_end_ooms", "software gained by the end", "OOM",
        "software efficiency gained by the end of the trajectory",
    ),
    OutcomeKind(
        "effective_end_ooms", "effective compute gained by the end", "OOM",
        "rise of effective compute by the end of the trajectory, at most 20",
    ),
    OutcomeKind(
        "months_end", "end of the trajectory", "months",
        "when the trajectory ended",
    ),
    OutcomeKind(
        "limit_reached", "software limit reached", "1",
        "1 if software came within 1 % of its limit",
    ),
    OutcomeKind(
        "n_deployments", "deployments", "1",
        "systems deployed after the first (mode from_scratch only)",
    ),
    OutcomeKind(
        "accumulated_training_ooms", "accumulated training", "OOM",
        "effective compute beyond software at the end of the trajectory: accumulated training in mode continual",
    ),
    OutcomeKind(
        "first_year_progress_years", "gain of the first year, in years of progress", "years",
        "first_year_ooms in years of recent progress, of eight labour doublings",
    ),
    OutcomeKind(
        "best_year_progress_years", "gain of the best year, in years of progress", "years",
        "best_gain_ooms[12] in years of recent progress",
    ),
)  # fmt: skip

OUTCOME_KINDS: dict[str, OutcomeKind] = {kind.name: kind for kind in _TABLE}
"""Every outcome by its code name."""


def name_and_index(text: str) -> tuple[str, str | None]:
    """The name of an outcome, and what stands in brackets behind it.

    Parameters
    ----------
    text : str
        ``months_to[5]`` or ``pace_peak``.

    Returns
    -------
    name : str
        Not yet known to be one of :data:`OUTCOME_KINDS`.
    index : str or None
        None without brackets.

    Raises
    ------
    ValueError
        When the text is neither a name nor a name with one pair of brackets at its end.
    """
    name, bracket, rest = (part.strip() for part in text.partition("["))
    index, closing, beyond = (part.strip() for part in rest.partition("]"))
    if not name.isidentifier() or (bracket and not closing) or beyond:
        raise ValueError(text)
    if not bracket:
        return name, None
    return name, index


def marks_of(name: str, index: float | None) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Gains in OOM and widths in months that must be simulated for an outcome: at most one number in all."""
    if name == "best_year_progress_years":
        return (), (MONTHS_PER_YEAR,)
    if index is None:
        return (), ()
    if name == "best_gain_ooms":
        return (), (index,)
    return (index,), ()


def window_months(name: str, index: float | None = None) -> float:
    """Months that a trajectory must last for a gain to be that of its whole window.

    0 for an outcome that is no gain within a window.
    """
    if name == "best_gain_ooms" and index is not None:
        return index
    if name in ("first_year_ooms", "first_year_progress_years", "best_year_progress_years"):
        return MONTHS_PER_YEAR
    return 0.0


def as_text(number: float) -> str:
    """A number as short as it can be without becoming another number, e.g. ``5``, ``2.5`` or ``2.1234567``."""
    short = f"{number:g}"
    if float(short) == number:
        return short
    return repr(float(number))


def column_of(name: str, index: float | None) -> str:
    """Name of an outcome as a column of tables, such as ``months_to_5``."""
    if index is None:
        return name
    return f"{name}_{as_text(index)}"


def kind_of_column(column: str) -> tuple[str, float | None]:
    """Name and index of the outcome in a column that :func:`column_of` named; ``status`` and ``end`` have no index."""
    stem, _, text = column.rpartition("_")
    kind = OUTCOME_KINDS.get(stem)
    if column in OUTCOME_KINDS or kind is None or kind.index_unit is None:
        return column, None
    return stem, float(text)


@dataclass(frozen=True, repr=False)
class Outcomes(Shown):
    """Outcomes of n draws.

    Attributes
    ----------
    levels : array of shape (K,)
        Gains k in OOM.
    widths : array of shape (W,)
        Window widths w in months.
    mode, status, end : array of shape (n,), int8
        Codes: positions in ``quantities.MODES``, in :data:`STATUS_NAMES` and in ``model.status.ENDS``.
    months_to, best_window_months : array of shape (n, K)
        See :data:`OUTCOME_KINDS`; nan for a draw that could not be simulated.
    best_gain_ooms : array of shape (n, W)
        See :data:`OUTCOME_KINDS`.
    first_year_ooms, ..., months_end : array of shape (n,)
        See :data:`OUTCOME_KINDS`.
    limit_reached : array of shape (n,), bool
        True where software came within 1 % of its limit.
    n_deployments : array of shape (n,), int32
        Deployments after the first; 0 in every mode but from_scratch.
    labour_per_efficiency : array of shape (n,)
        mu of each draw, no outcome: gains in years of progress are counted by it.
    """

    levels: NDArray[np.float64]
    widths: NDArray[np.float64]
    mode: NDArray[np.int8]
    status: NDArray[np.int8]
    end: NDArray[np.int8]
    months_to: NDArray[np.float64]
    best_window_months: NDArray[np.float64]
    best_gain_ooms: NDArray[np.float64]
    first_year_ooms: NDArray[np.float64]
    pace_initial: NDArray[np.float64]
    pace_peak: NDArray[np.float64]
    months_to_peak: NDArray[np.float64]
    pace_ceiling: NDArray[np.float64]
    doublings_per_pace_doubling: NDArray[np.float64]
    doublings_per_pace_doubling_shortened: NDArray[np.float64]
    software_end_ooms: NDArray[np.float64]
    effective_end_ooms: NDArray[np.float64]
    months_end: NDArray[np.float64]
    limit_reached: NDArray[np.bool_]
    n_deployments: NDArray[np.int32]
    labour_per_efficiency: NDArray[np.float64]

    @classmethod
    def empty(cls, n: int, levels: NDArray[np.float64], widths: NDArray[np.float64]) -> Outcomes:
        """Arrays for n draws, all to be filled by the engine; one outcome at one mark of all draws lies together.

        The numbers lie in one block, which the system hands out in large pages: in the small ones that thirteen blocks
        take, filling them takes twice as long.
        """
        marks = {"months_to": len(levels), "best_window_months": len(levels), "best_gain_ooms": len(widths)}
        codes = {
            "mode": np.int8,
            "status": np.int8,
            "end": np.int8,
            "limit_reached": np.bool_,
            "n_deployments": np.int32,
        }
        names = [f.name for f in fields(cls) if f.name not in ("levels", "widths", *codes)]
        ends = np.cumsum([marks.get(name, 1) for name in names]).tolist()
        parts = np.split(np.empty((ends[-1], n)), ends[:-1])
        arrays: dict[str, NDArray[Any]] = {}
        for name, block in zip(names, parts, strict=True):
            if name in marks:
                arrays[name] = block.T
            else:
                arrays[name] = block[0]
        arrays |= {name: np.empty(n, kind) for name, kind in codes.items()}
        return cls(levels=levels, widths=widths, **arrays)

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Number of draws, and how many of them were simulated."""
        return (f"{len(self):,} draws, {int(self.is_ok.sum()):,} of them simulated",)

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.status)

    @property
    def is_ok(self) -> NDArray[np.bool_]:
        """Draws that were simulated, as flags of shape (n,)."""
        return np.asarray(self.status == 0)

    @property
    def kinds(self) -> list[OutcomeKind]:
        """The outcomes that there are: without the width of 12 months no best year."""
        has_year = MONTHS_PER_YEAR in self.widths
        return [kind for kind in OUTCOME_KINDS.values() if has_year or kind.name != "best_year_progress_years"]

    @property
    def accumulated_training_ooms(self) -> NDArray[np.float64]:
        """Effective compute beyond software at the end, shape (n,)."""
        return self.effective_end_ooms - self.software_end_ooms

    @property
    def first_year_progress_years(self) -> NDArray[np.float64]:
        """The gain of the first year in Davidson & Houlden's years of progress, which depend on mu, shape (n,)."""
        return years_of_progress(self.first_year_ooms, self.labour_per_efficiency)

    @property
    def best_year_progress_years(self) -> NDArray[np.float64]:
        """The gain of the best year in years of progress, shape (n,); needs the width of 12 months."""
        return years_of_progress(self.values("best_gain_ooms", MONTHS_PER_YEAR), self.labour_per_efficiency)

    def values(self, name: str, index: float | None = None) -> NDArray[np.float64]:
        """One outcome of every draw.

        Parameters
        ----------
        name : str
            A name of :data:`OUTCOME_KINDS`.
        index : float, optional
            k in OOM or w in months, for an outcome that has one; it must be among ``levels`` or ``widths``.

        Returns
        -------
        array of shape (n,)
            nan for a draw that could not be simulated.

        Raises
        ------
        InputError
            When that k or w was not simulated.
        """
        array = getattr(self, name)
        if OUTCOME_KINDS[name].index_unit is None:
            return np.where(self.is_ok, array, np.nan)
        argument = self._argument_of_marks(name)
        marks: NDArray[np.float64] = getattr(self, argument)
        column = np.flatnonzero(marks == index)
        if len(column) == 0:
            there = ", ".join(map(as_text, marks))
            where = name
            if index is not None:
                where += f"[{as_text(index)}]"
            raise InputError(where, "was not simulated", f"There are {there}: add it to simulate({argument}=...).")
        return np.asarray(array[:, column[0]])

    @staticmethod
    def _argument_of_marks(name: str) -> str:
        """The argument of ``simulate`` that says at which k or w an outcome is taken; its name here too."""
        if OUTCOME_KINDS[name].index_unit == "months":
            return "widths"
        return "levels"

    def to_frame(self) -> pd.DataFrame:
        """All outcomes as a table, one row a draw.

        Returns
        -------
        pandas.DataFrame
            Columns ``status``, ``end``, ``months_to_5``, ``best_window_months_5``, ``best_gain_ooms_12`` and so on;
            codes as words, ``n_deployments`` empty outside mode from_scratch. Without the width of 12 months there is
            no ``best_year_progress_years``.
        """
        import pandas as pd

        return pd.DataFrame(self.columns())

    def columns(self) -> dict[str, Any]:
        """The columns of :meth:`to_frame` by name, without a copy where an outcome is stored as it is shown."""
        import pandas as pd

        columns: dict[str, Any] = {"status": pd.Categorical.from_codes(self.status, STATUS_NAMES)}
        for kind in self.kinds:
            array = getattr(self, kind.name)
            if kind.index_unit is None:
                columns[kind.name] = array
                continue
            for j, mark in enumerate(getattr(self, self._argument_of_marks(kind.name))):
                columns[column_of(kind.name, mark)] = array[:, j]
        is_ok = self.is_ok
        columns["limit_reached"] = pd.array(self.limit_reached, dtype="boolean")
        columns["limit_reached"][~is_ok] = pd.NA
        columns["n_deployments"] = pd.array(self.n_deployments, dtype="Int32")
        columns["n_deployments"][~is_ok | (self.mode != MODES.index("from_scratch"))] = pd.NA
        columns["end"] = pd.Categorical.from_codes(np.where(is_ok, self.end, -1), ENDS)
        return columns
