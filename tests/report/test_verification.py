"""When a number that was made again counts as the same."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from mc_sie.report.verification import ELSEWHERE, SAME, _drift, _drift_of, _leaves

TABLE = pd.DataFrame(
    {"mode": ["none", "continual"], "prob": [0.25, 0.5], "se": [3e-4, 0.0], "n_hits": [250, 500], "n_draws": 1000}
)


def drift(tmp_path, then, now, relative=SAME):
    for name, frame in (("then", then), ("now", now)):
        (tmp_path / name).mkdir()
        frame.to_csv(tmp_path / name / "table.csv", index=False)
    n, rows = _drift_of("table.csv", tmp_path / "then" / "table.csv", tmp_path / "now" / "table.csv", relative)
    return n, [(row["row"], row["column"]) for row in rows]


def test_the_same_table_has_not_drifted(tmp_path):
    assert drift(tmp_path, TABLE, TABLE) == (10, [])


@pytest.mark.parametrize(
    ("column", "value", "relative", "is_drift"),
    [
        ("mode", "shortening", ELSEWHERE, True),
        ("prob", 0.25 * (1 + 1e-10), SAME, False),
        ("prob", 0.2501, SAME, True),
        ("prob", 0.2501, ELSEWHERE, False),
        ("prob", 0.2503, ELSEWHERE, True),
        ("prob", float("nan"), ELSEWHERE, True),
        ("se", 0.0, ELSEWHERE, True),  # however small, an error is compared with itself
        ("se", 3.1e-4, ELSEWHERE, True),
        ("n_hits", 251, ELSEWHERE, True),
    ],
)
def test_every_number_is_compared_relative_to_itself(tmp_path, column, value, relative, is_drift):
    now = TABLE.astype({column: object})
    now.loc[0, column] = value
    assert drift(tmp_path, TABLE, now, relative)[1] == ([(1, column)] if is_drift else [])


def test_what_rounding_leaves_of_zero_in_a_table_is_zero(tmp_path):
    assert drift(tmp_path, TABLE, TABLE.assign(se=[3e-4, 1e-17]))[1] == []


def test_a_text_among_numbers_is_drift(tmp_path):
    now = TABLE.astype({"prob": object})
    now.loc[0, "prob"] = "a quarter"
    assert (1, "prob") in drift(tmp_path, TABLE, now, ELSEWHERE)[1]


@pytest.mark.parametrize("now", [TABLE.iloc[:1], TABLE.drop(columns="prob"), TABLE.rename(columns={"prob": "share"})])
def test_a_table_of_another_shape_is_drift_as_a_whole(tmp_path, now):
    assert drift(tmp_path, TABLE, now) == (1, [("", "")])


def test_a_table_without_columns_comes_back(tmp_path):
    assert drift(tmp_path, pd.DataFrame(), pd.DataFrame()) == (0, [])
    (tmp_path / "other").mkdir()
    assert drift(tmp_path / "other", pd.DataFrame(), TABLE)[1] == [("", "")]


@pytest.mark.parametrize(
    ("then", "now", "relative", "is_drift"),
    [
        ("14.1 % (SE 0.3 points)", "14.1 % (SE 0.3 points)", SAME, False),
        ("14.1 % (SE 0.3 points)", "14.2 % (SE 0.3 points)", SAME, True),
        ("14.1 % (SE 0.3 points)", "14.1 % (SE 0.0 points)", ELSEWHERE, True),
        ("1000 draws", "1001 draws", SAME, True),
        ("1000 draws", "1001 draws", ELSEWHERE, False),
        ("within 1000 draws", "beyond 1000 draws", ELSEWHERE, True),
        ("digest 12e999", "digest 13e999", ELSEWHERE, True),
        (None, 0.0, ELSEWHERE, True),
        (None, None, SAME, False),
        (1, True, ELSEWHERE, True),
        ([], {}, ELSEWHERE, True),
        ([1.0, [2.0]], [1.0, [2.5]], ELSEWHERE, True),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, ELSEWHERE, True),
        ({"a": 1, "b": 2}, {"a": 1}, ELSEWHERE, True),
    ],
)
def test_numbers_within_a_text_are_numbers_and_the_rest_is_the_same_to_the_letter(then, now, relative, is_drift):
    for one, other in pairwise([then, now, then]):
        assert bool(_drift("run.json", _leaves(one), _leaves(other), relative, 0.0)[1]) is is_drift


def test_of_a_long_text_the_differing_part_is_shown():
    texts = ["a" * 1000 + word + "b" * 1000 for word in ("yes", "no!")]
    ((_, (row,)),) = [_drift("page", *({"": np.array([text], dtype=object)} for text in texts), SAME, 0.0)]
    assert row["stored"].strip("ab") == "yes"
    assert len(row["stored"]) == len(row["now"]) == 60
