"""Numbers, widths and rates as the commands print them."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from mc_sie.cli.printing import _rate, console_of, counted, print_table, print_then_write, with_se
from mc_sie.stats.estimates import estimate_from_counts


def test_one_is_not_plural():
    assert [counted(n, "draw") for n in (0, 1, 1200)] == ["0 draws", "1 draw", "1,200 draws"]


def test_a_probability_comes_with_its_error_and_a_bound_alone():
    n_draws = np.full(4, 1000)
    assert "(Monte Carlo SE" in with_se(estimate_from_counts(np.array([500, 510, 490, 505]), n_draws, "sobol"))
    assert "SE" not in with_se(estimate_from_counts(np.zeros(4, int), n_draws, "sobol"))


@pytest.mark.parametrize(("columns", "width"), [("90", 90), ("", 160), ("wide", 160), ("0", 160), ("99999", 160)])
def test_a_pipe_is_as_wide_as_columns_says(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert console_of().width == width


def test_numbers_of_a_table_have_no_negative_zero(capsys):
    print_table(pd.DataFrame({"name": ["a"], "value": [-0.0]}), "Title")
    out = capsys.readouterr().out
    assert "Title" in out
    assert "-0" not in out


@pytest.mark.parametrize(("speed", "text"), [(None, ""), (0.0, ""), (2.345, "2.3 sets/s"), (1234.5, "1,234 sets/s")])
def test_a_rate_is_empty_until_something_is_done(speed, text):
    assert _rate(speed, "sets") == text


@pytest.mark.parametrize("stopped", [BrokenPipeError(32, "Broken pipe"), SystemExit(1), OSError(28, "No space left")])
def test_an_answer_is_printed_before_its_files_are_written_and_these_come_in_any_case(stopped):
    done = []
    assert print_then_write(lambda: done.append("printed"), lambda: done.append("written") or "folder") == "folder"
    assert done == ["printed", "written"]

    def fail():
        raise stopped

    with pytest.raises(type(stopped)):
        print_then_write(fail, lambda: done.append("written all the same"))
    assert done[-1] == "written all the same"


def test_an_interrupt_while_an_answer_is_printed_writes_nothing():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_then_write(interrupt, lambda: pytest.fail("written"))
