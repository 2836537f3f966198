"""Messages: from what pydantic finds wrong with a prior file to where, what, why and what to do."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from mc_sie.distributions.base import Unusable
from mc_sie.distributions.fitting import FittedFamily
from mc_sie.errors import Faults, nearest, shortened
from mc_sie.priors import schema
from mc_sie.priors.family_keys import FAMILIES, Strict, Weighted, as_quantiles
from mc_sie.priors.text_entry import in_toml, is_quantile, key_in_toml
from mc_sie.quantities import QUANTITIES

Steps = Sequence[str | int]

DEPTH_HIGH = 12
"""Levels of tables and lists in a prior file; the components of an expert's mixture stand on the seventh."""

SIZE_LOW, SIZE_HIGH = 1e-100, 1e100
"""Size of numbers other than 0: squares, and ratios of two, can still be computed."""

_LIST_SHOWN = 12
_SHOWN = 120  # characters of a value

_BY_TYPE = {
    "float_type": ("is not a number", "Write a number without quotes."),
    "string_type": ("is not text", "Write it in quotes."),
    "string_too_short": ("is empty", "Write something, or leave the key out where it may be left out."),
    "list_type": ("is not a list", "Write it in square brackets."),
    "dict_type": ("is not a table", "Write { name = number, ... }."),
    "model_type": ("is not a table", "Write it as a table of its own, with one key a line."),
    "model_attributes_type": ("is not a table", "Write it as a table: its family, and the keys of that family."),
    "too_short": ("is empty", "Give at least one."),
    "too_long": ("has more than {max_length}", "Leave some out."),
    "greater_than": ("is not above {gt:g}", "Give a larger number."),
    "less_than": ("is not below {lt:g}", "Give a smaller number."),
    "greater_than_equal": ("is below {ge:g}", "Give a larger number."),
    "less_than_equal": ("is above {le:g}", "Give a smaller number."),
}
_MISSING = {
    "source": 'Add source = "...": a citation, or whose judgement it is.',
    "title": 'Add title = "..." on the first line.',
    "weight": "Every component needs its weight.",
    "members": "List the prior sets and their weights.",
}


def checked(file: str, raw: dict[str, Any], *, is_quoted: bool = True) -> schema.Header:
    """The document that a file holds, every entry checked; the error has everything that is wrong with it.

    ``is_quoted`` is False where messages may not show values: a file that another file refers to may be anybody's, and
    a secret.
    """
    faults = Faults(file)
    beyond = set()  # what pydantic must not see: it would recurse, or compute with it
    for steps, why, remedy in _beyond_computing(raw, []):
        beyond.add(steps[0])
        faults.add(f"{file}: {_place(raw, steps)}", why, remedy)
    try:
        document = schema.prior_file().model_validate({key: raw[key] for key in raw if key not in beyond})
    except ValidationError as error:
        for problem in _without_echoes(error.errors(include_url=False)):
            faults.add(*_worded(file, raw, problem, is_quoted))
    faults.raise_any()
    return document


def _beyond_computing(table: dict[str, Any] | list[Any], steps: Steps) -> Iterator[tuple[Steps, str, str]]:
    """Place, reason and remedy of tables within tables within tables, and of numbers that nothing can compute with."""
    if len(steps) >= DEPTH_HIGH:
        yield steps[:2], f"is nested more than {DEPTH_HIGH} levels deep", "No key of a prior file goes that deep."
        return
    for step, value in _items(table):
        here = [*steps, step]
        if isinstance(value, dict | list):
            yield from _beyond_computing(value, here)
        elif isinstance(value, np.bool_):  # from Python; pydantic would take it for a number
            yield here, *_BY_TYPE["float_type"]
        elif isinstance(value, int | float) and not _is_computable(value):
            why = f"is neither 0 nor between {SIZE_LOW:g} and {SIZE_HIGH:g} in size"
            yield here, why, "No distribution can be computed from it."
            if isinstance(table, list):  # the first of a list of numbers speaks for it
                return


def _items(table: dict[str, Any] | list[Any]) -> Iterable[tuple[str | int, Any]]:
    if isinstance(table, dict):
        return table.items()
    return enumerate(table)


def _is_computable(value: float) -> bool:
    """False for a finite number that is too large or too small; where nan and inf may stand, the model knows."""
    size = abs(value)
    if size != size or size == math.inf:  # not isfinite(), which fails for whole numbers beyond all floats
        return True
    return size == 0 or SIZE_LOW <= size <= SIZE_HIGH


