"""A probability over the values of one input, on common random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from mc_sie.analysis.comparison.common_draws import change_between, common_draws, steps
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import DRAWS_DEFAULT, check_prior_set
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT


def scan(
    prior: PriorSet,
    quantity: str,
    values: Sequence[float | str],
    event: Event | str = HEADLINE,
    *,
    n_draws: int = DRAWS_DEFAULT // 8,
    seed: int = 0,
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    threads: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Probability of an event with one quantity pinned at one value after another.

    Parameters
    ----------
    prior : PriorSet
        Every other distribution stays as it is; its evidence, if it states any, is taken at each value.
    quantity : str
        Code name.
    values : sequence of float, or of str for ``mode``
        In the quantity's unit.
    event : Event or str
        The event.
    n_draws, seed, n_replicates, horizon_months, threads
        As in :func:`mc_sie.simulate`. All values are asked on the same points, so that differences between them are far
        better known than each of them.
    progress : callable, optional
        Called with (draws done, draws in all).

    Returns
    -------
    pandas.DataFrame
        One row a value, in the order given: ``value``, the probability ``prob`` with ``se``, ``low``, ``high`` and
        ``interval``, ``n_failed``; ``change`` from the first value with ``se_change``. With evidence also ``ess``.

    Raises
    ------
    InputError
        For no values, a value outside the quantity's domain, or an event or sizes that cannot be used.
    """
    check_prior_set(prior, "scan")
    if len(values) == 0:
        raise InputError("values", "are none", "Give at least one.")
    pinned = [prior.pinned(quantity, value) for value in values]
    common = common_draws(
        event, n_draws=n_draws, seed=seed, n_replicates=n_replicates, horizon_months=horizon_months, priors=pinned,
        threads=threads,
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    first = None
    for done, (value, one) in enumerate(zip(values, pinned, strict=True)):
        answer = common.ask(one, progress=steps(progress, done, len(pinned)))
        if first is None:
            first = answer
        change = change_between(first, answer)
        rows.append({"value": value, **answer.columns(), "change": change.change, "se_change": change.se})
    return pd.DataFrame(rows)
