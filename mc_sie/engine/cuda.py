"""The GPU's driver of the kernel: a thread a draw, the processor's own scalar source.

A pool of workspaces lies on the device, one for each thread of the grid. A thread takes row after row of a batch, in
strides of the grid, and lends each the same workspace, so that memory does not grow with the number of draws.

Importing this module imports numba-cuda; ``engine.run`` does so only when a GPU is asked for.
"""

from __future__ import annotations

import math
import threading
from importlib import import_module
from typing import Any

import numpy as np
from numba import void
from numpy.typing import NDArray

from mc_sie._jit import config
from mc_sie.engine.cpu import simulate_jumps, simulate_lines
from mc_sie.errors import InputError
from mc_sie.model.timeline import WORKSPACE_TYPE

cuda: Any = import_module("numba.cuda")

LIBRARIES = ("nvvm", "nvrtc", "nvJitLink")
"""What compiles and links for a GPU."""

BLOCK_THREADS = 64
"""Threads of a block."""

THREADS_PER_MULTIPROCESSOR = 256
"""Threads that a multiprocessor runs at a time: each takes 255 of its 65,536 registers."""

MEMORY_SHARE = 0.5
"""Share of the device's free memory that the pool of workspaces may take."""

SIMULATED_GRID = (2, 3)
"""Blocks and threads of a block in numba's simulator of a GPU."""

_INLINED_INSTRUCTIONS = 100

_compiling = threading.Lock()


def simulate_strides(
    table: NDArray[np.float64],
    levels: NDArray[np.float64],
    widths: NDArray[np.float64],
    months_to: NDArray[np.float64],
    best_window_months: NDArray[np.float64],
    best_gain_ooms: NDArray[np.float64],
    numbers: NDArray[np.float64],
    codes: NDArray[np.int32],
    pool: NDArray[np.void],
) -> None:
    """The kernel: rows as in :func:`mc_sie.engine.cpu.simulate_rows`, then the pool, a workspace in each row of it."""
    slot = cuda.grid(1)
    work = pool[slot]
    for i in range(slot, table.shape[1], cuda.gridsize(1)):
        row = slice(i, i + 1)
        row_of = (months_to[row], best_window_months[row], best_gain_ooms[row], numbers[row], codes[row])
        simulate_lines(table[:, row], levels, widths, work, *row_of)
        simulate_jumps(table[:, row], levels, widths, work, *row_of)


_kernel = cuda.jit(simulate_strides)


def check_gpu() -> None:
    """Refuse a machine on which the kernel cannot run on a GPU.

    Raises
    ------
    InputError
        When there is no GPU with a driver, or what compiles for it is missing, or numba's settings fit neither a GPU
        nor its simulator.
    """
    if bool(config.ENABLE_CUDASIM) != bool(config.DISABLE_JIT):
        why = "is for compiled functions on a GPU, or for plain Python in numba's simulator of one"
        raise InputError("device 'cuda'", why, "Set both of NUMBA_ENABLE_CUDASIM and NUMBA_DISABLE_JIT, or neither.")
    if config.ENABLE_CUDASIM:
        return
    if not cuda.is_available() and (error := cuda.cuda_error()):
        why = f"finds no NVIDIA GPU with a driver ({error.strip().partition(chr(10))[0].rstrip('.')})"
        raise InputError("device 'cuda'", why, "Take device 'cpu', or install NVIDIA's driver.")
    if missing := missing_libraries():
        why = f"needs libraries of the CUDA toolkit that are not installed ({', '.join(missing)})"
        raise InputError("device 'cuda'", why, "Install them: pip install 'mc-sie[cuda]'")


def missing_libraries() -> list[str]:
    """Which of the libraries that compile and link for a GPU are not installed.

    Returns
    -------
    list of str
        Empty where the kernel can be compiled, with or without a GPU.
    """
    pathfinder: Any = import_module("cuda.pathfinder")
    missing = []
    for name in LIBRARIES:
        try:
            pathfinder.load_nvidia_dynamic_lib(name)
        except pathfinder.DynamicLibNotFoundError:
            missing.append(name)
    return missing


