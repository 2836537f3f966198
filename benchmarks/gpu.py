"""Draws per second on a GPU, beside the processor, and by how much their outcomes differ: ``python benchmarks/gpu.py``.

Needs an NVIDIA GPU and the extra ``mc-sie[cuda]``. The first call compiles, and is timed apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from mc_sie import load_prior, simulate
from mc_sie._jit import processor
from mc_sie.engine.run import BATCH_CUDA, Simulation, check_device, n_threads
from mc_sie.errors import InputError
from mc_sie.outcomes import Outcomes

PRIORS = ("davidson-2025", "agnostic", "davidson-2025-explicit")
"""Mostly mode shortening; all modes but from_scratch; mode from_scratch too."""


def main() -> None:
    """Time both devices on some prior sets and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2**20)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    try:
        check_device("cuda")
        from mc_sie.engine.cuda import Gpu

        gpu = Gpu()
    except InputError as error:
        raise SystemExit(str(error)) from None
    threads = gpu.blocks * gpu.block_threads
    print(f"{gpu.name}: {threads:,} threads, {gpu.n_bytes / 2**30:.2f} GB of workspaces, batches of {BATCH_CUDA:,}")
    print(f"processor: {processor()}, {n_threads(None)} threads")
    del gpu
    for name in PRIORS:
        prior = load_prior(name)
        found: dict[str, Simulation] = {}
        for device in ("cuda", "cpu"):
            started = time.perf_counter()
            simulate(prior, 64, n_replicates=2, device=device)
            first = time.perf_counter() - started
            seconds = []
            for _ in range(asked.repeats):
                found[device] = simulate(prior, asked.draws, device=device)
                seconds.append(found[device].wall_seconds)
            rate = found[device].design.n_draws / np.median(seconds)
            spread = (max(seconds) - min(seconds)) / np.median(seconds)
            print(f"{name} {device}: {rate:,.0f} draws/s (range {spread:.0%}; first call {first:.1f} s)")
        print(f"{name}: {_differences(found['cuda'].outcomes, found['cpu'].outcomes)}")


def _differences(ours: Outcomes, theirs: Outcomes) -> str:
    """How many codes differ, and the largest difference of times (the smaller of relative and absolute)."""
    codes = sum(int((getattr(ours, n) != getattr(theirs, n)).sum()) for n in ("status", "end", "n_deployments"))
    a, b = ours.months_to, theirs.months_to
    with np.errstate(invalid="ignore", divide="ignore"):
        miss = np.where(a == b, 0.0, np.minimum(np.abs(a - b), np.abs(a - b) / b))
    worst, beyond = np.nanmax(miss), int((miss > 1e-9).any(axis=1).sum())
    return f"{codes} codes differ; months by at most {worst:.1e}, in {beyond} draws by more than 1e-9"


if __name__ == "__main__":
    main()
