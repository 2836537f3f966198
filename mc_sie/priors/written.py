"""Priors as people write them: one line of text to the table of an entry, and tables to the text of a prior file.

What a family is called, which keys it has and which of them it needs stands in :mod:`mc_sie.priors.schema` alone; this
only lays words and numbers out as a file would, and the schema says whether they can be used.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from mc_sie.errors import InputError, nearest
from mc_sie.priors import elicit, schema
from mc_sie.quantities import MODES, QUANTITIES, Quantity

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?inf", re.IGNORECASE)
"""A number as it is typed: a decimal point, no thousands."""

INTERVAL_FITS = {"linear": "normal", "log": "lognormal", "logit": "beta"}
"""The family that ``0.3 to 0.9`` stands for, by the natural scale of the quantity."""

_FITTED = get_args(elicit.FittedFamily)
_WITH_UNIT = re.compile(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z%]+)")
_UNITS = ("month", "year", "yr", "week", "day", "oom", "doubling", "x", "%", "percent")
_CUTS = ("truncate_low", "truncate_high")


def fitted(family: str, parameters: Mapping[str, Any], quantiles: Mapping[str, float]) -> tuple[str, dict[str, Any]]:
    """A family with quantiles beside or instead of its parameters, as a file states it.

    Parameters
    ----------
    family : str
        As it was named.
    parameters : mapping
        Its other keys.
    quantiles : mapping of str to float
        By name, such as ``q05``.

    Returns
    -------
    family : str
        ``"quantiles"`` where the family can be fitted.
    parameters : dict
        Then with the family as ``fit``.
    """
    if family in _FITTED:
        return "quantiles", {**parameters, "fit": family, "quantiles": dict(quantiles)}
    return family, {**parameters, "quantiles": dict(quantiles)}


# ----------------------------------------------------------------------------------------- one line to an entry


def table_of_text(name: str, text: str) -> dict[str, Any]:
    """What a prior file would say of a quantity, from one line as people type it.

    Parameters
    ----------
    name : str
        Code name of the quantity.
    text : str
        ``0.4`` (one value), ``0.3 to 0.9`` (a 90 % interval), or a family with its parameters in the order of
        :func:`parameters_of`, by place or by name: ``triangular 3 5 8``, ``lognormal q05=2 q95=32``. Of ``mode`` a
        mode, or modes with their shares. A number in percent is one of 100 parts where the unit is 1; another unit may
        follow the numbers, to be checked.

    Returns
    -------
    dict
        Family, parameters and unit (none for ``mode``); no source. Only the shape is checked.

    Raises
    ------
    InputError
        Where the line has none of these shapes, or its interval leaves the domain.

    Notes
    -----
    The family behind an interval is that of the quantity's natural scale (:data:`INTERVAL_FITS`), cut where the domain
    ends.

    Examples
    --------
    >>> table_of_text("rho", "uniform -0.4 -0.1")
    {'family': 'uniform', 'low': -0.4, 'high': -0.1, 'unit': '1'}
    """
    quantity = QUANTITIES[name]
    where = f"[{name}] {text.strip()}"
    words = list(_words(re.sub(r"\s*=\s*", "=", text), where))
    if not words:
        raise InputError(f"[{name}]", "is empty", "Type ? for what can be written here.")
    if name == "mode" and words[0].lower() not in schema.FAMILIES:
        return _modes(words, where)
    values, unit = _without_unit(words, quantity)
    table = _numbers(quantity, values, where) or _family(quantity, values, where)
    return table if name == "mode" else {**table, "unit": unit}


def parameters_of(family: str) -> dict[str, bool]:
    """The keys of a family in the order in which they may be written without names, and whether each must be given.

    Parameters
    ----------
    family : str
        One of :data:`mc_sie.priors.schema.FAMILIES`.

    Returns
    -------
    dict of str to bool
        First what must be given; without the cuts that every law may have.
    """
    fields = schema.FAMILIES[family].model_fields
    required = {key: field.is_required() for key, field in fields.items() if key not in ("family", *_CUTS)}
    return dict(sorted(required.items(), key=lambda item: not item[1]))


def _words(text: str, where: str) -> Iterator[str]:
    """The parts of a line between blanks and commas, where no bracket or quote is open."""
    for match in re.finditer(r"(?<=\d),(?=\d)", text):
        if not _depth(text[: match.start()]):
            remedy = "Write numbers with a decimal point and without thousands; put a blank between two numbers."
            raise InputError(where, "has a comma inside a number", remedy)
    word = ""
    for letter in text:
        if letter in ", \t\n" and not _depth(word):
            if word:
                yield word
            word = ""
        else:
            word += letter
    if _depth(word):
        raise InputError(where, "has an open bracket or quote", "Close it.")
    if word:
        yield word


def _depth(text: str) -> int:
    """Brackets and quotes that are open at the end."""
    outside = re.sub(r'"[^"]*"', "", text)
    return sum((letter in "[{") - (letter in "]}") for letter in outside) + outside.count('"')


def _value(word: str) -> Any:
    """A word as TOML reads it; what is no TOML is text."""
    if NUMBER.fullmatch(word):
        return float(word)
    try:
        return tomllib.loads(f"value = {word}")["value"]
    except tomllib.TOMLDecodeError:
        return word


def _without_unit(words: list[str], quantity: Quantity) -> tuple[list[str], str]:
    """The words without a unit after the last number; percent become parts of 1 where that is the unit."""
    attached = _WITH_UNIT.fullmatch(words[-1])
    if attached:
        words = [*words[:-1], attached[1], attached[2]]
    unit = words[-1]
    if len(words) == 1 or _singular(unit) not in _UNITS or not re.search(r"[\d\]}]$|inf$", words[-2]):
        return words, quantity.unit
    if _singular(unit) in ("%", "percent") and quantity.unit == "1":
        return [_in_parts(word) for word in words[:-1]], "1"
    return words[:-1], quantity.unit if _singular(unit) == _singular(quantity.unit) else unit


def _singular(unit: str) -> str:
    return unit.lower().removesuffix("s")


def _in_parts(word: str) -> str:
    """A number in percent as one of parts of 1; other words as they are."""
    number = word.rstrip("%")
    return f"{float(number) / 100.0:.15g}" if NUMBER.fullmatch(number) else word


def _numbers(quantity: Quantity, words: list[str], where: str) -> dict[str, Any] | None:
    """One value, or the ends of a 90 % interval; None where a family is named."""
    if len(words) == 1 and NUMBER.fullmatch(words[0]):
        return {"family": "fixed", "value": float(words[0])}
    inner = words[1:] if words[0].lower() == "from" else words
    if len(inner) == 3 and inner[1].lower() in ("to", "..", "-", "\N{EN DASH}"):
        for end in (inner[0], inner[2]):
            if not NUMBER.fullmatch(end):
                raise InputError(f"{where}: {end}", "is not a number", "Write the ends as numbers: 0.3 to 0.9.")
        return _interval(quantity, float(inner[0]), float(inner[2]), where)
    if not NUMBER.match(words[0]):
        return None
    remedy = "Write one number, a 90 % interval such as 0.3 to 0.9, or name the family: uniform 0.3 0.9."
    if all(NUMBER.fullmatch(word) for word in words):
        raise InputError(where, f"has {len(words)} numbers and no family", remedy)
    raise InputError(where, "is neither a number nor a range", remedy)


def _interval(quantity: Quantity, low: float, high: float, where: str) -> dict[str, Any]:
    """The law with this 90 % interval, of the family of the quantity's scale, cut where its domain ends."""
    for end in (low, high):
        if not quantity.contains(end):
            advice = f"{quantity.name} lies in {quantity.domain}: {quantity.meaning}."
            raise InputError(where, f"reaches {end:g}, outside the domain", advice)
    if not low < high:
        raise InputError(where, "does not rise", f"Write the smaller end first: {high:g} to {low:g}.")
    fit = INTERVAL_FITS[quantity.scale]
    cuts = {}
    if fit != "beta":
        if quantity.low > (0.0 if fit == "lognormal" else -math.inf):
            cuts["truncate_low"] = quantity.low
        if quantity.high < math.inf:
            cuts["truncate_high"] = quantity.high
    return {"family": "quantiles", "quantiles": {"q05": low, "q95": high}, "fit": fit, **cuts}


