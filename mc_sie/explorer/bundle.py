"""The modules of the page as one classic script.

A page opened as a file may not import modules, and a worker made from the page needs the same code. So modules are
joined in the order of their imports, and the words ``import`` and ``export`` fall away. Top-level names are one
namespace then, which is why they have to differ.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources
from typing import NamedTuple

FIRST = ("worker.js", "app.js")
"""Modules that nothing imports: what runs in a worker, and what runs in the page."""

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w.]+)";\n', re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
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
        Its text without imports and the word ``export``, its top-level names, and the names it imports by file.
    """
    source = (resources.files("mc_sie.explorer") / "page" / file).read_text(encoding="utf-8")
    imported = {
        found[2]: tuple(name.strip() for name in found[1].split(",") if name.strip())
        for found in _IMPORT.finditer(source)
    }
    text = re.sub(r"^export (?=async |function|class|const|let)", "", _IMPORT.sub("", source), flags=re.MULTILINE)
    return Module(text.strip("\n"), tuple(_NAME.findall(source)), imported)


def modules() -> dict[str, Module]:
    """Every module of the page, each after those that it imports.

    Returns
    -------
    dict of str to Module
        By file.
    """
    found: dict[str, Module] = {}

    def add(file: str) -> None:
        module = read_module(file)
        found[file] = module  # first, so that two that import each other end
        for needed in module.imported:
            if needed not in found:
                add(needed)
        del found[file]  # and again, so that it stands after them
        found[file] = module

    for file in FIRST:
        add(file)
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
        When two modules have a top-level name in common.
    """
    found = modules()
    counts = Counter(name for module in found.values() for name in module.names)
    if doubled := sorted(name for name, count in counts.items() if count > 1):
        raise ValueError(f"several modules of the page have {', '.join(doubled)}")
    parts = [f"// {file}\n{module.text}" for file, module in found.items()]
    return '"use strict";\n' + "\n\n".join(parts) + "\n" + _TAIL
