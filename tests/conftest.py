"""Simulations that several tests look at, made once, and the command line in this process."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate
from mc_sie.__main__ import main
from mc_sie.engine.run import Simulation

N_REPLICATES = 4 if INTERPRETED else 16
N_DRAWS = 64 if INTERPRETED else 2048

LONGEST = ("test_compiling.py", "test_pages.py", "test_report.py", "test_degenerate_sets.py", "test_live_page.py")
"""Files whose tests take longest: first, so that at the end no core waits for one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)  # keeps the order otherwise


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """The default prior (modes shortening and continual), with levels and widths beside the usual ones."""
    prior = load_prior("davidson-2025")
    return simulate(prior, N_DRAWS, seed=11, n_replicates=N_REPLICATES, levels=(1, 2.5, 3, 5, 8), widths=(4, 12, 24))


@pytest.fixture(scope="session")
def pooled() -> Simulation:
    """The pool of all shipped sets, in which some quantities are absent from some draws."""
    return simulate(load_prior("agnostic"), N_DRAWS, seed=12, n_replicates=N_REPLICATES)


@pytest.fixture(scope="session")
def failing(simulation: Simulation) -> Simulation:
    """The same with every tenth draw not simulated, as the engine leaves such draws."""
    outcomes = simulation.outcomes
    failed = np.arange(len(outcomes)) % 10 == 3
    status = np.where(failed, np.where(np.arange(len(outcomes)) % 20 == 3, 4, 5), 0).astype(np.int8)
    arrays = {}
    for name, array in vars(outcomes).items():
        if name in ("levels", "widths", "mode"):
            continue
        if array.dtype.kind == "f":
            mask = failed.reshape(-1, *[1] * (array.ndim - 1))
            arrays[name] = np.where(mask, np.nan, array)
        else:
            arrays[name] = np.where(failed, 0, array).astype(array.dtype)
    return replace(simulation, outcomes=replace(outcomes, **{**arrays, "status": status}))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder in which the test stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def cli(here, monkeypatch, capsys):
    """Run the command line in this process and an empty folder: exit status, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mc-sie", *arguments])
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        capsys.readouterr()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # should main not handle it, the test fails and not the session
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return status, *capsys.readouterr()

    return run
