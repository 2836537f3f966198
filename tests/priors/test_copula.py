"""Correlated priors: distributions stay, correlations are those stated, and what cannot hold together is said."""

import json
import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize, stats
from tests_settings import INTERPRETED

from mc_sie import load_prior, shipped_priors
from mc_sie.errors import InputError
from mc_sie.priors import Correlation, entry, fixed_entry, prior_from_dict
from mc_sie.priors.copula import (
    EIGENVALUE_LOW,
    Dependence,
    dependence_between,
    nearest_correlation,
    pearson_of,
    spearman_of,
)
from mc_sie.priors.describing import correlation_table, medians
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES
from mc_sie.sampling import plan, points

HEAD = 'title = "t"\nbottlenecks = "counted once"\n'
BASE = (
    HEAD
    + '[rho]\nfamily = "uniform"\nlow = -0.4\nhigh = -0.1\nunit = "1"\nsource = "s"\n'
    + '[r]\nfamily = "loguniform"\nlow = 0.4\nhigh = 3.6\nunit = "1"\nsource = "s"\n'
    + '[lam]\nfamily = "uniform"\nlow = 0.5\nhigh = 1\nunit = "1"\nsource = "s"\n'
    + '[limit_ooms]\nfamily = "mixture"\ncomponents = [ { weight = 0.2, family = "fixed", value = inf }, '
    + '{ weight = 0.8, family = "lognormal", median = 10, sd_log = 0.3 } ]\nunit = "OOM"\nsource = "s"\n'
)
SURE = 4.0

compiled = pytest.mark.skipif(INTERPRETED, reason="the same points as compiled, a hundred times slower")


def correlation(names, spearman, key="between", source="s"):
    return f"[[correlation]]\n{key} = {json.dumps(names)}\nspearman = {spearman}\nsource = {json.dumps(source)}\n"


def sobol(prior, design, replicate):
    start = replicate * design.n_per_replicate
    stop = start + design.n_per_replicate
    return {name: points(design, QUANTITIES[name].dimension, start, stop) for name in prior.dimensions}


def random_points(prior, n, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.random(n) for name in ("prior_set", *MODEL_QUANTITIES)}


# --------------------------------------------------------------------------------------- distributions and ranks


@compiled
def test_every_quantity_keeps_its_distribution(load):
    prior = load(BASE + correlation(["rho", "r", "lam", "limit_ooms"], 0.6, "group"))
    design = plan(2**15, n_replicates=8, seed=3)
    for name, distribution in ((name, prior.entries[name].distribution) for name in prior.dimensions):
        gaps = []
        for replicate in range(8):
            drawn = np.sort(prior.values(sobol(prior, design, replicate))[name])
            values, counts = np.unique(drawn, return_counts=True)
            gaps.append(np.abs(np.cumsum(counts) / drawn.size - distribution.cdf(values)).max())
        # 4,096 plain draws would miss by 0.021 in one case of twenty; these are spread evenly.
        assert max(gaps) < 0.012, name


@compiled
def test_achieved_correlations_are_those_stated(load):
    stated = {("r", "rho"): 0.5, ("rho", "lam"): -0.3}
    prior = load(BASE + "".join(correlation(pair, value) for pair, value in stated.items()))
    assert not prior.dependence.is_repaired
    design = plan(2**16, n_replicates=16, seed=1)
    draws = [prior.values(sobol(prior, design, replicate)) for replicate in range(16)]
    for pair, value in {**stated, ("r", "lam"): 0.0, ("r", "limit_ooms"): 0.0}.items():
        found = [stats.spearmanr(one[pair[0]], one[pair[1]]).statistic for one in draws]
        assert abs(np.mean(found) - value) < SURE * np.std(found, ddof=1) / 4.0 + 1.0 / design.n_per_replicate
        assert prior.dependence.spearman(*pair) == pytest.approx(value, abs=1e-14)


def test_a_pair_with_an_atom_achieves_less_and_says_so(load):
    prior = load(BASE + correlation(["r", "limit_ooms"], 0.7) + correlation(["rho", "lam"], 0.25))
    table = correlation_table(prior, n_draws=2**9 if INTERPRETED else 2**14).set_index("quantity")
    assert table.loc["rho", "achieved"] == "0.25, exact"
    assert table.loc["r", "stated"] == "0.7"
    value, se = (float(word.strip("()")) for word in table.loc["r", "achieved"].replace("Monte Carlo SE ", "").split())
    v = prior.values(random_points(prior, 2**16))
    plain = stats.spearmanr(v["r"], v["limit_ooms"]).statistic
    assert value < 0.699
    assert abs(value - plain) < SURE * math.hypot(se, 1.0 / math.sqrt(2**16))
    assert list(correlation_table(load(BASE)).columns) == ["quantity", "and", "stated", "achieved"]
    assert len(correlation_table(load(BASE))) == 0


