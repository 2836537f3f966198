"""Everything the field has published that can be recomputed: the table that ``mc-sie reproduce`` prints and checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from mc_sie.errors import InputError
from mc_sie.published import (
    ai_2027,
    ai_futures,
    ai_futures_flow,
    davidson_bottlenecks,
    davidson_houlden_tables,
    davidson_retraining,
    eth_davidson,
    govai,
    greenblatt,
    speedup_calculator,
    training_run_length,
)
from mc_sie.published.verdicts import Target
from mc_sie.sampling import Design

DRAWS_DEFAULT = 2**20
"""Draws of Davidson & Houlden's simulator: standard errors of about 0.015 points."""

_COMPUTED = (
    davidson_bottlenecks,
    davidson_retraining,
    eth_davidson,
    speedup_calculator,
    ai_2027,
    ai_futures,
    ai_futures_flow,
    govai,
    training_run_length,
    greenblatt,
)
N_PRINTED = 146
"""Numbers that the sources printed: what the front page and reports say."""
N_GIVEN_BY_OTHERS = 48
"""Numbers that others recomputed from them."""

SOURCES = tuple(dict.fromkeys(module.SOURCE for module in (*_COMPUTED, davidson_houlden_tables)))
"""Sources, as :attr:`~mc_sie.published.verdicts.Target.source` names them."""


def named_sources(text: str | None) -> tuple[str, ...]:
    """Those of :data:`SOURCES` whose name contains a text, in any case, all for None; InputError where none does."""
    found = tuple(source for source in SOURCES if text is None or text.lower() in source.lower())
    if not found:
        raise InputError(f"source = {text}", "is in no source's name", f"Known: {', '.join(SOURCES)}.")
    return found


def all_targets(
    design: Design,
    *,
    sources: Sequence[str] = SOURCES,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Target]:
    """Recompute every published number.

    Parameters
    ----------
    design : Design
        Draws for the sources whose numbers are probabilities. The verdicts on record belong to
        :data:`DRAWS_DEFAULT` draws and seed 0.
    sources : sequence of str
        Which of :data:`SOURCES`.
    threads : int, optional
        Threads.
    progress : callable, optional
        Called with (sources done, sources in all).

    Returns
    -------
    list of Target
        In the order of the sources.
    """
    found: list[Target] = []
    for done, source in enumerate(sources):
        if progress:
            progress(done, len(sources))
        if source == davidson_houlden_tables.SOURCE:
            found += davidson_houlden_tables.targets(design, threads=threads)
        for module in _COMPUTED:
            if source == module.SOURCE:
                found += module.targets()
    if progress:
        progress(len(sources), len(sources))
    return found


def frame_of(targets: list[Target]) -> pd.DataFrame:
    """Targets as a table.

    Parameters
    ----------
    targets : list of Target
        From :func:`all_targets`.

    Returns
    -------
    pandas.DataFrame
        One row a number: ``source``, ``quantity``, ``given_by`` (``source``, or ``others`` who recomputed it),
        ``published`` (as printed), ``ours_shown`` and ``law_shown`` (to the
        digits that mean something), ``difference``, ``verdict``, ``recorded``, ``matches``, ``reason``, and the numbers
        in full: ``ours``, ``se``, ``law``, ``law_se``.
    """
    columns = (
        "source",
        "quantity",
        "given_by",
        "published",
        "ours_shown",
        "law_shown",
        "difference",
        "verdict",
        "verdict_shown",
        "recorded",
        "matches",
        "reason",
        "ours",
        "se",
        "law",
        "law_se",
    )
    return pd.DataFrame([{name: getattr(target, name) for name in columns} for target in targets]).astype(
        {"law": "float64"}
    )
