"""Machine code is cached where it can be, by several first runs at once, and does without where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie import _jit, evaluate
from mc_sie.engine import compiling, cpu
from mc_sie.engine.hits import hits_of
from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.events import HEADLINE, parse_event
from mc_sie.quantities import QUANTITIES

PROGRAM = (
    "import sys; from mc_sie.sampling import plan, points; from mc_sie._jit import cache_folder, is_warm;"
    "print(points(plan(64), 3, 0, 64).sum().hex(), cache_folder(), is_warm())"
)
compiled = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")


def start(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@compiled
def test_several_first_runs_at_once_share_a_cache(tmp_path):
    runs = [start(MC_SIE_CACHE=str(tmp_path)) for _ in range(3)]
    answers = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    total, folder, warm = answers[0][0].split()
    assert warm == "True"
    assert Path(folder).is_relative_to(tmp_path)
    again = start(MC_SIE_CACHE=str(tmp_path))
    assert again.communicate(timeout=120)[0].split()[0] == total


@compiled
def test_one_row_and_many_share_their_machine_code():
    """An array of one row is laid out in two ways at once; the kernel must not be compiled once more for the other."""
    for n in (1, 2, 300):
        rows = {"mode": "none", "rho": np.full(n, -0.3), "r": 1.0}
        evaluate(rows, threads=1)
        hits_of(lambda start, stop: kernel_rows(stop - start), n, 240.0, parse_event(HEADLINE), threads=1)
    for loop in (cpu.simulate_lines, cpu.decide_rows):
        assert len(loop.signatures) == 1, loop


def kernel_rows(n: int) -> dict[str, np.ndarray]:
    given = {"rho": -0.3, "r": 1.0, "mode": 0}
    names = KERNEL_COLUMNS[:-1]
    return {name: np.full(n, given.get(name, QUANTITIES[name].default), dtype=float) for name in names}


SIMULATION = (
    "import hashlib; from mc_sie import load_prior, simulate; digest = hashlib.sha256()\n"
    "for name in ('davidson-2025', 'davidson-2025-explicit'):\n"
    "    for mode in ('none', 'continual', 'from_scratch'):\n"
    "        outcomes = simulate(load_prior(name).pinned('mode', mode), 512, n_replicates=2).outcomes\n"
    "        digest.update(outcomes.months_to.tobytes() + outcomes.best_window_months.tobytes())\n"
    "print(digest.hexdigest())"
)


def bits(**environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", SIMULATION],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return run.stdout


@compiled
def test_the_process_that_compiles_gives_the_bits_of_those_that_load(tmp_path):
    """With contraction it did not: the compiler then fuses other products than in the code that is stored."""
    first = bits(MC_SIE_CACHE=str(tmp_path))
    assert bits(MC_SIE_CACHE=str(tmp_path)) == first


@compiled
def test_numba_through_its_public_interface_alone_gives_the_same_bits(tmp_path):
    assert _jit.internals is not None
    assert bits(MC_SIE_CACHE=str(tmp_path), **{_jit.PUBLIC_ONLY: "1"}) == bits()


@pytest.mark.parametrize("version", ["0.61.2", "0.69.0", "1.0"])
def test_numbas_private_interface_is_left_alone_in_versions_that_were_not_tested(monkeypatch, version):
    monkeypatch.setattr(_jit.numba, "__version__", version)
    assert _jit._internals() is None


BESIDE = (
    "import sys\n"
    "from mc_sie import evaluate\n"
    "from mc_sie.engine import compiling\n"
    "from mc_sie.engine.cpu import {loop}\n"
    "compiling.n_processors = lambda: 2\n"
    "compiling.compile_beside()\n"
    "if sys.argv[1:]: compiling._beside.kill()\n"
    "months = evaluate({{'rho': -0.3, 'r': 1.0, 'mode': {mode!r}}}).months_to[0, 4].hex()\n"
    "print(months, sum({loop}.stats.cache_hits.values()), compiling._beside.pid)"
)


@compiled
@pytest.mark.parametrize(
    ("arguments", "mode", "hits"),
    [((), "none", "1"), (("killed",), "none", "0"), ((), "from_scratch", "0")],
    ids=["waited for", "killed", "not waited for"],
)
def test_the_kernel_is_compiled_beside_what_comes_before_it(tmp_path, arguments, mode, hits):
    """By another process, and by this one where that one fails.

    The loop of mode from_scratch is compiled here meanwhile, and nothing is left running.
    """
    program = BESIDE.format(loop="simulate_jumps" if mode == "from_scratch" else "simulate_lines", mode=mode)
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "MC_SIE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    months, found, process = run.stdout.split()
    assert found == hits
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)
    assert float.fromhex(months) == evaluate({"rho": -0.3, "r": 1.0, "mode": mode}).months_to[0, 4]


@pytest.fixture
def cold(monkeypatch):
    """A process that has said nothing yet and finds no machine code."""
    monkeypatch.setattr(compiling, "_announced", set())
    monkeypatch.setattr(compiling, "is_warm", lambda function: False)


@compiled
def test_the_first_call_from_python_says_once_that_it_compiles(cold, capsys):
    for _ in range(2):
        evaluate({"rho": -0.3, "r": 1.0})
    said = "First run of this version: compiling the simulator, once (some twenty seconds).\n"
    assert capsys.readouterr() == ("", said)


@compiled
def test_where_machine_code_is_at_hand_nothing_is_said(cold, capsys, monkeypatch):
    monkeypatch.setattr(compiling, "is_warm", lambda function: True)
    evaluate({"rho": -0.3, "r": 1.0})
    assert capsys.readouterr() == ("", "")


@compiled
def test_what_the_command_line_has_said_is_not_said_again(cold, capsys):
    said = []
    compiling.announce_compiling(say=said.append)
    evaluate({"rho": -0.3, "r": 1.0})
    assert len(said) == 1
    assert capsys.readouterr() == ("", "")


@compiled
def test_where_no_code_can_be_kept_the_reason_is_said(cold, monkeypatch):
    monkeypatch.setattr(compiling, "cache_folder", lambda: None)
    monkeypatch.setattr(compiling, "no_cache_because", lambda: "a disk is full")
    said = []
    compiling.announce_compiling(say=said.append)
    assert "for this run alone (some twenty seconds), since no folder can keep it (a disk is full)" in said[0]


@compiled
def test_a_place_that_cannot_be_written_is_passed_over(tmp_path):
    """As where the program is installed for everybody and nobody may write beside it."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    home = tmp_path / "home"
    run = start(MC_SIE_CACHE=str(blocked), XDG_CACHE_HOME=str(home))
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert Path(out.split()[1]).is_relative_to(home)


