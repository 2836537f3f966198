"""Runs that are counted on a Dask cluster: the same bits, whoever dies; and what is refused."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import dask
import distributed
import numpy as np
import pytest
from tests_settings import INTERPRETED

import mc_sie
from mc_sie import load_prior
from mc_sie.engine import dask as cluster_module
from mc_sie.engine import streaming
from mc_sie.engine.counts import TABLE_LEVELS, CountSpec
from mc_sie.engine.streaming import Job
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.sampling import plan
from mc_sie.storage.checkpoint import Checkpoint

pytestmark = pytest.mark.skipif(INTERPRETED, reason="worker processes compile for themselves")

CHEAP = "davidson-houlden-2025"
ASKED = ("run", CHEAP, "--no-draws", "--draws", "8192", "--replicates", "8", "--quiet")
BATCH = 128  # 64 batches


def local_cluster(n_workers: int, **how):
    return distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL, **how
    )


@pytest.fixture(scope="module")
def cluster():
    """Two processes of one thread, started again when they die."""
    with local_cluster(2, processes=True) as started:
        yield started


@pytest.fixture
def worker_processes():
    """Starts workers that nobody starts again."""
    started: list[subprocess.Popen] = []

    def start(address: str, source: Path) -> subprocess.Popen:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
        process = subprocess.Popen(
            [*command, "--no-dashboard"],
            env={**os.environ, "PYTHONPATH": str(source)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


_kept: dict[str, np.ndarray] = {}


@pytest.fixture
def whole(cli):
    """The counts of the run that these tests repeat, on this machine's threads."""
    if not _kept:
        assert cli(*ASKED, "--out", "whole")[0] == 0
        _kept.update(counts("whole"))
    return _kept


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(streaming, "BATCH_DEFAULT", BATCH)


@pytest.fixture
def at_batch(monkeypatch):
    """Have something happen in the middle: once so many batches were counted."""
    save, calls, happens = Checkpoint.save, [], {}

    def saving(self, rows):
        save(self, rows)
        calls.append(1)
        if action := happens.pop(len(calls), None):
            action()

    monkeypatch.setattr(streaming, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(Checkpoint, "save", saving)
    return happens


def counts(folder: str | Path) -> dict[str, np.ndarray]:
    with np.load(Path(folder) / "counts.npz") as stored:
        return dict(stored)


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert set(one) == set(other)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def wait_for_workers(address: str, n_workers: int) -> dict[str, int]:
    """Process of each worker, once there are so many."""
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(n_workers, timeout=60)
        return client.run(os.getpid)


def test_a_cluster_counts_the_same_bits(cli, cluster, whole):
    status, out, err = cli(*ASKED, "--out", "run", "--scheduler", cluster.scheduler_address)
    assert (status, err) == (0, "")
    assert "8,192 draws" in out
    assert_same(counts("run"), whole)
    assert not Path("run.unfinished").exists()


def test_a_worker_that_is_killed_and_started_again_changes_no_bit(cli, cluster, whole, at_batch):
    victim = next(iter(wait_for_workers(cluster.scheduler_address, 2).values()))
    at_batch[10] = lambda: os.kill(victim, signal.SIGKILL)
    status, _, err = cli(*ASKED, "--out", "run", "--scheduler", cluster.scheduler_address)
    assert (status, err) == (0, "")
    assert_same(counts("run"), whole)
    assert victim not in wait_for_workers(cluster.scheduler_address, 2).values()


def test_an_interrupt_keeps_what_was_counted_and_gives_up_the_rest(cli, cluster, whole, at_batch):
    at_batch[10] = lambda: os.kill(os.getpid(), signal.SIGINT)
    address = cluster.scheduler_address
    status, _, err = cli(*ASKED, "--out", "run", "--scheduler", address)
    assert status == 130
    assert "go on with: mc-sie resume run" in err
    with distributed.Client(address, set_as_default=False) as client:
        deadline = time.monotonic() + 20
        while (n_left := client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))) > 0:
            assert time.monotonic() < deadline, n_left
            time.sleep(0.1)
    status, _, err = cli("resume", "run", "--quiet", "--scheduler", address)
    assert (status, err) == (0, "Going on after 1,152 draws.\n")
    assert_same(counts("run"), whole)


def test_workers_that_nobody_starts_again(cli, cluster, whole, at_batch, worker_processes, monkeypatch):
    monkeypatch.setattr(cluster_module, "ALONE_SECONDS", 0.1)
    with local_cluster(0, processes=True) as bare:
        address = bare.scheduler_address
        first, second = (worker_processes(address, Path(mc_sie.__file__).parent.parent) for _ in range(2))
        wait_for_workers(address, 2)
        at_batch[10] = first.kill
        at_batch[30] = second.kill
        status, _, err = cli(*ASKED, "--out", "run", "--scheduler", address)
    assert status == 2
    assert "go on with: mc-sie resume run" in err
    assert f"--scheduler {address} has had no worker for 0.1 s. See to the cluster; a run" in err
    status, _, err = cli("resume", "run", "--quiet", "--scheduler", cluster.scheduler_address)
    assert (status, err) == (0, "Going on after 3,712 draws.\n")
    assert_same(counts("run"), whole)


