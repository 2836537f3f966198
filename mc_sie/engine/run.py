"""From a prior set to outcomes: the only door to the kernel.

A simulation is points in the unit cube, turned into quantities by the prior set, turned into outcomes by the kernel,
batch by batch on a few threads. Every number has an address, so neither the number of threads nor the size of a batch
changes a bit of the result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mc_sie.engine.compiling import n_processors
from mc_sie.engine.cpu import CODES, NUMBERS, Processor
from mc_sie.engine.given import arrays_of, check_whole, numbers_of
from mc_sie.errors import InputError
from mc_sie.model.status import OK, OUTSIDE_DOMAIN
from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT, Outcomes
from mc_sie.priors import PriorSet
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import (
    HORIZON_MONTHS_DEFAULT,
    HORIZON_MONTHS_HIGH,
    MODEL_QUANTITIES,
    PRIOR_SET_DIMENSION,
    QUANTITIES,
    TOP_OOMS,
)
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, plan, points
from mc_sie.text.numerals import argument_number

if TYPE_CHECKING:
    import pandas as pd

DRAWS_DEFAULT = 2**17
"""Draws when nothing else is asked for: the standard error of a probability is then at most about 0.05 points."""

BATCH_DEFAULT = 8192
"""Draws that a thread takes at a time, if there are enough for every thread."""

BATCH_LEAST = 256
"""Draws that a thread takes at the least, where there are too few to go round in whole batches."""

KERNEL_COLUMNS = ("mode", *(name for name in (
    "rho", "alpha_compute", "lam", "r", "labour_per_efficiency", "experiment_efficiency_share", "labour_multiplier",
    "speedup_initial", "limit_ooms", "software_doubling_months", "training_months", "training_floor_months",
    "shortening_exponent", "post_training_share", "retraining_compute_share", "generation_gain_ooms", "rho_long",
    "reconfiguration_half_life_months", "route2_rho", "route2_alpha_compute",
)), "horizon_months")  # fmt: skip
"""Order of the quantities in the kernel's table, that of ``model.law.Column``."""

Driver = Callable[..., None]
"""Simulates a table of rows, as a :class:`mc_sie.engine.cpu.Processor` does."""

D = TypeVar("D")

Progress = Callable[[int, int], None]
"""Called with the draws done and the draws in all."""


@dataclass(frozen=True)
class Simulation:
    """A prior set simulated: the draws, their outcomes, and what it takes to do it again.

    Attributes
    ----------
    prior : PriorSet
        What was drawn from.
    design : Design
        Scheme, seed, replicates and size.
    horizon_months : float
        End of each trajectory at the latest.
    draws : dict of str to array of shape (n,)
        Quantities by code name; ``mode`` as int8 codes, nan where a quantity is absent.
    outcomes : Outcomes
        What became of each draw.
    wall_seconds : float
        Time the simulation took.
    weights : array of shape (n,) or None
        Weight of each draw, with mean 1, where the prior set is conditioned on evidence (:func:`mc_sie.condition`);
        None where all count alike.
    """

    prior: PriorSet
    design: Design
    horizon_months: float
    draws: dict[str, NDArray[np.generic]]
    outcomes: Outcomes
    wall_seconds: float
    weights: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        """One line."""
        return (
            f"<Simulation of {self.prior.name}: {self.design.n_draws:,} draws ({self.design.scheme}, "
            f"{self.design.n_replicates} randomisations, seed {self.design.seed}) to {self.horizon_months:g} months; "
            "summarise(...) gives probabilities>"
        )

    @property
    def replicate(self) -> NDArray[np.int32]:
        """Which independent randomisation each draw belongs to, shape (n,)."""
        return self.design.replicate


