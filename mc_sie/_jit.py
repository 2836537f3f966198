"""Compiled functions, and where their machine code is kept between runs.

Every compiled function of the package is decorated by :func:`njit` of this module, or by :func:`part` or
:func:`inlined` where only compiled functions call it. They fix the error model (numpy: a division by zero gives inf),
allow nothing of fast-math, and keep the machine code in a cache folder named by a hash of the package's source,
numba's version and the processor, so that a change in *any* file of the package makes a new cache instead of running
stale code.

Only numba's public interface is used here. What makes the kernel faster through its private one stands in
:mod:`mc_sie._numba_internals`, and is left out where the installed numba is not one that it was tested with: the bits
are the same, the compiler and the kernel take longer.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite.binding import get_host_cpu_features
from numba.extending import intrinsic

config: Any = numba.config  # numba sets its attributes from the environment, out of a type checker's sight

F = TypeVar("F", bound=Callable[..., Any])

_TESTED = ((0, 62), (0, 68))
"""First and last version of numba with which the private interface was tested, as pyproject.toml bounds it."""

PUBLIC_ONLY = "MC_SIE_PUBLIC_NUMBA"
"""Environment variable that, set to 1, leaves numba's private interface alone."""


def _internals() -> Any:
    """The module :mod:`mc_sie._numba_internals`, or None where numba may not have what it needs."""
    version = tuple(int(part) for part in numba.__version__.split(".")[:2])
    if os.environ.get(PUBLIC_ONLY, "0") not in ("", "0") or not _TESTED[0] <= version <= _TESTED[1]:
        return None
    try:
        from mc_sie import _numba_internals
    except (ImportError, AttributeError):  # a distribution's numba may differ from the one of its version
        return None
    return _numba_internals


internals = _internals()

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}
if internals is not None:
    _OPTIONS |= internals.OPTIONS


@cache
def source_digest() -> str:
    """SHA-256 of the package's source, numba's version and the processor: what decides the last bits of a result."""
    path = "public" if internals is None else "private"
    deciding = f"{numba.__version__} {path} {processor()} {package_digest()}"
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
    """True where machine code of this version is already in the cache (the first run compiles it).

    Parameters
    ----------
    function : str
        Module and function, such as ``continuous.follow``; any if not given.

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
        if internals is None:
            compiled.enable_caching()
        else:
            compiled._cache = internals.CheckedCache(function)  # as enable_caching() does
    finally:
        config.CACHE_DIR = before
    return cast(F, compiled)


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
    if internals is None:
        return cast(F, numba.njit(**_OPTIONS)(function))
    return cast(F, internals.Part(function, _OPTIONS, njit))


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
    if internals is None:
        return cast(F, numba.njit(**_OPTIONS)(function))
    return cast(F, internals.Part(function, {**_OPTIONS, "forceinline": True}, njit))


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
