"""Prior files as text, for tests that write them."""

import json

import numpy as np

from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES

N = 2**14
UNITS = {name: quantity.unit for name, quantity in QUANTITIES.items()}


def entry(name, body, **more):
    more = {"source": "a source", **({} if name == "mode" else {"unit": UNITS[name]}), **more}
    return f"[{name}]\n{body}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())


RHO = entry("rho", 'family = "uniform"\nlow = -0.4\nhigh = -0.1')
R = entry("r", 'family = "loguniform"\nlow = 0.4\nhigh = 3.6')
HEAD = 'title = "A title"\nbottlenecks = "counted once"\n'


def points(prior, n=N, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.random(n) for name in ("prior_set", *MODEL_QUANTITIES)}


POOL = HEAD + '[pool]\nmembers = { "one.toml" = 0.25, "two.toml" = 0.75 }\nsource = "s"\n'
ONE = HEAD + RHO + R + entry("speedup_initial", 'family = "loguniform"\nlow = 2\nhigh = 32')
TWO = (
    HEAD
    + entry("sigma", 'family = "uniform"\nlow = 0.5\nhigh = 0.9')
    + R
    + entry("mode", "family = 'categorical'\nvalues = { continual = 0.5, from_scratch = 0.5 }")
)