@compiled
@pytest.mark.parametrize("home", ["file", "nowhere"])
def test_where_nothing_can_be_kept_the_answer_is_the_same_and_nothing_is_left(tmp_path, home):
    (tmp_path / "file").write_text("not a folder")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    blocked = str(tmp_path / "file")
    places = {"MC_SIE_CACHE": blocked, "XDG_CACHE_HOME": blocked, "TMPDIR": str(temporary)}
    places["HOME"] = {"file": blocked, "nowhere": "/proc/none"}[home]
    out, err = start(**places).communicate(timeout=120)
    assert err == ""
    total, folder, warm = out.split()
    assert (folder, warm) == ("None", "False")
    assert total == start().communicate(timeout=120)[0].split()[0]
    assert list(temporary.iterdir()) == []


def folder_for(monkeypatch, root: Path, **others: str) -> tuple[Path | None, str]:
    """The folder that is taken when this one is asked for, and why others were not."""
    for name, value in {"MC_SIE_CACHE": str(root), "XDG_CACHE_HOME": "", "HOME": "/proc/none", **others}.items():
        monkeypatch.setenv(name, value)
    _jit._cache_place.cache_clear()
    try:
        return _jit.cache_folder(), _jit.no_cache_because()
    finally:
        _jit._cache_place.cache_clear()


