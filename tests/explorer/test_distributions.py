"""Every family of a prior file in the page against Python: quantiles, probabilities, words, and what is refused."""

import functools
import math

import numpy as np
import pytest
from pydantic import TypeAdapter

from mc_sie.errors import InputError
from mc_sie.priors import schema
from mc_sie.priors.entries import entry
from mc_sie.priors.family_keys import NUMBER_FAMILIES, LinearPool, Mixture
from mc_sie.priors.loading import load_prior
from mc_sie.priors.shipped import shipped_priors
from mc_sie.quantities import MODES, QUANTITIES

RNG = np.random.default_rng(20)
U = np.sort(
    np.concatenate(
        [
            RNG.random(1500),
            2.0 ** -np.arange(1.0, 53.0),
            1.0 - 2.0 ** -np.arange(2.0, 53.0),
            10.0 ** RNG.uniform(-15.0, -0.3, 300),
            1.0 - 10.0 ** RNG.uniform(-15.0, -0.3, 300),
        ]
    )
)

SCRIPT = """
  const { distributionOf } = await import(page("distributions.js"));
  return input.entries.map((entry) => {
    let made;
    try { made = distributionOf(entry, input.domain); }
    catch (error) {
      if (error.name !== "InputError") throw error;
      return { refused: [error.where, error.why] };
    }
    const quantiles = made.quantile(Float64Array.from(input.u));
    const at = (name) => quantiles.filter((_, i) => i % 20 === 0).map((x) => made[name](x));
    return {
      quantiles, cdf: at("cdf"), sf: at("sf"), pdf: at("pdf"),
      support: made.support, atoms: made.atoms, constant: made.constant, words: made.words,
    };
  });
"""

FREE = {"name": "delta", "unit": "1", "low": -math.inf, "high": math.inf}


@functools.cache
def number_tables():
    """Checks the table of a number, whatever its domain."""
    component = schema._one_of(schema.Weighted, NUMBER_FAMILIES)
    mixture = schema._several(Mixture, component)
    expert = schema._one_of(schema.Weighted, (*NUMBER_FAMILIES, mixture))
    pool = schema._several(LinearPool, expert)
    return TypeAdapter(schema._one_of(schema.Sourced, (*NUMBER_FAMILIES, mixture, pool)))


def python_distribution(table):
    return number_tables().validate_python({**table, "source": "mine"}).distribution


def beta(a, b, **more):
    return {"family": "beta", "a": a, "b": b, **more}


def student(df, **more):
    return {"family": "student_t", "location": 1.0, "scale": 2.0, "df": df, **more}


def several(*pairs, family="mixture", **more):
    return {"family": family, "components": [{"weight": weight, **table} for weight, table in pairs], **more}


NORMAL = {"family": "normal", "mean": 0.3, "sd": 0.7}
LOGNORMAL = {"family": "lognormal", "median": 2.0, "sd_log": 1.5}
UNIFORM = {"family": "uniform", "low": -0.4, "high": -0.1}
HISTOGRAM = {"family": "histogram", "edges": [0.5, 1.0, 2.0, 4.0, 9.0], "chips": [3.0, 0.0, 10.0, 7.0]}
TABULATED = {"family": "tabulated", "p": [0.0, 0.1, 0.5, 0.9, 1.0], "x": [1.0, 2.0, 2.5, 8.0, 20.0]}
ZERO = {"family": "fixed", "value": 0.0}
NO_LIMIT = {"family": "fixed", "value": math.inf}