def _without_echoes(problems: Sequence[Any]) -> list[Any]:
    """Problems with unknown keys first, and without missing keys that stand there misspelt or otherwise."""
    unknown = [problem["loc"] for problem in problems if problem["type"] == "extra_forbidden"]

    def is_echo(problem: Any) -> bool:
        if problem["type"] != "missing":
            return False
        *table, key = problem["loc"]
        beside = [str(loc[-1]) for loc in unknown if list(loc[:-1]) == table]
        is_fitted = any(map(_is_fitted_to, beside)) and key not in ("source", "unit")
        return is_fitted or bool(difflib.get_close_matches(key, beside))

    kept = [problem for problem in problems if not is_echo(problem)]
    return sorted(kept, key=lambda problem: problem["type"] != "extra_forbidden")


def _worded(file: str, raw: dict[str, Any], problem: Any, is_quoted: bool) -> tuple[str, str, str]:
    """Place, reason and remedy of one of pydantic's errors, for an error of ours."""
    steps, why, remedy = _explained(raw, problem)
    if not steps:
        return file, why, remedy
    if is_quoted:
        return f"{file}: {written(raw, steps)}", why, remedy
    return f"{file}: {_place(raw, steps)}", why, remedy


def _explained(raw: dict[str, Any], problem: Any) -> tuple[list[str | int], str, str]:
    """Place, reason and remedy of one of pydantic's errors."""
    context: dict[str, Any] = problem.get("ctx", {})
    table, steps = _followed(raw, problem["loc"])
    kind = problem["type"]
    match kind:
        case "value_error":  # ours, with a place inside the entry
            unusable: Unusable = context["error"]
            return [*steps, *_inner_steps(unusable.key)], unusable.why, unusable.remedy
        case "extra_forbidden":
            return steps, *_unknown_key(steps, table)
        case "missing":
            return steps[:-1], *_missing_key(steps, table)
        case "union_tag_not_found":
            return steps, "has no family", f'Add one, e.g. family = "uniform"; or: {", ".join(FAMILIES)}.'
        case "union_tag_invalid":
            return [*steps, "family"], *_unknown_family(steps, context)
        case "literal_error":
            return steps, *_unknown_name(raw, steps, problem["loc"], context)
        case "finite_number":
            return steps, *_not_finite(value_at(raw, steps))
    if steps[:1] == ["correlation"]:
        if kind == "too_long":
            return steps, f"has {context['actual_length']}, not 2", "For every pair of several write group = [...]."
        if kind == "list_type" and len(steps) == 1:
            why = "is not a list"
            return steps, why, "Write each as a table [[correlation]] with between, spearman and source."
    if kind == "too_short" and context["min_length"] > 1:
        return steps, f"has {context['actual_length']}, not {context['min_length']}", "A pair has two."
    why, remedy = _BY_TYPE.get(kind, (problem["msg"], ""))
    return steps, why.format(**context), remedy


def _inner_steps(key: str) -> list[str | int]:
    """Steps of a dotted key such as ``components.0.high``."""
    steps: list[str | int] = []
    for step in filter(None, key.split(".")):
        is_position = re.fullmatch("[0-9]{1,9}", step) is not None
        steps.append(int(step) if is_position else step)
    return steps


def written(raw: dict[str, Any], steps: Steps) -> str:
    """A place in a file and what stands there, unless that is a whole table: ``[rho] components[1].high = 1.2``."""
    value = value_at(raw, steps)
    is_table = isinstance(value, dict) and (len(steps) == 1 or isinstance(steps[-1], int))
    are_tables = isinstance(value, list) and any(isinstance(inner, dict) for inner in value)
    place = _place(raw, steps)
    if value is None or is_table or are_tables:
        return place
    return f"{place} = {shortened(in_toml(value, _LIST_SHOWN), _SHOWN)}"


def _place(raw: dict[str, Any], steps: Steps) -> str:
    """A place in a file, without what stands there: ``[rho] components[1].high``."""
    place = shortened(key_in_toml(str(steps[0])))
    if isinstance(raw.get(str(steps[0])), dict):
        place = f"[{place}]"
    separator = " "  # between the table and the first key; dots after that
    for step in steps[1:]:
        if isinstance(step, int):
            place += f"[{step}]"
        else:
            place += f"{separator}{shortened(key_in_toml(step))}"
        separator = "."
    return place


def value_at(raw: Any, steps: Steps) -> Any:
    """Value at a place in what TOML made of a file, None where there is nothing."""
    for step in steps:
        if isinstance(raw, dict):
            raw = raw.get(step)
        elif isinstance(step, int):
            raw = raw[step]
        else:
            return None
    return raw