def test_quantities_without_correlations_keep_their_draws_bit_for_bit(load):
    alone = load(BASE)
    prior = load(BASE + correlation(["r", "lam"], 0.5))
    u = random_points(prior, 4096)
    before, after = alone.values(u), prior.values(u)
    for name in ("rho", "limit_ooms", "r"):  # r is the first of the correlated ones
        np.testing.assert_array_equal(before[name], after[name])
    assert not np.array_equal(before["lam"], after["lam"])
    np.testing.assert_array_equal(alone.ranks(u)["lam"], u["lam"])
    np.testing.assert_allclose(prior.ranks(u)["lam"], prior.entries["lam"].distribution.cdf(after["lam"]), atol=1e-12)


def test_a_draw_does_not_depend_on_its_batch(load):
    prior = load(BASE + correlation(["rho", "r", "lam", "limit_ooms"], -0.2, "group"))
    u = random_points(prior, 1001)
    whole = prior.values(u)
    for cuts in ([0, 1, 2, 1001], [0, 17, 500, 777, 1001]):
        parts = [prior.values({k: c[a:b] for k, c in u.items()}) for a, b in pairwise(cuts)]
        for name, column in whole.items():
            np.testing.assert_array_equal(column, np.concatenate([part[name] for part in parts]))


def test_medians_stay_medians(load):
    prior = load(BASE + correlation(["r", "lam"], 0.9))
    np.testing.assert_equal(medians(prior), medians(load(BASE)))


def test_the_outermost_points_stay_in_the_domain(load):
    text = BASE.replace('family = "uniform"\nlow = 0.5\nhigh = 1', 'family = "lognormal"\nmedian = 0.1\nsd_log = 0.1')
    prior = load(text + correlation(["r", "lam"], 0.7))
    ends = np.array([2.0**-53, 1.0 - 2.0**-53])
    drawn = prior.values({**random_points(prior, 2), "r": ends, "lam": ends})["lam"]
    assert np.all(np.isfinite(drawn))
    low, high = prior.entries["lam"].distribution.reach
    assert low <= drawn[0] < drawn[1] <= high


@compiled
def test_points_that_fill_the_cube_evenly_still_pay(load):
    prior = load(BASE + correlation(["rho", "r", "lam"], 0.5, "group"))

    def error(scheme):
        design = plan(2**16, n_replicates=32, seed=5, scheme=scheme)
        shares = []
        for replicate in range(32):
            v = prior.values(sobol(prior, design, replicate))
            shares.append(np.mean((v["r"] > 1.2) & (v["lam"] > 0.8) & (v["rho"] > -0.2)))
        return np.std(shares, ddof=1)

    assert error("sobol") < 0.35 * error("philox")


# -------------------------------------------------------------------------------------------------------- repair


def nearest_by_duality(matrix, smallest):
    """The same optimum from the other side: maximise the concave dual (Malick 2004; Qi & Sun 2006)."""
    aim = (matrix - smallest * np.eye(len(matrix))) / (1.0 - smallest)

    def positive(y):
        values, vectors = np.linalg.eigh(aim + np.diag(y))
        return (vectors * np.maximum(values, 0.0)) @ vectors.T

    def dual(y):
        x = positive(y)
        return 0.5 * np.sum(x * x) - np.sum(y), np.diag(x) - 1.0

    found = optimize.minimize(dual, np.zeros(len(matrix)), jac=True, method="BFGS", options={"gtol": 1e-11})
    return smallest * np.eye(len(matrix)) + (1.0 - smallest) * positive(found.x)


def clipped(matrix):
    """Negative eigenvalues set to 0, then the diagonal to 1."""
    values, vectors = np.linalg.eigh(matrix)
    x = (vectors * np.maximum(values, EIGENVALUE_LOW)) @ vectors.T
    d = np.sqrt(np.diag(x))
    return x / np.outer(d, d)


def impossible(k, seed):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.uniform(-0.95, 0.95, (k, k)), 1)
    return upper + upper.T + np.eye(k)


