"""Davidson (2025), "Will the Need to Retrain AI Models from Scratch Block a Software Intelligence Explosion?".

Forethought, 26 March 2025. The essay's two spreadsheets follow cumulative research x (in units of that at the start)
and cumulative effective training compute e (in units of the initial run, 1e29 FLOP); software is S = x^r. With T the
time in which research would double, and D the length of the initial training run::

    no retraining:  dx/dt = x^r / T          retraining:  dx/dt = e / T,   de/dt = x^r / (2 D)

The sheets themselves are not public. What is emulated here is the reconstruction that gives every printed number of
three of the four columns: T = 60 days, steps of one day, right-hand sides from the previous row, "infinity" the row
where capability (software, or effective compute with retraining) overflows double precision, months of 30 days, and
r = N/(N - 1), where software doubles N times while its pace doubles once.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.engine.run import evaluate
from mc_sie.published.our_law import labour_only
from mc_sie.published.verdicts import Target

SOURCE = "Davidson 2025 (retraining)"
RESEARCH_DAYS = 60.0
"""T: time in which cumulative research would double at the initial pace."""
DAYS_PER_SHEET_MONTH = 30.0
_LN_LARGEST = math.log(1.7976931348623157e308)
_DAYS_HIGH = 100_000

COLUMNS = {"4.3": 1.3, "3": 1.5, "2": 2.0, "1.5": 3.0}
"""N as printed at the head of each column, and the r that it stands for."""
SLOW_COLUMN_DAYS = 80.0
"""T with which the column N = 2 comes back; it does not with the 60 days of the other three."""


@njit
def sheet(r: float, training_days: float, research_days: float, step_days: float, rows: NDArray[np.float64]) -> int:
    """Run a spreadsheet: explicit Euler steps until capability overflows.

    Parameters
    ----------
    r : float
        Software doublings per doubling of cumulative research.
    training_days : float
        Length of the initial run, days; 0 or less for the sheet without retraining.
    research_days, step_days : float
        T and the step, days.
    rows : array of shape (n, 2)
        Receives x and e of each row as far as it is long.

    Returns
    -------
    int
        Number of the row (0 is the start) whose software, or effective compute with retraining, is no finite double.
    """
    x = 1.0
    e = 1.0
    for row in range(_DAYS_HIGH):
        if row < rows.shape[0]:
            rows[row, 0] = x
            rows[row, 1] = e
        if r * math.log(x) >= _LN_LARGEST:
            if training_days > 0.0:
                return row + 1  # effective compute takes it up a row later
            return row
        software = math.exp(r * math.log(x))
        if training_days > 0.0:
            x += step_days * e / research_days  # with the e of the row before
            e += step_days * 0.5 * software / training_days
        else:
            x += step_days * software / research_days
    return _DAYS_HIGH


def sheet_months(
    r: float, training_days: float | None, research_days: float = RESEARCH_DAYS, step_days: float = 1.0
) -> float:
    """Months of 30 days to infinity in the spreadsheet.

    Parameters
    ----------
    r : float
        Software doublings per doubling of cumulative research, above 1.
    training_days : float or None
        Length of the initial run, days; None for the sheet without retraining.
    research_days, step_days : float
        T and the step, days.
    """
    row = sheet(r, training_days or 0.0, research_days, step_days, np.empty((0, 2)))
    return row * step_days / DAYS_PER_SHEET_MONTH


def exact_months(r: float, training_days: float | None, research_days: float = RESEARCH_DAYS) -> float:
    """Months of 30 days to infinity of the sheet's equations, solved exactly; arguments as in :func:`sheet_months`.

    Without retraining ``T/(r - 1)``. With it ``e^2 = 1 + k (x^(r+1) - 1)``, ``k = T/(D (r + 1))``, and integrating
    ``T dx/e`` gives ``T k^(-1/2) 2/(r-1) 2F1(1/2, b; b+1; -(1-k)/k)`` with ``b = (r-1)/(2(r+1))``.
    """
    if training_days is None:
        return research_days / (r - 1.0) / DAYS_PER_SHEET_MONTH
    from scipy.special import hyp2f1

    k = research_days / (training_days * (r + 1.0))
    b = (r - 1.0) / (2.0 * (r + 1.0))
    days = research_days / math.sqrt(k) * 2.0 / (r - 1.0) * float(hyp2f1(0.5, b, b + 1.0, -(1.0 - k) / k))
    return days / DAYS_PER_SHEET_MONTH


def law_row(r: float, training_days: float | None, research_days: float = RESEARCH_DAYS) -> dict[str, Any]:
    """The sheet as a row of our law, with months of 30 days; arguments as in :func:`sheet_months`.

    With s = r log10 x :func:`~mc_sie.published.our_law.labour_only` is the sheet's equation.
    """
    row = {
        **labour_only(r),
        "software_doubling_months": research_days / DAYS_PER_SHEET_MONTH * math.log(2.0) / r,
        "training_months": (training_days or 90.0) / DAYS_PER_SHEET_MONTH,
        "retraining_compute_share": 0.5,
        "mode": "continual",
        "horizon_months": 240.0,
    }
    if training_days is None:
        row["mode"] = "none"
    return row


def law_months(r: float, training_days: float | None, research_days: float = RESEARCH_DAYS) -> float:
    """Months of 30 days until effective compute has grown by 20 OOM in our law, which is all but infinity."""
    outcomes = evaluate(law_row(r, training_days, research_days), levels=(20.0,))
    return float(outcomes.months_to[0, 0])


def growth_curves(r: float = 1.5, days: int = 500) -> pd.DataFrame:
    """Software in the sheets and in the exact solution, day by day, with and without retraining.

    Columns ``case`` (no retraining, 30-day run, 100-day run), ``solution`` (sheet, exact), ``day``, ``software``.
    """
    parts = []
    for case, training_days in (("no retraining", None), ("30-day run", 30.0), ("100-day run", 100.0)):
        rows = np.full((days + 1, 2), np.nan)
        last = min(sheet(r, training_days or 0.0, RESEARCH_DAYS, 1.0, rows), days)
        with np.errstate(over="ignore"):  # the last row is the one that overflows
            software = rows[: last + 1, 0] ** r
        parts += [
            pd.DataFrame({"day": np.arange(last + 1), "software": software}).assign(case=case, solution="sheet"),
            _exact_growth(r, training_days).assign(case=case, solution="exact"),
        ]
    return pd.concat(parts, ignore_index=True)


def _exact_growth(r: float, training_days: float | None) -> pd.DataFrame:
    """Days until software has grown so far, by quadrature over ln x of the equations in :func:`exact_months`."""
    from scipy.integrate import quad

    def days_per_ln_x(v: float) -> float:
        if training_days is None:
            return RESEARCH_DAYS * math.exp((1.0 - r) * v)
        k = RESEARCH_DAYS / (training_days * (r + 1.0))
        return RESEARCH_DAYS * math.exp(v) / math.sqrt(1.0 + k * math.expm1((r + 1.0) * v))

    ln_x = np.linspace(0.0, 12.0 * math.log(10.0) / r, 241)  # software grows by 12 OOM
    steps = [quad(days_per_ln_x, low, high)[0] for low, high in pairwise(ln_x)]
    return pd.DataFrame({"day": np.concatenate([[0.0], np.cumsum(steps)]), "software": np.exp(r * ln_x)})


def targets() -> list[Target]:
    """The numbers that the essay printed."""
    return [*_theory(), *_months(), *_multipliers(), *_effective_compute()]


def _research_days(n_column: str) -> float:
    """T with which a column comes back."""
    if n_column == "2":
        return SLOW_COLUMN_DAYS
    return RESEARCH_DAYS


def _doubling_months(n_column: str, research_days: float) -> float:
    """Months of 30 days in which software first doubles with labour fixed."""
    return research_days * math.expm1(math.log(2.0) / COLUMNS[n_column]) / DAYS_PER_SHEET_MONTH


def _theory() -> list[Target]:
    """The rule that software doublings per doubling of the pace become N + 1 when runs shorten as the pace rises."""
    law = {}
    for n in (5.0, 1.0):
        # alpha = 0, lam = mu = 1, rho = 0: the local exponent is 1 - 1/r = 1/N, and N = 1 has r = inf (here 100)
        r = 100.0
        if n > 1.0:
            r = n / (n - 1.0)
        outcomes = evaluate({**law_row(r, None), "mode": "shortening"}, levels=(1.0,))
        law[n] = float(outcomes.doublings_per_pace_doubling_shortened[0])
    times = [
        float(evaluate({**law_row(1.25, None), "mode": mode}, levels=(20.0,)).months_to[0, 0])
        for mode in ("none", "shortening")
    ]
    return [
        Target(SOURCE, "N with retraining, where it was 5", "6", 5.0 + 1.0, law=law[5.0]),
        Target(SOURCE, "N with retraining, where it was 1", "2", 1.0 + 1.0, law=law[1.0]),
        Target(
            SOURCE,
            "explosion longer with retraining by, % (theory, N = 5)",
            "20",
            100.0 * (6.0 / 5.0 - 1.0),
            reason="a pace that doubles every N doublings takes a time proportional to N; the law is asked for 20 OOM, "
            "which lasts a little less than to infinity",
            law=100.0 * (times[1] / times[0] - 1.0),
        ),
    ]


_PRINTED = {  # N: first doubling, no retraining, 100-day run, 30-day run; months as printed
    "4.3": ("1.4", "8", "27", "16"),
    "3": ("1.2", "5", "16", "10"),
    "2": ("1.1", "3", "10", None),
    "1.5": ("0.5", "1.3", "4.6", "3.2"),
}
_RUNS = {"no retraining": None, "retraining, 100-day first run": 100.0, "retraining, 30-day first run": 30.0}


def _months() -> list[Target]:
    """Months to infinity: the sheet's steps, then the same equations solved exactly."""
    rows = []
    for n_column, (doubling, *printed) in _PRINTED.items():
        r = COLUMNS[n_column]
        days = _research_days(n_column)
        at_60 = _doubling_months(n_column, RESEARCH_DAYS)
        own = _doubling_months(n_column, days)
        rows.append(_from_sheet(f"first software doubling, months, N = {n_column}", doubling, at_60, own, days))
        for (run, training_days), months in zip(_RUNS.items(), printed, strict=True):
            if months is None:
                continue
            quantity = f"months to infinity, {run}, N = {n_column}"
            at_60 = sheet_months(r, training_days)
            own = sheet_months(r, training_days, days)
            rows.append(_from_sheet(f"{quantity}: the sheet's daily steps", months, at_60, own, days))
            rows.append(_solved(f"{quantity}: its equations, solved exactly", months, own, r, training_days, days))
    in_days = DAYS_PER_SHEET_MONTH * _doubling_months("3", RESEARCH_DAYS)
    reason = "N = 3; the other columns have other first doublings"
    rows.append(Target(SOURCE, "days to double software with labour fixed", "35", in_days, reason=reason))
    return rows


