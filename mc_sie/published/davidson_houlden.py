"""Davidson & Houlden (2025), "How quick and big would a software intelligence explosion be?", Forethought.

4 August 2025. Their public simulator (Accelerated_AI_Progress, July 2026) doubles labour-equivalent software again and
again. Each doubling takes as long as a doubling time dt says; after it the returns r fall by r0/D, where D = 8
doublings for each of the "years of progress" left before limits, and ``dt *= 2^x`` with ``x = p (1/r - 1)``. Options of
the simulator, and readings of the article that differ from its code, are :data:`OPTIONS`.

An event is a number of doublings within a number of months, in some window that starts at a doubling, in strictly less
than the window; 8 doublings are one year of progress.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mc_sie._jit import njit, part
from mc_sie.engine.batches import Progress, in_batches, n_threads
from mc_sie.errors import InputError, nearest
from mc_sie.quantities import QUANTITIES
from mc_sie.sampling import Design, points
from mc_sie.stats.estimates import Estimate, estimate_probability
from mc_sie.units import LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS, MONTHS_PER_YEAR

SOURCE = "Davidson & Houlden 2025"
DOUBLING_MONTHS = 3.0
"""Doubling time of labour-equivalent software before automation."""
HORIZON_MONTHS = 48.0
"""The simulator takes no step that starts later."""
RAMP_MONTHS = 60.0
"""Length of the gradual boost."""
BOOST_AT_FIRST = 0.1
"""f at the start of the gradual boost."""
MARKS = (1, 2, 4, 8, 16, 32, 64)
"""Doublings whose times a table of rows shows."""
EVENTS = {"ge3y_12m": (24, 12.0), "ge3y_4m": (26, 4.0), "ge10y_12m": (80, 12.0), "ge10y_4m": (80, 4.0),
          "d17_12m": (17, 12.0)}  # fmt: skip
"""Events as coded, (doublings, months): ``int(months/12 * 8 * speed-up)`` doublings, so that "3 years in 4 months" is
int(26.67) = 26 doublings, 3.25 years."""

_LN_2 = math.log(2.0)

_CLEAR = 1e-9
"""A bound decides an event only if it clears the window by so much of it: far more than rounding."""

_BATCH = 1 << 14
"""Draws that a thread takes at a time."""

_NONE, _AS_CODED, _AS_WRITTEN = 0, 1, 2  # retraining exponent
_EXPONENTIAL, _LINEAR = 1, 2  # ramp of the boost


@dataclass(frozen=True)
class Option:
    """One variant of the simulator.

    Attributes
    ----------
    meaning : str
        What it is.
    retraining : int
        0 none; 1 as coded, ``x / abs(x + 1)``; 2 as the article writes it, ``x / (1 + abs(x))``.
    ramp : int
        0 none; 1 the boost grows exponentially over five years; 2 linearly.
    is_constant_r : bool
        r does not fall.
    is_exponent_first : bool
        The exponent is taken before r falls (the article's pseudocode), not after (the code).
    is_boost_added : bool
        The first doubling takes 3/(1 + f) months, not 3/f.
    """

    meaning: str
    retraining: int = _NONE
    ramp: int = 0
    is_constant_r: bool = False
    is_exponent_first: bool = False
    is_boost_added: bool = False


OPTIONS: dict[str, Option] = {
    "base": Option("main results, as coded"),
    "retraining": Option("retraining as coded, x / abs(x + 1)", retraining=_AS_CODED),
    "retraining_fixed": Option("retraining as the article writes it, x / (1 + abs(x))", retraining=_AS_WRITTEN),
    "constant_r": Option("returns do not fall", is_constant_r=True),
    "gradual": Option("gradual boost with the exponential ramp of the code", ramp=_EXPONENTIAL),
    "gradual_linear": Option("gradual boost with the linear ramp of the article", ramp=_LINEAR),
    "pseudocode": Option("exponent taken before r falls, as in the article's pseudocode", is_exponent_first=True),
    "one_plus_f": Option("first doubling 3/(1 + f) months, as in the single run", is_boost_added=True),
}
"""The simulator's options and the readings of the article, by name."""

BOUNDS = {"f": (2.0, 32.0), "r0": (0.4, 3.6), "limit_years": (6.0, 16.0), "p": (0.15, 0.6)}
"""Priors: log-uniform, ``limit_years`` uniform."""
BOUNDS_GRADUAL = {**BOUNDS, "r0": (0.567, 5.1), "limit_years": (9.0, 19.0)}
"""Priors of the gradual boost, which starts earlier."""
INPUTS = ("f", "r0", "limit_years", "p")
"""Columns that a row needs beside ``option``."""
INPUTS_HIGH = 1000.0
"""Largest value of any of them."""
INPUT_MEANINGS = {
    "option": f"variant of the simulator, one of {', '.join(OPTIONS)}",
    "f": "initial speed-up of software progress, x",
    "r0": "initial returns to software R&D",
    "limit_years": "years of recent progress left before limits, 8 doublings each",
    "p": "lambda times the labour share",
}
OUTCOMES = ("dt0", "n_doublings", *(f"t_d{mark}" for mark in MARKS), "t_last", "final_r", *EVENTS)
"""Columns that a row gets."""
_DIMENSION_OF = {"f": "speedup_initial", "r0": "r", "limit_years": "limit_ooms", "p": "lam"}


# --- One run ---------------------------------------------------------------------------------------------------------


@njit
def retrained(x: float, retraining: int) -> float:
    """Exponent on the doubling time once retraining is allowed for.

    Parameters
    ----------
    x : float
        Exponent without it, ``p (1/r - 1)``; negative when progress accelerates.
    retraining : int
        0 none, 1 as coded, 2 as the article writes it.

    Returns
    -------
    float
        As coded, an accelerating x is divided by ``1 - abs(x)`` and so grows: retraining speeds progress up. As
        written it shrinks, N doublings becoming N + 1.
    """
    if retraining == _AS_CODED:
        return x / abs(x + 1.0) if x != -1.0 else -math.inf
    if retraining == _AS_WRITTEN:
        return x / (1.0 + abs(x))
    return x


@njit
def power_of_two(x: float) -> float:
    """``2^x``, inf where that is no finite double."""
    return math.inf if x >= 1024.0 else np.exp2(x)


@njit
def doubling_times(
    f: float, r0: float, limit_doublings: float, p: float, retraining: int, ramp: int, is_constant_r: bool,
    is_exponent_first: bool, first_months: float, horizon_months: float, cuts: int, times: NDArray[np.float64],
) -> tuple[int, float]:  # fmt: skip
    """Months after each doubling of one run.

    Parameters
    ----------
    f, r0, limit_doublings, p : float
        Initial speed-up, initial returns, doublings before limits, and lambda times the labour share.
    retraining, ramp, is_constant_r, is_exponent_first
        As in :class:`Option`.
    first_months : float
        Months of the first doubling.
    horizon_months : float
        No step starts later; inf for none.
    cuts : int
        Steps in each doubling. 1 is the published simulator; more approach the continuous law.
    times : array
        Receives 0 and then the months after each step, as far as it is long.

    Returns
    -------
    n_steps : int
        Steps taken.
    final_r : float
        Returns after the last.

    Notes
    -----
    In finer steps each takes ``dt/cuts``, r falls by ``r0/(D cuts)`` and the exponent is ``x/cuts``, so that in the
    limit ``d log2(dt) / d k = x(r(k))``, which is our law with rho = 0.
    """
    step, elapsed, boost, r = first_months / cuts, 0.0, BOOST_AT_FIRST, r0
    n = 0
    times[0] = 0.0
    fall = 0.0 if is_constant_r else r0 / (limit_doublings * cuts)
    while n < limit_doublings * cuts and r > 0.0 and elapsed < horizon_months and n + 1 < times.shape[0]:
        elapsed += step
        n += 1
        times[n] = elapsed
        before = r
        r -= fall
        if r > 0.0:
            x = p * (1.0 / (before if is_exponent_first else r) - 1.0)
            step *= power_of_two(retrained(x, retraining) / cuts)
            if ramp != 0 and elapsed < RAMP_MONTHS:
                share = elapsed / RAMP_MONTHS
                if ramp == _EXPONENTIAL:
                    new = BOOST_AT_FIRST * (f / BOOST_AT_FIRST) ** share
                else:
                    new = BOOST_AT_FIRST + (f - BOOST_AT_FIRST) * share
                step *= (1.0 + boost) / (1.0 + new)
                boost = new
    return n, r


@njit
def most_within(times: NDArray[np.float64], n: int, months: float) -> int:
    """Most steps in any window that starts at a step and ends strictly within so many months."""
    most, start = 0, 0
    for end in range(1, n + 1):
        while start < end and not times[end] - times[start] < months:
            start += 1
        most = max(most, end - start)
    return most


@njit
def run_rows(
    inputs: NDArray[np.float64], retraining: int, ramp: int, is_constant_r: bool, is_exponent_first: bool,
    is_boost_added: bool, horizon_months: float, cuts: int, windows: NDArray[np.float64], times: NDArray[np.float64],
    most: NDArray[np.int32], first: NDArray[np.int32],
) -> None:  # fmt: skip
    """Count the doublings of many runs.

    Parameters
    ----------
    inputs : array of shape (n, 4)
        f, r0, limit_years and p of each row.
    retraining, ramp, is_constant_r, is_exponent_first, is_boost_added, horizon_months, cuts
        As in :func:`doubling_times` and :class:`Option`.
    windows : array of shape (W,)
        Windows, months.
    times : array
        Work space, longer than any run.
    most, first : array of shape (n, W), int32
        Receive the most steps in any window, and those in the first months.
    """
    for i in range(inputs.shape[0]):
        f, r0, p = inputs[i, 0], inputs[i, 1], inputs[i, 3]
        n, _ = doubling_times(
            f, r0, 8.0 * inputs[i, 2], p, retraining, ramp, is_constant_r, is_exponent_first,
            _first_months(f, ramp, is_boost_added), horizon_months, cuts, times,
        )  # fmt: skip
        for w in range(windows.shape[0]):
            most[i, w] = most_within(times, n, windows[w])
            count = 0
            while count < n and times[count + 1] < windows[w]:
                count += 1
            first[i, w] = count


@part
def sum_at_most(step: float, n_steps: int, growth: float) -> float:
    """Upper bound on the sum of steps whose logarithm is convex, the last at most 2^growth times the first.

    A convex sequence lies below its chord, and ``2^y`` below ``1 + y`` from 0 to 1 and ``1 + y/2`` from -1 to 0.
    """
    if growth > 1.0:
        return math.inf
    return n_steps * step * (1.0 + (0.5 * growth if growth > 0.0 else 0.25 * max(growth, -1.0)))


@njit
def holds_event(
    f: float, r0: float, limit_doublings: float, p: float, retraining: int, is_constant_r: bool,
    is_exponent_first: bool, first_months: float, horizon_months: float, cuts: int, wanted: int, months: float,
    ring: NDArray[np.float64],
) -> bool:  # fmt: skip
    """True where so many steps fall within so many months in some window of one run without a ramp.

    Parameters
    ----------
    f, r0, limit_doublings, p, retraining, is_constant_r, is_exponent_first, first_months, horizon_months, cuts
        As in :func:`doubling_times`.
    wanted : int
        Steps asked for.
    months : float
        Window, strict.
    ring : array, at least ``wanted`` long
        Work space.

    Returns
    -------
    bool
        What :func:`doubling_times` and :func:`most_within` tell, mostly after a few steps.

    Notes
    -----
    Steps get shorter while r is above 1 and longer from there on, and their logarithm is convex in their number. So a
    run is decided as soon as the shortest step, times ``wanted``, is too long; as soon as the steps that are missing
    from the first window are sure to come and to fit (:func:`sum_at_most`); where steps only grow, as soon as they
    cannot fit although each grew no more than the next (``e^y >= 1 + y``); or once a window past the shortest step is
    no better than the one before.
    """
    step, elapsed, within, shortest, r = first_months / cuts, 0.0, 0.0, math.inf, r0
    fall = 0.0 if is_constant_r else r0 / (limit_doublings * cuts)
    last = limit_doublings * cuts
    only_grow = (r if is_exponent_first else r - fall) <= 1.0
    n = 0
    place = 0
    while n < last and r > 0.0 and elapsed < horizon_months:
        following = r if is_exponent_first else r - fall  # the r of the next exponent
        missing = wanted - n
        if missing > 0 and following > 0.0:
            exponent = retrained(p * (1.0 / following - 1.0), retraining) / cuts
            if following <= 1.0:
                shortest = min(shortest, step)
                if wanted * shortest >= months:
                    return False
                if only_grow:
                    at_least = missing * step * (1.0 + 0.5 * (missing - 1) * _LN_2 * exponent)
                    if elapsed + at_least > months * (1.0 + _CLEAR):
                        return False
            if wanted <= last and r - missing * fall > 0.0:
                final = retrained(p * (1.0 / (following - (missing - 2) * fall) - 1.0), retraining) / cuts
                growth = 0.5 * (missing - 1) * (exponent + final)  # x is convex, so at most this
                if retraining != _NONE:
                    growth = 0.0 if final <= 0.0 else math.inf
                at_most = elapsed + sum_at_most(step, missing, growth)
                if at_most < min(months, horizon_months) * (1.0 - _CLEAR):
                    return True
        elapsed += step
        within += step
        n += 1
        if missing <= 0:
            within -= ring[place]
        ring[place] = step
        place = place + 1 if place + 1 < wanted else 0
        if n >= wanted and within < months:
            return True
        before = r
        r -= fall
        if r <= 0.0 or (n >= wanted and r <= 1.0 and step >= ring[place]):
            return False
        x = p * (1.0 / (before if is_exponent_first else r) - 1.0)
        step *= power_of_two(retrained(x, retraining) / cuts)
    return False


@njit
def event_rows(
    inputs: NDArray[np.float64], retraining: int, is_constant_r: bool, is_exponent_first: bool, is_boost_added: bool,
    horizon_months: float, cuts: int, wanted: int, months: float, ring: NDArray[np.float64], hits: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Say of many runs without a ramp whether the event holds; arguments as in :func:`holds_event`."""
    for i in range(inputs.shape[0]):
        f = inputs[i, 0]
        hits[i] = holds_event(
            f, inputs[i, 1], 8.0 * inputs[i, 2], inputs[i, 3], retraining, is_constant_r, is_exponent_first,
            _first_months(f, 0, is_boost_added), horizon_months, cuts, wanted, months, ring,
        )  # fmt: skip


@njit
def _first_months(f: float, ramp: int, is_boost_added: bool) -> float:
    """Months of the first doubling: 3/1.1 in the gradual boost, else 3/f or 3/(1 + f)."""
    if ramp != 0:
        return DOUBLING_MONTHS / (1.0 + BOOST_AT_FIRST)
    return DOUBLING_MONTHS / (1.0 + f) if is_boost_added else DOUBLING_MONTHS / f


# --- Given rows ------------------------------------------------------------------------------------------------------


def option_named(name: str, where: str = "option") -> Option:
    """An option by its name.

    Parameters
    ----------
    name : str
        A key of :data:`OPTIONS`.
    where : str
        Place, for the error.

    Returns
    -------
    Option
        The variant.

    Raises
    ------
    InputError
        For a name nobody knows.
    """
    if name not in OPTIONS:
        raise InputError(f"{where} = {name!r}", "is no option of the simulator", nearest(name, OPTIONS))
    return OPTIONS[name]


def evaluate(options: Sequence[str], inputs: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.generic]]:
    """Run the simulator on given rows.

    Parameters
    ----------
    options : sequence of str, length n
        Keys of :data:`OPTIONS`.
    inputs : mapping of str to array_like of shape (n,)
        ``f``, ``r0``, ``limit_years``, ``p``; positive.

    Returns
    -------
    dict of str to array of shape (n,)
        ``dt0`` (months of the first doubling), ``n_doublings``, ``t_d1`` ... ``t_d64`` (months after so many doublings,
        nan where there are fewer), ``t_last``, ``final_r``, and each of :data:`EVENTS` as 0 or 1.
    """
    columns = {name: np.asarray(inputs[name], dtype=np.float64) for name in INPUTS}
    n = len(options)
    out: dict[str, NDArray[np.generic]] = {"dt0": np.empty(n), "n_doublings": np.empty(n, dtype=np.int64)}
    out.update({f"t_d{mark}": np.full(n, np.nan) for mark in MARKS})
    out.update({"t_last": np.empty(n), "final_r": np.empty(n)})
    out.update({name: np.zeros(n, dtype=np.int64) for name in EVENTS})
    doublings = LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * columns["limit_years"]
    times = np.empty(_length(float(doublings.max(initial=0.0)), 1))
    for i, name in enumerate(options):
        option = option_named(name)
        f = float(columns["f"][i])
        first = _first_months(f, option.ramp, option.is_boost_added)
        with np.errstate(over="ignore"):  # as in simulate
            taken, final_r = doubling_times(
                f, float(columns["r0"][i]), float(doublings[i]), float(columns["p"][i]), option.retraining, option.ramp,
                option.is_constant_r, option.is_exponent_first, first, HORIZON_MONTHS, 1, times,
            )  # fmt: skip
        out["dt0"][i], out["n_doublings"][i], out["t_last"][i], out["final_r"][i] = first, taken, times[taken], final_r
        for mark in MARKS:
            if mark <= taken:
                out[f"t_d{mark}"][i] = times[mark]
        for event, (wanted, months) in EVENTS.items():
            out[event][i] = most_within(times, taken, months) >= wanted
    return out


def _length(limit_doublings: float, cuts: int) -> int:
    """Room for the times of any run: one more step than the limit, the start, and one to spare."""
    return math.ceil(limit_doublings * cuts) + 3


# --- Draws from the priors -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Doublings of every draw under one option.

    Attributes
    ----------
    design : Design
        Scheme, seed and sizes.
    windows : tuple of float
        Windows, months.
    cuts : int
        Steps in a doubling.
    most, first : array of shape (n, W), int32
        Most steps in any window, and steps in the first months.
    """

    design: Design
    windows: tuple[float, ...]
    cuts: int
    most: NDArray[np.int32]
    first: NDArray[np.int32]

    def hits(self, doublings: float, months: float, *, from_start: bool = False) -> NDArray[np.bool_]:
        """In which draws so many doublings fall within a window.

        Parameters
        ----------
        doublings : float
            At least so many; a part of one counts where steps are finer.
        months : float
            One of ``windows``.
        from_start : bool
            Count the first months only.

        Returns
        -------
        array of shape (n,), bool
            One entry a draw.
        """
        counts = self.first if from_start else self.most
        wanted = math.ceil(doublings * self.cuts - 1e-9)
        return np.asarray(counts[:, self.windows.index(months)] >= wanted)

    def probability(self, doublings: float, months: float, *, from_start: bool = False) -> Estimate:
        """Probability of so many doublings within a window, with its Monte Carlo error; arguments as :meth:`hits`."""
        hits = self.hits(doublings, months, from_start=from_start)
        return estimate_probability(hits, np.ones_like(hits), self.design.n_replicates, self.design.scheme)


def draw(
    design: Design, start: int, stop: int, bounds: Mapping[str, tuple[float, float]] = BOUNDS
) -> NDArray[np.float64]:
    """Draws from the published priors.

    Parameters
    ----------
    design : Design
        Scheme, seed and sizes.
    start, stop : int
        Draws ``start`` to ``stop - 1``.
    bounds : mapping of str to (float, float)
        Bounds of each prior.

    Returns
    -------
    array of shape (stop - start, 4)
        f, r0, limit_years and p. They use the dimensions of ``speedup_initial``, ``r``, ``limit_ooms`` and ``lam``, so
        that the prior set ``davidson-houlden-2025`` of our law draws the very same worlds.
    """
    columns = []
    for name in INPUTS:
        low, high = bounds[name]
        u = points(design, QUANTITIES[_DIMENSION_OF[name]].dimension, start, stop)
        columns.append(low + (high - low) * u if name == "limit_years" else low * (high / low) ** u)
    return np.column_stack(columns)


def simulate(
    design: Design,
    option: str = "base",
    *,
    windows: Sequence[float] = (4.0, MONTHS_PER_YEAR),
    horizon_months: float = HORIZON_MONTHS,
    cuts: int = 1,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Run the simulator on draws from its priors.

    Parameters
    ----------
    design : Design
        From :func:`mc_sie.sampling.plan`.
    option : str
        A key of :data:`OPTIONS`.
    windows : sequence of float
        Windows, months.
    horizon_months : float
        No step starts later; inf for none.
    cuts : int
        Steps in each doubling; 1 is the published simulator.
    bounds : mapping of str to (float, float), optional
        Bounds of each prior; those that belong to the option if not given.
    threads : int, optional
        Threads. The result does not depend on them.
    progress : callable, optional
        Called with (draws done, draws in all).

    Returns
    -------
    Counts
        Steps within each window, draw by draw.
    """
    variant = option_named(option)
    n, marks = design.n_draws, np.asarray(windows, dtype=np.float64)
    most, first = np.empty((n, len(marks)), dtype=np.int32), np.empty((n, len(marks)), dtype=np.int32)
    priors = bounds or (BOUNDS_GRADUAL if variant.ramp else BOUNDS)
    length = _length(LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * priors["limit_years"][1], cuts)

    def one(start: int, stop: int) -> None:
        rows = draw(design, start, stop, priors)
        with np.errstate(over="ignore"):  # interpreted, a run that stalls near its limit would warn
            run_rows(
                rows, variant.retraining, variant.ramp, variant.is_constant_r, variant.is_exponent_first,
                variant.is_boost_added, horizon_months, cuts, marks, np.empty(length), most[start:stop],
                first[start:stop],
            )  # fmt: skip

    ranges = [(start, min(start + _BATCH, n)) for start in range(0, n, _BATCH)]
    in_batches(one, ranges, min(n_threads(threads), len(ranges)), progress)
    return Counts(design, tuple(windows), cuts, most, first)


def event_hits(
    design: Design,
    option: str,
    doublings: float,
    months: float,
    *,
    horizon_months: float = HORIZON_MONTHS,
    cuts: int = 1,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """In which draws so many doublings fall within a window: one event, without counting anything else.

    Parameters
    ----------
    design : Design
        Scheme, seed and sizes.
    option : str
        A key of :data:`OPTIONS`.
    doublings, months : float
        The event, in any window.
    horizon_months, cuts, threads
        As in :func:`simulate`.

    Returns
    -------
    array of shape (n,), bool
        As :meth:`Counts.hits`.
    """
    variant = option_named(option)
    if variant.ramp:
        how = {"horizon_months": horizon_months, "cuts": cuts, "threads": threads}
        return simulate(design, option, windows=(months,), **how).hits(doublings, months)  # type: ignore[arg-type]
    hits = np.empty(design.n_draws, dtype=np.bool_)
    wanted = math.ceil(doublings * cuts - 1e-9)

    def one(start: int, stop: int) -> None:
        rows = draw(design, start, stop)
        with np.errstate(over="ignore"):
            event_rows(
                rows, variant.retraining, variant.is_constant_r, variant.is_exponent_first, variant.is_boost_added,
                horizon_months, cuts, wanted, months, np.empty(wanted), hits[start:stop],
            )  # fmt: skip

    ranges = [(start, min(start + _BATCH, design.n_draws)) for start in range(0, design.n_draws, _BATCH)]
    in_batches(one, ranges, min(n_threads(threads), len(ranges)), None)
    return hits
