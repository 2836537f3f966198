"""How likely is a software intelligence explosion, and what does that depend on?

>>> from mc_sie import load_prior, simulate, summarise
>>> prior = load_prior("davidson-2025")
>>> simulation = simulate(prior, 131_072, seed=0)
>>> summary = summarise(simulation, "best_window_months[5] < 12")
>>> print(summary.sentence)  # doctest: +SKIP

Public names and their types stand in ``__init__.pyi``. Each is imported when it is first asked for, so that ``import
mc_sie`` and the command line stay light.
"""

from __future__ import annotations

import lazy_loader

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """A public name, imported from its home; the version as installed."""
    if name == "__version__":
        from importlib.metadata import version

        return version("mc-sie")
    if name not in __all__:
        raise AttributeError(f"module 'mc_sie' has no attribute {name!r}")
    return _public(name)
