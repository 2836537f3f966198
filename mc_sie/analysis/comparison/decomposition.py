"""Decomposition of a difference between two prior sets over the blocks of priors that differ.

Between set A and set B stand 2^k mixed sets, each with some of the k differing blocks of B and the rest of A. A block's
bar is its Shapley value: what taking it from B changes, averaged over all orders in which the blocks may be taken. All
sets see the same points, so that bars have small errors and sum exactly to the change.

A block of B is B's prior, never what its evidence made of it: given evidence, quantities hang together, and none can be
taken alone. Evidence is a block of its own. A mixed set has the evidence of one of the two sets, and is asked given it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.comparison.common_draws import (
    Answer,
    Change,
    CommonDraws,
    change_between,
    change_of,
    common_draws,
    distinct_names,
    evidence_notes,
    in_points,
    points_of,
    steps,
)
from mc_sie.analysis.comparison.differences import densities_of, differences_of
from mc_sie.analysis.comparison.mixed_sets import EVIDENCE, WHOLE, MixedSets, block_words
from mc_sie.analysis.importance.common_points import Worth
from mc_sie.engine.batches import Progress
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats import shapley
from mc_sie.stats.estimates import in_percent, one_in, replicate_se
from mc_sie.text.showing import Shown

DRAWS_DEFAULT = 2**16
"""Draws for each mixed set when nothing else is asked for."""

_LISTED_HIGH = 16  # most mixed sets that a note lists by name
_LARGE = 0.1  # share of a difference from which a bar is named in the reading
_NAMED_HIGH = 4  # most bars that are


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """Several prior sets, each held against the first.

    Attributes
    ----------
    common : CommonDraws
        Event, points and horizon, common to all.
    sets : pandas.DataFrame
        One row a set: ``name``, ``title``, ``digest``, the probability with its error, ``n_failed``; where a set states
        evidence, ``ess``, the effective sample size.
    changes : pandas.DataFrame
        One row a set but the first (``against``): ``first``, ``change`` with its error, ``n_players``, ``n_mixed`` sets
        simulated, ``method``.
    bars : pandas.DataFrame
        One row a set and block, largest first: ``first``, ``against``, ``block``, ``quantities`` that differ,
        ``change`` with its error and ``n_changed``. The changes of one ``against`` sum to its row in ``changes``.
    mixed : pandas.DataFrame
        One row a mixed set: ``against``, ``taken`` (blocks of that set, the rest being of the first), the probability
        with its error, ``n_failed``, ``may_count_twice``.
    differences : pandas.DataFrame
        One row a quantity that differs: ``against``, ``block``, ``quantity``, and both distributions in words.
    densities : pandas.DataFrame
        Their distributions as drawn: ``against``, ``quantity``, ``set``, ``kind`` (density or atom), ``low``, ``high``,
        ``value``: density per unit, or probability of an atom.
    notes : tuple of str
        Blocks merged, pools, bottlenecks counted twice, draws that failed.
    readings : tuple of str
        Each difference in two sentences.
    """

    common: CommonDraws
    sets: pd.DataFrame
    changes: pd.DataFrame
    bars: pd.DataFrame
    mixed: pd.DataFrame
    differences: pd.DataFrame
    densities: pd.DataFrame
    notes: tuple[str, ...]
    readings: tuple[str, ...]

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Each difference in two sentences."""
        return self.readings

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Contributions of the blocks."""
        return (self.bars,)


def compare(
    first: PriorSet,
    *others: PriorSet,
    event: Event | str = HEADLINE,
    n_draws: int = DRAWS_DEFAULT,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    order_pairs: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Hold prior sets against the first of them, and split each difference over the blocks that differ.

    Parameters
    ----------
    first, *others : PriorSet
        At least two.
    event : Event or str
        The event.
    n_draws : int
        Draws for each set and each mixed set.
    seed, scheme, n_replicates, horizon_months, threads, progress
        As in :func:`mc_sie.simulate`.
    order_pairs : int, optional
        Pairs of random orders instead of all mixed sets, at least 2; if not given, all mixed sets up to
        :data:`EXACT_HIGH` blocks and :data:`ORDER_PAIRS` pairs beyond.

    Returns
    -------
    Comparison
        Tables, notes and sentences.

    Raises
    ------
    InputError
        For fewer than two sets, an event or sizes that cannot be used, or evidence that no draw of some mixed set
        satisfies.
    """
    if not others:
        raise InputError("compare", "is given one prior set", "Name two or more.")
    if order_pairs is not None and order_pairs < 2:
        raise InputError(f"order_pairs = {order_pairs}", "is below 2", "The spread of the orders is part of the error.")
    priors = (first, *others)
    common = common_draws(
        event, n_draws=n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        priors=priors, threads=threads,
    )  # fmt: skip
    names = distinct_names(priors)
    plans = [MixedSets.of(first, other, order_pairs, seed) for other in others]
    total = len(priors) + sum(len(plan.masks) - 2 for plan in plans if plan.players)
    done = 0
    answers = []
    for prior in priors:
        answers.append(common.ask(prior, progress=steps(progress, done, total)))
        done += 1
    parts = []
    for name, plan, answer in zip(names[1:], plans, answers[1:], strict=True):
        parts.append(_split(common, plan, (names[0], name), answers[0], answer, progress, done, total))
        done += max(0, len(plan.masks) - 2)
    sets = [
        {"name": name, "title": prior.title, "digest": prior.digest, **answer.columns()}
        for name, prior, answer in zip(names, priors, answers, strict=True)
    ]
    notes = [note for part in parts for note in part.notes]
    worths = [answer.worth for answer in answers] + [worth for part in parts for worth in part.worths]
    notes += evidence_notes(worths, common.design.n_draws)
    for name, answer in zip(names, answers, strict=True):
        if answer.n_failed:
            notes.append(f"{name}: {answer.failed_in_words} Above they count as neither.")
    mixed_columns = list(_MIXED_COLUMNS)
    if common.given:
        mixed_columns.insert(-1, "ess")
    return Comparison(
        common=common,
        sets=pd.DataFrame(sets),
        changes=pd.DataFrame([part.change for part in parts]),
        bars=_frame([row for part in parts for row in part.bars], _BAR_COLUMNS),
        mixed=_frame([row for part in parts for row in part.mixed], mixed_columns),
        differences=_frame([row for part in parts for row in part.differences], _DIFFERENCE_COLUMNS),
        densities=_frame([row for part in parts for row in part.densities], _DENSITY_COLUMNS),
        notes=tuple(dict.fromkeys(notes)),
        readings=tuple(part.reading for part in parts),
    )