def _from_sheet(quantity: str, published: str, at_60: float, own: float, days: float) -> Target:
    """A number as the sheet gives it with the common T; the slow column needs a T of its own."""
    if days == RESEARCH_DAYS:
        return Target(SOURCE, quantity, published, at_60)
    why = f"comes back with T = {days:g} days: this column does not share the 60 days of the others"
    return Target(SOURCE, quantity, published, at_60, "explained", why, instead=own)


def _solved(
    quantity: str, published: str, emulated: float, r: float, training_days: float | None, days: float
) -> Target:
    """Months to infinity in exact arithmetic, where the sheet's steps give ``emulated``."""
    if days != RESEARCH_DAYS:
        quantity += f" (T = {days:g})"
    exact = exact_months(r, training_days, days)
    recorded = "explained"
    if round(exact) == float(published):
        recorded = "exact"
    too_long = 100 * (emulated / exact - 1)
    reason = f"the printed number carries the error of daily Euler steps run to overflow ({too_long:.0f} % too long)"
    law = law_months(r, training_days, days)
    return Target(SOURCE, quantity, published, exact, recorded, reason, instead=emulated, law=law)


_PRINTED_MULTIPLIERS = {
    "100-day": {"4.3": "3.4", "3": "3.2", "2": "3", "1.5": "3.5"},
    "30-day": {"4.3": "2", "3": "2", "1.5": "2.5"},
}


