"""The page's fits against Python's: parameters found, and what is refused."""

import numpy as np
import pytest

from mc_sie.distributions import fitting
from mc_sie.distributions.base import Unusable

SCRIPT = """
  const { fitQuantiles, fitInterval } = await import(page("fitting.js"));
  return input.map(([how, ...given]) => {
    try { return how === "quantiles" ? fitQuantiles(...given) : fitInterval(...given); }
    catch (error) {
      if (error.name !== "InputError") throw error;
      return { refused: [error.where, error.why, error.remedy] };
    }
  });
"""

U = np.concatenate([10.0 ** np.arange(-12.0, -1.0), np.linspace(0.05, 0.95, 19), 1.0 - 10.0 ** np.arange(-12.0, -1.0)])
FAMILIES = ("normal", "lognormal", "uniform", "loguniform", "beta", "student_t")


def python_fit(how, *given):
    if how == "quantiles":
        family, quantiles, further = given
        return fitting.fit(family, quantiles, **further)
    family, mean, interval, further = given
    return fitting.fit_interval(family, mean, tuple(interval), **further)


def fit_or_refusal(*case):
    try:
        return python_fit(*case)
    except Unusable as error:
        return error


def quantiles_of(found):
    """Quantiles of the distribution with the parameters that the page found."""
    from mc_sie.distributions import families

    return getattr(families, found["family"])(**found["parameters"]).ppf(U)


def compared(node, cases, rtol):
    """Pages and Python's fits agree; the number of fits and of refusals."""
    counts = [0, 0]
    for case, found in zip(cases, node(SCRIPT, cases), strict=True):
        right = fit_or_refusal(*case)
        if isinstance(right, Unusable):
            assert "refused" in found, (case, found, right)
            assert found["refused"][0] == right.key, case
            counts[1] += 1
            continue
        assert "parameters" in found, (case, found)
        spread = right.values[-1] - right.values[0]
        np.testing.assert_allclose(
            quantiles_of(found), right.distribution.ppf(U), rtol=rtol, atol=rtol * abs(spread), err_msg=str(case)
        )
        np.testing.assert_allclose(found["values"], right.values, rtol=rtol, atol=rtol * abs(spread))
        for name, mine in (("miss_share", "missShare"), ("miss_points", "missPoints"), ("miss_mean", "missMean")):
            assert found[mine] == pytest.approx(getattr(right, name), rel=1e-5, abs=1e-7), (case, name)
        counts[0] += 1
    return counts


def some_cases(how, n_each, seed, probs):
    """Numbers that a family could have, nearly, with the probabilities and ends mixed."""
    rng = np.random.default_rng(seed)
    cases = []
    for family in FAMILIES:
        further = {"student_t": {"df": 3.5}, "beta": {"low": -1.0, "high": 3.0}}.get(family, {})
        # Python takes half a second to fit a beta to a mean and an interval.
        n_cases = 6 if (family, how) == ("beta", "interval") else n_each
        for _ in range(n_cases):
            names = sorted(
                rng.choice(probs, size=2 if how == "two" else 3, replace=False), key=lambda key: float("0." + key[1:])
            )
            if family == "beta":
                values = np.sort(rng.uniform(-0.95, 2.95, len(names)))
            elif family in ("lognormal", "loguniform"):
                values = np.exp(np.sort(rng.normal(0.0, 1.0, len(names))))
            else:
                values = np.sort(rng.normal(0.0, 3.0, len(names)))
            if how == "interval":
                low, mean, high = values.tolist()
                level = float(rng.choice([0.5, 0.8, 0.9, 0.98]))
                cases.append(["interval", family, mean, [low, high], {"level": level, **further}])
            else:
                cases.append(["quantiles", family, dict(zip(names, values.tolist(), strict=True)), further])
    return cases


def test_two_quantiles(node):
    n_fits, _ = compared(node, some_cases("two", 30, 1, ["q05", "q10", "q25", "q50", "q75", "q975"]), 1e-9)
    assert n_fits > 150


def test_three_quantiles(node):
    n_fits, n_refused = compared(node, some_cases("three", 60, 2, ["q10", "q50", "q90"]), 1e-6)
    assert n_fits > 10
    assert n_refused > 10


def test_means_and_intervals(node):
    n_fits, n_refused = compared(node, some_cases("interval", 60, 3, ["q10", "q50", "q90"]), 1e-6)
    assert n_fits > 10
    assert n_refused > 10


REFUSED = [
    *(
        ["quantiles", "normal", {key: 0.0, "q95": 1.0}, {}]
        for key in ("p05", "q", "q0", "q00", "05", "q-5", "q5%", "median", "q5")
    ),
    *(
        ["quantiles", "normal", {key: 0.0, "q55": 1.0}, {}]
        for key in ("q0000000000001", "q9999999999999", "q" + 400 * "0" + "1")
    ),
    ["quantiles", "normal", {"q05": 2.0, "q95": 1.0}, {}],
    ["quantiles", "normal", {"q95": 1.0, "q05": 1.0}, {}],
    ["quantiles", "normal", {"q50": 1.0, "q500": 2.0}, {}],
    ["quantiles", "normal", {"q50": 2.0}, {}],
    ["quantiles", "normal", {"q10": 1.0, "q20": 2.0, "q30": 3.0, "q40": 4.0}, {}],
    ["quantiles", "lognormal", {"q05": 0.0, "q50": 2.0}, {}],
    ["quantiles", "loguniform", {"q05": -1.0, "q50": 2.0}, {}],
    ["quantiles", "beta", {"q05": 0.1, "q95": 1.0}, {}],
    ["quantiles", "lognormal", {"q05": 0.1, "q50": 0.8, "q95": 0.9}, {}],
    ["quantiles", "beta", {"q05": 0.1, "q50": 0.15, "q95": 0.9}, {}],
    *(["quantiles", family, {"q500000001": 1e-90, "q500000002": 1e90}, {}] for family in ("lognormal", "loguniform")),
    *(["interval", family, 1e60, [1e-90, 1e90], {}] for family in ("lognormal", "loguniform")),
    *(["interval", "beta", 0.5, [0.4, 0.6], {"level": level}] for level in (1e-300, 1e-17, 0.009, 1.0 - 1e-15)),
    ["interval", "normal", 0.5, [0.6, 0.4], {}],
    ["interval", "student_t", 0.5, [0.4, 0.6], {"df": 1.0}],
    ["interval", "lognormal", -0.5, [0.4, 0.6], {}],
    ["interval", "beta", 0.5, [0.4, 1.0], {}],
    ["interval", "normal", 3.0, [0.4, 1.0], {}],
    ["interval", "lognormal", 30.0, [0.4, 1.0], {}],
]


def test_what_python_refuses_is_refused_in_its_words(node):
    for case, found in zip(REFUSED, node(SCRIPT, REFUSED), strict=True):
        with pytest.raises(Unusable) as caught:
            python_fit(*case)
        assert found.get("refused") == [caught.value.key, caught.value.why, caught.value.remedy], case
