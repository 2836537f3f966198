"""Special functions of the page against SciPy's."""

import numpy as np
import pytest
from scipy import special

RNG = np.random.default_rng(1)
PROBS = np.concatenate([2.0 ** -np.arange(1.0, 60.0), 1.0 - 2.0 ** -np.arange(2.0, 53.0), RNG.random(500)])
Z = np.concatenate([np.linspace(-37.0, 8.0, 400), [0.0, -3.0, 3.0, 1e-12]])


def values(node, call, *columns):
    script = f"""
      const special = await import(page("special.js"));
      const {{ ndtr, ndtri, lgamma, betaln, betainc, betaincc, betaincinv, stdtr, stdtrit }} = special;
      return input[0].map((_, i) => {{ const x = input.map((column) => column[i]); return {call}; }});
    """
    return np.array(node(script, np.broadcast_arrays(*map(np.asarray, columns))), dtype=float)


def test_the_normal_distribution(node):
    np.testing.assert_allclose(values(node, "ndtr(x[0])", Z), special.ndtr(Z), rtol=5e-13)
    np.testing.assert_allclose(values(node, "ndtri(x[0])", PROBS), special.ndtri(PROBS), rtol=1e-13, atol=1e-15)
    assert values(node, "ndtri(x[0])", [0.0, 1.0]).tolist() == [-np.inf, np.inf]


SHAPES = np.exp(RNG.uniform(np.log(0.05), np.log(500.0), (2, 300)))


def test_gamma_and_beta_functions(node):
    a, b = SHAPES
    np.testing.assert_allclose(values(node, "lgamma(x[0])", a), special.gammaln(a), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(values(node, "betaln(x[0], x[1])", a, b), special.betaln(a, b), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("which", ["spread", "near the mean"])
def test_the_beta_distribution(node, which):
    a, b = SHAPES
    p = RNG.random(300)
    if which == "spread":
        p = 10.0 ** RNG.uniform(-15.0, -0.01, 300)
    x = special.betaincinv(a, b, p)
    usable = x > 1e-290
    a, b, p, x = (column[usable] for column in (a, b, p, x))
    np.testing.assert_allclose(values(node, "betaincinv(x[0], x[1], x[2])", a, b, p), x, rtol=1e-10)
    np.testing.assert_allclose(values(node, "betainc(x[0], x[1], x[2])", a, b, x), special.betainc(a, b, x), rtol=1e-10)


def test_the_student_t_distribution(node):
    df = np.exp(RNG.uniform(np.log(0.5), np.log(200.0), 500))
    p = np.concatenate([10.0 ** RNG.uniform(-15.0, -0.31, 250), RNG.uniform(0.4, 0.999, 250)])
    t = special.stdtrit(df, p)
    np.testing.assert_allclose(values(node, "stdtrit(x[0], x[1])", df, p), t, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(values(node, "stdtr(x[0], x[1])", df, t), p, rtol=1e-10)


def test_far_tails_keep_their_digits(node):
    """Where 1 minus the other tail has none left."""
    df, p = np.meshgrid([4.0, 30.0, 200.0], [1e-6, 1e-10, 1e-15])
    t = special.stdtrit(df.ravel(), p.ravel())
    np.testing.assert_allclose(values(node, "stdtr(x[0], x[1])", df.ravel(), t), p.ravel(), rtol=1e-10)
    a, b, x = np.array([[0.05, 2.0, 40.0], [500.0, 3.0, 7.0], [0.05, 0.9999, 0.99]])
    np.testing.assert_allclose(
        values(node, "betaincc(x[0], x[1], x[2])", a, b, x), special.betaincc(a, b, x), rtol=1e-10
    )
