"""What the tests need to know of how they are run."""

from __future__ import annotations

import os

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
"""The compiled functions run as plain Python, a hundred times slower: samples shrink."""