@pytest.mark.parametrize(("k", "seed"), [(3, 0), (4, 1), (6, 2), (10, 3), (21, 4)])
def test_a_repair_is_the_nearest_correlation_matrix(k, seed):
    matrix = impossible(k, seed) if k > 3 else np.array([[1.0, 0.9, 0.7], [0.9, 1.0, -0.4], [0.7, -0.4, 1.0]])
    assert np.linalg.eigvalsh(matrix)[0] < 0.0
    found = nearest_correlation(matrix)
    assert np.all(np.diag(found) == 1.0)
    assert np.array_equal(found, found.T)
    assert np.linalg.eigvalsh(found)[0] > 0.5 * EIGENVALUE_LOW
    assert np.abs(found - nearest_by_duality(matrix, EIGENVALUE_LOW)).max() < 1e-6
    assert np.linalg.norm(found - matrix) < np.linalg.norm(clipped(matrix) - matrix) - 1e-6


def test_highams_own_example_comes_back():
    # Higham (2002), section 1: the nearest to the matrix with 1, 1, 0 beside the diagonal, to four decimals.
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    expected = [[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]]
    np.testing.assert_allclose(nearest_correlation(matrix, 0.0), expected, atol=5e-5)


def test_a_sound_matrix_is_left_alone():
    names = ("a", "b", "c")
    made = dependence_between(names, [("b", "a", 0.4), ("c", "b", -0.6), ("a", "c", 0.0)])
    assert (made.names, made.is_repaired, made.moved()) == (names, False, [])
    assert made.matrix[0, 1] == pearson_of(0.4)
    assert made.matrix[0, 2] == 0.0
    np.testing.assert_allclose(made.root @ made.root.T, made.matrix, atol=1e-15)
    assert dependence_between(names, [("a", "b", 0.0)]) == Dependence()
    assert Dependence().matrix.shape == (0, 0)
    assert spearman_of(pearson_of(-0.37)) == pytest.approx(-0.37, rel=1e-14)
    np.testing.assert_allclose(nearest_correlation(made.matrix), made.matrix, atol=1e-7)


def test_a_repair_is_warned_of_with_before_and_after(load):
    prior = load(
        BASE
        + correlation(["r", "lam"], 0.9)
        + correlation(
            [
                "rho",
                "r",
            ],
            0.9,
        )
        + correlation(["rho", "lam"], -0.8)
    )
    (warning,) = prior.warnings
    start = "mine.toml: the correlations cannot all hold together (smallest eigenvalue -0.7"
    assert warning.startswith(start)
    for first, second, before, after in prior.dependence.moved():
        assert f"{first} and {second} from {before:.3f} to {after:.3f} ({after - before:+.3f})" in warning
    assert "rho and lam from -0.800 to " in warning
    drawn = prior.values(random_points(prior, 2**15))
    assert stats.spearmanr(drawn["rho"], drawn["lam"]).statistic == pytest.approx(
        prior.dependence.spearman("rho", "lam"), abs=0.02
    )
    assert "exact" in correlation_table(prior).set_index("quantity").loc["r", "achieved"]


# ------------------------------------------------------------------------------------- what belongs to the set


def test_digests_change_with_correlations_and_only_then(load):
    bare = load(BASE)
    one = load(BASE + correlation(["r", "lam"], 0.5))
    assert one.digest != bare.digest
    assert load(BASE + correlation(["lam", "r"], 0.5, source="another")).digest == one.digest
    assert load(BASE + correlation(["r", "lam"], 0.4)).digest != one.digest
    nothing = load(BASE + correlation(["r", "lam"], 0))
    assert nothing.digest == bare.digest
    assert nothing.dependence == Dependence()
    assert [pair.spearman for pair in nothing.correlations] == [0.0]
    group = load(BASE + correlation(["rho", "r", "lam"], 0.5, "group"))
    pairs = [("rho", "r"), ("rho", "lam"), ("r", "lam")]
    assert group.digest == load(BASE + "".join(correlation(pair, 0.5) for pair in pairs)).digest
    assert [pair.between for pair in group.correlations] == pairs


def test_shipped_sets_have_no_correlations():
    for name in shipped_priors():
        prior = load_prior(name)
        assert prior.correlations == ()
        u = random_points(prior, 8)
        assert all(np.array_equal(column, u[key]) for key, column in prior.ranks(u).items())


