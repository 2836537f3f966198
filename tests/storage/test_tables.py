"""Tables that users hand in and get back, and files that are written whole."""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mc_sie import evaluate, load_prior
from mc_sie.errors import InputError
from mc_sie.priors.describing import medians
from mc_sie.quantities import MODEL_QUANTITIES, MODES
from mc_sie.storage.tables import evaluate_table, median_row
from mc_sie.storage.writing import check_file, check_folder, partial_path, write_csv, write_new_text, write_whole


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(text: str | bytes, name: str = "cases.csv") -> Path:
    path = Path(name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- Rows in, outcomes out ---


def test_a_row_is_repeated_with_defaults_and_outcomes():
    frame = evaluate_table(table('id,rho,r,note\n007,-0.1,1.2,"a, b"\n008,0,1.2,\n'))
    assert frame["id"].tolist() == ["007", "008"]
    assert frame["note"].tolist() == ["a, b", ""]
    assert frame["mode"].tolist() == ["none", "none"]
    assert frame["labour_multiplier"].tolist() == [900.0, 900.0]
    assert frame["limit_ooms"].tolist() == [math.inf, math.inf]
    assert frame["speedup_initial"].isna().all()
    assert frame["horizon_months"].tolist() == [240.0, 240.0]
    assert frame["status"].tolist() == ["ok", "ok"]
    direct = evaluate({"rho": [-0.1, 0.0], "r": 1.2})
    np.testing.assert_array_equal(frame["months_to_3"], direct.values("months_to", 3.0))
    np.testing.assert_array_equal(frame["best_gain_ooms_12"], direct.values("best_gain_ooms", 12.0))
    # at rho = 0 and alpha = 1/2 the initial pace is labour to the half: 30
    assert frame["pace_initial"][1] == pytest.approx(30.0)


def test_every_quantity_and_outcome_is_a_column():
    frame = evaluate_table(table("rho,r\n0,1.2\n"))
    assert {*MODEL_QUANTITIES, "horizon_months"} < set(frame)
    assert {"status", "months_to_16", "best_window_months_5", "n_deployments", "end"} < set(frame)


def test_an_empty_cell_means_not_given():
    frame = evaluate_table(table("rho,r,speedup_initial,lam,mode\n0,1.2,,,\n0,1.2,8,0.5,continual\n"))
    assert frame["lam"].tolist() == [1.0, 0.5]
    assert frame["mode"].tolist() == ["none", "continual"]
    assert math.isnan(frame["speedup_initial"][0])
    assert frame["pace_initial"].tolist() == pytest.approx([30.0, 8.0])


def test_spaces_byte_order_mark_and_windows_lines_are_taken():
    plain = evaluate_table(table("rho,r,mode\n0,1.2,none\n"))
    spaced = evaluate_table(table(b"\xef\xbb\xbfrho , r, mode\r\n 0 , 1.2 , none \r\n\r\n"))
    pd.testing.assert_frame_equal(plain, spaced)


def test_outcomes_that_were_there_stand_beside_ours():
    frame = evaluate_table(table("rho,r,months_to_2.5,status,best_gain_ooms_6\n0,1.2,3.5,fine,1\n"))
    assert frame["given_months_to_2.5"].tolist() == ["3.5"]
    assert frame["given_status"].tolist() == ["fine"]
    direct = evaluate({"rho": 0.0, "r": 1.2}, levels=[2.5], widths=[6.0])
    assert frame["months_to_2.5"].tolist() == direct.months_to[:, 0].tolist()
    assert frame["best_gain_ooms_6"].tolist() == direct.best_gain_ooms[:, 0].tolist()


def test_what_was_given_before_is_kept_as_given():
    assert evaluate_table(table("rho,r,given_months_to_5\n0,1.2,3\n"))["given_months_to_5"].tolist() == ["3"]
    with pytest.raises(InputError, match=r"'months_to_5' and 'given_months_to_5' would both become"):
        evaluate_table(table("rho,r,given_months_to_5,months_to_5\n0,1.2,3,3\n"))


def test_a_row_that_cannot_be_simulated_says_why():
    frame = evaluate_table(
        table("rho,r,mode,rho_long,reconfiguration_half_life_months\n-0.1,1.2,shortening,0,12\n0,1.2,none,0,\n")
    )
    assert frame["status"].tolist() == ["shortening_reconfigured", "half_given_pair"]
    assert frame["months_to_5"].isna().all()


BAD_TABLES = {
    "empty": (b"", "cases.csv is empty. The first line names the columns."),
    "header only": (b"rho,r\n", "cases.csv has no rows. Put one case in each row below the column names."),
    "column twice": (b"rho,r,rho\n0,1,0\n", "cases.csv: column 'rho' stands there 2 times. Keep one of them."),
    "cell without a name": (b"rho,r,\n0,1.2,7\n", "cases.csv: line 2, column 3 has a cell but no name. Name it in"),
    "misspelt column": (
        b"rho,r,alpa_compute\n0,1,.5\n",
        "cases.csv: column 'alpa_compute' is not a quantity. Did you mean 'alpha_compute'? Call a remark 'note'.",
    ),
    "capital": (b"Rho,r\n0,1\n", "cases.csv: column 'Rho' is not a quantity. Did you mean 'rho'?"),
    "two delimiters": (b"rho,r,lam;mode\n0,1,1;none\n", "column 'lam;mode' is not a quantity. Separate all columns by"),
    "restated": (b"rho,r,sigma\n0,1,1\n", "column 'sigma' is not a quantity. It restates rho in prior files; a table"),
    "outcome beyond the top": (b"rho,r,months_to_25\n0,1,3\n", "column 'months_to_25' is not a quantity."),
    "no rho": (b"r\n1.2\n", "cases.csv has no column 'rho'. rho has no default: CES substitution"),
    "text": (
        b"rho,r\n0,1\n0,hello\n",
        "row 2 (line 3), column 'r' = 'hello' is not a number. Write it in the digits 0 to 9",
    ),
    "decimal comma": (b'rho,r\n0,"1,2"\n', "row 1 (line 2), column 'r' = '1,2' is not a number."),
    "underscore": (b"rho,r\n0,1_2\n", "row 1 (line 2), column 'r' = '1_2' is not a number."),
    "empty rho": (b"rho,r\n\n,1.2\n", "row 1 (line 3), column 'rho' is empty. rho has no default: "),
    "rho of one": (b"rho,r\n1,1.2\n", "row 1 (line 2), column 'rho' = 1 is outside [-50, 1). rho: CES substitution"),
    "alpha of one": (b"rho,r,alpha_compute\n0,1,1\n", "column 'alpha_compute' = 1 is outside [0, 1)."),
    "nan": (b"rho,r\n0,nan\n", "column 'r' = 'nan' is not a number."),
    "inf": (b"rho,r\n0,inf\n", "column 'r' = inf is outside [0.01, 100]."),
    "speed-up of nothing": (b"rho,r,speedup_initial\n0,1,0\n", "column 'speedup_initial' = 0 is outside (0, 1e+09]."),
    "horizon": (b"rho,r,horizon_months\n0,1,-4\n", "column 'horizon_months' = -4 is outside (0, 12000]."),
    "mode": (
        b"rho,r,mode\n0,1,continuall\n",
        "column 'mode' = 'continuall' is not a retraining mode. Did you mean 'continual'?",
    ),
    "mode as a number": (b"rho,r,mode\n0,1,3\n", "column 'mode' = '3' is not a retraining mode. Known: none,"),
    "not UTF-8": (b"rho,r,note\n0,1.2,caf\xe9\n", 'cases.csv is not UTF-8: byte 20. Save it as "CSV UTF-8".'),
    "too many cells": (
        b"rho,r\n0,1.2\n0,1.2,5\n",
        "cases.csv: line 3 has 3 cells, but the header names 2 columns. Leave a cell empty where nothing is given.",
    ),
    "too few cells": (b"rho,r\n0\n", "cases.csv: line 2 has 1 cells, but the header names 2 columns."),
    "open quote": (b'rho,r\n"0,1.2\n', "is not CSV: unexpected end of data. Check the quotes."),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_refused_with_its_place(case):
    content, message = BAD_TABLES[case]
    with pytest.raises(InputError) as caught:
        evaluate_table(table(content), Path("out.csv"))
    assert message in str(caught.value)
    assert not Path("out.csv").exists()


def test_a_missing_table_and_a_folder_are_refused():
    with pytest.raises(InputError, match=r"nowhere\.csv cannot be read: No such file or directory\. Give the path"):
        evaluate_table(Path("nowhere.csv"))
    with pytest.raises(InputError, match=r"is a folder, not a table\. Give the path of a CSV file\."):
        evaluate_table(Path())


def test_the_output_is_never_the_input():
    path = table("rho,r\n0,1.2\n")
    Path("link.csv").symlink_to("cases.csv")
    os.link("cases.csv", "hard.csv")
    for output in (path, Path("./cases.csv"), Path("link.csv"), Path("hard.csv")):
        with pytest.raises(InputError, match=r"is the input table\. Name another file\."):
            evaluate_table(path, output)


# --- One trajectory's quantities ---


def test_what_is_not_set_stands_at_its_median():
    prior = load_prior("davidson-2025")
    row = median_row(prior, [], 120.0)
    np.testing.assert_equal(row, {**medians(prior), "horizon_months": 120.0})


def test_settings_replace_medians():
    row = median_row(load_prior("davidson-2025"), ["rho = -0.3", "mode=from_scratch", "speedup_initial=8"], 240.0)
    assert (row["rho"], row["speedup_initial"]) == (-0.3, 8.0)
    assert MODES[int(row["mode"])] == "from_scratch"
    assert math.isnan(median_row(load_prior("davidson-houlden-2025"), ["speedup_initial="], 240.0)["speedup_initial"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nonsense", "settings nonsense is not name=value. Write it like rho=-0.1."),
        ("roh=-0.1", "settings roh=-0.1 names no quantity: 'roh' is unknown. Did you mean 'rho'?"),
        ("=3", "settings =3 names no quantity: '' is unknown."),
        ("rho=1", "settings rho = 1 is outside [-50, 1). rho: CES"),
        ("rho=nan", "settings rho = 'nan' is not a number."),
        ("rho=abc", "settings rho = 'abc' is not a number. Write it in the digits 0 to 9"),
        ("rho=", "settings rho = '' is not a number."),
        ("mode=foo", "settings mode = 'foo' is not a retraining mode."),
        ("sigma=0.5", "settings sigma=0.5 names no quantity: 'sigma' is unknown. Set rho, which it restates."),
        ("horizon_months=3", "Give horizon_months instead."),
    ],
)
def test_a_bad_setting_is_refused(setting, message):
    with pytest.raises(InputError) as caught:
        median_row(load_prior("davidson-2025"), [setting], 240.0)
    assert message in str(caught.value)


def test_a_quantity_is_set_once():
    with pytest.raises(InputError, match=r"settings rho=-0\.2 sets rho a second time"):
        median_row(load_prior("davidson-2025"), ["rho=-0.1", "rho=-0.2"], 240.0)


# --- Files that are written whole ---


def test_a_table_replaces_the_old_one_only_when_it_is_complete():
    path = table("old")

    def fail(partial):
        partial.write_text("half")
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert list(Path().iterdir()) == [path]
    write_csv(pd.DataFrame({"a": [1]}), path)
    assert path.read_text() == "a\n1\n"
    assert list(Path().iterdir()) == [path]


def test_a_full_disk_is_an_input_error_and_leaves_the_old_file():
    path = table("old")

    def fail(partial):
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"cases\.csv cannot be written: No space left on device\. Name another"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert list(Path().iterdir()) == [path]


def test_a_link_is_followed_and_a_pipe_is_written_to():
    target = table("old", "target.csv")
    Path("link.csv").symlink_to("target.csv")
    write_csv(pd.DataFrame({"a": [1]}), Path("link.csv"))
    assert Path("link.csv").is_symlink()
    assert target.read_text() == "a\n1\n"
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_csv(pd.DataFrame({"a": [1]}), Path("pipe"))
    assert os.read(reader, 100) == b"a\n1\n"
    os.close(reader)
    assert Path("pipe").is_fifo()


def test_a_new_text_is_never_written_over_another():
    write_new_text(Path("new.toml"), "one")
    with pytest.raises(InputError, match=r"new\.toml exists already\. Name a file that does not exist\."):
        write_new_text(Path("new.toml"), "two")
    assert Path("new.toml").read_text() == "one"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nofolder/x.csv", "--csv nofolder/x.csv cannot be written: there is no folder nofolder. Make it first."),
        (".", "--csv . is a folder. Name a file."),
        ("file/x.csv", "there is no folder file"),
        ("/proc/x.csv", "--csv /proc/x.csv cannot be written: "),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(path, message):
    Path("file").touch()
    with pytest.raises(InputError) as caught:
        check_file(Path(path), "--csv")
    assert message in str(caught.value)


def test_checking_a_file_or_folder_leaves_no_trace():
    check_file(Path("x.csv"))
    check_folder(Path("a/b"), "--out a/b")
    assert list(Path().iterdir()) == []


def test_what_is_under_way_is_hidden_beside_its_place_with_the_same_ending():
    first, second = partial_path(Path("a/b.svg")), partial_path(Path("a/b.svg"))
    assert first != second
    assert first.parent == Path("a")
    assert first.name.startswith(".")
    assert first.suffix == ".svg"
