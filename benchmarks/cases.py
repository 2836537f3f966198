"""What is compared: draws, contenders and references."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.law import MODES
from mc_sie import evaluate, load_prior
from mc_sie.engine.hits import hits_of
from mc_sie.events import HEADLINE, parse_event
from mc_sie.model.status import ENDS
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, QUANTITIES
from mc_sie.quantities import MODES as ALL_MODES
from mc_sie.sampling import plan, points

REPOSITORY = Path(__file__).resolve().parent.parent
PRIOR = "davidson-2025"
"""Prior set of every case of our law; the mode is set case by case."""

Inputs = Mapping[str, NDArray[Any]]
Result = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Contender:
    """One way to compute a case.

    Attributes
    ----------
    name : str
        As in the table.
    run : callable
        From inputs and a number of threads to outcomes by name.
    n_draws : int
        Draws in each timed call.
    threads : tuple of int
        Numbers of processors it is timed on.
    is_ours : bool
        What the others are compared with.
    takes_all : bool
        Whether it takes all outcomes, or what its name says.
    """

    name: str
    run: Callable[[Inputs, int], Result]
    n_draws: int
    threads: tuple[int, ...] = (1,)
    is_ours: bool = False
    takes_all: bool = True


@dataclass(frozen=True)
class Case:
    """A model with its contenders."""

    name: str
    draws: Callable[[int], dict[str, NDArray[Any]]]
    contenders: tuple[Contender, ...]


# --- Our law ----------------------------------------------------------------------------------------------------------


def law_draws(mode: str, n: int) -> dict[str, NDArray[Any]]:
    """Draws of a shipped prior set with the retraining mode fixed.

    Parameters
    ----------
    mode : str
        Retraining mode.
    n : int
        Draws.

    Returns
    -------
    dict of str to array of shape (n,)
        Quantities by code name.
    """
    prior = load_prior(PRIOR)
    design = plan(n, n_replicates=2)
    where = {name: points(design, QUANTITIES[name].dimension, 0, n) for name in prior.dimensions}
    return {**prior.values(where), "mode": np.full(n, ALL_MODES.index(mode), dtype=np.int8)}


def _ours(inputs: Inputs, threads: int) -> Result:
    found = evaluate(inputs, threads=threads)
    return {name: getattr(found, name) for name in vars(found) if name not in ("levels", "widths", "mode", "status")}


def _ours_one_event(inputs: Inputs, threads: int) -> Result:
    def rows_of(start: int, stop: int) -> dict[str, NDArray[Any]]:
        return {name: array[start:stop] for name, array in inputs.items()}

    n = len(inputs["mode"])
    found = hits_of(rows_of, n, HORIZON_MONTHS_DEFAULT, parse_event(HEADLINE), threads=threads)
    return {"event": found.holds}


def _peer(module: str, mode: str) -> Callable[[Inputs, int], Result]:
    def run(inputs: Inputs, threads: int) -> Result:
        found: Result = import_module(f"benchmarks.peers.{module}").simulate(inputs, mode)
        return found

    return run


def law_case(mode: str, *, quick: bool) -> Case:
    """Our law in one retraining mode, all outcomes.

    Parameters
    ----------
    mode : str
        Retraining mode.
    quick : bool
        With fewer draws.

    Returns
    -------
    Case
        The case.
    """
    scale = 1 if quick else 2
    both = (1, 2)
    contenders = [
        Contender("mc_sie", _ours, 32768 * scale, both, is_ours=True),
        Contender("mc_sie, one event", _ours_one_event, 131072 * scale, both, takes_all=False),
        Contender("NumPy, chunked", _peer("law_numpy", mode), 2048 * scale),
        Contender("JAX, jit", _peer("law_jax", mode), 2048 * scale, both),
        Contender("SciPy solve_ivp", _peer("law_scipy", mode), 8 * scale),
    ]
    if quick and mode in ("shortening", "continual"):  # XLA compiles each for a quarter of a minute
        contenders = [one for one in contenders if "JAX" not in one.name]
    return Case(mode, lambda n: law_draws(mode, n), tuple(_available(contenders)))


def _available(contenders: list[Contender]) -> list[Contender]:
    """Those whose library is installed."""
    return [one for one in contenders if "JAX" not in one.name or find_spec("jax") is not None]


def law_reference(mode: str, n: int) -> dict[str, NDArray[Any]]:
    """High-precision outcomes of the first draws of a case, from the slow reference of the tests.

    Parameters
    ----------
    mode : str
        Retraining mode.
    n : int
        Draws.

    Returns
    -------
    dict of str to array
        Outcomes by code name, codes as numbers.
    """
    sys.path.insert(0, str(REPOSITORY / "tests"))
    solve = import_module("naive").solve
    sys.path.pop(0)
    draws = {name: values.tolist() for name, values in law_draws(mode, n).items()}
    rows = []
    for i in range(n):
        row = solve({name: mode if name == "mode" else values[i] for name, values in draws.items()})
        row["end"] = ENDS.index(row["end"])
        rows.append({name: list(v.values()) if isinstance(v, dict) else v for name, v in row.items()})
    if mode != "from_scratch":
        rows = [{**row, "n_deployments": 0} for row in rows]
    names = [name for name in rows[0] if name != "deployments"]
    return {name: np.array([row[name] for row in rows]) for name in names}


# --- Davidson & Houlden -----------------------------------------------------------------------------------------------

_DH_BOUNDS = {
    "f": (2.0, 32.0, "speedup_initial"),
    "r0": (0.4, 3.6, "r"),
    "limit_years": (6.0, 16.0, "limit_ooms"),
    "p": (0.15, 0.6, "lam"),
}
"""Their priors, and the dimension of the sample that each uses."""


def dh_draws(n: int) -> dict[str, NDArray[Any]]:
    """Draws from Davidson & Houlden's priors: log-uniform, years of progress uniform.

    Parameters
    ----------
    n : int
        Draws.

    Returns
    -------
    dict of str to array of shape (n,)
        ``f``, ``r0``, ``limit_years``, ``p``.
    """
    design = plan(n, n_replicates=2)
    found = {}
    for name, (low, high, quantity) in _DH_BOUNDS.items():
        u = points(design, QUANTITIES[quantity].dimension, 0, n)
        found[name] = low + (high - low) * u if name == "limit_years" else low * (high / low) ** u
    return found


@cache
def replica() -> Any:
    """The project's own replica of the published simulator, None where it is not there yet."""
    try:
        return import_module("mc_sie.published.davidson_houlden")
    except ModuleNotFoundError:
        return None


