"""Thousands of prior files, nearly right, mutated, extreme, deep and huge: each makes a set or a short message.

Whatever a file holds, :func:`mc_sie.load_prior` returns a set whose draws lie in their domains or raises an
``InputError`` that can be read; it never ends in another exception, and never takes long.
"""

from __future__ import annotations

import contextlib
import copy
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests_settings import INTERPRETED

from mc_sie import InputError, load_prior
from mc_sie.priors import prior_from_dict
from mc_sie.priors.evidence import KEYS
from mc_sie.quantities import MODES, QUANTITIES

MESSAGE_HIGH = 2000
"""Characters of a message that somebody still reads."""

SECONDS_HIGH = 20.0
"""A set takes a fraction of a second; this leaves room for a busy machine."""

BASE = {
    "title": "t",
    "bottlenecks": "counted once",
    "rho": {"family": "uniform", "low": -0.4, "high": -0.1, "unit": "1", "source": "s"},
    "r": {"family": "loguniform", "low": 0.4, "high": 3.6, "unit": "1", "source": "s"},
}

FAMILY_KEYS = {
    "fixed": ["value"],
    "uniform": ["low", "high"],
    "loguniform": ["low", "high"],
    "normal": ["mean", "sd"],
    "lognormal": ["median", "sd_log"],
    "beta": ["a", "b", "low", "high"],
    "triangular": ["low", "peak", "high"],
    "pert": ["low", "peak", "high"],
    "student_t": ["location", "scale", "df"],
    "quantiles": ["quantiles", "fit"],
    "interval": ["mean", "interval", "level", "fit"],
    "histogram": ["edges", "chips", "scale"],
    "tabulated": ["p", "x", "scale"],
}
FITS = ["normal", "lognormal", "uniform", "loguniform", "beta", "student_t"]

