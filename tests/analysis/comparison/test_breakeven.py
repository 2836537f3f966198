"""Break-even values and medians against closed forms, and what small changes of a prior do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize
from tests_settings import INTERPRETED

from mc_sie import InputError, breakeven, load_prior
from mc_sie.analysis.comparison.breakeven import BreakEven, value_in_words
from mc_sie.distributions import families as f
from mc_sie.distributions.base import Distribution
from mc_sie.engine.hits import Hits
from mc_sie.engine.run import uniforms_of
from mc_sie.priors import Entry, PriorSet, fixed_entry
from mc_sie.quantities import QUANTITIES
from mc_sie.report.tables import breakeven_table

HOW = {"n_draws": 4096, "n_replicates": 32, "seed": 4}
FEW = {"n_draws": 512, "n_replicates": 16, "seed": 4}
CEILING = "pace_ceiling > 10"
"""With one route, rho below 0 and no speed-up of its own, the ceiling is alpha_compute^(1/rho)."""

pytestmark = pytest.mark.skipif(INTERPRETED, reason="hundreds of reruns: the same as compiled, a hundred times slower")


def entry(name: str, law: Distribution) -> Entry:
    return Entry(name, "test", {"law": law.describe()}, QUANTITIES[name].unit, "test", None, "test", law)


def prior_with(**laws: Distribution | float | None) -> PriorSet:
    """Davidson & Houlden's set without a speed-up of its own, and with some laws replaced."""
    entries = {
        name: fixed_entry(name, law) if isinstance(law, float) else law if law is None else entry(name, law)
        for name, law in {"speedup_initial": None, **laws}.items()
    }
    return load_prior("davidson-houlden-2025").replaced(entries)


@pytest.fixture(scope="module")
def ceiling() -> BreakEven:
    prior = prior_with(rho=f.uniform(-0.4, -0.1), alpha_compute=f.uniform(0.3, 0.7))
    return breakeven(prior, ["rho", "alpha_compute"], event=CEILING, **HOW)


def only(found: BreakEven, quantity: str, varied: str, target: float):
    values = found.values
    (row,) = values[
        (values["quantity"] == quantity) & (values["varied"] == varied) & (values["target"] == target)
    ].itertuples()
    return row


@pytest.mark.parametrize("target", [0.1, 0.5, 0.9])
def test_pinned_break_evens_are_those_of_the_closed_form(ceiling, target):
    """P(alpha^(1/rho) > 10) is P(alpha < 10^rho)."""
    row = only(ceiling, "rho", "value", target)
    exact = math.log10(0.3 + 0.4 * target)
    assert (row.kind, row.direction) == ("crossing", "rising")
    assert abs(row.value - exact) < 4.0 * row.se + 2e-4
    assert row.se < 2e-3
    row = only(ceiling, "alpha_compute", "value", target)  # P(rho > log10 alpha)
    assert (row.kind, row.direction) == ("crossing", "falling")
    assert abs(row.value - 10.0 ** (-0.1 - 0.3 * target)) < 4.0 * row.se + 5e-4
    assert row.low < row.value < row.high


def test_the_error_of_a_break_even_covers_over_seeds():
    """The pace at automation is Lambda^((1 - alpha) lambda): that it exceeds 10 has a probability by quadrature."""
    prior = prior_with(alpha_compute=f.uniform(0.3, 0.7))
    labour_share = 0.3 + 0.4 * (np.arange(20_000) + 0.5) / 20_000

    def excess(labour: float) -> float:
        least = math.log(10.0) / math.log(labour) / labour_share  # of lambda, loguniform from 0.3 to 1.2
        return float(np.clip(np.log(1.2 / least) / math.log(4.0), 0.0, 1.0).mean()) - 0.5

    exact = optimize.brentq(excess, 10.0, 1e9)
    how = {"n_draws": 1024, "n_replicates": 16}
    rows = [
        only(breakeven(prior, ["labour_multiplier"], targets=[0.5], event="pace_initial > 10", seed=seed, **how),
             "labour_multiplier", "value", 0.5)
        for seed in range(40)
    ]  # fmt: skip
    t = np.array([(row.value - exact) / row.se for row in rows])
    covered = sum(row.low <= exact <= row.high for row in rows)
    assert covered >= 29  # of 40 at 90 %: fewer once in a thousand
    assert 0.6 < math.sqrt((t**2).mean()) < 1.6


def test_moved_medians_are_those_of_the_closed_form():
    """With alpha = 1/2 the ceiling is above 10 when rho is above -log10 2, and the prior of rho moves as a whole."""
    found = breakeven(prior_with(rho=f.uniform(-0.4, -0.1)), ["rho"], event=CEILING, **HOW)
    for target in (0.1, 0.5, 0.9):
        row = only(found, "rho", "median", target)
        shift = -math.log10(2.0) + 0.4 - 0.3 * (1.0 - target)
        assert abs(row.value - (-0.25 + shift)) < 4.0 * row.se + 2e-4
        assert row.move == f"moved by {row.value + 0.25:+.3g}"
        assert row.outside == 0.0
    row = only(found, "rho", "value", 0.5)  # pinned, P steps from 0 to 1
    assert row.kind == "jump"
    assert row.value == pytest.approx(-math.log10(2.0), abs=1e-6)


