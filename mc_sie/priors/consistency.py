"""Consistency of the entries of a prior set: what is refused, and what is warned about."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from mc_sie.distributions.base import Distribution
from mc_sie.errors import InputError, nearest
from mc_sie.priors.copula import Correlation, Dependence
from mc_sie.priors.entries import Entry
from mc_sie.priors.evidence import Evidence, used_twice
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS, Reparametrisation, inputs_of
from mc_sie.quantities import MODES, PAIRED, QUANTITIES

AUTONOMOUS_MODES = ("shortening", "shortening_accelerating_only")
"""Retraining modes whose law of motion must not depend on time."""


def check_together(file: str, entries: Mapping[str, Entry]) -> None:
    """Refuse entries that are each right but not together.

    Parameters
    ----------
    file : str
        Where they are stated, for errors.
    entries : mapping of str to Entry
        All of a set, defaults included.

    Raises
    ------
    InputError
        When something is missing, or they do not go together.
    """
    for required in ("rho", "r"):
        names = [name for name in QUANTITIES if QUANTITIES[name].determined == required]
        if not any(name in entries for name in names):
            remedy = f"Give one of {', '.join(f'[{name}]' for name in names)}, or extend a set that has it."
            raise InputError(file, f"does not say what {required} is", remedy)
    for pair in PAIRED:
        given = [name for name in pair if name in entries]
        if len(given) == 1:
            (lacking,) = set(pair) - set(given)
            raise InputError(f"{file}: [{given[0]}]", f"is given without [{lacking}]", "Give both or neither.")
    for code, prob in entries["mode"].distribution.atoms:
        mode = MODES[int(code)]
        if mode in AUTONOMOUS_MODES and "rho_long" in entries:
            why = f"gives {mode} a credence of {100.0 * prob:.3g} % although [rho_long] is given"
            remedy = (
                "Shortening needs a law that does not change with time: choose other modes, or take away rho_long "
                'and reconfiguration_half_life_months with family = "absent".'
            )
            raise InputError(f"{file}: [mode]", why, remedy)
    for name, reparametrisation in REPARAMETRISATIONS.items():
        if name not in entries:
            continue
        for partner in reparametrisation.partners:
            if partner not in entries:
                why = f"is given without [{partner}]: together they determine {_both_determined(name, partner)}"
                remedy = f"State both, or neither and {_both_determined(name, partner)} themselves."
                raise InputError(f"{file}: [{name}]", why, remedy)
        _check_image(file, reparametrisation, entries)


def _both_determined(name: str, partner: str) -> str:
    """What two stated quantities determine, in words."""
    return " and ".join(QUANTITIES[one].determined for one in (partner, name))


def _check_image(file: str, reparametrisation: Reparametrisation, entries: Mapping[str, Entry]) -> None:
    """Refuse a reparametrisation that leads outside the domain of the quantity that it determines."""
    name, determined = reparametrisation.name, reparametrisation.determined
    inputs = inputs_of(name, entries)
    corners = np.array(list(product(*(entries[key].distribution.reach for key in inputs)))).T
    draws = dict(zip(inputs, corners, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):  # monotone in each input, so that the corners decide
        for one in REPARAMETRISATIONS.values():
            if one.name in inputs:
                draws[one.determined.name] = one.forward(draws)
    images = draws[determined.name]
    for image, inside in (
        (np.min(images), determined.low <= np.min(images)),
        (np.max(images), np.max(images) <= determined.high),
    ):
        if not inside:
            why = f"makes {determined.name} = {image:.4g} possible, outside {determined.domain}"
            raise InputError(f"{file}: [{name}]", why, reparametrisation.remedy)


def uncorrelated(between: Sequence[str], entries: Mapping[str, Entry]) -> tuple[str, str] | None:
    """Reason why two quantities of a set cannot be correlated.

    Parameters
    ----------
    between : sequence of str
        The names under which they are stated.
    entries : mapping of str to Entry
        All of the set.

    Returns
    -------
    tuple of str or None
        The reason and what to do about it; None where they can be.
    """
    for name in between:
        if name not in QUANTITIES:
            return f"names {name}, which is no quantity", nearest(name, QUANTITIES)
        determined = QUANTITIES[name].determined
        other = next((key for key in entries if QUANTITIES[key].determined == determined and key != name), None)
        if name not in entries and other is None:
            return f"names {name}, which is not given", f"State [{name}], or take the correlation away."
        if name not in entries:
            remedy = f"Correlate {other}, which rises with {name}."  # so does every reparametrisation
            return f"names {name}, but the set states {other}", remedy
        if name == "mode":
            return "names mode, which has categories", "Retraining modes have no order: correlate numbers."
        if (value := entries[name].distribution.constant) is not None:
            of = "fixed"
            if entries[name].is_default:
                of = "left to its default"
            return f"names {name}, which is {of} ({value:g})", f"Give [{name}] a range, or take the correlation away."
    return None


def warnings_about(file: str, entries: Mapping[str, Entry], bottlenecks: str | None) -> Iterator[str]:
    """Warnings about what may be meant but looks like a mistake.

    Parameters
    ----------
    file : str
        Where it is stated.
    entries : mapping of str to Entry
        All of a set.
    bottlenecks : str or None
        How rho, alpha_compute and r fit together, where somebody said so.

    Yields
    ------
    str
        A sentence each.
    """
    alpha = _weight_on_experiments(entries)
    if _is_bottlenecked(entries) and alpha is not None and alpha.atoms and alpha.atoms[0][0] == 0.0:
        yield f"{file}: [alpha_compute] can be 0 where rho is below 0: no weight on experiments, no ceiling."
    if counts_twice(entries, bottlenecks):
        yield (
            f"{file}: rho below 0, alpha_compute above 0 and r stated directly may count one bottleneck twice: say how "
            'they fit together in bottlenecks = "...", or state [r_total].'
        )


def _is_bottlenecked(entries: Mapping[str, Entry]) -> bool:
    """True where rho can be below 0."""
    if "rho" in entries:
        return entries["rho"].distribution.reach[0] < 0.0
    if "sigma" in entries:
        return entries["sigma"].distribution.reach[0] < 1.0
    return math.isfinite(entries["max_speed"].distribution.reach[0])


def counts_twice(entries: Mapping[str, Entry], bottlenecks: str | None) -> bool:
    """True where rho, alpha_compute and r may count one bottleneck twice, and nothing says how they fit together.

    Parameters
    ----------
    entries : mapping of str to Entry
        All of a set.
    bottlenecks : str or None
        What says so.

    Returns
    -------
    bool
        False where ``bottlenecks`` says it.
    """
    alpha = _weight_on_experiments(entries)
    is_weighed = alpha is None or alpha.reach[1] > 0.0  # a finite pace with unlimited compute needs a weight
    return "r" in entries and is_weighed and bottlenecks is None and _is_bottlenecked(entries)


def _weight_on_experiments(entries: Mapping[str, Entry]) -> Distribution | None:
    """Distribution of alpha_compute; None where the two largest paces determine it."""
    if "alpha_compute" in entries:
        return entries["alpha_compute"].distribution
    return None


def lost(file: str, correlation: Correlation, why: str, remedy: str) -> str:
    """Warning about a correlation that is left out.

    Parameters
    ----------
    file : str
        Of which set.
    correlation : Correlation
        Which.
    why, remedy : str
        From :func:`uncorrelated`.

    Returns
    -------
    str
        A sentence or two.
    """
    first, second = correlation.between
    return f"{file}: the correlation of {first} and {second} ({correlation.origin}) is left out: it {why}. {remedy}"


def repaired(file: str, dependence: Dependence, entries: Mapping[str, Entry]) -> Iterator[str]:
    """Warning about correlations that do not go together, with those that take their place.

    Parameters
    ----------
    file : str
        Where they are stated.
    dependence : Dependence
        What was made of them.
    entries : mapping of str to Entry
        All of the set.

    Yields
    ------
    str
        At most one.
    """
    if not dependence.is_repaired:
        return
    as_stated = {QUANTITIES[name].determined: name for name in entries}
    low = float(np.linalg.eigvalsh(np.array(dependence.stated))[0])
    changes = []
    for first, second, before, after in dependence.moved():
        digits = max(3, 1 - math.floor(math.log10(abs(after - before))))  # so many that the change shows
        change = f"from {before:.{digits}f} to {after:.{digits}f} ({after - before:+.{digits}f})"
        changes.append(f"{as_stated[first]} and {as_stated[second]} {change}")
    yield (
        f"{file}: the correlations cannot all hold together (smallest eigenvalue {low:.3g}, it must not be negative). "
        f"The nearest correlation matrix takes their place: {'; '.join(changes)}."
    )


def used_already(evidence: Sequence[Evidence], entries: Mapping[str, Entry]) -> Iterator[str]:
    """Warnings about evidence that a belief of the set was made with.

    Parameters
    ----------
    evidence : sequence of Evidence
        What the set is conditioned on.
    entries : mapping of str to Entry
        All of the set.

    Yields
    ------
    str
        A sentence each.
    """
    for item in evidence:
        for name, used_by in used_twice(item, entries):
            yield (
                f"{item.origin}: evidence {item.name!r} is counted twice: it bears on {name}, which is that of "
                f"{used_by}, and that was made with it in mind."
            )
