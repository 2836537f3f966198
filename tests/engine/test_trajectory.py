"""One trajectory in full: the draw that it takes, and where it ends."""

import numpy as np
import pandas as pd
import pytest

from mc_sie import InputError, evaluate, load_prior, simulate, trajectory
from mc_sie.quantities import MODES

ONE = {"rho": -0.1, "r": 1.5}


@pytest.mark.parametrize("name", ["davidson-2025", "epoch-2025", "agnostic"])  # plain; with sigma; with prior_set too
def test_any_row_of_draws_has_a_trajectory(name):
    simulation = simulate(load_prior(name), 64, seed=3, n_replicates=2)
    ok = int(np.flatnonzero(simulation.outcomes.is_ok)[5])
    row = {name: values[ok] for name, values in simulation.draws.items()}
    frame = trajectory(row)
    assert frame["effective_ooms"].iloc[-1] == pytest.approx(simulation.outcomes.effective_end_ooms[ok], rel=1e-6)
    for other in (pd.Series(row), pd.DataFrame(simulation.draws).iloc[ok], {**row, "horizon_months": 240}):
        pd.testing.assert_frame_equal(trajectory(other), frame)
    np.testing.assert_array_equal(evaluate(simulation.draws).months_to, simulation.outcomes.months_to)


@pytest.mark.parametrize("mode", MODES)
def test_a_trajectory_takes_the_names_and_the_defaults_of_evaluate(mode):
    frame = trajectory({**ONE, "mode": mode})
    outcomes = evaluate({**ONE, "mode": mode})
    assert frame["effective_ooms"].iloc[-1] == pytest.approx(outcomes.effective_end_ooms[0], rel=1e-6)
    assert frame["months"].iloc[-1] == pytest.approx(outcomes.months_end[0], rel=1e-6)
    pd.testing.assert_frame_equal(trajectory({**ONE, "mode": MODES.index(mode)}), frame)


def test_a_trajectory_is_that_of_one_draw_inside_the_domain():
    with pytest.raises(InputError, match=r"^row has 2 draws\. Give one of them: a trajectory is that of one draw\."):
        trajectory({"rho": [-0.1, -0.2], "r": 1.5})
    with pytest.raises(InputError, match=r"^row has 0 draws"):
        trajectory({"rho": [], "r": 1.2})
    with pytest.raises(InputError, match=r"cannot be simulated: a quantity lies outside its domain"):
        trajectory({"rho": 5.0, "r": 1.5})
