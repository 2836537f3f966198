"""Priors of the live page against those of Python: values, what is refused, and the way back to a file."""

import json
import re

import numpy as np
import pytest
from prior_texts import HEAD, ONE, POOL, TWO, R, RHO, entry

from mc_sie.errors import InputError
from mc_sie.explorer.data import page_data, set_of_file
from mc_sie.priors import load_prior
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.priors.shipped import shipped_priors
from mc_sie.quantities import MODEL_QUANTITIES

N = 1000
PRELUDE = """
const { parseToml, writeToml } = await import(page("toml.js"));
const { priorOf } = await import(page("prior.js"));
const columns = (points) => Object.fromEntries(Object.entries(points).map(([name, u]) => [name, Float64Array.from(u)]));
"""


@pytest.fixture(scope="module")
def data():
    return page_data()


def cube(n=N, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.random(n) for name in (*MODEL_QUANTITIES, POOL_DIMENSION)}


def assert_same(found, prior, points):
    expected = prior.values(points)
    assert list(found) == list(expected)
    for name, column in expected.items():
        np.testing.assert_allclose(
            np.array(found[name], dtype=float), column.astype(float), rtol=1e-10, atol=1e-12, err_msg=name
        )


def test_shipped_sets_draw_the_same_values_and_give_back_the_same_file(node, data, tmp_path):
    points = cube()
    script = f"""{PRELUDE}
    const points = columns(input.points);
    const found = {{}};
    for (const name of Object.keys(input.data.sets)) {{
      const prior = priorOf({{ title: "t", extends: name }}.extends && input.data.sets[name].isPool
        ? input.data.sets[name].table : {{ title: input.data.sets[name].title, extends: name }}, input.data, name);
      found[name] = {{ dimensions: prior.dimensions, values: prior.values(points, {N}), file: writeToml(prior.toTable()) }};
    }}
    return found;
    """
    found = node(script, {"data": data, "points": points})
    assert list(found) == list(shipped_priors())
    for name, answer in found.items():
        prior = load_prior(name)
        assert tuple(answer["dimensions"]) == prior.dimensions
        assert_same(answer["values"], prior, points)
        path = tmp_path / f"{name}.toml"
        path.write_text(answer["file"], encoding="utf-8")
        again = load_prior(path)
        assert again.digest == prior.digest
        assert again.title == prior.title
        assert again.bottlenecks == prior.bottlenecks
