"""Mixed sets between two prior sets: which blocks differ, which cannot be taken apart, and which mixtures are asked.

Players are blocks, or several that only go together; a set of players is a mask of bits.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.common_points import check_subjects
from mc_sie.errors import InputError
from mc_sie.priors import PriorSet
from mc_sie.priors.modified import differing_blocks, mixed
from mc_sie.quantities import QUANTITIES
from mc_sie.stats import shapley

EXACT_HIGH = 10
"""Most players for which every mixed set is simulated when nothing else is asked for."""

ORDER_PAIRS = 50
"""Pairs of random orders beyond that, when nothing else is asked for."""

WHOLE = "whole set"
"""The one player between two pools, which have no blocks in common."""

EVIDENCE = "evidence"
"""The player of what two sets are conditioned on, where that differs."""


@dataclass(frozen=True)
class MixedSets:
    """The players between two sets, and the mixed sets that will be asked."""

    first: PriorSet
    other: PriorSet
    players: tuple[tuple[str, ...], ...]
    orders: NDArray[np.int64] | None
    masks: tuple[int, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, first: PriorSet, other: PriorSet, order_pairs: int | None, seed: int) -> MixedSets:
        """The plan for two sets; refuses nothing that can be split in a coarser way."""
        if first.digest == other.digest:
            return cls(first, other, (), None, (), ())
        is_one_prior = first.without_evidence().digest == other.without_evidence().digest
        if first.members and other.members and not is_one_prior:
            note = (
                f"{first.name} and {other.name} are both pools. Their members have no counterparts in one another, so "
                "that no block can be taken from one of them: the difference is not split."
            )
            return cls(first, other, ((WHOLE,),), None, (0, 1), (note,))
        players, notes = _players(first, other)
        if (first.members or other.members) and not is_one_prior:
            notes += (_pool_note(first, other),)
        if first.evidence or other.evidence:
            notes += (_evidence_note(first, other),)
        if order_pairs is None and len(players) <= EXACT_HIGH:
            return cls(first, other, players, None, tuple(range(2 ** len(players))), notes)
        orders = shapley.random_orders(len(players), order_pairs or ORDER_PAIRS, seed)
        return cls(first, other, players, orders, shapley.sets_along(orders), notes)

    def set_of(self, mask: int) -> PriorSet:
        """The mixed set that takes some players from the other set."""
        return mixed_set(self.first, self.other, self.taken(mask))

    def taken(self, mask: int) -> tuple[str, ...]:
        """The blocks of a set of players."""
        return tuple(block for bit, player in enumerate(self.players) if mask >> bit & 1 for block in player)


def mixed_set(first: PriorSet, other: PriorSet, taken: Collection[str]) -> PriorSet:
    """The first set with some blocks of the other one, among them perhaps its evidence."""
    blocks = [block for block in taken if block != EVIDENCE]
    if not (first.evidence or other.evidence):
        return mixed(first, other, blocks)
    evidence = other.evidence if EVIDENCE in taken else first.evidence
    name = f"{first.name} with {', '.join(taken)} of {other.name}"
    found = first.without_evidence()
    if blocks:
        found = mixed(found, other.without_evidence(), blocks, name)
    return replace(found.given(evidence), name=name)


def _has_other_evidence(first: PriorSet, other: PriorSet) -> bool:
    """True where two sets are conditioned on different things, whatever these are called."""
    stated = [sorted(repr(sorted(item.numbers.items())) for item in prior.evidence) for prior in (first, other)]
    return stated[0] != stated[1]


def _pool_note(first: PriorSet, other: PriorSet) -> str:
    """A sentence on what a mixed set is where one of the two is a pool."""
    if first.members:
        return (
            f"{first.name} is a pool: in a mixed set each of its members takes the blocks in question from "
            f"{other.name}, at its weight in the pool."
        )
    return (
        f"{other.name} is a pool: in a mixed set each of its members gives the blocks in question to {first.name}, at "
        "its weight in the pool."
    )


def _evidence_note(first: PriorSet, other: PriorSet) -> str:
    """A sentence on what mixed sets are conditioned on."""
    if not _has_other_evidence(first, other):
        return f"{first.name} and {other.name} state the same evidence: every mixed set is asked given it."
    sides = []
    for prior in (first, other):
        what = "none"
        if prior.evidence:
            what = ", ".join(item.name for item in prior.evidence)
        sides.append(f"{prior.name}: {what}")
    return (
        f"Evidence is a block of its own ({'; '.join(sides)}). A mixed set takes priors from either set as they were "
        "before evidence, and is asked given that of one of them."
    )


def _players(first: PriorSet, other: PriorSet) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Blocks that differ, those merged that cannot be taken apart, and notes on these.

    A set that cannot exist (shortening beside a rho that changes with time) has two or three blocks that refuse each
    other. One of them is alone in coming from its set; so the mixed sets that take one block from either set, and all
    others from the other, show every such refusal.
    """
    players: tuple[tuple[str, ...], ...] = ()
    if first.without_evidence().digest != other.without_evidence().digest:
        players = tuple((block,) for block in differing_blocks(first, other))
    if _has_other_evidence(first, other):
        players += ((EVIDENCE,),)
    refused: dict[frozenset[str], str] = {}

    def refusals(tried: tuple[tuple[str, ...], ...]) -> list[str]:
        blocks = frozenset(block for player in tried for block in player)
        found = []
        for taken in (side for player in tried for side in (frozenset(player), blocks - frozenset(player))):
            if taken not in refused:
                try:
                    check_subjects(mixed_set(first, other, sorted(taken)))
                    refused[taken] = ""
                except InputError as error:
                    refused[taken] = f"{error.why}"
            if refused[taken]:
                found.append(refused[taken])
        return found

    notes = []
    while reasons := refusals(players):
        pairs = list(combinations(range(len(players)), 2))
        i, j = min(pairs, key=lambda pair: len(refusals(_merged(players, *pair))))
        players = _merged(players, i, j)
        merged = " and ".join(block_words(players[i]))
        notes.append(f"{merged} are taken together: a set with only one of them from {other.name} {reasons[0]}.")
    return players, tuple(notes)


def _merged(players: tuple[tuple[str, ...], ...], i: int, j: int) -> tuple[tuple[str, ...], ...]:
    """The players with j, the later one, joined to i."""
    return (*players[:i], players[i] + players[j], *players[i + 1 : j], *players[j + 1 :])


def block_words(player: tuple[str, ...]) -> list[str]:
    """Names of blocks for people; a block of one quantity is called after it."""
    return [block.replace("_", " ") if block not in QUANTITIES else block for block in player]
