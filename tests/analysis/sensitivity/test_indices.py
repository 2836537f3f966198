"""Designed indices against closed forms that nobody here worked out, and against another program."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate
from mc_sie.analysis.sensitivity.given_data import curves
from mc_sie.analysis.sensitivity.indices import EventFunction, Space, designed, n_evaluations, prior_groups
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.priors import PriorSet
from mc_sie.sampling import SECOND_BLOCK, plan, points
from mc_sie.stats.jackknife import TooFewError

N = 2**10 if INTERPRETED else 2**14
N_SEEDS = 10 if INTERPRETED else 60
statistical = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


def ishigami(u):
    """Ishigami & Homma (1990) with a = 7, b = 0.1."""
    x1, x2, x3 = (math.pi * (2.0 * u[name] - 1.0) for name in ("x1", "x2", "x3"))
    return np.sin(x1) + 7.0 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)


def ishigami_exact():
    """First-order, total and Shapley indices in closed form."""
    v1 = 0.5 * (1.0 + 0.1 * math.pi**4 / 5.0) ** 2
    v2 = 49.0 / 8.0
    v13 = 0.01 * math.pi**8 * 8.0 / 225.0
    total = v1 + v2 + v13
    return {
        "first_order": np.array([v1, v2, 0.0]) / total,
        "total": np.array([v1 + v13, v2, v13]) / total,
        "shapley": np.array([v1 + v13 / 2.0, v2, v13 / 2.0]) / total,
    }


G = np.array([0.0, 1.0, 4.5, 9.0])


def g_function(u):
    """Sobol' g-function."""
    return math.prod((abs(4.0 * u[f"x{i}"] - 2.0) + a) / (1.0 + a) for i, a in enumerate(G, start=1))


def g_exact():
    """Variances of all subsets are products, so that Shapley effects are sums over subsets."""
    v = 1.0 / (3.0 * (1.0 + G) ** 2)
    total = np.prod(1.0 + v) - 1.0
    d = len(G)
    shapley = np.zeros(d)
    for subset in range(1, 2**d):
        members = [i for i in range(d) if subset >> i & 1]
        for i in members:
            shapley[i] += np.prod(v[members]) / len(members)
    others = np.array([np.prod(1.0 + np.delete(v, i)) for i in range(d)])
    return {"first_order": v / total, "total": v * others / total, "shapley": shapley / total}


def edge(u):
    """An event of two inputs, each alone 1/3, half each in fair shares; the third is inert."""
    return (u["x1"] + u["x2"] > 1.0).astype(float) + 0.0 * u["x3"]


def agrees(frame, index, exact, limit=4.0):
    rows = frame[frame["index"] == index]
    deviation = (rows["value"].to_numpy() - exact) / np.maximum(rows["se"].to_numpy(), 1e-12)
    assert (np.abs(deviation) < limit).all(), (index, rows["value"].tolist(), exact, deviation)


@pytest.mark.parametrize(
    ("function", "names", "exact"),
    [(ishigami, ("x1", "x2", "x3"), ishigami_exact()), (g_function, ("x1", "x2", "x3", "x4"), g_exact())],
)
def test_indices_are_those_of_the_closed_form(function, names, exact):
    found = designed(function, Space.independent(names), plan(N, seed=1))
    for index, values in exact.items():
        agrees(found.inputs, index, values)
    assert found.n_evaluations == n_evaluations(Space.independent(names)) * N
    assert found.inputs.groupby("index")["value"].sum()["shapley"] == pytest.approx(1.0, abs=1e-12)


def test_the_interaction_of_ishigamis_function_is_found():
    pairs = designed(ishigami, Space.independent(("x1", "x2", "x3")), plan(N, seed=2)).pairs
    exact = ishigami_exact()
    for row in pairs.itertuples():
        truth = exact["total"][2] if (row.quantity, row.other) == ("x1", "x3") else 0.0
        assert abs(row.interaction - truth) < 4.0 * row.se