class Gpu:
    """The current GPU with a pool of workspaces on it: called, it simulates rows.

    Attributes
    ----------
    name : str
        The device in words.
    blocks, block_threads : int
        The grid.
    n_bytes : int
        Size of the pool.

    Raises
    ------
    InputError
        When the GPU has no memory to spare.
    """

    def __init__(self) -> None:  # noqa: D107 (the class says it)
        n_bytes = WORKSPACE_TYPE.itemsize
        if config.ENABLE_CUDASIM:
            self.name = "numba's CUDA simulator"
            self.blocks, self.block_threads = SIMULATED_GRID
        else:
            self.name = _name()
            self.blocks, self.block_threads = _grid(n_bytes)
        n_threads = self.blocks * self.block_threads
        self.n_bytes = n_threads * n_bytes
        self._pool = cuda.device_array(n_threads, WORKSPACE_TYPE)

    def __call__(
        self,
        table: NDArray[np.float64],
        levels: NDArray[np.float64],
        widths: NDArray[np.float64],
        *results: NDArray[Any],
    ) -> None:
        """Simulate rows; arguments as in :func:`mc_sie.engine.cpu.simulate_rows`.

        They go to the device sorted by mode, since the threads of a warp run in step.
        """
        order = np.argsort(table[0], kind="stable")
        on_device = [cuda.to_device(array[order]) for array in results]
        arguments = (
            cuda.to_device(np.ascontiguousarray(table[:, order])),
            cuda.to_device(levels),
            cuda.to_device(widths),
            *on_device,
        )
        if not config.ENABLE_CUDASIM:
            _compile((*arguments, self._pool))
        _kernel[self.blocks, self.block_threads](*arguments, self._pool)
        for array, result in zip(results, on_device, strict=True):
            array[order] = result.copy_to_host()


def keep_calls(compiled: Any) -> None:
    """Forbid the inlining of all but the small functions that a kernel calls, and those made to be inlined.

    Parameters
    ----------
    compiled : compile result
        What numba-cuda has lowered the kernel to; the functions in it are shared with later compilations.

    Notes
    -----
    Left to itself, NVVM inlines every call into one function of half a million instructions, which takes ten minutes
    rather than ten seconds.
    """
    kernel = compiled.fndesc.llvm_func_name
    for module in compiled.library.modules:
        for function in module.functions:
            size = sum(len(block.instructions) for block in function.blocks)
            is_large = size > _INLINED_INSTRUCTIONS and "alwaysinline" not in function.attributes
            if is_large and function.name != kernel:
                function.attributes.add("noinline")


def _compile(arguments: tuple[Any, ...]) -> None:
    """Compile what the kernel calls, so that calls are kept in it when its first launch compiles the kernel itself."""
    with _compiling:
        if not _kernel.overloads:
            from numba.cuda.compiler import compile_cuda

            types = tuple(_kernel.typeof_pyval(argument) for argument in arguments)
            capability = cuda.get_current_device().compute_capability
            keep_calls(compile_cuda(simulate_strides, void, types, cc=capability))
            _kernel.compile(types)


def _name() -> str:
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


def _grid(n_bytes: int) -> tuple[int, int]:
    """Blocks, and threads of a block, that the device runs at a time and has memory for, so much for each thread."""
    context = cuda.current_context()
    context.deallocations.clear()  # the pool of an earlier simulation
    free = context.get_memory_info().free
    room = math.floor(MEMORY_SHARE * free / n_bytes / BLOCK_THREADS)
    if room < 1:
        why = f"has {free / 2**20:.0f} MB of free memory, too little for {BLOCK_THREADS} draws at a time"
        raise InputError("device 'cuda'", why, "End what else runs on the GPU, or take device 'cpu'.")
    n_multiprocessors = cuda.get_current_device().MULTIPROCESSOR_COUNT
    return min(room, n_multiprocessors * THREADS_PER_MULTIPROCESSOR // BLOCK_THREADS), BLOCK_THREADS