def test_small_changes_are_those_of_the_closed_form():
    """The pace at automation is Lambda^(lambda/2): with lambda = 1 it is above 30 when Lambda is above 900."""
    prior = prior_with(lam=1.0, labour_multiplier=f.lognormal(500.0, 0.8))
    found = breakeven(prior, ["labour_multiplier"], event="pace_initial > 30", **HOW)
    z = math.log(900.0 / 500.0) / 0.8

    def above(x: float) -> float:
        return 0.5 * math.erfc(x / math.sqrt(2.0))

    expected = {"+1 sd": above(z - 1.0), "-1 sd": above(z + 1.0), "wider": above(z / 1.25)}
    for row in found.changes.itertuples():
        assert row.sd == pytest.approx(0.8, rel=5e-3)
        assert abs(row.change - (expected[row.step] - above(z))) < 4.0 * row.se + 1.5e-3
        assert row.outside == pytest.approx(0.0, abs=1e-12)
    row = only(found, "labour_multiplier", "median", 0.5)
    assert abs(row.value - 900.0) < 4.0 * row.se + 0.5
    assert only(found, "labour_multiplier", "value", 0.5).kind == "jump"


def test_a_curve_that_turns_back_has_every_crossing(monkeypatch):
    """A made-up answer whose probability rises to 1 where lambda is pinned at 0.6 and falls again."""
    from mc_sie.analysis.comparison import common_draws

    def bump(prior, design, *arguments, **options):
        drawn = prior.values(uniforms_of(prior, design, 0, design.n_draws))
        height = max(0.0, 1.0 - 4.0 * abs(math.log(float(drawn["lam"][0]) / 0.6)))
        return Hits(np.zeros(design.n_draws, np.int8), drawn["limit_ooms"] < 7.2247 + height * 12.0412, None)

    monkeypatch.setattr(common_draws, "hits_of_design", bump)
    found = breakeven(prior_with(), ["lam"], targets=[0.5], event="pace_initial > 0.5", **HOW)
    rows = found.values[found.values["varied"] == "value"]
    assert list(rows["direction"]) == ["rising", "falling"]
    for row, sign in zip(rows.itertuples(), (-1.0, 1.0), strict=True):
        assert abs(row.value - 0.6 * math.exp(sign / 8.0)) < 4.0 * row.se + 0.01


def test_a_scan_that_ends_within_the_domain_says_where_and_not_never():
    found = breakeven(prior_with(), ["lam"], targets=[0.5], event="first_year_ooms > 19.9", **FEW)
    row = only(found, "lam", "value", 0.5)
    assert row.kind == "not found"
    (outer,) = found.prior.quantiles("lam", [0.001])
    assert (
        outer / 1000 <= row.scanned_low < outer / 50
    )  # a thousandfold beyond the prior is the end where there is none
    assert row.scanned_high == 3.0
    assert math.isnan(row.value)
    assert row.label_low.startswith("below")
    assert (row.prob_low, row.prob_high) == (0.0, 0.0)
    assert breakeven_table(found, "value").loc[0, "P = 50 %"] == f"not from {row.scanned_low:.3g} to 3"


def test_never_is_said_of_the_whole_domain():
    """With alpha = 1/2 the ceiling, alpha^(1/rho), is never below 1."""
    found = breakeven(prior_with(rho=f.uniform(-0.4, -0.1)), ["rho"], targets=[0.5], event="pace_ceiling < 1", **FEW)
    row = only(found, "rho", "value", 0.5)
    assert (row.kind, row.scanned_low) == ("never", -50.0)
    assert row.scanned_high == pytest.approx(1.0, abs=1e-5)  # the domain is open there
    assert only(found, "rho", "median", 0.5).kind == "not found"
    assert breakeven_table(found, "value").loc[0, "P = 50 %"] == "never"


def test_a_scan_goes_on_for_as_long_as_the_probability_moves_towards_a_target():
    """Software that doubles in minutes makes almost any set of priors jump, but by no factor that a prior has."""
    found = breakeven(load_prior("davidson-2025"), ["software_doubling_months"], targets=[0.9], **FEW)
    for varied in ("value", "median"):
        row = only(found, "software_doubling_months", varied, 0.9)
        assert (row.kind, row.direction) == ("crossing", "falling")
        assert 1e-5 < row.value < 2e-4


def test_an_input_without_effect_changes_nothing():
    found = breakeven(prior_with(), ["limit_ooms"], event="pace_initial > 10", **FEW)
    assert set(found.values["kind"]) == {"not found"}
    assert (found.changes["change"] == 0.0).all()
    assert set(found.changes["interval"]) == {"binomial, 95 %"}


def test_an_input_that_no_mode_of_the_set_takes_is_named_with_the_reason():
    prior = prior_with(training_months=5.0).pinned("mode", "none")
    found = breakeven(prior, ["training_months"], event="pace_initial > 10", targets=[0.5], **FEW)
    assert found.notes == ("training_months: no effect, because it acts only in modes continual and from_scratch.",)
    assert breakeven(prior, ["r"], event="pace_initial > 10", targets=[0.5], **FEW).notes == ()


