"""Bad input to any command: status 2, where, what, why, what to do, and nothing written."""

from pathlib import Path

import pytest
from tests_settings import CHEAP, everything

RUN = ("run", CHEAP, "--out", "new/run")
BAD = {
    "no draws": ((*RUN, "--draws", "0"), "--draws 0 is out of range", "Give a whole number, at least 1."),
    "too many draws": ((*RUN, "--draws", "9" * 15), f"--draws {'9' * 15} is above", "at most 2^32 draws."),
    "draws and a half": ((*RUN, "--draws", "1.5"), "'--draws': '1.5' is no whole number", "1000000, 1e6 or 2^20"),
    "draws as text": ((*RUN, "--draws", "abc"), "'--draws': 'abc' is no whole number", "1000000, 1e6 or 2^20"),
    "negative seed": ((*RUN, "--seed", "-1"), "--seed -1 is out of range", "from 0 to 18446744073709551615."),
    "seed of 65 bits": ((*RUN, "--seed", str(2**64)), f"--seed {2**64} is out of range", "from 0 to"),
    "error of 0": ((*RUN, "--target-se", "0"), "--target-se 0 is not between 0 and 1.", "tenth of a percentage point"),
    "negative error": ((*RUN, "--target-se", "-1"), "--target-se -1 is not between 0 and 1.", "0.001 is"),
    "error of nan": ((*RUN, "--target-se", "nan"), "'nan' is not a number", "decimal point"),
    "error of inf": ((*RUN, "--target-se", "inf"), "--target-se inf is not between 0 and 1.", "0.001 is"),
    "max below draws": (
        (*RUN, "--target-se", "0.01", "--max-draws", "100"),
        "--max-draws 100 is below the 131072 draws to start with.",
        "Raise it, or lower --draws.",
    ),
    "horizon of 0": (
        (*RUN, "--horizon-months", "0"),
        "--horizon-months 0 is not in (0, 12000].",
        "the default is 240.",
    ),
    "negative horizon": ((*RUN, "--horizon-months", "-5"), "--horizon-months -5 is not in", "Give a number of months"),
    "horizon of nan": ((*RUN, "--horizon-months", "nan"), "'nan' is not a number", "decimal point"),
    "horizon of inf": ((*RUN, "--horizon-months", "inf"), "--horizon-months inf is not in", "Give a number of months"),
    "horizon before the event": (
        (*RUN, "--horizon-months", "6"),
        "asks about 12 months, but trajectories end after 6.",
        "Ask about less, or give --horizon-months 12.",
    ),
    "no threads": ((*RUN, "--threads", "0"), "--threads 0 is below 1.", "Leave it out to use every processor."),
    "unknown scheme": ((*RUN, "--scheme", "nonsense"), "--scheme nonsense is not a sampling scheme.", "Known: sobol,"),
    "scheme in capitals": ((*RUN, "--scheme", "Sobol"), "--scheme Sobol is not a sampling scheme.", "mean 'sobol'?"),
    "one replicate": ((*RUN, "--replicates", "1"), "--replicates 1 is out of range", "at least 2."),
    "unknown option": ((*RUN, "--nonsense"), "No such option: --nonsense", "run -h' for help."),
    "event that does not parse": (
        (*RUN, "--event", "best_window_months[5] = 12"),
        "--event 'best_window_months[5] = 12' is not an event",
        "Write it like 'best_window_months[5] < 12'.",
    ),
    "event with unknown outcome": (
        (*RUN, "--event", "best_windwo[5] < 12"),
        "names no outcome: 'best_windwo' is unknown.",
        "Did you mean 'best_window'?",
    ),
    "event without index": ((*RUN, "--event", "months_to < 12"), "lacks the index of months_to", "'months_to[5] < 12'"),
    "event with index 0": ((*RUN, "--event", "months_to[0] < 12"), "has the index 0, outside (0, 20] OOM.", "20 OOM."),
    "event with index 25": ((*RUN, "--event", "months_to[25] < 12"), "has the index 25, outside (0, 20]", "20 OOM."),
    "event with index nan": ((*RUN, "--event", "months_to[nan] < 12"), "the index is 'nan', which is not", "Write it"),
    "event with threshold nan": ((*RUN, "--event", "months_to[5] < nan"), "'nan', which is not a number.", "Write it"),
    "unknown prior": (
        ("run", "davidson-2052", "--out", "new/run"),
        "prior 'davidson-2052' is neither a shipped prior nor an existing file.",
        "Did you mean 'davidson-2025'?",
    ),
    "prior that is a folder": (("run", "folder", "--out", "new/run"), "folder is a folder,", "path of a .toml file."),
    "output that exists": (
        ("run", CHEAP, "--out", "folder"),
        "--out folder exists already, and a run never overwrites another.",
        "Name a folder that does not exist.",
    ),
    "output that is a file": (("run", CHEAP, "--out", "file"), "--out file exists already", "Name a folder"),
    "output with a file in its path": (
        ("run", CHEAP, "--out", "file/run"),
        "--out file/run cannot be written: Not a directory.",
        "Name another place",
    ),
    "output in /proc": (("run", CHEAP, "--out", "/proc/x"), "--out /proc/x cannot be written: ", "Name another place"),
    "table that is missing": (("evaluate", "no.csv"), "no.csv cannot be read: No such file", "Give the path of a CSV"),
    "table that is a folder": (("evaluate", "folder"), "folder is a folder, not a table.", "Give the path of a CSV"),
    "table with a bad cell": (
        ("evaluate", "bad.csv", "-o", "new.csv"),
        "bad.csv: row 1 (line 2), column 'rho' = 1 is outside [-50, 1).",
        "rho: CES substitution parameter",
    ),
    "table over itself": (("evaluate", "good.csv", "-o", "good.csv"), "--output good.csv is the input", "Name another"),
    "table into a missing folder": (
        ("evaluate", "good.csv", "-o", "no/x.csv"),
        "--output no/x.csv cannot be written: there is no folder no.",
        "Make it first.",
    ),
    "table into a folder": (("evaluate", "good.csv", "-o", "folder"), "--output folder is a folder.", "Name a file."),
    "table into /proc": (
        ("evaluate", "good.csv", "-o", "/proc/x.csv"),
        "--output /proc/x.csv cannot be",
        "Name another",
    ),
    "table without threads": (("evaluate", "good.csv", "--threads", "0"), "--threads 0 is below 1.", "Leave it out"),
    "nonsense set": (
        ("trajectory", "--set", "nonsense"),
        "--set nonsense is not name=value.",
        "Write it like rho=-0.1",
    ),
    "unknown quantity set": (("trajectory", "--set", "roh=0"), "'roh' is unknown.", "Did you mean 'rho'?"),
    "value outside its domain": (("trajectory", "--set", "rho=1"), "--set rho = 1 is outside [-50, 1).", "rho: CES"),
    "half a pair": (
        ("trajectory", "--set", "rho_long=0"),
        "two quantities that belong together",
        "give both or neither",
    ),
    "unknown figure": (
        ("trajectory", "--plot", "x.gif"),
        "--plot x.gif has the ending '.gif'.",
        "Use .svg, .png or .pdf",
    ),
    "figure in a missing folder": (("trajectory", "--plot", "no/x.svg"), "there is no folder no.", "Make it first."),
    "figure in /proc": (
        ("trajectory", "--plot", "/proc/x.svg"),
        "--plot /proc/x.svg cannot be written",
        "Name another",
    ),
    "points into a folder": (("trajectory", "--csv", "folder"), "--csv folder is a folder.", "Name a file."),
    "trajectory without end": (("trajectory", "--horizon-months", "inf"), "--horizon-months inf is", "default is 240."),
    "headlines without draws": (
        ("headlines", "--draws", "0", "--out", "new"),
        "--draws 0 is out of range",
        "at least 1.",
    ),
    "headlines into a file": (
        ("headlines", "--out", "file"),
        "--out file exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "headlines into a folder": (
        ("headlines", "--out", "folder"),
        "--out folder exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "evidence into a folder": (
        ("evidence", "economists-evidence", "--out", "folder"),
        "--out folder exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "a reproduction into a folder": (
        ("reproduce", "--out", "folder"),
        "--out folder exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "check of a missing file": (
        ("priors", "check", "no.toml"),
        "prior 'no.toml' is neither a shipped",
        "`mc-sie priors list` names the shipped sets.",
    ),
    "check of a bad file": (
        ("priors", "check", "bad.toml"),
        "bad.toml: [rho] high = -0.5 is below low = -0.1.",
        "Put the smaller number in low.",
    ),
    "check of Latin-1": (
        ("priors", "check", "latin.toml"),
        "latin.toml: byte 10 (0xe9) is not UTF-8.",
        "Save the file",
    ),
    "show of a bad name": (
        ("priors", "show", "epoch-2052"),
        "prior 'epoch-2052' is neither",
        "Did you mean 'epoch-2025'?",
    ),
    "new over another": (("priors", "new", "bad.toml"), "bad.toml exists already.", "Name a file that does not exist."),
    "new in a missing folder": (("priors", "new", "no/x.toml"), "there is no folder no.", "Make it first."),
    "new in /proc": (("priors", "new", "/proc/x.toml"), "/proc/x.toml cannot be written: ", "Name another place"),
    "new on a pool": (
        ("priors", "new", "x.toml", "--extends", "agnostic"),
        "agnostic is a pool, which has no entries to inherit.",
        "Start from a member: davidson-2025, ",
    ),
    "new on an unknown base": (
        ("priors", "new", "x.toml", "--extends", "epoch"),
        "prior 'epoch' is neither",
        "Did you",
    ),
    "unknown command": (("rnu",), "No such command 'rnu'", "for help."),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_nothing_written(cli, here, case):
    arguments, why, remedy = BAD[case]
    Path("folder").mkdir()
    Path("file").touch()
    Path("good.csv").write_text("rho,r\n0,1.2\n")
    Path("bad.csv").write_text("rho,r\n1,1.2\n")
    head = 'title = "t"\nextends = "davidson-2025"\n[rho]\nfamily = "uniform"\n'
    Path("bad.toml").write_text(head + 'low = -0.1\nhigh = -0.5\nunit = "1"\nsource = "me"\n')
    Path("latin.toml").write_bytes(b'title="caf\xe9"\n')
    before = {path: Path(path).read_bytes() for path in everything(here) if Path(path).is_file()}
    names = everything(here)
    status, out, err = cli(*arguments)
    message = " ".join(err.replace("│", " ").split())
    assert status == 2
    assert why in message
    assert remedy in message
    assert "Traceback" not in err
    assert out == ""
    assert everything(here) == names
    assert {path: Path(path).read_bytes() for path in before} == before
