"""The copula of the live page against that of Python."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from mc_sie.priors.copula import dependence_between, nearest_correlation

ORDER = ["a", "b", "c", "d", "e"]
CASES = {
    "none": [],
    "one pair": [["a", "c", 0.6]],
    "negative": [["b", "d", -0.9], ["b", "e", 0.3]],
    "all": [["a", "b", 0.5], ["c", "a", 0.4], ["b", "c", 0.2], ["d", "e", -0.7], ["a", "e", 0.0]],
    "impossible": [["a", "b", 0.9], ["b", "c", 0.9], ["a", "c", -0.9]],
    "far from possible": [
        ["a", "b", 0.99], ["b", "c", 0.99], ["a", "c", -0.99], ["c", "d", 0.8], ["d", "a", 0.8], ["e", "a", -0.8],
    ],
}  # fmt: skip
SCRIPT = """
const { dependenceBetween } = await import(page("copula.js"));
const points = Object.fromEntries(Object.entries(input.points).map(([name, u]) => [name, Float64Array.from(u)]));
const dependence = dependenceBetween(input.order, input.pairs);
const { names, used, isRepaired } = dependence;
return { names, used, isRepaired, mixed: dependence.applied(points) };
"""


@pytest.mark.parametrize("case", CASES)
def test_the_same_uniforms(node, case):
    rng = np.random.default_rng(0)
    points = {name: rng.random(2000) for name in ORDER}
    points["a"][:4] = [2.0**-54, 1.0 - 2.0**-53, 1e-300, 0.5]
    points["b"][:4] = [2.0**-54, 1.0 - 2.0**-53, 1e-300, 0.5]
    found = node(SCRIPT, {"order": ORDER, "pairs": CASES[case], "points": points})
    expected = dependence_between(ORDER, [tuple(pair) for pair in CASES[case]])
    assert tuple(found["names"]) == expected.names
    assert found["isRepaired"] == expected.is_repaired
    np.testing.assert_allclose(np.array(found["used"]).reshape(expected.matrix.shape), expected.matrix, atol=3e-12)
    # a repaired matrix has eigenvalues near 0, of which its root magnifies the twelfth decimal
    tolerance = 1e-5 if expected.is_repaired else 1e-10
    for name, column in expected.applied(points).items():
        np.testing.assert_allclose(found["mixed"][name], column, rtol=tolerance, atol=tolerance * 1e-3, err_msg=name)


def test_ranks_are_correlated_as_stated(node):
    rng = np.random.default_rng(1)
    points = {name: rng.random(20_000) for name in ORDER}
    found = node(SCRIPT, {"order": ORDER, "pairs": CASES["all"], "points": points})["mixed"]
    for first, second, spearman in CASES["all"]:
        assert spearmanr(found[first], found[second])[0] == pytest.approx(spearman, abs=0.02)


def test_the_nearest_matrix_of_a_case_with_a_closed_form(node):
    # three normals, all correlated by -x: the nearest correlation matrix has -1/2 everywhere
    matrix = [[1.0, -0.8, -0.8], [-0.8, 1.0, -0.8], [-0.8, -0.8, 1.0]]
    found = node('return (await import(page("copula.js"))).nearestCorrelation(input);', matrix)
    np.testing.assert_allclose(found, np.where(np.eye(3) > 0, 1.0, -0.5), atol=1e-7)
    np.testing.assert_allclose(found, nearest_correlation(np.array(matrix)), atol=3e-12)


def test_eigenvalues(node):
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(9, 9))
    matrix = matrix + matrix.T
    found = node('return (await import(page("copula.js"))).eigen(input);', matrix)
    values, vectors = np.array(found["values"]), np.array(found["vectors"])
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(matrix), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-12)


def test_spearman_and_pearson(node):
    script = """
    const { pearsonOf, spearmanOf } = await import(page("copula.js"));
    return input.map((x) => [pearsonOf(x), spearmanOf(pearsonOf(x))]);
    """
    for spearman, (pearson, back) in zip([-0.9, 0.0, 0.5], node(script, [-0.9, 0.0, 0.5]), strict=True):
        assert pearson == pytest.approx(2.0 * math.sin(math.pi * spearman / 6.0), rel=1e-15)
        assert back == pytest.approx(spearman, abs=1e-15)
