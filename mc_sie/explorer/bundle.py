"""The modules of the page as one classic script.

A page opened as a file may not import modules, and a worker made from the page needs the same code. So each module
becomes a function that gives back what it exports, and they stand in the order of their imports. What modules export is
one namespace then, which is why those names have to differ, and no two modules may import each other.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources
from typing import NamedTuple

FIRST = ("worker.js", "app.js")
"""Modules that nothing imports: what runs in a worker, and what runs in the page."""

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w.]+)";\n', re.MULTILINE)
_NAME = re.compile(r"^export (?:async )?(?:function\*?|class|const) (\w+)", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async |function|class|const))", re.MULTILINE)
_TAIL = """
if (typeof document === "undefined") startWorker();
else startPage(document.currentScript.textContent);
"""


class Module(NamedTuple):
    """One file of the page."""

    text: str
    names: tuple[str, ...]
    imported: dict[str, tuple[str, ...]]


def read_module(file: str) -> Module:
    """A module as it stands in the package.

    Parameters
    ----------
    file : str
        Its name, such as ``"state.js"``.

    Returns
    -------
    Module
        Its text without imports and the word ``export``, the names it exports, and the names it imports by file.
    """
    source = (resources.files("mc_sie.explorer") / "page" / file).read_text(encoding="utf-8")
    imported = {
        found[2]: tuple(name.strip() for name in found[1].split(",") if name.strip())
        for found in _IMPORT.finditer(source)
    }
    text = _EXPORT.sub("", _IMPORT.sub("", source)).strip("\n")
    return Module(text, tuple(_NAME.findall(source)), imported)


def modules() -> dict[str, Module]:
    """Every module of the page, each after those that it imports.

    Returns
    -------
    dict of str to Module
        By file.

    Raises
    ------
    ValueError
        When modules import each other.
    """
    found: dict[str, Module] = {}

    def add(file: str, trail: tuple[str, ...]) -> None:
        if file in trail:
            raise ValueError(f"modules of the page import each other: {' -> '.join([*trail, file])}")
        if file in found:
            return
        module = read_module(file)
        for needed in module.imported:
            add(needed, (*trail, file))
        found[file] = module

    for file in FIRST:
        add(file, ())
    return found


def joined() -> str:
    """The script of the page.

    Returns
    -------
    str
        A classic script, for the page and for its workers.

    Raises
    ------
    ValueError
        When two modules export the same name, or modules import each other.
    """
    found = modules()
    counts = Counter(name for module in found.values() for name in module.names)
    if doubled := sorted(name for name, count in counts.items() if count > 1):
        raise ValueError(f"several modules of the page export {', '.join(doubled)}")
    parts = [_as_function(file, module) for file, module in found.items()]
    return '"use strict";\n' + "\n\n".join(parts) + "\n" + _TAIL


def _as_function(file: str, module: Module) -> str:
    """A module as a function that is called once; ``const`` takes what it exports."""
    names = ", ".join(module.names)
    return f"// {file}\nconst {{ {names} }} = (() => {{\n{module.text}\nreturn {{ {names} }};\n}})();"
