"""Results at a prompt and in a notebook: short, and foreign text is text."""

import inspect
from dataclasses import dataclass

import pandas as pd
import pytest

import mc_sie
from mc_sie import evaluate, load_prior, simulate, summarise
from mc_sie.text.showing import ROWS_SHOWN, Shown

RESULTS = [
    name
    for name in mc_sie.__all__
    if inspect.isclass(getattr(mc_sie, name)) and issubclass(getattr(mc_sie, name), Shown)
]


@dataclass(frozen=True, repr=False)
class Result(Shown):
    rows: pd.DataFrame

    @property
    def shown_sentences(self):
        return ("a < b", "", "more")

    @property
    def shown_tables(self):
        return (self.rows, self.rows.iloc[:0])


def test_repr_is_the_first_sentence_and_html_has_the_tables():
    result = Result(pd.DataFrame({"x": range(3 * ROWS_SHOWN)}))
    assert repr(result) == "<Result: a < b>"
    text = result._repr_html_()
    assert text.startswith("<p>a &lt; b</p><p>more</p><table")
    assert text.count("<table") == 1
    assert text.count("<tr") <= ROWS_SHOWN + 2


def test_every_result_is_shown():
    assert set(RESULTS) == {
        "BreakEven", "Comparison", "Conditioned", "Document", "EvidenceReport", "Measurement", "Outcomes", "Rare",
        "Retraining", "Sample", "Sensitivity", "Simulation", "StoredRun", "Structure", "Summary", "Verification",
    }  # fmt: skip
    for name in RESULTS:
        assert getattr(mc_sie, name).__repr__ is Shown.__repr__, name


@pytest.mark.parametrize("name", ["davidson-2025", "economists-evidence"])
def test_a_simulation_and_what_it_holds_are_short(name):
    simulation = simulate(load_prior(name), 64, n_replicates=4)
    shown = [simulation, simulation.outcomes, summarise(simulation), evaluate({"rho": -0.1, "r": 1.5})]
    for one in shown:
        assert len(repr(one)) < 300
        assert one._repr_html_().startswith("<p>")
