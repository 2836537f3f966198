"""The GPU's driver against the processor's: in numba's simulator of a GPU, and on one where there is one."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cuda_rows import LEVELS, WIDTHS
from rows import corner_rows, random_rows
from tests_settings import INTERPRETED

import mc_sie
from mc_sie.engine import run
from mc_sie.engine.run import KERNEL_COLUMNS, evaluate
from mc_sie.errors import InputError
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, QUANTITIES

GOLDEN = Path(__file__).parent.parent / "data" / "law_of_motion.csv"
TOLERANCE = 1e-9  # relative, or months (or OOM)
PEAK_TIME_TOLERANCE = 1e-5  # a maximum is flat: its place is known to the root of what its value is
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1"}
GPU = {"NUMBA_ENABLE_CUDASIM": "0", "NUMBA_DISABLE_JIT": "0"}

needs_numba_cuda = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
compiled = pytest.mark.skipif(INTERPRETED, reason="once is enough, with the compiled tests")


def has_gpu() -> bool:
    from numba import cuda

    return cuda.is_available()


def has_toolkit() -> bool:
    """Whether what compiles for a GPU is there; with the extra [cuda] it is."""
    if find_spec("numba_cuda") is None:
        return False
    from mc_sie.engine.cuda import missing_libraries

    return not missing_libraries()


def python(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Another process, since numba reads its settings when it is imported."""
    path = os.pathsep.join([str(Path(mc_sie.__file__).parent.parent), *sys.path])
    return subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=500,
    )


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    """Golden rows, corners and random rows of every mode, and rows of every status that a row can be given."""
    with GOLDEN.open(encoding="utf-8") as file:
        golden = [
            {name: text if name == "mode" else float(text) for name, text in row.items() if text and name in QUANTITIES}
            for row in csv.DictReader(file)
        ]
    chosen = [*golden[::11], *corner_rows()[::11], *random_rows(19, 15)]
    plain = {"rho": -0.1, "r": 1.4}
    chosen += [{**plain, "rho": 2.0}, {**plain, "rho_long": 0.0}]
    chosen += [{**plain, "mode": "shortening", "rho_long": 0.0, "reconfiguration_half_life_months": 12.0}]
    # the first panel beyond the limit, as long as the way there, overflows: its error is nan
    chosen.append({"mode": "continual", "rho": 0.0, "alpha_compute": 0.3, "lam": 0.9, "r": 13.4,
                   "labour_per_efficiency": 1.2, "experiment_efficiency_share": 0.3, "labour_multiplier": 12.6,
                   "limit_ooms": 5.4, "software_doubling_months": 1.7, "training_months": 1.2})  # fmt: skip
    columns: dict[str, np.ndarray] = {}
    for name in KERNEL_COLUMNS:
        default = HORIZON_MONTHS_DEFAULT if name == "horizon_months" else QUANTITIES[name].default
        missing = math.nan if default is None else default
        if name == "mode":
            columns[name] = np.array([row.get(name, "none") for row in chosen])
        else:
            columns[name] = np.array([row.get(name, missing) for row in chosen], dtype=np.float64)
    return columns


@needs_numba_cuda
@compiled
@pytest.mark.slow
@pytest.mark.parametrize("where", [SIMULATOR, GPU], ids=["simulator", "gpu"])
def test_a_gpu_gives_the_outcomes_of_the_processor(rows, where, tmp_path):
    if where is GPU and not has_gpu():
        pytest.skip("there is no GPU")
    ours = evaluate(rows, levels=LEVELS, widths=WIDTHS)
    assert set(ours.mode) == set(range(5))
    assert set(ours.status) >= {0, 1, 2, 3}
    np.savez(tmp_path / "rows.npz", **rows)
    done = python("cuda_rows.py", str(tmp_path / "rows.npz"), str(tmp_path / "outcomes.npz"), **where)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "outcomes.npz") as stored:
        for name, expected in vars(ours).items():
            found = stored[name]
            if expected.dtype.kind != "f":
                np.testing.assert_array_equal(found, expected, err_msg=name)
                continue
            with np.errstate(invalid="ignore"):
                miss = np.abs(found - expected)
                miss = np.where(found == expected, 0.0, np.minimum(miss, miss / np.abs(expected)))
            np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), err_msg=name)
            assert np.nanmax(miss) <= (PEAK_TIME_TOLERANCE if name == "months_to_peak" else TOLERANCE), name


@needs_numba_cuda
@compiled
@pytest.mark.slow
def test_the_kernel_compiles_for_a_gpu():
    """What the simulator cannot show: types, what CUDA lacks, and the 64 KB of constants that it allows."""
    if not has_toolkit():
        pytest.skip("libraries of the CUDA toolkit are not installed: pip install 'mc-sie[cuda]'")
    done = python("cuda_assembly.py", "8.0", **GPU)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["entries"] == 1
    assert 20 < found["functions"] < 1000
    assert found["bytes"] > 1e5


def test_a_gpu_without_numba_cuda_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs numba-cuda.*pip install 'mc-sie\[cuda\]'"):
        evaluate({"rho": -0.1}, device="cuda")


@needs_numba_cuda
@compiled
def test_a_machine_without_a_gpu_is_refused():
    if has_gpu():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match=r"device 'cuda' finds no NVIDIA GPU with a driver \(.*Take device 'cpu'"):
        evaluate({"rho": -0.1}, device="cuda")


@needs_numba_cuda
@compiled
def test_a_gpu_without_the_toolkit_is_refused_with_the_remedy(monkeypatch):
    from mc_sie.engine import cuda

    monkeypatch.setattr(cuda, "cuda", SimpleNamespace(is_available=lambda: False, cuda_error=lambda: None))
    monkeypatch.setattr(cuda, "LIBRARIES", ("nvvm", "nonsense"))
    with pytest.raises(InputError, match=r"needs libraries .*nonsense.*pip install 'mc-sie\[cuda\]'"):
        evaluate({"rho": -0.1}, device="cuda")


@needs_numba_cuda
def test_the_simulator_is_refused_for_compiled_functions(tmp_path):
    np.savez(tmp_path / "rows.npz", rho=np.array([-0.1]))
    found = str(tmp_path / "outcomes.npz")
    done = python("cuda_rows.py", str(tmp_path / "rows.npz"), found, **{**SIMULATOR, "NUMBA_DISABLE_JIT": "0"})
    assert done.returncode == 1
    assert "InputError: device 'cuda' is" in done.stderr
    assert "NUMBA_DISABLE_JIT" in done.stderr
    assert not Path(found).exists()


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="Did you mean 'cuda'"):
        evaluate({"rho": -0.1}, device="cdua")
