"""One way to give draws in Python, and everything else refused by the name of the argument."""

import datetime
import math

import numpy as np
import pandas as pd
import pytest

from mc_sie import evaluate, load_prior, simulate, trajectory
from mc_sie.errors import InputError
from mc_sie.quantities import MODES

ONE = {"rho": -0.1, "r": 1.5}
TWO = {"rho": [-0.1, -0.2], "r": [1.5, 2.0], "mode": ["none", "continual"]}


@pytest.mark.parametrize(
    "quantities",
    [
        TWO,
        {**TWO, "mode": [MODES.index("none"), MODES.index("continual")]},
        {**TWO, "mode": np.array([0, MODES.index("continual")], dtype=np.int8)},
        {**TWO, "lam": 1.0, "speedup_initial": None, "horizon_months": np.float32(240)},
        {**TWO, "speedup_initial": [None, math.nan]},
        pd.DataFrame(TWO),
        pd.DataFrame(TWO).astype({"mode": "category", "rho": "Float64"}),
        pd.DataFrame(TWO, index=["b", "a"]),
        {name: pd.Series(values, index=[7, 3]) for name, values in TWO.items()},
    ],
)
def test_draws_come_in_a_mapping_or_a_frame(quantities):
    ours = evaluate(TWO)
    found = evaluate(quantities)
    np.testing.assert_array_equal(found.months_to, ours.months_to)
    assert found.mode.tolist() == [0, MODES.index("continual")]


def test_scalars_and_a_row_of_a_frame_are_one_draw():
    ours = evaluate(ONE).months_to
    for one in (pd.Series(ONE), pd.DataFrame(TWO).iloc[0], {"rho": [-0.1], "r": np.array(1.5)}):
        np.testing.assert_array_equal(evaluate(one).months_to, ours)


@pytest.mark.parametrize("quantities", [{"rho": [], "r": 1.2}, {"rho": [], "r": []}, pd.DataFrame(TWO).iloc[:0]])
def test_no_draws_have_no_outcomes(quantities):
    outcomes = evaluate(quantities, levels=(5.0,))
    assert len(outcomes) == 0
    assert len(outcomes.to_frame()) == 0


def test_a_number_outside_its_domain_is_left_to_the_status():
    outcomes = evaluate({"rho": [-0.1, 5.0, math.nan], "r": 1.5})
    assert outcomes.to_frame()["status"].tolist() == ["ok", "outside_domain", "outside_domain"]


