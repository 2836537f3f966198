"""Draws as a DataTree: what is in it, against the simulation that it was made of."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from tests_settings import INTERPRETED

from mc_sie import load_prior, read_run, simulate, summarise, write_run
from mc_sie.analysis.importance.tempering import log_likelihoods
from mc_sie.engine.datatree import equal_weight
from mc_sie.errors import InputError
from mc_sie.model.status import ENDS
from mc_sie.outcomes import OUTCOME_KINDS, STATUS_NAMES
from mc_sie.quantities import MODES, QUANTITIES

compiled = pytest.mark.skipif(INTERPRETED, reason="thousands of trajectories")


@pytest.fixture(scope="module")
def tree(simulation):
    return simulation.to_datatree("best_window[2.5] < 11.5")


@pytest.fixture(scope="module")
def given():
    """A set given evidence, some of it about a quantity and some about an outcome."""
    if INTERPRETED:
        pytest.skip("thousands of trajectories")
    return simulate(load_prior("economists-evidence"), 4096, seed=3, n_replicates=8)


@pytest.fixture(scope="module")
def given_tree(given):
    return given.to_datatree()


# --- Without evidence ---


def test_a_replicate_is_a_chain(simulation, tree):
    design = simulation.design
    for group in ("prior", "prior_predictive"):
        assert tree[group].sizes["chain"] == design.n_replicates
        assert tree[group].sizes["draw"] == design.n_per_replicate
    r = tree["prior"]["r"].to_numpy()
    np.testing.assert_array_equal(r.ravel(), simulation.draws["r"])
    np.testing.assert_array_equal(r[1], simulation.draws["r"][simulation.replicate == 1])


def test_the_root_says_what_it_is(simulation, tree):
    assert set(tree.children) == {"prior", "prior_predictive", "constant_data"}
    design = simulation.design
    assert tree.attrs.items() >= {
        "prior": "davidson-2025",
        "digest": simulation.prior.digest,
        "event": "best_window_months[2.5] < 11.5",
        "seed": 11,
        "n_replicates": design.n_replicates,
        "n_per_replicate": design.n_per_replicate,
        "n_draws": design.n_draws,
        "n_not_simulated": 0,
        "horizon_months": 240.0,
    }.items()  # fmt: skip


def test_what_varies_is_in_prior_and_the_rest_in_constant_data(simulation, tree):
    varying = {
        "rho", "r", "mode", "lam", "limit_ooms", "software_doubling_months", "training_months", "training_floor_months",
        "retraining_compute_share",
    }  # fmt: skip
    assert set(tree["prior"].data_vars) == varying
    constant = tree["constant_data"]
    given = {name for name, values in simulation.draws.items() if not np.isnan(values).any()}
    assert set(constant.data_vars) == given - varying | {"horizon_months"}
    assert float(constant["alpha_compute"]) == simulation.draws["alpha_compute"][0]
    assert float(constant["horizon_months"]) == 240.0


def test_outcomes_stand_with_their_index(simulation, tree):
    predictive = tree["prior_predictive"]
    assert set(predictive.data_vars) == {"event", "status", "end", "reached", *OUTCOME_KINDS}
    assert predictive["months_to"].dims == ("chain", "draw", "ooms")
    assert predictive["ooms"].to_numpy().tolist() == [1, 2.5, 3, 5, 8]
    gains = predictive["best_gain_ooms"].sel(months=24)
    np.testing.assert_array_equal(gains.to_numpy().ravel(), simulation.outcomes.values("best_gain_ooms", 24.0))


def test_the_event_is_0_or_1(simulation, tree):
    summary = summarise(simulation, "best_window[2.5] < 11.5")
    event = tree["prior_predictive"]["event"]
    assert event.attrs["event"] == "best_window_months[2.5] < 11.5"
    assert event.attrs["long_name"] == summary.event.in_words
    assert set(np.unique(event)) == {0, 1}
    assert float(event.mean()) == pytest.approx(summary.answer.prob)


def test_what_is_never_reached_ends_at_the_horizon_beside_a_flag(simulation, tree):
    predictive = tree["prior_predictive"]
    months = simulation.outcomes.months_to
    assert np.isinf(months).any()
    np.testing.assert_array_equal(predictive["reached"].to_numpy().reshape(months.shape), np.isfinite(months))
    np.testing.assert_array_equal(
        predictive["months_to"].to_numpy().reshape(months.shape), np.where(np.isinf(months), 240.0, months)
    )
    assert float(predictive["best_window_months"].max()) == 240.0


def test_the_tree_carries_units_and_words(tree):
    for name, variable in tree["prior"].data_vars.items():
        assert variable.attrs["units"] == QUANTITIES[name].unit
        assert variable.attrs["long_name"] == QUANTITIES[name].meaning
    assert tree["prior"]["mode"].attrs["words"].split() == list(MODES)
    predictive = tree["prior_predictive"]
    assert predictive["status"].attrs["words"].split() == list(STATUS_NAMES)
    assert predictive["end"].attrs["words"].split() == list(ENDS)
    assert predictive["pace_peak"].attrs["units"] == "x"


def test_a_failed_draw_has_no_outcome(failing):
    tree = failing.to_datatree()
    is_ok = failing.outcomes.is_ok
    predictive = tree["prior_predictive"]
    np.testing.assert_array_equal(predictive["end"].to_numpy().ravel() == -1, ~is_ok)
    for name in ("event", "first_year_ooms", "limit_reached"):
        np.testing.assert_array_equal(np.isfinite(predictive[name].to_numpy().ravel()), is_ok)
    assert np.isnan(predictive["reached"].sel(ooms=5).to_numpy().ravel()[~is_ok]).all()
    assert float(predictive["event"].mean()) == pytest.approx(summarise(failing).answer.prob)
    assert tree.attrs["n_not_simulated"] == (~is_ok).sum()


def test_a_pool_is_complete(pooled):
    prior = pooled.to_datatree()["prior"]
    for name, values in pooled.draws.items():
        numbers = values.astype(np.float64)
        if np.isnan(numbers).all() or (numbers == numbers[0]).all():
            assert name not in prior
            continue
        found = prior[name].to_numpy().ravel().astype(np.float64)
        np.testing.assert_array_equal(found, np.where(np.isinf(numbers), np.nan, numbers))
    assert {"speedup_initial", "sigma", "max_speed", "route2_rho", "prior_set"} & set(prior.data_vars) >= {
        "speedup_initial", "sigma", "route2_rho", "prior_set",
    }  # fmt: skip
    assert prior["prior_set"].attrs["words"].split() == [member.name for member, _ in pooled.prior.members]


def test_an_event_that_was_not_simulated_is_refused(simulation):
    with pytest.raises(InputError, match="was not simulated"):
        simulation.to_datatree("best_window[7] < 12")
    with pytest.raises(InputError, match="trajectories end after 240"):
        simulation.to_datatree("months_to[5] < 300")


# --- Equal weight ---


def test_a_draw_stands_as_often_as_its_weight_says():
    rng = np.random.default_rng(1)
    weights = rng.lognormal(size=4 * 500) * (rng.random(2000) < 0.8)
    rows = equal_weight(weights, 4, [rng.random(2000)])
    times = np.bincount(rows, minlength=2000).reshape(4, 500)
    expected = weights.reshape(4, 500)
    expected = expected / expected.mean(axis=1, keepdims=True)
    assert (times.sum(axis=1) == 500).all()
    assert (np.abs(times - expected) < 1.0 + 1e-9).all()
    assert (times[expected == 0.0] == 0).all()
    assert (np.diff(rows) >= 0).all()


def test_the_last_key_comes_out_to_one_draw():
    rng = np.random.default_rng(2)
    weights = rng.lognormal(size=2000)
    hits = rng.random(2000) < 0.3
    picked = hits[equal_weight(weights, 4, [rng.random(2000), hits])].reshape(4, 500).mean(axis=1)
    shares = [np.average(h, weights=w) for h, w in zip(hits.reshape(4, -1), weights.reshape(4, -1), strict=True)]
    np.testing.assert_allclose(picked, shares, atol=1 / 500)


def test_a_replicate_without_weight_is_refused():
    with pytest.raises(InputError, match="no draw that the evidence allows in replicate 1"):
        equal_weight(np.array([1.0, 1.0, 0.0, 0.0]), 2, [np.zeros(4)])


# --- Given evidence ---


def test_posterior_groups_are_of_equal_weight(given, given_tree):
    answer = summarise(given).answer
    assert float(given_tree["posterior_predictive"]["event"].mean()) == pytest.approx(answer.prob, abs=answer.se / 2)
    for name in ("rho", "r", "sigma"):
        exact = np.average(given.draws[name], weights=given.weights)
        sd = given.draws[name].std()
        assert float(given_tree["posterior"][name].mean()) == pytest.approx(exact, abs=0.02 * sd)


def test_prior_groups_are_of_before_the_evidence(given, given_tree):
    assert given.method == "proposal"  # else the draws would be those of the prior, and the test one of nothing
    np.testing.assert_array_equal(given_tree["prior"]["rho"].to_numpy().ravel(), given.before.draws["rho"])
    before = summarise(given).before
    assert float(given_tree["prior_predictive"]["event"].mean()) == pytest.approx(before.prob)


def test_each_piece_of_evidence_has_its_likelihood(given, given_tree):
    likelihood = given_tree["log_likelihood"]
    assert likelihood["evidence"].to_numpy().tolist() == ["a tenth of the compute", "ten times the compute, Slack"]
    posterior = {name: given_tree["posterior"][name].to_numpy().ravel() for name in given_tree["posterior"].data_vars}
    draws = {name: np.broadcast_to(values[0], 4096) for name, values in given.draws.items()} | posterior
    expected = log_likelihoods(given.prior, draws, None)
    for place, item in enumerate(given.prior.evidence):
        dimension, name = ("evidence", "reading") if item.is_value else ("bound", "satisfied")
        found = likelihood[name].sel({dimension: item.name}).to_numpy().ravel()
        np.testing.assert_allclose(found, expected[:, place], atol=1e-12)


def test_readings_and_bounds_are_observed_and_predicted(given_tree):
    observed = given_tree["observed_data"]
    assert observed["reading"].to_numpy().tolist() == [0.5, 1.18]
    assert observed["satisfied"].to_numpy().tolist() == [1, 1]
    for group in ("prior_predictive", "posterior_predictive"):
        assert given_tree[group]["reading"].dims == ("chain", "draw", "evidence")
    means = [
        float(np.log(given_tree[f"{when}_predictive"]["reading"][..., 0]).mean()) for when in ("prior", "posterior")
    ]
    assert abs(means[1] - np.log(0.5)) < abs(means[0] - np.log(0.5))


def test_the_prior_has_its_density_quantity_by_quantity(given, given_tree):
    log_prior = given_tree["log_prior"]["log_prior"]
    assert log_prior["quantity"].to_numpy().tolist() == list(given.prior.dimensions)
    stated = given.prior.entries["lam"]
    lam = given_tree["posterior"]["lam"].to_numpy()
    np.testing.assert_allclose(log_prior.sel(quantity="lam"), np.log(stated.distribution.pdf(lam)))


# --- Stored runs ---


@pytest.mark.parametrize("all_outcomes", [True, False])
def test_a_stored_run_makes_the_same_tree(simulation, tmp_path, all_outcomes):
    summary = summarise(simulation)
    write_run(tmp_path / "run", simulation, summary, command="", all_outcomes=all_outcomes)
    stored = read_run(tmp_path / "run").to_datatree()
    tree = simulation.to_datatree()
    assert stored.attrs == tree.attrs
    xr.testing.assert_identical(stored["prior"].to_dataset(), tree["prior"].to_dataset())
    xr.testing.assert_identical(stored["constant_data"].to_dataset(), tree["constant_data"].to_dataset())
    if all_outcomes:
        xr.testing.assert_identical(stored["prior_predictive"].to_dataset(), tree["prior_predictive"].to_dataset())
    else:
        np.testing.assert_array_equal(
            stored["prior_predictive"]["months_to"].sel(ooms=5), tree["prior_predictive"]["months_to"].sel(ooms=5)
        )


def test_a_stored_run_given_evidence_makes_the_same_tree(given, given_tree, tmp_path):
    write_run(tmp_path / "run", given, summarise(given), command="", all_outcomes=True)
    stored = read_run(tmp_path / "run").to_datatree()
    assert set(stored.children) == set(given_tree.children)
    for group in given_tree.children:
        xr.testing.assert_identical(stored[group].to_dataset(), given_tree[group].to_dataset())


@compiled
def test_evidence_about_an_outcome_is_stored_with_what_it_is_about(tmp_path):
    base = load_prior("davidson-houlden-2025")
    piece = load_prior("economists-evidence").evidence[0]
    reading = {"likelihood": "normal", "parameters": {"value": 60.0, "sd": 30.0}, "unit": "months"}
    item = replace(piece, name="slow", about="months_to[3]", **reading)
    drawn = simulate(base.given((item,)), 1024, n_replicates=8)
    folder = write_run(tmp_path / "run", drawn, summarise(drawn), command="")
    stored = read_run(folder).to_datatree()
    months = drawn.to_datatree()["posterior_predictive"]["months_to"].sel(ooms=3)
    np.testing.assert_array_equal(stored["posterior_predictive"]["months_to"].sel(ooms=3), months)
    likelihood = stored["log_likelihood"]["reading"].to_numpy()[..., 0]
    reached = months.to_numpy() < 240.0
    np.testing.assert_allclose(likelihood[reached], -0.5 * ((months.to_numpy()[reached] - 60.0) / 30.0) ** 2, atol=1e-9)


def test_a_tree_goes_to_netcdf_and_back(tree, tmp_path):
    tree.to_netcdf(tmp_path / "draws.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as read:
        assert read.attrs == tree.attrs
        for group in tree.children:
            xr.testing.assert_equal(read[group].to_dataset(), tree[group].to_dataset())
            for name, variable in tree[group].data_vars.items():
                assert read[group][name].attrs == variable.attrs
    assert json.dumps(tree.attrs)  # plain values