ENTRIES = {
    "fixed": ZERO,
    "no limit": NO_LIMIT,
    "uniform": UNIFORM,
    "loguniform": {"family": "loguniform", "low": 0.01, "high": 300.0},
    "normal": NORMAL,
    "lognormal": LOGNORMAL,
    "shifted lognormal": {"family": "shifted_lognormal", "shift": -3.0, "median": 2.0, "sd_log": 0.4},
    **{f"beta {a} {b}": beta(a, b) for a in (0.05, 0.5, 1.0, 2.3, 40.0, 500.0) for b in (0.05, 1.0, 3.7, 500.0)},
    "beta between": beta(2.0, 5.0, low=-3.0, high=11.0),
    "triangular": {"family": "triangular", "low": -1.0, "peak": 0.5, "high": 3.0},
    "one-sided triangular": {"family": "triangular", "low": 1.0, "peak": 1.0, "high": 3.0},
    "pert": {"family": "pert", "low": 1.0, "peak": 2.0, "high": 9.0},
    **{f"student {df}": student(df) for df in (0.5, 1.0, 2.0, 3.5, 10.0, 200.0)},
    "normal, tail": NORMAL | {"truncate_low": 4.0},
    "normal, far tail": NORMAL | {"truncate_low": 20.0, "truncate_high": 21.0},
    "normal, lower tail": NORMAL | {"truncate_high": -15.0},
    "lognormal, cut": LOGNORMAL | {"truncate_low": 0.5, "truncate_high": 50.0},
    "lognormal, tail": LOGNORMAL | {"truncate_low": 1e6},
    "beta, cut": beta(2.0, 50.0, truncate_low=0.3, truncate_high=0.9),
    "student, cut": student(3.0, truncate_low=0.0),
    "student, tail": student(3.0, truncate_low=1e4, truncate_high=1e6),
    "uniform, cut": UNIFORM | {"truncate_high": -0.2},
    "triangular, cut": {"family": "triangular", "low": -1.0, "peak": 0.5, "high": 3.0, "truncate_low": 0.0},
    "histogram": HISTOGRAM,
    "histogram, log": HISTOGRAM | {"scale": "log"},
    "histogram, cut": HISTOGRAM | {"truncate_low": 0.7, "truncate_high": 5.0},
    "tabulated": TABULATED,
    "tabulated, log": TABULATED | {"scale": "log"},
    "tabulated, cut": TABULATED | {"truncate_low": 2.1},
    "metalog, two": {"family": "quantiles", "quantiles": {"q05": -1.0, "q95": 3.0}},
    "metalog": {"family": "quantiles", "quantiles": {"q05": -0.5, "q50": -0.15, "q95": -0.02}},
    "metalog, four": {"family": "quantiles", "quantiles": {"q05": 1.0, "q25": 2.0, "q75": 4.0, "q95": 7.0}},
    "metalog, one-sided": {"family": "quantiles", "quantiles": {"q05": 1.0, "q50": 2.0, "q95": 7.0}, "low": 0.0},
    "metalog, below": {"family": "quantiles", "quantiles": {"q05": -9.0, "q50": -2.0, "q95": -1.0}, "high": 0.0},
    "metalog, bounded": {
        "family": "quantiles",
        "quantiles": {"q05": 0.1, "q50": 0.4, "q95": 0.9},
        "low": 0.0,
        "high": 1.0,
    },
    "metalog, cut": {"family": "quantiles", "quantiles": {"q05": 1.0, "q50": 2.0, "q95": 7.0}, "truncate_low": 0.0},
    "lognormal, two": {"family": "quantiles", "fit": "lognormal", "quantiles": {"q05": 5.0, "q95": 14.0}},
    "student, two": {"family": "quantiles", "fit": "student_t", "df": 4.0, "quantiles": {"q05": 5.0, "q95": 14.0}},
    "normal, three": {"family": "quantiles", "fit": "normal", "quantiles": {"q05": 5.0, "q50": 10.0, "q95": 14.6}},
    "normal, interval": {"family": "interval", "fit": "normal", "mean": 3.1, "interval": [1.0, 5.0]},
    "atoms": several((0.2, ZERO), (0.3, NO_LIMIT), (0.5, {"family": "fixed", "value": -2.0})),
    "atom below": several((0.2, ZERO), (0.8, {"family": "uniform", "low": 1.0, "high": 2.0})),
    "atom within": several((0.25, ZERO), (0.75, NORMAL)),
    "atom and no limit": several((0.25, NO_LIMIT), (0.75, LOGNORMAL)),
    "overlapping": several((0.5, NORMAL), (0.3, LOGNORMAL), (0.2, UNIFORM)),
    "narrow in wide": several((0.5, {"family": "normal", "mean": 0.0, "sd": 1e-4}), (0.5, NORMAL)),
    "far apart": several(
        (0.4, {"family": "normal", "mean": -100.0, "sd": 1.0}), (0.6, {"family": "normal", "mean": 100.0, "sd": 1.0})
    ),
    "betas": several((0.5, beta(0.5, 3.0)), (0.3, beta(30.0, 3.0)), (0.2, UNIFORM)),
    "small weights": several((1e-12, ZERO), (1.0 - 1e-12, NORMAL)),
    "mixture, cut": several((0.5, NORMAL), (0.3, LOGNORMAL), (0.2, ZERO), truncate_low=-0.2, truncate_high=3.0),
    "tables": several((0.5, TABULATED | {"scale": "log"}), (0.5, HISTOGRAM)),
    "experts": several((0.5, several((0.5, NORMAL), (0.5, ZERO))), (0.5, student(3.0)), family="linear_pool"),
    "same parts": several((0.5, NORMAL), (0.5, NORMAL)),
    "touching": several(
        (0.5, {"family": "uniform", "low": 0.0, "high": 1.0}), (0.5, {"family": "uniform", "low": 1.0, "high": 5.0})
    ),
    "many": several(
        *[(0.025, {"family": "lognormal", "median": 1.0 + 0.3 * k, "sd_log": 0.1 + 0.02 * k}) for k in range(40)]
    ),
}