EXTREMES = [
    *(0, -1, 0.0, -0.0, 1.0, 5e-324, 1e-310, 1e-300, 1e-101, 1e-100, 1e-17, 1e-9, 1.0 - 1e-16, 1e9, 9e18, 1e99, 1e100),
    *(1e101, 1e300, 1.7e308, -1e100, -1e308, math.inf, -math.inf, math.nan, 2**63, -(2**63), 10**30, 10**400, 0.5),
]
numbers = st.one_of(
    st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7, 0.9]),
    st.floats(0.001, 0.999),
    st.floats(-3.0, 20.0),
    st.floats(1e-3, 1e3),
    st.integers(-3, 30),
    st.sampled_from(EXTREMES),
    st.floats(),
)
texts = st.one_of(
    st.sampled_from(
        ["", " ", "\u200b", "x", "1", "rho", "months", "~nobody/x", "\x1b[31m", "\u202e", "../..", "a" * 300]
    ),
    st.text(max_size=12),
)
junk = st.recursive(
    st.one_of(numbers, texts, st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def ordered(values):
    return sorted(values, key=lambda value: -math.inf if value != value else value)


def quantiles_of(number):
    """Two or three in order, and names that are none."""
    named = ["q5", "q05", "q25", "q50", "q9", "q95", "q0", "q", "q" + 20 * "9", "q" + 400 * "0" + "1", "x"]
    return st.one_of(
        st.tuples(number, number).map(lambda two: dict(zip(("q05", "q95"), ordered(two), strict=True))),
        st.tuples(number, number, number).map(
            lambda all_: dict(zip(("q10", "q50", "q90"), ordered(all_), strict=True))
        ),
        st.dictionaries(st.sampled_from(named), number, max_size=4),
    )


@st.composite
def laws(draw, depth=0):
    """A family with its keys, most of them of the right type and now and then in order."""
    is_mild = draw(st.booleans())  # inside nearly every domain, so that many files make sets
    number = st.floats(0.05, 0.95) if is_mild else numbers
    families = [*FAMILY_KEYS, "mixture", "linear_pool"] if depth < 2 else list(FAMILY_KEYS)
    family = draw(st.sampled_from(families))
    table = {"family": family}
    if family in ("mixture", "linear_pool"):
        n = draw(st.integers(1, 4))
        parts = [draw(laws(depth=depth + 1)) for _ in range(n)]
        even = draw(st.booleans())
        table["components"] = [{"weight": 1.0 / n if even else draw(number), **part} for part in parts]
    else:
        ends = ordered([draw(number) for _ in range(3)])
        for key in FAMILY_KEYS[family]:
            match key:
                case "low" | "peak" | "high":
                    table[key] = ends[("low", "peak", "high").index(key)]
                case "quantiles":
                    table[key] = draw(quantiles_of(number))
                case "interval":
                    table[key] = ordered([draw(number), draw(number)])
                case "fit":
                    table[key] = draw(st.sampled_from(FITS))
                case "scale" if family in ("histogram", "tabulated"):
                    table[key] = draw(st.sampled_from(["linear", "log"]))
                case "edges" | "chips" | "p" | "x":
                    table[key] = ordered(draw(st.lists(number, max_size=6)))
                case _:
                    table[key] = draw(number)
        if family == "tabulated" and draw(st.booleans()):
            inner = (
                ordered([draw(st.floats(0.01, 0.99)) for _ in range(len(table["x"]) - 2)])
                if len(table["x"]) > 1
                else []
            )
            table["p"] = [0, *inner, 1]
        if table.get("fit") == "student_t":
            table["df"] = draw(number)
    if draw(st.integers(0, 9 if is_mild else 3)) == 0:
        table["truncate_low"] = draw(number)
    if draw(st.integers(0, 9 if is_mild else 3)) == 0:
        table["truncate_high"] = draw(number)
    return table


@st.composite
def pieces(draw):
    """A piece of evidence."""
    likelihood = draw(st.sampled_from(list(KEYS)))
    keys = KEYS[likelihood]
    needed, errors = keys.readings, keys.errors
    about, unit = draw(
        st.sampled_from(
            [
                ("pace_at_compute[0.1]", "x"),
                ("months_to[5]", "months"),
                ("r", "1"),
                ("best_gain_ooms[12]", "OOM"),
                ("x", "1"),
            ]
        )
    )
    table = {"name": draw(texts), "about": about, "likelihood": likelihood, "unit": unit, "source": "s"}
    table |= dict(zip(needed, ordered([draw(numbers) for _ in needed]), strict=True))
    if draw(st.booleans()):
        table[draw(st.sampled_from(errors))] = draw(numbers)
    return table


@st.composite
def documents(draw):
    """A prior file as a table: a valid one, with some entries of its own and some damage."""
    document = dict(BASE)
    names = draw(st.lists(st.sampled_from([*QUANTITIES]), max_size=3, unique=True))
    for name in names:
        if name == "mode":
            codes = draw(st.lists(st.sampled_from(MODES), min_size=1, max_size=3, unique=True))
            document["mode"] = {
                "family": "categorical",
                "values": {code: 1.0 / len(codes) for code in codes},
                "source": "s",
            }
        else:
            document[name] = {**draw(laws()), "unit": QUANTITIES[name].unit, "source": "s"}
            if name in ("sigma", "max_speed"):
                document.pop("rho", None)
            if name == "r_total":
                document.pop("r", None)
    if draw(st.integers(0, 3)) == 0:
        document["evidence"] = draw(st.lists(pieces(), max_size=3))
    if draw(st.integers(0, 3)) == 0:
        between = draw(st.lists(st.sampled_from([*QUANTITIES]), min_size=1, max_size=3))
        document["correlation"] = [{"between": between, "spearman": draw(numbers), "source": "s"}]
    if draw(st.integers(0, 5)) == 0:
        document["extends"] = draw(
            st.one_of(st.sampled_from(["davidson-2025", "agnostic", "mine.toml", "~nobody/x"]), texts)
        )
    if draw(st.integers(0, 9)) == 0:
        document["pool"] = draw(st.one_of(junk, st.just({"members": {"economists": 1.0}, "source": " "})))
    document = copy.deepcopy(document)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        _damage(draw, document)
    return document


def _damage(draw, document):
    """Take a key away, misspell it, or put something else there."""
    table = document
    while True:
        key = draw(st.sampled_from(list(table) if isinstance(table, dict) else range(len(table))))
        inner = table[key]
        if isinstance(inner, dict | list) and inner and draw(st.booleans()):
            table = inner
            continue
        kind = draw(st.integers(0, 3))
        if kind == 0:
            del table[key]
        elif kind == 1 and isinstance(table, dict):
            table[draw(texts)] = table.pop(key)
        else:
            table[key] = draw(junk)
        return


def toml(value, top=False):
    """A table as TOML; what TOML does not have (a number as a key of a list) is not made."""
    if isinstance(value, dict) and top:
        return "\n".join(f"{json.dumps(str(key))} = {toml(inner)}" for key, inner in value.items()) + "\n"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return repr(value)


U = np.array([2.0**-54, 1e-9, 0.01, 0.3, 0.5, 0.8, 0.999, 1.0 - 1e-9, 1.0 - 2.0**-53])


def judge(path):
    """Load a file: a set that can be drawn from and recorded, or a message; None or the message."""
    started = time.perf_counter()
    try:
        prior = load_prior(path)
    except InputError as error:
        message = str(error)
        lines = message.split("\n")  # one for each error, twenty at most, a head and what more there is
        assert len(lines) <= 22
        assert max(map(len, lines)) < MESSAGE_HIGH, message
        return message
    finally:
        assert time.perf_counter() - started < SECONDS_HIGH
    draws = prior.values(dict.fromkeys(prior.dimensions, U))
    for name, values in draws.items():
        quantity = QUANTITIES[name]
        if name in prior.entries or not np.isnan(values.astype(float)).all():
            assert np.all((values >= quantity.low) & (values <= quantity.high)), (name, values)
    for name in prior.entries:
        prior.mean(name)
    record = json.loads(json.dumps(prior.to_dict()))
    assert prior_from_dict(record, "record").digest == prior.digest
    assert time.perf_counter() - started < SECONDS_HIGH
    return None


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with contextlib.chdir(tmp_path_factory.mktemp("attack")):
        yield Path("mine.toml")


@settings(
    max_examples=100 if INTERPRETED else 2000, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(document=documents())
def test_a_file_makes_a_set_or_a_short_message(place, document):
    place.write_text(toml(document, top=True), encoding="utf-8")
    event("refused" if judge(place) else "a set")


DEEP = 5000
HUGE = {
    "lists in lists": "x = " + DEEP * "[" + DEEP * "]",
    "tables in tables": "x = " + DEEP * "{a=" + "1" + DEEP * "}",
    "a key of many parts": "x" + 200_000 * ".x" + " = 1",
    "a quoted key of many parts": '"x"' + 200_000 * ' . "x"' + " = 1",
    "a header of many parts": "[x" + 200_000 * ".x" + "]",
    "ten levels": "[lam]\nvalue = " + 13 * "[" + 13 * "]",
    "an integer of 5,000 digits": "[lam]\nfamily = \"fixed\"\nvalue = " + 5000 * "1",
    "a hexadecimal integer of 1 MB": "[lam]\nfamily = \"fixed\"\nvalue = 0x" + 1_000_000 * "f",
    "a key of 1 MB": 1_000_000 * "k" + " = 1",
    "a quoted key of 1 MB": '"' + 1_000_000 * " " + '" = 1',
    "a text of 1 MB": '[lam]\nfamily = "' + 1_000_000 * "f" + '"',
    "a wrong unit of 1 MB": '[lam]\nfamily = "fixed"\nvalue = 1\nsource = "s"\nunit = "' + 1_000_000 * "u" + '"',
    "a list of 300,000": "[lam]\nfamily = 3\nvalue = [" + 300_000 * "1, " + "]",
    "a subject of 1 MB": '[[evidence]]\nname = "n"\nlikelihood = "normal"\nunit = "1"\nsource = "s"\nabout = "'
    + 1_000_000 * "a" + '"',
    "a mode of 1 MB": '[mode]\nfamily = "fixed"\nsource = "s"\nvalue = "' + 1_000_000 * "m" + '"',
    "words of 1 MB": "title = " + 250_000 * "a a\n",
    "dots of 1 MB": 1_000_000 * ".",
    "quotes of 1 MB": 1_000_000 * '"',
    "a long chain of names": "extends = \"" + 100_000 * "../" + "x.toml\"",
    "a long name": "extends = \"" + 5000 * "a" + "\"",
    "nobody's home": 'extends = "~nobody-of-this-name/x.toml"',
    "a name with a null": 'extends = "x\\u0000.toml"',
    "3 MB": "# " + 3_000_000 * "x",
    "1,024 components": "[lam]\nfamily = \"mixture\"\ncomponents = ["
    + 1024 * '{ weight = 0.0009765625, family = "uniform", low = 0.1, high = 0.9 }, ' + "]",
    "20,000 components in components": "[lam]\nfamily = \"linear_pool\"\nunit = \"1\"\nsource = \"s\"\ncomponents = ["
    + 100 * ("{ weight = 0.01, family = \"mixture\", components = ["
             + 200 * '{ weight = 0.005, family = "uniform", low = 0.1, high = 0.9 }, ' + "] }, ") + "]",
    "1,000 pieces of evidence": "".join(
        f'[[evidence]]\nname = "{place}"\nabout = "r"\nlikelihood = "normal"\nvalue = 1\nsd = 1\nunit = "1"\n'
        'source = "s"\n'
        for place in range(1000)
    ),
    "1,000 members": "[pool]\nsource = \"s\"\nmembers = {"
    + ", ".join(f"x{place} = 0.001" for place in range(1000))
    + "}",
    "chips without a sum": "[lam]\nfamily = \"histogram\"\nedges = [0.1, 0.2, 0.3]\nchips = [1e308, 1e308]",
    "an error of a factor of exp(9e18)": '[[evidence]]\nname = "n"\nabout = "pace_initial"\nlikelihood = "lognormal"\n'
    'value = 10\nsd_log = 9e18\nunit = "x"\nsource = "s"',
    "a level of 1e-30": '[lam]\nfamily = "interval"\nfit = "lognormal"\nmean = 1.5\ninterval = [1, 2]\nlevel = 1e-30\n'
    'unit = "1"\nsource = "s"',
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_huge_files_are_refused_in_a_short_message(place, name):
    """Each with a valid set before it, so that only what the name says is wrong."""
    text = HUGE[name]
    head = 'title = "t"\n' if text.startswith("[pool]") else toml(BASE, top=True)
    place.write_text(f"{head}{text}\n", encoding="utf-8")
    assert judge(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_pipes_and_devices_are_no_prior_files(place):
    os.mkfifo("pipe.toml")
    for name in ("pipe.toml", "/dev/zero", "/dev/stdin"):
        with pytest.raises(InputError, match="is no regular file"):
            load_prior(name)
        place.write_text(f'title = "t"\nextends = "{name}"\n')
        with pytest.raises(InputError, match="is no regular file"):
            load_prior(place)


def test_a_chain_of_files_has_an_end(place):
    for step in range(400):
        base = "davidson-2025" if step == 399 else f"x{step + 1}.toml"
        Path(f"x{step}.toml").write_text(f'title = "t"\nextends = "{base}"\n')
    with pytest.raises(InputError, match="is the end of a chain of more than 20 files"):
        load_prior("x0.toml")
    assert load_prior("x381.toml").name == "x381"


SECRET = """
title = "t"
token = "hunter2"
password.value = "hunter2"
[r]
family = "hunter2"
low = "hunter2"
unit = "hunter2"
"""


@pytest.mark.parametrize(
    "reference", ['extends = "secret.toml"', '[pool]\nmembers = { "secret.toml" = 1 }\nsource = "s"']
)
def test_what_a_file_refers_to_is_never_quoted(place, reference):
    """Whoever is given a prior file must not be shown what else is on the disk."""
    lines = SECRET.strip().splitlines()
    place.write_text(f'title = "t"\n{reference}\n')
    for n_lines in range(1, len(lines) + 1):
        for left_out in range(n_lines):
            Path("secret.toml").write_text("\n".join(lines[:left_out] + lines[left_out + 1 : n_lines]))
            assert "hunter2" not in judge(place)


def test_a_pool_of_two_files_of_one_name_is_refused(place):
    Path("inner").mkdir()
    for folder in (".", "inner"):
        Path(folder, "one.toml").write_text(toml(BASE, top=True))
    place.write_text('title = "t"\n[pool]\nmembers = { "one.toml" = 0.5, "inner/one.toml" = 0.5 }\nsource = "s"\n')
    assert "is a second member of the name 'one'" in judge(place)
