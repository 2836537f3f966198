"""Prior sets that come with the package."""

import math

import numpy as np
import pytest
from prior_texts import points
from tests_settings import INTERPRETED

from mc_sie import InputError, simulate, summarise
from mc_sie.events import HEADLINE
from mc_sie.priors import load_prior, shipped_priors
from mc_sie.priors.modified import mixed
from mc_sie.priors.shipped import RETIRED
from mc_sie.quantities import QUANTITIES


@pytest.mark.parametrize("name", sorted(shipped_priors()))
def test_shipped_sets_load_without_warnings_and_stay_in_their_domains(name):
    prior = load_prior(name)
    assert prior.warnings == ()
    assert prior.description
    assert prior.citations
    assert prior.bottlenecks
    values = prior.values(points(prior))
    for quantity, array in values.items():
        if quantity != "prior_set":
            inside = [QUANTITIES[quantity].contains(float(value)) for value in array if not np.isnan(value)]
            assert all(inside), quantity


def test_a_name_and_a_path_load_the_same():
    path = shipped_priors()["davidson-2025"]
    assert load_prior(path) == load_prior("davidson-2025")
    assert load_prior(str(path)).digest == load_prior("davidson-2025").digest


FORECASTERS = ("ai-futures-eli-2025", "ai-futures-daniel-2025", "ai-futures-brendan-2025")


@pytest.mark.parametrize("name", FORECASTERS[:2])
def test_forecasters_imply_the_ces_that_was_computed_from_their_configuration(name):
    """40,000 draws elsewhere: infL^rho + infC^rho = 1; the tolerance is the sampling error of the outer quantiles."""
    prior = load_prior(name)
    probs = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
    rho = [-0.40, -0.31, -0.22, -0.162, -0.126, -0.106, -0.096]
    np.testing.assert_allclose(prior.quantiles("rho", probs), rho, rtol=0.02)
    alpha = [0.43, 0.49, 0.57, 0.654, 0.745, 0.836, 0.887]
    np.testing.assert_allclose(prior.quantiles("alpha_compute", probs), alpha, atol=0.006)
    ceiling = [1.5, 2.0, 4.5, 15.2, 58.0, 201.0, 426.0]
    np.testing.assert_allclose(prior.quantiles("max_speed", probs), ceiling, rtol=0.02)
    values = prior.values(points(prior))
    assert np.mean(values["rho"] > -0.2) == pytest.approx(0.68, abs=0.02)


@pytest.mark.parametrize(
    ("name", "ends", "compute"),
    [
        (FORECASTERS[0], (1, 200), (25, 4e4)),
        (FORECASTERS[1], (1, 200), (25, 4e4)),
        (FORECASTERS[2], (1, 200), (25, 1e6)),
    ],
)
def test_forecasters_paces_have_the_intervals_that_they_state(name, ends, compute):
    entries = load_prior(name).entries
    for quantity, (low, high) in (("max_speed", ends), ("max_speed_compute", compute)):
        cut = entries[quantity].distribution
        np.testing.assert_allclose(cut.base.ppf([0.1, 0.9]), [1.0 + low, 1.0 + high], rtol=1e-4)
        assert cut.mass > 0.998  # the rest lies near 1


@pytest.mark.parametrize(
    ("name", "loop", "above_one"),
    [
        (FORECASTERS[0], (0.14, 0.40, 0.77, 1.47, 3.6), 0.39),
        (FORECASTERS[1], (0.20, 0.52, 1.02, 1.94, 4.8), 0.51),
        (FORECASTERS[2], (0.29, 0.61, 0.98, 1.54, 2.9), 0.49),
    ],
)
def test_forecasters_loop_exponents_are_r(name, loop, above_one):
    law = load_prior(name).entries["r"].distribution
    np.testing.assert_allclose(law.ppf([0.05, 0.25, 0.5, 0.75, 0.95]), loop, rtol=1e-9)
    assert float(law.sf(1.0)) == pytest.approx(above_one, abs=0.005)


