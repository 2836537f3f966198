"""Outcomes on a GPU of the rows in a file, for another process: ``python cuda_rows.py ROWS.npz OUTCOMES.npz``.

The simulator of a GPU is chosen when numba is imported, and runs the kernel as plain Python.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import numpy as np

import mc_sie.model
from mc_sie.engine.run import evaluate

LEVELS, WIDTHS = (1.0, 5.0, 12.0), (4.0, 12.0)


def give_nan_away() -> None:
    """Let max and min in ``model/`` do what they do on a GPU: where one of two numbers is nan, give the other."""

    def without_nan(choose):
        return lambda a, b: b if a != a else a if b != b else choose(a, b)

    for found in iter_modules(mc_sie.model.__path__):
        module = import_module(f"mc_sie.model.{found.name}")
        module.max, module.min = without_nan(builtins.max), without_nan(builtins.min)


def main(rows: Path, outcomes: Path) -> None:
    if os.environ.get("NUMBA_ENABLE_CUDASIM") == "1":
        give_nan_away()
    with np.load(rows) as stored:
        found = evaluate(dict(stored), levels=LEVELS, widths=WIDTHS, device="cuda", batch=32)
    np.savez(outcomes, **vars(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
