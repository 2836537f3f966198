"""The names of this package, each from its module."""

from .copula import Correlation as Correlation
from .copula import Dependence as Dependence
from .entries import Entry as Entry
from .entries import entry as entry
from .entries import fixed_entry as fixed_entry
from .loading import load_prior as load_prior
from .loading import prior_from_dict as prior_from_dict
from .prior_set import PriorSet as PriorSet
from .prior_set import pool as pool
from .schema import json_schema as json_schema
from .shipped import shipped_answers as shipped_answers
from .shipped import shipped_digests as shipped_digests
from .shipped import shipped_priors as shipped_priors
from .shipped import shipped_titles as shipped_titles
from .template import new_prior_text as new_prior_text
