"""Sets in which hardly anything varies, and draws that fail: every command answers, or says why there is no answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import INTERPRETED

from mc_sie.engine import kernel

pytestmark = pytest.mark.skipif(INTERPRETED, reason="thousands of runs of the model a command")

EVENT = ("--event", "best_window[3] < 12")
NONE = 'family = "fixed"\nvalue = "none"'
FIXED = {
    "rho": "-0.1", "r": "1.2", "lam": "0.6", "limit_ooms": "14", "software_doubling_months": "6",
    "training_months": "3", "training_floor_months": "0.1", "retraining_compute_share": "0.5",
}  # fmt: skip
UNITS = {
    "limit_ooms": "OOM", "software_doubling_months": "months", "training_months": "months",
    "training_floor_months": "months",
}  # fmt: skip


def atoms(**shares: float) -> str:
    """A law of a few values, named by what they are (r1_0 is 1.0), with their shares."""
    parts = [
        f'{{ weight = {share}, family = "fixed", value = {name[1:].replace("_", ".")} }}'
        for name, share in shares.items()
    ]
    return f'family = "mixture"\ncomponents = [{", ".join(parts)}]'


def fixed(value: float) -> str:
    return f'family = "fixed"\nvalue = {value}'


def written(mode: str = NONE, **laws: str) -> str:
    """A set in which all that is not given stands at one value."""
    text = 'title = "hardly anything varies"\nextends = "davidson-2025"\nbottlenecks = "substitution"\n'
    for name, value in FIXED.items():
        unit = UNITS.get(name, "1")
        text += f'[{name}]\n{laws.get(name, fixed(float(value)))}\nunit = "{unit}"\nsource = "test"\n'
    return f'{text}[mode]\n{mode}\nsource = "test"\n'


def pooled(**shares: float) -> str:
    members = ", ".join(f'"{name}.toml" = {share}' for name, share in shares.items())
    return f'title = "a pool"\n[pool]\nmembers = {{ {members} }}\nsource = "test"\n'


MODES = 'family = "categorical"\nvalues = { none = 0.25, continual = 0.25, shortening = 0.25, from_scratch = 0.25 }'
TWO_MODES = 'family = "categorical"\nvalues = { none = 0.5, continual = 0.5 }'
RANGE = 'family = "uniform"\nlow = 14\nhigh = 15'
SETS = {
    "only_mode": written(MODES, r=fixed(2)),
    "two_atoms": written(r=atoms(r1=0.3, r5=0.7)),
    "mode_and_atoms": written(TWO_MODES, r=atoms(r1=0.3, r5=0.7)),
    "one_input": written(r='family = "uniform"\nlow = 1\nhigh = 6'),
    "all_hit": written(r=fixed(5), limit_ooms=RANGE),
    "none_hits": written(r=fixed(1), limit_ooms=RANGE),
    "one_hit": written(r=atoms(r1=0.9995, r5=0.0005)),
    "some_miss": written(r=atoms(r1=0.0015, r5=0.9985)),
    "some_hit": written(r=atoms(r1=0.995, r5=0.005)),
    "nothing_varies": written(),
    "slow": written(r=fixed(0.8)),
    "fast": written(r=fixed(5)),
    "pool_of_two": pooled(slow=0.5, fast=0.5),
}
SETTLED = ("all_hit", "none_hits", "one_hit", "nothing_varies")
"""In which there is nothing to rank."""


@pytest.fixture
def sets(here):
    for name, text in SETS.items():
        (here / f"{name}.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in SETS if name not in ("slow", "fast", "mode_and_atoms")])
def test_every_command_answers_where_hardly_anything_varies(cli, sets, name):
    file, small = f"{name}.toml", (*EVENT, "--draws", "1024", "--quiet")
    refused = {"sensitivity": name in SETTLED, "rare": name == "nothing_varies"}
    commands = {
        "run": ("run", file, *small),
        "rare": ("run", file, "--rare", *small),
        "counted": ("run", file, "--no-draws", *small),
        "sensitivity": ("sensitivity", file, *small),
        "breakeven": ("breakeven", file, *small),
        "structure": ("structure", file, *small),
        "retraining": ("retraining", file, *small),
        "compare": ("compare", file, "davidson-houlden-2025", *small),
    }
    for what, arguments in commands.items():
        status, _, err = cli(*arguments, "--out", what)
        if refused.get(what):
            assert status == 2, what
            assert "Traceback" not in err
            assert err.startswith("mc-sie: "), what
        else:
            assert status == 0, (what, err)
            assert any(Path(what).iterdir()), what


@pytest.mark.parametrize("name", ["only_mode", "pool_of_two", "some_miss"])
def test_a_report_is_written_where_hardly_anything_varies(cli, sets, cheap_report, name):
    status, _, err = cli("report", f"{name}.toml", *EVENT, "--draws", "2048", "--quiet", "--out", "page")
    assert status == 0, err
    assert '<section id="disagree"' in Path("page/index.html").read_text(encoding="utf-8")


def test_as_many_typical_worlds_as_there_are_different_hits(cli, sets):
    expected = {"two_atoms": 1, "only_mode": 3, "one_input": 3, "mode_and_atoms": 2}
    for name, n_worlds in expected.items():
        arguments = ("sensitivity", f"{name}.toml", *EVENT, "--draws", "4096", "--quiet", "--curves-only")
        status, _, err = cli(*arguments, "--out", name)
        assert status == 0, err
        worlds = pd.read_csv(f"{name}/worlds.csv")
        assert len(worlds) == n_worlds, name
        assert worlds["share"].sum() == pytest.approx(1.0), name


# --- Draws that fail ---


@pytest.fixture
def some_fail(monkeypatch):
    """An engine that cannot simulate worlds in which lam lies in a narrow range, whoever asks."""
    real = kernel.in_domain

    def in_domain(name, values):
        inside = real(name, values)
        return inside & ~((values > 0.5) & (values < 0.55)) if name == "lam" else inside

    monkeypatch.setattr(kernel, "in_domain", in_domain)


def test_a_report_of_a_set_with_failed_draws_says_how_many(cli, some_fail, cheap_report):
    arguments = ("davidson-houlden-2025", *EVENT, "--draws", "4096", "--quiet", "--out", "page")
    status, out, err = cli("report", *arguments)
    assert status == 0, err
    numbers = pd.read_csv("page/numbers.csv")
    statuses = numbers[numbers["table"] == "statuses"]["value"].to_numpy()
    n_failed = int(statuses.min())
    assert 0 < n_failed < 1000
    text = f"{n_failed:,} of 4,096 draws could not be simulated; counting them as misses or as hits, the probability "
    assert text in out.replace("\n", " ")
    page = Path("page/report.md").read_text(encoding="utf-8")
    assert text in page
    html = Path("page/index.html").read_text(encoding="utf-8")
    extremes = html.partition('<div class="table" id="extremes"')[2].partition("</table>")[0]
    assert "stepping on toes" in extremes


@pytest.mark.parametrize(
    "command", [("sensitivity", "davidson-houlden-2025"), ("compare", "davidson-houlden-2025", "davidson-2025")]
)
def test_whoever_answers_says_how_many_draws_failed_and_the_bounds_they_leave(cli, some_fail, command):
    status, out, err = cli(*command, *EVENT, "--draws", "4096", "--quiet")
    assert status == 0, err
    text = " ".join(out.split())
    assert (
        "of 4,096 draws could not be simulated; counting them as misses or as hits, the probability lies between"
        in text
    )
    low, high = (float(part) for part in text.split("lies between ")[1].split(" %.")[0].split(" % and "))
    assert low < high
    assert np.isfinite([low, high]).all()
