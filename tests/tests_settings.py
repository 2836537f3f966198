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
