"""Where the prior sets that come with the package are, and how paths are written."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

RETIRED = {"ai-futures-2026": ("ai-futures-eli-2025", "ai-futures-daniel-2025", "ai-futures-brendan-2025")}
"""Names of sets that are no longer shipped, and of those that took their place."""


def shipped_priors() -> dict[str, Path]:
    """Prior sets that come with the package.

    Returns
    -------
    dict of str to pathlib.Path
        Name to file, by name; from the installed package, else from the checkout's ``priors/``.
    """
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped_priors"
    folder = installed
    if not installed.is_dir():  # a checkout
        folder = package.parent / "priors"
    return {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}


def shipped_titles() -> dict[str, str]:
    """Titles of the prior sets that come with the package by name, read without checking the rest of their files."""
    return {name: tomllib.loads(path.read_text("utf-8"))["title"] for name, path in shipped_priors().items()}


def shipped_answers() -> dict[str, str]:
    """Recorded answers of the prior sets that come with the package, by name; none where a file has changed since."""
    record = json.loads((Path(__file__).resolve().parent.parent / "_headlines.json").read_text("utf-8"))
    if {row["name"]: row["file"] for row in record} != shipped_digests():
        return {}
    return {row["name"]: row["label"] for row in record}


def shipped_digests() -> dict[str, str]:
    """SHA-256 of the files of the prior sets that come with the package, by name."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in shipped_priors().items()}


def recorded(path: Path) -> str:
    """A path as a record holds it: for a shipped set that within the project, wherever it is installed."""
    if shipped_priors().get(path.stem) == path:
        return f"priors/{path.name}"
    return str(path)


def shown(path: Path) -> str:
    """A path as a reader would write it here: as :func:`recorded`, but relative to the current folder if below."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return recorded(path)
