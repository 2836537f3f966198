"""Speed of the kernel, case by case: ``pytest benchmarks/test_kernel.py``. Nothing here asserts a time."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.cases import Contender, cases

CASES = {(case.name, one.name): (case, one) for case in cases(quick=True) for one in case.contenders}
OURS = [key for key in CASES if key[1].startswith("mc_sie")]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("key", OURS, ids=lambda key: ": ".join(key))
def test_draws(benchmark: Any, key: tuple[str, str], threads: int) -> None:
    """Time some draws; the group compares the numbers of threads."""
    case, contender = CASES[key]
    assert isinstance(contender, Contender)
    inputs = case.draws(contender.n_draws)
    contender.run(case.draws(64), threads)
    benchmark.group = ": ".join(key)
    benchmark.extra_info["n_draws"] = contender.n_draws
    benchmark.pedantic(contender.run, args=(inputs, threads), rounds=3, iterations=1)
