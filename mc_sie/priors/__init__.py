"""Priors: from a cited TOML file to quantile functions of points in the unit cube."""

from mc_sie.distributions.base import Distribution
from mc_sie.priors.copula import Correlation, Dependence
from mc_sie.priors.entries import Entry, entry, fixed_entry
from mc_sie.priors.loading import load_prior, prior_from_dict
from mc_sie.priors.prior_set import PriorSet, pool
from mc_sie.priors.schema import json_schema
from mc_sie.priors.shipped import shipped_priors
from mc_sie.priors.template import new_prior_text

__all__ = [
    "Correlation",
    "Dependence",
    "Distribution",
    "Entry",
    "PriorSet",
    "entry",
    "fixed_entry",
    "json_schema",
    "load_prior",
    "new_prior_text",
    "pool",
    "prior_from_dict",
    "shipped_priors",
]
