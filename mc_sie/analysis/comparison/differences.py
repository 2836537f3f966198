"""Differences between two prior sets: distributions in words, and as drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.comparison.common_draws import Answer
from mc_sie.analysis.comparison.mixed_sets import EVIDENCE, WHOLE, MixedSets
from mc_sie.priors import Entry, PriorSet
from mc_sie.priors.modified import is_same_entry
from mc_sie.quantities import BLOCKS, QUANTITIES

_BINS = 40  # of a histogram
_ATOM_SHARE = 0.002  # a value that at least this share of the draws take is an atom


def differences_of(plan: MixedSets, against: str) -> Iterator[dict[str, object]]:
    """Each quantity of which the two sets say different things."""
    if plan.players == ((WHOLE,),):
        return
    for block in (block for player in plan.players for block in player):
        if block == EVIDENCE:
            ours, theirs = (_evidence_words(prior) for prior in (plan.first, plan.other))
            yield {
                "against": against, "block": block, "quantity": EVIDENCE, "unit": "", "of_first": ours,
                "of_against": theirs,
            }  # fmt: skip
            continue
        for name in BLOCKS[block]:
            ours = _description(plan.first, name)
            theirs = _description(plan.other, name)
            if ours != theirs and not _is_same(plan.first, plan.other, name):
                yield {
                    "against": against,
                    "block": block,
                    "quantity": name,
                    "unit": QUANTITIES[name].unit,
                    "of_first": ours,
                    "of_against": theirs,
                }


def _evidence_words(prior: PriorSet) -> str:
    return "; ".join(item.words for item in prior.evidence) or "none"


def _is_same(first: PriorSet, other: PriorSet, name: str) -> bool:
    """True where two plain sets have one prior, however it is written."""
    if first.members or other.members:
        return False
    return is_same_entry(first.entries.get(name), other.entries.get(name))


def _description(prior: PriorSet, name: str) -> str:
    """The distribution of a quantity in words."""
    entries = [(member.entries.get(name), weight) for member, weight in prior.plain_sets]
    texts = list(dict.fromkeys(_words(entry) for entry, _ in entries))
    if len(texts) == 1:
        return texts[0]
    given = math.fsum(weight for entry, weight in entries if entry is not None)
    if given > 1.0 - 1e-9:
        return f"pooled, {len(texts)} distributions"
    return f"pooled; given with weight {given:.2g}"


def _words(entry: Entry | None) -> str:
    """The prior of one set in words."""
    if entry is None:
        return "not given"
    words = entry.distribution.describe()
    if entry.is_default:
        words += " (default)"
    return words


def densities_of(
    names: tuple[str, str], quantities: list[str], before: Answer, after: Answer
) -> Iterator[dict[str, object]]:
    """Distributions of what differs, as drawn: what is stated in two ways is shown as what both determine."""
    shown = dict.fromkeys(
        name if name in before.draws and name in after.draws else QUANTITIES[name].determines or name
        for name in quantities
    )
    for name in shown:
        drawn = [np.asarray(answer.draws[name], dtype=np.float64) for answer in (before, after)]
        given = np.concatenate([values[np.isfinite(values)] for values in drawn])
        edges = _edges(name, given)
        for label, values in zip(names, drawn, strict=True):
            for kind, low, high, value in _histogram(values, edges, is_code=name == "mode"):
                yield {
                    "against": names[1], "quantity": name, "set": label, "kind": kind, "low": low, "high": high,
                    "value": value,
                }  # fmt: skip


def _edges(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ends of the bins of a histogram, over all but the outermost two in a thousand of both sets together."""
    if values.size == 0:
        return np.array([0.0, 1.0])
    low, high = np.quantile(values, [0.001, 0.999])
    if low == high:
        return np.array([low, np.nextafter(high, math.inf)])
    if QUANTITIES[name].scale == "log" and low > 0.0:
        return np.asarray(np.geomspace(low, high, _BINS + 1))
    return np.linspace(low, high, _BINS + 1)


def _histogram(
    values: NDArray[np.float64], edges: NDArray[np.float64], *, is_code: bool
) -> Iterator[tuple[str, float, float, float]]:
    """Density of the values that occur once, and the values that have a probability of their own."""
    values = values[~np.isnan(values)]
    if values.size == 0:
        return
    distinct, counts = np.unique(values, return_counts=True)
    is_atom = (counts >= max(2.0, _ATOM_SHARE * values.size)) | is_code
    for value, count in zip(distinct[is_atom], counts[is_atom], strict=True):
        yield "atom", float(value), float(value), float(count / values.size)
    smooth = np.repeat(distinct[~is_atom], counts[~is_atom])
    if smooth.size:
        heights = np.histogram(smooth, edges)[0] / (values.size * np.diff(edges))
        for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True):
            yield "density", float(low), float(high), float(height)