BAD = {
    "a misspelt name": ({**ONE, "lamda": 0.5}, r"\['lamda'\] is not a quantity\. Did you mean 'lam'\?"),
    "the horizon's short name": ({**ONE, "horizon": 12}, r"\['horizon'\] is not a quantity\. Did you mean 'horizon_m"),
    "a restatement that contradicts": (
        {**ONE, "sigma": 0.5},
        r"\['sigma'\] = 0\.5 makes rho -1, and rho is -0\.1\. Give rho alone, which counts\.",
    ),
    "an outcome": ({**ONE, "pace_peak": 3}, r"\['pace_peak'\] is not a quantity\. It is an outcome, which is computed"),
    "a name that is no text": ({**ONE, 1: 2}, r"\[1\] is not a quantity"),
    "a column twice": (pd.DataFrame([[1, 2, 3]], columns=["rho", "r", "r"]), r"\['r'\] is given twice"),
    "a required one left out": ({"r": 1.5}, r" has no 'rho', which has no default\. rho: CES substitution"),
    "a mode between modes": ({**ONE, "mode": 1.7}, r"\['mode'\] = 1\.7 is no retraining mode\. Codes are 0 to 4"),
    "a mode beyond modes": ({**ONE, "mode": [0, 9]}, r"\['mode'\] = 9 is no retraining mode"),
    "a mode of nan": ({**ONE, "mode": math.nan}, r"\['mode'\] = nan is no retraining mode"),
    "a mode in capitals": ({**ONE, "mode": "Continual"}, r"\['mode'\] = 'Continual' .* Did you mean 'continual'\?"),
    "a truth value": ({**ONE, "lam": True}, r"\['lam'\] = True is not a number"),
    "truth values": ({**ONE, "lam": np.array([True])}, r"\['lam'\] = True is not a number"),
    "a truth value among numbers": ({**ONE, "lam": np.array([0.5, True], dtype=object)}, r"\['lam'\] = True is not"),
    "a truth value for a mode": ({**ONE, "mode": True}, r"\['mode'\] = True is not a number"),
    "text for a number": ({**ONE, "lam": "0.5"}, r"\['lam'\] = '0\.5' is not a number"),
    "a mode for a number": ({**ONE, "lam": "none"}, r"\['lam'\] = 'none' is not a number"),
    "a complex number": ({**ONE, "lam": 1j}, r"\['lam'\] = 1j is not a number"),
    "a date": ({**ONE, "lam": datetime.date(2027, 1, 1)}, r"\['lam'\] = datetime\.date\(2027, 1, 1\) is not a number"),
    "a number beyond all": ({**ONE, "lam": 10**400}, r"\['lam'\] = 10{39}\.\.\. is outside what can be computed"),
    "a matrix": ({**ONE, "lam": [[0.5]]}, r"\['lam'\] has 2 dimensions\. Give one number, or one a draw"),
    "a ragged list": ({**ONE, "lam": [0.5, [1.0]]}, r"\['lam'\] is not one number, or one a draw"),
    "two lengths": ({"rho": [-0.1, 0.0], "r": [1, 2, 3]}, r"\['r'\] has 3 values, and rho has 2"),
    "nothing beside two": ({"rho": [-0.1, 0.0], "r": []}, r"\['r'\] has 0 values, and rho has 2"),
    "a number": (5.0, r" = 5\.0 holds no quantities by name\. Give a mapping from code names to numbers, a DataFrame"),
    "a list": ([1.0, 2.0], r" = \[1\.0, 2\.0\] holds no quantities by name"),
    "an array": (np.zeros((1, 3)), r" = array\(.*\) holds no quantities by name"),
    "text": ("rho", r" = 'rho' holds no quantities by name"),
    "nothing": (None, r" = None holds no quantities by name"),
    "a nameless row": (pd.Series([1.0, 2.0]), r"\[0\] is not a quantity"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_draw_is_refused_by_name(case):
    quantities, message = BAD[case]
    with pytest.raises(InputError, match=f"^quantities{message}"):
        evaluate(quantities)
    with pytest.raises(InputError, match=f"^row{message}"):
        trajectory(quantities)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 5}, r"levels = 5 is not a sequence of numbers"),
        ({"levels": "5"}, r"levels = '5' is not a sequence of numbers"),
        ({"levels": None}, r"levels = None is not a sequence of numbers"),
        ({"levels": [True]}, r"levels = True is not a number"),
        ({"levels": ["5"]}, r"levels = '5' is not a number"),
        ({"levels": [math.nan]}, r"levels: nan OOM is outside"),
        ({"widths": [math.inf]}, r"widths: inf months is not a positive number"),
        ({"threads": True}, r"threads = True is not a whole number"),
        ({"threads": 1.5}, r"threads = 1\.5 is not a whole number"),
        ({"batch": "8"}, r"batch = '8' is not a whole number"),
    ],
)
def test_other_arguments_are_refused_by_name_too(options, message):
    with pytest.raises(InputError, match=message):
        evaluate(ONE, **options)


@pytest.mark.parametrize("horizon_months", [True, "240", None, [240.0], 10**400])
def test_a_horizon_is_a_number(horizon_months):
    with pytest.raises(InputError, match=r"^horizon_months = "):
        simulate(load_prior("davidson-2025"), 64, n_replicates=2, horizon_months=horizon_months)
