"""From a prior set to draws and their outcomes.

A simulation is points in the unit cube, turned into quantities by the prior set, turned into outcomes by the kernel,
batch by batch on a few threads.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mc_sie.engine.batches import Progress, Rows, run_rows
from mc_sie.engine.cpu import Processor
from mc_sie.engine.given import arrays_of, check_whole, numbers_of
from mc_sie.engine.kernel import empty_outcomes, fill
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT, Outcomes
from mc_sie.priors import PriorSet
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import (
    HORIZON_MONTHS_DEFAULT,
    HORIZON_MONTHS_HIGH,
    MODES,
    PRIOR_SET_DIMENSION,
    QUANTITIES,
    TOP_OOMS,
)
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, plan, points
from mc_sie.text.numerals import argument_number
from mc_sie.text.showing import Shown

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DRAWS_DEFAULT = 2**17
"""Draws when nothing else is asked for: the standard error of a probability is then at most about 0.05 points."""

Points = Mapping[str, NDArray[np.float64]]
"""Coordinates in the unit cube by name of the dimension."""


@dataclass(frozen=True, repr=False)
class Simulation(Shown):
    """A prior set simulated: the draws, their outcomes, and what it takes to do it again.

    Attributes
    ----------
    prior : PriorSet
        Prior set that was drawn from.
    design : Design
        Scheme, seed, replicates and size.
    horizon_months : float
        End of each trajectory at the latest.
    draws : dict of str to array of shape (n,)
        Quantities by code name; ``mode`` as int8 codes, nan where a quantity is absent.
    outcomes : Outcomes
        Outcomes of every draw.
    wall_seconds : float
        Time the simulation took.
    weights : array of shape (n,) or None
        Weight of each draw, with mean 1, where the prior set states evidence; None where all count alike.
    before : Simulation or None
        Draws of the prior set before its evidence; None where it states none.
    """

    prior: PriorSet
    design: Design
    horizon_months: float
    draws: dict[str, NDArray[np.generic]]
    outcomes: Outcomes
    wall_seconds: float
    weights: NDArray[np.float64] | None = None
    before: Simulation | None = None

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Prior set and design; how evidence weighted the draws."""
        design = self.design
        drawn = (
            f"{self.prior.name}, {design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, "
            f"seed {design.seed}) to {self.horizon_months:g} months; summarise(...) gives probabilities"
        )
        return (drawn, self.method_in_words)

    @property
    def replicate(self) -> NDArray[np.int32]:
        """Number of the replicate that each draw belongs to, shape (n,)."""
        return self.design.replicate

    def draw(self, number: int) -> dict[str, Any]:
        """Quantities of one draw by code name, the mode as a word, with ``horizon_months``.

        It is what :func:`mc_sie.trajectory` and :func:`mc_sie.evaluate` take. Raises InputError for no such draw.
        """
        check_whole("number", number)
        if not 0 <= number < self.design.n_draws:
            raise InputError(f"number = {number}", f"is not between 0 and {self.design.n_draws - 1}")
        row: dict[str, Any] = {name: array[number] for name, array in self.draws.items()}
        return row | {"mode": MODES[row["mode"]], "horizon_months": self.horizon_months}

    def to_frame(self, event: Event | str = HEADLINE, *, all_outcomes: bool = True) -> pd.DataFrame:
        """Draws and outcomes as one table, one row a draw.

        Parameters
        ----------
        event : Event or str
            Event that stands among the columns; its levels and widths must have been simulated.
        all_outcomes : bool
            Every outcome at every gain and width (``docs/notation.md``), or the main ones.

        Returns
        -------
        pandas.DataFrame
            ``replicate``; ``weight`` where evidence weights the draws; the quantities that are not the same in every
            draw, ``mode`` and ``prior_set`` as words, nan where one is absent; ``event``, true or false; ``status``
            and outcomes. A time until something that never happens is inf.

        Raises
        ------
        InputError
            For an event that does not parse or was not simulated.
        """
        from mc_sie.engine.draws_frame import draws_frame

        if isinstance(event, str):
            event = parse_event(event)
        return draws_frame(self, event, all_outcomes=all_outcomes)

    def to_datatree(self, event: Event | str = HEADLINE) -> xr.DataTree:
        """Draws, outcomes and evidence as a DataTree by the schema of ArviZ, one chain a replicate.

        Parameters
        ----------
        event : Event or str
            Event that stands among the outcomes as 0 and 1; its levels and widths must have been simulated.

        Returns
        -------
        xarray.DataTree
            Groups ``prior``, ``prior_predictive`` and ``constant_data``; of a set that states evidence also
            ``posterior``, ``posterior_predictive``, ``log_prior``, ``log_likelihood`` and ``observed_data``, in which
            the weighted draws are resampled to equal weight.

        Raises
        ------
        InputError
            For an event that does not parse or was not simulated, or a replicate in which no draw has a weight.
        """
        from mc_sie.engine.datatree import datatree_of
        from mc_sie.engine.sample import sample_of

        if isinstance(event, str):
            event = parse_event(event)
        event.check_horizon(self.horizon_months)
        before = None
        if self.before is not None:
            before = sample_of(self.before, event)
        return datatree_of(sample_of(self, event), before)

    @property
    def method_in_words(self) -> str:
        """How draws were weighted by evidence, in a sentence; empty where there is none."""
        return ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons not to trust the error."""
        return ()


def simulate_prior(
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
    """Draws of a prior set that states no evidence, every one simulated; arguments as in :func:`mc_sie.simulate`.

    Raises InputError for sizes, a seed, a scheme or a horizon that cannot be used, and for a set that states evidence.
    """
    started = time.perf_counter()
    check_unconditioned(prior, "simulate_prior")
    design = plan(n_draws, scheme=scheme, seed=seed, n_replicates=n_replicates)
    check_horizon(horizon_months)
    check_marks(levels, widths)

    def points_of(start: int, stop: int) -> Points:
        return uniforms_of(prior, design, start, stop)

    draws, outcomes = _simulated(
        prior, points_of, design.n_draws, horizon_months, levels, widths, threads, batch, progress
    )
    seconds = time.perf_counter() - started
    return Simulation(prior, design, horizon_months, draws, outcomes, seconds)


def double_prior(
    simulation: Simulation, *, threads: int | None = None, batch: int | None = None, progress: Progress | None = None
) -> Simulation:
    """A simulation of a set that states no evidence, with twice the draws in every replicate.

    Bit for bit what :func:`simulate_prior` gives for twice the draws; only the new half is simulated. Arguments as in
    :func:`mc_sie.simulate`.
    """
    started = time.perf_counter()
    prior = simulation.prior
    old = simulation.design
    check_unconditioned(prior, "double_prior")
    design = replace(old, n_per_replicate=2 * old.n_per_replicate)

    def points_of(start: int, stop: int) -> Points:
        """Points of the second half of every replicate, numbered as if they stood alone."""
        pieces = []
        while start < stop:
            replicate, index = divmod(start, old.n_per_replicate)
            n = min(stop - start, old.n_per_replicate - index)
            first = replicate * design.n_per_replicate + old.n_per_replicate + index  # behind the half that there is
            pieces.append(uniforms_of(prior, design, first, first + n))
            start += n
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in prior.dimensions}

    draws, outcomes = _simulated(
        prior,
        points_of,
        old.n_draws,
        simulation.horizon_months,
        tuple(simulation.outcomes.levels),
        tuple(simulation.outcomes.widths),
        threads,
        batch,
        progress,
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


def _interleaved(old: Design, first: NDArray[np.generic], second: NDArray[np.generic]) -> NDArray[np.generic]:
    """Two halves of every replicate put one behind the other."""
    shape = (old.n_replicates, old.n_per_replicate, *first.shape[1:])
    both = np.concatenate([first.reshape(shape), second.reshape(shape)], axis=1)
    return both.reshape(-1, *first.shape[1:])


def evaluate(
    quantities: Mapping[str, ArrayLike] | pd.DataFrame | pd.Series[Any],
    *,
    levels: Sequence[float] = LEVELS_DEFAULT,
    widths: Sequence[float] = WIDTHS_DEFAULT,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Outcomes:
    """Outcomes of given quantities: the law of motion as a deterministic function of arrays.

    Parameters
    ----------
    quantities : mapping of str to array_like of shape (n,) or scalar, pandas.DataFrame or pandas.Series
        By code name, in the units of ``quantities.py``; ``mode`` as int codes or names, ``horizon_months`` among them.
        One that is left out takes its default; nan means "not given" and is allowed for optional ones. The label
        ``prior_set`` of a pool's draws is passed over.
    levels, widths, threads, batch, progress
        As in :func:`mc_sie.simulate`.

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
    outcomes = empty_outcomes(n, levels, widths)

    def rows_of(start: int, stop: int) -> Rows:
        return {name: array[start:stop] for name, array in arrays.items()}

    def store(rows: Rows, here: slice, processor: Processor) -> None:
        fill(outcomes, here, rows, rows["horizon_months"], processor)

    run_rows(rows_of, n, store, threads=threads, batch=batch, progress=progress)
    return outcomes


