"""In which draws of a prior set a quantity acts, in words: its retraining modes, and what others leave it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mc_sie.priors.describing import mode_shares
from mc_sie.priors.prior_set import PriorSet
from mc_sie.quantities import IDLE, MODEL_QUANTITIES, MODES, QUANTITIES


@dataclass(frozen=True)
class Acting:
    """Where a quantity acts.

    Attributes
    ----------
    share : float
        Share of the draws in which it may act, among those that give it.
    words : str
        ``"acts only in mode continual, 30 % of the prior"`` or ``"no effect, because ..."``; empty where it acts in
        every draw.
    """

    share: float
    words: str


def acting(prior: PriorSet, name: str) -> Acting:
    """Where a quantity acts under a prior set.

    Parameters
    ----------
    prior : PriorSet
        A set or a pool.
    name : str
        Code name of a quantity. What the set does not state, and what is no quantity, acts everywhere.

    Returns
    -------
    Acting
        Share and words.
    """
    found = [
        (weight, _acting(name, {MODES[code]: share for code, share in mode_shares(member).items()}, _known(member)))
        for member, weight in prior.plain_sets
        if name in member.entries
    ]
    if not found or all(not one.words for _, one in found):
        return Acting(1.0, "")
    share = math.fsum(weight * one.share for weight, one in found) / math.fsum(weight for weight, _ in found)
    if share == 0.0:
        return found[0][1]
    if QUANTITIES[name].modes == MODES:
        return Acting(share, "")
    return Acting(share, f"acts only in {_modes_in_words(name)}, {100.0 * share:.3g} % of the prior")


def acting_at(name: str, row: Mapping[str, float]) -> Acting:
    """Where a quantity acts, in one draw.

    Parameters
    ----------
    name : str
        Code name of a quantity.
    row : mapping of str to float
        Every quantity of the model; ``mode`` as its code, nan for what is not given.

    Returns
    -------
    Acting
        Of share 0 or 1.
    """
    return _acting(name, {MODES[int(row["mode"])]: 1.0}, row)


def acting_sentences(prior: PriorSet, names: Iterable[str] | None = None) -> list[str]:
    """Sentences on quantities that do not act in every draw; the same words once, for all they are true of.

    Parameters
    ----------
    prior : PriorSet
        The set.
    names : iterable of str, optional
        Quantities; those that the set states if none are given.

    Returns
    -------
    list of str
        None where all of them act in every draw.
    """
    if names is None:
        stated = {
            name for member, _ in prior.plain_sets for name, entry in member.entries.items() if not entry.is_default
        }
        names = [name for name in QUANTITIES if name in stated]
    by_words: dict[str, list[str]] = {}
    for name in names:
        words = acting(prior, name).words
        if words:
            by_words.setdefault(words, []).append(name)
    return [f"{', '.join(named)}: {words}." for words, named in by_words.items()]


def _acting(name: str, shares: Mapping[str, float], known: Mapping[str, float]) -> Acting:
    """Where a quantity acts, from the shares of the modes and what is known of other quantities."""
    for idle in IDLE:
        if idle.name == name and idle.holds(known):
            return Acting(0.0, f"no effect, because {idle.why}")
    modes = QUANTITIES[name].modes
    share = math.fsum(share for mode, share in shares.items() if mode in modes)
    if all(mode in modes for mode in shares):
        return Acting(share, "")
    words = f"acts only in {_modes_in_words(name)}"
    if share == 0.0:
        return Acting(0.0, f"no effect, because it {words}")
    return Acting(share, f"{words}, {100.0 * share:.3g} % of the prior")


def _modes_in_words(name: str) -> str:
    *others, last = QUANTITIES[name].modes
    if not others:
        return f"mode {last}"
    return f"modes {', '.join(others)} and {last}"


def _known(member: PriorSet) -> dict[str, float]:
    """Quantities of a set that have one value, and nan for those that it does not give."""
    known: dict[str, float] = {}
    stated = {QUANTITIES[name].determined for name in member.entries}
    for name in MODEL_QUANTITIES:
        if name not in stated:
            known[name] = math.nan
        elif name in member.entries:
            constant = member.entries[name].distribution.constant
            if constant is not None:
                known[name] = constant
    return known
