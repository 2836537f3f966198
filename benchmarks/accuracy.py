"""How far each contender is from a high-precision reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import Case, Inputs, dh_reference, law_reference

TIMES = ("months_to", "best_window_months")
GAINS = ("best_gain_ooms", "first_year_ooms")
CODES = ("limit_reached", "n_deployments", "end")


def misses(found: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.float64]:
    """Smaller of the absolute and the relative difference, 0 where both are the same infinity.

    Parameters
    ----------
    found, wanted : array
        Values.

    Returns
    -------
    array
        inf where one is finite and the other is not.
    """
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    with np.errstate(all="ignore"):
        difference = np.abs(found - wanted)
        smaller = np.fmin(difference, difference / np.abs(wanted))
    return np.where(found == wanted, 0.0, np.where(np.isnan(smaller), np.inf, smaller))


def of_law(case: Case, n: int) -> dict[str, Any]:
    """Errors of every contender of a case of our law.

    Parameters
    ----------
    case : Case
        The case.
    n : int
        Draws that the reference solves.

    Returns
    -------
    dict
        By contender: ``times`` and ``gains`` (median, 99 % and worst error over draws and levels), ``codes`` (values
        that differ) and ``by_outcome``.
    """
    inputs = case.draws(n)
    wanted = law_reference(case.name, n)
    report = {}
    for contender in case.contenders:
        if contender.takes_all:
            report[contender.name] = _compared(dict(contender.run(inputs, 1)), wanted)
    return report


def _compared(found: Inputs, wanted: Inputs) -> dict[str, Any]:
    errors = {name: misses(found[name], wanted[name]) for name in wanted if name in found and name not in CODES}

    def spread(names: tuple[str, ...]) -> dict[str, float]:
        together = np.concatenate([errors[name].ravel() for name in names])
        return {
            "median": float(np.median(together)),
            "q99": float(np.quantile(together, 0.99)),
            "worst": float(together.max()),
        }

    return {
        "times": spread(TIMES),
        "gains": spread(GAINS),
        "codes_that_differ": int(sum((np.asarray(found[name]) != wanted[name]).sum() for name in CODES)),
        "by_outcome": {name: spread((name,)) for name in errors},
    }


def of_davidson_houlden(case: Case) -> dict[str, Any]:
    """Rows of the public simulator in which each contender says otherwise.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    dict
        By contender: ``n_rows``, ``events_that_differ``.
    """
    inputs, events = dh_reference()
    return {
        contender.name: {
            "n_rows": len(events),
            "events_that_differ": int((np.asarray(contender.run(inputs, 1)["event"]) != events).sum()),
        }
        for contender in case.contenders
    }
