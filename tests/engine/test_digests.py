"""Draws, outcomes and tables of every shipped set, bit for bit as they were stored.

Stored results show change, not error: when a mended fault or a changed prior moves them, they are stored anew by
``python tests/engine/test_digests.py`` and the commit says why. Bits depend on the processor and on the libraries;
where these differ from those of the stored results, only the counts of hits are compared.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest
from tests_settings import DATA, INTERPRETED

from mc_sie import load_prior, shipped_priors, simulate, summarise
from mc_sie._jit import processor

FILE = DATA / "digests.json"
N_DRAWS = 2**14
FLIPPED = 3
"""Hits that rounding may move to the other side of a threshold."""


def circumstances() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy", "numba", "pandas")} | {"processor": processor()}


def digest(*arrays: np.ndarray) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def made(name: str) -> dict[str, Any]:
    prior = load_prior(name)
    simulation = simulate(prior, N_DRAWS, seed=1)
    summary = summarise(simulation)
    outcomes = simulation.outcomes
    hits = summary.event.holds(outcomes)
    tables = (summary.thresholds, summary.quantiles, summary.modes, summary.statuses)
    return {
        "n_hits": int(hits.sum()),
        "draws": digest(*(np.broadcast_to(simulation.draws[key], N_DRAWS) for key in sorted(simulation.draws))),
        "weights": "" if simulation.weights is None else digest(simulation.weights),
        "outcomes": digest(*(value for key, value in sorted(vars(outcomes).items()))),
        "tables": digest(*(np.frombuffer(table.to_csv(index=False).encode(), np.uint8) for table in tables)),
    }


@cache
def stored() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.skipif(INTERPRETED, reason="thousands of draws want compiled code")
@pytest.mark.parametrize("name", shipped_priors())
def test_a_shipped_set_gives_the_bits_that_it_gave(name):
    now, then = made(name), stored()["sets"][name]
    if stored()["circumstances"] == circumstances():
        assert now == then
    else:
        assert abs(now["n_hits"] - then["n_hits"]) <= FLIPPED


def test_every_shipped_set_is_stored():
    assert list(stored()["sets"]) == list(shipped_priors())


if __name__ == "__main__":
    content = {"circumstances": circumstances(), "sets": {name: made(name) for name in shipped_priors()}}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
