"""JavaScript of the live page in node, where there is one."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests_settings import ROOT

PAGE = ROOT / "mc_sie" / "explorer" / "page"

_WRAPPED = """
const input = JSON.parse(require("fs").readFileSync(0, "utf8"), revive);
function revive(key, value) {{
  if (value !== null && typeof value === "object" && "$number" in value) return Number(value.$number);
  return value;
}}
function plain(key, value) {{
  if (typeof value === "number" && !Number.isFinite(value)) return {{ $number: String(value) }};
  if (typeof value === "bigint") return String(value);
  if (ArrayBuffer.isView(value)) return Array.from(value);
  return value;
}}
(async () => {{
  {script}
}})().then(
  (value) => process.stdout.write(JSON.stringify(value === undefined ? null : value, plain)),
  (error) => {{
    console.error(error);
    process.exit(1);
  }},
);
"""


def _node() -> str | None:
    """Path of node: on the path, or the one that playwright brings."""
    found = shutil.which("node")
    if found:
        return found
    try:
        from playwright._impl._driver import compute_driver_executable
    except ModuleNotFoundError:
        return None
    return str(compute_driver_executable()[0])


def _sent(value: Any) -> Any:
    """A value as JSON takes it: numbers that JSON does not know in a wrapper."""
    if isinstance(value, np.ndarray):
        return _sent(value.tolist())
    if isinstance(value, dict):
        return {key: _sent(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sent(one) for one in value]
    if isinstance(value, np.generic):
        return _sent(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        names = {math.inf: "Infinity", -math.inf: "-Infinity"}
        return {"$number": names.get(value, "NaN")}
    return value


def _received(value: dict[str, Any]) -> Any:
    if value.keys() == {"$number"}:
        return float(value["$number"].replace("Infinity", "inf").replace("NaN", "nan"))
    return value


@pytest.fixture(scope="session")
def page_folder() -> Path:
    """Where the modules of the page lie."""
    return PAGE


@pytest.fixture(scope="session")
def node_path() -> str:
    """Path of node; without one the test is skipped, and fails in CI."""
    found = _node()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no node, and in CI no test of the page's modules may be skipped", pytrace=False)
        pytest.skip("there is no node (pip install '.[test]' brings one)")
    return found


@pytest.fixture(scope="session")
def node(node_path):
    """Runs a script with ``input``, which may ``await import(page("x.js"))``, and gives back what it returns.

    Numbers go both ways exactly, nan and infinities too; typed arrays come back as lists.
    """

    def run(script: str, data: object = None) -> Any:
        preface = f"const page = (name) => {json.dumps(PAGE.as_uri() + '/')} + name;\n"
        done = subprocess.run(
            [node_path, "--input-type=commonjs", "-e", preface + _WRAPPED.format(script=script)],
            input=json.dumps(_sent(data)), capture_output=True, text=True, timeout=120, check=False, cwd=PAGE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout, object_hook=_received)

    return run
