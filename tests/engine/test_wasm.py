"""The kernel for browsers: made of the source that stands here, and the same numbers as the native kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
import wasmtime
from kernel_rows import table_of
from reference.rows import corner_rows, random_rows, whole_domain
from tests_settings import DATA

from mc_sie import evaluate, load_prior, sampling, simulate, trajectory
from mc_sie.engine import wasm
from mc_sie.engine.cpu import CODES, NUMBERS, Processor
from mc_sie.engine.kernel import KERNEL_COLUMNS, kernel_table
from mc_sie.explorer.build import KERNEL, LAYOUT
from mc_sie.priors import shipped_priors
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES

REMEDY = "make it anew by python -m mc_sie.explorer.build (pip install '.[test]' brings the linker)"
LEVELS = np.array([0.1, 1.0, 3.0, 5.0, 8.0])
WIDTHS = np.array([4.0, 12.0])
N_DRAWS = 256
MILD = 1e-8
"""Agreement of months, relative or in months, away from singular corners of the domain."""


class Module:
    """The module in a runtime of its own, called with arrays."""

    def __init__(self, path) -> None:
        self.store = wasmtime.Store()
        self.exports = wasmtime.Instance(
            self.store, wasmtime.Module.from_file(self.store.engine, str(path)), []
        ).exports(self.store)
        self.layout = json.loads(LAYOUT.read_text(encoding="utf-8"))
        self.next = self.exports["__heap_base"].value(self.store)
        self.back = self.place(64)
        self.work = self.place(self.layout["workspace_bytes"])
        self.start = self.next

    def place(self, n_bytes: int) -> int:
        memory = self.exports["memory"]
        found = (self.next + 63) & ~63
        self.next = found + n_bytes
        memory.grow(self.store, max(0, self.next // 65536 + 1 - memory.size(self.store)))
        return found

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function; arrays are lent to it, and hold what it left in them."""
        self.next = self.start
        memory = self.exports["memory"]
        places = {}
        for position, value in enumerate(arguments):
            if isinstance(value, np.ndarray):
                places[position] = self.place(value.nbytes)
                memory.write(self.store, value.tobytes(), places[position])
        passed = [places.get(position, value) for position, value in enumerate(arguments)]
        assert self.exports[name](self.store, self.back, self.back + 16, *passed) == 0
        for position, place in places.items():
            value = arguments[position]
            value[...] = np.frombuffer(memory.read(self.store, place, place + value.nbytes), value.dtype).reshape(
                value.shape
            )

    def points(self, scheme: str, n: int, first: int, seed: int, replicate: int, dimension: int) -> np.ndarray:
        out = np.empty(n)
        signed = int(np.uint64(seed).astype(np.int64))
        extra = [sampling.DIRECTIONS[dimension].copy()] if scheme == "sobol" else []
        self.call(scheme, out, n, first, signed, replicate, dimension, *extra)
        return out

    def simulate(self, table: np.ndarray, codes: np.ndarray) -> dict[str, np.ndarray]:
        room = outcomes_of(table, codes)
        self.call(
            "simulate", np.ascontiguousarray(table), LEVELS.copy(), WIDTHS.copy(), self.work, *room.values(),
            table.shape[1], len(LEVELS), len(WIDTHS),
        )  # fmt: skip
        return room

    def trajectory(self, row: np.ndarray) -> tuple[np.ndarray, int]:
        points = np.empty((self.layout["max_points"], len(self.layout["points"])))
        out = np.zeros(2, np.int32)
        self.call("follow", row, self.work, points, int(row[0] == self.layout["from_scratch"]), out)
        return points[: out[0]], int(out[1])


def outcomes_of(table: np.ndarray, codes: np.ndarray) -> dict[str, np.ndarray]:
    n = table.shape[1]
    return {
        "months_to": np.empty((n, len(LEVELS))),
        "best_window_months": np.empty((n, len(LEVELS))),
        "best_gain_ooms": np.empty((n, len(WIDTHS))),
        "numbers": np.empty((n, len(NUMBERS))),
        "codes": codes.copy(),
    }


def natively(table: np.ndarray, codes: np.ndarray) -> dict[str, np.ndarray]:
    room = outcomes_of(table, codes)
    with np.errstate(all="ignore"):
        Processor()(table, LEVELS, WIDTHS, *room.values())
    return room


