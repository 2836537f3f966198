"""What pydantic finds wrong with a prior file, in this project's words: where, what, why, what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from pydantic import ValidationError

from mc_sie.distributions.base import Unusable
from mc_sie.errors import InputError, nearest, shortened
from mc_sie.priors import schema
from mc_sie.priors.family_keys import FAMILIES, Weighted
from mc_sie.priors.text_entry import in_toml, key_in_toml
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
    """The document that a file holds, every entry checked.

    Parameters
    ----------
    file : str
        The file, as it shall be shown.
    raw : dict
        What TOML made of it.
    is_quoted : bool
        Whether messages may show values. Not of files that another file refers to: that may be anybody's, and the file
        a secret.

    Returns
    -------
    Header
        A model of :func:`mc_sie.priors.schema.prior_file`.

    Raises
    ------
    InputError
        For the first thing that is wrong with it.
    """
    _check_extent(file, raw)
    try:
        return schema.prior_file().model_validate(raw)
    except ValidationError as error:
        raise _worded(file, raw, error, is_quoted) from None


def _check_extent(file: str, raw: dict[str, Any]) -> None:
    """Refuse tables within tables within tables, and numbers outside what can be computed with."""
    left: list[tuple[list[str | int], Any]] = [([], raw)]
    while left:
        steps, table = left.pop()
        if len(steps) >= DEPTH_HIGH:
            why = f"is nested more than {DEPTH_HIGH} levels deep"
            raise InputError(f"{file}: {_place(raw, steps[:2])}", why, "No key of a prior file goes that deep.")
        for step, value in table.items() if isinstance(table, dict) else enumerate(table):
            if isinstance(value, dict | list):
                left.append(([*steps, step], value))
            elif isinstance(value, np.bool_):
                raise InputError(f"{file}: {_place(raw, [*steps, step])}", *_BY_TYPE["float_type"])
            elif isinstance(value, int | float) and not _is_computable(value):
                why = f"is neither 0 nor between {SIZE_LOW:g} and {SIZE_HIGH:g} in size"
                raise InputError(
                    f"{file}: {_place(raw, [*steps, step])}", why, "No distribution can be computed from it."
                )


def _is_computable(value: float) -> bool:
    """False for a finite number that is too large or too small; where nan and inf may stand, the model knows."""
    size = abs(value)
    return size == 0 or SIZE_LOW <= size <= SIZE_HIGH or size != size or size == math.inf


def _worded(file: str, raw: dict[str, Any], error: ValidationError, is_quoted: bool) -> InputError:
    """The first thing that is wrong; a misspelt key is also a missing one: unknown keys come first."""
    problem = sorted(error.errors(include_url=False), key=lambda found: found["type"] != "extra_forbidden")[0]
    context: dict[str, Any] = problem.get("ctx", {})
    table, steps = _followed(raw, problem["loc"])
    match problem["type"]:
        case "value_error":
            unusable: Unusable = context["error"]
            inner = filter(None, unusable.key.split("."))
            steps += [int(step) if re.fullmatch("[0-9]{1,9}", step) else step for step in inner]
            why, remedy = unusable.why, unusable.remedy
        case "extra_forbidden":
            why, remedy = _unknown_key(steps, table)
        case "missing":
            key = str(steps.pop())
            why, remedy = f"has no {key}", _for_missing(key, str((*steps, "")[0]), table)
        case "union_tag_not_found":
            why, remedy = "has no family", 'Add one, e.g. family = "uniform"; or: ' + ", ".join(FAMILIES) + "."
        case "union_tag_invalid":
            why, remedy = _unknown_family(steps, context)
            steps.append("family")
        case "literal_error":
            value = steps[-1] if problem["loc"][-1] == "[key]" else value_at(raw, steps)
            why, remedy = "is not one of the names", nearest(str(value), re.findall("'(.*?)'", context["expected"]))
            if steps[0] == "correlation":
                why, remedy = _uncorrelated(str(value), steps)
        case "too_long" if steps[0] == "correlation":
            why, remedy = f"has {context['actual_length']}, not 2", "For every pair of several write group = [...]."
        case "too_short" if context["min_length"] > 1:
            why, remedy = f"has {context['actual_length']}, not {context['min_length']}", "A pair has two."
        case "list_type" if steps == ["correlation"]:
            why, remedy = "is not a list", "Write each as a table [[correlation]] with between, spearman and source."
        case "finite_number":
            is_nan = math.isnan(value_at(raw, steps))
            why, remedy = "is not a number" if is_nan else "is not finite", "Give a finite number."
        case kind:
            why, remedy = _BY_TYPE.get(kind, (problem["msg"], ""))
            why = why.format(**context)
    if not steps:
        return InputError(file, why, remedy)
    return InputError(f"{file}: {written(raw, steps) if is_quoted else _place(raw, steps)}", why, remedy)


def written(raw: dict[str, Any], steps: Steps) -> str:
    """A place in a file and what stands there, e.g. ``[rho] components[1].high = 1.2``.

    Parameters
    ----------
    raw : dict
        What TOML made of the file.
    steps : sequence of str or int
        Keys and list positions on the way.

    Returns
    -------
    str
        Without a value where there is none or it is a whole table.
    """
    value = value_at(raw, steps)
    is_table = isinstance(value, dict) and (len(steps) == 1 or isinstance(steps[-1], int))
    are_tables = isinstance(value, list) and any(isinstance(inner, dict) for inner in value)
    place = _place(raw, steps)
    if value is None or is_table or are_tables:
        return place
    return f"{place} = {shortened(in_toml(value, _LIST_SHOWN), _SHOWN)}"


def _place(raw: dict[str, Any], steps: Steps) -> str:
    """A place in a file, without what stands there."""
    first, *rest = (step if isinstance(step, int) else shortened(key_in_toml(step)) for step in steps)
    text = f"[{first}]" if isinstance(raw.get(str(steps[0])), dict) else str(first)
    inner = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest).removeprefix(".")
    return f"{text}{inner}" if inner.startswith("[") else f"{text} {inner}".rstrip()


def value_at(raw: Any, steps: Steps) -> Any:
    """What stands at a place, None where there is nothing.

    Parameters
    ----------
    raw : dict
        What TOML made of the file.
    steps : sequence of str or int
        Keys and list positions on the way.

    Returns
    -------
    object
        Any TOML value.
    """
    for step in steps:
        raw = raw.get(step) if isinstance(raw, dict) else raw[step] if isinstance(step, int) else None
    return raw


def _followed(raw: dict[str, Any], location: Steps) -> tuple[dict[str, Any], list[str | int]]:
    """The entry or component on pydantic's path, and the path without the name of its family that pydantic puts in."""
    table, steps = raw, list(location[:1])
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
    further = Weighted if isinstance(steps[-2], int) else schema.Sourced
    family = table["family"]
    known = [*FAMILIES[family].model_fields, *further.model_fields]
    return f'is not a key of family = "{family}"', nearest(key, known)


def _for_missing(key: str, name: str, table: dict[str, Any]) -> str:
    if name == "evidence":
        needed = [key for key, field in schema.Measurement.model_fields.items() if field.is_required()]
        return f"A piece of evidence needs {', '.join(needed)}."
    if key == "unit":
        return f'Add unit = "{QUANTITIES[name].unit}".'
    if key in _MISSING:
        return _MISSING[key]
    if name == "correlation":
        return "It needs between or group, spearman and source."
    fields = FAMILIES[table["family"]].model_fields
    return f"It needs {', '.join(name for name, field in fields.items() if field.is_required())}."


def _unknown_family(steps: Steps, context: dict[str, Any]) -> tuple[str, str]:
    tag, expected = str(context["tag"]), re.findall("'(.*?)'", context["expected_tags"])
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
    """Why something cannot stand in a correlation where a quantity is expected."""
    if name == "mode":
        return "cannot be correlated", "Retraining modes are categories without an order."
    if "unit" in steps:
        return "is not the unit of a correlation", 'Write unit = "1", or leave it out.'
    return "is not a quantity", nearest(name, [known for known in QUANTITIES if known != "mode"])