def simulate_batch(
    prior: PriorSet,
    uniforms: Points,
    n: int,
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    processor: Processor,
) -> tuple[dict[str, NDArray[np.generic]], Outcomes]:
    """Quantities and outcomes of n points of the unit cube, made on the calling thread.

    No other thread may use the processor meanwhile.
    """
    rows = {name: np.broadcast_to(array, n) for name, array in prior.values(uniforms).items()}
    outcomes = empty_outcomes(n, levels, widths)
    fill(outcomes, slice(0, n), rows, horizon_months, processor)
    return rows, outcomes


def simulate_points(
    prior: PriorSet,
    uniforms: Points,
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    *,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, NDArray[np.generic]], Outcomes]:
    """Quantities and outcomes of given points of the unit cube, however they were chosen.

    Parameters
    ----------
    prior : PriorSet
        Turns points into quantities.
    uniforms : mapping of str to array of shape (n,)
        In (0, 1), by name of the dimension; every one of ``prior.dimensions``.
    horizon_months, levels, widths, threads, batch, progress
        As in :func:`mc_sie.simulate`.
    """
    n = next(iter(uniforms.values())).size

    def points_of(start: int, stop: int) -> Points:
        return {name: array[start:stop] for name, array in uniforms.items()}

    return _simulated(prior, points_of, n, horizon_months, levels, widths, threads, batch, progress)


