"""Where a quantity acts under a prior set, in words."""

import pytest

from mc_sie import load_prior
from mc_sie.priors.acting import acting, acting_at, acting_sentences
from mc_sie.priors.describing import medians
from mc_sie.quantities import MODES


def test_the_share_is_the_credence_of_the_modes_in_which_it_acts():
    prior = load_prior("davidson-2025")
    credence = prior.entries["mode"].parameters["values"]
    found = acting(prior, "training_months")
    assert found.share == pytest.approx(credence["continual"] + credence["from_scratch"])
    assert found.words == f"acts only in modes continual and from_scratch, {100 * found.share:.3g} % of the prior"
    assert acting(prior, "r").share == 1.0
    assert acting(prior, "r").words == ""


@pytest.mark.parametrize("mode", MODES)
def test_with_one_mode_it_acts_or_it_does_not(mode):
    prior = load_prior("davidson-2025").pinned("mode", mode)
    found = acting(prior, "retraining_compute_share")
    assert found.share == (mode == "continual")
    assert found.words == ("" if mode == "continual" else "no effect, because it acts only in mode continual")
    assert acting_at("retraining_compute_share", medians(prior)) == found


def test_of_a_pool_the_members_count_by_their_weights():
    pool = load_prior("agnostic")
    expected = sum(
        weight * acting(member, "training_months").share
        for member, weight in pool.members
        if "training_months" in member.entries
    )
    assert acting(pool, "training_months").share == pytest.approx(expected)
    # one member of nine leaves it without effect: it is said of that member alone
    assert acting(pool, "labour_multiplier").words == ""


def test_what_others_leave_without_effect_is_said_with_the_reason():
    assert acting_sentences(load_prior("davidson-houlden-2025")) == [
        "labour_multiplier: no effect, because speedup_initial is given and rho is 0."
    ]
    assert acting(load_prior("davidson-2025"), "labour_multiplier").words == ""


def test_the_same_words_stand_once():
    prior = load_prior("davidson-2025")
    stated = acting_sentences(prior, ["training_months", "r", "post_training_share", "generation_gain_ooms"])
    assert [sentence.partition(":")[0] for sentence in stated] == [
        "training_months, post_training_share", "generation_gain_ooms",
    ]  # fmt: skip
    assert acting_sentences(prior, ["prior_set", "sigma", "rho"]) == []
