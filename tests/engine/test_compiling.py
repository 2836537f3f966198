"""Machine code is cached where it can be, by several first runs at once, and does without where it cannot."""

from __future__ import annotations

import os
import shutil
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


FIRST_RUN = (
    "import hashlib, sys; from mc_sie import load_prior, simulate\n"
    "from mc_sie.engine import compiling; from mc_sie.engine.cpu import simulate_lines\n"
    "compiling.n_processors = lambda: 2\n"
    "compiling.compile_beside()\n"
    "if sys.argv[1:]: compiling._beside.kill()\n"
    "digest = hashlib.sha256()\n"
    "for name in ('davidson-2025', 'davidson-2025-explicit'):\n"
    "    for mode in ('from_scratch', 'none', 'continual'):\n"
    "        outcomes = simulate(load_prior(name).pinned('mode', mode), 512, n_replicates=2).outcomes\n"
    "        digest.update(outcomes.months_to.tobytes() + outcomes.best_window_months.tobytes())\n"
    "hits = sum(simulate_lines.stats.cache_hits.values())\n"
    "print(digest.hexdigest(), hits, compiling._beside.pid if compiling._beside else 'none')"
)


def first_run(*arguments: str, **environment: str) -> tuple[str, int, str]:
    """Digest of the outcomes, loads of the kernel from the cache, and the process that compiled beside, now gone."""
    run = subprocess.run(
        [sys.executable, "-c", FIRST_RUN, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    digest, hits, process = run.stdout.split()
    if process != "none":
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)
    return digest, int(hits), process


@compiled
def test_the_process_that_compiles_gives_the_bits_of_those_that_load(tmp_path):
    """With contraction it did not: the compiler then fuses other products than in the code that is stored.

    The process compiles all of it, since the one beside it is killed; the next finds it compiled and starts none.
    """
    bits, hits, beside = first_run("killed", MC_SIE_CACHE=str(tmp_path))
    assert (hits, beside == "none") == (0, False)
    assert first_run(MC_SIE_CACHE=str(tmp_path)) == (bits, 1, "none")


@compiled
def test_numba_through_its_public_interface_alone_gives_the_same_bits(tmp_path):
    """Of the kernel compiled beside, which is waited for, and of the loop of from_scratch compiled here meanwhile."""
    assert _jit.internals is not None
    bits, hits, beside = first_run(MC_SIE_CACHE=str(tmp_path), **{_jit.PUBLIC_ONLY: "1"})
    assert (hits, beside == "none") == (1, False)
    assert bits == first_run()[0]


@compiled
def test_a_program_that_ends_first_stops_what_compiles_beside_it(tmp_path):
    program = (
        "from mc_sie.engine import compiling; compiling.n_processors = lambda: 2\n"
        "compiling.compile_beside(); print(compiling._beside.pid, compiling._beside.poll())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MC_SIE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    process, status = run.stdout.split()
    assert status == "None"
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


@pytest.mark.parametrize(("mode", "n_waits"), [("none", 1), ("from_scratch", 0)])
def test_only_who_needs_the_kernel_waits_for_it(monkeypatch, mode, n_waits):
    waits = []
    monkeypatch.setattr(cpu, "wait_for_kernel", lambda: waits.append(mode))
    evaluate({"rho": -0.3, "r": 1.0, "mode": mode}, threads=1)
    assert len(waits) == n_waits


@pytest.mark.parametrize("version", ["0.61.2", "0.69.0", "1.0"])
def test_numbas_private_interface_is_left_alone_in_versions_that_were_not_tested(monkeypatch, version):
    monkeypatch.setattr(_jit.numba, "__version__", version)
    assert _jit._internals() is None


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


@pytest.fixture(scope="module")
def whole_cache(tmp_path_factory) -> tuple[Path, str]:
    """A folder with all that a program compiles, and what that program printed."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, start(MC_SIE_CACHE=str(folder)).communicate(timeout=120)[0]


@compiled
@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("harm", BREAK.values(), ids=BREAK.keys())
def test_a_broken_cache_is_dropped_and_made_anew(whole_cache, tmp_path, ending, harm):
    shutil.copytree(whole_cache[0], tmp_path, dirs_exist_ok=True)
    first = whole_cache[1].replace(str(whole_cache[0]), str(tmp_path))
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
