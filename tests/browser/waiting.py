"""Waiting for a page to show what was changed."""

from __future__ import annotations

from typing import Any


def settled(page: Any) -> None:
    """Wait for two frames: a change is shown with the next one."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")
