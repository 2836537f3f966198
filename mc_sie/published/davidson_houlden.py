"""Davidson & Houlden (2025), "How quick and big would a software intelligence explosion be?", Forethought.

4 August 2025. Their public simulator (Accelerated_AI_Progress, July 2026) doubles labour-equivalent software again and
again. Each doubling takes as long as a doubling time dt says; after it the returns r fall by r0/D, where D = 8
doublings for each of the "years of progress" left before limits, and ``dt *= 2^x`` with ``x = p (1/r - 1)``. Options of
the simulator, and readings of the article that differ from its code, are :data:`OPTIONS`. A *step* is a doubling, or a
part of one where a doubling is cut into several steps to approach the continuous law.

An event is a number of doublings within a number of months, in some window that starts at a doubling, in strictly less
than the window; 8 doublings are one year of progress.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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

# retraining exponent
_NONE = 0
_AS_CODED = 1
_AS_WRITTEN = 2
# ramp of the boost
_EXPONENTIAL = 1
_LINEAR = 2


class Rules(NamedTuple):
    """What one option of the simulator does differently from the main results; compiled functions take it whole."""

    retraining: int = _NONE
    """0 none; 1 as coded, ``x / abs(x + 1)``; 2 as the article writes it, ``x / (1 + abs(x))``."""
    ramp: int = 0
    """0 none; 1 the boost grows exponentially over five years; 2 linearly."""
    is_constant_r: bool = False
    """r does not fall."""
    is_exponent_first: bool = False
    """The exponent is taken before r falls, not after."""
    is_boost_added: bool = False
    """The first doubling takes 3/(1 + f) months, not 3/f."""


OPTIONS: dict[str, Rules] = {
    "base": Rules(),
    "retraining": Rules(retraining=_AS_CODED),
    "retraining_fixed": Rules(retraining=_AS_WRITTEN),
    "constant_r": Rules(is_constant_r=True),
    "gradual": Rules(ramp=_EXPONENTIAL),
    "gradual_linear": Rules(ramp=_LINEAR),  # as in the article
    "pseudocode": Rules(is_exponent_first=True),  # as in the article's pseudocode
    "one_plus_f": Rules(is_boost_added=True),  # as in the page for single runs
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
        if x == -1.0:
            return -math.inf
        return x / abs(x + 1.0)
    if retraining == _AS_WRITTEN:
        return x / (1.0 + abs(x))
    return x


@njit
def power_of_two(x: float) -> float:
    """``2^x``, inf where that is no finite double."""
    if x >= 1024.0:
        return math.inf
    return float(np.exp2(x))


@njit
def doubling_times(
    f: float, r0: float, limit_doublings: float, p: float, rules: Rules, first_months: float, horizon_months: float,
    cuts: int, times: NDArray[np.float64],
) -> tuple[int, float]:  # fmt: skip
    """Months after each step of one run.

    Parameters
    ----------
    f, r0, limit_doublings, p : float
        Initial speed-up, initial returns, doublings before limits, and lambda times the labour share.
    rules : Rules
        The option.
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
    step = first_months / cuts
    fall = _fall(r0, limit_doublings, rules, cuts)
    elapsed = 0.0
    boost = BOOST_AT_FIRST
    r = r0
    n = 0
    times[0] = 0.0
    while n < limit_doublings * cuts and r > 0.0 and elapsed < horizon_months and n + 1 < times.shape[0]:
        elapsed += step
        n += 1
        times[n] = elapsed
        before = r
        r -= fall
        if r > 0.0:
            step *= _lengthening(before, r, p, rules, cuts)
            if rules.ramp != 0 and elapsed < RAMP_MONTHS:
                new = _ramped(f, rules.ramp, elapsed)
                step *= (1.0 + boost) / (1.0 + new)
                boost = new
    return n, r


