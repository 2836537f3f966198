"""Waiting for a page to answer: never for so many seconds, but for what it says of itself."""

from __future__ import annotations

from typing import Any

PATIENCE_MS = 120_000
"""When a page has surely stopped working."""


def answered(page: Any) -> float | None:
    """Wait until the page has simulated what it shows; the probability, or None where it refuses."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")
    ends = "html[data-answer=done], html[data-answer=refused]"
    page.wait_for_selector(ends, state="attached", timeout=PATIENCE_MS)
    state = page.evaluate("({...document.documentElement.dataset})")
    if state["answer"] == "refused":
        return None
    return float(state["prob"])
