"""EVSI against closed forms: normal with a threshold, beta-binomial, limits; and what cannot be asked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from mc_sie.analysis.sensitivity.readings import Reading, natural_scale, on_scale, reading_value
from mc_sie.derived import subject_of
from mc_sie.errors import InputError
from mc_sie.sampling import NOISE_DIMENSION, plan, points

DESIGN = plan(2**16, n_replicates=16, seed=3)
MEAN, SD, THRESHOLD = 0.3, 1.7, 1.5


def normals(dimension: int) -> np.ndarray:
    return stats.norm.ppf(points(DESIGN, dimension, 0, DESIGN.n_draws))


@pytest.fixture(scope="module")
def normal():
    """x ~ N(0.3, 1.7^2), the event x > 1.5, and the noise of a reading."""
    x = MEAN + SD * normals(0)
    return x, normals(NOISE_DIMENSION), x > THRESHOLD, DESIGN.replicate.astype(np.intp)


def valued(normal, error, **options):
    x, noise, hits, groups = normal
    return reading_value(x, noise, error, hits, groups, **options)


A = (MEAN - THRESHOLD) / SD
P = stats.norm.cdf(A)


def brier_closed(error: float) -> float:
    """Var P(x > c | y): two x that share a reading have correlation s^2 / (s^2 + e^2)."""
    rho = SD**2 / (SD**2 + error**2)
    both = stats.multivariate_normal.cdf([A, A], cov=[[1.0, rho], [rho, 1.0]])
    return float(both - P**2)


def given_reading(z: float, error: float) -> float:
    """P(event) after a reading z standard deviations above its mean, by conjugacy."""
    gain = SD**2 / math.hypot(SD, error)
    left = SD * error / math.hypot(SD, error)
    return float(stats.norm.cdf((MEAN + gain * z - THRESHOLD) / left))


def expected(function, error: float) -> float:
    return integrate.quad(lambda z: function(given_reading(z, error)) * stats.norm.pdf(z), -9, 9, limit=400)[0]


def entropy(p: float) -> float:
    return float(stats.entropy([p, 1.0 - p], base=2))


def near(found: float, se: float, right: float, cut: float = 0.0) -> None:
    """Within four errors, and within what 64 bins hide."""
    assert 0.0 < se < 0.1 * max(abs(right), 0.03)
    assert abs(found - right) < 4.0 * se + cut


@pytest.mark.parametrize("error", [0.8, 1.7, 4.0])
def test_normal_readings_of_a_threshold_have_their_closed_forms(normal, error):
    found = valued(normal, error, loss_ratio=0.5)
    value, se = found.reading.value, found.reading.se
    near(value[0], se[0], brier_closed(error), 2e-4)
    near(value[1], se[1], entropy(P) - expected(entropy, error), 1e-3)
    worth = expected(lambda p: max(0.0, p - 0.5 * (1.0 - p)), error) - max(0.0, P - 0.5 * (1.0 - P))
    near(value[2], se[2], worth, 2e-4)
    near(found.after.value[0], found.after.se[0], expected(lambda p: abs(p - P), error), 2e-4)
    for k, quantile in enumerate((0.05, 0.95), start=1):
        near(found.after.value[k], found.after.se[k], given_reading(stats.norm.ppf(quantile), error), 5e-3)
    # the threshold lies inside one bin of 64, which perfect knowledge of the bin does not split: at most 1/256
    assert 0.0 <= P * (1.0 - P) - found.perfect.value[0] < 1.0 / 256.0
    near(found.perfect.value[0], found.perfect.se[0], P * (1.0 - P))
    near(found.share, found.share_se, brier_closed(error) / (P * (1.0 - P)))


def test_a_reading_runs_from_perfect_knowledge_to_nothing(normal):
    at_once = valued(normal, 1e-12)
    assert at_once.reading.value == pytest.approx(at_once.perfect.value, abs=1e-12)
    assert at_once.share == pytest.approx(1.0)
    useless = valued(normal, 1e6)
    assert abs(useless.reading.value[0]) < 4.0 * useless.reading.se[0] < 1e-3
    assert abs(useless.share) < 4.0 * useless.share_se
    low, high = useless.after.value[1:]
    assert P - 0.02 < low <= high < P + 0.02
    assert (np.diff(at_once.by_error.value) < 4.0 * at_once.by_error.se[1:]).all()
    assert (np.diff(at_once.by_error.value)[3:-1] < 0.0).all()


def test_half_of_perfect_knowledge_is_where_the_closed_form_says(normal):
    found = valued(normal, 1.0)
    right = optimize.brentq(lambda error: brier_closed(error) - 0.5 * P * (1.0 - P), 0.01, 10.0)
    near(found.half, found.half_se, right)
    assert found.half == valued(normal, 3.0).half  # whatever the reading at hand


@pytest.mark.parametrize("threshold", [1.0, 1.5, 3.4])
def test_errors_cover_a_threshold_inside_a_bin(threshold):
    """Quasi-random draws leave nothing but what the bin hides: its error must not be smaller than that."""
    x = MEAN + SD * normals(0)
    right = float(stats.norm.sf(threshold, MEAN, SD))
    found = reading_value(x, normals(NOISE_DIMENSION), 1.0, x > threshold, DESIGN.replicate.astype(np.intp))
    off = right * (1.0 - right) - found.perfect.value[0]
    assert 0.0 < off < 1.7 * found.perfect.se[0]
    assert found.perfect.se[0] < 2.0 * off + 1e-4  # for a threshold the bound is met


def test_bins_hide_little_of_a_smooth_curve(normal):
    """P = x on [0, 1]: a bin of width w hides w^2 / 12; the bound is w^2 inside, and w / 2 of a bin at either end."""
    u = points(DESIGN, 0, 0, DESIGN.n_draws)
    hits = points(DESIGN, 1, 0, DESIGN.n_draws) < u
    found = reading_value(u, normal[1], 1e-9, hits, normal[3])
    assert abs(found.perfect.value[0] - (1.0 - 64.0**-2) / 12.0) < 4.0 * found.perfect.se[0] < 2e-3


def test_weights_stand_for_another_prior(normal):
    """Draws of N(0, 1) with the weights of N(0.3, 1.7^2) / 4 spread the other way: N(0.3, 0.8^2)."""
    z, noise, groups = normals(0), normal[1], normal[3]
    weights = stats.norm.pdf(z, 0.3, 0.8) / stats.norm.pdf(z)
    found = reading_value(z, noise, 0.5, z > 0.7, groups, weights=weights)
    a = (0.3 - 0.7) / 0.8
    rho = 0.8**2 / (0.8**2 + 0.5**2)
    right = stats.multivariate_normal.cdf([a, a], cov=[[1, rho], [rho, 1]]) - stats.norm.cdf(a) ** 2
    near(found.reading.value[0], found.reading.se[0], float(right), 3e-4)


def test_an_event_that_a_linear_probability_decides(normal):
    """P(event | x) = x on [0, 1], x ~ Beta(2, 3); a reading of infinite error but its sign is no reading at all.

    EVPPI is Var x = 1/25; an error small against the scale of x leaves nearly all of it.
    """
    u = points(DESIGN, 0, 0, DESIGN.n_draws)
    x = stats.beta.ppf(u, 2, 3)
    hits = points(DESIGN, 1, 0, DESIGN.n_draws) < x
    found = reading_value(x, normal[1], 0.2, hits, normal[3])
    near(found.perfect.value[0], found.perfect.se[0], 0.04, 1e-4)
    posterior_mean_variance = _variance_of_posterior_mean(0.2)
    near(found.reading.value[0], found.reading.se[0], posterior_mean_variance, 1e-4)


def _variance_of_posterior_mean(error: float) -> float:
    """Of a Beta(2, 3) read with a normal error, on a grid."""
    x = np.linspace(0.0, 1.0, 2001)
    prior = stats.beta.pdf(x, 2, 3)
    y = np.linspace(-1.5, 2.5, 2001)
    joint = stats.norm.pdf(y[:, None], x[None, :], error) * prior
    marginal = joint.sum(axis=1)
    mean = (joint @ x) / marginal
    density = marginal / marginal.sum()
    return float(density @ mean**2 - (density @ mean) ** 2)


def test_what_tells_nothing_is_worth_nothing(normal):
    _, noise, hits, groups = normal
    inert = normals(4)
    found = reading_value(inert, noise, 1.0, hits, groups)
    assert abs(found.reading.value[0]) < 4.0 * found.reading.se[0]
    constant = reading_value(np.full(len(inert), 3.0), noise, 1.0, hits, groups)
    assert constant.perfect.value == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(constant.share)
    assert math.isnan(constant.half)


def test_infinite_subjects_give_infinite_readings(normal):
    """Half of the draws are infinite, and exactly in those the event holds: any reading settles it."""
    x, noise, _, groups = normal
    never = normals(2) > 0.0
    values = np.where(never, np.inf, x)
    found = reading_value(values, noise, 50.0, never, groups)
    assert found.reading.value[0] == pytest.approx(0.25, abs=1e-4)
    assert found.share == pytest.approx(1.0)
    # where readings beyond 1 cannot be told from never, they no longer do
    blurred = reading_value(values, noise, 50.0, never, groups, up_to=1.0)
    beyond = 0.5 + 0.5 * float((values + 50.0 * noise > 1.0)[~never].mean())
    right = beyond * (0.5 / beyond) ** 2 - 0.25
    assert blurred.reading.value[0] == pytest.approx(right, abs=1e-3)


@pytest.mark.parametrize(
    ("of", "scale"),
    [
        ("rho", "sd"), ("r", "sd_log"), ("alpha_compute", "sd_logit"), ("max_speed", "sd_log"),
        ("pace_at_compute[0.1]", "sd_log"), ("months_to[3]", "sd_log"), ("best_gain_ooms[12]", "sd"),
    ],
)  # fmt: skip
def test_each_subject_has_a_natural_scale(of, scale):
    assert natural_scale(subject_of(of)) == scale


def test_scales_are_logarithm_and_logit():
    values = np.array([0.0, 0.25, 0.5, 1.0])
    np.testing.assert_array_equal(on_scale("sd", values, "psi"), values)
    np.testing.assert_allclose(on_scale("sd_log", values, "psi"), [-np.inf, math.log(0.25), math.log(0.5), 0.0])
    np.testing.assert_allclose(on_scale("sd_logit", values, "psi"), [-np.inf, -math.log(3.0), 0.0, np.inf])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reading("rr", sd=1.0), "the reading of rr is nothing that a draw implies"),
        (lambda: Reading("best_gain_ooms", sd=1.0), "needs an index in months"),
        (lambda: Reading("r"), "states no error. State one: sd_log fits it"),
        (lambda: Reading("rho", sd=1.0, sd_log=1.0), "states more than one error: sd, sd_log. State one: sd fits it"),
        (lambda: Reading("rho", sd=0.0), "sd = 0 is not a positive number"),
        (lambda: Reading("rho", sd=math.nan), "sd = nan is not a positive number"),
        (lambda: Reading("r", sd=1.0, up_to=-1.0), "up_to = -1 is not a positive number"),
        (
            lambda: on_scale("sd_log", np.array([-0.2, 1.0]), "rho"),
            "sd_log of rho cannot be stated: rho is down to -0.2",
        ),
        (
            lambda: on_scale("sd_logit", np.array([0.2, 3.0]), "r"),
            "sd_logit of r cannot be stated: r is up to 3 among the draws",
        ),
    ],
)
def test_what_cannot_be_a_reading_is_refused(make, message):
    with pytest.raises(InputError) as refused:
        make()
    assert message in str(refused.value)
