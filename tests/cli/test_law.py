"""``evaluate`` and ``trajectory``: what they print and write."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import CHEAP, DATA, everything


def test_evaluate_reproduces_the_golden_columns(cli, here):
    status, _, err = cli("evaluate", str(DATA / "law_of_motion.csv"), "-o", "x.csv")
    assert status == 0
    assert "200 rows written to x.csv" in err
    frame = pd.read_csv("x.csv")
    given = [column for column in frame if column.startswith("given_")]
    assert len(given) == 7
    for column in given:
        stored, ours = frame[column], frame[column.removeprefix("given_")]
        if column == "given_n_deployments":
            np.testing.assert_array_equal(stored.isna(), ours.isna())
            np.testing.assert_array_equal(stored.dropna(), ours.dropna())
            continue
        np.testing.assert_array_equal(np.isinf(stored), np.isinf(ours))
        finite = np.isfinite(stored)
        close = np.isclose(ours[finite], stored[finite], rtol=1e-6, atol=1e-6)
        if "window" in column:  # below 0.01 months, next to a finite-time singularity, windows count as equal
            close |= (stored[finite] < 0.01) & (ours[finite] < 0.01)
        assert close.all(), column


def test_evaluate_prints_to_standard_output(cli, here):
    Path("t.csv").write_text("rho,r\n0,1.2\n")
    status, out, _ = cli("evaluate", "t.csv")
    assert status == 0
    header, row = out.strip().split("\n")
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert values["status"] == "ok"
    assert float(values["pace_initial"]) == pytest.approx(30.0)
    assert everything(here) == {"t.csv"}


def test_evaluate_counts_rows_that_failed(cli, here):
    Path("t.csv").write_text("rho,r,rho_long\n0,1.2,0\n0,1.2,\n")
    status, _, err = cli("evaluate", "t.csv", "-o", "x.csv")
    assert status == 0
    assert "1 of 2 rows could not be simulated; see the column 'status'." in err


def test_trajectory_prints_writes_and_draws(cli, here):
    arguments = ("--set", "rho=-0.1", "--set", "mode=continual", "--csv", "t.csv", "--plot", "t.svg")
    status, out, _ = cli("trajectory", "davidson-2025", *arguments)
    assert status == 0
    assert "medians, mode continual" in out
    assert "rho = -0.1" in out
    frame = pd.read_csv("t.csv")
    assert list(frame) == ["months", "software_ooms", "effective_ooms", "pace", "deployments"]
    assert frame["months"].is_monotonic_increasing
    assert f"{len(frame)} points written to t.csv" in out
    assert Path("t.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert everything(here) == {"t.csv", "t.svg"}


def test_a_trajectory_starts_at_zero_and_not_at_what_rounding_leaves(cli, here):
    assert cli("trajectory", "davidson-2025", "--set", "mode=continual", "--csv", "t.csv")[0] == 0
    start = pd.read_csv("t.csv").loc[0, ["months", "software_ooms", "effective_ooms"]]
    assert (start == 0.0).all()


def test_trajectory_from_scratch_shows_deployments(cli, here):
    status, out, _ = cli("trajectory", "davidson-2025", "-s", "mode=from_scratch", "--plot", "t.PNG")
    assert status == 0
    assert "deployments" in out
    assert Path("t.PNG").read_bytes().startswith(b"\x89PNG")


def test_the_same_figure_is_the_same_file(cli, here):
    for name in ("a.svg", "b.svg"):
        assert cli("trajectory", CHEAP, "--plot", name)[0] == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()
