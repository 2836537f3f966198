"""The first run of a version: the kernel compiled in a process of its own, and word of the wait.

The first run of a version spends most of its time in the compiler, on one processor. What comes before the kernel
(sampling, quantile functions, libraries) has machine code of its own, and so has mode from_scratch: with a second
processor all that is compiled at the same time. Both processes share the cache.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Callable

from mc_sie._jit import cache_folder, config, is_warm, no_cache_because

KERNEL = "cpu.simulate_lines"
"""The function that takes longest to compile."""

_PROGRAM = "import sys; sys.path[:] = {path!r}; from mc_sie.engine.run import compile_kernel; compile_kernel()"

_beside: subprocess.Popen[bytes] | None = None

_announced: set[str] = set()


def n_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone knows which of them are ours
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def compile_beside() -> None:
    """Have the kernel compiled by another process, where its machine code is not in the cache yet.

    Not with a single processor, where there is nothing to gain. Returns at once; :func:`wait_for_kernel` waits. The
    other process is ended when this one exits; where this one is killed, it ends when it has compiled.
    """
    global _beside
    folder = cache_folder()
    if folder is None or _beside or n_processors() < 2 or config.DISABLE_JIT or is_warm(KERNEL):
        return
    _beside = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.format(path=sys.path)],
        env={**os.environ, "MC_SIE_CACHE": str(folder.parent.parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, _beside)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def wait_for_kernel() -> None:
    """Return once no other process is compiling the kernel; if it failed there, it is compiled here."""
    if _beside is not None:
        _beside.wait()


def announce_compiling(function: str = KERNEL, say: Callable[[str], None] | None = None) -> None:
    """Say that something has to be compiled first, where its machine code is not in the cache; once in a process.

    Parameters
    ----------
    function : str
        Module and function, as :func:`mc_sie._jit.is_warm` takes it.
    say : callable, optional
        Is given the sentence; it goes to standard error if not given.
    """
    if function in _announced:
        return
    _announced.add(function)
    sentence = _sentence(function)
    if sentence:
        (say or _to_stderr)(sentence)


def _sentence(function: str) -> str:
    """Reason for a wait; empty where machine code is at hand or nothing is compiled."""
    if config.DISABLE_JIT:
        return ""
    if cache_folder() is None:
        return (
            "Compiling the simulator for this run alone (some twenty seconds), since no folder can keep it "
            f"({no_cache_because()}). Set MC_SIE_CACHE to a folder that is yours alone."
        )
    if is_warm(function):
        return ""
    if function == KERNEL:
        return "First run of this version: compiling the simulator, once (some twenty seconds)."
    return "First time in this version: compiling, once (up to some twenty seconds)."


def _to_stderr(sentence: str) -> None:
    if sys.stderr is not None:  # a program without a console has none
        print(sentence, file=sys.stderr, flush=True)