def _simulated(
    prior: PriorSet,
    points_of: Callable[[int, int], Points],
    n: int,
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    threads: int | None,
    batch: int | None,
    progress: Progress | None,
) -> tuple[dict[str, NDArray[np.generic]], Outcomes]:
    """Quantities and outcomes of points; ``points_of`` is given the first of some and the end."""
    outcomes = empty_outcomes(n, levels, widths)
    first = prior.values(points_of(0, 1))  # one draw tells names and types
    draws: dict[str, NDArray[np.generic]] = {name: np.empty(n, dtype=array.dtype) for name, array in first.items()}

    def store(rows: Rows, here: slice, processor: Processor) -> None:
        for name, array in rows.items():  # batches write to places of their own, so that no lock is needed
            draws[name][here] = array
        fill(outcomes, here, rows, horizon_months, processor)

    run_rows(
        lambda start, stop: prior.values(points_of(start, stop)), n, store,
        threads=threads, batch=batch, progress=progress,
    )  # fmt: skip
    return draws, outcomes


def uniforms_of(prior: PriorSet, design: Design, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
    """Coordinates in the unit cube of some draws, by name of the dimension."""
    dimensions = {
        name: PRIOR_SET_DIMENSION if name == POOL_DIMENSION else QUANTITIES[name].dimension for name in prior.dimensions
    }
    return {name: points(design, dimension, start, stop) for name, dimension in dimensions.items()}


def compile_kernel() -> None:
    """Compile the kernel for every mode but from_scratch, as :mod:`mc_sie.engine.compiling` has another process do."""
    gc.disable()  # the compiler keeps nearly all that it makes, and looking through it takes a twentieth of the time
    evaluate({"rho": -0.3, "r": 1.0}, threads=1)


# --- What is refused -------------------------------------------------------------------------------------------------


def check_marks(levels: Sequence[float], widths: Sequence[float]) -> None:
    """Raise InputError for a gain outside (0, 20] OOM, where trajectories end, or a window that is not positive."""
    for level in numbers_of("levels", levels):
        if not 0.0 < level <= TOP_OOMS:
            raise InputError(f"levels: {level:g} OOM", f"is outside (0, {TOP_OOMS:g}]", "A trajectory ends there.")
    for width in numbers_of("widths", widths):
        if not 0.0 < width < math.inf:
            raise InputError(f"widths: {width:g} months", "is not a positive number", "Give a number of months.")


def check_unconditioned(prior: PriorSet, what: str) -> None:
    """Raise InputError for a set that states evidence, where ``what`` draws from it as it was before; or for no set."""
    check_prior_set(prior, what)
    if prior.evidence:
        why = f"is conditioned on evidence, and {what} draws from a set as it was before"
        remedy = "Use mc-sie run or mc-sie evidence (in Python mc_sie.simulate), or take [[evidence]] out."
        raise InputError(prior.name, why, remedy)


def check_prior_set(prior: PriorSet, what: str) -> None:
    """Raise InputError for what is no prior set, such as the name of one, given to the function ``what``."""
    if isinstance(prior, PriorSet):
        return
    remedy = "See load_prior."
    if isinstance(prior, str):
        remedy = f"Load it first: {what}(load_prior({prior!r}), ...)."
    raise InputError(f"{what}({prior!r:.60})", "is given no prior set", remedy)


def check_horizon(horizon_months: float) -> None:
    """Raise InputError unless a horizon is a positive number of at most 12,000 months."""
    if not 0.0 < argument_number("horizon_months", horizon_months) <= HORIZON_MONTHS_HIGH:
        raise InputError(
            f"horizon_months = {horizon_months:g}",
            f"is not in (0, {HORIZON_MONTHS_HIGH:g}]",
            f"Give a number of months; the default is {HORIZON_MONTHS_DEFAULT:g}.",
        )
