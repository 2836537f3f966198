"""Compiled functions, and where their machine code is kept between runs.

Every compiled function of the package is decorated by :func:`njit` of this module, or by :func:`part` or
:func:`inlined` where only compiled functions call it. They fix the error model (numpy: a division by zero gives inf),
allow nothing of fast-math, and keep the machine code in a cache folder named by a hash of the package's source,
numba's version and the processor, so that a change in *any* file of the package makes a new cache instead of running
stale code.

None of them makes an array: all arrays are lent by the caller. numba is told so (``_nrt``); otherwise it counts the
references to every array and every row of one that a function takes, with locked operations that took a third of the
kernel's time.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.core.codegen
import numba.core.compiler
import numba.core.config
import numba.core.registry
from llvmlite.binding import get_host_cpu_features
from numba.extending import intrinsic

config: Any = numba.core.config  # numba sets its attributes from the environment, out of a type checker's sight

CPUDispatcher: Any = numba.core.registry.CPUDispatcher
Compiler: Any = numba.core.compiler.Compiler
JITCodeLibrary: Any = numba.core.codegen.JITCodeLibrary

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}
_PART_OPTIONS = {**_OPTIONS, "nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@cache
def source_digest() -> str:
    """SHA-256 of the package's source, numba's version and the processor: what decides the last bits of a result."""
    deciding = f"{numba.__version__} {processor()} {package_digest()}"
    return hashlib.sha256(deciding.encode()).hexdigest()


@cache
def package_digest() -> str:
    """SHA-256 of the package's source alone, the same wherever the same version is installed."""
    source = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        source.update(path.read_bytes())
    return source.hexdigest()


@cache
def cache_folder() -> Path:
    """Folder that holds the machine code of this version of the source on this processor.

    Returns
    -------
    pathlib.Path
        ``$MC_SIE_CACHE`` or the user's cache folder, then a name that hashes source, numba and processor. Falls back
        to the folder for temporary files where neither can be written.
    """
    roots = [os.environ.get("MC_SIE_CACHE"), os.environ.get("XDG_CACHE_HOME"), "~/.cache"]
    for root in filter(None, roots):
        folder = Path(root).expanduser() / "mc_sie" / source_digest()[:16]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="mc_sie-"))


def processor() -> str:
    """Architecture and type of this machine's processor, for which numba compiles."""
    from llvmlite import binding

    return f"{platform.machine()} {binding.get_host_cpu_name()}"


def is_warm(function: str = "") -> bool:
    """Whether machine code of this version is already in the cache (the first run compiles it).

    Parameters
    ----------
    function : str
        Module and function, such as ``timeline.follow``; any if not given.

    Returns
    -------
    bool
        True when it, or at least one compiled function, was stored.
    """
    return any(cache_folder().rglob(f"{function}*.nbc"))


def njit(function: F) -> F:
    """Compile a function without the interpreter, with the package's error model and cache.

    Parameters
    ----------
    function : callable
        A function of numbers and arrays.

    Returns
    -------
    callable
        The compiled dispatcher, or the plain function under ``NUMBA_DISABLE_JIT=1``. It releases the interpreter's
        lock while it runs.
    """
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        return cast(F, numba.njit(cache=True, **_OPTIONS)(function))
    finally:
        config.CACHE_DIR = before


class _Linked(JITCodeLibrary):  # type: ignore[misc]  # numba has no types
    """Code that is linked into the code that calls it, as optimised code but not as machine code.

    numba makes machine code of every function and of all that it calls, again and again; only that of the function
    called from outside ever runs. Nor is a round of passes needed that makes it easier to find superfluous counts of
    references, where there are none (``_nrt``). Together they were a fifth of the compiler's work.
    """

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """There is none."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> _NoEnvironment:
        """What numba tells the place of a function's environment, which only Python objects would need."""
        return _NoEnvironment()


class _NoEnvironment:
    def set_env(self, name: str, environment: object) -> None:
        pass


class _PartCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler with a library of our own."""

    def __init__(self, typing: Any, target: Any, library: Any, args: Any, returns: Any, flags: Any, names: Any) -> None:
        super().__init__(typing, target, library or _Linked(target.codegen(), "part"), args, returns, flags, names)


class _Part(CPUDispatcher):  # type: ignore[misc]
    """A dispatcher without a way in from the interpreter: called there, it compiles the function once more, with one.

    The way in unpacks every argument. Together they were a third of the compiler's work, and only tests and plots ever
    take one.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(py_func=function, locals={}, targetoptions=options, pipeline_class=_PartCompiler)

    def __call__(self, *args: Any) -> Any:
        if "from_interpreter" not in vars(self):
            self.from_interpreter = njit(self.py_func)
        return self.from_interpreter(*args)


def part(function: F) -> F:
    """Compile a function that other compiled functions call: it is kept as a part of their machine code only.

    Parameters
    ----------
    function : callable
        A function of numbers and arrays.

    Returns
    -------
    callable
        As from :func:`njit`. The interpreter may call it, at the price of compiling it for that.
    """
    if config.DISABLE_JIT:
        return function
    return cast(F, _Part(function, _PART_OPTIONS))


def inlined(function: F) -> F:
    """As :func:`part`, for arithmetic that is put in place wherever it is called: a loop that calls is not vectorised.

    Parameters
    ----------
    function : callable
        A function of numbers, without a branch that is not a choice between two numbers.

    Returns
    -------
    callable
        As from :func:`part`.
    """
    if config.DISABLE_JIT:
        return function
    return cast(F, _Part(function, {**_PART_OPTIONS, "forceinline": True}))


def _instruction(function: F) -> F:
    """The instruction for fma in compiled functions; the function itself for the interpreter."""
    if config.DISABLE_JIT:
        return function
    is_fused = get_host_cpu_features().get("fma", True)  # only x86 lists it: elsewhere it goes without saying

    def fma(_typing: Any, _a: Any, _b: Any, _c: Any) -> Any:
        def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            if is_fused:
                return builder.fma(*arguments)
            return builder.fadd(builder.fmul(*arguments[:2]), arguments[2])

        return numba.float64(numba.float64, numba.float64, numba.float64), code

    return cast(F, intrinsic(fma))


@_instruction
def fma(a: float, b: float, c: float) -> float:
    """a b + c, rounded once where the processor has an instruction for it.

    The compiler may not fuse products and sums as it likes, because what it likes depends on what it has compiled
    before: a first run would differ from later ones in the last bits. Told where, it has no choice.

    Parameters
    ----------
    a, b, c : float
        Numbers.

    Returns
    -------
    float
        Rounded once or, by the interpreter and on old processors, twice.
    """
    return a * b + c
