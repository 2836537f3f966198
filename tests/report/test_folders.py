"""Comparisons as files: what JSON and a file system can hold."""

import json
import math

import numpy as np
import pandas as pd

from mc_sie.priors.digest import plain
from mc_sie.report.figures.comparison import file_name
from mc_sie.report.render import markdown_table


def test_rows_are_what_json_can_hold_and_infinity_is_kept_from_what_is_not_known():
    frame = pd.DataFrame({"high": [math.inf, math.nan, 1.5], "n": np.array([1, 2, 3]), "is_rare": [True, False, True]})
    rows = plain(frame.to_dict("records"))
    assert [row["high"] for row in rows] == ["inf", None, 1.5]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    scalars = plain({"a": (np.float64(-math.inf), np.int64(3)), "b": {"c": np.float64(math.nan), "d": np.bool_(True)}})
    assert json.loads(json.dumps(scalars)) == {"a": ["-inf", 3], "b": {"c": None, "d": True}}


def test_the_name_of_a_set_becomes_one_of_a_file():
    assert file_name("mine/two sets (2)") == "mine_two_sets__2_"
    assert file_name("davidson-2025.v_1") == "davidson-2025.v_1"


def test_a_table_in_markdown_has_a_line_a_row_and_no_cell_ends_it():
    frame = pd.DataFrame({"input": ["a|b", "r"], "share, %": [1.5, 2.0]})
    assert markdown_table(frame) == "| input | share, % |\n| --- | --- |\n| a\\|b | 1.5 |\n| r | 2.0 |"