@pytest.fixture(scope="module")
def found(node):
    """What the page makes of the entries, by name."""
    return dict(zip(ENTRIES, node(SCRIPT, {"entries": list(ENTRIES.values()), "domain": FREE, "u": U}), strict=True))


@pytest.mark.parametrize("name", ENTRIES)
def test_distributions_are_those_of_python(found, name):
    right = python_distribution(ENTRIES[name])
    mine = found[name]
    assert "refused" not in mine, mine
    quantiles = right.ppf(U)
    x = np.array(mine["quantiles"], dtype=float)
    middle = np.subtract(*np.quantile(np.append(quantiles[np.isfinite(quantiles)], 0.0), [0.75, 0.25]))
    # Beside 0 a value has no digits beyond those of its probability.
    np.testing.assert_allclose(x, quantiles, rtol=1e-10, atol=max(1e-13 * abs(middle), 1e-16))
    some = x[::20]
    below = right.cdf(some)
    # P(X > x) is known from P(X <= x) where that is smaller: Python's own of a beta forgets a small x in 1 - x.
    above = np.where(below < 0.75, 1.0 - below, right.sf(some))
    np.testing.assert_allclose(mine["cdf"], below, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(mine["sf"], above, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(np.array(mine["pdf"], dtype=float), right.pdf(some), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(mine["support"], right.support, rtol=1e-14)
    np.testing.assert_allclose(mine["atoms"], np.array(right.atoms).reshape(-1, 2) if right.atoms else [], rtol=1e-14)
    assert mine["constant"] == right.constant
    assert mine["words"] == right.describe()


def test_quantiles_beside_the_median_rise(node):
    """Where SciPy's Student t stands still, the page's does not: the quantile is the distance over the density."""
    u = 0.5 + np.array([-1e-9, -1e-12, 0.0, 1e-12, 1e-9])
    (found,) = node(
        SCRIPT, {"entries": [{"family": "student_t", "location": 0.0, "scale": 1.0, "df": 4.0}], "domain": FREE, "u": u}
    )
    np.testing.assert_allclose(found["quantiles"], (u - 0.5) / 0.375, rtol=1e-6, atol=1e-15)


DOMAIN_SCRIPT = """
  const { distributionOf, MODES } = await import(page("distributions.js"));
  return input.map(([entry, domain]) => {
    try { return { quantiles: distributionOf(entry, domain).quantile([0.05, 0.5, 0.95]), modes: MODES }; }
    catch (error) {
      if (error.name !== "InputError") throw error;
      return { refused: [error.where, error.why, error.remedy] };
    }
  });
"""


def row_of(name):
    """A quantity as the page's data have it."""
    quantity = QUANTITIES[name]
    ends = [{math.inf: "inf", -math.inf: "-inf"}.get(end, end) for end in (quantity.low, quantity.high)]
    row = {"name": name, "unit": quantity.unit, "low": ends[0], "high": ends[1], "meaning": quantity.meaning}
    return {**row, "lowOpen": quantity.low_open, "highOpen": quantity.high_open}


RHO = {
    "uniform": {"family": "uniform", "low": -0.4, "high": -0.1},
    "to the open end": {"family": "uniform", "low": 0.0, "high": 1.0},
    "metalog has the domain's ends": {"family": "quantiles", "quantiles": {"q05": -3.0, "q50": -0.2, "q95": 0.9}},
    "metalog in a mixture": several(
        (1.0, {"family": "quantiles", "quantiles": {"q05": -3.0, "q50": -0.2, "q95": 0.9}})
    ),
    "normal, far inside": {"family": "normal", "mean": -10.0, "sd": 1.0},
    "beta in a pool": several((0.5, beta(2.0, 3.0)), (0.5, several((1.0, beta(1.0, 2.0)))), family="linear_pool"),
}


def test_entries_of_a_quantity(node):
    found = node(DOMAIN_SCRIPT, [[table, row_of("rho")] for table in RHO.values()])
    for (name, table), mine in zip(RHO.items(), found, strict=True):
        right = entry("rho", table, source="mine", unit="1").distribution
        np.testing.assert_allclose(mine.get("quantiles"), right.ppf([0.05, 0.5, 0.95]), rtol=1e-10, err_msg=name)


def test_entries_of_the_mode(node):
    tables = [
        {"family": "fixed", "value": "continual"},
        {"family": "categorical", "values": {"shortening": 0.3, "none": 0.3, "from_scratch": 0.4}},
    ]
    found = node(DOMAIN_SCRIPT, [[table, row_of("mode")] for table in tables])
    for table, mine in zip(tables, found, strict=True):
        assert mine["quantiles"] == entry("mode", table, source="mine").distribution.ppf([0.05, 0.5, 0.95]).tolist()
        assert mine["modes"] == list(MODES)


BAD = [
    ("rho", {"family": "nonesuch"}),
    ("rho", {"family": "constructor"}),
    ("rho", {"family": "__proto__"}),
    ("rho", {"family": 3}),
    ("rho", {}),
    ("rho", UNIFORM | {"low": 0.3}),
    ("rho", UNIFORM | {"low": -0.1}),
    ("rho", UNIFORM | {"low": "x"}),
    ("rho", UNIFORM | {"high": True}),
    ("rho", UNIFORM | {"high": 1.5}),
    ("rho", UNIFORM | {"low": -60.0}),
    ("rho", UNIFORM | {"low": math.nan}),
    ("rho", UNIFORM | {"low": -math.inf}),
    ("rho", UNIFORM | {"low": -1e-200}),
    ("rho", UNIFORM | {"mean": 0.0}),
    ("rho", {"family": "uniform", "low": 0.0}),
    ("rho", UNIFORM | {"truncate_low": 0.0}),
    ("rho", UNIFORM | {"truncate_low": -0.2, "truncate_high": -0.3}),
    ("rho", UNIFORM | {"truncate_high": -5.0}),
    ("rho", {"family": "fixed", "value": 1.0}),
    ("rho", {"family": "fixed", "value": math.nan}),
    ("rho", {"family": "fixed", "value": [1.0]}),
    ("rho", {"family": "fixed", "value": math.inf}),
    ("rho", {"family": "fixed", "value": 0.0, "truncate_low": 0.0}),
    ("rho", {"family": "normal", "mean": 0.0, "sd": 1.0}),
    ("rho", {"family": "normal", "mean": 0.0, "sd": 0.0}),
    ("rho", {"family": "normal", "mean": 0.0, "sd": -1.0}),
    ("r", {"family": "lognormal", "median": 0.0, "sd_log": 1.0}),
    ("r", {"family": "loguniform", "low": 0.0, "high": 1.0}),
    ("r", {"family": "loguniform", "low": 2.0, "high": 1.0}),
    ("rho", beta(0.0, 1.0)),
    ("rho", beta(1.0, 1.0, low=1.0, high=0.0)),
    ("rho", beta(1.0, 2.0, high=2.0)),
    ("rho", {"family": "triangular", "low": 0.0, "peak": 2.0, "high": 0.5}),
    ("rho", {"family": "pert", "low": 0.0, "peak": -1.0, "high": 0.5}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q95": 2.0}}),
    ("rho", {"family": "quantiles", "quantiles": {"q5": -0.5, "q95": 0.2}}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5}}),
    ("rho", {"family": "quantiles", "quantiles": []}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q95": "x"}}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q95": 0.2}, "fit": "gamma"}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q95": 0.2}, "df": 3.0}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q95": 0.2}, "fit": "student_t"}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q95": 0.2}, "low": 0.5, "high": 0.1}),
    ("rho", {"family": "quantiles", "quantiles": {"q05": -0.5, "q50": -0.49, "q95": 0.9}}),
    ("rho", {"family": "quantiles", "quantiles": {"q10": -1.0, "q20": -0.99, "q80": -0.5, "q90": 0.9}}),
    ("rho", {"family": "interval", "fit": "normal", "mean": 0.0, "interval": [1.0]}),
    ("rho", {"family": "interval", "fit": "normal", "mean": 0.0, "interval": [-0.4, 0.4], "level": 1.0}),
    ("rho", {"family": "interval", "mean": 0.0, "interval": [-0.4, 0.4]}),
    ("rho", {"family": "interval", "fit": "metalog", "mean": 0.0, "interval": [-0.4, 0.4]}),
    ("rho", {"family": "histogram", "edges": [0.0, 0.5], "chips": [1.0, 2.0]}),
    ("rho", {"family": "histogram", "edges": [0.0, 0.5, 0.4], "chips": [1.0, 2.0]}),
    ("rho", {"family": "histogram", "edges": [0.0, 0.5], "chips": [0.0]}),
    ("rho", {"family": "histogram", "edges": [0.0, 0.5], "chips": [-1.0]}),
    ("rho", {"family": "histogram", "edges": [0.0], "chips": []}),
    ("rho", {"family": "histogram", "edges": [0.0, 0.5], "chips": [1.0], "scale": "log"}),
    ("rho", {"family": "histogram", "edges": [0.0, 0.5], "chips": [1.0], "scale": "cubic"}),
    ("rho", {"family": "histogram", "edges": [0.0, 2.0], "chips": [1.0]}),
    ("rho", {"family": "tabulated", "p": [0.0, 1.0], "x": [-70.0, 0.0]}),
    ("rho", {"family": "tabulated", "p": [0.1, 1.0], "x": [0.0, 0.5]}),
    ("rho", {"family": "tabulated", "p": [0.0, 1.0], "x": [0.5, 0.0]}),
    ("rho", {"family": "tabulated", "p": [0.0, 0.5, 1.0], "x": [0.0, 0.5]}),
    ("rho", several((0.5, UNIFORM), (0.4, UNIFORM))),
    ("rho", several((0.5, UNIFORM), (0.5, UNIFORM | {"high": 3.0}))),
    ("rho", several((0.5, UNIFORM), (0.5, NORMAL))),
    ("rho", several((0.5, UNIFORM), (0.5, UNIFORM | {"low": 3.0}))),
    ("rho", several((-0.5, UNIFORM), (1.5, UNIFORM))),
    ("rho", {"family": "mixture", "components": []}),
    ("rho", {"family": "mixture", "components": [UNIFORM]}),
    ("rho", {"family": "mixture", "components": [3.0]}),
    ("rho", {"family": "mixture", "components": 3.0}),
    ("rho", several((1.0, several((1.0, UNIFORM))))),
    ("rho", several((1.0, several((1.0, UNIFORM), family="linear_pool")), family="linear_pool")),
    ("rho", several((1.0, UNIFORM | {"unit": "1"}))),
    ("rho", UNIFORM | {"unit": "months"}),
    ("rho", several(*[(1.0 / 257.0, UNIFORM)] * 257)),
    ("rho", several((0.5, UNIFORM), (0.5, {"family": "fixed", "value": 1.0}))),
    ("rho", several((0.5, UNIFORM), (0.5, {"family": "fixed", "value": 2.0}))),
    ("mode", {"family": "fixed", "value": "nonesuch"}),
    ("mode", {"family": "fixed", "value": 2.0}),
    ("mode", UNIFORM),
    ("mode", {"family": "categorical", "values": {"none": 0.5}}),
    ("mode", {"family": "categorical", "values": {"none": 0.5, "other": 0.5}}),
    ("mode", {"family": "categorical", "values": {"none": -0.5, "continual": 1.5}}),
    ("mode", {"family": "categorical"}),
    ("mode", {"family": "categorical", "values": {"none": 1.0}, "truncate_low": 0.0}),
]


