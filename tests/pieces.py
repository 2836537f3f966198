"""Pieces of evidence, and sets conditioned on them, for tests of what is done with evidence."""

import math

from scipy import stats
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate
from mc_sie.priors import entry
from mc_sie.priors.evidence import Evidence

N = 256 if INTERPRETED else 8192
R = 4 if INTERPRETED else 16
LEVELS = (5.0,)


def piece(about, likelihood="lognormal", name="poll", unit="x", **parameters):
    return Evidence(name, about, likelihood, parameters, unit, "s", None, (), "here")


def conditioned(prior, n=N, **how):
    return simulate(prior, n, n_replicates=R, levels=LEVELS, **how)


def months(**evidence):
    """A lognormal prior on the past doubling time, and a lognormal reading of it: conjugate in logarithms."""
    prior = load_prior("davidson-2025").replaced(
        {
            "software_doubling_months": entry(
                "software_doubling_months",
                {"family": "lognormal", "median": 6.0, "sd_log": 0.3, "truncate_low": 0.01, "truncate_high": 1200.0},
                unit="months",
                source="s",
            )
        }
    )
    return prior.given([piece("software_doubling_months", unit="months", **evidence)])


def three_pieces():
    """The economists with a reading, a bound, and a piece that says nothing."""
    return load_prior("economists-evidence").given(
        [
            piece("pace_at_compute[0.1]", value=0.5, sd_log=0.4),
            piece("max_speed", "at_least", name="floor", value=10.0, sd_log=0.7),
            piece("software_doubling_months", "normal", name="inert", unit="months", value=6.0, sd=1e6),
        ]
    )


CONJUGATE = """
title = "closed form"
[rho]
family = "fixed"
value = 0.0
unit = "1"
source = "test"
[r]
family = "fixed"
value = 0.5
unit = "1"
source = "test"
[alpha_compute]
family = "fixed"
value = 0.4
unit = "1"
source = "test"
[lam]
family = "fixed"
value = 1.0
unit = "1"
source = "test"
[labour_multiplier]
family = "lognormal"
median = 100
sd_log = 1.0
unit = "x"
source = "test"
[software_doubling_months]
family = "lognormal"
median = 6.0
sd_log = 0.3
unit = "months"
source = "test"
[mode]
family = "categorical"
values = { none = 0.5, from_scratch = 0.5 }
source = "test"
[[correlation]]
between = ["labour_multiplier", "software_doubling_months"]
spearman = 0.7
source = "test"
[[evidence]]
name = "reading"
about = "software_doubling_months"
likelihood = "lognormal"
value = 9.0
sd_log = 0.2
unit = "months"
source = "test"
"""


def conjugate(folder):
    """A set with evidence on a quantity that is correlated with the one that decides the initial pace."""
    file = folder / "conjugate.toml"
    file.write_text(CONJUGATE)
    return load_prior(file)


def prob_pace_above(pace, *, is_given=True):
    """P(pace_initial > pace) of :func:`conjugate`, where the pace is labour^0.6: normal in the latent space."""
    correlation = 2.0 * math.sin(math.pi * 0.7 / 6.0)
    mean, variance = 0.0, 1.0
    if is_given:
        reading, error = math.log(9.0 / 6.0) / 0.3, 0.2 / 0.3
        left = 1.0 / (1.0 + 1.0 / error**2)
        mean = correlation * left * reading / error**2
        variance = 1.0 - correlation**2 + correlation**2 * left
    return stats.norm.sf(math.log(pace) / 0.6 - math.log(100.0), mean, math.sqrt(variance))
