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
from mc_sie.analysis.hits import hits_of
from mc_sie.engine import cpu
from mc_sie.engine.run import KERNEL_COLUMNS
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
    run = start(MC_SIE_CACHE=str(blocked), XDG_CACHE_HOME=str(blocked), HOME=str(blocked), TMPDIR=str(tmp_path))
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert Path(out.split()[1]).parent == tmp_path


def test_the_cache_is_named_after_the_source():
    assert _jit.cache_folder().name == _jit.source_digest()[:16] or _jit.cache_folder().name.startswith("mc_sie-")
