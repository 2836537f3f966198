"""The one table of derived quantities: what a draw implies for things that people measure, beside its outcomes.

Each is a function of the quantities alone, before any trajectory is simulated, computed by the same CES as the
trajectory (:mod:`mc_sie.model.ces`). Evidence may be about one of these, about a quantity or a reparametrisation of
one, or about an outcome; :func:`subject_of` reads the name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.errors import nearest
from mc_sie.model.ces import ln_ces
from mc_sie.outcomes import OUTCOME_KINDS, name_and_index
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES, TOP_OOMS
from mc_sie.text.numerals import parse_number
from mc_sie.units import MONTHS_PER_YEAR, OOMS_PER_DOUBLING, sigma_from_rho

Array = NDArray[np.float64]
Draws = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Derived:
    """Something measurable that the quantities imply.

    Attributes
    ----------
    name : str
        Code name.
    unit : str
        ``"x"`` (a factor relative to before automation), ``"1"``, ``"OOM/year"``, ...
    meaning : str
        One line for tables and documentation.
    inputs : tuple of str
        Quantities that it depends on.
    formula : callable
        From a mapping of every model quantity to arrays of shape (n,), to an array of shape (n,); one with an index
        takes it besides.
    index_unit : str, optional
        For one with an index: what it counts. ``"x"`` is a factor relative to before automation.
    """

    name: str
    unit: str
    meaning: str
    inputs: tuple[str, ...]
    formula: Callable[..., Array]
    index_unit: str | None = None


@njit
def _fill_ln_ces(ln_r: Array, ln_x: Array, ln_k: float, rho: Array, alpha_compute: Array) -> None:
    for i in range(len(rho)):
        ln_r[i] = ln_ces(ln_x[i], ln_k, rho[i], alpha_compute[i])


def _ln_ces_rows(ln_x: Array, ln_k: float, rho: Array, alpha_compute: Array) -> Array:
    ln_r = np.empty(len(rho))
    _fill_ln_ces(ln_r, ln_x, ln_k, rho, alpha_compute)
    return ln_r


def _numbers(draws: Draws, name: str) -> Array:
    return np.ascontiguousarray(draws[name], dtype=np.float64)


def _ln_pace(draws: Draws, ln_x: Array, ln_k: float) -> Array:
    """Logarithm of the pace at some labour and experiments, relative to before automation, on the better route."""
    pace = _ln_ces_rows(ln_x, ln_k, _numbers(draws, "rho"), _numbers(draws, "alpha_compute"))
    second = _numbers(draws, "route2_rho")
    given = ~np.isnan(second)
    if given.any():
        other = _ln_ces_rows(ln_x[given], ln_k, second[given], _numbers(draws, "route2_alpha_compute")[given])
        pace[given] = np.maximum(pace[given], other)
    return pace


def _exp(logarithm: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(logarithm))


def _ln_pace_at_compute(draws: Draws, factor: float) -> Array:
    return _ln_pace(draws, np.zeros(len(draws["rho"])), math.log(factor))


def _ln_pace_at_labour(draws: Draws, factor: float) -> Array:
    return _ln_pace(draws, _numbers(draws, "lam") * math.log(factor), 0.0)


def _compute_elasticity(draws: Draws, factor: float) -> Array:
    if factor == 1.0:
        return _larger_weight(draws, lambda alpha: alpha)
    return _ln_pace_at_compute(draws, factor) / math.log(factor)


def _labour_elasticity(draws: Draws, factor: float) -> Array:
    if factor == 1.0:
        return _numbers(draws, "lam") * _larger_weight(draws, lambda alpha: 1.0 - alpha)
    return _ln_pace_at_labour(draws, factor) / math.log(factor)


def _larger_weight(draws: Draws, weight_of: Callable[[Array], Array]) -> Array:
    """A weight of the CES on the route that gains most from a little more of its input: today all routes are alike."""
    first, second = (weight_of(_numbers(draws, name)) for name in ("alpha_compute", "route2_alpha_compute"))
    return np.fmax(first, second)


def _ceiling(weight: Array, rho: Array) -> Array:
    """``weight^(1/rho)`` for rho < 0, where one input alone bounds research; else inf, and so it is at weight 0."""
    with np.errstate(divide="ignore", over="ignore"):
        negative = np.where(rho < 0.0, rho, -1.0)  # -1 stands where the result is not used
        return np.where(rho < 0.0, np.exp(np.log(weight) / negative), np.inf)


def _unlimited(weight_of: Callable[[Array], Array]) -> Callable[[Draws], Array]:
    def formula(draws: Draws) -> Array:
        best = _ceiling(weight_of(_numbers(draws, "alpha_compute")), _numbers(draws, "rho"))
        second = _ceiling(weight_of(_numbers(draws, "route2_alpha_compute")), _numbers(draws, "route2_rho"))
        # where there is no second route its ceiling is inf, which is not meant
        return np.where(np.isnan(_numbers(draws, "route2_rho")), best, np.fmax(best, second))

    return formula


def _pace_initial(draws: Draws) -> Array:
    stated = _numbers(draws, "speedup_initial")
    ln_x = _numbers(draws, "lam") * np.log(_numbers(draws, "labour_multiplier"))
    return np.where(np.isnan(stated), _exp(_ln_pace(draws, ln_x, 0.0)), stated)


def _r_total(draws: Draws) -> Array:
    return _numbers(draws, "r") / ((1.0 - _numbers(draws, "alpha_compute")) * _numbers(draws, "labour_per_efficiency"))


_CES = ("rho", "alpha_compute", "route2_rho", "route2_alpha_compute")

_TABLE = (
    Derived(
        "pace_at_compute", "x",
        "pace with x times the experiment compute and the same labour, before automation: R(1, x)",
        _CES, lambda draws, factor: _exp(_ln_pace_at_compute(draws, factor)), "x",
    ),
    Derived(
        "pace_at_labour", "x",
        "pace with x times the labour and the same experiment compute, before automation: R(x^lam, 1)",
        (*_CES, "lam"), lambda draws, factor: _exp(_ln_pace_at_labour(draws, factor)), "x",
    ),
    Derived(
        "compute_elasticity", "1",
        "elasticity of the pace to experiment compute between before automation and x times as much: "
        "ln R(1, x) / ln x; at x = 1 the slope there, alpha_compute",
        _CES, _compute_elasticity, "x",
    ),
    Derived(
        "labour_elasticity", "1",
        "elasticity of the pace to labour between before automation and x times as much: ln R(x^lam, 1) / ln x; at "
        "x = 1 the slope there, lam (1 - alpha_compute)",
        (*_CES, "lam"), _labour_elasticity, "x",
    ),
    Derived(
        "max_speed", "x",
        "pace with unlimited labour and the experiment compute of before automation, before research is reorganised: "
        "alpha_compute^(1/rho), of the better route; inf where rho >= 0",
        _CES, _unlimited(lambda alpha: alpha),
    ),
    Derived(
        "max_speed_compute", "x",
        "pace with unlimited experiment compute and the labour of before automation: (1 - alpha_compute)^(1/rho), of "
        "the better route; inf where rho >= 0",
        _CES, _unlimited(lambda alpha: 1.0 - alpha),
    ),
    Derived(
        "pace_initial", "x",
        "pace on the day of automation: speed-up if stated, else R(labour_multiplier^lam, 1); the outcome of that name",
        (*_CES, "lam", "labour_multiplier", "speedup_initial"), _pace_initial,
    ),
    Derived(
        "software_growth_ooms_per_year", "OOM/year",
        "growth of training efficiency before automation: 12 log10(2) / T_pre",
        ("software_doubling_months",),
        lambda draws: MONTHS_PER_YEAR * OOMS_PER_DOUBLING / _numbers(draws, "software_doubling_months"),
    ),
    Derived(
        "sigma", "1", QUANTITIES["sigma"].meaning, ("rho",), lambda draws: sigma_from_rho(_numbers(draws, "rho"))
    ),
    Derived(
        "r_total", "1", QUANTITIES["r_total"].meaning, ("r", "alpha_compute", "labour_per_efficiency"), _r_total
    ),
)  # fmt: skip

DERIVED: dict[str, Derived] = {derived.name: derived for derived in _TABLE}
"""Everything measurable that quantities imply, by its code name; one that is also an outcome's is the same number."""


