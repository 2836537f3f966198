"""The kernel and the samplers as one WebAssembly module: the same source, compiled for browsers.

Numba lowers the functions to the language of LLVM, llvmlite makes an object file for ``wasm32`` of them, and the linker
of the package ``ziglang`` a module. It imports nothing: exponentials and logarithms are those of Zig's library, so that
every browser computes the same bits. Records and arrays are laid out as NumPy's are, and a workspace is so many zero
bytes.

The module is built by ``python -m mc_sie.explorer.build``, and travels with the package: nobody needs the linker but
those who change the kernel.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import float64, int32, int64, types, uint64

from mc_sie import _jit, sampling
from mc_sie.engine import cpu, trajectory
from mc_sie.engine.cpu import CODES, NUMBERS
from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.engine.trajectory import MAX_POINTS, POINT_COLUMNS, TRAJECTORY_TYPE
from mc_sie.model.law import FROM_SCRATCH

MATH = """
const std = @import("std");
export fn expm1(x: f64) f64 { return std.math.expm1(x); }
export fn log1p(x: f64) f64 { return std.math.log1p(x); }
export fn pow(x: f64, y: f64) f64 { return std.math.pow(f64, x, y); }
export fn NRT_MemInfo_call_dtor(_: usize) void {}
"""
"""Functions that the kernel calls, in Zig, whose runtime has ``exp``, ``log`` and ``log10``. The last is numba's: it
frees arrays, and the kernel makes none."""

TRIPLE = "wasm32-unknown-unknown"
FEATURES = "+bulk-memory,+sign-ext,+nontrapping-fptoint"
"""Extensions of the first version of WebAssembly that a browser must know: all do since 2020."""

STACK_BYTES = 2**20

_numba: Any = numba  # parts of it have no types
carray = _numba.carray
_pointer: Any = types.CPointer
_WORK = _pointer(_numba.from_dtype(TRAJECTORY_TYPE))
_FLOATS = _pointer(float64)
_CODES = _pointer(int32)
_WORDS = _pointer(uint64)


class Exported(NamedTuple):
    """A function of the module."""

    name: str
    signature: Any
    function: Callable[..., Any]


def exported() -> tuple[Exported, ...]:
    """Functions of the module, to be compiled: pointers in place of arrays, with their lengths behind.

    Each is given a place for its result and one for an exception first, as numba calls functions.
    """
    sources: dict[str, Any] = {
        "lines": cpu.simulate_lines,
        "jumps": cpu.simulate_jumps,
        "line": trajectory.follow_line,
        "jump": trajectory.follow_jumps,
        "sobol": sampling._fill_sobol,
        "philox": sampling._fill_philox,
    }
    compiled = {name: _numba.njit(**_jit._OPTIONS)(function.py_func) for name, function in sources.items()}
    lines, jumps, line, jump = (compiled[name] for name in ("lines", "jumps", "line", "jump"))
    fill_sobol, fill_philox = compiled["sobol"], compiled["philox"]
    n_columns, n_numbers, n_codes, n_points = len(KERNEL_COLUMNS), len(NUMBERS), len(CODES), MAX_POINTS

    def simulate(table, levels, widths, work, months_to, windows, gains, numbers, codes, n, n_levels, n_widths):  # type: ignore[no-untyped-def]
        room = carray(work, (1,))[0]
        rows = carray(table, (n_columns, n))
        marks = carray(levels, (n_levels,))
        wide = carray(widths, (n_widths,))
        reached = carray(months_to, (n, n_levels))
        best = carray(windows, (n, n_levels))
        most = carray(gains, (n, n_widths))
        values = carray(numbers, (n, n_numbers))
        words = carray(codes, (n, n_codes))
        lines(rows, marks, wide, room, reached, best, most, values, words)
        jumps(rows, marks, wide, room, reached, best, most, values, words)

    def follow(draw, work, points, with_jumps, out):  # type: ignore[no-untyped-def]
        row = carray(draw, (n_columns,))
        room = carray(work, (1,))[0]
        place = carray(points, (n_points, 5))
        found = jump(row, room, place) if with_jumps else line(row, room, place)
        result = carray(out, (2,))
        result[0] = found[0]
        result[1] = found[1]

    def sobol(out, n, first, seed, replicate, dimension, directions):  # type: ignore[no-untyped-def]
        fill_sobol(carray(out, (n,)), first, seed, replicate, dimension, carray(directions, (32,)))

    def philox(out, n, first, seed, replicate, dimension):  # type: ignore[no-untyped-def]
        fill_philox(carray(out, (n,)), first, seed, replicate, dimension)

    size = types.intp
    table = types.void(*[_FLOATS] * 3, _WORK, *[_FLOATS] * 4, _CODES, *[size] * 3)
    return (
        Exported("simulate", table, simulate),
        Exported("follow", types.void(_FLOATS, _WORK, _FLOATS, int64, _CODES), follow),
        Exported("sobol", types.void(_FLOATS, size, *[uint64] * 4, _WORDS), sobol),
        Exported("philox", types.void(_FLOATS, size, *[uint64] * 4), philox),
    )


def layout() -> dict[str, Any]:
    """Names of columns, sizes in bytes and the digest of the source, for callers of the module."""
    return {
        "source": source_digest(),
        "columns": list(KERNEL_COLUMNS),
        "numbers": list(NUMBERS),
        "codes": list(CODES),
        "points": list(POINT_COLUMNS),
        "max_points": MAX_POINTS,
        "workspace_bytes": TRAJECTORY_TYPE.itemsize,
        "from_scratch": FROM_SCRATCH,
        "directions": sampling.DIRECTIONS.astype(np.uint32).tolist(),
    }


def source_digest() -> str:
    """SHA-256 of the code that the module is made of; comments and docstrings do not count."""
    package = Path(__file__).parent.parent
    files = [
        *sorted((package / "model").glob("*.py")),
        *(package / name for name in ("_jit.py", "_numba_internals.py", "sampling.py", "units.py")),
        *(package / "engine" / name for name in ("cpu.py", "trajectory.py", "wasm.py")),
    ]
    digest = hashlib.sha256()
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [one for one in body if not _is_docstring(one)]  # type: ignore[attr-defined]
        digest.update(ast.unparse(tree).encode())
    return digest.hexdigest()


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def build(target: Path) -> None:
    """Write the module.

    It must run in a process of its own, prepared as :mod:`mc_sie.explorer.build` does before numba is imported.
    """
    functions = exported()
    names = [one.name for one in functions]
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(opt=3, features=FEATURES)
    whole = None
    for one in functions:
        module = _for_target(_text_of(one), one.name, machine)
        if whole is None:
            whole = module
        else:
            whole.link_in(module)
    assert whole is not None
    for thing in [*whole.functions, *whole.global_variables]:
        if not thing.is_declaration:
            thing.linkage = "external" if thing.name in names else "internal"
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(whole, builder)
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder) / "kernel.o"
        kernel.write_bytes(machine.emit_object(whole))
        _link([kernel, _math(Path(folder))], [*names, "__heap_base"], target)
    target.chmod(0o644)  # linkers make programs


def _math(folder: Path) -> Path:
    """An object file of the functions in :data:`MATH`, and of Zig's runtime."""
    source = folder / "math.zig"
    source.write_text(MATH, encoding="utf-8")
    compiled = folder / "math.o"
    _zig(
        *("build-obj", source.name, "-target", "wasm32-freestanding", "-O", "ReleaseFast", "-fcompiler-rt", "-fstrip"),
        *(f"-femit-bin={compiled.name}", "--cache-dir", "cache"),
        folder=folder,
    )
    return compiled


