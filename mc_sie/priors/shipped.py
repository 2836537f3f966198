"""Where the prior sets that come with the package are, and how paths are written."""

from __future__ import annotations

import tomllib
from pathlib import Path


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