_RENAMED = {"pace_tenth_compute": "pace_at_compute[0.1]", "pace_tenfold_compute": "pace_at_compute[10]"}
"""Names that earlier files may have, and what to write now."""


@dataclass(frozen=True)
class Subject:
    """Subject of a piece of evidence: a derived quantity, a quantity or an outcome.

    Attributes
    ----------
    name : str
        Of :data:`DERIVED`, of a quantity, or of ``outcomes.OUTCOME_KINDS``.
    index : float or None
        k in OOM or w in months of an outcome, a factor of a derived quantity, where there is one.
    unit, meaning : str
        From its table.
    inputs : tuple of str
        Model quantities that it depends on.
    is_outcome : bool
        True where it takes a simulated trajectory.
    """

    name: str
    index: float | None
    unit: str
    meaning: str
    inputs: tuple[str, ...]
    is_outcome: bool

    def values(self, draws: Draws) -> Array:
        """Value of the subject in each draw, where it takes no trajectory.

        Parameters
        ----------
        draws : mapping of str to array of shape (n,)
            Every model quantity by its code name, nan where it is absent.

        Returns
        -------
        array of shape (n,)
            In :attr:`unit`; nan where the quantity is absent.
        """
        if self.name in DERIVED:
            of_index = () if self.index is None else (self.index,)
            return DERIVED[self.name].formula(draws, *of_index)
        return _numbers(draws, self.name)


