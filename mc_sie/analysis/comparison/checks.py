"""Checks that a report makes of itself: extreme inputs, limits in which two answers must be one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.engine.hits import hits_of_design
from mc_sie.engine.run import simulate_points
from mc_sie.errors import InputError
from mc_sie.events import Event
from mc_sie.outcomes import STATUS_NAMES
from mc_sie.priors import PriorSet
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.sampling import plan
from mc_sie.stats.estimates import replicate_se

EXTREME = 1e-6
"""How far from 0 and 1 the uniforms of an extreme input are."""

N_CORNERS = 256
"""Random corners of the unit cube, besides one quantity at a time."""

LIMIT_DRAWS = 2**12
"""Draws on each side of a limit."""

_LIMITS: tuple[tuple[str, Mapping[str, float | str], Mapping[str, float | str]], ...] = (
    ("rho -> 0 is Cobb-Douglas", {"rho": -1e-7}, {"rho": 0.0}),
    (
        "training runs of no length are no retraining",
        {
            "mode": "from_scratch",
            "training_months": 1e-7,
            "training_floor_months": 0.0,
            "shortening_exponent": 0.0,
            "generation_gain_ooms": 0.01,
        },
        {"mode": "none"},
    ),
    ("a limit far away is no limit", {"limit_ooms": 1e9}, {"limit_ooms": float("inf")}),
)


def extreme_inputs(prior: PriorSet, event: Event, horizon_months: float, threads: int | None = None) -> pd.DataFrame:
    """Simulations of the prior's extremes: each quantity alone, and many at once.

    One row an input: ``input`` (a quantity, ``corners``, or ``the only one``), ``n_rows``, ``n_ok``, ``n_hits``, and
    ``statuses`` of those that could not be simulated, in words.
    """
    names = prior.dimensions
    generator = np.random.Generator(np.random.Philox(0))
    blocks = [("corners", generator.integers(0, 2, (N_CORNERS, len(names))).astype(float))]
    for column, name in enumerate(names):
        rows = np.full((2, len(names)), 0.5)
        rows[:, column] = (0.0, 1.0)
        blocks.append((name, rows))
    if not names:  # everything is fixed: all draws are one
        names = (POOL_DIMENSION,)
        blocks = [("the only one", np.full((1, 1), 0.5))]
    cube = np.clip(np.concatenate([rows for _, rows in blocks]), EXTREME, 1.0 - EXTREME)
    uniforms = {name: cube[:, column] for column, name in enumerate(names)}
    levels = event.levels or (5.0,)
    widths = event.widths or (12.0,)
    _, outcomes = simulate_points(prior, uniforms, horizon_months, levels, widths, threads=threads)
    hits = event.holds(outcomes)
    found = []
    start = 0
    for name, rows in blocks:
        part = slice(start, start + len(rows))
        start = part.stop
        status = outcomes.status[part]
        found.append(
            {
                "input": name,
                "n_rows": len(rows),
                "n_ok": int((status == 0).sum()),
                "n_hits": int(hits[part].sum()),
                "statuses": ", ".join(sorted({STATUS_NAMES[code] for code in status if code})),
            }
        )
    return pd.DataFrame(found)


def limit_table(
    prior: PriorSet, event: Event, horizon_months: float, *, seed: int = 0, threads: int | None = None
) -> pd.DataFrame:
    """Pairs of variants of the prior whose answers must be one, on the same points.

    One row a limit: ``limit``, ``prob`` and ``prob_limit`` (near the limit, and in it), ``difference`` with its ``se``,
    and ``holds``: True where they differ by no more than three standard errors and 0.1 points. A variant that the set
    cannot take is left out (shortening where the law of motion changes with time).
    """
    rows = []
    for words, *sides in _LIMITS:
        try:
            near, there = (_shares(_pinned(prior, side), event, horizon_months, seed, threads) for side in sides)
        except InputError:  # the set does not take this variant
            continue
        difference = float((near - there).mean())
        se = replicate_se(near - there)
        rows.append(
            {
                "limit": words,
                "prob": float(near.mean()),
                "prob_limit": float(there.mean()),
                "difference": difference,
                "se": se,
                "holds": abs(difference) <= 3.0 * se + 1e-3,
            }
        )
    return pd.DataFrame(rows)


def _pinned(prior: PriorSet, values: Mapping[str, float | str]) -> PriorSet:
    """The set with several quantities fixed."""
    for name, value in values.items():
        prior = prior.pinned(name, value)
    return prior


def _shares(
    prior: PriorSet, event: Event, horizon_months: float, seed: int, threads: int | None
) -> NDArray[np.float64]:
    """Share of hits in each randomisation."""
    design = plan(LIMIT_DRAWS, seed=seed)
    hits = hits_of_design(prior, design, horizon_months, event, threads=threads)
    return np.asarray(hits.holds.reshape(design.n_replicates, -1).mean(axis=1))
