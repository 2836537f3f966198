"""Arguments given in Python: quantities become arrays for the kernel, and what cannot be used is refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.errors import InputError, nearest
from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODEL_QUANTITIES, MODES, QUANTITIES
from mc_sie.text.numerals import argument_number

Array = NDArray[np.float64]

GIVEN = (*MODEL_QUANTITIES, "horizon_months")
"""Names under which something can be given."""


def arrays_of(quantities: Any, argument: str) -> tuple[dict[str, Array], int]:
    """Every quantity of some draws as an array, what is left out at its default.

    Parameters
    ----------
    quantities : mapping, pandas.DataFrame or pandas.Series
        Numbers by code name: one for all draws, or one a draw; ``mode`` as codes or names. ``None`` and nan mean "not
        given". What draws of a prior set carry besides is passed over: the label ``prior_set``, and a
        reparametrisation such as ``sigma`` that says no more than the quantity it determines.
    argument : str
        What the argument is called, for errors.

    Returns
    -------
    arrays : dict of str to array of shape (n,)
        By the names of :data:`GIVEN`.
    n : int
        Draws.

    Raises
    ------
    InputError
        For a name that is no quantity, a reparametrisation that contradicts, a required quantity that is left out,
        values that are no numbers, and lengths that do not go together. What lies outside a domain is left to the
        kernel.
    """
    given: dict[str, Array] = {}
    for name, value in _items_of(quantities, argument):
        if name in given:
            raise InputError(f"{argument}[{name!r}]", "is given twice", "Keep one of them.")
        if name in GIVEN or name in REPARAMETRISATIONS:
            given[name] = _array_of(value, name, f"{argument}[{name!r}]")
        elif name != POOL_DIMENSION:
            raise InputError(f"{argument}[{name!r:.60}]", "is not a quantity", _remedy(name))
    n = 1
    longest = ""  # name of the quantity that says how many draws there are
    for name, array in given.items():
        if array.size == 1 or (longest and array.size == n):
            continue
        if longest:
            why = f"has {array.size:,} values, and {longest} has {n:,}"
            raise InputError(f"{argument}[{name!r}]", why, "Give one a draw, or one for all.")
        n = array.size
        longest = name
    arrays = {}
    for name in GIVEN:
        array = given[name] if name in given else np.array([_default(name, argument)])
        arrays[name] = np.broadcast_to(array, (n,))
    for name in REPARAMETRISATIONS.keys() & given.keys():
        _check_reparametrisation(name, np.broadcast_to(given[name], (n,)), arrays, argument)
    return arrays, n


def _check_reparametrisation(name: str, values: Array, arrays: Mapping[str, Array], argument: str) -> None:
    """Refuse a reparametrisation that says something else than the quantity that it determines."""
    determined = QUANTITIES[name].determined
    with np.errstate(all="ignore"):
        one = REPARAMETRISATIONS[name]
        beside = {partner: REPARAMETRISATIONS[partner].inverse(arrays) for partner in one.partners}
        implied = one.forward({**arrays, **beside, name: values})
    # of draws of a set the two are the same but for rounding, some 1e-16 of either
    contradicts = ~np.isclose(implied, arrays[determined], rtol=1e-9, atol=1e-12) & ~np.isnan(values)
    if contradicts.any():
        first = int(np.argmax(contradicts))
        why = f"makes {determined} {implied[first]:g}, and {determined} is {arrays[determined][first]:g}"
        raise InputError(f"{argument}[{name!r}] = {values[first]:g}", why, f"Give {determined} alone, which counts.")


def _items_of(quantities: Any, argument: str) -> Iterator[tuple[Any, Any]]:
    """Names and values of a mapping, of the columns of a frame, or of a row of one."""
    items = getattr(quantities, "items", None)
    if not callable(items) or isinstance(quantities, type):
        remedy = "Give a mapping from code names to numbers, a DataFrame, or a row of one."
        raise InputError(f"{argument} = {quantities!r:.60}", "holds no quantities by name", remedy)
    yield from items()


def _remedy(name: object) -> str:
    if not isinstance(name, str):
        return "Names are those of mc_sie.quantities."
    if name in OUTCOME_KINDS:
        return "It is an outcome, which is computed: leave it out."
    return nearest(name, GIVEN)


def _default(name: str, argument: str) -> float:
    """Value of a quantity that is left out."""
    if name == "horizon_months":
        return HORIZON_MONTHS_DEFAULT
    quantity = QUANTITIES[name]
    if isinstance(quantity.default, str):
        return float(MODES.index(quantity.default))
    if quantity.default is not None:
        return quantity.default
    if not quantity.optional:
        raise InputError(argument, f"has no {name!r}, which has no default", f"{name}: {quantity.meaning}.")
    return math.nan


def _array_of(value: Any, name: str, where: str) -> Array:
    """One number or a row of numbers as an array of one dimension."""
    try:
        array = np.atleast_1d(np.asarray(value))
    except ValueError:
        raise InputError(where, "is not one number, or one a draw", "Give an array of one dimension.") from None
    if array.ndim > 1:
        raise InputError(where, f"has {array.ndim} dimensions", "Give one number, or one a draw.")
    if array.dtype.kind in "iuf":
        numbers = array.astype(np.float64, copy=False)
    else:
        numbers = np.array([_number_of(one, name, where) for one in array.tolist()], dtype=np.float64)
    if name == "mode":
        wrong = numbers[~np.isin(numbers, np.arange(len(MODES)))]
        if wrong.size:
            remedy = f"Codes are 0 to {len(MODES) - 1}, for {', '.join(MODES)}."
            raise InputError(f"{where} = {wrong[0]:g}", "is no retraining mode", remedy)
    return numbers


def _number_of(value: Any, name: str, where: str) -> float:
    """One value of an array that holds more than numbers."""
    if name == "mode" and isinstance(value, str):
        if value not in MODES:
            raise InputError(f"{where} = {value!r:.60}", "is no retraining mode", nearest(value, MODES))
        return float(MODES.index(value))
    if value is None or type(value).__name__ == "NAType":  # that of pandas
        return math.nan
    return argument_number(where, value)


def check_whole(name: str, value: object) -> None:
    """Raise InputError for a value of an argument that is no whole number; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{name} = {value!r:.60}", "is not a whole number", "Give an int.")


def numbers_of(name: str, values: Iterable[float]) -> tuple[float, ...]:
    """Numbers that were given as an argument.

    Raises InputError for text, one number alone, or something among them that is none.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InputError(f"{name} = {values!r:.60}", "is not a sequence of numbers", f"Write {name}=(1, 5).")
    return tuple(argument_number(name, value) for value in values)