def _followed(raw: dict[str, Any], location: Steps) -> tuple[dict[str, Any], list[str | int]]:
    """The entry or component on pydantic's path, and the path without the name of its family that pydantic puts in."""
    table = raw
    steps = list(location[:1])
    if location[:1] in (("correlation",), ("evidence",)):  # no families here
        return value_at(raw, location[:2]), list(location)
    for before, step in pairwise(location):
        if before in QUANTITIES or isinstance(before, int):  # here stands the family's name
            table = value_at(raw, steps)
        elif step != "[key]":
            steps.append(step)
    return table, steps


def _unknown_key(steps: Steps, table: dict[str, Any]) -> tuple[str, str]:
    key = str(steps[-1])
    if len(steps) == 1:
        return "is not a quantity or a key of a prior file", nearest(key, schema.prior_file().model_fields)
    if steps[0] == "pool":
        return "is not a key of a pool", nearest(key, schema.Pool.model_fields)
    if steps[0] == "correlation":
        return "is not a key of a correlation", nearest(key, schema.Correlation.model_fields)
    if steps[0] == "evidence":
        return "is not a key of a piece of evidence", nearest(key, schema.Measurement.model_fields)
    family = table["family"]
    further: type[Strict] = schema.Sourced
    if isinstance(steps[-2], int):  # a component
        further = Weighted
    why = f'is not a key of family = "{family}"'
    if family in get_args(FittedFamily) and _is_fitted_to(key):
        return why, as_quantiles(family)
    return why, nearest(key, [*FAMILIES[family].model_fields, *further.model_fields])


def _is_fitted_to(key: str) -> bool:
    """True of a key with what a family can be fitted to, in place of its parameters."""
    return is_quantile(key) or key in ("quantiles", "interval")


def _missing_key(steps: Steps, table: dict[str, Any]) -> tuple[str, str]:
    """Reason and remedy for a key that is needed and not there; it is the last of the steps."""
    key = str(steps[-1])
    name = str(steps[0])
    why = f"has no {key}"
    if name == "evidence":
        needed = [key for key, field in schema.Measurement.model_fields.items() if field.is_required()]
        return why, f"A piece of evidence needs {', '.join(needed)}."
    if key == "unit":
        return why, f'Add unit = "{QUANTITIES[name].unit}".'
    if key in _MISSING:
        return why, _MISSING[key]
    if name == "correlation":
        return why, "It needs between or group, spearman and source."
    fields = FAMILIES[table["family"]].model_fields
    remedy = f"It needs {', '.join(name for name, field in fields.items() if field.is_required())}."
    if key == "mean" and table["family"] == "interval":
        remedy += f" {as_quantiles()}"
    return why, remedy


def _unknown_name(raw: dict[str, Any], steps: Steps, location: Steps, context: dict[str, Any]) -> tuple[str, str]:
    """Reason and remedy for a text that is none of a few."""
    name = str(value_at(raw, steps))
    if location[-1] == "[key]":  # the name is itself a key
        name = str(steps[-1])
    if steps[0] == "correlation":
        return _uncorrelated(name, steps)
    return "is not one of the names", nearest(name, re.findall("'(.*?)'", context["expected"]))


def _not_finite(value: float) -> tuple[str, str]:
    if math.isnan(value):
        return "is not a number", "Give a finite number."
    return "is not finite", "Give a finite number."


def _unknown_family(steps: Steps, context: dict[str, Any]) -> tuple[str, str]:
    tag = str(context["tag"])
    expected = re.findall("'(.*?)'", context["expected_tags"])
    if isinstance(steps[-1], int):
        return "is not a family for a component", nearest(tag, expected)
    why = f"is not a family for {steps[0]}"
    if steps[0] == "mode":
        return why, f"mode is one of a few names. {nearest(tag, expected)}"
    if tag == "absent":
        optional = ", ".join(quantity.name for quantity in QUANTITIES.values() if quantity.optional)
        return why, f"Only what is optional can be absent: {optional}."
    if tag == "categorical":
        return why, "Only mode has categories; numbers with weights are a mixture of fixed values."
    return why, nearest(tag, expected)


def _uncorrelated(name: str, steps: Steps) -> tuple[str, str]:
    """Reason and remedy for what stands in a correlation where a quantity is expected."""
    if name == "mode":
        return "cannot be correlated", "Retraining modes are categories without an order."
    if "unit" in steps:
        return "is not the unit of a correlation", 'Write unit = "1", or leave it out.'
    return "is not a quantity", nearest(name, [known for known in QUANTITIES if known != "mode"])
