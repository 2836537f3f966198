"""Pieces of evidence, and sets conditioned on them, for tests of what is done with evidence."""

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
