"""The documentation says what the program does: every code block of its pages runs and prints what is shown."""

from __future__ import annotations

import re
import tomllib

import pytest
from pages import agree, blocks, outputs
from tests_settings import INTERPRETED, ROOT

DOCS = ROOT / "docs"
PAGES = sorted(
    path for path in [*DOCS.glob("*.md"), *DOCS.glob("tutorials/*.md")] if blocks(path.read_text(encoding="utf-8"))
)


@pytest.mark.skipif(INTERPRETED, reason="thousands of draws want compiled code")
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_prints_what_it_shows(path, tmp_path):
    page = blocks(path.read_text(encoding="utf-8"))
    for block, printed in zip(page, outputs(page, tmp_path), strict=True):
        if block.expected is not None:
            assert agree(block.expected, printed), f"{path.name}, line {block.line} prints:\n{printed}"


def test_the_tutorials_are_among_the_pages():
    assert {path.stem for path in PAGES} >= {path.stem for path in DOCS.glob("tutorials/*.md")} - {"index"}


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("14.2 %", "14.3 %", True),
        ("14.2 %", "14.4 %", False),
        ("1,024 draws", "1025 draws", True),
        ("1.5e-06", "1.6e-06", True),
        ("1.5e-06", "1.5e-05", False),
        ("in ... s; prior", "in 1.2 s; prior", True),
        ("one). ... Next", "one). Next", True),
        ("a  b\nc", "a b c", True),
        ("-0.2", "0.2", False),
        ("mode none", "mode continual", False),
        ("ends here", "ends here and goes on", False),
        ("f32", "f33", False),
        ("inf", "inf", True),
    ],
)
def test_outputs_agree_up_to_the_last_place(shown, printed, same):
    assert agree(shown, printed) is same


def test_output_belongs_to_the_block_right_before_it():
    text = "```python\nprint(1)\n```\n\n```text\n1\n```\n\n```sh\ntrue\n```\nwords\n\n```text\nnot an output\n```\n"
    first, second = blocks(text)
    assert (first.language, first.expected, text[slice(*first.span)]) == ("python", "1\n", "1\n")
    assert (second.language, second.line, second.expected) == ("sh", 9, None)


def test_the_citation_names_the_version_of_the_package():
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (DOCS.parent / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == project["version"]