def simulate(
    prior: PriorSet,
    n_draws: int = DRAWS_DEFAULT,
    *,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    levels: Sequence[float] = LEVELS_DEFAULT,
    widths: Sequence[float] = WIDTHS_DEFAULT,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Draw from a prior set and simulate every draw.

    Parameters
    ----------
    prior : PriorSet
        From :func:`mc_sie.priors.load_prior`.
    n_draws : int
        Draws, rounded up to replicates times a power of two (Sobol').
    seed : int
        The same seed gives the same draws on any machine.
    scheme : {"sobol", "philox"}
        Sampling scheme.
    n_replicates : int
        Independent randomisations, from whose spread standard errors come.
    horizon_months : float
        End of each trajectory at the latest.
    levels, widths : sequence of float
        Gains in OOM at which times are taken, and window widths in months in which gains are.
    threads : int, optional
        Threads; all processors if not given.
    batch : int, optional
        Draws that a thread takes at a time.
    progress : callable, optional
        Called with (draws done, draws in all).

    Returns
    -------
    Simulation
        Draws and outcomes in the order of the design, replicate by replicate.

    Raises
    ------
    InputError
        For sizes, a seed, a scheme or a horizon that cannot be used, and for a set that is conditioned on evidence.
    """
    started = time.perf_counter()
    check_unconditioned(prior, "simulate")
    design = plan(n_draws, scheme=scheme, seed=seed, n_replicates=n_replicates)
    check_horizon(horizon_months)
    check_marks(levels, widths)
    ranges = ranges_of(0, design.n_draws, batch, threads)
    draws, outcomes = _simulate_ranges(prior, design, ranges, horizon_months, levels, widths, threads, progress)
    seconds = time.perf_counter() - started
    return Simulation(prior, design, horizon_months, draws, outcomes, seconds)


def doubled(
    simulation: Simulation,
    *,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """The same simulation with twice the draws in every replicate.

    Parameters
    ----------
    simulation : Simulation
        What there is.
    threads, batch, progress
        As in :func:`simulate`.

    Returns
    -------
    Simulation
        Bit for bit what :func:`simulate` gives for twice the draws; only the new half is simulated.
    """
    started = time.perf_counter()
    check_unconditioned(simulation.prior, "doubled")
    old = simulation.design
    design = replace(old, n_per_replicate=2 * old.n_per_replicate)
    ranges = []
    for replicate_start in range(0, design.n_draws, design.n_per_replicate):
        stop = replicate_start + design.n_per_replicate
        ranges += ranges_of(replicate_start + old.n_per_replicate, stop, batch, threads)
    levels, widths = tuple(simulation.outcomes.levels), tuple(simulation.outcomes.widths)
    draws, outcomes = _simulate_ranges(
        simulation.prior, design, ranges, simulation.horizon_months, levels, widths, threads, progress
    )
    draws = {name: _interleaved(old, simulation.draws[name], new) for name, new in draws.items()}
    arrays: dict[str, Any] = {
        f.name: _interleaved(old, getattr(simulation.outcomes, f.name), getattr(outcomes, f.name))
        for f in fields(Outcomes)
        if f.name not in ("levels", "widths")
    }
    outcomes = replace(outcomes, **arrays)
    seconds = simulation.wall_seconds + time.perf_counter() - started
    return replace(simulation, design=design, draws=draws, outcomes=outcomes, wall_seconds=seconds)


def evaluate(
    quantities: Mapping[str, ArrayLike] | pd.DataFrame | pd.Series[Any],
    *,
    levels: Sequence[float] = LEVELS_DEFAULT,
    widths: Sequence[float] = WIDTHS_DEFAULT,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Outcomes:
    """Run the law of motion on given values: a deterministic function of arrays.

    Parameters
    ----------
    quantities : mapping of str to array_like of shape (n,) or scalar, pandas.DataFrame or pandas.Series
        By code name, in the units of ``quantities.py``; ``mode`` as int codes or names, ``horizon_months`` among them.
        One that is left out takes its default; nan means "not given" and is allowed for optional ones. The label
        ``prior_set`` of a pool's draws is passed over.
    levels, widths, threads, batch, progress
        As in :func:`simulate`.

    Returns
    -------
    Outcomes
        One entry a row, none for empty arrays; a row outside the domain of a quantity has a status other than ok.

    Raises
    ------
    InputError
        For a name that is no quantity, a quantity without a default that is left out, a mode that there is not, and
        values that are no numbers or of different lengths.
    """
    check_marks(levels, widths)
    arrays, n = arrays_of(quantities, "quantities")
    outcomes = Outcomes.empty(n, np.asarray(levels, dtype=np.float64), np.asarray(widths, dtype=np.float64))
    ranges = ranges_of(0, n, batch, threads)
    n_workers = min(n_threads(threads), len(ranges))
    drivers = drivers_for(n_workers)

    def one(start: int, stop: int) -> None:
        rows = {name: array[start:stop] for name, array in arrays.items()}
        with lent(drivers) as driver:
            fill(outcomes, slice(start, stop), rows, arrays["horizon_months"][start:stop], driver)

    in_batches(one, ranges, n_workers, progress)
    return outcomes


def simulate_range(
    prior: PriorSet,
    design: Design,
    start: int,
    stop: int,
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    driver: Driver,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.generic]], Outcomes]:
    """Simulate some draws of a design on the calling thread.

    Parameters
    ----------
    prior : PriorSet
        What is drawn from.
    design : Design
        Scheme, seed and sizes.
    start, stop : int
        Draws ``start`` to ``stop - 1``.
    horizon_months, levels, widths
        As in :func:`simulate`.
    driver : Driver
        What simulates; no other thread may use it meanwhile.

    Returns
    -------
    points : dict of str to array of shape (stop - start,)
        Uniforms by dimension.
    draws : dict of str to array of shape (stop - start,)
        Quantities.
    outcomes : Outcomes
        What became of them.
    """
    uniforms = uniforms_of(prior, design, start, stop)
    rows = {name: np.broadcast_to(array, stop - start) for name, array in prior.values(uniforms).items()}
    outcomes = Outcomes.empty(stop - start, np.asarray(levels, dtype=np.float64), np.asarray(widths, dtype=np.float64))
    fill(outcomes, slice(0, stop - start), rows, horizon_months, driver)
    return uniforms, rows, outcomes


def simulate_points(
    prior: PriorSet,
    uniforms: Mapping[str, NDArray[np.float64]],
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    *,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, NDArray[np.generic]], Outcomes]:
    """Simulate given points of the unit cube, however they were chosen.

    Parameters
    ----------
    prior : PriorSet
        What turns them into quantities.
    uniforms : mapping of str to array of shape (n,)
        In (0, 1), by name of the dimension; every one of ``prior.dimensions``.
    horizon_months, levels, widths, threads, batch, progress
        As in :func:`simulate`.

    Returns
    -------
    draws : dict of str to array of shape (n,)
        Quantities.
    outcomes : Outcomes
        What became of them.
    """
    n = next(iter(uniforms.values())).size
    draws = {name: np.broadcast_to(array, n) for name, array in prior.values(uniforms).items()}
    outcomes = Outcomes.empty(n, np.asarray(levels, dtype=np.float64), np.asarray(widths, dtype=np.float64))
    ranges = ranges_of(0, n, batch, threads)
    n_workers = min(n_threads(threads), len(ranges))
    drivers = drivers_for(n_workers)

    def one(start: int, stop: int) -> None:
        rows = {name: array[start:stop] for name, array in draws.items()}
        with lent(drivers) as driver:
            fill(outcomes, slice(start, stop), rows, horizon_months, driver)

    in_batches(one, ranges, n_workers, progress)
    return draws, outcomes


def check_marks(levels: Sequence[float], widths: Sequence[float]) -> None:
    """Refuse gains and windows that a trajectory does not tell.

    Parameters
    ----------
    levels, widths : sequence of float
        Gains in OOM and windows in months.

    Raises
    ------
    InputError
        For a gain outside (0, 20] OOM, where trajectories end, or a window that is not positive.
    """
    for level in numbers_of("levels", levels):
        if not 0.0 < level <= TOP_OOMS:
            raise InputError(f"levels: {level:g} OOM", f"is outside (0, {TOP_OOMS:g}]", "A trajectory ends there.")
    for width in numbers_of("widths", widths):
        if not 0.0 < width < math.inf:
            raise InputError(f"widths: {width:g} months", "is not a positive number", "Give a number of months.")


def check_unconditioned(prior: PriorSet, what: str) -> None:
    """Refuse a set that is conditioned on evidence, for whatever would draw from it as it was before.

    Parameters
    ----------
    prior : PriorSet
        The set.
    what : str
        What would draw from it.

    Raises
    ------
    InputError
        When it is conditioned, or no set at all.
    """
    if not isinstance(prior, PriorSet):
        remedy = f"Load it first: {what}(load_prior({prior!r}), ...)." if isinstance(prior, str) else "See load_prior."
        raise InputError(f"{what}({prior!r:.60})", "is given no prior set", remedy)
    if prior.evidence:
        why = f"is conditioned on evidence, and {what} draws from a set as it was before"
        remedy = "Use mc-sie run or mc-sie evidence (in Python mc_sie.condition), or take [[evidence]] out."
        raise InputError(prior.name, why, remedy)


def check_horizon(horizon_months: float) -> None:
    """Refuse a horizon that cannot be used.

    Parameters
    ----------
    horizon_months : float
        End of a trajectory, months.

    Raises
    ------
    InputError
        When it is not a positive finite number of at most 12,000 months.
    """
    if not 0.0 < argument_number("horizon_months", horizon_months) <= HORIZON_MONTHS_HIGH:
        raise InputError(
            f"--horizon-months {horizon_months:g}",
            f"is not in (0, {HORIZON_MONTHS_HIGH:g}]",
            f"Give a number of months; the default is {HORIZON_MONTHS_DEFAULT:g}.",
        )


def _simulate_ranges(
    prior: PriorSet,
    design: Design,
    ranges: list[tuple[int, int]],
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    threads: int | None,
    progress: Progress | None,
) -> tuple[dict[str, NDArray[np.generic]], Outcomes]:
    """Draws and outcomes of some ranges of a design, one after the other in the result."""
    n = sum(stop - start for start, stop in ranges)
    places = np.cumsum([0] + [stop - start for start, stop in ranges])
    offset = {start: int(place) for (start, _), place in zip(ranges, places, strict=False)}
    outcomes = Outcomes.empty(n, np.asarray(levels, dtype=np.float64), np.asarray(widths, dtype=np.float64))
    draws: dict[str, NDArray[np.generic]] = {}
    for name, sample in prior.values(uniforms_of(prior, design, 0, 1)).items():
        draws[name] = np.empty(n, dtype=sample.dtype)
    n_workers = min(n_threads(threads), len(ranges))
    drivers = drivers_for(n_workers)

    def one(start: int, stop: int) -> None:
        rows = prior.values(uniforms_of(prior, design, start, stop))
        here = slice(offset[start], offset[start] + stop - start)
        for name, array in rows.items():
            draws[name][here] = array
        with lent(drivers) as driver:
            fill(outcomes, here, rows, horizon_months, driver)

    in_batches(one, ranges, n_workers, progress)
    return draws, outcomes


def uniforms_of(prior: PriorSet, design: Design, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
    """Coordinates in the unit cube of some draws, by name of the dimension."""
    return {
        name: points(design, PRIOR_SET_DIMENSION if name == POOL_DIMENSION else QUANTITIES[name].dimension, start, stop)
        for name in prior.dimensions
    }


def fill(
    outcomes: Outcomes,
    here: slice,
    rows: Mapping[str, NDArray[np.generic]],
    horizon_months: float | NDArray[np.generic],
    driver: Driver,
) -> None:
    """Simulate some rows and store their outcomes."""
    n = here.stop - here.start
    table, codes = kernel_table(rows, n, horizon_months)
    inside = codes[:, CODES.index("status")] == OK
    numbers = np.empty((n, len(NUMBERS)))
    months_to, best_window_months = np.empty((n, len(outcomes.levels))), np.empty((n, len(outcomes.levels)))
    best_gain_ooms = np.empty((n, len(outcomes.widths)))
    with np.errstate(all="ignore"):  # interpreted, an overflow that a step recovers from would warn
        driver(
            table,
            outcomes.levels,
            outcomes.widths,
            months_to,
            best_window_months,
            best_gain_ooms,
            numbers,
            codes,
        )
    outcomes.months_to[here] = months_to
    outcomes.best_window_months[here] = best_window_months
    outcomes.best_gain_ooms[here] = best_gain_ooms
    failed = codes[:, CODES.index("status")] != OK
    numbers[failed] = np.nan
    for column, name in enumerate(NUMBERS):
        getattr(outcomes, name)[here] = numbers[:, column]
    for column, name in enumerate(CODES):
        getattr(outcomes, name)[here] = codes[:, column]
    outcomes.mode[here] = np.where(inside, table[0], 0)
    outcomes.labour_per_efficiency[here] = table[KERNEL_COLUMNS.index("labour_per_efficiency")]


def kernel_table(
    rows: Mapping[str, NDArray[np.generic]], n: int, horizon_months: float | NDArray[np.generic]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Some rows as the kernel takes them: its table, and its codes with the status of those outside the domain."""
    table = np.empty((len(KERNEL_COLUMNS), n))  # a quantity after the other, as they come: the other way takes longer
    codes = np.zeros((n, len(CODES)), dtype=np.int32)
    inside = np.ones(n, dtype=bool)
    for column, name in zip(table, KERNEL_COLUMNS[:-1], strict=False):
        values = np.asarray(rows[name], dtype=np.float64)
        column[:] = values
        inside &= _in_domain(name, values[:1] if values.strides == (0,) else values)  # one number for all rows
    table[-1] = horizon_months
    inside &= (table[-1] > 0.0) & (table[-1] <= HORIZON_MONTHS_HIGH)
    codes[~inside, CODES.index("status")] = OUTSIDE_DOMAIN
    return table, codes


def _in_domain(name: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values lie in the domain of a quantity; nan does for an optional one."""
    quantity = QUANTITIES[name]
    above = values > quantity.low if quantity.low_open else values >= quantity.low
    below = values < quantity.high if quantity.high_open else values <= quantity.high
    inside = above & below
    if quantity.optional:
        inside |= np.isnan(values)
    return inside


def n_threads(threads: int | None) -> int:
    """Threads to use: those asked for, or one a processor.

    Parameters
    ----------
    threads : int, optional
        At least 1.

    Returns
    -------
    int
        Number of threads.

    Raises
    ------
    InputError
        When fewer than one is asked for, or no whole number.
    """
    if threads is None:
        return n_processors()
    check_whole("threads", threads)
    if threads < 1:
        raise InputError(f"--threads {threads}", "is below 1", "Leave it out to use every processor.")
    return threads


@contextmanager
def lent(drivers: SimpleQueue[D]) -> Iterator[D]:
    """One of some drivers, for as long as it is needed."""
    driver = drivers.get()
    try:
        yield driver
    finally:
        drivers.put(driver)


def drivers_for(n_workers: int) -> SimpleQueue[Driver]:
    """Processors, one for each thread, with work arrays of its own."""
    queue: SimpleQueue[Driver] = SimpleQueue()
    for _ in range(n_workers):
        queue.put(Processor())
    return queue


def ranges_of(
    start: int,
    stop: int,
    batch: int | None,
    threads: int | None,
    *,
    largest: int = BATCH_DEFAULT,
) -> list[tuple[int, int]]:
    """Batches between two rows: as large as is good for a batch, and small enough that no thread is left without."""
    if batch is not None:
        check_whole("batch", batch)
        if batch < 1:
            raise InputError(f"batch = {batch}", "is below 1", "Leave it out, and it is chosen.")
    if batch is None:
        share = -(-(stop - start) // (2 * n_threads(threads)))
        batch = min(largest, max(BATCH_LEAST, share))
    return [(first, min(first + batch, stop)) for first in range(start, stop, batch)]


def in_batches(
    one: Callable[[int, int], None], ranges: list[tuple[int, int]], n_workers: int, progress: Progress | None
) -> None:
    """Call a function on every range of rows, a few at a time on threads; stop at the first error or interrupt.

    Parameters
    ----------
    one : callable
        Called with start and stop; it writes its results to places of its own.
    ranges : list of (int, int)
        What to do, in this order.
    n_workers : int
        Threads.
    progress : callable, optional
        Called with (rows done, rows in all).
    """
    total = sum(stop - start for start, stop in ranges)
    done = 0
    if progress:
        progress(0, total)
    waiting = iter(ranges)
    with ThreadPoolExecutor(max_workers=max(1, n_workers)) as pool:  # no rows are no work
        running: dict[Future[None], int] = {}
        try:
            while True:
                while len(running) < 2 * n_workers and (span := next(waiting, None)) is not None:
                    running[pool.submit(one, *span)] = span[1] - span[0]
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    done += running.pop(future)
                    future.result()
                if progress:
                    progress(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _interleaved(old: Design, first: NDArray[np.generic], second: NDArray[np.generic]) -> NDArray[np.generic]:
    """Two halves of every replicate put one behind the other."""
    shape = (old.n_replicates, old.n_per_replicate, *first.shape[1:])
    both = np.concatenate([first.reshape(shape), second.reshape(shape)], axis=1)
    return both.reshape(-1, *first.shape[1:])


assert set(KERNEL_COLUMNS) == {*MODEL_QUANTITIES, "horizon_months"}