def test_a_folder_is_made_for_nobody_else(monkeypatch, tmp_path):
    before = os.umask(0)
    try:
        folder, _ = folder_for(monkeypatch, tmp_path / "new" / "cache")
    finally:
        os.umask(before)
    assert folder is not None
    for place in (folder, folder.parent, folder.parent.parent):
        assert place.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners here")
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
@pytest.mark.parametrize("place", ["", "mc_sie", "mc_sie/digest"])
def test_a_folder_into_which_others_can_write_is_passed_over(monkeypatch, tmp_path, place, mode):
    """Machine code is run as it is found there."""
    monkeypatch.setattr(_jit, "source_digest", lambda: "digest")
    (tmp_path / "mc_sie" / "digest").mkdir(parents=True)
    opened = tmp_path / place
    opened.chmod(mode)
    folder, why = folder_for(monkeypatch, tmp_path)
    if place == "" and mode == 0o1777:  # as /tmp: nobody can take another's entries away
        assert folder == tmp_path / "mc_sie" / "digest"
    else:
        assert folder is None
        assert f"{opened}: others can write there" in why


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize("place", ["", "mc_sie", "mc_sie/digest", "link"])
def test_a_folder_of_somebody_else_is_passed_over(monkeypatch, tmp_path, place):
    monkeypatch.setattr(_jit, "source_digest", lambda: "digest")
    (tmp_path / "mc_sie" / "digest").mkdir(parents=True)
    if place == "link":
        (tmp_path / "mc_sie").rename(tmp_path / "mine")
        (tmp_path / "mc_sie").symlink_to(tmp_path / "mine")
        os.chown(tmp_path / "mc_sie", 65534, 65534, follow_symlinks=False)
    else:
        os.chown(tmp_path / place, 65534, 65534)
    folder, why = folder_for(monkeypatch, tmp_path)
    assert folder is None
    assert "others can write there, or own it" in why


def test_the_next_place_is_taken_where_the_first_will_not_do(monkeypatch, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    folder, why = folder_for(monkeypatch, tmp_path / "open", XDG_CACHE_HOME=str(tmp_path / "own"))
    assert folder is not None
    assert folder.is_relative_to(tmp_path / "own")
    assert "open: others can write there" in why


def test_a_place_for_which_there_is_no_home_is_passed_over(monkeypatch):
    folder, why = folder_for(monkeypatch, Path("~nobody-of-this-name/cache"))
    assert folder is None
    assert "there is no home folder" in why


BREAK = {
    "cut short": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "altered": lambda content: content[: (n := len(content) // 2)] + bytes([content[n] ^ 255]) + content[n + 1 :],
    "of something else": lambda _: b"not what was written",
}


@compiled
@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("harm", BREAK.values(), ids=BREAK.keys())
def test_a_broken_cache_is_dropped_and_made_anew(tmp_path, ending, harm):
    first = start(MC_SIE_CACHE=str(tmp_path)).communicate(timeout=120)[0]
    files = sorted(tmp_path.rglob(f"*{ending}"))
    kept = {path: path.read_bytes() for path in files}
    assert kept
    for path in files:
        path.write_bytes(harm(kept[path]))
    for _ in range(2):
        out, err = start(MC_SIE_CACHE=str(tmp_path)).communicate(timeout=120)
        assert (out, err) == (first, "")
    assert {path: path.stat().st_size for path in files} == {path: len(content) for path, content in kept.items()}


@compiled
def test_a_cache_that_takes_no_more_files_is_done_without(tmp_path):
    out, err = start(MC_SIE_CACHE=str(tmp_path)).communicate(timeout=120)
    index = next(tmp_path.rglob("*.nbi"))
    index.unlink()
    index.mkdir()  # neither readable as a file nor to be replaced by one
    assert start(MC_SIE_CACHE=str(tmp_path)).communicate(timeout=120) == (out, err)


def test_the_cache_is_named_after_the_source():
    folder = _jit.cache_folder()
    assert folder is None or folder.name == _jit.source_digest()[:16]