def test_a_set_comes_back_from_its_record_and_from_another_process(load):
    text = BASE + correlation(["rho", "r", "lam"], 0.6, "group") + correlation(["r", "limit_ooms"], -0.9)
    prior = load(text)
    again = prior_from_dict(json.loads(json.dumps(prior.to_dict())), "run.json")
    assert (again.digest, again.correlations, again.dependence) == (prior.digest, prior.correlations, prior.dependence)
    u = random_points(prior, 64)
    other = pickle.loads(pickle.dumps(prior))
    for name, column in prior.values(u).items():
        np.testing.assert_array_equal(column, again.values(u)[name])
        np.testing.assert_array_equal(column, other.values(u)[name])
    record = prior.to_dict()
    record["correlations"][0]["spearman"] = 0.1
    with pytest.raises(InputError, match="describes a prior set of digest"):
        prior_from_dict(record, "run.json")


def test_correlations_are_inherited_pair_by_pair(load):
    base = BASE + correlation(["r", "lam"], 0.5) + correlation(["rho", "r"], 0.2)
    child = load(HEAD + 'extends = "base.toml"\n' + correlation(["lam", "r"], -0.1), base=base)
    assert {pair.pair: pair.spearman for pair in child.correlations} == {
        frozenset({"r", "lam"}): -0.1,
        frozenset({"rho", "r"}): 0.2,
    }
    assert {pair.origin for pair in child.correlations} == {"mine.toml", "base.toml"}
    gone = load(HEAD + 'extends = "base.toml"\n' + correlation(["lam", "r"], 0), base=base)
    assert gone.dependence.names == ("rho", "r")
    other = '[lam]\nfamily = "uniform"\nlow = 0.9\nhigh = 1\nunit = "1"\nsource = "s"\n'
    assert load(HEAD + 'extends = "base.toml"\n' + other, base=base).dependence.names == ("rho", "r", "lam")


def test_an_inherited_correlation_of_what_became_fixed_is_left_out_with_a_warning(load):
    base = BASE + correlation(["r", "lam"], 0.5) + correlation(["rho", "r"], 0.2)
    fixed = '[lam]\nfamily = "fixed"\nvalue = 1\nunit = "1"\nsource = "s"\n'
    child = load(HEAD + 'extends = "base.toml"\n' + fixed, base=base)
    assert child.dependence.names == ("rho", "r")
    assert child.warnings == (
        "mine.toml: the correlation of r and lam (base.toml) is left out: it names lam, which is fixed (1). "
        "Give [lam] a range, or take the correlation away.",
    )
    speed = '[max_speed]\nfamily = "uniform"\nlow = 10\nhigh = 90\nunit = "x"\nsource = "s"\n'
    child = load(HEAD + 'extends = "base.toml"\n' + speed, base=base)
    assert child.warnings == (
        "mine.toml: the correlation of rho and r (base.toml) is left out: it names rho, but the set states max_speed. "
        "Correlate max_speed, which rises with rho.",
    )


def test_a_correlation_is_that_of_what_is_stated(load):
    speed = BASE.replace(
        '[rho]\nfamily = "uniform"\nlow = -0.4\nhigh = -0.1\nunit = "1"',
        '[max_speed]\nfamily = "loguniform"\nlow = 5\nhigh = 90\nunit = "x"',
    )
    prior = load(speed + correlation(["max_speed", "r"], 0.5))
    assert prior.dependence.names == ("rho", "r")
    v = prior.values(random_points(prior, 2**14))
    assert stats.spearmanr(v["max_speed"], v["r"]).statistic == pytest.approx(0.5, abs=0.03)
    # rho = ln(alpha)/ln(max_speed) rises towards 0 with max_speed at a fixed alpha
    assert stats.spearmanr(v["rho"], v["r"]).statistic == pytest.approx(0.5, abs=0.03)


def test_replacing_and_pinning_keep_what_can_stay(load):
    prior = load(BASE + correlation(["r", "lam"], 0.5) + correlation(["rho", "r"], 0.2))
    pinned = prior.pinned("lam", 0.7)
    assert pinned.dependence.names == ("rho", "r")
    assert "is left out" in pinned.warnings[0]
    same = prior.replaced({"lam": load(BASE).entries["lam"]})
    assert same.dependence == prior.dependence
    assert prior.replaced({}, correlations=[]).dependence == Dependence()
    given = prior.replaced({}, correlations=[Correlation(("r", "limit_ooms"), 0.3, "mine")])
    assert given.dependence.names == ("r", "limit_ooms")
    twice = [Correlation(("r", "lam"), 0.3, "mine"), Correlation(("lam", "r"), 0.3, "mine")]
    for bad, why in (
        ([Correlation(("r", "lamb"), 0.3, "mine")], r"names lamb, which is no quantity. Did you mean 'lam'\?"),
        ([Correlation(("r", "mode"), 0.3, "mine")], "names mode, which has categories"),
        (twice, "stands there twice"),
    ):
        with pytest.raises(InputError, match=why):
            prior.replaced({}, correlations=bad)
    with pytest.raises(InputError, match="names lam, which is fixed"):
        prior.replaced({"lam": fixed_entry("lam", 1.0)}, correlations=prior.correlations)
    with pytest.raises(InputError, match="is not between -1 and 1"):
        Correlation(("r", "lam"), 1.0, "mine")
    with pytest.raises(InputError, match="is not of two quantities"):
        Correlation(("r", "r"), 0.5, "mine")


