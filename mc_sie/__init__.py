"""How likely is a software intelligence explosion, and what does that depend on?

>>> from mc_sie import load_prior, simulate, summarise
>>> prior = load_prior("davidson-2025")
>>> simulation = simulate(prior, 131_072, seed=0)
>>> summary = summarise(simulation, "best_window_months[5] < 12")
>>> print(summary.sentence)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "InputError": "mc_sie.errors",
    "Outcomes": "mc_sie.outcomes",
    "Conditioned": "mc_sie.analysis.importance.conditioning",
    "PriorSet": "mc_sie.priors",
    "Sensitivity": "mc_sie.analysis.sensitivity.study",
    "Simulation": "mc_sie.engine.run",
    "Summary": "mc_sie.analysis.probability.summary",
    "breakeven": "mc_sie.analysis.comparison.breakeven",
    "compare": "mc_sie.analysis.comparison.decomposition",
    "condition": "mc_sie.analysis.importance.conditioning",
    "doubled": "mc_sie.engine.run",
    "evaluate": "mc_sie.engine.run",
    "load_prior": "mc_sie.priors",
    "parse_event": "mc_sie.events",
    "sample_of": "mc_sie.engine.sample",
    "sensitivity": "mc_sie.analysis.sensitivity.study",
    "shipped_priors": "mc_sie.priors",
    "simulate": "mc_sie.engine.run",
    "structure": "mc_sie.analysis.comparison.structure",
    "summarise": "mc_sie.analysis.probability.summary",
    "trace": "mc_sie.engine.trajectory",
    "weigh_evidence": "mc_sie.analysis.importance.evidence",
    "write_run": "mc_sie.storage.store",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import mc_sie`` and the command line stay light."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("mc-sie")
    raise AttributeError(f"module 'mc_sie' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