@pytest.fixture(scope="module")
def refusals(node):
    return node(DOMAIN_SCRIPT, [[table, row_of(name)] for name, table in BAD])


@pytest.mark.parametrize("place", range(len(BAD)))
def test_what_python_refuses_is_refused(refusals, place):
    name, table = BAD[place]
    with pytest.raises(InputError) as caught:
        entry(
            name, table, source="mine", **({} if "unit" in table or name == "mode" else {"unit": QUANTITIES[name].unit})
        )
    assert "refused" in refusals[place], (table, str(caught.value), refusals[place])
    key = refusals[place]["refused"][0]
    assert all(step in str(caught.value) for step in key.split(".") if step.isalpha()), (
        str(caught.value),
        refusals[place],
    )


@pytest.mark.parametrize("name", shipped_priors())
def test_shipped_sets(node, name):
    u = U[::5]
    plain = [prior for prior, _ in load_prior(name).plain_sets]
    entries = [one for prior in plain for one in prior.entries.values()]
    tables = [{"family": one.family, **one.parameters} for one in entries]
    script = """
      const { distributionOf } = await import(page("distributions.js"));
      return input.rows.map(([entry, domain]) => distributionOf(entry, domain).quantile(input.u));
    """
    rows = [[table, row_of(one.name)] for table, one in zip(tables, entries, strict=True)]
    for one, mine in zip(entries, node(script, {"rows": rows, "u": u}), strict=True):
        np.testing.assert_allclose(mine, one.distribution.ppf(u), rtol=1e-10, atol=1e-15, err_msg=one.name)
