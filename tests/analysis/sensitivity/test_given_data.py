"""P(event | input) and its measures against slow, obvious twins, and what cannot be asked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mc_sie.analysis.sensitivity.bins import levels_of
from mc_sie.analysis.sensitivity.given_data import (
    EVENT_MEASURES,
    FLOORED,
    curves,
    event_measures,
    sample_curves,
)
from mc_sie.analysis.sensitivity.information_value import value_of
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.quantities import MODES
from mc_sie.stats.jackknife import TooFewError

N_GROUPS = 16
N = 2**13


@pytest.fixture(scope="module")
def toy():
    """Independent draws: the first input alone gives S1 = 1/3, the second the same, the third nothing."""
    rng = np.random.default_rng(5)
    inputs = {name: rng.random(N) for name in ("x", "y", "inert")}
    return inputs, inputs["x"] + inputs["y"] > 1.0, np.repeat(np.arange(N_GROUPS), N // N_GROUPS)


def naive_measures(x, hits, n_bins, loss_ratio):
    """The measures as defined, with plain loops over bins of ranks."""
    order = np.argsort(x)
    parts = np.array_split(order, n_bins)
    p = hits.mean()
    given = [hits[part].mean() for part in parts]

    def entropy(q):
        return 0.0 if q in (0.0, 1.0) else -q * math.log2(q) - (1 - q) * math.log2(1 - q)

    share = [len(part) / len(x) for part in parts]
    brier = sum(w * (q - p) ** 2 for w, q in zip(share, given, strict=True))
    ends = [x[part].max() for part in parts]
    ks = max(abs((x[hits] <= end).mean() - (x[~hits] <= end).mean()) for end in ends)
    acting = sum(w * max(0.0, q - loss_ratio * (1 - q)) for w, q in zip(share, given, strict=True))
    return [
        brier / (p * (1 - p)),
        brier,
        entropy(p) - sum(w * entropy(q) for w, q in zip(share, given, strict=True)),
        sum(w * abs(q - p) for w, q in zip(share, given, strict=True)),
        ks,
        acting - max(0.0, p - loss_ratio * (1 - p)),
    ]


def test_measures_are_those_of_the_definitions(toy):
    inputs, hits, _ = toy
    for x in inputs.values():
        levels = levels_of(x, 16)
        sums = np.stack([np.bincount(levels.codes), np.bincount(levels.codes, weights=hits)], axis=-1)
        np.testing.assert_allclose(event_measures(sums, 0.4), naive_measures(x, hits, 16, 0.4), atol=1e-12)


def test_the_jackknife_is_leaving_out_one_randomisation_at_a_time(toy):
    inputs, hits, groups = toy
    found = curves({"x": inputs["x"]}, hits, groups, n_bins=16).measures
    levels = levels_of(inputs["x"], 16)

    def whole(kept):
        sums = [np.bincount(levels.codes[kept], weights=w, minlength=16) for w in (np.ones(kept.sum()), hits[kept])]
        return event_measures(np.stack(sums, axis=-1), 1.0)

    full = whole(np.ones(N, dtype=bool))
    left = np.array([whole(groups != group) for group in range(N_GROUPS)])
    value = N_GROUPS * full - (N_GROUPS - 1) * left.mean(axis=0)
    se = np.sqrt((N_GROUPS - 1) / N_GROUPS * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(found["value"], value, atol=1e-12)
    np.testing.assert_allclose(found["se"], se, atol=1e-12)
    half = stats.t(N_GROUPS - 1).ppf(0.95) * se
    np.testing.assert_allclose(found["high"], value + half, atol=1e-12)


def test_shuffling_the_draws_changes_nothing(toy):
    inputs, hits, groups = toy
    order = np.random.default_rng(3).permutation(N)
    one = curves(inputs, hits, groups)
    other = curves({name: x[order] for name, x in inputs.items()}, hits[order], groups[order])
    assert one.measures.equals(other.measures)
    assert one.levels.equals(other.levels)


def test_threads_change_nothing(toy):
    inputs, hits, groups = toy
    assert curves(inputs, hits, groups, threads=1).measures.equals(curves(inputs, hits, groups, threads=3).measures)


def test_an_inert_input_has_no_effect_and_stays_below_the_floor_of_chance(toy):
    inputs, hits, groups = toy
    found = curves(inputs, hits, groups).measures.set_index(["quantity", "measure"])
    for measure in ("first_order", "brier_gain", "bits", "decision_value"):
        row = found.loc["inert", measure]
        assert abs(row["value"]) <= 3.0 * row["se"], measure
    for measure in FLOORED:
        assert found.loc[("inert", measure), "value"] < found.loc[("inert", measure), "floor"], measure
        assert found.loc[("x", measure), "value"] > 5.0 * found.loc[("x", measure), "floor"], measure
    assert found.loc[("x", "first_order"), "floor"] != found.loc[("x", "first_order"), "floor"]


def test_the_floor_is_as_likely_as_it_says():
    rng = np.random.default_rng(8)
    groups, n_below = np.repeat(np.arange(8), 128), 0
    for _ in range(60):
        row = curves({"x": rng.random(1024)}, rng.random(1024) < 0.3, groups, n_bins=8, threads=1).measure("ks").iloc[0]
        n_below += row["value"] <= row["floor"]
    assert stats.binomtest(n_below, 60, 0.95).pvalue > 1e-3


def test_first_order_agrees_with_chatterjees_coefficient(toy):
    inputs, hits, groups = toy
    found = curves(inputs, hits, groups).measure("first_order")["value"]
    for name, x in inputs.items():
        theirs = stats.chatterjeexi(x, hits.astype(float)).statistic
        assert found[name] == pytest.approx(theirs, abs=3.0 / math.sqrt(N))


def test_weights_give_the_measures_of_the_law_they_stand_for():
    # x has density 2x under the weights: P(event) = 5/8 or so by hand for the event x + y > 1
    rng = np.random.default_rng(2)
    x, y = rng.random(N), rng.random(N)
    groups = np.repeat(np.arange(N_GROUPS), N // N_GROUPS)
    found = curves({"x": x, "y": y}, x + y > 1.0, groups, weights=2.0 * x)
    row = found.measure("brier_gain").loc["x"]
    exact = 0.5 - (2.0 / 3.0) ** 2  # E x^2 = 1/2, E x = 2/3 under density 2x
    assert abs(row["value"] - exact) < 4.0 * row["se"]
    assert found.levels[found.levels["quantity"] == "x"]["share"].iloc[-1] > 1.5 / 64
    equal = curves({"x": x}, x + y > 1.0, groups, weights=np.full(N, 3.0)).measures
    plain = curves({"x": x}, x + y > 1.0, groups).measures
    np.testing.assert_allclose(equal["value"], plain["value"], atol=1e-10)


def test_weights_leave_an_inert_input_below_its_floor():
    rng = np.random.default_rng(6)
    x, y, inert = rng.random((3, 2048))
    groups = np.repeat(np.arange(8), 256)
    found = curves({"inert": inert}, x + y > 1.0, groups, weights=0.2 + x, n_bins=8).measures.set_index("measure")
    assert (found.loc[list(FLOORED), "value"] < found.loc[list(FLOORED), "floor"]).all()


def test_few_hits_in_a_level_give_an_exact_bound():
    x = np.arange(4096) / 4096
    hits = x > 0.9
    hits[5] = True
    levels = curves({"x": x}, hits, np.tile(np.arange(8), 512), n_bins=16).levels
    first = levels.iloc[0]
    assert first["interval"] == "binomial upper"
    assert first["high"] == pytest.approx(stats.beta(2, 255).ppf(0.95), rel=1e-6)
    assert levels.iloc[3]["high"] == pytest.approx(1.0 - 0.05 ** (1 / 256), rel=1e-6)  # the rule of three
    assert levels.iloc[-1]["interval"] == "binomial lower"


@pytest.mark.parametrize(("n", "fails"), [(1, False), (5, False), (1, True), (200, True)])
def test_what_one_randomisation_alone_has_seen_has_no_known_error(n, fails):
    hits = np.zeros(4096, dtype=bool)
    hits[1024 : 1024 + n] = True
    x, groups = np.arange(4096) / 4096, np.repeat(np.arange(8), 512)
    said = f"{'fails' if fails else 'holds'} in {n} of the 4,096 draws, all of one randomisation"
    for ask in (
        lambda: curves({"x": x}, hits ^ fails, groups),
        lambda: curves({"x": x}, hits ^ fails, groups, weights=0.5 + x),
        lambda: value_of({"x": ["x"]}, {"x": x}, hits ^ fails, groups),
    ):
        with pytest.raises(TooFewError, match=said) as refused:
            ask()
        assert ("--rare" in refused.value.remedy) is not fails


def test_two_hits_of_two_randomisations_have_numbers_errors_and_floors():
    hits = np.zeros(4096, dtype=bool)
    hits[[7, 4000]] = True
    found = curves({"x": np.tile(np.arange(512) / 512, 8)}, hits, np.repeat(np.arange(8), 512))
    assert found.measures.set_index("measure")[["value", "se"]].notna().all(axis=None)
    assert found.measure("ks")["floor"].notna().all()


def test_samples_of_the_model_have_every_input_that_varies(simulation):
    sample = sample_of(simulation, parse_event("best_window[2.5] < 24"))
    found = sample_curves(sample)
    assert set(found.measures["quantity"]) == {
        "rho", "r", "mode", "lam", "limit_ooms", "software_doubling_months", "training_months", "training_floor_months",
        "retraining_compute_share",
    }  # fmt: skip
    assert set(found.measures["measure"]) == set(EVENT_MEASURES)
    assert (found.measures["role"] == "stated").all()
    shares = found.levels.groupby("quantity")["share"].sum()
    np.testing.assert_allclose(shares, 1.0)
    mode = found.levels[found.levels["quantity"] == "mode"]
    assert set(mode["label"]) == {"none", "shortening", "continual", "from_scratch"}
    for row in mode.itertuples():
        chosen = sample.draws["mode"] == MODES.index(row.label)
        assert row.prob == pytest.approx(sample.hits[chosen].mean(), abs=1e-3)


def test_draws_that_could_not_be_simulated_are_left_out(failing):
    sample = sample_of(failing, parse_event("best_window[2.5] < 24"))
    levels = sample_curves(sample).levels
    assert levels[levels["quantity"] == "r"]["n_draws"].sum() == sample.is_ok.sum()


def test_a_pool_has_absent_levels_and_a_prior_set(pooled):
    sample = sample_of(pooled, parse_event("best_window[2] < 24"))
    levels = sample_curves(sample).levels
    assert "absent" in set(levels[levels["quantity"] == "speedup_initial"]["kind"])
    assert set(levels[levels["quantity"] == "prior_set"]["label"]) <= {m.name for m, _ in sample.prior.members}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hits": np.zeros(64, bool)}, r"holds in none of the 64 draws \(binomial 95 % bound: below 4.6 %\)"),
        ({"hits": np.ones(64, bool)}, r"holds in every one of the 64 draws \(binomial 95 % bound: above 95"),
        ({"loss_ratio": 0.0}, "loss_ratio = 0 is not a positive number"),
        ({"loss_ratio": math.nan}, "loss_ratio = nan is not a positive number"),
        ({"n_bins": 65}, "64 draws are fewer than the 65 bins"),
        ({"weights": np.zeros(64)}, "weights are not all finite"),
        ({"weights": -np.ones(64)}, "weights are not all finite"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, message):
    given = {"hits": np.arange(64) % 3 == 0} | change
    with pytest.raises(InputError, match=message):
        curves({"x": np.arange(64) / 64}, groups=np.arange(64) % 4, **given)
