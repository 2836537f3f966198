"""What somebody else wrote into a file is shown, and does nothing to the terminal or the spreadsheet."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from mc_sie.text.escaping import csv_cell, to_csv, visible

EVIL = "red \x1b[31m \x1b]0;title\x07 \x9b2J \u202egnp.exe \r over [bold]"


def test_what_is_shown_reads_back_as_it_was():
    assert json.loads(visible(json.dumps(EVIL, ensure_ascii=False))) == EVIL
    assert visible("a\nb\tc é ≥ \u4e2d") == "a\nb\tc é ≥ \u4e2d"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "-a", "+"])
def test_a_cell_is_no_formula(text):
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-0.3", "+1e-5", "-inf", "1,000", "-1,000.5", "-.5", "a=1", "", 3, -0.5, None])
def test_a_number_or_a_text_in_a_cell_stays_as_it_is(value):
    assert csv_cell(value) == value


def test_a_table_is_written_without_formulas():
    target = io.StringIO()
    frame = pd.DataFrame({"=a": ["=1", "b"], "n": [-1.5, 2.0]})
    to_csv(frame, target)
    assert target.getvalue().splitlines() == ["'=a,n", "'=1,-1.5", "b,2.0"]
    assert list(frame) == ["=a", "n"]