SUBJECTS: tuple[str, ...] = tuple(
    dict.fromkeys((*DERIVED, *(name for name in MODEL_QUANTITIES if name != "mode"), *OUTCOME_KINDS))
)
"""Names of everything that evidence may be about."""


def subject_of(text: str) -> Subject:
    """The subject that a piece of evidence names.

    Parameters
    ----------
    text : str
        A name of :data:`SUBJECTS`, with an index in brackets where it has one: ``best_gain_ooms[12]``,
        ``pace_at_labour[40]``.

    Returns
    -------
    Subject
        With unit, meaning and inputs from its table.

    Raises
    ------
    ValueError
        When there is no such thing; its two arguments are the reason and the remedy.
    """
    try:
        name, index_text = name_and_index(text)
    except ValueError:
        name, index_text = text, None
    if name in _RENAMED:
        raise ValueError(f"is now called {_RENAMED[name]}", f"Write {_RENAMED[name]!r}.")
    if name not in SUBJECTS:
        raise ValueError("is nothing that a draw implies", nearest(name, SUBJECTS))
    derived = DERIVED.get(name)  # before outcomes: the initial pace is both, and needs no trajectory
    kind = derived or OUTCOME_KINDS.get(name)
    index = None
    if kind is not None and kind.index_unit is not None:
        index = _index_of(name, kind.index_unit, index_text)
    elif index_text is not None:
        raise ValueError(f"puts an index on {name}, which has none", f"Write {name!r}.")
    if derived is not None:
        return Subject(name, index, derived.unit, derived.meaning, derived.inputs, is_outcome=False)
    if kind is None:
        quantity = QUANTITIES[name]
        return Subject(name, None, quantity.unit, quantity.meaning, (name,), is_outcome=False)
    return Subject(name, index, kind.unit, kind.meaning, MODEL_QUANTITIES, is_outcome=True)


def _index_of(name: str, unit: str, text: str | None) -> float:
    """The k or w of an outcome, or the factor of a derived quantity, from what stands in its brackets."""
    high, example = math.inf, "12"
    if unit == "OOM":
        high, example = TOP_OOMS, "5"
    elif unit == "x":
        example = "0.1"
    try:
        index = parse_number(text or "")
    except ValueError:
        index = math.nan  # refused below
    if 0.0 < index <= high and not math.isinf(index):
        return index
    why = f"needs an index in {unit}, above 0"
    if unit == "x":
        why = "needs a factor in brackets, above 0"
    if not math.isinf(high):
        why += f" and at most {high:g}"
    raise ValueError(why, f"Write it like '{name}[{example}]'.")
