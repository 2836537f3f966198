"""A probability over the values of one input."""

import numpy as np
import pytest

from mc_sie import InputError, load_prior, scan, simulate, summarise

N = {"n_draws": 1024, "n_replicates": 8, "seed": 5}


def test_each_value_has_the_probability_of_the_set_pinned_there():
    prior = load_prior("davidson-2025")
    frame = scan(prior, "rho", [-0.1, 0.0], **N)
    for value, prob, se in zip(frame["value"], frame["prob"], frame["se"], strict=True):
        answer = summarise(simulate(prior.pinned("rho", value), **N)).answer
        assert (prob, se) == (answer.prob, pytest.approx(answer.se))
    assert frame["change"][0] == 0.0
    assert frame["change"][1] == pytest.approx(frame["prob"][1] - frame["prob"][0])
    # on common points a change is better known than two independent probabilities would make it
    assert frame["se_change"][1] < np.hypot(*frame["se"])


def test_modes_and_evidence_are_scanned_too():
    modes = scan(load_prior("davidson-2025"), "mode", ["none", "shortening"], **N)
    assert modes["value"].tolist() == ["none", "shortening"]
    assert modes["prob"][1] > modes["prob"][0]
    given = scan(load_prior("davidson-2025-evidence"), "lam", [0.5], **N)
    assert 0.0 < given["ess"][0] < 1024


@pytest.mark.parametrize(
    ("quantity", "values", "message"),
    [("rho", [], "values are none"), ("rho", [2.0], "is above 1"), ("rhoo", [0.0], "is no quantity")],
)
def test_what_cannot_be_scanned_is_refused(quantity, values, message):
    with pytest.raises(InputError, match=message):
        scan(load_prior("davidson-2025"), quantity, values, **N)