def test_members_of_a_pool_have_their_own(load):
    pool = HEAD + '[pool]\nmembers = { "one.toml" = 0.5, "two.toml" = 0.5 }\nsource = "s"\n'
    prior = load(pool, one=BASE + correlation(["r", "lam"], 0.8), two=BASE + correlation(["r", "lam"], -0.8))
    assert prior.dependence == Dependence()
    u = random_points(prior, 2**14)
    v, ranks = prior.values(u), prior.ranks(u)
    for which, sign in ((0, 1.0), (1, -1.0)):
        rows = v["prior_set"] == which
        assert stats.spearmanr(v["r"][rows], v["lam"][rows]).statistic == pytest.approx(0.8 * sign, abs=0.03)
        np.testing.assert_allclose(ranks["lam"][rows], 2.0 * v["lam"][rows] - 1.0, atol=1e-12)
    table = correlation_table(prior)
    assert table["set"].tolist() == ["one", "two"]
    assert table["achieved"].tolist() == ["0.8, exact", "-0.8, exact"]


# ------------------------------------------------------------------------------------------------------ mistakes

GROUP = correlation(["rho", "r", "lam"], 0.1, "group")
MISTAKES = {
    "a fixed quantity": (
        BASE + '[alpha_compute]\nfamily = "fixed"\nvalue = 0.5\nunit = "1"\nsource = "s"\n'
        + correlation(["r", "alpha_compute"], 0.5),
        ': correlation[0].between = ["r", "alpha_compute"] names alpha_compute, which is fixed (0.5). '
        "Give [alpha_compute] a range, or take the correlation away.",
    ),
    "a default": (
        BASE + correlation(["r", "training_months"], 0.5),
        ': correlation[0].between = ["r", "training_months"] names training_months, which is left to its default (3). '
        "Give [training_months] a range, or take the correlation away.",
    ),
    "a mode": (
        BASE + correlation(["r", "mode"], 0.5),
        ': correlation[0].between[1] = "mode" cannot be correlated. '
        "Retraining modes are categories without an order.",
    ),
    "an unknown name": (
        BASE + correlation(["r", "lamb"], 0.5),
        ": correlation[0].between[1] = \"lamb\" is not a quantity. Did you mean 'lam'?",
    ),
    "an absent quantity": (
        BASE + correlation(["r", "speedup_initial"], 0.5),
        ': correlation[0].between = ["r", "speedup_initial"] names speedup_initial, which is not given. '
        "State [speedup_initial], or take the correlation away.",
    ),
    "another way to state it": (
        BASE + correlation(["r", "sigma"], 0.5),
        ': correlation[0].between = ["r", "sigma"] names sigma, but the set states rho. '
        "Correlate rho, which rises with sigma.",
    ),
    "above 1": (
        BASE + correlation(["r", "lam"], 1.5),
        ": correlation[0].spearman = 1.5 is not below 1. Give a smaller number.",
    ),
    "exactly 1": (
        BASE + correlation(["r", "lam"], 1),
        ": correlation[0].spearman = 1 is not below 1. Give a smaller number.",
    ),
    "exactly -1": (
        BASE + correlation(["r", "lam"], -1),
        ": correlation[0].spearman = -1 is not above -1. Give a larger number.",
    ),
    "nan": (
        BASE + correlation(["r", "lam"], "nan"),
        ": correlation[0].spearman = nan is not a number. Give a finite number.",
    ),
    "no number": (
        BASE + correlation(["r", "lam"], '"high"'),
        ': correlation[0].spearman = "high" is not a number. Write a number without quotes.',
    ),
    "a pair twice": (
        BASE + correlation(["r", "lam"], 0.5) + correlation(["lam", "r"], 0.4),
        ': correlation[1].between = ["lam", "r"] states the correlation of lam and r again, after correlation[0]. '
        "State each pair once: a group stands for every pair in it.",
    ),
    "a pair again in a group": (
        BASE + correlation(["r", "lam"], 0.5) + GROUP,
        ': correlation[1].group = ["rho", "r", "lam"] states the correlation of r and lam again, after correlation[0]. '
        "State each pair once: a group stands for every pair in it.",
    ),
    "a quantity with itself": (
        BASE + correlation(["r", "r"], 0.5),
        ': correlation[0].between[1] = "r" stands there twice. A quantity is not correlated with itself.',
    ),
    "a name twice in a group": (
        BASE + correlation(["rho", "r", "rho"], 0.5, "group"),
        ': correlation[0].group[2] = "rho" stands there twice. A quantity is not correlated with itself.',
    ),
    "one name": (
        BASE + correlation(["r"], 0.5),
        ': correlation[0].between = ["r"] has 1, not 2. A pair has two.',
    ),
    "three names": (
        BASE + correlation(["r", "lam", "rho"], 0.5),
        ': correlation[0].between = ["r", "lam", "rho"] has 3, not 2. For every pair of several write group = [...].',
    ),
    "neither between nor group": (
        BASE + '[[correlation]]\nspearman = 0.5\nsource = "s"\n',
        ": correlation[0] has neither between nor group. "
        'Write between = ["r", "lam"] for one pair, or group = [...] for all of several.',
    ),
    "both": (
        BASE + correlation(["r", "lam"], 0.5) + 'group = ["rho", "r"]\n',
        ": correlation[0] has both between and group. "
        'Write between = ["r", "lam"] for one pair, or group = [...] for all of several.',
    ),
    "no source": (
        BASE + '[[correlation]]\nbetween = ["r", "lam"]\nspearman = 0.5\n',
        ': correlation[0] has no source. Add source = "...": a citation, or whose judgement it is.',
    ),
    "no spearman": (
        BASE + '[[correlation]]\nbetween = ["r", "lam"]\nsource = "s"\n',
        ": correlation[0] has no spearman. It needs between or group, spearman and source.",
    ),
    "an unknown key": (
        BASE + correlation(["r", "lam"], 0.5) + "pearson = 0.5\n",
        ": correlation[0].pearson = 0.5 is not a key of a correlation. Did you mean 'spearman'?",
    ),
    "a unit": (
        BASE + correlation(["r", "lam"], 0.5) + 'unit = "%"\n',
        ': correlation[0].unit = "%" is not the unit of a correlation. Write unit = "1", or leave it out.',
    ),
    "a table": (
        BASE + '[correlation]\nbetween = ["r", "lam"]\nspearman = 0.5\nsource = "s"\n',
        ": [correlation] is not a list. Write each as a table [[correlation]] with between, spearman and source.",
    ),
    "in a pool": (
        HEAD + '[pool]\nmembers = { "other.toml" = 1 }\nsource = "s"\n' + correlation(["r", "lam"], 0.5),
        ": correlation stands beside [pool]. "
        "A pool takes whole sets: state this in a file of its own and make that a member.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained(load, name):
    text, message = MISTAKES[name]
    with pytest.raises(InputError) as caught:
        load(text, other=BASE)
    assert str(caught.value) == f"mine.toml{message}"


def test_a_repair_is_told_with_digits_that_show_it():
    """Told to three digits, it went from 0.844 to 0.844 (-0.000)."""
    quantities = ["rho", "r", "lam", "limit_ooms", "labour_multiplier"]
    ranged = {"family": "uniform", "low": 0.4, "high": 0.6}
    distributions = {name: entry(name, ranged, unit=QUANTITIES[name].unit, source="s") for name in quantities}
    stated = {
        ("rho", "lam"): 0.844, ("rho", "limit_ooms"): 0.716, ("rho", "labour_multiplier"): -0.972, ("r", "lam"): 0.494,
        ("r", "limit_ooms"): 0.528, ("r", "labour_multiplier"): 0.189, ("lam", "limit_ooms"): 0.860,
        ("lam", "labour_multiplier"): -0.725, ("limit_ooms", "labour_multiplier"): -0.548,
    }  # fmt: skip
    pairs = [Correlation(pair, value, "s") for pair, value in stated.items()]
    repaired = load_prior("davidson-2025").replaced(distributions, correlations=pairs)
    (warning,) = (one for one in repaired.warnings if "cannot all hold together" in one)
    assert "rho and lam from 0.84400 to 0.84377 (-0.00023)." in warning
