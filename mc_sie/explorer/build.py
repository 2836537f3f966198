"""``python -m mc_sie.explorer.build``: the kernel for browsers, made anew from its source.

It takes a minute, and the package ``ziglang``, which is among the extras ``test``. A test says when it is due.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import llvmlite.binding as llvm

KERNEL = Path(__file__).parent / "kernel.wasm"
"""The module."""

LAYOUT = Path(__file__).parent / "kernel.json"
"""How memory is laid out for it, and the digest of its source."""


def main(folder: Path = KERNEL.parent) -> None:
    """Write the module and its layout into a folder, each whole or not at all."""
    features = llvm.get_host_cpu_features()
    features["fma"] = False
    llvm.get_host_cpu_features = lambda: features  # WebAssembly cannot fuse: it would call a slow function
    with tempfile.TemporaryDirectory() as cache:
        # before numba is imported: code from a cache has no text, and what is optimised for this machine is no use
        os.environ |= {"MC_SIE_CACHE": cache, "NUMBA_OPT": "0", "NUMBA_LOOP_VECTORIZE": "0"}
        from mc_sie.engine import wasm
        from mc_sie.storage.writing import write_whole

        write_whole(folder / KERNEL.name, wasm.build)
        text = json.dumps(wasm.layout(), separators=(",", ":"))
        write_whole(folder / LAYOUT.name, lambda partial: partial.write_text(text, encoding="utf-8"))


if __name__ == "__main__":
    main()
