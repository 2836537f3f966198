"""Standard streams that are closed, full or gone, and what the system refuses."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from tests_settings import CHEAP

import mc_sie._jit
from mc_sie.__main__ import _in_words
from mc_sie.engine import compiling

RUN = f"run {CHEAP} --draws 64 --replicates 4 --out run"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    text = command.replace("MC", f"{sys.executable} -m mc_sie")
    return subprocess.run(text, shell=True, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("MC priors list >&-", set()),
        ("MC priors show davidson-2025 --json >&-", set()),
        ("MC priors new new.toml <&-", {"new.toml"}),
        (f"MC {RUN} 2>&-", {"run"}),
        (f"MC {RUN} <&- >&- 2>&-", {"run"}),
    ],
)
def test_a_closed_stream_is_like_the_null_device(here, command, made):
    closed = shell(command)
    assert "Traceback" not in closed.stderr
    assert "AttributeError" not in closed.stderr
    assert closed.returncode == 0, closed.stderr
    assert {path.name for path in Path().iterdir()} == made
    assert Path("run").is_dir() == Path("run/run.json").is_file()


def test_an_error_with_closed_streams_keeps_its_status(here):
    assert shell("MC priors check nobody >&- 2>&-").returncode == 2
    assert "is neither a shipped prior" in shell("MC priors check nobody >&- <&-").stderr


def test_no_file_takes_the_place_of_a_closed_stream(cli):
    """Or what is printed later would stand in it."""
    assert shell(f"MC {RUN} --all-outcomes >&- 2>&-").returncode == 0
    assert cli("verify", "run")[0] == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "reading or writing failed: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "a.toml"), "a.toml: Permission denied"),
        (FileNotFoundError(errno.ENOENT, "No such file", b"a\xff"), "a\udcff: No such file"),
        (OSError("No usable temporary directory"), "reading or writing failed: No usable temporary directory"),
        (TimeoutError(), "reading or writing failed: TimeoutError"),
    ],
)
def test_what_the_system_refused_is_said_as_it_was(error, words):
    assert _in_words(error) == words


def test_a_refusal_of_the_system_is_bad_input_and_no_traceback(cli, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "somewhere/file")

    monkeypatch.setattr("mc_sie.priors.shipped_answers", refuse)
    status, out, err = cli("priors", "list")
    assert (status, out, err) == (2, "", "mc-sie: somewhere/file: Permission denied\n")


def test_a_run_that_cannot_keep_its_machine_code_says_why_and_what_to_do(cli, monkeypatch):
    monkeypatch.setattr(mc_sie._jit, "_cache_place", lambda: (None, ["/home/me/.cache: Read-only file system"]))
    monkeypatch.setattr(compiling, "_announced", set())
    status, _, err = cli("run", "davidson-2025", "--draws", "512", "--out", "run")
    assert status == 0
    assert "/home/me/.cache: Read-only file system" in err
    assert "MC_SIE_CACHE" in err
    assert "once" not in err
