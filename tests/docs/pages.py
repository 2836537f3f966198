"""Documentation pages that run: their code blocks in order, each output compared with the block that shows it.

* ``sh`` blocks are run by bash and ``python`` blocks in one namespace, all of a page in one empty folder.
* A ``text`` block directly after a code block is its output (standard output only). A code block without one may
  print anything, but must not fail.
* White space does not matter, and ``...`` stands for any text, none included. A number may differ by one unit of its
  last printed place: the same seed gives the same draws everywhere, but the last bits of a logarithm differ between
  processors, and a rounding may tip.

``python tests/docs/pages.py PAGE...`` writes the outputs that no longer agree anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import mc_sie

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)"


class Block(NamedTuple):
    """A code block of a page, and the place and text of the output that it shows."""

    language: str
    code: str
    line: int
    expected: str | None
    span: tuple[int, int]


def blocks(text: str) -> list[Block]:
    """The code blocks of a page, each with the ``text`` block that directly follows it, if one does."""
    fences = list(_FENCE.finditer(text))
    found = []
    for fence, after in zip_longest(fences, fences[1:]):
        if fence[1] not in ("sh", "python"):
            continue
        shown = after if after and after[1] == "text" and not text[fence.end() : after.start()].strip() else None
        line = text[: fence.start()].count("\n") + 1
        found.append(Block(fence[1], fence[2], line, shown[2] if shown else None, shown.span(2) if shown else (-1, -1)))
    return found


def outputs(page: list[Block], folder: Path) -> Iterator[str]:
    """What each block prints, one after another in one folder."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    programs = folder / ".programs"
    programs.mkdir()
    (programs / "mc-sie").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mc_sie "$@"\n', encoding="utf-8")
    (programs / "mc-sie").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(mc_sie.__file__).parent.parent),
        "COLUMNS": "100",
    }
    for block in page:
        if block.language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.chdir(folder):
                exec(compile(block.code, f"line {block.line}", "exec"), namespace)
            yield printed.getvalue()
        else:
            command = ["bash", "-euo", "pipefail", "-c", block.code]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, f"line {block.line}: {done.stderr}"
            yield done.stdout


def agree(expected: str, printed: str) -> bool:
    """Whether an output is the one that is shown."""
    expected, printed = " ".join(expected.split()), " ".join(printed.split())
    pattern, numbers, place = "", [], 0
    for piece in re.finditer(rf" ?\.\.\. ?|{_NUMBER}", expected):
        pattern += re.escape(expected[place : piece.start()])
        if "..." in piece[0]:
            pattern += ".*?"
        else:
            pattern += f"({_NUMBER})"
            numbers.append(piece[0])
        place = piece.end()
    found = re.fullmatch(pattern + re.escape(expected[place:]), printed)
    return found is not None and all(map(_near, numbers, found.groups()))


def _near(shown: str, printed: str) -> bool:
    """Whether two numbers are within one unit of the last place shown."""
    mantissa, _, exponent = shown.replace(",", "").partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(float(shown.replace(",", "")) - float(printed.replace(",", ""))) <= unit * (1.0 + 1e-9)


def _rewrite(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    page = blocks(text)
    with tempfile.TemporaryDirectory() as folder:
        printed = list(outputs(page, Path(folder)))
    for block, output in reversed(list(zip(page, printed, strict=True))):
        if block.expected is not None and not agree(block.expected, output):
            lines = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
            text = text[: block.span[0]] + lines + text[block.span[1] :]
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        _rewrite(Path(name))
