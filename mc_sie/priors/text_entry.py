"""Priors as people write them: one line of text to the table of an entry, and tables to the text of a prior file.

What a family is called, which keys it has and which of them it needs stands in :mod:`mc_sie.priors.family_keys` alone;
this only lays words and numbers out as a file would, and the schema says whether they can be used.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from typing import Any, get_args

from mc_sie.distributions import fitting
from mc_sie.errors import InputError, nearest, shortened
from mc_sie.priors.family_keys import CUTS, FAMILIES
from mc_sie.quantities import MODES, QUANTITIES, Quantity
from mc_sie.text.numerals import is_number, parse_number

INTERVAL_FITS = {"linear": "normal", "log": "lognormal", "logit": "beta"}
"""The family that ``0.3 to 0.9`` stands for, by the natural scale of the quantity."""

_FITTED = get_args(fitting.FittedFamily)
_WITH_UNIT = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z%]+)")
_LONGEST = 10_000  # characters of a line; the longest list of chips that anybody types is shorter
_UNITS = ("month", "year", "yr", "week", "day", "oom", "doubling", "x", "%", "percent")


def is_quantile(key: str) -> bool:
    """True of the name of a quantile, such as ``q05``."""
    return re.fullmatch("q[0-9]+", key) is not None


def fitted(family: str, parameters: Mapping[str, Any], quantiles: Mapping[str, float]) -> tuple[str, dict[str, Any]]:
    """A family with quantiles beside or instead of its parameters, as a file states it: ``quantiles``, where it can be
    fitted, with the family as ``fit``.
    """
    if family in _FITTED:
        return "quantiles", {**parameters, "fit": family, "quantiles": dict(quantiles)}
    return family, {**parameters, "quantiles": dict(quantiles)}


# ----------------------------------------------------------------------------------------- one line to an entry


def table_of_text(name: str, text: str) -> dict[str, Any]:
    """The table of a quantity's entry in a prior file, from one line as people type it.

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
    where = f"[{name}] {shortened(text.strip())}"
    if len(text) > _LONGEST:
        raise InputError(where, f"has {len(text):,} characters", f"A line has at most {_LONGEST:,}.")
    words = _words("=".join(part.strip() for part in text.split("=")), where)
    if not words:
        raise InputError(f"[{name}]", "is empty", "Type ? for what can be written here.")
    if name == "mode" and words[0].lower() not in FAMILIES:
        return _modes(words, where)
    values, unit = _without_unit(words, quantity)
    table = _numbers(quantity, values, where) or _family(quantity, values, where)
    return table if name == "mode" else {**table, "unit": unit}


def parameters_of(family: str) -> dict[str, bool]:
    """Keys of a family in the order in which they may be written without names; True for those that must be given.

    First what must be given; without the cuts that every distribution may have.
    """
    fields = FAMILIES[family].model_fields
    required = {key: field.is_required() for key, field in fields.items() if key not in ("family", *CUTS)}
    return dict(sorted(required.items(), key=lambda item: not item[1]))


def _words(text: str, where: str) -> list[str]:
    """The parts of a line between blanks and commas, where no bracket or quote is open."""
    words = [""]
    depth = 0
    is_quoted = False
    for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if letter == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (letter in "[{") - (letter in "]}")
        if depth or is_quoted or letter not in ", \t\n":
            words[-1] += letter
            continue
        if letter == "," and before.isdigit() and after.isdigit():
            remedy = "Write numbers with a decimal point and without thousands; put a blank between two numbers."
            raise InputError(where, "has a comma inside a number", remedy)
        words.append("")
    if depth or is_quoted:
        raise InputError(where, "has an open bracket or quote", "Close it.")
    return [word for word in words if word]


def _value(word: str, where: str) -> Any:
    """A number, or a list, table or text as TOML reads it; any other word as it stands."""
    if is_number(word):
        return _number(word, where)
    if not word.startswith(("[", "{", '"', "'")):
        return word
    try:
        return tomllib.loads(f"value = {word}")["value"]
    except (ValueError, RecursionError):  # among them a whole number of more digits than Python reads
        return word


def _without_unit(words: list[str], quantity: Quantity) -> tuple[list[str], str]:
    """The words without a unit after the last number; percent become parts of 1 where that is the unit."""
    attached = _WITH_UNIT.fullmatch(words[-1])
    if attached:  # 0.5months
        words = [*words[:-1], attached[1], attached[2]]
    unit = words[-1]
    if len(words) == 1 or _singular(unit) not in _UNITS or not re.search(r"[0-9\]}]$|inf$", words[-2]):
        return words, quantity.unit
    if _singular(unit) in ("%", "percent") and quantity.unit == "1":
        return [_in_parts(word) for word in words[:-1]], "1"
    if _singular(unit) == _singular(quantity.unit):
        unit = quantity.unit
    return words[:-1], unit


def _singular(unit: str) -> str:
    return unit.lower().removesuffix("s")


def _in_parts(word: str) -> str:
    """A number in percent as one of parts of 1; other words as they are."""
    number = word.rstrip("%")
    if not is_number(number):
        return word
    return f"{float(number) / 100.0:.15g}"  # 15 digits: 7 % is 0.07, not 0.07000000000000001


