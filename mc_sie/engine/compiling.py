"""The kernel compiled in a process of its own, while this one gets ready for it.

The first run of a version spends most of its time in the compiler, on one processor. What comes before the kernel
(sampling, quantile functions, libraries) has machine code of its own, and so has mode from_scratch: with a second
processor all that is compiled at the same time. Both processes share the cache.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys

from mc_sie._jit import cache_folder, config, is_warm

_PROGRAM = "import sys; sys.path[:] = {path!r}; from mc_sie.engine.compiling import compile_kernel; compile_kernel()"

_beside: subprocess.Popen[bytes] | None = None


def n_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compile_beside() -> None:
    """Have the kernel compiled by another process, where its machine code is not in the cache yet.

    Not with a single processor, where there is nothing to gain. Returns at once; :func:`wait_for_kernel` waits. The
    other process is ended when this one exits; where this one is killed, it ends when it has compiled.
    """
    global _beside
    folder = cache_folder()
    if folder is None or _beside or n_processors() < 2 or config.DISABLE_JIT or is_warm("cpu.simulate_lines"):
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


def compile_kernel() -> None:
    """Compile the kernel for every mode but from_scratch, in the other process."""
    import gc

    from mc_sie.engine.run import evaluate

    gc.disable()  # the compiler keeps nearly all that it makes, and looking through it takes a twentieth of the time
    evaluate({"rho": -0.3, "r": 1.0}, threads=1)
