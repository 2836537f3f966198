"""Consistency of the entries of a prior set: what is refused, and what is warned about."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from mc_sie.distributions.base import Distribution
from mc_sie.errors import Faults, InputError, nearest
from mc_sie.priors.copula import Correlation, Dependence
from mc_sie.priors.entries import Entry, with_defaults
from mc_sie.priors.evidence import Evidence, used_twice
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS, Reparametrisation, inputs_of
from mc_sie.quantities import MODES, PAIRED, QUANTITIES

AUTONOMOUS_MODES = ("shortening", "shortening_accelerating_only")
"""Retraining modes whose law of motion must not depend on time."""


def check_together(file: str, entries: Mapping[str, Entry]) -> None:
    """Refuse entries, defaults included, that are each right but not together."""
    faults = Faults(file)
    check_names(faults, list(entries))
    for code, prob in entries["mode"].distribution.atoms:
        mode = MODES[int(code)]
        if mode in AUTONOMOUS_MODES and "rho_long" in entries:
            why = f"gives {mode} a credence of {100.0 * prob:.3g} % although [rho_long] is given"
            remedy = (
                "Shortening needs a law that does not change with time: choose other modes, or take away rho_long "
                'and reconfiguration_half_life_months with family = "absent".'
            )
            faults.add(f"{file}: [mode]", why, remedy)
    for name, reparametrisation in REPARAMETRISATIONS.items():
        if name not in entries:
            continue
        lacking = [partner for partner in reparametrisation.partners if partner not in entries]
        for partner in lacking:
            both = _both_determined(name, partner)
            why = f"is given without [{partner}]: together they determine {both}"
            faults.add(f"{file}: [{name}]", why, f"State both, or neither and {both} themselves.")
        if not lacking:
            with faults.gathered():
                _check_image(file, reparametrisation, entries)
    faults.raise_any()


def _both_determined(name: str, partner: str) -> str:
    """What two stated quantities determine, in words."""
    return " and ".join(QUANTITIES[one].determined for one in (partner, name))


def check_names(faults: Faults, names: Sequence[str], *, is_whole: bool = True) -> None:
    """Take up what is wrong with the names under which a set states quantities, whatever their entries.

    ``is_whole`` is False where others are inherited.
    """
    groups: dict[str, str] = {}
    for name in names:
        determined = QUANTITIES[name].determined
        other = groups.setdefault(determined, name)
        if other != name:
            remedy = f"Both determine {determined}: keep one of them."
            faults.add(f"{faults.where}: [{name}]", f"is given beside [{other}]", remedy)
    if not is_whole:
        return
    for required in ("rho", "r"):
        if required not in groups:
            known = [f"[{name}]" for name in QUANTITIES if QUANTITIES[name].determined == required]
            remedy = f"Give one of {', '.join(known)}, or extend a set that has it."
            faults.add(faults.where, f"does not say what {required} is", remedy)
    for pair in PAIRED:
        given = [name for name in pair if name in names]
        if len(given) == 1:
            (lacking,) = set(pair) - set(given)
            faults.add(f"{faults.where}: [{given[0]}]", f"is given without [{lacking}]", "Give both or neither.")


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


def check_set(stated: Mapping[str, Entry], where: str) -> None:
    """Refuse entries that do not make a prior set."""
    check_together(where, with_defaults(stated))


def check_changes(changes: object) -> None:
    """Refuse what is no mapping from quantities to entries of theirs."""
    if not isinstance(changes, Mapping):
        remedy = 'Write prior.replaced({"rho": mc_sie.priors.entry("rho", ...)}).'
        raise InputError(f"changes = {changes!r:.60}", "is no mapping from quantities to entries", remedy)
    for key, change in changes.items():
        if not isinstance(key, str) or key not in QUANTITIES:
            raise InputError(f"{key!s:.60}", "is no quantity", nearest(str(key), QUANTITIES))
        if change is not None and not isinstance(change, Entry):
            remedy = f'Make one with mc_sie.priors.entry("{key}", ..., source="..."), or use pinned("{key}", value).'
            raise InputError(f"{key} = {change!r:.60}", "is no entry", remedy)
        if change is not None and change.name != key:
            raise InputError(f"changes[{key!r}]", f"is an entry of {change.name}", f"Write {{{change.name!r}: ...}}.")


def correlations_of(correlations: object) -> tuple[Correlation, ...]:
    """Correlations that were given as an argument."""
    if not isinstance(correlations, Sequence):
        raise InputError(f"correlations = {correlations!r:.60}", "is no sequence", "Give a list of Correlation.")
    for one in correlations:
        if not isinstance(one, Correlation):
            remedy = 'Make one with mc_sie.priors.Correlation(("r", "lam"), 0.5, source="...").'
            raise InputError(f"correlations: {one!r:.60}", "is no correlation", remedy)
    return tuple(correlations)


def check_correlations(where: str, correlations: Sequence[Correlation], entries: Mapping[str, Entry]) -> None:
    """Refuse correlations that some entries cannot have, and a pair that is stated twice."""
    pairs = [one.pair for one in correlations]
    for place, one in enumerate(correlations):
        problem = uncorrelated(one.between, entries)
        if one.pair in pairs[:place]:
            problem = "stands there twice", "State each pair once."
        if problem:
            raise InputError(f"{where}: correlation of {' and '.join(one.between)}", *problem)


def uncorrelated(between: Sequence[str], entries: Mapping[str, Entry]) -> tuple[str, str] | None:
    """Reason why two quantities of a set cannot be correlated, and what to do about it; None where they can be."""
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


def warnings_about(file: str, entries: Mapping[str, Entry], bottlenecks: str | None, counted_in: str) -> Iterator[str]:
    """Warnings, a sentence each, about what may be meant but looks like a mistake.

    ``counted_in`` is where rho, r and alpha_compute are stated: a file that only inherits them repeats the warning word
    for word, and adds none.
    """
    alpha = _weight_on_experiments(entries)
    if _is_bottlenecked(entries) and alpha is not None and alpha.atoms and alpha.atoms[0][0] == 0.0:
        yield f"{file}: [alpha_compute] can be 0 where rho is below 0: no weight on experiments, no ceiling."
    if counts_twice(entries, bottlenecks):
        yield (
            f"{counted_in}: rho below 0, alpha_compute above 0 and r stated directly may count one bottleneck twice: "
            'say how they fit together in bottlenecks = "...", or state [r_total].'
        )


def _is_bottlenecked(entries: Mapping[str, Entry]) -> bool:
    """True where rho can be below 0."""
    if "rho" in entries:
        return entries["rho"].distribution.reach[0] < 0.0
    if "sigma" in entries:
        return entries["sigma"].distribution.reach[0] < 1.0
    return math.isfinite(entries["max_speed"].distribution.reach[0])


def counts_twice(entries: Mapping[str, Entry], bottlenecks: str | None) -> bool:
    """True where rho, alpha_compute and r may count one bottleneck twice, and nothing says how they fit together."""
    alpha = _weight_on_experiments(entries)
    is_weighed = alpha is None or alpha.reach[1] > 0.0  # a finite pace with unlimited compute needs a weight
    return "r" in entries and is_weighed and bottlenecks is None and _is_bottlenecked(entries)


def _weight_on_experiments(entries: Mapping[str, Entry]) -> Distribution | None:
    """Distribution of alpha_compute; None where the two largest paces determine it."""
    if "alpha_compute" in entries:
        return entries["alpha_compute"].distribution
    return None


def lost(file: str, correlation: Correlation, why: str, remedy: str) -> str:
    """Warning about a correlation that is left out, with reason and remedy from :func:`uncorrelated`."""
    first, second = correlation.between
    return f"{file}: the correlation of {first} and {second} ({correlation.origin}) is left out: it {why}. {remedy}"


def repaired(file: str, dependence: Dependence, entries: Mapping[str, Entry]) -> Iterator[str]:
    """Warning, at most one, about correlations that do not go together, with those that take their place."""
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
    """Warnings, a sentence each, about evidence that a belief of the set was made with."""
    for item in evidence:
        for name, used_by in used_twice(item, entries):
            yield (
                f"{item.origin}: evidence {item.name!r} is counted twice: it bears on {name}, which is that of "
                f"{used_by}, and that was made with it in mind."
            )