def _number(word: str, where: str) -> float:
    """A word that has the form of a number."""
    try:
        return parse_number(word)
    except ValueError as error:
        raise InputError(f"{where}: {word}", *error.args) from None


def _numbers(quantity: Quantity, words: list[str], where: str) -> dict[str, Any] | None:
    """One value, or the ends of a 90 % interval; None where a family is named."""
    if len(words) == 1 and is_number(words[0]):
        return {"family": "fixed", "value": _number(words[0], where)}
    inner = words
    if words[0].lower() == "from":
        inner = words[1:]
    if len(inner) == 3 and inner[1].lower() in ("to", "..", "-", "\N{EN DASH}"):
        for end in (inner[0], inner[2]):
            if not is_number(end):
                raise InputError(f"{where}: {end}", "is not a number", "Write the ends as numbers: 0.3 to 0.9.")
        return _interval(quantity, _number(inner[0], where), _number(inner[2], where), where)
    if not re.match(r"[+-]?\.?[0-9]|[+-]?inf", words[0], re.IGNORECASE):
        return None
    remedy = "Write one number, a 90 % interval such as 0.3 to 0.9, or name the family: uniform 0.3 0.9."
    if all(is_number(word) for word in words):
        raise InputError(where, f"has {len(words)} numbers and no family", remedy)
    raise InputError(where, "is neither a number nor a range", remedy)


def _interval(quantity: Quantity, low: float, high: float, where: str) -> dict[str, Any]:
    """The distribution with this 90 % interval, of the family of the quantity's scale, cut where its domain ends."""
    for end in (low, high):
        if not quantity.contains(end):
            advice = f"{quantity.name} lies in {quantity.domain}: {quantity.meaning}."
            raise InputError(where, f"reaches {end:g}, outside the domain", advice)
    if not low < high:
        raise InputError(where, "does not rise", f"Write the smaller end first: {high:g} to {low:g}.")
    fit = INTERVAL_FITS[quantity.scale]
    cuts = {}
    natural_low = {"normal": -math.inf, "lognormal": 0.0, "beta": 0.0}[fit]
    natural_high = {"normal": math.inf, "lognormal": math.inf, "beta": 1.0}[fit]
    if quantity.low > natural_low:
        cuts["truncate_low"] = quantity.low
    if quantity.high < natural_high:
        cuts["truncate_high"] = quantity.high
    return {"family": "quantiles", "quantiles": {"q05": low, "q95": high}, "fit": fit, **cuts}


def _family(quantity: Quantity, words: list[str], where: str) -> dict[str, Any]:
    """A family by name, its parameters by place or by name."""
    family, *rest = words
    family = family.lower()
    if family not in FAMILIES:
        remedy = nearest(family, (name for name in FAMILIES if name != "categorical"))
        raise InputError(where, "is no number, no range and no family with its numbers", remedy)
    keys = list(parameters_of(family))
    found: dict[str, Any] = {}
    quantiles: dict[str, Any] = {}
    for word in rest:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            left = [key for key in keys if key not in found]
            if not left or quantiles:
                remedy = f"{family} takes {', '.join(keys)}."
                if not keys:
                    remedy = f"{family} stands alone."
                raise InputError(where, f"has {word} left over", remedy)
            key, value = left[0], word
        target = found
        if is_quantile(key):
            target = quantiles
        if key in target:
            raise InputError(where, f"states {key} twice", "Keep one of them.")
        target[key] = _value(value, where)
    if quantiles:
        family, found = fitted(family, found, quantiles)
    return {"family": family, **found}


def _modes(words: list[str], where: str) -> dict[str, Any]:
    """One retraining mode, or several with their shares."""
    parts = [part for word in words for part in word.replace("%", "").split("=") if part]
    if len(parts) == 1:
        return {"family": "fixed", "value": parts[0]}
    is_percent = any("%" in word for word in words)
    if parts and is_number(parts[0]):  # shares before modes
        parts = [part for pair in zip(parts[1::2], parts[::2], strict=False) for part in pair]
    names = parts[::2]
    shares = parts[1::2]
    if not parts or len(names) != len(shares) or not all(is_number(share) for share in shares):
        remedy = (
            f"Write one mode, or modes with their shares: {MODES[1]} 0.5 {MODES[3]} 0.5. Known: {', '.join(MODES)}."
        )
        raise InputError(where, "is neither a mode nor modes with their shares", remedy)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError(where, f"states {name} twice", "Keep one of them.")
    divisor = 1.0
    if is_percent:
        divisor = 100.0
    return {
        "family": "categorical",
        "values": {name: _number(share, where) / divisor for name, share in zip(names, shares, strict=True)},
    }


# ------------------------------------------------------------------------------------------- tables to a file


def file_text(header: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a prior file: keys of the whole file, then a table for each quantity."""
    lines = [f"{key} = {in_toml(value)}" for key, value in header.items()]
    for name, table in entries.items():
        lines += ["", f"[{name}]", *(f"{key} = {in_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def in_toml(value: Any, longest: int | None = None) -> str:
    """A value as TOML has it, on one line; of a list longer than ``longest`` the first two items and the last."""
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
    if re.fullmatch(r"[A-Za-z0-9_-]+", key):
        return key
    return json.dumps(key, ensure_ascii=False)
