"""The kernel compiled for GPUs that need not be there: ``python cuda_assembly.py 8.0 9.0`` prints a line of JSON each.

numba-cuda asks the driver which GPU the functions that a kernel calls are for; here it is told. Everything else is what
a launch does: typing, lowering to NVVM IR, PTX by libnvvm, machine code by nvJitLink.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numba.cuda.dispatcher
from numba import from_dtype, types
from numba.cuda import compiler

from mc_sie.engine.cuda import keep_calls, simulate_strides
from mc_sie.model.timeline import WORKSPACE_TYPE


def main(capability: tuple[int, int]) -> None:
    numba.cuda.dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    table, marks = types.Array(types.float64, 2, "C"), types.Array(types.float64, 1, "C")
    codes = types.Array(types.int32, 2, "C")
    pool = types.Array(from_dtype(WORKSPACE_TYPE), 1, "C")
    signature = (table, marks, marks, table, table, table, table, codes, pool)
    keep_calls(compiler.compile_cuda(simulate_strides, types.void, signature, cc=capability))
    library, _ = compiler._compile_pyfunc_with_fixup(
        simulate_strides, signature, device=False, abi="numba", cc=capability
    )
    ptx = library.get_asm_str(cc=capability)
    found = {
        "capability": capability,
        "functions": ptx.count(".func"),
        "entries": ptx.count(".entry"),
        "bytes": len(library.get_cubin(cc=capability).code),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    for text in sys.argv[1:]:
        major, minor = text.split(".")
        main((int(major), int(minor)))
