"""Draws of any prior set: given its evidence where it states any, as they come where it does not."""

from __future__ import annotations

from collections.abc import Sequence

from mc_sie.analysis.importance.conditioning import Method, condition
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import DRAWS_DEFAULT, Simulation, check_prior_set, double_prior, simulate_prior
from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT


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
    method: Method | None = None,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Draws of a prior set, every one simulated, and weighted where the set states evidence.

    Parameters
    ----------
    prior : PriorSet
        From :func:`mc_sie.load_prior`.
    n_draws : int
        Draws, rounded up to replicates times a power of two (Sobol').
    seed : int
        Seed; a seed gives the same draws on any machine.
    scheme : {"sobol", "philox"}
        Sampling scheme.
    n_replicates : int
        Independent randomisations, from whose spread standard errors come.
    horizon_months : float
        End of each trajectory at the latest.
    levels, widths : sequence of float
        Gains in OOM at which times are taken, and window widths in months in which gains are. Those that evidence
        asks about are added.
    method : {"prior", "proposal", "tempering"}, optional
        How to draw given evidence (:mod:`mc_sie.analysis.importance.conditioning`); the first that will do if not
        given. Only for a set that states evidence.
    threads : int, optional
        Threads; all processors if not given.
    batch : int, optional
        Draws that a thread takes at a time.
    progress : callable, optional
        Called with (draws done, draws in all).

    Returns
    -------
    Simulation
        Draws and outcomes in the order of the design, replicate by replicate; for a set that states evidence a
        :class:`~mc_sie.Conditioned`, which holds the draws before the evidence and diagnostics too.

    Raises
    ------
    InputError
        For sizes, a seed, a scheme or a horizon that cannot be used, and for evidence that no draw satisfies.

    Examples
    --------
    >>> from mc_sie import load_prior, simulate
    >>> simulation = simulate(load_prior("economists-evidence"), 4096)
    >>> simulation.weights is None
    False
    """
    check_prior_set(prior, "simulate")
    if prior.evidence or method is not None:
        return condition(
            prior, n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
            levels=levels, widths=widths, method=method, threads=threads, batch=batch, progress=progress,
        )  # fmt: skip
    return simulate_prior(
        prior, n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        levels=levels, widths=widths, threads=threads, batch=batch, progress=progress,
    )  # fmt: skip


def doubled(
    simulation: Simulation,
    *,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """A simulation with twice the draws in every replicate.

    Parameters
    ----------
    simulation : Simulation
        From :func:`simulate`.
    threads, batch, progress
        As in :func:`simulate`.

    Returns
    -------
    Simulation
        Bit for bit what :func:`simulate` gives for twice the draws. Only the new half is simulated, but where draws
        have weights all are drawn anew.
    """
    if simulation.before is None:
        return double_prior(simulation, threads=threads, batch=batch, progress=progress)
    design = simulation.design
    return condition(
        simulation.prior,
        2 * design.n_draws,
        seed=design.seed,
        scheme=design.scheme,
        n_replicates=design.n_replicates,
        horizon_months=simulation.horizon_months,
        levels=tuple(simulation.outcomes.levels),
        widths=tuple(simulation.outcomes.widths),
        threads=threads,
        batch=batch,
        progress=progress,
    )