def _multipliers() -> list[Target]:
    """How many times longer retraining makes the explosion."""
    rows = []
    for run, multipliers in _PRINTED_MULTIPLIERS.items():
        name = f"retraining, {run} first run"
        training_days = _RUNS[name]
        place = 1 + list(_RUNS).index(name)  # of the run's months in _PRINTED
        for n_column, printed in multipliers.items():
            r = COLUMNS[n_column]
            rounded = float(str(_PRINTED[n_column][place])) / float(str(_PRINTED[n_column][1]))
            days = _research_days(n_column)
            recorded = "explained"
            if len(printed) == 1:
                recorded = "exact"
            rows.append(
                Target(
                    SOURCE,
                    f"retraining multiplier, {run} first run, N = {n_column}, x, exact",
                    printed,
                    exact_months(r, training_days, days) / exact_months(r, None, days),
                    recorded,
                    f"the printed number is the ratio of the rounded months, {rounded:.3g}; daily steps lengthen the "
                    "faster sheet more, so the penalty is understated",
                    instead=rounded,
                    law=law_months(r, training_days, days) / law_months(r, None, days),
                )
            )
    return rows


def _effective_compute() -> list[Target]:
    """Cumulative effective training compute of the sheet with the 100-day run, N = 3."""
    rows = []
    table = np.empty((201, 2))
    sheet(COLUMNS["3"], 100.0, RESEARCH_DAYS, 1.0, table)
    for day, printed in ((60, "1.6"), (100, "2.5"), (200, "13")):
        rows.append(
            Target(
                SOURCE,
                f"effective training compute on day {day}, 1e29 FLOP",
                printed,
                float(table[day - 1, 1]),
                reason=f"days count from 1: row {day} has taken {day - 1} steps; one step more gives "
                f"{table[day, 1]:.3g}",
                matches="table",
            )
        )
    prose = np.empty((201, 2))
    sheet(2.0, 100.0, 64.0, 1.0, prose)
    why = "the prose tells of a faster run than the table; one with r = 2 and T = 64 days gives 4.8, 3.4 and 104"
    rows += [
        Target(
            SOURCE,
            "software after 60 days in the prose, x",
            "4",
            float(table[60, 0] ** COLUMNS["3"]),
            "not reproduced",
            why + "; 4 would be research doubled exactly once, with r = 2",
            "table",
            instead=float(prose[60, 0] ** 2),
        ),
        Target(
            SOURCE,
            "effective training compute after 100 days in the prose ('more than'), x",
            "3",
            float(table[100, 1]),
            "exact",
            why + "; the table's 2.56 rounds to 3 but is not more",
            "table",
        ),
        Target(
            SOURCE,
            "effective training compute after 200 days in the prose ('about'), x",
            "100",
            float(table[200, 1]),
            "explained",
            why,
            "table",
            instead=float(prose[200, 1]),
            is_about=True,
        ),
    ]
    return rows
