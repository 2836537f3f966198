"""One ``mc-sie run`` taken apart: seconds and peak memory by stage, as JSON. Run as a script: ``stages.py DRAWS``."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.resident import resident_mib

T = TypeVar("T")


def main(n_draws: int) -> dict[str, Any]:
    """Seconds by stage.

    Parameters
    ----------
    n_draws : int
        Draws.

    Returns
    -------
    dict
        ``seconds`` by stage, ``peak_mib``. Points and quantile functions are timed on one thread, the kernel and the
        simulation that holds all three on every processor.
    """
    seconds: dict[str, float] = {}

    def timed(stage: str, function: Callable[[], T]) -> T:
        started = time.perf_counter()
        found = function()
        seconds[stage] = time.perf_counter() - started
        return found

    def one_by_one() -> None:
        where = timed(
            "points (1 thread)",
            lambda: {name: points(design, QUANTITIES[name].dimension, 0, design.n_draws) for name in prior.dimensions},
        )
        values = timed("quantile functions (1 thread)", lambda: prior.values(where))
        timed("kernel (all threads)", lambda: evaluate(values, levels=TABLE_LEVELS))

    timed(
        "import",
        lambda: [import_module(name) for name in ("mc_sie.storage.runs", "mc_sie.analysis.probability.summary")],
    )
    from mc_sie import evaluate, load_prior, simulate, summarise, write_run
    from mc_sie.engine.counts import TABLE_LEVELS
    from mc_sie.events import HEADLINE
    from mc_sie.quantities import QUANTITIES
    from mc_sie.sampling import plan, points

    prior = timed("prior file", lambda: load_prior("davidson-2025"))
    timed("machine code from the cache", lambda: simulate(prior, 64))
    design = plan(n_draws)
    one_by_one()
    simulation = timed("simulate, all of these", lambda: simulate(prior, n_draws, levels=TABLE_LEVELS))
    summary = timed("summary", lambda: summarise(simulation, HEADLINE))
    with tempfile.TemporaryDirectory() as folder:
        timed("writing", lambda: write_run(Path(folder) / "run", simulation, summary, command="benchmark"))
    return {"n_draws": design.n_draws, "seconds": seconds, "peak_mib": resident_mib("VmHWM")}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
