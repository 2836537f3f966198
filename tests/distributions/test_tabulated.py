"""Histograms, tables, fitted intervals and pools of experts: each against what it must be."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mc_sie import load_prior
from mc_sie.distributions import families as f
from mc_sie.distributions import fitting, tabulated
from mc_sie.distributions.base import Unusable
from mc_sie.priors import prior_from_dict
from mc_sie.quantities import QUANTITIES

U = np.concatenate([10.0 ** -np.arange(3.0, 14.0), np.linspace(0.001, 0.999, 999), 1.0 - 10.0 ** -np.arange(3.0, 13.0)])

HISTOGRAM = tabulated.histogram([0.0, 1.0, 2.0, 4.0, 8.0], [2, 0, 5, 3])
LOG_HISTOGRAM = tabulated.histogram([0.5, 1.0, 10.0, 20.0], [1, 2, 1], is_log=True)
_P = np.concatenate(
    [[0.0], 1e-3 * 2.0 ** np.arange(9.0), np.linspace(0.3, 0.7, 9), 1.0 - 1e-3 * 2.0 ** np.arange(8.0, -1.0, -1), [1.0]]
)
_GAMMA = stats.gamma(3.0, scale=2.0)
TABLE = tabulated.tabulated(_P.tolist(), [0.01, *_GAMMA.ppf(_P[1:-1]), 40.0])
LOG_TABLE = tabulated.tabulated(_P.tolist(), [0.05, *stats.lognorm(0.7, scale=3.0).ppf(_P[1:-1]), 90.0], is_log=True)
COARSE = tabulated.tabulated([0.0, 0.1, 0.9, 1.0], [1.0, 2.0, 3.0, 20.0])
LAWS = {
    "histogram": HISTOGRAM,
    "logarithmic histogram": LOG_HISTOGRAM,
    "table": TABLE,
    "logarithmic table": LOG_TABLE,
    "coarse table": COARSE,
    "truncated table": f.truncated(TABLE, 2.0, 15.0),
    "truncated histogram": f.truncated(HISTOGRAM, 0.5, 3.0),
    "linear pool of both": f.mixture([(0.4, TABLE), (0.6, HISTOGRAM)]),
    "table with an atom": f.mixture([(0.9, TABLE), (0.1, f.fixed(0.5))]),
}


@pytest.mark.parametrize("name", LAWS)
def test_quantiles_and_probabilities_undo_each_other(name):
    distribution = LAWS[name]
    x = distribution.ppf(U)
    assert np.all(np.diff(distribution.ppf(np.sort(U))) >= 0.0)
    assert np.all((x >= distribution.support[0]) & (x <= distribution.support[1]))
    smooth = ~np.isin(x, [value for value, _ in distribution.atoms])
    np.testing.assert_allclose(distribution.cdf(x)[smooth], U[smooth], rtol=1e-6, atol=1e-13)
    np.testing.assert_allclose(distribution.sf(x)[smooth], 1.0 - U[smooth], rtol=1e-6, atol=1e-13)
    np.testing.assert_allclose(distribution.cdf(x) + distribution.sf(x), 1.0, atol=1e-12)
    assert distribution.cdf(distribution.support[0] - 1.0) == 0.0
    assert distribution.sf(distribution.support[1] + 1.0) == 0.0


@pytest.mark.parametrize("name", LAWS)
def test_densities_are_the_slopes_of_the_probabilities(name):
    distribution = LAWS[name]
    inner = distribution.ppf(np.linspace(0.02, 0.98, 173))
    inner = inner[~np.isin(inner, [value for value, _ in distribution.atoms])]
    step = 1e-6
    jumps = np.concatenate([[0.5, 1.0, 2.0, 3.0, 4.0, 8.0, 10.0], [value for value, _ in distribution.atoms]])
    inner = inner[np.abs(inner[:, np.newaxis] - jumps).min(axis=1) > 1e-3]
    slopes = (distribution.cdf(inner + step) - distribution.cdf(inner - step)) / (2.0 * step)
    np.testing.assert_allclose(distribution.pdf(inner), slopes, rtol=2e-4, atol=1e-6)
    assert distribution.pdf(distribution.support[0] - 0.5) == 0.0
    assert distribution.pdf(distribution.support[1] + 0.5) == 0.0


@pytest.mark.parametrize("name", LAWS)
def test_the_mean_is_the_integral_of_the_quantiles(name):
    distribution = LAWS[name]
    fine = distribution.ppf((np.arange(2**18) + 0.5) / 2**18)
    assert distribution.mean() == pytest.approx(float(np.mean(fine)), abs=2e-5 * float(np.std(fine)))


def test_a_histogram_has_the_shares_of_its_chips():
    np.testing.assert_allclose(
        HISTOGRAM.cdf([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0]), [0, 0.1, 0.2, 0.2, 0.2, 0.45, 0.7, 1]
    )
    assert HISTOGRAM.ppf([0.1, 0.2, 0.45]).tolist() == [0.5, 1.0, 3.0]
    assert HISTOGRAM.ppf(0.2 + 1e-12) == pytest.approx(2.0)
    assert HISTOGRAM.pdf([0.5, 1.5, 3.0, 6.0]).tolist() == pytest.approx([0.2, 0.0, 0.25, 0.075])
    assert HISTOGRAM.mean() == pytest.approx(0.2 * 0.5 + 0.5 * 3.0 + 0.3 * 6.0)
    assert HISTOGRAM.support == (0.0, 8.0)
    assert tabulated.histogram([0.0, 1.0, 2.0, 3.0], [0, 1, 0]).support == (1.0, 2.0)
    many = tabulated.histogram([0.0, 1.0, 2.0, 4.0, 8.0], [20, 0, 50, 30])
    np.testing.assert_allclose(many.ppf(U), HISTOGRAM.ppf(U), rtol=1e-14)
    assert HISTOGRAM.describe() == "histogram of 10 chips in 4 bins from 0 to 8"


def test_a_logarithmic_histogram_is_even_in_factors():
    assert LOG_HISTOGRAM.ppf(0.5) == pytest.approx(math.sqrt(10.0))
    assert LOG_HISTOGRAM.mean() == pytest.approx(
        0.25 * 0.5 / math.log(2.0) + 0.5 * 9.0 / math.log(10.0) + 0.25 * 10.0 / math.log(2.0)
    )
    same = f.loguniform(1.0, 10.0)
    inside = np.linspace(1.01, 9.9, 7)
    np.testing.assert_allclose(LOG_HISTOGRAM.pdf(inside), 0.5 * same.pdf(inside))


def test_a_table_goes_through_its_points_and_near_its_distribution():
    np.testing.assert_allclose(TABLE.ppf(_P[1:-1]), _GAMMA.ppf(_P[1:-1]), rtol=1e-12)
    between = np.linspace(0.002, 0.998, 301)
    assert np.abs(_GAMMA.cdf(TABLE.ppf(between)) - between).max() < 2e-3
    assert np.abs(stats.lognorm(0.7, scale=3.0).cdf(LOG_TABLE.ppf(between)) - between).max() < 2e-3
    np.testing.assert_allclose(COARSE.ppf([0.1, 0.9]), [2.0, 3.0], rtol=1e-14)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(1e-3, 1.0), st.floats(1e-3, 1e3)), min_size=1, max_size=12))
def test_whatever_rises_makes_a_distribution_that_rises(steps):
    probs = np.concatenate([[0.0], np.cumsum([p for p, _ in steps])])
    values = np.cumsum([-5.0, *(x for _, x in steps)])
    distribution = tabulated.tabulated([*(probs[:-1] / probs[-1]).tolist(), 1.0], values.tolist())
    u = np.linspace(1e-6, 1.0 - 1e-6, 501)
    x = distribution.ppf(u)
    assert np.all(np.diff(x) > 0.0)
    np.testing.assert_allclose(distribution.cdf(x), u, atol=1e-11)
    assert np.all(distribution.pdf(x) > 0.0)


@pytest.mark.parametrize(
    ("make", "key", "why"),
    [
        (lambda: tabulated.histogram([0, 1, 1], [1, 1]), "edges.2", "is not above the one before, 1"),
        (lambda: tabulated.histogram([0, 1, 2], [1]), "chips", "has 1, for 2 bins"),
        (lambda: tabulated.histogram([0, 1, 2], [0, 0]), "chips", "has none"),
        (lambda: tabulated.histogram([0, 1], [1], is_log=True), "edges.0", "is not above 0"),
        (lambda: tabulated.tabulated([0, 1], [1, 2, 3]), "x", "has 3, for 2 in p"),
        (lambda: tabulated.tabulated([0, 0.5, 0.5, 1], [1, 2, 3, 4]), "p.2", "is not above the one before, 0.5"),
        (lambda: tabulated.tabulated([0, 0.5, 1], [1, 3, 2]), "x.2", "is not above the one before, 3"),
        (lambda: tabulated.tabulated([0.1, 0.9], [1, 3]), "p", "goes from 0.1 to 0.9, not from 0 to 1"),
        (lambda: tabulated.tabulated([0], [1]), "p", "has 1"),
    ],
)
def test_what_is_no_table_is_refused(make, key, why):
    with pytest.raises(Unusable) as caught:
        make()
    assert (caught.value.key, caught.value.why) == (key, why)


# ------------------------------------------------------------------------------------------- mean and interval


@pytest.mark.parametrize(
    ("family", "distribution", "more"),
    [
        ("normal", stats.norm(2.0, 3.0), {}),
        ("lognormal", stats.lognorm(0.8, scale=5.0), {}),
        ("uniform", stats.uniform(-1.0, 3.0), {}),
        ("loguniform", stats.loguniform(0.5, 9.0), {}),
        ("beta", stats.beta(2.0, 5.0, loc=-1.0, scale=4.0), {"low": -1.0, "high": 3.0}),
        ("student_t", stats.t(4.0, 1.0, 2.0), {"df": 4.0}),
    ],
)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_a_distribution_is_found_again_from_its_mean_and_interval(family, distribution, more, level):
    found = fitting.fit_interval(family, distribution.mean(), tuple(distribution.interval(level)), level=level, **more)
    u = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(found.distribution.ppf(u), distribution.ppf(u), atol=1e-6 * distribution.std())
    assert found.miss_share < 1e-6
    assert found.miss_points < 1e-4


def test_what_a_mean_and_an_interval_miss_is_told():
    found = fitting.fit_interval("lognormal", 12.0, (2.0, 32.0))
    low, high = found.distribution.ppf([0.05, 0.95])
    points = np.abs(found.distribution.cdf([2.0, 32.0]) - [0.05, 0.95])
    assert found.miss_points == pytest.approx(100.0 * points.max())
    assert found.miss_mean == pytest.approx(abs(found.distribution.mean() - 12.0) / 30.0)
    aims = np.log([2.0, 32.0, 12.0])

    def squares(median, sd_log):
        distribution = f.lognormal(median, sd_log)
        return float(np.sum((np.log([*distribution.ppf([0.05, 0.95]), distribution.mean()]) - aims) ** 2))

    median, sd_log = float(found.distribution.ppf(0.5)), math.log(high / low) / (2.0 * 1.6448536269514722)
    best = squares(median, sd_log)
    for a, b in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99)):
        assert squares(a * median, b * sd_log) > best
    with pytest.raises(Unusable, match="cannot have that mean and interval: the nearest has mean"):
        fitting.fit_interval("normal", 5.0, (2.0, 32.0))


def test_three_quantiles_are_missed_by_points_of_probability():
    stated = {"q05": 2.0, "q50": 8.5, "q95": 32.0}
    found = fitting.fit("lognormal", stated)
    points = np.abs(found.distribution.cdf(list(stated.values())) - [0.05, 0.5, 0.95])
    assert found.miss_points == pytest.approx(100.0 * points.max())


# --------------------------------------------------------------------------------------------------- in a file

HEAD = (
    'title = "t"\nbottlenecks = "once"\n[rho]\nfamily = "uniform"\nlow = -0.4\nhigh = -0.1\nunit = "1"\nsource = "s"\n'
    '[r]\nfamily = "fixed"\nvalue = 1\nunit = "1"\nsource = "s"\n'
)
LIMIT = QUANTITIES["limit_ooms"].meaning
BODIES = {
    "interval": (
        'family = "interval"\nmean = 12\ninterval = [2, 32]\nfit = "lognormal"',
        "lognormal with mean 12 and 90 % interval 2 to 32: misses the interval by at most ",
    ),
    "exact interval": (
        'family = "interval"\nmean = 12\ninterval = [6, 18]\nfit = "uniform"\nlevel = 0.8',
        "uniform with mean 12 and 80 % interval 6 to 18",
    ),
    "histogram": (
        'family = "histogram"\nedges = [1, 2, 4]\nchips = [3, 7]\nscale = "log"',
        "histogram of 10 chips in 2 bins from 1 to 4, even in factors",
    ),
    "table": ('family = "tabulated"\np = [0, 0.5, 1]\nx = [1, 2, 4]', "tabulated at 3 points from 1 to 4"),
    "linear pool": (
        'family = "linear_pool"\ncomponents = [ { weight = 0.5, family = "uniform", low = 1, high = 2 }, '
        '{ weight = 0.5, family = "mixture", components = '
        '[ { weight = 0.9, family = "lognormal", median = 3, sd_log = 1 }, '
        '{ weight = 0.1, family = "fixed", value = inf } ] } ]',
        "linear pool: 50 % uniform from 1 to 2, 50 % mixture: 90 % lognormal",
    ),
}  # fmt: skip


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_and_load(body):
        (tmp_path / "mine.toml").write_text(HEAD + f'[limit_ooms]\n{body}\nunit = "OOM"\nsource = "s"\n')
        return load_prior("mine.toml")

    return write_and_load


@pytest.mark.parametrize("name", BODIES)
def test_a_file_may_say_so_and_its_record_comes_back(load, name):
    body, words = BODIES[name]
    prior = load(body)
    distribution = prior.entries["limit_ooms"].distribution
    assert distribution.describe().startswith(words)
    again = prior_from_dict(json.loads(json.dumps(prior.to_dict())), "run.json")
    np.testing.assert_array_equal(again.entries["limit_ooms"].distribution.ppf(U), distribution.ppf(U))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            'family = "histogram"\nedges = [1, 3, 2]\nchips = [1, 1]',
            "edges[2] = 2 is not above the one before, 3. Put them in rising order.",
        ),
        (
            'family = "histogram"\nedges = [-1, 2]\nchips = [1]',
            f"edges = [-1, 2] reaches below 0. limit_ooms lies in (0, inf]: {LIMIT}. Cut it with truncate_low = 0.",
        ),
        (
            'family = "histogram"\nedges = [1, 2]\nchips = [-1]',
            "chips[0] = -1 is below 0. Give a larger number.",
        ),
        (
            'family = "histogram"\nedges = [1, 2]\nchips = [1]\nscale = "logarithmic"',
            'scale = "logarithmic" is not one of the names. Known: linear, log.',
        ),
        (
            'family = "tabulated"\np = [0, 0.5, 0.9]\nx = [1, 2, 3]',
            "p = [0, 0.5, 0.9] goes from 0 to 0.9, not from 0 to 1. "
            "Say where the distribution ends: the first probability is 0 and the last is 1.",
        ),
        (
            'family = "interval"\nmean = 5\ninterval = [9, 2]\nfit = "normal"',
            "interval = [9, 2] does not rise. Write it as [low, high].",
        ),
        (
            'family = "interval"\nmean = 5\ninterval = [2, 9]\nfit = "normal"\nlevel = 90',
            "level = 90 is not below 1. Give a smaller number.",
        ),
        (
            'family = "interval"\nmean = 5\ninterval = [2, 9]\nfit = "student_t"\ndf = 1',
            "df = 1 is not above 1. Without that a Student t has no mean: state quantiles.",
        ),
        (
            'family = "linear_pool"\ncomponents = [ { weight = 0.5, family = "fixed", value = 2 } ]',
            "components has weights that sum to 0.5, not 1. Make the weights sum to 1.",
        ),
        (
            'family = "linear_pool"\ncomponents = [ { weight = 0.5, family = "uniform", low = 1, high = 2 }, '
            '{ weight = 0.5, family = "uniform", low = 1, hihg = 4 } ]',
            "components[1].hihg = 4 is not a key of family = \"uniform\". Did you mean 'high'?",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(load, body, message):
    with pytest.raises(ValueError, match=r"mine\.toml") as caught:
        load(body)
    assert str(caught.value) == f"mine.toml: [limit_ooms] {message}"