def test_what_is_not_asked_for_are_fixed_inputs():
    prior = prior_with()
    found = breakeven(prior, event="pace_initial > 10", targets=[0.5], **FEW)
    assert set(found.values["quantity"]) == {"r", "lam", "limit_ooms"}
    assert list(found.modes["mode"]) == [
        "none",
        "shortening",
        "shortening_accelerating_only",
        "continual",
        "from_scratch",
    ]
    fixed = breakeven(prior, ["alpha_compute"], event="pace_initial > 10", targets=[0.5], **FEW)
    assert set(fixed.values["varied"]) == {"value"}  # pinned, but there is no law to move
    assert len(fixed.changes) == len(fixed.modes) == 0
    assert only(fixed, "alpha_compute", "value", 0.5).kind == "crossing"


def test_a_mass_that_would_leave_the_domain_is_told():
    found = breakeven(prior_with(rho=f.uniform(0.2, 0.9)), ["rho"], event="pace_initial > 100", targets=[0.9], **FEW)
    change = found.changes.set_index("step").loc["+1 sd"]
    assert change["outside"] == pytest.approx((0.9 + 0.7 / math.sqrt(12.0) - 1.0) / 0.7, rel=2e-3)
    assert found.values["scanned_high"].max() <= 1.0


def test_a_restatement_is_varied_as_it_is_stated():
    found = breakeven(load_prior("whitfill-wu-baseline"), ["sigma"], event="pace_ceiling > 10", targets=[0.5], **HOW)
    assert set(found.values["quantity"]) == {"sigma"}
    row = only(found, "sigma", "value", 0.5)  # 0.5^(1/rho) > 10: rho above -log10 2, sigma = 1/(1 - rho)
    assert row.value == pytest.approx(1.0 / (1.0 + math.log10(2.0)), rel=1e-6)
    assert any("left out" in note for note in found.notes)  # sigma near 0 makes rho too low


def test_an_interval_that_reaches_where_no_set_can_be_made_has_an_open_end():
    """Few draws, so that the interval of a moved median is wide: sigma below 1/51 would make rho too low."""
    found = breakeven(load_prior("economists"), ["sigma"], n_draws=64)
    crossings = found.values[(found.values["varied"] == "median") & (found.values["kind"] == "crossing")]
    is_open = crossings["low"].isna()
    assert is_open.any()
    assert (crossings.loc[is_open, ["value", "se", "high"]] > 0.0).all(axis=None)
    assert any("sigma, median: an interval reaches where no such set can be made" in note for note in found.notes)


def test_a_pool_is_changed_member_by_member():
    one, other = prior_with(), prior_with(lam=f.loguniform(0.3, 0.6), training_months=5.0)
    pool = replace(load_prior("agnostic"), members=((one, 0.5), (other, 0.5))).replaced({}, "pool")
    found = breakeven(pool, event="pace_initial > 10", targets=[0.5], **FEW)
    assert set(found.values["quantity"]) == {"r", "lam", "limit_ooms", "training_months"}
    moved = found.changes[found.changes["quantity"] == "lam"].set_index("step")
    assert moved.loc["+1 sd", "change"] > 0.0 > moved.loc["-1 sd", "change"]
    other = other.replaced({"sigma": fixed_entry("sigma", 0.9)})
    pool = replace(load_prior("agnostic"), members=((one, 0.5), (other, 0.5))).replaced({}, "pool")
    found = breakeven(pool, ["rho"], event="pace_initial > 10", targets=[0.5], **FEW)
    assert any("rho: not moved as a whole" in note for note in found.notes)
    assert set(found.values["varied"]) == {"value"}


@pytest.mark.parametrize(
    ("quantities", "options", "message"),
    [
        (["roh"], {}, "quantities = roh is no quantity. Did you mean 'rho'?"),
        (["rho_long"], {}, "quantities = rho_long is not given by"),
        (["sigma"], {}, "quantities = sigma is not given by"),
        (["rho"], {"targets": [0.0]}, "targets = 0 is not between 0 and 1"),
        (["rho"], {"targets": [1.5]}, "targets = 1.5 is not between 0 and 1"),
        (["rho"], {"targets": []}, "targets are none"),
        (["rho"], {"event": "months_to[5] < 500"}, "trajectories end after 240"),
    ],
)
def test_bad_requests_are_refused(quantities, options, message):
    with pytest.raises(InputError, match=message.replace("[", r"\[").replace("?", r"\?")):
        breakeven(prior_with(), quantities, **(FEW | options))


def test_progress_is_told_to_the_end():
    told = []
    breakeven(
        prior_with(), ["lam"], event="pace_initial > 10", progress=lambda done, total: told.append((done, total)), **FEW
    )
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_values_carry_no_digit_beyond_their_error():
    assert value_in_words(-0.14231, 0.0031) == "-0.142 (SE 0.003)"
    assert value_in_words(1234.5, 30.0) == "1,234 (SE 30)"
    assert value_in_words(math.inf, 0.0) == "inf"
