"""numba's private interface, where it makes the kernel faster and the first run shorter; all of it stands here.

:mod:`mc_sie._jit` imports this module only with versions of numba that it was tested with, and does without it
otherwise. Nothing here changes a result.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba.core.caching
import numba.core.codegen
import numba.core.compiler
import numba.core.registry

FunctionCache: Any = numba.core.caching.FunctionCache
IndexDataCacheFile: Any = numba.core.caching.IndexDataCacheFile
CPUDispatcher: Any = numba.core.registry.CPUDispatcher
Compiler: Any = numba.core.compiler.Compiler
JITCodeLibrary: Any = numba.core.codegen.JITCodeLibrary

OPTIONS: dict[str, Any] = {"_nrt": False}
"""No compiled function makes an array: all arrays are lent by the caller. Told so, numba does not count the references
to every array and every row of one, with locked operations that took a third of the kernel's time."""

_PART_OPTIONS = {"nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class CheckedCache(FunctionCache):  # type: ignore[misc]  # numba has no types
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
        """A stand-in that is told the place of a function's environment, which only Python objects would need."""
        return _NoEnvironment()


class _NoEnvironment:
    def set_env(self, name: str, environment: object) -> None:
        pass


class _PartCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler with a library of our own."""

    def __init__(self, typing: Any, target: Any, library: Any, args: Any, returns: Any, flags: Any, names: Any) -> None:
        super().__init__(typing, target, library or _Linked(target.codegen(), "part"), args, returns, flags, names)


class Part(CPUDispatcher):  # type: ignore[misc]
    """A dispatcher without a way in from the interpreter: called there, it compiles the function once more, with one.

    The way in unpacks every argument. Together they were a third of the compiler's work, and only tests and plots ever
    take one.

    Parameters
    ----------
    function : callable
        The function.
    options : dict
        Options of numba's compiler.
    njit : callable
        Compiles it with a way in.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], njit: Callable[..., Any]) -> None:
        options = {**options, **_PART_OPTIONS}
        super().__init__(py_func=function, locals={}, targetoptions=options, pipeline_class=_PartCompiler)
        self._njit = njit

    def __call__(self, *args: Any) -> Any:
        if "from_interpreter" not in vars(self):
            self.from_interpreter = self._njit(self.py_func)
        return self.from_interpreter(*args)