def linear(matrix):
    """The sum of correlated normals with standard deviations 1, 1 and 2."""
    root = np.linalg.cholesky(matrix)

    def function(u):
        return np.array([1.0, 1.0, 2.0]) @ (root @ ndtri(np.stack([u["x1"], u["x2"], u["x3"]])))

    return function


@pytest.mark.parametrize("rho", [-0.7, 0.4, 0.9])
def test_shapley_effects_respect_correlation(rho):
    # Iooss & Prieur (2019), section 4.1: X1 independent, X2 and X3 with correlation rho, all coefficients 1
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, rho], [0.0, rho, 1.0]])
    s2, s3 = 1.0, 2.0
    total = 1.0 + s2**2 + s3**2 + 2.0 * rho * s2 * s3
    both = rho * s2 * s3
    exact = (
        np.array([1.0, s2**2 + both + rho**2 * (s3**2 - s2**2) / 2.0, s3**2 + both + rho**2 * (s2**2 - s3**2) / 2.0])
        / total
    )
    space = Space(("x1", "x2", "x3"), (0, 1, 2), matrix)
    found = designed(linear(matrix), space, plan(N, seed=3), groups={"tied": ["x2", "x3"]})
    agrees(found.inputs, "shapley", exact)
    assert found.index("shapley")["value"].sum() == pytest.approx(1.0, abs=1e-12)
    agrees(found.groups, "shapley", np.array([1.0 - exact[0], exact[0]]))  # X1 is independent of the group
    assert found.n_evaluations == n_evaluations(space, {"tied": ["x2", "x3"]}) * N


def test_shapley_effects_of_three_correlated_inputs_are_those_of_all_orders():
    # Brute force: Var E[Y | known] of a linear function of normals in closed form, over all orders.
    from itertools import permutations

    matrix = np.array([[1.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.0]])
    beta = np.array([1.0, 1.0, 2.0])

    def known(places):
        if not places:
            return 0.0
        cross = matrix[:, places] @ np.linalg.solve(matrix[np.ix_(places, places)], matrix[places, :])
        return beta @ cross @ beta

    exact = np.zeros(3)
    for order in permutations(range(3)):
        for k, place in enumerate(order):
            exact[place] += (known(list(order[: k + 1])) - known(list(order[:k]))) / 6.0
    found = designed(linear(matrix), Space(("x1", "x2", "x3"), (0, 1, 2), matrix), plan(N, seed=4))
    agrees(found.inputs, "shapley", exact / known([0, 1, 2]))


def test_shapley_effects_of_a_curved_function_of_correlated_inputs():
    # Y = X1^2 + c X2: Var E[Y | X1] = 2 + c^2 rho^2, Var E[Y | X2] = 2 rho^4 + c^2, Var Y = 2 + c^2.
    # Curved, so that what innovations decide given the others is not what they decide alone.
    rho, c = 0.7, 1.5
    matrix = np.array([[1.0, rho], [rho, 1.0]])
    root = np.linalg.cholesky(matrix)

    def curved(u):
        x1, x2 = root @ ndtri(np.stack([u["x1"], u["x2"]]))
        return x1**2 + c * x2

    first, second, total = 2.0 + c**2 * rho**2, 2.0 * rho**4 + c**2, 2.0 + c**2
    exact = 0.5 * np.array([first + total - second, second + total - first]) / total
    found = designed(curved, Space(("x1", "x2"), (0, 1), matrix), plan(N, seed=14))
    agrees(found.inputs, "shapley", exact)


def test_an_identity_matrix_gives_the_indices_of_independent_inputs():
    # the copula's path, taken with a correlation that is all but none
    matrix = np.eye(3)
    matrix[0, 1] = matrix[1, 0] = 1e-9
    names = ("x1", "x2", "x3")
    one = designed(edge, Space(names, (0, 1, 2), matrix), plan(N, seed=5)).index("shapley")
    agrees(one.reset_index().assign(index="shapley"), "shapley", np.array([0.5, 0.5, 0.0]))


