"""When a number that was made again counts as the same."""

import pandas as pd
import pytest

from mc_sie.verification import RELATIVE, _same, _table_drift


def drift(tmp_path, then, now, relative=RELATIVE):
    for name, frame in (("then", then), ("now", now)):
        (tmp_path / name).mkdir()
        frame.to_csv(tmp_path / name / "table.csv", index=False)
    ((n, rows),) = _table_drift(tmp_path / "then", tmp_path / "now", ["draws.nc", "table.csv"], relative)
    return n, [(row["row"], row["column"]) for row in rows]


TABLE = pd.DataFrame({"mode": ["none", "continual"], "prob": [0.25, 0.5], "n_hits": [250, 500], "n_draws": 1000})


def test_the_same_table_has_not_drifted(tmp_path):
    assert drift(tmp_path, TABLE, TABLE) == (8, [])


@pytest.mark.parametrize(
    ("column", "value", "is_drift"),
    [
        ("mode", "shortening", True),
        ("prob", 0.253, False),
        ("prob", 0.254, True),
        ("n_hits", 253, False),
        ("n_hits", 254, True),
        ("prob", float("nan"), True),
    ],
)
def test_three_draws_may_change_sides_and_no_text(tmp_path, column, value, is_drift):
    now = TABLE.copy()
    now.loc[0, column] = value
    assert drift(tmp_path, TABLE, now)[1] == ([(1, column)] if is_drift else [])


@pytest.mark.parametrize("now", [TABLE.iloc[:1], TABLE.drop(columns="prob"), TABLE.rename(columns={"prob": "share"})])
def test_a_table_of_another_shape_is_drift_as_a_whole(tmp_path, now):
    assert drift(tmp_path, TABLE, now) == (1, [("", "")])


def test_what_was_not_known_is_the_same_only_where_it_still_is_not():
    nan = float("nan")
    assert _same(nan, nan, 100, is_count=False)
    assert _same(None, None, 100, is_count=False)
    assert not _same(nan, 0.0, 100, is_count=False)
    assert not _same(None, 0.0, 100, is_count=False)
    assert not _same("12", "13", 100, is_count=False)
