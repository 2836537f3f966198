"""The kernel against high-precision solutions of the law of motion.

``tests/data/law_of_motion.csv`` holds 200 rows solved by quadrature in software space or DOP853 at rtol 1e-11,
event by event from scratch, by somebody who has not seen this kernel. It is refreshed only if the law changes.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tests_settings import DATA

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.engine.run import evaluate

GOLDEN = DATA / "law_of_motion.csv"
TOLERANCE = 1e-6  # relative, or months: the accuracy the stored solutions are good for
NEGLIGIBLE_WINDOW_MONTHS = 0.01  # windows next to a finite-time singularity count as equal below this


@pytest.fixture(scope="module")
def golden() -> pd.DataFrame:
    return pd.read_csv(GOLDEN)


@pytest.fixture(scope="module")
def outcomes(golden: pd.DataFrame):
    return evaluate(
        {name: golden[name].to_numpy() for name in KERNEL_COLUMNS if name != "mode"}
        | {"mode": golden["mode"].to_numpy(dtype=str)}
    )


def misses(ours: np.ndarray, golden: np.ndarray) -> np.ndarray:
    """Smaller of the absolute and the relative difference; 0 where both are inf."""
    same = ours == golden
    with np.errstate(invalid="ignore"):
        difference = np.abs(ours - golden)
    return np.where(same, 0.0, np.minimum(difference, difference / golden))


@pytest.mark.parametrize("level", [1, 3, 5, 8])
def test_months_to_agree_with_high_precision_solutions(golden, outcomes, level):
    found = misses(outcomes.values("months_to", level), golden[f"months_to_{level}"].to_numpy())
    assert found.max() <= TOLERANCE


@pytest.mark.parametrize("level", [3, 5])
def test_best_windows_agree_with_high_precision_solutions(golden, outcomes, level):
    ours = outcomes.values("best_window_months", level)
    theirs = golden[f"best_window_months_{level}"].to_numpy()
    counted = np.maximum(ours, theirs) >= NEGLIGIBLE_WINDOW_MONTHS
    assert counted.sum() > 100
    assert misses(ours[counted], theirs[counted]).max() <= TOLERANCE


def test_deployments_are_equal(golden, outcomes):
    from_scratch = (golden["mode"] == "from_scratch").to_numpy()
    assert from_scratch.sum() == 50
    np.testing.assert_array_equal(outcomes.n_deployments[from_scratch], golden["n_deployments"][from_scratch])
    assert (outcomes.n_deployments[~from_scratch] == 0).all()


def test_every_row_is_simulated(golden, outcomes):
    assert outcomes.is_ok.all()
    assert len(outcomes) == 200
    assert math.isinf(outcomes.months_to.max())