@part
def _fall(r0: float, limit_doublings: float, rules: Rules, cuts: int) -> float:
    """How far r falls in each step."""
    if rules.is_constant_r:
        return 0.0
    return r0 / (limit_doublings * cuts)


@part
def _lengthening(before: float, after: float, p: float, rules: Rules, cuts: int) -> float:
    """How much longer the next step takes than the one during which r fell, as a factor."""
    r = after
    if rules.is_exponent_first:
        r = before
    return power_of_two(retrained(p * (1.0 / r - 1.0), rules.retraining) / cuts)


@part
def _ramped(f: float, ramp: int, elapsed: float) -> float:
    """The gradual boost after so many months."""
    share = elapsed / RAMP_MONTHS
    if ramp == _EXPONENTIAL:
        return float(BOOST_AT_FIRST * (f / BOOST_AT_FIRST) ** share)
    return BOOST_AT_FIRST + (f - BOOST_AT_FIRST) * share


@njit
def most_within(times: NDArray[np.float64], n: int, months: float) -> int:
    """Most steps in any window that starts at a step and ends strictly within so many months."""
    most = 0
    start = 0
    for end in range(1, n + 1):
        while start < end and not times[end] - times[start] < months:
            start += 1
        most = max(most, end - start)
    return most


@njit
def run_rows(
    inputs: NDArray[np.float64], rules: Rules, horizon_months: float, cuts: int, windows: NDArray[np.float64],
    times: NDArray[np.float64], most: NDArray[np.int32], first: NDArray[np.int32],
) -> None:  # fmt: skip
    """Count the steps of many runs.

    Parameters
    ----------
    inputs : array of shape (n, 4)
        f, r0, limit_years and p of each row.
    rules, horizon_months, cuts
        As in :func:`doubling_times`.
    windows : array of shape (W,)
        Windows, months.
    times : array
        Work space, longer than any run.
    most, first : array of shape (n, W), int32
        Receive the most steps in any window, and those in the first months.
    """
    for i in range(inputs.shape[0]):
        f = inputs[i, 0]
        n, _ = doubling_times(
            f, inputs[i, 1], 8.0 * inputs[i, 2], inputs[i, 3], rules, _first_months(f, rules), horizon_months, cuts,
            times,
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
    if growth > 0.0:
        return n_steps * step * (1.0 + 0.5 * growth)
    return n_steps * step * (1.0 + 0.25 * max(growth, -1.0))


@njit
def holds_event(
    r0: float, limit_doublings: float, p: float, rules: Rules, first_months: float, horizon_months: float, cuts: int,
    wanted: int, months: float, ring: NDArray[np.float64],
) -> bool:  # fmt: skip
    """True where so many steps fall within so many months in some window of one run without a ramp.

    Parameters
    ----------
    r0, limit_doublings, p, rules, first_months, horizon_months, cuts
        As in :func:`doubling_times`.
    wanted : int
        Steps asked for.
    months : float
        Window, strict.
    ring : array, at least ``wanted`` long
        Work space: the steps of the window that ends now.

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
    step = first_months / cuts
    fall = _fall(r0, limit_doublings, rules, cuts)
    lag = fall  # the r of the next exponent is this much lower than the current one
    if rules.is_exponent_first:
        lag = 0.0
    last = limit_doublings * cuts
    only_grow = r0 - lag <= 1.0
    elapsed = 0.0
    within = 0.0
    shortest = math.inf
    r = r0
    n = 0
    place = 0
    while n < last and r > 0.0 and elapsed < horizon_months:
        following = r - lag
        missing = wanted - n
        if missing > 0 and following > 0.0:
            exponent = retrained(p * (1.0 / following - 1.0), rules.retraining) / cuts
            if following <= 1.0:  # no later step is shorter than the shortest so far
                shortest = min(shortest, step)
                if wanted * shortest >= months:
                    return False
                if only_grow:
                    at_least = missing * step * (1.0 + 0.5 * (missing - 1) * _LN_2 * exponent)
                    if elapsed + at_least > months * (1.0 + _CLEAR):
                        return False
            if wanted <= last and r - missing * fall > 0.0:  # neither limit nor r = 0 stops the first window
                final = retrained(p * (1.0 / (following - (missing - 2) * fall) - 1.0), rules.retraining) / cuts
                growth = 0.5 * (missing - 1) * (exponent + final)  # x is convex, so at most this
                if rules.retraining != _NONE:  # with retraining it is not: only its sign is known
                    growth = math.inf
                    if final <= 0.0:
                        growth = 0.0
                at_most = elapsed + sum_at_most(step, missing, growth)
                if at_most < min(months, horizon_months) * (1.0 - _CLEAR):
                    return True
        elapsed += step
        within += step
        n += 1
        if missing <= 0:
            within -= ring[place]
        ring[place] = step
        place += 1
        if place == wanted:
            place = 0
        if n >= wanted and within < months:
            return True
        before = r
        r -= fall
        # below r = 1 steps only grow: where the newest is no shorter than the one lost next, no later window is better
        if r <= 0.0 or (n >= wanted and r <= 1.0 and step >= ring[place]):
            return False
        step *= _lengthening(before, r, p, rules, cuts)
    return False


@njit
def event_rows(
    inputs: NDArray[np.float64], rules: Rules, horizon_months: float, cuts: int, wanted: int, months: float,
    ring: NDArray[np.float64], hits: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Say of many runs without a ramp whether the event holds; arguments as in :func:`holds_event`."""
    for i in range(inputs.shape[0]):
        hits[i] = holds_event(
            inputs[i, 1], 8.0 * inputs[i, 2], inputs[i, 3], rules, _first_months(inputs[i, 0], rules), horizon_months,
            cuts, wanted, months, ring,
        )  # fmt: skip


@njit
def _first_months(f: float, rules: Rules) -> float:
    """Months of the first doubling."""
    if rules.ramp != 0:
        return DOUBLING_MONTHS / (1.0 + BOOST_AT_FIRST)
    if rules.is_boost_added:
        return DOUBLING_MONTHS / (1.0 + f)
    return DOUBLING_MONTHS / f


# --- Given rows ------------------------------------------------------------------------------------------------------


def option_named(name: str, where: str = "option") -> Rules:
    """An option by its name, a key of :data:`OPTIONS`; ``where`` is its place for the InputError of an unknown one."""
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
    out: dict[str, NDArray[np.generic]] = {name: np.full(n, np.nan) for name in OUTCOMES}
    out["n_doublings"] = np.empty(n, dtype=np.int64)
    out |= {name: np.zeros(n, dtype=np.int64) for name in EVENTS}
    limits = LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * columns["limit_years"]
    times = np.empty(_length(float(limits.max(initial=0.0)), 1))
    for i, name in enumerate(options):
        rules = option_named(name)
        f, r0, p = (float(columns[name][i]) for name in ("f", "r0", "p"))
        first = _first_months(f, rules)
        with np.errstate(over="ignore"):  # as in simulate
            taken, final_r = doubling_times(f, r0, float(limits[i]), p, rules, first, HORIZON_MONTHS, 1, times)
        out["dt0"][i] = first
        out["n_doublings"][i] = taken
        out["t_last"][i] = times[taken]
        out["final_r"][i] = final_r
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
    """Doublings of every draw under one option."""

    design: Design
    windows: tuple[float, ...]
    """Months, W of them."""
    cuts: int
    """Steps in a doubling."""
    most: NDArray[np.int32]
    """Most steps in any window, shape (n, W)."""
    first: NDArray[np.int32]
    """Steps in the first months, shape (n, W)."""

    def hits(self, doublings: float, months: float, *, from_start: bool = False) -> NDArray[np.bool_]:
        """Flags of the draws in which so many doublings fall within a window, shape (n,).

        Parameters
        ----------
        doublings : float
            At least so many; a part of one counts where steps are finer.
        months : float
            One of ``windows``.
        from_start : bool
            Count the first months only.
        """
        counts = self.most
        if from_start:
            counts = self.first
        return np.asarray(counts[:, self.windows.index(months)] >= _steps(doublings, self.cuts))

    def probability(self, doublings: float, months: float, *, from_start: bool = False) -> Estimate:
        """Probability of so many doublings within a window, with its Monte Carlo error; arguments as :meth:`hits`."""
        return share_of(self.hits(doublings, months, from_start=from_start), self.design)


def share_of(hits: NDArray[np.bool_], design: Design) -> Estimate:
    """Probability of what holds in some draws, all of which were simulated."""
    return estimate_probability(hits, np.ones_like(hits), design.n_replicates, design.scheme)


def _steps(doublings: float, cuts: int) -> int:
    """Fewest steps that make so many doublings, whatever the rounding of their product."""
    return math.ceil(doublings * cuts - 1e-9)


def draw(
    design: Design, start: int, stop: int, bounds: Mapping[str, tuple[float, float]] = BOUNDS
) -> NDArray[np.float64]:
    """Draws ``start`` to ``stop - 1`` from the published priors: f, r0, limit_years and p, shape (stop - start, 4).

    They use the dimensions of ``speedup_initial``, ``r``, ``limit_ooms`` and ``lam``, so that the prior set
    ``davidson-houlden-2025`` of our law draws the very same values.
    """
    columns = []
    for name in INPUTS:
        low, high = bounds[name]
        u = points(design, QUANTITIES[_DIMENSION_OF[name]].dimension, start, stop)
        if name == "limit_years":
            columns.append(low + (high - low) * u)
        else:
            columns.append(low * (high / low) ** u)
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
    rules = option_named(option)
    priors = bounds
    if priors is None and rules.ramp:
        priors = BOUNDS_GRADUAL
    if priors is None:
        priors = BOUNDS
    marks = np.asarray(windows, dtype=np.float64)
    most = np.empty((design.n_draws, len(marks)), dtype=np.int32)
    first = np.empty_like(most)
    length = _length(LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * priors["limit_years"][1], cuts)

    def one(start: int, stop: int) -> None:
        rows = draw(design, start, stop, priors)
        times = np.empty(length)
        run_rows(rows, rules, horizon_months, cuts, marks, times, most[start:stop], first[start:stop])

    _in_batches(one, design, threads, progress)
    return Counts(design, tuple(windows), cuts, most, first)


def _in_batches(
    one: Callable[[int, int], None], design: Design, threads: int | None, progress: Progress | None = None
) -> None:
    """Call a function on the first and last draw of every batch, on threads."""

    def quietly(start: int, stop: int) -> None:
        with np.errstate(over="ignore"):  # interpreted, a run that stalls near its limit would warn
            one(start, stop)

    ranges = [(start, min(start + _BATCH, design.n_draws)) for start in range(0, design.n_draws, _BATCH)]
    in_batches(quietly, ranges, min(n_threads(threads), len(ranges)), progress)


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
    """Flags of the draws in which so many doublings fall within some window: one event and nothing else is decided.

    Arguments as in :func:`simulate` and :meth:`Counts.hits`, whose flags these are.
    """
    rules = option_named(option)
    if rules.ramp:  # the bounds of holds_event do not know it
        counts = simulate(design, option, windows=(months,), horizon_months=horizon_months, cuts=cuts, threads=threads)
        return counts.hits(doublings, months)
    hits = np.empty(design.n_draws, dtype=np.bool_)
    wanted = _steps(doublings, cuts)

    def one(start: int, stop: int) -> None:
        rows = draw(design, start, stop)
        event_rows(rows, rules, horizon_months, cuts, wanted, months, np.empty(wanted), hits[start:stop])

    _in_batches(one, design, threads)
    return hits
