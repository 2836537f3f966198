"""Compiled functions, and where their machine code is kept between runs.

Every compiled function of the package is decorated by :func:`njit` of this module, or by :func:`part` or
:func:`inlined` where only compiled functions call it. They fix the error model (numpy: a division by zero gives inf on
every device), allow nothing of fast-math, and keep the machine code in a cache folder named by a hash of the package's
source, numba's version and the processor, so that a change in *any* file of the package makes a new cache instead of
running stale code.

None of them makes an array: all arrays are lent by the caller. numba is told so (``_nrt``); otherwise it counts the
references to every array and every row of one that a function takes, with locked operations that took a third of the
kernel's time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import platform
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.core.caching
import numba.core.codegen
import numba.core.compiler
import numba.core.config
import numba.core.registry
from llvmlite.binding import get_host_cpu_features
from numba.extending import intrinsic

config: Any = numba.core.config  # numba sets its attributes from the environment, out of a type checker's sight

FunctionCache: Any = numba.core.caching.FunctionCache
IndexDataCacheFile: Any = numba.core.caching.IndexDataCacheFile
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


def cache_folder() -> Path | None:
    """Folder that holds the machine code of this version of the source on this processor.

    Returns
    -------
    pathlib.Path or None
        ``$MC_SIE_CACHE``, ``$XDG_CACHE_HOME`` or the user's cache folder, the first that will do, then a name that
        hashes source, numba and processor. None where none will do (:func:`no_cache_because` says why): every process
        then compiles for itself, and leaves nothing behind.
    """
    return _cache_place()[0]


def no_cache_because() -> str:
    """Reasons why places for machine code that come before the one taken were passed over, as a sentence."""
    return "; ".join(_cache_place()[1])


@cache
def _cache_place() -> tuple[Path | None, list[str]]:
    refusals = []
    for root in filter(None, [os.environ.get("MC_SIE_CACHE"), os.environ.get("XDG_CACHE_HOME"), "~/.cache"]):
        try:
            folder = Path(root).expanduser().absolute() / "mc_sie" / source_digest()[:16]
            _make_ours(folder)
        except OSError as error:
            refusals.append(f"{error.filename or root}: {error.strerror or error}")
        except RuntimeError:
            refusals.append(f"{root}: there is no home folder")
        else:
            return folder, refusals
    return None, refusals


def _make_ours(folder: Path) -> None:
    """Make the folder, and refuse it where somebody else could put machine code into it, which is run as it is found.

    Raises OSError. The folder and the one above it must be ours alone; the root above both may be the system's, and
    open to others where it keeps them from each other's entries, as the folder for temporary files does (sticky).
    """
    for place in (folder.parent.parent, folder.parent, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not hasattr(os, "geteuid"):
            continue
        is_root = place == folder.parent.parent
        owners = {os.geteuid(), 0} if is_root else {os.geteuid()}
        status = place.stat()
        is_open = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not (is_root and status.st_mode & stat.S_ISVTX)
        if status.st_uid not in owners or place.lstat().st_uid not in owners or is_open:
            raise PermissionError(errno.EPERM, "others can write there, or own it", str(place))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


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
    folder = cache_folder()
    return folder is not None and any(folder.rglob(f"{function}*.nbc"))


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
    compiled: Any = numba.njit(**_OPTIONS)(function)
    folder = cache_folder()
    if folder is None or config.DISABLE_JIT:
        return cast(F, compiled)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        compiled._cache = _Cache(function)  # as enable_caching() does
    finally:
        config.CACHE_DIR = before
    return cast(F, compiled)


class _Cache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """numba's cache, which is done without where its files are broken or cannot be written."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _CheckedFile(self._cache_path, self._impl.filename_base, stamp)


class _CheckedFile(IndexDataCacheFile):  # type: ignore[misc]
    """Compiled functions beside their digest: machine code that was cut short or altered must never run."""

    def save(self, key: Any, data: Any) -> None:
        """Keep one, if the disk will have it."""
        content = self._dump(data)
        with suppress(OSError):
            super().save(key, (hashlib.sha256(content).digest(), content))

    def load(self, key: Any) -> Any:
        """Compiled function, or None where it must be compiled."""
        try:
            found = super().load(key)
            if found is None:
                return None
            digest, content = found
            if hashlib.sha256(content).digest() == digest:
                return pickle.loads(content)
        except Exception:  # what is broken may fail in any way when it is taken apart
            pass
        with suppress(OSError):
            self.flush()  # an index without entries, so that the file is written anew
        return None


class _Linked(JITCodeLibrary):  # type: ignore[misc]
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
