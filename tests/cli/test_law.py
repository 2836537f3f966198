"""The commands that follow given values; what they print is tested in ``test_cli.py``."""

from __future__ import annotations

from importlib import import_module

from mc_sie.cli.law import FOLLOWER, FOLLOWERS
from mc_sie.quantities import MODES


def test_the_functions_that_are_looked_for_in_the_cache_exist():
    assert set(FOLLOWERS) <= set(MODES)
    for follower in (FOLLOWER, *FOLLOWERS.values()):
        module, function = follower.split(".")
        assert callable(getattr(import_module(f"mc_sie.model.{module}"), function))
