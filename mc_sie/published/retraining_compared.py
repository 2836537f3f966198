"""Davidson's (2025) figures on the cost of retraining beside ours: on the essay's inputs, and under a prior set."""

from __future__ import annotations

import math

import pandas as pd

from mc_sie.analysis.comparison.retraining import PROBS, Retraining
from mc_sie.engine.given import arrays_of
from mc_sie.engine.pace_doubling import doublings_to_double_pace
from mc_sie.engine.run import evaluate
from mc_sie.published.davidson_retraining import COLUMNS, law_row, with_retraining

_N = 5.0  # the essay's example, in which r = N/(N - 1)
_COLUMN = "3"  # of its tables
_PRINTED_TIMES = {100.0: 3.0, 30.0: 2.0}
"""How many times longer the explosion takes with retraining, by days of the first run."""


def beside_essay(found: Retraining) -> pd.DataFrame:
    """The essay's figures, our law on its inputs, and a prior set.

    Parameters
    ----------
    found : Retraining
        The cost of retraining under the set.

    Returns
    -------
    pandas.DataFrame
        One row a figure: ``figure``, ``unit``, ``essay`` (as printed, about the time to infinity), ``on_its_inputs``
        (our law, to the gain of ``found``), and under the prior ``median``, ``se``, ``q05``, ``q95``: of times in the
        draws that have the event without retraining, since the essay speaks of explosions.
    """
    theory = law_row(_N / (_N - 1.0), None)
    gain = found.gain_ooms
    longer = _months(theory | {"mode": "shortening"}, gain) / _months(theory, gain)
    low, middle, high = (f"hit_delay_q{100 * prob:02.0f}" for prob in PROBS)
    shortened = _of(found, "shortening", math.nan)
    rows = [
        {
            "figure": f"longer with retraining that adds a doubling to each (essay: N = {_N:g})",
            "unit": "%",
            "essay": 100.0 * (with_retraining(_N) / _N - 1.0),
            "on_its_inputs": 100.0 * (longer - 1.0),
            "median": 100.0 * (shortened[middle] - 1.0),
            "se": 100.0 * shortened[f"se_{middle}"],
            "q05": 100.0 * (shortened[low] - 1.0),
            "q95": 100.0 * (shortened[high] - 1.0),
        }
    ]
    r = COLUMNS[_COLUMN]
    for days, printed in _PRINTED_TIMES.items():
        row = _of(found, "continual", days)
        rows.append(
            {
                "figure": f"times as long with continual retraining, {days:g}-day first run (essay: N = {_COLUMN})",
                "unit": "x",
                "essay": printed,
                "on_its_inputs": _months(law_row(r, days), gain) / _months(law_row(r, None), gain),
                "median": row[middle],
                "se": row[f"se_{middle}"],
                "q05": row[low],
                "q95": row[high],
            }
        )
    for words, mode, printed in (("without", "none", _N), ("with", "shortening", with_retraining(_N))):
        row = _of(found, mode, math.nan)
        arrays, n = arrays_of(theory | {"mode": mode}, "quantities")
        rows.append(
            {
                "figure": f"N {words} retraining: software doublings for each doubling of the pace",
                "unit": "1",
                "essay": printed,
                "on_its_inputs": float(doublings_to_double_pace(arrays, n, float(arrays["horizon_months"][0]))[0]),
                "median": row["doublings_q50"],
                "se": row["se_doublings_q50"],
                "q05": row["doublings_q05"],
                "q95": row["doublings_q95"],
            }
        )
    return pd.DataFrame(rows)


def _of(found: Retraining, mode: str, days: float) -> dict[str, float]:
    """The row of a mode and a length of the first run; nan: as in the prior."""
    cases = found.cases
    has_days = cases["run_days"].isna() if math.isnan(days) else cases["run_days"] == days
    (row,) = cases[(cases["mode"] == mode) & has_days].to_dict("records")
    return {str(name): value for name, value in row.items()}


def _months(row: dict[str, object], gain: float) -> float:
    """Months to a gain in one draw."""
    return float(evaluate(row, levels=(gain,)).months_to[0, 0])  # type: ignore[arg-type]