def test_groups_share_what_their_members_do_together():
    space = Space.independent(("x1", "x2", "x3", "x4"))
    found = designed(g_function, space, plan(N, seed=6), groups={"first two": ["x1", "x2"], "rest": ["x3", "x4"]})
    v = 1.0 / (3.0 * (1.0 + G) ** 2)
    first, rest = np.prod(1.0 + v[:2]) - 1.0, np.prod(1.0 + v[2:]) - 1.0
    total = np.prod(1.0 + v) - 1.0
    agrees(found.groups, "shapley", np.array([first, rest]) / total + first * rest / total / 2.0)
    agrees(found.groups, "first_order", np.array([first, rest]) / total)
    assert found.groups["members"].unique().tolist() == ["x1, x2", "x3, x4"]
    assert found.groups[found.groups["index"] == "shapley"]["value"].sum() == pytest.approx(1.0, abs=1e-12)


def test_an_inert_input_has_no_index_and_order_holds():
    found = designed(edge, Space.independent(("x1", "x2", "x3")), plan(N, seed=7))
    assert found.index("total").loc["x3", ["value", "se"]].tolist() == [0.0, 0.0]
    for index in ("first_order", "shapley"):
        row = found.index(index).loc["x3"]
        assert abs(row["value"]) <= 3.0 * row["se"]
    by = {index: found.index(index) for index in ("first_order", "shapley", "total")}
    for lower, higher in (("first_order", "shapley"), ("shapley", "total")):
        joint = np.hypot(by[lower]["se"], by[higher]["se"])
        assert (by[lower]["value"] <= by[higher]["value"] + 3.0 * joint).all()
    agrees(found.inputs, "shapley", np.array([0.5, 0.5, 0.0]))
    assert found.inputs["converged"].all() or INTERPRETED


def test_one_input_alone_has_everything():
    found = designed(lambda u: (u["x1"] > 0.3).astype(float), Space.independent(("x1",)), plan(N, seed=8))
    assert found.index("shapley")["value"].tolist() == [1.0]
    agrees(found.inputs, "total", np.array([1.0]))
    assert found.pairs.empty
    two = designed(lambda u: u["x1"] + 3.0 * u["x2"], Space.independent(("x1", "x2")), plan(N, seed=8))
    agrees(two.inputs, "shapley", np.array([0.1, 0.9]))


def test_few_points_are_said_not_to_have_converged():
    found = designed(edge, Space.independent(("x1", "x2", "x3")), plan(64, seed=9))
    assert found.unconverged


def test_the_two_blocks_of_a_design_are_one_sequence():
    # 2d-dimensional: A and B together fill the cube evenly, which two independent scrambles of one block do not promise
    design = plan(2 * 2**10, seed=0, n_replicates=2)
    a, b = (points(design, dimension, 0, 2**10) for dimension in (1, 1 + SECOND_BLOCK))
    correlation = np.corrcoef(a, b)[0, 1]
    assert abs(correlation) < 4.0 / math.sqrt(2**10)
    assert stats.chisquare(np.histogram2d(a, b, 4)[0].ravel()).pvalue > 1e-3


@pytest.mark.parametrize("index", ["first_order", "total"])
def test_sobol_indices_are_those_of_salib_on_the_same_points(index):
    salib = pytest.importorskip("SALib.analyze.sobol")
    asked = []

    def recorded(u):
        asked.append(ishigami(u))
        return asked[-1]

    names = ("x1", "x2", "x3")
    found = designed(recorded, Space.independent(names), plan(N, seed=10))
    f_a, f_b, *swapped = asked[: 2 + 2 * len(names)]
    rows = np.stack([f_a, *swapped[0::2], *swapped[1::2], f_b], axis=1)  # Saltelli's order: A, AB, BA, B
    problem = {"num_vars": 3, "names": list(names), "bounds": [[0, 1]] * 3}
    theirs = salib.analyze(problem, rows.ravel(), calc_second_order=True, seed=1)
    ours = found.index(index)
    key = {"first_order": "S1", "total": "ST"}[index]
    np.testing.assert_allclose(ours["value"], theirs[key], atol=0.02 if not INTERPRETED else 0.1)