_BAR_COLUMNS = (
    "first", "against", "block", "quantities", "change", "se", "low", "high", "interval", "n_changed",
)  # fmt: skip
_MIXED_COLUMNS = (
    "against", "taken", "prob", "se", "low", "high", "interval", "n_hits", "n_draws", "n_failed", "may_count_twice",
)  # fmt: skip
_DIFFERENCE_COLUMNS = ("against", "block", "quantity", "unit", "of_first", "of_against")
_DENSITY_COLUMNS = ("against", "quantity", "set", "kind", "low", "high", "value")


def _frame(rows: list[dict[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


# ------------------------------------------------------------------------------------- the split of one difference


@dataclass(frozen=True)
class _Part:
    """Everything about one pair of sets."""

    change: dict[str, object]
    bars: list[dict[str, object]]
    mixed: list[dict[str, object]]
    differences: list[dict[str, object]]
    densities: list[dict[str, object]]
    notes: tuple[str, ...]
    reading: str
    worths: list[Worth | None]


def _split(
    common: CommonDraws,
    plan: MixedSets,
    names: tuple[str, str],
    before: Answer,
    after: Answer,
    progress: Progress | None,
    done: int,
    total: int,
) -> _Part:
    """Ask the mixed sets of a plan, and split the difference."""
    whole = change_between(before, after)
    ends = {0: before, 2 ** len(plan.players) - 1: after} if plan.players else {}
    values = np.empty((len(plan.masks), 1 + common.design.n_replicates))
    packed: dict[int, _PackedHits] = {}
    rows: list[dict[str, object]] = []
    twice: list[str] = []
    failed: list[tuple[int, str, str]] = []
    worths: list[Worth | None] = []
    for index, mask in enumerate(plan.masks):
        taken = " + ".join(plan.taken(mask))
        if mask in ends:
            answer = ends[mask]
        else:
            answer = common.ask(plan.set_of(mask), progress=steps(progress, done, total))
            done += 1
            worths.append(answer.worth)
            if answer.prior.may_count_twice:
                twice.append(taken)
            if answer.n_failed:
                failed.append((answer.n_failed, taken, answer.failed_in_words))
        values[index] = (answer.estimate.prob, *answer.by_replicate)
        packed[mask] = _PackedHits.of(answer)
        may_count_twice = answer.prior.may_count_twice
        rows.append({"against": names[1], "taken": taken, **answer.columns(), "may_count_twice": may_count_twice})
    differences = list(differences_of(plan, names[1]))
    quantities = [str(row["quantity"]) for row in differences if row["block"] != EVIDENCE]
    method = "all mixed sets"
    if plan.orders is not None:
        method = f"{len(plan.orders)} random orders in pairs; their spread is part of the error"
    change = {
        "first": names[0], "against": names[1], **whole.columns(), "n_players": len(plan.players),
        "n_mixed": max(0, len(plan.masks) - 2), "method": method,
    }  # fmt: skip
    bars = _bars(plan, values, packed, common.design.n_draws)
    ranked = sorted(zip(plan.players, bars, strict=True), key=lambda pair: -abs(pair[1].change))
    return _Part(
        change=change,
        bars=[
            {
                "first": names[0],
                "against": names[1],
                "block": " + ".join(player),
                "quantities": ", ".join(str(row["quantity"]) for row in differences if row["block"] in player),
                **bar.columns(),
            }
            for player, bar in ranked
        ],
        mixed=rows,
        differences=differences,
        densities=list(densities_of(names, quantities, before, after)),
        notes=(*plan.notes, *_mixed_notes(names, len(plan.masks) - 2, twice, failed)),
        reading=_reading(common.event, names, before, after, whole, ranked, ", ".join(quantities)),
        worths=worths,
    )


def _mixed_notes(
    names: tuple[str, str], n_mixed: int, twice: list[str], failed: list[tuple[int, str, str]]
) -> Iterator[str]:
    """Sentences on mixed sets that may count a bottleneck twice, and on those in which draws failed."""
    if twice:
        where = "They are marked in the table of mixed sets."
        if len(twice) <= _LISTED_HIGH:
            where = f"They take from {names[1]}: {'; '.join(twice)}."
        yield (
            f"{len(twice)} of the {n_mixed} mixed sets between {names[0]} and {names[1]} may count one bottleneck "
            f"twice (rho below 0, alpha_compute above 0, and an r that was stated for other numbers). {where}"
        )
    if failed:
        _, taken, words = max(failed, key=lambda one: one[0])
        yield (
            f"Draws failed in {len(failed)} of the {n_mixed} mixed sets between {names[0]} and {names[1]}, where they "
            f"count neither as hit nor as miss; most in the one that takes {taken} from {names[1]}: {words}"
        )


@dataclass(frozen=True)
class _PackedHits:
    """Hits of an answer, a bit a draw: a thousand mixed sets are kept at once."""

    bits: NDArray[np.uint8]
    is_weighted: bool
    worth: float  # effective sample size as a share of the draws

    @classmethod
    def of(cls, answer: Answer) -> _PackedHits:
        return cls(np.packbits(answer.hits), answer.weights is not None, answer.ess / answer.design.n_draws)

    def changed(self, other: _PackedHits) -> NDArray[np.uint8]:
        """Draws that change; of weighted ones every hit, since its weight does."""
        if self.is_weighted or other.is_weighted:
            return self.bits | other.bits
        return self.bits ^ other.bits


def _bars(plan: MixedSets, values: NDArray[np.float64], packed: dict[int, _PackedHits], n_draws: int) -> list[Change]:
    """The Shapley value of each player, with its error from the replicates and, with random orders, from the orders."""
    if not plan.players:
        return []
    k = len(plan.players)
    if plan.orders is None:
        bars = shapley.exact(values)
        spread = np.zeros(k)
        steps_of = [[(mask, mask | 1 << i) for mask in plan.masks if not mask >> i & 1] for i in range(k)]
    else:
        gains = shapley.by_orders(plan.orders, values)
        bars = gains.mean(axis=0)
        spread = np.array([replicate_se(gains[:, i, 0]) for i in range(k)])
        paths = [list(pairwise(path)) for path in map(shapley.joined, plan.orders)]
        steps_of = [
            sorted({path[list(order).index(i)] for order, path in zip(plan.orders, paths, strict=True)})
            for i in range(k)
        ]
    found = []
    for i in range(k):
        # A draw changes with a player if it changes at any step at which that player joins.
        changed = reduce(or_, (packed[low].changed(packed[high]) for low, high in steps_of[i]))
        worth = min(packed[mask].worth for step in steps_of[i] for mask in step)
        n_changed = int(worth * np.bitwise_count(changed).sum())
        n_worth = int(worth * n_draws)
        found.append(change_of(float(bars[i, 0]), bars[i, 1:], n_changed, n_worth, further_se=float(spread[i])))
    return found


# ------------------------------------------------------------------------------------- the difference in sentences


def _reading(
    event: Event,
    names: tuple[str, str],
    before: Answer,
    after: Answer,
    whole: Change,
    ranked: Sequence[tuple[tuple[str, ...], Change]],
    quantities: str,
) -> str:
    """The difference in two sentences."""
    first, second = (_answer_words(answer) for answer in (before, after))
    if not ranked:
        return (
            f"{names[0]} and {names[1]} do not differ: no number or distribution that determines a draw is another. "
            f"Both say {first} for the probability that {event.in_words}."
        )
    head = f"The probability that {event.in_words} is {first} under {names[0]} and {second} under {names[1]}"
    if whole.is_rare:
        return (
            f"{head}: {whole.n_changed} of {before.design.n_draws:,} draws differ, too few to say what makes the "
            f"difference. It is at most {100 * whole.high:.1g} points."
        )
    head += f", a difference of {in_points(whole.change, whole.se)} points (Monte Carlo SE {points_of(whole.se)})."
    if len(ranked) == 1:
        if ranked[0][0] == (WHOLE,):
            return f"{head} Both are pools, so that it is not split."
        what = " and ".join(block_words(ranked[0][0]))
        if quantities:  # evidence is a block without quantities
            what += f" ({quantities})"
        return f"{head} They differ in one thing only, {what}, which makes all of it."
    large = [(player, bar) for player, bar in ranked if abs(bar.change) >= _LARGE * abs(whole.change)][:_NAMED_HIGH]
    large = [(player, bar) for player, bar in large if not bar.is_rare]
    is_rise = whole.change >= 0.0
    makers = [_bar_words(player, bar) for player, bar in large if bar.change and (bar.change > 0.0) == is_rise]
    takers = [_bar_words(player, bar) for player, bar in large if bar.change and (bar.change > 0.0) != is_rise]
    n_rest = len(ranked) - len(large)
    rest = math.fsum(bar.change for _, bar in ranked) - math.fsum(bar.change for _, bar in large)
    tail = "It comes from " + _listed(makers)
    if takers:
        verb = "works" if len(takers) == 1 else "work"
        tail += f"; {_listed(takers)} {verb} the other way"
    if n_rest:
        blocks = "block makes" if n_rest == 1 else f"{n_rest} blocks make"
        tail += f"; the other {blocks} {in_points(rest, max(bar.se for _, bar in ranked))}"
    return f"{head} {tail}."


def _answer_words(answer: Answer) -> str:
    """A probability in percent and, where it is known, as a natural frequency."""
    text = in_percent(answer.estimate)
    if not answer.estimate.is_rare:
        text += f" ({one_in(answer.estimate.prob)})"
    return text


def _bar_words(player: tuple[str, ...], bar: Change) -> str:
    """Blocks and what they make, in points."""
    return f"{' with '.join(block_words(player))} ({in_points(bar.change, bar.se)})"


def _listed(texts: list[str]) -> str:
    """Texts joined by commas and a final "and"."""
    if not texts:
        return "many small parts"
    *others, last = texts
    if not others:
        return last
    return f"{', '.join(others)} and {last}"