def _our_replica(inputs: Inputs, threads: int) -> Result:
    """The one place that knows how the replica is called: its kernel, on threads that take whole batches."""
    from concurrent.futures import ThreadPoolExecutor

    module = replica()
    table = np.column_stack([inputs[name] for name in ("f", "r0", "limit_years", "p")])
    n, batch = len(table), 1 << 14
    hits = np.empty(n, dtype=np.bool_)

    def one(start: int) -> None:
        here = slice(start, start + batch)
        module.event_rows(table[here], module.Rules(), 48.0, 1, 24, 12.0, np.empty(24), hits[here])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(0, n, batch)))
    return {"event": hits}


def _dh_peer(module: str, **options: bool) -> Callable[[Inputs, int], Result]:
    def run(inputs: Inputs, threads: int) -> Result:
        arrays = [inputs[name] for name in ("f", "r0", "limit_years", "p")]
        how = {"threads": threads} if module.endswith("numba") else {}
        return {"event": import_module(f"benchmarks.peers.{module}").simulate(*arrays, **how, **options)}

    return run


def dh_case(*, quick: bool) -> Case:
    """Davidson & Houlden base, the one event "3 years of progress in 12 months".

    Parameters
    ----------
    quick : bool
        With fewer draws.

    Returns
    -------
    Case
        The case; without ours where the replica is not there yet.
    """
    n = 2**18 if quick else 2**20
    both = (1, 2)
    contenders = [
        Contender("mc_sie replica", _our_replica, n, both, is_ours=True),
        Contender("numba, straightforward", _dh_peer("davidson_houlden_numba"), n, both),
        Contender("numba, stopping at the event", _dh_peer("davidson_houlden_numba", stops=True), n, both),
        Contender("NumPy, chunked", _dh_peer("davidson_houlden_numpy"), n),
        Contender("JAX, jit", _dh_peer("davidson_houlden_jax"), n, both),
    ]
    if replica() is None:
        contenders = contenders[1:]
    return Case("davidson_houlden", dh_draws, tuple(_available(contenders)))


def dh_reference() -> tuple[dict[str, NDArray[Any]], NDArray[Any]]:
    """Rows of the unmodified public simulator (option base) and whether the event happens in each.

    Returns
    -------
    inputs : dict of str to array
        As :func:`dh_draws`.
    events : array of bool
        One entry a row.
    """
    with (REPOSITORY / "benchmarks" / "data" / "davidson_houlden_base.csv").open() as file:
        rows = list(csv.DictReader(file))
    inputs = {name: np.array([float(row[name]) for row in rows]) for name in _DH_BOUNDS}
    return inputs, np.array([row["ge3y_12m"] == "1" for row in rows])


def cases(*, quick: bool) -> list[Case]:
    """Every case, in the order of the table.

    Parameters
    ----------
    quick : bool
        With fewer draws.

    Returns
    -------
    list of Case
        The cases.
    """
    return [dh_case(quick=quick), *(law_case(mode, quick=quick) for mode in MODES)]


# --- Processors -------------------------------------------------------------------------------------------------------


def use_processors(n: int) -> int:
    """Confine every thread of this process, those of the libraries too, to n processors, where the system can.

    Parameters
    ----------
    n : int
        Processors wanted; 0 for all there are.

    Returns
    -------
    int
        Processors in use.
    """
    if not hasattr(os, "sched_setaffinity"):
        return os.cpu_count() or 1
    chosen = sorted(_processors())[: n or None]
    for thread in Path("/proc/self/task").iterdir():
        try:
            os.sched_setaffinity(int(thread.name), chosen)
        except ProcessLookupError:  # it has just ended
            continue
    return len(chosen)


@cache
def _processors() -> frozenset[int]:
    return frozenset(os.sched_getaffinity(0))
