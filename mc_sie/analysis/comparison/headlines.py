"""The headline under every shipped prior set: the answer by whose beliefs go in."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from mc_sie.analysis.comparison.common_draws import steps
from mc_sie.analysis.importance.drawing import simulate
from mc_sie.analysis.probability.summary import summarise
from mc_sie.engine.batches import Progress
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import load_prior, shipped_priors
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.stats.estimates import label

RECORD = Path(str(resources.files("mc_sie"))) / "_headlines.json"
"""Headlines of the shipped sets as last computed, each with the digest of the set it belongs to."""


def headline_table(
    n_draws: int, *, seed: int = 0, threads: int | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """The headline of every shipped prior set on the same points; progress counts the draws of all sets.

    One row a set, most probable first: ``name``, ``title``, ``answer`` (the sentence), ``label`` (short), ``prob``,
    ``se``, ``low``, ``high``, ``interval``, ``is_rare``, ``prob_from_start``, ``se_from_start``, ``n_draws``,
    ``digest``.
    """
    rows: list[dict[str, Any]] = []
    names = list(shipped_priors())
    for position, name in enumerate(names):
        prior = load_prior(name)
        drawn = simulate(prior, n_draws, seed=seed, threads=threads, progress=steps(progress, position, len(names)))
        summary = summarise(drawn, HEADLINE)
        assert summary.from_start is not None
        rows.append(
            {
                "name": name,
                "title": prior.title,
                "answer": summary.sentence,
                "label": label(summary.answer),
                **{key: getattr(summary.answer, key) for key in ("prob", "se", "low", "high", "interval", "is_rare")},
                "prob_from_start": summary.from_start.prob,
                "se_from_start": summary.from_start.se,
                "n_draws": drawn.design.n_draws,
                "digest": prior.digest,
            }
        )
    return pd.DataFrame(rows).sort_values("prob", ascending=False, ignore_index=True)


@cache
def recorded() -> pd.DataFrame | None:
    """The recorded headlines, or None when a shipped set has changed since they were computed."""
    if not RECORD.exists():
        return None
    frame = pd.DataFrame(json.loads(RECORD.read_text(encoding="utf-8")))
    digests = {name: load_prior(name).digest for name in shipped_priors()}
    if dict(zip(frame["name"], frame["digest"], strict=True)) != digests:
        return None
    return frame


def spread_sentence(event: Event, horizon_months: float) -> str:
    """How far the shipped prior sets lie apart, for the headline event as recorded; empty for any other."""
    if str(event) != HEADLINE or horizon_months != HORIZON_MONTHS_DEFAULT:
        return ""
    frame = recorded()
    if frame is None:
        return ""
    percent = 100 * frame["prob"]
    return f"Prior choice matters more: the shipped sets span {percent.min():.0f} to {percent.max():.0f} %."
