"""Several trajectories of a simulation at common times."""

import numpy as np
import pytest

from mc_sie import InputError, load_prior, simulate, trajectories, trajectory


@pytest.mark.parametrize("name", ["davidson-2025", "davidson-2025-evidence"])
def test_trajectories_at_common_times_have_the_quantiles_of_the_simulation(name):
    simulation = simulate(load_prior(name), 512, n_replicates=4, widths=(12.0,))
    frame = trajectories(simulation, [0.0, 12.0, 240.0], 256)
    assert (frame.loc[0.0] == 0.0).all()
    outcomes = simulation.outcomes
    for month, values in ((12.0, outcomes.first_year_ooms), (240.0, outcomes.effective_end_ooms)):
        np.testing.assert_allclose(frame.loc[month], values[frame.columns], rtol=0.0, atol=0.02)  # drawn, not solved
    # each draw stands for an equal share of the weight
    weights = np.ones(512) if simulation.weights is None else simulation.weights
    expected = np.average(outcomes.first_year_ooms > 1.0, weights=weights)
    assert (frame.loc[12.0] > 1.0).mean() == pytest.approx(expected, abs=0.03)


def test_a_jump_counts_from_its_own_month_on():
    simulation = simulate(load_prior("davidson-2025").pinned("mode", "from_scratch"), 64, n_replicates=2)
    points = trajectory(simulation.draw(7))
    jump = points.loc[points["deployments"].diff() > 0].iloc[0]
    frame = trajectories(simulation, [jump["months"] * (1.0 - 1e-9), jump["months"]], 64)
    assert frame[7].iloc[1] == jump["effective_ooms"]
    assert frame[7].iloc[0] < jump["effective_ooms"]


def test_trajectories_refuse_times_and_draws_that_there_are_not():
    simulation = simulate(load_prior("davidson-2025"), 64, n_replicates=2, horizon_months=24.0)
    for months in ([], [2.0, 1.0], [-1.0, 1.0], [[0.0]]):
        with pytest.raises(InputError, match=r"^months are not rising"):
            trajectories(simulation, months)
    with pytest.raises(InputError, match=r"^months end at 25, and trajectories at 24"):
        trajectories(simulation, [0.0, 25.0])
    with pytest.raises(InputError, match=r"^n_draws = 65 is not between"):
        trajectories(simulation, [0.0], 65)
    with pytest.raises(InputError, match=r"^number = 64 is not between 0 and 63"):
        simulation.draw(64)
