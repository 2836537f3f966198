"""What the tests need to know of how they are run."""

from __future__ import annotations

import os
from pathlib import Path

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
"""The compiled functions run as plain Python, a hundred times slower: samples shrink."""

ROOT = Path(__file__).parents[1]
"""The checkout."""

DATA = Path(__file__).parent / "data"
"""Stored solutions and tables."""

SMALL = ("--draws", "64", "--replicates", "4", "--quiet") if INTERPRETED else ("--draws", "1024", "--quiet")
"""Options of a run that takes no time."""

CHEAP = "davidson-houlden-2025"
"""The shipped set whose trajectories take least time."""


def everything(folder: Path) -> set[str]:
    """Every file and folder below a folder, by its path from there."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
