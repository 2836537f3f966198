"""A floor for the kernel: its transcendental calls, at the price of one such call in a bare loop.

Run as a script under ``NUMBA_DISABLE_JIT=1`` it counts, with the ``math`` of every module of the model replaced by one
that counts; imported, it measures the price.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

COUNTED = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "sqrt")
"""Functions of ``math`` that are counted."""

HIDDEN = {"step_factor": "pow", "power_of_two": "exp2"}
"""Functions of the model that hold a transcendental which ``math`` does not see (the operator ``**``)."""

OWN = {"exp_and_expm1": "exp", "ln_near_one": "log"}
"""Functions of the package that stand for one of ``math``, should there be any: name to the function replaced."""


class CountingMath:
    """The module ``math`` with a tally."""

    def __init__(self, tally: Counter[str]) -> None:
        """Wrap what is counted."""
        for name in dir(math):
            setattr(self, name, getattr(math, name))
        for name in COUNTED:
            setattr(self, name, counted(getattr(math, name), name, tally))


def counted(function: Callable[..., Any], name: str, tally: Counter[str]) -> Callable[..., Any]:
    """The function, counting its calls under a name."""

    def call(*arguments: Any) -> Any:
        tally[name] += 1
        return function(*arguments)

    return call


def count(n_draws: int) -> dict[str, dict[str, dict[str, float]]]:
    """Calls per draw by case, way of ours and function; for the interpreter only.

    Parameters
    ----------
    n_draws : int
        Draws of each case.

    Returns
    -------
    dict
        By case, "davidson_houlden" among them where the replica is there, and by contender.
    """
    from benchmarks.cases import dh_case, law_case, replica
    from benchmarks.peers.law import MODES

    inputs = {case.name: (case, case.draws(n_draws)) for case in (law_case(mode, quick=True) for mode in MODES)}
    if replica() is not None:
        case = dh_case(quick=True)
        inputs[case.name] = case, case.draws(n_draws)
    tally: Counter[str] = Counter()
    stand_in = CountingMath(tally)
    names = HIDDEN | OWN
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith(("mc_sie.model", "mc_sie.engine.cpu", "mc_sie.published.davidson_houlden")):
            continue
        if hasattr(module, "math") and not module_name.endswith(".elementary"):  # where OWN are: counted once, by name
            module.math = stand_in  # type: ignore[attr-defined]
        for name in names.keys() & vars(module).keys():
            setattr(module, name, counted(getattr(module, name), names[name], tally))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, (case, draws) in inputs.items():
        for one in case.contenders:
            if one.name.startswith("mc_sie"):
                tally.clear()
                one.run(draws, 1)
                calls = {function: calls / n_draws for function, calls in sorted(tally.items())}
                found.setdefault(name, {})[one.name] = calls
    return found


# --- The price of a call ----------------------------------------------------------------------------------------------


@numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
def _loops(kind: int, x: NDArray[np.float64]) -> float:
    """Sum of one function over an array; one loop a function, so that nothing but the call is in it."""
    total = 0.0
    if kind == 0:
        for value in x:
            total += math.exp(value)
    elif kind == 1:
        for value in x:
            total += 2.0**value
    elif kind == 2:
        for value in x:
            total += math.expm1(value)
    elif kind == 3:
        for value in x:
            total += math.log(value)
    elif kind == 4:
        for value in x:
            total += math.log2(value)
    elif kind == 5:
        for value in x:
            total += math.log10(value)
    elif kind == 6:
        for value in x:
            total += math.log1p(value)
    elif kind == 7:
        for value in x:
            total += value**-0.125
    elif kind == 8:
        for value in x:
            total += math.sqrt(value)
    return total


def prices(n_rounds: int = 15) -> dict[str, float]:
    """Nanoseconds of one call of each counted function, the median of some rounds.

    Parameters
    ----------
    n_rounds : int
        Rounds.

    Returns
    -------
    dict of str to float
        By name.
    """
    x = np.random.default_rng(0).uniform(0.05, 3.0, 20_000)
    found = {}
    for kind, name in enumerate(COUNTED):
        _loops(kind, x)
        seconds = []
        for _ in range(n_rounds):
            started = time.perf_counter()
            _loops(kind, x)
            seconds.append(time.perf_counter() - started)
        found[name] = 1e9 * statistics.median(seconds) / len(x)
    return found


def floors(
    counts: dict[str, dict[str, dict[str, float]]], nanoseconds: dict[str, float]
) -> dict[str, dict[str, dict[str, Any]]]:
    """The floor of every case.

    Parameters
    ----------
    counts, nanoseconds : dict
        From :func:`count` and :func:`prices`.

    Returns
    -------
    dict
        By case and contender: ``calls_per_draw`` by function and in all, and ``floor_us`` per draw.
    """
    return {
        case: {
            name: {
                "calls_per_draw": calls,
                "all_calls_per_draw": sum(calls.values()),
                "floor_us": sum(number * nanoseconds[function] for function, number in calls.items()) / 1e3,
            }
            for name, calls in ours.items()
        }
        for case, ours in counts.items()
    }


if __name__ == "__main__":
    print(json.dumps(count(int(sys.argv[1]))))