def test_shapley_effects_are_those_of_salib():
    pytest.importorskip("SALib.analyze.shapley")
    from SALib.analyze import shapley as analyze
    from SALib.sample import shapley as sample

    names = ("x1", "x2", "x3")
    problem = {"num_vars": 3, "names": list(names), "bounds": [[0, 1]] * 3}
    x = sample.sample(problem, N, seed=4)
    theirs = analyze.analyze(problem, x, ishigami(dict(zip(names, x.T, strict=True))))
    ours = designed(ishigami, Space.independent(names), plan(N, seed=12)).index("shapley")
    error = np.hypot(ours["se"], theirs["shapley_normalized_conf"] / stats.norm.ppf(0.975))
    assert (np.abs(ours["value"] - theirs["shapley_normalized"]) < 4.0 * error).all()


def test_first_order_by_curve_is_that_of_salib_on_the_same_draws():
    delta = pytest.importorskip("SALib.analyze.delta")
    names = ("x1", "x2", "x3")
    design = plan(2**12, seed=13)
    u = {name: points(design, place, 0, design.n_draws) for place, name in enumerate(names)}
    y = ishigami(u) > 5.0
    problem = {"num_vars": 3, "names": list(names), "bounds": [[0, 1]] * 3}
    theirs = delta.analyze(
        problem, np.stack(list(u.values()), axis=1), y.astype(float), num_resamples=2, seed=1, method="sobol"
    )
    ours = curves(u, y, design.replicate).measure("first_order")["value"]
    np.testing.assert_allclose(ours, theirs["S1"], atol=0.04)  # theirs keeps the bias of noise in its classes


def test_first_order_by_design_agrees_with_the_curve():
    names = ("x1", "x2", "x3")
    design = plan(N, seed=11)
    u = {name: points(design, place, 0, design.n_draws) for place, name in enumerate(names)}
    curve = curves(u, edge(u) > 0.5, design.replicate).measure("first_order")
    index = designed(edge, Space.independent(names), design).index("first_order")
    assert (np.abs(curve["value"] - index["value"]) < 4.0 * np.hypot(curve["se"], index["se"]) + 1e-4).all()
    assert abs(curve.loc["x1", "value"] - 1.0 / 3.0) < 4.0 * curve.loc["x1", "se"] + 1e-4


@statistical
@pytest.mark.parametrize(("index", "exact"), [("shapley", 0.5), ("total", 2.0 / 3.0), ("first_order", 1.0 / 3.0)])
def test_intervals_of_indices_cover_the_truth_at_their_level(index, exact):
    rows = [
        designed(edge, Space.independent(("x1", "x2", "x3")), plan(2**11, seed=seed)).index(index).loc["x1"]
        for seed in range(N_SEEDS)
    ]
    covered = sum(row["low"] <= exact <= row["high"] for row in rows)
    assert stats.binomtest(covered, N_SEEDS, 0.9).pvalue > 1e-3, covered


@statistical
@pytest.mark.parametrize("scheme", ["sobol", "philox"])
def test_intervals_of_curves_cover_the_truth_at_their_level(scheme):
    exact = {"first_order": 1.0 / 3.0, "bits": 1.0 - 1.0 / (2.0 * math.log(2.0)), "delta": 0.25, "decision_value": 0.25}
    covered = dict.fromkeys(exact, 0)
    for seed in range(N_SEEDS):
        design = plan(2**12, seed=seed, scheme=scheme)
        u = {name: points(design, place, 0, design.n_draws) for place, name in enumerate(("x1", "x2"))}
        hits = u["x1"] + u["x2"] > 1.0
        found = curves({"x1": u["x1"]}, hits, design.replicate, n_bins=32, threads=1).measures.set_index("measure")
        for measure, truth in exact.items():
            covered[measure] += found.loc[measure, "low"] <= truth <= found.loc[measure, "high"]
    for measure, n in covered.items():
        assert stats.binomtest(n, N_SEEDS, 0.9).pvalue > 1e-3, (measure, n)


