"""Scenario discovery: boxes in which the event is likely, in plain words.

Boxes are found by the patient rule induction method [1]_: peel off, again and again, the slice of some input whose
loss raises the share of hits most for what it costs, keep the best balance of coverage and density on the way, and
paste back what does no harm. The search sees every draw of half of the randomisations; coverage (which share of the
hits lies in the box) and density (which share of the box is hits) are counted on the other half, which it never saw.
The limits themselves have no standard error (the best box jumps from one peel to the next), so that parts of the
searched half are searched again on their own [2]_, and each box comes with the range of what they found.

References
----------
.. [1] Friedman, J. H. & Fisher, N. I. (1999). Bump hunting in high-dimensional data. Statistics and Computing 9:
       123-143.
.. [2] Bryant, B. P. & Lempert, R. J. (2010). Thinking inside the box: a participatory, computer-assisted approach to
       scenario discovery. Technological Forecasting & Social Change 77(1): 34-49.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mc_sie.analysis.sensitivity.given_data import check_both, is_derived, varying, words_of
from mc_sie.engine.sample import Sample
from mc_sie.errors import InputError
from mc_sie.stats.estimates import decimals
from mc_sie.stats.jackknife import Array, Jackknifed, jackknife, quotient

PEEL = 0.05
"""Share of a box that one step peels off or pastes back."""

BOX_SHARE_LOW = 0.005
"""A box is not made smaller than so large a share of the draws."""

BOX_HITS_LOW = 30
"""A box is not made to hold fewer hits."""

SIMPLER = 0.01
"""A restriction is dropped when that costs no more than so much of the balance of coverage and density."""

N_PARTS = 4
"""Parts of the searched draws that are searched again, each on its own, to show how far limits move."""

COVERAGE_LOW = 0.05
"""A box that covers less than so much of the hits is not listed."""

N_BOXES = 2
"""Most boxes."""

REPLICATES_FOR_BOXES = 4
"""Fewest randomisations: half of them are searched, and the other half must show an error."""


@dataclass(frozen=True)
class Box:
    """A condition on draws: some inputs lie within limits."""

    # smallest and largest value of inputs that are restricted; -inf or inf where one side is free. A draw in which such
    # an input is not given lies outside
    limits: Mapping[str, tuple[float, float]]
    kept: Mapping[str, tuple[int, ...]]  # codes of categorical inputs that are restricted

    @property
    def restricted(self) -> tuple[str, ...]:
        """Inputs that are restricted."""
        return (*self.limits, *self.kept)

    def contains(self, inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
        """True for the draws that lie in it."""
        inside = np.ones(len(next(iter(inputs.values()))), dtype=bool)
        for name, (low, high) in self.limits.items():
            values = np.asarray(inputs[name], dtype=np.float64)
            inside &= (values >= low) & (values <= high)
        for name, codes in self.kept.items():
            inside &= np.isin(inputs[name], codes)
        return inside

    def without(self, name: str) -> Box:
        """The box with one input free."""
        return Box(
            {key: ends for key, ends in self.limits.items() if key != name},
            {key: codes for key, codes in self.kept.items() if key != name},
        )

    def with_limits(self, name: str, low: float, high: float) -> Box:
        """The box with other limits of one input."""
        if np.isinf(low) and np.isinf(high):
            return self.without(name)
        return Box({**self.limits, name: (low, high)}, self.kept)

    def in_words(self, words: Mapping[str, Sequence[str]]) -> str:
        """The box as a condition, e.g. ``rho at least -0.12 and r at least 1.7``."""
        parts = []
        for name, (low, high) in self.limits.items():
            if np.isinf(high):
                parts.append(f"{name} at least {low:.3g}")
            elif np.isinf(low):
                parts.append(f"{name} at most {high:.3g}")
            else:
                parts.append(f"{name} from {low:.3g} to {high:.3g}")
        parts += [f"{name} {' or '.join(words[name][code] for code in codes)}" for name, codes in self.kept.items()]
        return " and ".join(parts)


def find_boxes(
    inputs: Mapping[str, NDArray[np.generic]],
    hits: NDArray[np.bool_],
    groups: ArrayLike,
    *,
    words: Mapping[str, Sequence[str]] | None = None,
    n_boxes: int = N_BOXES,
) -> pd.DataFrame:
    """Boxes that hold much of the event, with their coverage and density on draws that the search did not see.

    ``groups`` is the replicate of each draw, from 0; the first half is searched, the other counts. ``words`` are names
    of the categories of each categorical input. Each further box is looked for among what the earlier ones leave.

    One row a box: ``words``, ``restricted``, then ``coverage``, ``density`` and ``share`` of all draws, each with
    ``_se``, ``_low`` and ``_high``, ``lift`` (density over the probability without a box), ``limits_of_parts`` (what
    searches of parts of the draws found, in words), and ``box``. An InputError when the event does not hold and fail in
    two replicates each, or there are fewer than four of them.
    """
    group = np.asarray(groups, dtype=np.intp)
    names = words or {}
    check_both(hits, group)
    n_groups = int(group.max()) + 1
    if n_groups < REPLICATES_FOR_BOXES:
        why = "are too few to search in one half and count in the other"
        raise InputError(f"{n_groups} randomisations", why, "Take at least four.")
    # Whole randomisations only: every 2^k-th point of a Sobol' sequence has the same first digits in some dimension.
    searched = group < n_groups // 2
    counted = ~searched
    n_parts = min(N_PARTS, n_groups // 2)
    part = group[searched] * n_parts // (n_groups // 2)
    seen = {name: values[searched] for name, values in inputs.items()}
    seen_hits = hits[searched]
    left = np.ones(len(seen_hits), dtype=bool)
    free = np.ones(int(counted.sum()), dtype=bool)
    rows = []
    for _ in range(n_boxes):
        if seen_hits[left].sum() < BOX_HITS_LOW:
            break
        box = _search(_rows(seen, left), seen_hits[left], names)
        inside = box.contains(seen) & left
        if not box.restricted or seen_hits[inside].sum() < COVERAGE_LOW * seen_hits.sum():
            break
        apart = []
        for number in range(n_parts):
            chosen = left & (part == number)
            apart.append(_search(_rows(seen, chosen), seen_hits[chosen], names))
        held = box.contains(_rows(inputs, counted)) & free
        found = _counts(held, hits[counted], group[counted] - n_groups // 2)
        row = {"words": box.in_words(names), "restricted": ", ".join(box.restricted)}
        for column, name in enumerate(("coverage", "density", "share")):
            row |= {name: found.value[column], f"{name}_se": found.se[column]}
            row |= {f"{name}_low": found.low[column], f"{name}_high": found.high[column]}
        row |= {"lift": found.value[1] / hits[counted].mean(), "limits_of_parts": _limits_of_parts(box, apart, names)}
        rows.append({**row, "box": box})
        left &= ~inside
        free &= ~held
    return pd.DataFrame(rows)


def _rows(inputs: Mapping[str, NDArray[np.generic]], rows: NDArray[np.bool_]) -> dict[str, NDArray[np.generic]]:
    """Some draws of every input."""
    return {name: values[rows] for name, values in inputs.items()}


def _limits_of_parts(box: Box, apart: Sequence[Box], words: Mapping[str, Sequence[str]]) -> str:
    """Ranges of the limits in searches of parts of the draws, e.g. ``rho at least -0.1 to -0.08 (3 of 4)``.

    The number of parts in which an input is restricted so stands behind it where that is not all of them.
    """

    def counted(text: str, n: int) -> str:
        if n == len(apart):
            return text
        return f"{text} ({n} of {len(apart)})"

    parts = []
    for name in dict.fromkeys([*box.restricted, *(name for other in apart for name in other.restricted)]):
        if name in words:
            kept = Counter(other.kept[name] for other in apart if name in other.kept)
            texts = [counted(" or ".join(words[name][code] for code in codes), n) for codes, n in kept.most_common()]
        else:
            ends = np.array([other.limits.get(name, (-np.inf, np.inf)) for other in apart])
            texts = []
            for side, values in zip(("at least", "at most"), ends.T, strict=True):
                finite = [f"{value:.3g}" for value in sorted(values[np.isfinite(values)])]
                if finite:
                    texts.append(counted(f"{side} {' to '.join(dict.fromkeys([finite[0], finite[-1]]))}", len(finite)))
        parts.append(f"{name} {', '.join(texts) or 'in none'}")
    return "; ".join(parts)


def _counts(inside: NDArray[np.bool_], hits: NDArray[np.bool_], groups: NDArray[np.intp]) -> Jackknifed:
    """Coverage, density and share of a box."""
    n_groups = int(groups.max()) + 1
    columns = (inside & hits, hits, inside, np.ones_like(hits))
    sums = np.array([np.bincount(groups, weights=column, minlength=n_groups) for column in columns], dtype=np.float64).T

    return jackknife(sums, lambda sums: quotient(sums[:, [0, 0, 2]], sums[:, [1, 2, 3]]))


def _search(
    inputs: Mapping[str, NDArray[np.generic]], hits: NDArray[np.bool_], words: Mapping[str, Sequence[str]]
) -> Box:
    """The best balanced of the boxes that peeling leaves, pasted and made simpler."""
    box = Box({}, {})
    best = box
    inside = np.ones(len(hits), dtype=bool)
    highest = _balance(inside, hits)
    while (peeled := _peeled(box, inside, inputs, hits, words)) is not None:
        box, inside = peeled
        balance = _balance(inside, hits)
        if balance > highest:
            best = box
            highest = balance
    best = _pasted(best, inputs, hits)
    return _simpler(best, inputs, hits)


def _balance(inside: NDArray[np.bool_], hits: NDArray[np.bool_]) -> float:
    """Harmonic mean of coverage and density."""
    return 2.0 * float((inside & hits).sum()) / float(inside.sum() + hits.sum())


def _peeled(
    box: Box,
    inside: NDArray[np.bool_],
    inputs: Mapping[str, NDArray[np.generic]],
    hits: NDArray[np.bool_],
    words: Mapping[str, Sequence[str]],
) -> tuple[Box, NDArray[np.bool_]] | None:
    """The box less the slice whose loss raises the density most (or lowers it least) for the draws it costs.

    None when the box cannot become smaller.
    """
    n = int(inside.sum())
    density = int(hits[inside].sum()) / n
    best: tuple[float, Box, NDArray[np.bool_]] | None = None
    for candidate in _slices(box, inside, inputs, words):
        kept = inside & candidate.contains(inputs)
        n_kept = int(kept.sum())
        hits_kept = int(hits[kept].sum())
        if n_kept == n or n_kept < BOX_SHARE_LOW * len(hits) or hits_kept < BOX_HITS_LOW:
            continue
        gain = (hits_kept / n_kept - density) / (n - n_kept)
        if best is None or gain > best[0]:
            best = (gain, candidate, kept)
    if best is None:
        return None
    return best[1:]


def _slices(
    box: Box, inside: NDArray[np.bool_], inputs: Mapping[str, NDArray[np.generic]], words: Mapping[str, Sequence[str]]
) -> list[Box]:
    """Boxes one step smaller."""
    found = []
    for name, values in inputs.items():
        if name in words:
            drawn = np.unique(values[inside])
            for code in drawn:
                codes = tuple(int(other) for other in drawn if other != code)
                if codes:
                    found.append(Box(box.limits, {**box.kept, name: codes}))
            continue
        rising = np.sort(values[inside])
        rising = rising[~np.isnan(rising)]
        if len(rising) == 0 or rising[0] == rising[-1]:
            continue
        low, high = box.limits.get(name, (-np.inf, np.inf))
        step = max(1, int(PEEL * len(rising)))
        above = rising[rising > rising[step - 1]]
        below = rising[rising < rising[-step]]
        if len(above):
            found.append(box.with_limits(name, float(above[0]), high))
        if len(below):
            found.append(box.with_limits(name, low, float(below[-1])))
    return found


def _pasted(box: Box, inputs: Mapping[str, NDArray[np.generic]], hits: NDArray[np.bool_]) -> Box:
    """The box with each limit moved out as long as the balance of coverage and density improves."""
    improved = True
    while improved:
        improved = False
        for name, (low, high) in list(box.limits.items()):
            beside = box.without(name).contains(inputs)
            values = np.asarray(inputs[name][beside], dtype=np.float64)
            step = max(1, int(PEEL * box.contains(inputs).sum()))
            lower = np.sort(values[values < low])[::-1]
            higher = np.sort(values[values > high])
            wider = [
                box.with_limits(name, _nth(lower, step, -np.inf), high),
                box.with_limits(name, low, _nth(higher, step, np.inf)),
            ]
            for candidate in wider:
                if _balance(candidate.contains(inputs), hits) > _balance(box.contains(inputs), hits):
                    box = candidate
                    improved = True
                    break
    return box


def _nth(ordered: Array, n: int, otherwise: float) -> float:
    """The n-th of some values, or what stands beyond them all."""
    if len(ordered) < n:
        return otherwise
    return float(ordered[n - 1])


def _simpler(box: Box, inputs: Mapping[str, NDArray[np.generic]], hits: NDArray[np.bool_]) -> Box:
    """The box without the restrictions that hardly matter, the least important first."""
    while box.restricted:
        now = _balance(box.contains(inputs), hits)
        balance, name = max((_balance(box.without(name).contains(inputs), hits), name) for name in box.restricted)
        if balance < now - SIMPLER:
            return box
        box = box.without(name)
    return box


def sample_boxes(sample: Sample, *, n_boxes: int = N_BOXES) -> pd.DataFrame:
    """Boxes of a sample's stated inputs; arguments and result as for :func:`find_boxes`."""
    ok = sample.is_ok
    inputs = {name: values for name, values in varying(sample).items() if not is_derived(sample, name)}
    return find_boxes(inputs, sample.hits[ok], sample.replicate[ok], words=words_of(sample), n_boxes=n_boxes)


def box_sentence(row: pd.Series, prob: float, *, is_further: bool = False) -> str:
    """Row of :func:`find_boxes` as a sentence: condition, coverage and density with errors, and the range of the
    limits.

    ``prob`` is the probability without a box; a further box was looked for among what others leave.
    """

    def percent(what: str) -> str:
        se = 100.0 * row[f"{what}_se"]
        return f"{100.0 * row[what]:.{decimals(se)}f} % (SE {se:.{decimals(se)}f} points)"

    worlds = "Of what that leaves, worlds with" if is_further else "Worlds with"
    return (
        f"{worlds} {row['words']} hold {percent('coverage')} of all worlds with the event; in them it happens with "
        f"probability {percent('density')} instead of {100.0 * prob:.3g} %. Parts of the draws, searched on their own, "
        f"put the limits at: {row['limits_of_parts']}."
    )
