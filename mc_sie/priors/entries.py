"""Entries: a quantity's distribution, unit and source; from a file's table, from Python, or by default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from mc_sie.distributions import families
from mc_sie.distributions.base import Distribution
from mc_sie.errors import InputError, nearest
from mc_sie.priors import adapters, messages
from mc_sie.priors.family_keys import fixed_mode
from mc_sie.quantities import QUANTITIES, Quantity
from mc_sie.text.numerals import argument_number

DEFAULT_ORIGIN = "default"
"""Origin of an entry that no file states."""


@dataclass(frozen=True)
class Entry:
    """One quantity in a prior set.

    Attributes
    ----------
    name : str
        Code name of the quantity.
    family : str
        Name of the family, as in the file.
    parameters : mapping
        Its parameters, as in the file and in the quantity's unit.
    unit : str
        Unit of the quantity.
    source : str
        Where the numbers come from.
    judgement : str or None
        Why it is a judgement call, when it is one.
    origin : str
        File that states it, or ``"default"``.
    distribution : Distribution
        The distribution; for ``mode`` that of the index in :data:`~mc_sie.quantities.MODES`.
    """

    name: str
    family: str
    parameters: Mapping[str, Any]
    unit: str
    source: str
    judgement: str | None
    origin: str
    distribution: Distribution

    @property
    def is_default(self) -> bool:
        """True where no file states it."""
        return self.origin == DEFAULT_ORIGIN


def entry_of_model(name: str, model: Any, origin: str) -> Entry:
    """An entry from its checked model, without pydantic."""
    return Entry(
        name=name,
        family=model.family,
        parameters=model.model_dump(exclude={"family", "unit", "source", "judgement"}, exclude_none=True),
        unit=QUANTITIES[name].unit,
        source=model.source,
        judgement=model.judgement,
        origin=origin,
        distribution=model.distribution,
    )


def entry(
    quantity: str,
    distribution: Any,
    *,
    source: str,
    unit: str | None = None,
    judgement: str | None = None,
    truncate_low: float | None = None,
    truncate_high: float | None = None,
) -> Entry:
    """An entry from Python, for :meth:`PriorSet.replaced`.

    Parameters
    ----------
    quantity : str
        Code name.
    distribution : object
        What a file would state, e.g. ``{"family": "uniform", "low": -0.4, "high": -0.1}``; or a frozen SciPy
        distribution, anything with ``ppf`` (or ``icdf``) and ``cdf`` such as an object of PreliZ, or a number.
    source : str
        Citation, or whose judgement it is.
    unit : str, optional
        The quantity's unit; ``mode`` has none.
    judgement : str, optional
        Marks a judgement call, and says why.
    truncate_low, truncate_high : float, optional
        Cuts, after which the rest is renormalised.

    Returns
    -------
    Entry
        Of a named family with its parameters where there is one. Any other distribution is tabulated, and the source
        says how well: so a run's record holds the distribution itself.

    Raises
    ------
    InputError
        As for a file.

    Examples
    --------
    >>> entry("rho", {"family": "uniform", "low": -0.4, "high": -0.1}, unit="1", source="mine").distribution.describe()
    'uniform from -0.4 to -0.1'
    """
    where = "in Python"
    _check_name(quantity, f"{where}: ")
    if isinstance(distribution, Real):
        distribution = argument_number(f"{where}: [{quantity}]", distribution)
    raw, remark = adapters.stated(distribution, f"{where}: [{quantity}]")
    if remark and isinstance(source, str) and source.strip():  # what is no source does not become one
        source = f"{source} [{remark}]"
    given = {
        "unit": unit,
        "source": source,
        "judgement": judgement,
        "truncate_low": _tighter(max, truncate_low, raw.get("truncate_low")),
        "truncate_high": _tighter(min, truncate_high, raw.get("truncate_high")),
    }
    return _present_entry(quantity, raw | {key: value for key, value in given.items() if value is not None}, where)


def _tighter(pick: Callable[..., Any], cut: Any, stated: Any) -> Any:
    """The tighter of two cuts, of which either may be missing; what is no number is left to the schema to refuse."""
    given = [value for value in (cut, stated) if value is not None]
    for value in given:
        if not isinstance(value, Real):
            return value
    return pick(given, default=None)


def _check_name(quantity: Any, where: str = "") -> None:
    """Refuse what is no code name of a quantity."""
    if not isinstance(quantity, str) or quantity not in QUANTITIES:
        raise InputError(f"{where}{quantity!s:.60}", "is no quantity", nearest(str(quantity), QUANTITIES))


def fixed_entry(quantity: str, value: float | str) -> Entry:
    """An entry that gives a quantity one value.

    Parameters
    ----------
    quantity : str
        Code name.
    value : float or str
        In the quantity's unit; for ``mode`` the name of a mode.

    Returns
    -------
    Entry
        Of family ``fixed``.

    Raises
    ------
    InputError
        For a name that is no quantity, or a value outside its domain.
    """
    _check_name(quantity)
    raw = {"family": "fixed", "value": value, "source": "pinned", "unit": QUANTITIES[quantity].unit}
    return _present_entry(quantity, raw, "pinned")


def entry_of_table(quantity: str, raw: Mapping[str, Any], where: str) -> Entry | None:
    """An entry from the table that a file would have for it, checked like one; None for family ``absent``."""
    document = {"title": where, quantity: raw}
    model = getattr(messages.checked(where, document), quantity)
    if model.family == "absent":
        return None
    return entry_of_model(quantity, model, where)


def _present_entry(quantity: str, raw: Mapping[str, Any], where: str) -> Entry:
    """The entry of a table, which may not be of family ``absent``."""
    found = entry_of_table(quantity, raw, where)
    if found is None:
        remedy = f'To take it away write prior.replaced({{"{quantity}": None}}).'
        raise InputError(f'{where}: [{quantity}] family = "absent"', "is no entry", remedy)
    return found


def with_defaults(stated: Mapping[str, Entry]) -> dict[str, Entry]:
    """Entries in the order of the table of quantities, with defaults, marked as such, for what has one and is not
    stated.
    """
    entries = {}
    determined = {QUANTITIES[name].determined for name in stated}
    for quantity in QUANTITIES.values():
        if quantity.name in stated:
            entries[quantity.name] = stated[quantity.name]
        elif quantity.default is not None and quantity.name not in determined:
            entries[quantity.name] = _default_entry(quantity, quantity.default)
    return entries


def _default_entry(quantity: Quantity, value: float | str) -> Entry:
    judgement = None
    if quantity.default_is_ours:
        judgement = "ours: no published value"
    distribution: Distribution
    if isinstance(value, str):
        distribution = fixed_mode(value)
    else:
        distribution = families.fixed(value)
    return Entry(
        name=quantity.name,
        family="fixed",
        parameters={"value": value},
        unit=quantity.unit,
        source="default of this project (mc_sie/quantities.py)",
        judgement=judgement,
        origin=DEFAULT_ORIGIN,
        distribution=distribution,
    )
