"""What sections of a report say beyond what the analyses gave them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mc_sie import load_prior, simulate, summarise
from mc_sie.analysis.importance.evidence import N_LABOUR, evidence, labour_curves
from mc_sie.analysis.probability.exceedance import exceedance_table, threshold_map
from mc_sie.analysis.sensitivity.measurement import measure
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, parse_event
from mc_sie.priors.describing import prior_table
from mc_sie.priors.modified import differing_blocks
from mc_sie.quantities import MODES
from mc_sie.report import sections
from mc_sie.report.build import _rare_command, _sums, make_request, reference_for
from mc_sie.report.document import Aside, Chart, Code, Table, unfolded
from mc_sie.report.figures.answer import map_figure
from mc_sie.report.sections import medians_table
from mc_sie.report.sections.answer import _in_plain_words, _pivoted, _quantiles_shown
from mc_sie.report.sections.others import _pins_shown
from mc_sie.stats.estimates import estimate_weighted


def test_medians_of_weighted_draws_are_those_of_draws_repeated(simulation):
    sample = sample_of(simulation, parse_event("best_window[3] < 12"))
    plain = medians_table(sample).set_index("input")
    hits = sample.hits & sample.is_ok
    r = np.sort(np.asarray(sample.draws["r"])[hits])
    assert plain.loc["r", "with"] == r[(len(r) - 1) // 2]
    weights = np.where(np.asarray(sample.draws["mode"]) == MODES.index("continual"), 1.0, 0.0)
    weighted = medians_table(replace(sample, weights=weights)).set_index("input")
    among = hits & (weights > 0.0)
    r = np.sort(np.asarray(sample.draws["r"])[among])
    assert weighted.loc["r", "with"] == r[(len(r) - 1) // 2]
    assert weighted.loc["mode = continual, share", "with"] == 1.0
    assert plain.loc["mode = continual, share", "with"] < 1.0


def test_readings_come_with_their_worth_and_the_source_of_their_error(simulation):
    found = measure(simulation, event="best_window_months[3] < 24")
    section = sections.measurements(found)
    chart, *tables = (item for item in unfolded(section.items) if isinstance(item, Chart | Table))
    table, sources = tables
    assert section.items[0] == found.sentences[0]
    assert list(chart.numbers["title"]) == list(table.shown["reading"]) == list(sources.shown["reading"])
    assert (sources.shown.loc[sources.shown["error from"] == "no source", "judgement"] != "-").all()
    assert f"The best is {found.readings['title'][0]}" in chart.alt


# --- Tables behind the sections ---


def test_a_horizon_of_six_months_tells_nothing_of_a_year():
    short = simulate(load_prior("davidson-houlden-2025"), 64, n_replicates=4, horizon_months=6.0)
    summary = summarise(short, "best_window[5] < 6")
    section = sections.answer(summary, exceedance_table(short), threshold_map(short))
    parts = {item.name: item for item in unfolded(section.items) if isinstance(item, Chart | Table)}
    assert "map" in parts
    assert "exceedance" not in parts
    quantiles = parts["quantiles"]
    assert not quantiles.numbers["outcome"].str.contains("year").any()


def test_draws_of_a_proposal_are_not_called_worlds():
    found = estimate_weighted(np.arange(4096) % 512 == 0, np.ones(4096, bool), np.linspace(0.5, 1.5, 4096), 4)
    words = _in_plain_words(parse_event("best_window[5] < 12"), found)
    assert "worlds" not in words
    assert "95 % bound: hits worth" in words


def test_the_best_window_stands_before_the_brackets(simulation):
    thresholds = summarise(simulation, "best_window[3] < 12").thresholds
    wide = thresholds.pivot(index=["ooms", "months"], columns="counted", values="prob")
    assert (wide["best window"] > wide["from day one"]).any()
    table = _pivoted(thresholds).set_index("k")
    for (ooms, months), row in wide.iterrows():
        best, first = table.loc[f"{ooms:g} OOM", f"{months:g} month{'' if months == 1 else 's'}"].split(" (")
        if "<" not in best + first and ">" not in best + first:
            assert float(best) == pytest.approx(100 * row["best window"], abs=0.5)
            assert float(first.rstrip(")")) == pytest.approx(100 * row["from day one"], abs=0.5)


def test_a_quantile_that_is_not_reached_is_never_and_one_that_is_not_known_a_dash():
    row = {"outcome": "months_to[5]", "unit": "months", "share_reached": 0.5}
    row |= {"q05": 1.234, "se_q05": 0.04, "q50": np.inf, "se_q50": np.nan, "q95": np.nan, "se_q95": np.nan}
    (shown,) = _quantiles_shown(pd.DataFrame([row])).to_dict("records")
    headings = ("1 in 20 is faster than", "half are faster than", "1 in 20 is slower than", "get there at all")
    assert [shown[heading] for heading in headings] == ["1.23", "never", "-", "50 %"]


def test_pinned_values_stand_under_their_own_percentile():
    common = {"se": 0.001, "low": 0.0, "high": 1.0, "interval": "t, 90 %", "n_hits": 500, "n_draws": 4096}
    pins = pd.DataFrame(
        [{"quantity": "r", "level": level, "value": value, "prob": value / 10, **common} for level, value in
         ((0.1, 1.0), (0.9, 3.0))]
    )  # fmt: skip
    assert _pins_shown(pins).to_dict("records") == [
        {
            "input": "returns to software R&D (r)",
            "if low": "10.0 % (SE 0.1) at 1",
            "if high": "30.0 % (SE 0.1) at 3",
        }
    ]


# --- Checks ---

PUBLISHED = pd.DataFrame({"source": ["one"], "verdict": ["exact"], "recorded": ["exact"]})
EXTREMES = pd.DataFrame({"input": ["r"], "n_rows": [2], "n_ok": [2], "n_hits": [1], "statuses": [""]})
SUMS = pd.DataFrame({"sum": ["shares"], "value": [1.0], "should be": [1.0], "holds": [True]})
LIMITS = pd.DataFrame(
    {"limit": ["x"], "prob": [0.1], "prob_limit": [0.1], "difference": [0.0], "se": [0.01], "holds": [True]}
)


def test_checks_that_hold_are_said_to_and_each_that_does_not_is_named():
    held = sections.checks(LIMITS, EXTREMES, PUBLISHED, SUMS)
    assert held.items[0] == "Every check held."
    assert not any(isinstance(item, Aside) for item in held.items)
    for changed, said in (
        ((LIMITS.assign(holds=False), EXTREMES, PUBLISHED, SUMS), "A limit in which two answers must be one"),
        ((LIMITS, EXTREMES.assign(n_ok=1), PUBLISHED, SUMS), "1 extreme inputs could not be simulated"),
        ((LIMITS, EXTREMES, PUBLISHED.assign(recorded="explained"), SUMS), "1 published numbers got another verdict"),
        ((LIMITS, EXTREMES, PUBLISHED, SUMS.assign(holds=False)), "A sum that must hold did not"),
    ):
        items = sections.checks(*changed).items
        assert [item.text.startswith(said) for item in items if isinstance(item, Aside)] == [True]
        assert "Every check held." not in items


def test_sums_that_do_not_hold_are_found(simulation):
    summary = summarise(simulation, "best_window[3] < 12")
    nothing = InputError("the event", "holds in none")
    assert _sums(nothing, None, summary)["holds"].all()
    off = replace(summary, modes=summary.modes.assign(share=summary.modes["share"] * 1.01))
    assert list(_sums(nothing, None, off)["holds"]) == [False]


# --- What a report is asked ---


def request(name, **options):
    given = {"event": None, "against": None, "loss_ratio": 1.0, "n_draws": 8192, "seed": None, "horizon_months": None}
    return make_request(name, **(given | options))


def test_a_report_compares_with_another_set():
    assert reference_for(load_prior("davidson-2025")).name == "davidson-houlden-2025"
    assert reference_for(load_prior("davidson-houlden-2025")).name == "davidson-2025"
    assert reference_for(load_prior("economists")).name == "davidson-2025"
    assert request("economists", against="none").against is None


def test_all_mixed_sets_together_take_a_few_times_the_draws_of_the_report():
    many = request("davidson-2025-explicit", against="davidson-houlden-2025")
    assert many.against is not None
    n_mixed = 2 ** len(differing_blocks(many.prior, many.against))
    assert n_mixed * many.comparison_draws == 4 * 8192
    few = request("davidson-2025", against="epoch-2025")
    assert few.comparison_draws == 8192 // 8


def test_the_command_for_rare_worlds_is_one_that_can_be_run():
    asked = request("economists", event="best_window[8] < 6", horizon_months=60.0)
    assert _rare_command(asked) == (
        "mc-sie run economists --rare --event 'best_window_months[8] < 6' --horizon-months 60"
    )
    assert _rare_command(request("economists-evidence")) is None
    fixed = load_prior("davidson-houlden-2025")
    for name in fixed.dimensions:
        fixed = fixed.pinned(name, float(fixed.quantiles(name, [0.5])[0]))
    assert _rare_command(replace(asked, prior=fixed)) is None


def test_where_nothing_can_be_ranked_the_reason_and_the_command_stand():
    why = InputError("the event", "holds in none of the 64 draws", "Take more draws.")
    items = sections.drivers(why, "mc-sie run mine --rare").items
    assert items[0] == "There is nothing to rank: the event holds in none of the 64 draws. Take more draws."
    assert items[-1] == Code("mc-sie run mine --rare")
    assert len(sections.drivers(why, None).items) == 1


def test_a_cell_without_hits_is_not_called_impossible():
    grid = pd.DataFrame({"ooms": [1.0, 1.0, 2.0, 2.0], "months": [6.0, 12.0] * 2, "prob": [0.42, 1.0, 0.0, 0.0049]})
    texts = [text.get_text() for text in map_figure(grid).axes[0].texts]
    assert texts == ["42", ">99", "<1", "<1"]


def test_evidence_on_labour_gets_a_figure_of_what_each_statement_means():
    drawn = simulate(load_prior("davidson-2025-evidence"), 1024, n_replicates=8)
    section = sections.evidence(evidence(drawn), labour_curves(drawn), drawn.method_in_words, ())
    (chart,) = [item for item in section.items if getattr(item, "name", "") == "labour"]
    labels = chart.figure.axes[0].get_legend_handles_labels()[1]
    assert {"constant elasticity 0.19", "constant elasticity 0.42"} <= set(labels)
    assert len(chart.numbers) == N_LABOUR
    without = sections.evidence(evidence(drawn), pd.DataFrame(), drawn.method_in_words, ())
    assert [item for item in section.items if item is not chart and isinstance(item, str)] == [
        item for item in without.items if isinstance(item, str)
    ]
    assert not [item for item in without.items if getattr(item, "name", "") == "labour"]


def test_assumptions_say_where_a_quantity_cannot_act():
    prior = load_prior("davidson-2025").pinned("mode", "shortening")
    section = sections.assumptions(prior, prior_table(prior), pd.DataFrame(), parse_event(HEADLINE), 240.0)
    assert "training_months: no effect, because it acts only in modes continual and from_scratch." in section.items