def misses(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Difference, relative or absolute, whichever is less; 0 where both are nan or infinite alike."""
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(all="ignore"):
        difference = np.abs(ours - theirs)
        return np.where(same, 0.0, np.fmin(difference, difference / np.abs(theirs)))


def compared(module: Module, table: np.ndarray, codes: np.ndarray) -> dict[str, np.ndarray]:
    ours = module.simulate(table, codes)
    theirs = natively(table, codes)
    status = CODES.index("status")
    np.testing.assert_array_equal(ours["codes"][:, status], theirs["codes"][:, status])
    ok = theirs["codes"][:, status] == 0
    np.testing.assert_array_equal(ours["codes"][ok], theirs["codes"][ok])
    return {name: misses(ours[name][ok], theirs[name][ok]) for name in ours if name != "codes"}


@pytest.fixture(scope="module")
def module() -> Module:
    return Module(KERNEL)


def test_the_module_is_made_of_the_source_that_stands_here():
    stored = json.loads(LAYOUT.read_text(encoding="utf-8"))
    assert stored["source"] == wasm.source_digest(), f"{KERNEL.name} is older than the kernel's source: {REMEDY}"
    assert stored == json.loads(json.dumps(wasm.layout()))


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="a minute and a half: where CI=true")
def test_a_module_made_anew_is_the_same(tmp_path, module):
    code = f"from pathlib import Path; from mc_sie.explorer.build import main; main(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    made = tmp_path / KERNEL.name
    if made.read_bytes() == KERNEL.read_bytes():
        return
    # another version of the compiler: the same numbers all the same
    table, codes = kernel_table(whole_domain(5, 200), 200, HORIZON_MONTHS_DEFAULT)
    ours = Module(made).simulate(table, codes)
    theirs = module.simulate(table, codes)
    np.testing.assert_array_equal(ours["codes"], theirs["codes"])
    assert np.median(misses(ours["months_to"], theirs["months_to"])) <= MILD


def test_it_needs_nothing_from_its_caller():
    assert wasmtime.Module.from_file(wasmtime.Engine(), str(KERNEL)).imports == []


@pytest.mark.parametrize("scheme", sampling.SCHEMES)
@pytest.mark.parametrize("seed", [0, 12345, 2**64 - 1])
def test_points_are_the_same_bits(module, scheme, seed):
    design = sampling.plan(4 * 2**10, scheme=scheme, seed=seed, n_replicates=4)
    for dimension in (0, 7, 31, sampling.NOISE_DIMENSION):
        ours = module.points(scheme, 200, 100, seed, 3, dimension)
        start = 3 * design.n_per_replicate + 100
        np.testing.assert_array_equal(ours, sampling.points(design, dimension, start, start + 200))


def test_stored_solutions(module):
    golden = pd.read_csv(DATA / "law_of_motion.csv")
    rows = {name: golden[name].to_numpy() for name in KERNEL_COLUMNS if name != "mode"}
    rows["mode"] = golden["mode"].map(MODES.index).to_numpy(dtype=float)
    table, codes = kernel_table(rows, len(golden), rows["horizon_months"])
    found = compared(module, table, codes)
    for name in ("months_to", "best_window_months", "best_gain_ooms"):
        assert found[name].max() <= MILD, name


@pytest.mark.parametrize("name", sorted(shipped_priors()))
def test_draws_of_shipped_sets(module, name):
    simulation = simulate(load_prior(name).given([]), N_DRAWS, seed=7, n_replicates=2)
    table, codes = kernel_table(simulation.draws, N_DRAWS, HORIZON_MONTHS_DEFAULT)
    found = compared(module, table, codes)
    for outcome in ("months_to", "best_window_months", "best_gain_ooms"):
        assert found[outcome].max() <= MILD, outcome


def test_random_rows_and_corners(module):
    table = table_of([*random_rows(20, 400), *corner_rows()])
    found = compared(module, table, np.zeros((table.shape[1], len(CODES)), np.int32))
    for name in ("months_to", "best_window_months", "best_gain_ooms"):
        assert found[name].max() <= MILD, name


def test_the_whole_domain(module):
    rows = whole_domain(20261201, 500)
    table, codes = kernel_table(rows, 500, rows["horizon_months"])
    found = compared(module, table, codes)
    for name in ("months_to", "best_window_months", "best_gain_ooms"):
        assert found[name].max() <= MILD, name


def test_a_row_marked_by_the_caller_is_not_simulated(module):
    table = table_of([{"rho": -0.1, "r": 1.5, "mode": "none"}] * 2)
    codes = np.zeros((2, len(CODES)), np.int32)
    codes[1, CODES.index("status")] = 1
    found = module.simulate(table, codes)
    assert np.isfinite(found["best_gain_ooms"][0]).all()
    assert np.isnan(found["best_gain_ooms"][1]).all()


@pytest.mark.parametrize("mode", MODES)
def test_points_of_a_trajectory_lie_on_it(module, mode):
    row = {"rho": -0.1, "r": 1.5, "limit_ooms": 12.0, "mode": mode}
    points, status = module.trajectory(np.ascontiguousarray(table_of([row])[:, 0]))
    assert status == 0
    np.testing.assert_allclose(points[[0, -1], :3], trajectory(row).iloc[[0, -1], :3], rtol=1e-6)
    rising = np.flatnonzero(np.diff(np.maximum.accumulate(points[:, 2])) > 0.0) + 1
    some = rising[:: 1 + len(rising) // 12]
    # panels end where rounding lets them, so that points differ; what they say of the trajectory does not
    reached = evaluate(row, levels=points[some, 2].tolist()).months_to[0]
    np.testing.assert_allclose(points[some, 0], reached, rtol=1e-6)