def test_forecasters_bottleneck_with_the_rest_of_davidson_gives_one_percent():
    """1.2 % (SE 0.06) was computed from 30,000 draws: their rho, weight and penalty, mode none."""
    davidson = load_prior("davidson-2025").pinned("mode", "none")
    theirs = mixed(davidson, load_prior(FORECASTERS[0]), ["substitution", "alpha_compute", "lam"])
    found = summarise(simulate(theirs, 512 if INTERPRETED else 2**15, seed=2), HEADLINE).answer
    assert abs(100.0 * found.prob - 1.2) < 4.0 * math.hypot(100.0 * found.se, 0.06)


def test_kwas_returns_are_those_that_he_reports():
    prior = load_prior("kwa-2026")
    np.testing.assert_allclose(prior.quantiles("r", [0.05, 0.5, 0.95]), [0.23, 0.38, 0.64], atol=0.006)
    values = prior.values(points(prior, 2**18))
    assert np.mean(values["r"] > 1.0) == pytest.approx(0.0005, abs=0.0003)
    total = values["r"] / ((1.0 - values["alpha_compute"]) * values["labour_per_efficiency"])
    np.testing.assert_allclose(np.quantile(total, [0.05, 0.5, 0.95]), [1.0, 1.38, 2.2], atol=0.02)


def test_davidson_2023_has_the_presets_at_its_ends_and_middles():
    entries = load_prior("davidson-2023").entries
    for quantity, presets in (
        ("r_total", (0.8, 1.25, 5.0)),
        ("lam", (0.2, 0.7, 0.99)),
        ("limit_ooms", (8, 12, 16)),
    ):
        law = entries[quantity].distribution
        np.testing.assert_allclose([law.support[0], float(law.ppf(0.5)), law.support[1]], presets, rtol=1e-9)
    values = load_prior("davidson-2023").values(points(load_prior("davidson-2023")))
    np.testing.assert_allclose(values["r"], 0.7 * values["r_total"], rtol=1e-12)


def test_davidson_2023_keeps_the_returns_of_its_model_in_steady_growth():
    """That model's step: the sum of input^lambda to the power returns / lambda; ours grows by lam g / beta."""
    prior = load_prior("davidson-2023")
    values = prior.values(points(prior, 64))
    growth = 0.2
    times = np.arange(0.0, 4000.0, 0.5)
    for row in range(0, len(values["r"]), 8):
        returns = values["r_total"][row]
        lam = values["lam"][row]
        so_far = np.cumsum(np.exp(lam * growth * (times - times[-1])))
        theirs = (returns / lam) * math.log(so_far[-1] / so_far[-3])  # of one year
        beta = lam * (1.0 - values["alpha_compute"][row]) * values["labour_per_efficiency"][row] / values["r"][row]
        assert lam * growth / beta == pytest.approx(theirs, rel=1e-9)


def test_a_retired_set_names_those_that_took_its_place():
    for old, new in RETIRED.items():
        assert old not in shipped_priors()
        assert set(new) <= set(shipped_priors())
        with pytest.raises(InputError, match=f"no longer shipped. In its place: {', '.join(new)}"):
            load_prior(old)


def test_the_agnostic_pool_counts_bodies_of_work_and_not_files():
    weights = {member.name: weight for member, weight in load_prior("agnostic").members}
    bodies = (
        ("davidson-2025", "davidson-2025-explicit", "davidson-houlden-2025"),
        ("economists", "epoch-2025"),
        ("whitfill-wu-baseline", "whitfill-wu-frontier"),
        ("ho-whitfill-2025",),
        FORECASTERS,
    )
    assert sorted(weights) == sorted(name for body in bodies for name in body)
    for body in bodies:
        assert sum(weights[name] for name in body) == pytest.approx(0.2)
    conditioned = {name for name in shipped_priors() if load_prior(name).evidence}
    left_out = set(shipped_priors()) - set(weights) - conditioned - {"agnostic"}
    assert left_out == {"davidson-2023", "kwa-2026"}  # superseded, and a draft: the pool says so
    assert all(name in load_prior("agnostic").description for name in left_out)
