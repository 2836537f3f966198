"""Numbers as people write them: one grammar for events, options, tables and priors in a line of text.

Grammar::

    number = [sign] decimal [("e" | "E") [sign] digits] | [sign] ("inf" | "infinity")
    decimal = digits ["." [digits]] | "." digits
    whole = number without a fraction | digits in groups of three | digits ("^" | "**") digits

Digits are 0 to 9 and decimals follow a point: ``float`` and ``int`` would also take digits of other scripts,
underscores, and numbers that have no finite value.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from numbers import Real

from mc_sie.errors import InputError

REMEDY = "Write it in the digits 0 to 9 with a decimal point, without thousands and units."
"""Remedy of every message about a number."""

WHOLE_REMEDY = "Write 1000000, 1e6 or 2^20."
"""Remedy of every message about a whole number."""

_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]{1,9})?|inf(?:inity)?)", re.IGNORECASE)
_GROUPS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:_[0-9]{3})+")
_POWER = re.compile(r"([0-9]+)(?:\^|\*\*)([0-9]+)")
_LONGEST = 400  # characters; the longest exact decimal that anybody pastes is shorter
_WHOLE_DIGITS = 30  # digits of the largest whole number that is read; the largest that is used is 2^64


def is_number(text: str) -> bool:
    """True of text that has the form of a number, whatever its size.

    Parameters
    ----------
    text : str
        Without blanks around it.

    Returns
    -------
    bool
        False for ``nan``, thousands, underscores and digits of other scripts.
    """
    return len(text) <= _LONGEST and _NUMBER.fullmatch(text) is not None


def parse_number(text: str) -> float:
    """The number that a text states.

    Parameters
    ----------
    text : str
        In the grammar of this module; blanks around it do not count.

    Returns
    -------
    float
        Infinite only where the text says ``inf``.

    Raises
    ------
    ValueError
        When it is no number, or none that can be computed with; its two arguments are the reason and the remedy.

    Examples
    --------
    >>> parse_number("-1.5e3")
    -1500.0
    """
    plain = text.strip()
    if not is_number(plain):
        raise ValueError("is not a number", REMEDY)
    value = float(plain)
    is_rounded_away = value == 0.0 and any(digit in "123456789" for digit in plain.lower().partition("e")[0])
    if is_rounded_away or (math.isinf(value) and "inf" not in plain.lower()):
        raise ValueError("is outside what can be computed with", "Numbers reach from 1e-300 to 1e300.")
    return value


def parse_whole(text: str) -> int:
    """The whole number that a text states.

    Parameters
    ----------
    text : str
        ``1000000``, ``1,000,000``, ``1e6`` or ``2^20``.

    Returns
    -------
    int
        Exact.

    Raises
    ------
    ValueError
        When it is no whole number; its two arguments are the reason and the remedy.

    Examples
    --------
    >>> parse_whole("2^20") == parse_whole("1,048,576")
    True
    """
    plain = text.strip()
    if len(plain) > _LONGEST:  # before any pattern looks at it
        raise ValueError("is no whole number", WHOLE_REMEDY)
    power = _POWER.fullmatch(plain)
    if power:
        # from 2 on, the hundredth power has more digits than are read; below 2, more factors change nothing
        value = Decimal(int(power[1]) ** min(int(power[2]), 100))
    elif _GROUPS.fullmatch(plain):
        value = Decimal(plain.replace(",", "").replace("_", ""))
    elif is_number(plain):
        value = Decimal(plain)
    else:
        raise ValueError("is no whole number", WHOLE_REMEDY)
    if value.is_infinite() or value.adjusted() >= _WHOLE_DIGITS:
        raise ValueError("is too large", f"Whole numbers have at most {_WHOLE_DIGITS} digits here.")
    if value != value.to_integral_value():
        raise ValueError("is no whole number", WHOLE_REMEDY)
    return int(value)


def argument_number(name: str, value: object) -> float:
    """A number that was given as an argument in Python.

    Parameters
    ----------
    name : str
        Of the argument, for the error.
    value : object
        A real number, also of NumPy; not ``True``.

    Returns
    -------
    float
        The same; nan and infinities are left to whoever knows what they mean.

    Raises
    ------
    InputError
        When it is no number.
    """
    try:
        if not isinstance(value, bool) and isinstance(value, Real):
            return float(value)
    except OverflowError:
        raise InputError(f"{name} = {value!r:.40}...", "is outside what can be computed with") from None
    raise InputError(f"{name} = {value!r:.60}", "is not a number", "Give a float or an int.")
