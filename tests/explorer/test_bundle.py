"""Modules of the page, joined to one classic script."""

from __future__ import annotations

import re
import subprocess
from collections import Counter

import pytest

from mc_sie.explorer import bundle
from mc_sie.explorer.bundle import joined, modules, read_module


def test_every_module_of_the_folder_is_in_the_page_after_those_it_imports(page_folder):
    found = modules()
    assert set(found) == {path.name for path in page_folder.glob("*.js")}
    order = list(found)
    for file, module in found.items():
        for needed, names in module.imported.items():
            assert order.index(needed) < order.index(file)
            assert set(names) <= set(found[needed].names), f"{file} imports what {needed} does not have"


def test_exported_names_are_unique_over_all_modules():
    counts = Counter(name for module in modules().values() for name in module.names)
    assert [name for name, count in counts.items() if count > 1] == []


def test_two_modules_with_a_name_in_common_are_refused(monkeypatch):
    real = read_module

    def doubled(file):
        found = real(file)
        if file == "errors.js":
            return found._replace(names=(*found.names, "createStore"))
        return found

    monkeypatch.setattr(bundle, "read_module", doubled)
    with pytest.raises(ValueError, match="createStore"):
        joined()


def test_modules_that_import_each_other_are_refused(monkeypatch):
    real = read_module

    def circular(file):
        found = real(file)
        if file == "errors.js":
            return found._replace(imported={"app.js": ("startPage",)})
        return found

    monkeypatch.setattr(bundle, "read_module", circular)
    with pytest.raises(ValueError, match=r"import each other: .*errors.js -> app.js -> .*errors.js"):
        joined()


def test_the_joined_script_is_valid_and_imports_nothing(node_path, tmp_path):
    script = joined()
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    file = tmp_path / "page.js"
    file.write_text(script, encoding="utf-8")
    checked = subprocess.run([node_path, "--check", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