def test_nothing_that_varies_is_refused():
    with pytest.raises(InputError, match="has no input that varies"):
        designed(edge, Space.independent(()), plan(64))
    with pytest.raises(InputError, match="the outcome is 0 at each of 128 points"):
        designed(lambda u: np.zeros(64), Space.independent(("x1",)), plan(64))


def test_what_one_randomisation_alone_has_seen_has_no_index():
    design = plan(64, n_replicates=8)
    with pytest.raises(TooFewError, match="differs between the blocks of 64 points in one randomisation"):
        designed(lambda u: (u["x1"] > 0.7) & (design.replicate == 5), Space.independent(("x1", "x2")), design)


def test_what_a_half_of_the_randomisations_has_not_seen_has_not_converged():
    design = plan(512, n_replicates=8)
    found = designed(lambda u: (u["x1"] > 0.7) & (design.replicate > 4), Space.independent(("x1", "x2")), design)
    assert found.index("shapley")["value"].to_dict() == {"x1": 1.0, "x2": 0.0}
    assert found.unconverged == ["x1", "x2"]


# --- The model ---


@statistical
def test_indices_of_the_model_are_of_the_same_joint_as_the_draws():
    prior = load_prior("davidson-houlden-2025")
    event = parse_event("best_window[5] < 12")
    sample = sample_of(simulate(prior, 2**12, seed=3, levels=(5,), widths=()), event)
    function = EventFunction(prior, event, 240.0)
    found = designed(function, Space.of(prior), sample.design, groups=prior_groups(prior))
    np.testing.assert_array_equal(found.outcome > 0.5, sample.hits)  # block A is the very points of the draws
    assert function.n_failed == 0
    assert set(found.inputs["quantity"]) == set(prior.dimensions)
    curve = curves({name: sample.draws[name] for name in prior.dimensions}, sample.hits, sample.replicate).measure(
        "first_order"
    )
    index = found.index("first_order")
    assert (np.abs(curve["value"] - index["value"]) < 4.0 * np.hypot(curve["se"], index["se"])).all()
    for lower, higher in (("first_order", "shapley"), ("shapley", "total")):
        one, other = found.index(lower), found.index(higher)
        assert (one["value"] <= other["value"] + 3.0 * np.hypot(one["se"], other["se"])).all()


def correlated(tmp_path, spearman) -> PriorSet:
    file = tmp_path / "tied.toml"
    file.write_text(
        'title = "tied"\nextends = "davidson-houlden-2025"\n'
        f'[[correlation]]\nbetween = ["r", "lam"]\nspearman = {spearman}\nsource = "test"\n',
        encoding="utf-8",
    )
    return load_prior(file)


@statistical
def test_a_correlated_prior_keeps_its_sum_and_the_law_of_its_draws(tmp_path):
    prior = correlated(tmp_path, 0.8)
    space = Space.of(prior)
    assert space.is_dependent
    seen = []

    def recorded(u):
        values = prior.values(u)
        seen.append((values["r"], values["lam"]))
        return np.log(values["r"]) * values["lam"] + 0.0 * values["limit_ooms"]

    found = designed(recorded, space, plan(2**12, seed=5))
    assert found.index("shapley")["value"].sum() == pytest.approx(1.0, abs=1e-12)
    row = found.index("shapley").loc["limit_ooms"]
    assert abs(row["value"]) <= 3.0 * row["se"]
    for r, lam in seen:  # every point of the design has the marginals and the correlation of the prior
        assert stats.spearmanr(r, lam).statistic == pytest.approx(0.8, abs=0.03)
        assert stats.kstest(prior.entries["r"].distribution.cdf(r), "uniform").pvalue > 1e-3
