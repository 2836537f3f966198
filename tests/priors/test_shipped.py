"""Prior sets that come with the package."""

import numpy as np
import pytest
from prior_texts import points

from mc_sie.priors import load_prior, shipped_priors
from mc_sie.quantities import QUANTITIES


@pytest.mark.parametrize("name", sorted(shipped_priors()))
def test_shipped_sets_load_without_warnings_and_stay_in_their_domains(name):
    prior = load_prior(name)
    assert prior.warnings == ()
    assert prior.description
    assert prior.citations
    assert prior.bottlenecks
    values = prior.values(points(prior))
    for quantity, array in values.items():
        if quantity != "prior_set":
            inside = [QUANTITIES[quantity].contains(float(value)) for value in array if not np.isnan(value)]
            assert all(inside), quantity


def test_a_name_and_a_path_load_the_same():
    path = shipped_priors()["davidson-2025"]
    assert load_prior(path) == load_prior("davidson-2025")
    assert load_prior(str(path)).digest == load_prior("davidson-2025").digest
