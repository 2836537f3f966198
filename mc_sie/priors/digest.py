"""Digests: what determines the draws of a set in one number, and the plain values that it is taken of."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mc_sie.priors.evidence import Evidence


def digest_of(drawn: Any) -> str:
    """SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(plain(drawn), sort_keys=True).encode()).hexdigest()


def digest_given(digest: str, evidence: Sequence[Evidence]) -> str:
    """The digest of a set given evidence, in whatever order and by whatever names; without any, its own."""
    if not evidence:
        return digest
    return digest_of([digest, *sorted(digest_of(item.numbers) for item in evidence)])


def plain(value: Any) -> Any:
    """The value in types that JSON has: inf, which is no number there, as text, and nan as null."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return None
        return str(value)
    return value
