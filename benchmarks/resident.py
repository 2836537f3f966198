"""Resident memory of this process; apart from the rest, so that reading it imports nothing."""

from __future__ import annotations

import re
from pathlib import Path


def resident_mib(field: str) -> float:
    """Resident memory of this process now (VmRSS) or at its peak (VmHWM), MiB; nan where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(rf"{field}:\s+(\d+) kB", status.read_text() if status.exists() else "")
    return int(found[1]) / 1024 if found else float("nan")
