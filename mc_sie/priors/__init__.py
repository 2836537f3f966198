"""Priors: from a cited TOML file to quantile functions of points in the unit cube."""

from mc_sie.priors.dependence import Correlation, Dependence
from mc_sie.priors.families import Distribution
from mc_sie.priors.schema import json_schema
from mc_sie.priors.spec import (
    Entry,
    PriorSet,
    entry,
    fixed_entry,
    load_prior,
    new_prior_text,
    pool,
    prior_from_dict,
    shipped_priors,
)

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
