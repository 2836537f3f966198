"""Batches counted by the workers of a Dask cluster. Imported only where a scheduler is asked for.

A batch is a pure function of its number, and counts are whole numbers added in the order of the batches, so it matters
to no bit which worker counts which batch, when workers come or die, and how often a batch is counted anew.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import pickle
import platform
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import distributed
import llvmlite
import locket
import numba
import numpy as np
import scipy
from numpy.typing import NDArray

from mc_sie._jit import cache_folder, config, is_warm, package_digest, processor
from mc_sie.engine.streaming import Job, count_batch
from mc_sie.errors import InputError

CONNECT_SECONDS = 5.0
"""Time after which a scheduler that does not answer cannot be reached."""

ALONE_SECONDS = 60.0
"""Time without any worker after which they are taken to be lost for good."""

LOOK_SECONDS = 2.0
"""Time between two looks at who is there."""

AHEAD = 4
"""Batches under way for each thread of the workers."""

RETRIES = 2
"""Times that a batch which failed is tried again, likely elsewhere."""

_LOST = (asyncio.CancelledError, concurrent.futures.CancelledError, distributed.KilledWorker, OSError)
_START_AGAIN = "See to the cluster; a run that was under way is kept, and mc-sie resume goes on with it."
_SAME_VERSION = "Install the same version of mc_sie here, on the scheduler and on the workers."

Counted = tuple[str, dict[str, str], NDArray[np.int32], NDArray[np.int64]]


# ------------------------------------------------------------------------------------------------ on the workers


@cache
def identity() -> dict[str, str]:
    """Everything that decides the bits of a result: the package's source, then processor and libraries.

    Returns
    -------
    dict of str to str
        ``source`` decides everything; a difference in the others may change last bits.
    """
    return {
        "source": package_digest(),
        "processor": processor(),
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "libc": " ".join(platform.libc_ver()),
    }


def count_here(job: bytes, number: int, source: str) -> Counted:
    """Count one batch on this worker.

    Parameters
    ----------
    job : bytes
        The job, pickled.
    number : int
        Number of the batch.
    source : str
        Digest of the source that asks.

    Returns
    -------
    address : str
        This worker.
    identity : dict of str to str
        As :func:`identity` gives it.
    columns, values : array of int32, array of int64
        Where the batch's counts are not nothing, and those counts.

    Raises
    ------
    InputError
        When this worker runs another source; workers may come at any time.
    """
    address = distributed.get_worker().address
    if package_digest() != source:
        raise InputError(f"worker {address}", "runs another version of mc_sie", _SAME_VERSION)
    row = _counted(_loaded(job), number)
    columns = np.flatnonzero(row)
    return address, identity(), columns.astype(np.int32), row[columns]


@lru_cache(maxsize=1)
def _loaded(job: bytes) -> Job:
    found: Job = pickle.loads(job)
    return found


_warm = threading.Event()


def _counted(job: Job, number: int) -> NDArray[np.int64]:
    """Count a batch; where nothing is compiled yet, one process of a machine compiles and the others wait for it."""
    folder = cache_folder()
    if folder is not None and not (_warm.is_set() or config.DISABLE_JIT or is_warm()):
        with locket.lock_file(str(folder / "compiling.lock")):
            if not is_warm():
                return count_batch(job, number)
    _warm.set()
    return count_batch(job, number)


# ------------------------------------------------------------------------------------------- on the asking machine


class Batch(Future[NDArray[np.int64]]):
    """The counts of one batch, or the wait for them.

    Parameters
    ----------
    cluster : Cluster
        Where it is counted.
    remote : distributed.Future
        Dask's name for it.
    n_counts : int
        Length of its row.
    """

    def __init__(self, cluster: Cluster, remote: distributed.Future[Counted], n_counts: int) -> None:  # noqa: D107
        super().__init__()
        self._cluster = cluster
        self._remote = remote
        self._n_counts = n_counts

    def result(self, timeout: float | None = None) -> NDArray[np.int64]:
        """Wait for the counts, for as long as there is somebody to count; there is no other limit.

        Raises InputError when there is nobody any more, or the batch failed everywhere.
        """
        columns, values = self._cluster.fetch(self._remote)
        row = np.zeros(self._n_counts, dtype=np.int64)
        row[columns] = values
        return row

    def cancel(self) -> bool:
        """Tell the scheduler, without waiting for its answer, that nobody wants it any more."""
        self._remote.release()
        return True


class Cluster(Executor):
    """Where :func:`~mc_sie.engine.streaming.stream` has its batches counted; made by :func:`connected`.

    Parameters
    ----------
    client : distributed.Client
        Connection to the scheduler.
    where : str
        The option and address, for messages.
    warn : callable
        Called with a sentence.
    """

    def __init__(self, client: distributed.Client, where: str, warn: Callable[[str], None]) -> None:  # noqa: D107
        self._client = client
        self._where = where
        self._warn = warn
        self._name = f"mc-sie-{secrets.token_hex(8)}"  # the scheduler may serve several runs, each with its own batches
        self._job: tuple[Job, bytes] | None = None
        self._known = {_kind(identity())}
        self._n_threads = 0
        self._looked = self._seen = time.monotonic()

    def submit(self, function: Callable[..., Any], /, *args: Any, **_: Any) -> Batch:  # type: ignore[override]
        """Have a batch counted: a job and a number for ``count_batch``. The workers do nothing else."""
        assert function.__name__ == count_batch.__name__
        job, number = args
        if self._job is None or self._job[0] is not job:
            self._job = job, pickle.dumps(job)
        with self._failing():
            if self._client.status == "closed":
                raise ConnectionError("the connection was closed")
            remote = self._client.submit(
                count_here, self._job[1], number, package_digest(), key=f"{self._name}-{number}", retries=RETRIES
            )
        return Batch(self, remote, job.spec.n_counts)

    def n_ahead(self) -> int:
        """Batches that should be under way: a few for every thread there is; workers may come and go."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self.look()
        return AHEAD * max(self._n_threads, 1)

    def fetch(self, remote: distributed.Future[Counted]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Counts of a worker, once it has them."""
        with self._failing():
            while True:
                try:
                    address, kind, columns, values = remote.result(timeout=LOOK_SECONDS)
                    break
                except TimeoutError:
                    if remote.status == "error":
                        raise
                    self.look()
        self._compare({address: kind})
        return columns, values

    def look(self) -> None:
        """See how many threads there are; InputError when the scheduler is gone, or long without a worker."""
        with self._failing():
            self._n_threads = sum(self._client.nthreads().values())
        self._looked = time.monotonic()
        if self._n_threads:
            self._seen = self._looked
        elif self._looked - self._seen > ALONE_SECONDS:
            raise InputError(self._where, f"has had no worker for {ALONE_SECONDS:g} s", _START_AGAIN)

    def check(self) -> None:
        """Wait for a worker, and see that the scheduler and all workers run the same source as this machine.

        Raises InputError when one does not, or none comes.
        """
        self.look()
        if not self._n_threads:
            self._warn(f"{self._where} has no worker yet; waiting {ALONE_SECONDS:g} s for one.")
        while not self._n_threads:
            time.sleep(LOOK_SECONDS / 10)
            self.look()
        with self._failing():
            found: dict[str, Any] = self._client.run(identity, on_error="return")
            scheduler = self._client.run_on_scheduler(identity)
        workers = {name: kind for name, kind in found.items() if not isinstance(kind, OSError)}  # gone since
        others = [
            name
            for name, kind in [("the scheduler", scheduler), *workers.items()]
            if not isinstance(kind, dict) or kind["source"] != package_digest()
        ]
        if others:
            raise InputError(self._where, f"runs another version of mc_sie on {_listed(others)}", _SAME_VERSION)
        self._compare(workers)

    def _compare(self, found: dict[str, dict[str, str]]) -> None:
        """Warn, once for each kind, of workers whose processor or libraries are not those of this machine."""
        mine = identity()
        new: dict[tuple[str, ...], list[str]] = {}
        for name, kind in found.items():
            if _kind(kind) not in self._known:
                new.setdefault(_kind(kind), []).append(name)
        self._known |= new.keys()
        for key, names in new.items():
            pairs = zip(mine.items(), key, strict=True)
            differing = ", ".join(f"{what} {theirs} (here {ours})" for (what, ours), theirs in pairs if theirs != ours)
            self._warn(f"last bits may differ from those of this machine: {_listed(names)} with {differing}.")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Say in one sentence what went wrong beyond repair."""
        try:
            yield
        except ImportError as error:
            raise InputError(self._where, f"cannot load this version of mc_sie: {error}", _SAME_VERSION) from error
        except _LOST as error:
            reason = getattr(error, "reason", None) or f"{type(error).__name__}: {_first_line(error)}"
            raise InputError(self._where, f"was lost ({reason})", _START_AGAIN) from error


@contextmanager
def connected(address: str, warn: Callable[[str], None]) -> Iterator[Cluster]:
    """Connect to a cluster whose scheduler and workers run this source.

    Whoever runs the scheduler can run code here, since Dask unpickles what comes from it.

    Parameters
    ----------
    address : str
        The scheduler, e.g. ``tcp://host:8786``; ``tls://`` with the certificates of Dask's configuration.
    warn : callable
        Called with a sentence for what may be meant but looks like a mistake.

    Yields
    ------
    Cluster
        To be used within; what is then still under way is given up.

    Raises
    ------
    InputError
        When there is no scheduler at the address, no worker comes, or another source runs there.
    """
    where = f"--scheduler {address}"
    for name in ("distributed", "distributed.client"):  # what goes wrong is said by us, in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        _check_certificates(address, where)
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except InputError:
        raise
    except Exception as error:  # each kind of address fails in ways of its own
        remedy = "Give the address that the scheduler printed, such as tcp://host:8786."
        raise InputError(where, f"cannot be reached: {_first_line(error)}", remedy) from error
    try:
        cluster = Cluster(client, where, warn)
        cluster.check()
        yield cluster
    finally:
        client.close(timeout=CONNECT_SECONDS)


def _check_certificates(address: str, where: str) -> None:
    """Refuse an encrypted connection for which Dask knows no certificates."""
    if not address.startswith("tls://"):
        return
    if distributed.Security().get_connection_args("client")["ssl_context"] is None:
        remedy = (
            "Name them in Dask's configuration: ca-file, client.cert and client.key below distributed.comm.tls, or "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ...__TLS__CLIENT__CERT and ...__TLS__CLIENT__KEY."
        )
        raise InputError(where, "needs certificates, and Dask knows none", remedy)


def _kind(found: dict[str, str]) -> tuple[str, ...]:
    return tuple(found.values())


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _listed(names: list[str]) -> str:
    text = ", ".join(names[:3])
    if len(names) > 3:
        text += f" and {len(names) - 3} more"
    return text
