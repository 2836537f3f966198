"""The commands as a program of its own: the shell, pipes, terminals and disks around it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests_settings import CHEAP, INTERPRETED, SMALL


def python_m(*arguments: str, flags: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "mc_sie", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        env={**os.environ, **environment},
    )


def test_a_clean_run_warns_of_nothing(here):
    python_m("run", CHEAP, *SMALL)  # so that the next finds compiled code
    done = python_m("run", "davidson-2025", *SMALL, flags=("-W", "error"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Results: runs/davidson-2025/" in done.stdout


def test_bad_input_is_told_to_the_shell(here):
    done = python_m("run", CHEAP, "--draws", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mc-sie: --draws 0 is out of range")


def test_a_terminal_without_blocks_is_no_reason_to_fail(here):
    done = python_m("priors", "show", "davidson-2025", "--density", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u2588" in done.stdout


READ_NO_FURTHER = {
    "sensitivity": ("sensitivity", CHEAP, "--draws", "2048", "--out", "folder"),
    "measure": ("measure", CHEAP, "--draws", "2048", "--out", "folder"),
    "compare": ("compare", CHEAP, "davidson-2025", "--draws", "256", "--out", "folder"),
    "breakeven": ("breakeven", CHEAP, "--quantity", "r", "--draws", "256", "--out", "folder"),
    "structure": ("structure", CHEAP, "--draws", "256", "--out", "folder"),
    "evidence": ("evidence", "economists-evidence", "--draws", "2048", "--out", "folder"),
    "headlines": ("headlines", "--draws", "64", "--out", "folder"),
    "reproduce": ("reproduce", "--source", "sevilla", "--out", "folder"),
    "run": ("run", CHEAP, "--draws", "256", "--out", "folder"),
    "run --no-draws": ("run", CHEAP, "--draws", "256", "--no-draws", "--out", "folder"),
    "run --rare": ("run", CHEAP, "--draws", "2048", "--rare", "--event", "best_window[16] < 4", "--out", "folder"),
    "explore": ("explore", CHEAP, "--out", "page.html"),
    "trajectory": ("trajectory", CHEAP, "--csv", "table.csv", "--plot", "figure.svg"),
}


@pytest.mark.skipif(INTERPRETED, reason="every command that writes, with draws enough for each")
@pytest.mark.parametrize("case", READ_NO_FURTHER)
def test_what_was_asked_for_is_written_though_nobody_reads_on(cli, here, monkeypatch, case):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Closed())
    arguments = READ_NO_FURTHER[case]
    _, _, err = cli(*arguments, "--quiet") if case not in ("trajectory", "explore") else cli(*arguments)
    assert err == ""
    for place in arguments[1:]:
        if place in ("folder", "page.html", "table.csv", "figure.svg"):
            assert (here / place).exists()


def test_a_closed_pipe_is_no_error(here):
    command = f"{sys.executable} -m mc_sie priors show davidson-2025 | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=100)
    assert done.stdout.startswith("Davidson (2025)")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output_is_said_in_one_line(here):
    Path("t.csv").write_text("rho,r\n0,1.2\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mc_sie", "evaluate", "t.csv"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=100,
        )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    assert Path("/dev/full").is_char_device()


def test_shipped_sets_are_completed_by_the_shell(tmp_path):
    words = {"COMP_WORDS": "mc-sie run davidson-h", "COMP_CWORD": "2", "_MC_SIE_COMPLETE": "complete_bash"}
    program = "import sys; sys.argv = ['mc-sie']; from mc_sie.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | words, capture_output=True, text=True)
    assert done.stdout.split() == ["davidson-houlden-2025"]