def _link(objects: list[Path], names: list[str], target: Path) -> None:
    """Make a module of object files that has these names for its callers."""
    exports = [f"--export={name}" for name in names]
    stack = ["--stack-first", "-z", f"stack-size={STACK_BYTES}"]  # below the data, so that an overflow traps
    _zig(
        "wasm-ld", "--no-entry", "--gc-sections", "--strip-all", *stack, *exports, *map(str, objects), "-o", str(target)
    )


def _zig(*arguments: str, folder: Path | None = None) -> None:
    subprocess.run([sys.executable, "-m", "ziglang", *arguments], check=True, cwd=folder)


def _text_of(one: Exported) -> str:
    """LLVM's text of a function and of all that it calls."""
    compiled = _numba.cfunc(one.signature, error_model="numpy")(one.function)
    return str(compiled._library.get_llvm_str())


def _for_target(text: str, name: str, machine: Any) -> Any:
    """The text as a module for WebAssembly, in which the function has its own name."""
    text = re.sub(r'target datalayout = ".*"', f'target datalayout = "{machine.target_data}"', text)
    text = re.sub(r'target triple = ".*"', f'target triple = "{TRIPLE}"', text)
    text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
    module = llvm.parse_assembly(text)
    mangled = re.compile(rf"_ZN6mc_sie6engine4wasm8exported.*{len(name)}{name}B")
    found = [one.name for one in module.functions if not one.is_declaration and mangled.match(one.name)]
    assert len(found) == 1, found
    return llvm.parse_assembly(re.sub(rf'@"?{re.escape(found[0])}"?\(', f"@{name}(", str(module)))