def _family(quantity: Quantity, words: list[str], where: str) -> dict[str, Any]:
    """A family by name, its parameters by place or by name."""
    family, *rest = words
    family = family.lower()
    if family not in schema.FAMILIES:
        remedy = nearest(family, (name for name in schema.FAMILIES if name != "categorical"))
        raise InputError(where, "is no number, no range and no family with its numbers", remedy)
    keys = list(parameters_of(family))
    found: dict[str, Any] = {}
    quantiles: dict[str, Any] = {}
    for word in rest:
        key, equals, value = word.partition("=")
        if not equals or not re.fullmatch(r"\w+", key):
            left = [key for key in keys if key not in found]
            if not left or quantiles:
                why = f"has {word} left over"
                raise InputError(
                    where, why, f"{family} takes {', '.join(keys)}." if keys else f"{family} stands alone."
                )
            key, value = left[0], word
        target = quantiles if re.fullmatch(r"q\d+", key) else found
        if key in target:
            raise InputError(where, f"states {key} twice", "Keep one of them.")
        target[key] = _value(value)
    if quantiles:
        family, found = fitted(family, found, quantiles)
    return {"family": family, **found}


def _modes(words: list[str], where: str) -> dict[str, Any]:
    """One retraining mode, or several with their shares."""
    parts = [part for word in words for part in word.replace("%", "").split("=") if part]
    if len(parts) == 1:
        return {"family": "fixed", "value": parts[0]}
    is_percent = any("%" in word for word in words)
    if NUMBER.fullmatch(parts[0]):  # shares before modes
        parts = [part for pair in zip(parts[1::2], parts[::2], strict=False) for part in pair]
    names, shares = parts[::2], parts[1::2]
    if len(names) != len(shares) or not all(NUMBER.fullmatch(share) for share in shares):
        remedy = (
            f"Write one mode, or modes with their shares: {MODES[1]} 0.5 {MODES[3]} 0.5. Known: {', '.join(MODES)}."
        )
        raise InputError(where, "is neither a mode nor modes with their shares", remedy)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError(where, f"states {name} twice", "Keep one of them.")
    divisor = 100.0 if is_percent else 1.0
    return {
        "family": "categorical",
        "values": {name: float(share) / divisor for name, share in zip(names, shares, strict=True)},
    }


# ------------------------------------------------------------------------------------------- tables to a file


def file_text(header: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a prior file.

    Parameters
    ----------
    header : mapping
        Keys of the whole file: title, description, extends, ...
    entries : mapping of str to mapping
        Family, parameters, unit and source by quantity.

    Returns
    -------
    str
        TOML.
    """
    lines = [f"{key} = {in_toml(value)}" for key, value in header.items()]
    for name, table in entries.items():
        lines += ["", f"[{name}]", *(f"{key} = {in_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def in_toml(value: Any, longest: int | None = None) -> str:
    """A value as TOML has it, on one line.

    Parameters
    ----------
    value : object
        Text, a number, a list or a table.
    longest : int, optional
        Items of a longer list are left out but for the first two and the last, for a message.

    Returns
    -------
    str
        TOML, if nothing was left out.
    """
    if isinstance(value, Mapping):
        pairs = (f"{key_in_toml(key)} = {in_toml(inner, longest)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        items = [in_toml(inner, longest) for inner in value]
        if longest is not None and len(items) > longest:
            items[2:-1] = ["..."]
        return f"[{', '.join(items)}]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def key_in_toml(key: str) -> str:
    """A key as TOML has it: in quotes unless it is a plain word."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