def test_a_scheduler_that_is_lost(cli, whole, at_batch):
    bare = local_cluster(1, processes=False, protocol="tcp://")
    try:
        at_batch[10] = bare.close
        status, _, err = cli(*ASKED, "--out", "run", "--scheduler", bare.scheduler_address)
    finally:
        bare.close()
    assert status == 2
    assert f"mc-sie: --scheduler {bare.scheduler_address} was lost (scheduler-connection-lost). See to" in err
    assert "Traceback" not in err
    status, _, err = cli("resume", "run", "--quiet")
    assert (status, err) == (0, "Going on after 1,152 draws.\n")
    assert_same(counts("run"), whole)


def test_workers_with_another_source_are_refused(cli, here, cluster, worker_processes):
    other = here / "other"
    shutil.copytree(Path(mc_sie.__file__).parent, other / "mc_sie")
    with (other / "mc_sie" / "units.py").open("a") as file:
        file.write("# changed\n")
    address = cluster.scheduler_address
    own = wait_for_workers(address, 2)
    process = worker_processes(address, other)
    new = next(iter(set(wait_for_workers(address, 3)) - set(own)))
    status, _, err = cli(*ASKED, "--out", "run", "--scheduler", address)
    process.kill()
    assert status == 2
    assert f"--scheduler {address} runs another version of mc_sie on {new}. Install the same version" in err
    assert list(here.iterdir()) == [other]


def test_a_connection_that_was_closed_is_no_traceback():
    gone = cluster_module.Cluster(SimpleNamespace(status="closed"), "--scheduler here", print)
    spec = CountSpec(parse_event("pace_peak > 10"), TABLE_LEVELS, (4.0, 12.0), 240.0, ())
    job = Job(load_prior(CHEAP), plan(64, scheme="sobol", seed=4, n_replicates=4), spec, 16)
    with pytest.raises(InputError, match="--scheduler here was lost"):
        gone.submit(streaming.count_batch, job, 0)


def test_workers_that_come_later_are_looked_at_too(monkeypatch):
    monkeypatch.setattr(distributed, "get_worker", lambda: SimpleNamespace(address="tcp://late:1"))
    with pytest.raises(InputError, match="worker tcp://late:1 runs another version of mc_sie"):
        cluster_module.count_here(b"", 0, "another")


def test_workers_with_another_processor_are_named_once():
    said: list[str] = []
    mine = cluster_module.identity()
    asked = cluster_module.Cluster(None, "--scheduler here", said.append)
    others = {name: {**mine, "processor": "m68k", "numpy": "0"} for name in "abcd"}
    asked._compare({"same": mine})
    asked._compare(others)
    asked._compare({"late": others["a"]})
    ours = [f"{what} {theirs} (here {mine[what]})" for what, theirs in (("processor", "m68k"), ("numpy", "0"))]
    assert said == [f"last bits may differ from those of this machine: a, b, c and 1 more with {', '.join(ours)}."]


def test_a_job_travels_light():
    prior = load_prior("agnostic")
    spec = CountSpec(parse_event("pace_peak > 10"), TABLE_LEVELS, (4.0, 12.0), 240.0, tuple(prior.dimensions))
    job = Job(prior, plan(64, scheme="sobol", seed=4, n_replicates=4), spec, 16)
    data = pickle.dumps(job)
    assert len(data) < 150_000
    np.testing.assert_array_equal(streaming.count_batch(pickle.loads(data), 1), streaming.count_batch(job, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("run", CHEAP, "--scheduler", "tcp://127.0.0.1:9"),
            "--scheduler tcp://127.0.0.1:9 needs --no-draws: a cluster",
        ),
        ((*ASKED, "--threads", "2", "--scheduler", "tcp://127.0.0.1:9"), "--threads is for this machine"),
        ((*ASKED, "--scheduler", "tcp://127.0.0.1:9"), "--scheduler tcp://127.0.0.1:9 cannot be reached: "),
        ((*ASKED, "--scheduler", "nowhere.invalid:9"), "--scheduler nowhere.invalid:9 cannot be reached: "),
        ((*ASKED, "--scheduler", "carrier-pigeon://x:9"), "--scheduler carrier-pigeon://x:9 cannot be reached: "),
        ((*ASKED, "--scheduler", "no:port"), "--scheduler no:port cannot be reached: "),
        ((*ASKED, "--scheduler", "ucx://x:9"), "--scheduler ucx://x:9 cannot be reached: "),
        ((*ASKED, "--scheduler", "tls://127.0.0.1:9"), "--scheduler tls://127.0.0.1:9 needs certificates, and Dask"),
    ],
)
def test_what_is_refused_leaves_nothing(cli, here, monkeypatch, arguments, message):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    status, _, err = cli(*arguments)
    assert status == 2
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(here.iterdir()) == []


def test_certificates_that_cannot_be_read_are_refused(cli, here):
    named = {f"distributed.comm.tls.{key}": "nowhere.pem" for key in ("ca-file", "client.cert", "client.key")}
    with dask.config.set(named):
        status, _, err = cli(*ASKED, "--scheduler", "tls://127.0.0.1:9")
    assert status == 2
    assert "--scheduler tls://127.0.0.1:9 cannot be reached: " in err
    assert list(here.iterdir()) == []


def test_without_dask_it_is_named(cli, monkeypatch):
    monkeypatch.delitem(sys.modules, "mc_sie.engine.dask")
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, _, err = cli(*ASKED, "--scheduler", "tcp://127.0.0.1:9")
    assert status == 2
    assert "needs Dask, which is not installed (distributed). Install it: pip install 'mc-sie[dask]'" in err
