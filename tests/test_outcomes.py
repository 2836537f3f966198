"""Outcomes as arrays and as a frame."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from blank import blank_outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from mc_sie.errors import InputError
from mc_sie.model.status import ENDS
from mc_sie.outcomes import OUTCOME_KINDS, STATUS_NAMES, Outcomes, as_text, column_of, kind_of_column, name_and_index
from mc_sie.quantities import MODES


@given(st.floats(1e-300, 1e300))
@settings(deadline=None, derandomize=True)
def test_a_number_as_text_is_the_same_number(number):
    assert float(as_text(number)) == number


def test_a_number_as_text_is_short():
    assert [as_text(number) for number in (5.0, 2.5, 12.0, 0.1, 2.123456789)] == [
        "5",
        "2.5",
        "12",
        "0.1",
        "2.123456789",
    ]


def test_every_outcome_has_a_label_of_its_own():
    labels = [kind.label for kind in OUTCOME_KINDS.values()]
    assert len(set(labels)) == len(labels)
    assert not any("_" in label for label in labels)


def test_empty_outcomes_share_no_number_though_they_lie_in_one_block():
    outcomes = Outcomes.empty(3, np.array([1.0, 5.0]), np.array([12.0]))
    arrays = {f.name: getattr(outcomes, f.name) for f in fields(Outcomes) if f.name not in ("levels", "widths")}
    for code, array in enumerate(arrays.values()):
        array[...] = code % 2 if array.dtype == bool else code
    for code, (name, array) in enumerate(arrays.items()):
        assert array.shape == {"months_to": (3, 2), "best_window_months": (3, 2), "best_gain_ooms": (3, 1)}.get(
            name, (3,)
        )
        assert (array == (code % 2 if array.dtype == bool else code)).all(), name


def test_values_are_nan_for_every_outcome_of_a_failed_draw(failing):
    failed = ~failing.outcomes.is_ok
    for kind in OUTCOME_KINDS.values():
        index = {"OOM": 5.0, "months": 12.0, None: None}[kind.index_unit]
        values = failing.outcomes.values(kind.name, index)
        assert values.shape == (len(failing.outcomes),)
        assert np.isnan(values[failed]).all(), kind.name
        assert not np.isnan(values[~failed]).any(), kind.name


def test_values_pick_the_column_of_their_level(simulation):
    outcomes = simulation.outcomes
    np.testing.assert_array_equal(outcomes.values("months_to", 2.5), outcomes.months_to[:, 1])
    np.testing.assert_array_equal(outcomes.values("best_gain_ooms", 24.0), outcomes.best_gain_ooms[:, 2])
    np.testing.assert_array_equal(outcomes.values("pace_peak"), outcomes.pace_peak)


@pytest.mark.parametrize(
    ("name", "index", "remedy"),
    [
        ("months_to", 4.0, "There are 1, 2.5, 3, 5, 8: add it to simulate(levels=...)."),
        ("best_gain_ooms", 6.0, "There are 4, 12, 24: add it to simulate(widths=...)."),
    ],
)
def test_a_level_that_was_not_simulated_is_refused(simulation, name, index, remedy):
    with pytest.raises(InputError) as caught:
        simulation.outcomes.values(name, index)
    assert str(caught.value) == f"{name}[{index:g}] was not simulated. {remedy}"


# --- The frame ---


def test_the_frame_has_one_column_an_outcome_and_level(simulation):
    frame = simulation.outcomes.to_frame()
    levels, widths = ("1", "2.5", "3", "5", "8"), ("4", "12", "24")
    plain = [kind.name for kind in OUTCOME_KINDS.values() if kind.index_unit is None]
    assert list(frame) == [
        "status",
        *(f"months_to_{k}" for k in levels),
        *(f"best_window_months_{k}" for k in levels),
        *(f"best_gain_ooms_{w}" for w in widths),
        *plain,
        "end",
    ]
    gap = simulation.outcomes.effective_end_ooms - simulation.outcomes.software_end_ooms
    np.testing.assert_array_equal(frame["accumulated_training_ooms"], gap)
    # mu is 2 in this set, and 8 labour-equivalent doublings are 1.2041 OOM
    np.testing.assert_allclose(frame["best_year_progress_years"], frame["best_gain_ooms_12"] / 1.2041199826559248)
    assert len(frame) == len(simulation.outcomes)
    np.testing.assert_array_equal(frame["best_window_months_2.5"], simulation.outcomes.best_window_months[:, 1])
    np.testing.assert_array_equal(frame["best_gain_ooms_24"], simulation.outcomes.best_gain_ooms[:, 2])


def test_the_frame_speaks_in_words(failing):
    frame = failing.outcomes.to_frame()
    status = failing.outcomes.status
    assert list(frame["status"]) == [STATUS_NAMES[code] for code in status]
    ok = failing.outcomes.is_ok
    assert list(frame["end"][ok]) == [ENDS[code] for code in failing.outcomes.end[ok]]


def test_the_frame_says_nothing_of_draws_that_were_not_simulated(failing):
    frame = failing.outcomes.to_frame()
    failed = ~failing.outcomes.is_ok
    assert frame.drop(columns="status")[failed].isna().all().all()
    assert not frame["limit_reached"][~failed].isna().any()


def test_every_outcome_but_the_best_year_is_there_without_a_width_of_twelve_months():
    outcomes = blank_outcomes(2, (5.0,), (4.0,))
    assert {kind.name for kind in OUTCOME_KINDS.values()} - {kind.name for kind in outcomes.kinds} == {
        "best_year_progress_years"
    }
    assert "best_year_progress_years" not in outcomes.to_frame()
    with pytest.raises(InputError, match=r"best_gain_ooms\[12\] was not simulated"):
        outcomes.values("best_year_progress_years")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("months_to[5]", ("months_to", "5")),
        (" months_to [ 2.5 ] ", ("months_to", "2.5")),
        ("months_to[]", ("months_to", "")),
        ("pace_peak", ("pace_peak", None)),
    ],
)
def test_an_outcome_is_a_name_with_or_without_an_index(text, parts):
    assert name_and_index(text) == parts


@pytest.mark.parametrize("text", ["", "[5]", "months_to[5", "months_to]", "months_to[5]6", "months_to[5][6]", "a b[5]"])
def test_what_is_no_name_with_an_index_is_refused(text):
    with pytest.raises(ValueError, match=r"^"):
        name_and_index(text)


def test_deployments_are_counted_only_from_scratch(pooled):
    outcomes = blank_outcomes(3, (1.0,), (12.0,))
    outcomes.mode[:] = [MODES.index("from_scratch"), MODES.index("none"), MODES.index("from_scratch")]
    outcomes.n_deployments[:] = [3, 0, 0]
    frame = outcomes.to_frame()
    assert frame["n_deployments"].tolist() == [3, pd.NA, 0]


def test_gains_are_counted_in_years_of_progress_too(simulation):
    mu = 1.0 + np.arange(len(simulation.outcomes)) % 3
    frame = replace(simulation.outcomes, labour_per_efficiency=mu).to_frame()
    # a year of progress is 8 doublings of labour-equivalents, and mu doublings of those come with one of efficiency
    doublings = frame["first_year_ooms"] / np.log10(2) * mu
    np.testing.assert_allclose(frame["first_year_progress_years"], doublings / 8)
    np.testing.assert_allclose(frame["best_year_progress_years"] * 8 / mu, frame["best_gain_ooms_12"] / np.log10(2))


@pytest.mark.parametrize(
    ("column", "name", "index"),
    [
        ("months_to_5", "months_to", 5.0),
        ("best_window_months_2.5", "best_window_months", 2.5),
        ("best_gain_ooms_12", "best_gain_ooms", 12.0),
        ("months_to_peak", "months_to_peak", None),
        ("status", "status", None),
        ("end", "end", None),
    ],
)
def test_a_column_is_named_after_its_outcome_and_its_index(column, name, index):
    assert column_of(name, index) == column
    assert kind_of_column(column) == (name, index)
