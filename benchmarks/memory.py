"""Peak memory of one contender in a process of its own, as JSON: ``memory.py CASE CONTENDER DRAWS``."""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.cases import cases, use_processors
from benchmarks.resident import resident_mib


def main(case_name: str, contender_name: str, n: int) -> dict[str, Any]:
    """Peak resident memory above that before the call, MiB.

    Parameters
    ----------
    case_name, contender_name : str
        What to run.
    n : int
        Draws.

    Returns
    -------
    dict
        ``mib`` and ``n_draws``. Compiled, warmed up and with the inputs in memory before; the outputs count.
    """
    case = next(case for case in cases(quick=False) if case.name == case_name)
    contender = next(one for one in case.contenders if one.name == contender_name)
    use_processors(1)
    few, many = case.draws(64), case.draws(n)
    contender.run(few, 1)
    gc.collect()
    with suppress(OSError, AttributeError):  # what was freed goes back to the system, so that using it again counts
        ctypes.CDLL(None).malloc_trim(0)
    with suppress(OSError):  # forget the peak so far; where that fails it hides what stays below it
        Path("/proc/self/clear_refs").write_text("5")
    before = resident_mib("VmRSS")
    contender.run(many, 1)
    return {"n_draws": n, "mib": resident_mib("VmHWM") - before}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
