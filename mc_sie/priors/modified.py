"""Prior sets made from others: a distribution moved or widened on its natural scale, and a set with blocks of another.

A shift is meaningful on a quantity's own scale (:attr:`~mc_sie.quantities.Quantity.scale`): a factor for what is
positive, a factor on the odds for a share. What a shift pushes out of the domain is cut off and the rest renormalised;
nothing is piled up at the bound, and :attr:`Moved.outside` says how much it was.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from mc_sie.distributions.base import Array, Distribution, Unusable
from mc_sie.distributions.families import truncated
from mc_sie.distributions.mixture import Mixture
from mc_sie.errors import InputError, nearest
from mc_sie.priors.copula import Correlation
from mc_sie.priors.entries import Entry
from mc_sie.priors.prior_set import PriorSet
from mc_sie.quantities import BLOCKS, QUANTITIES, Quantity
from mc_sie.text.numerals import argument_number

COUNTED_TOGETHER = ("substitution", "returns", "alpha_compute")
"""Blocks that a set's statement on bottlenecks speaks of."""


# ------------------------------------------------------------------------------------------- natural scales


def to_scale(scale: str, values: ArrayLike) -> Array:
    """Values on a natural scale: linear, natural logarithm or log-odds; infinite at its ends (0, 1, infinity)."""
    x = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore"):
        if scale == "log":
            return np.asarray(np.log(x))
        if scale == "logit":
            return np.asarray(np.log(x) - np.log1p(-x))
    return x


def from_scale(scale: str, positions: ArrayLike) -> Array:
    """The inverse of :func:`to_scale`."""
    s = np.asarray(positions, dtype=np.float64)
    with np.errstate(over="ignore"):
        if scale == "log":
            return np.asarray(np.exp(s))
        if scale == "logit":
            return np.asarray(1.0 / (1.0 + np.exp(-s)))
    return s


@dataclass(frozen=True)
class Moved(Distribution):
    """A distribution moved to ``start + factor * position`` on a natural scale. Made by :func:`moved_entry`.

    Parameters
    ----------
    words : str
        The distribution in words.
    base : Distribution
        The other distribution, given that its image lies in the domain.
    scale : {"linear", "log", "logit"}
        Natural scale.
    start, factor : float
        The change; ``factor > 0``. A value at an infinite position, such as no limit, stays where it is.
    ends : tuple of float
        Domain of the quantity.
    outside : float
        Probability that was cut off because it would have left the domain.
    """

    base: Distribution
    scale: str
    start: float
    factor: float
    ends: tuple[float, float]
    outside: float

    def _image(self, x: ArrayLike) -> Array:
        positions = self.start + self.factor * to_scale(self.scale, x)
        return np.clip(from_scale(self.scale, positions), *self.ends)  # against rounding past an end of the domain

    def _origin(self, x: ArrayLike) -> Array:
        inside = np.clip(np.asarray(x, dtype=np.float64), *self.ends)
        return from_scale(self.scale, (to_scale(self.scale, inside) - self.start) / self.factor)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest closed interval with probability 1."""
        low, high = self._image(self.base.support)
        return float(low), float(high)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Values with a probability of their own."""
        return tuple((float(self._image(value)), prob) for value, prob in self.base.atoms)

    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x)."""
        values = np.asarray(x, dtype=np.float64)
        smooth = self.base.cdf(self._origin(values)) - sum(p * (self._origin(values) >= a) for a, p in self.base.atoms)
        level = smooth + sum(p * (values >= a) for a, p in self.atoms)
        return np.where(values < self.ends[0], 0.0, np.where(values > self.ends[1], 1.0, level))

    def sf(self, x: ArrayLike) -> Array:
        """P(X > x), accurate where it is small."""
        values = np.asarray(x, dtype=np.float64)
        smooth = self.base.sf(self._origin(values)) - sum(p * (self._origin(values) < a) for a, p in self.base.atoms)
        level = smooth + sum(p * (values < a) for a, p in self.atoms)
        return np.where(values < self.ends[0], 1.0, np.where(values > self.ends[1], 0.0, level))

    def pdf(self, x: ArrayLike) -> Array:
        """Density of the part without atoms."""
        values = np.asarray(x, dtype=np.float64)
        inside = (values > self.ends[0]) & (values < self.ends[1])
        stand_in = 1.0  # any value of the domain, where the density is 0 whatever it gives
        if all(map(math.isfinite, self.ends)):
            stand_in = 0.5 * sum(self.ends)
        x_inside = np.where(inside, values, stand_in)
        origin = self._origin(x_inside)
        with np.errstate(divide="ignore", invalid="ignore"):
            stretch = _steepness(self.scale, x_inside) / (self.factor * _steepness(self.scale, origin))
            density = self.base.pdf(origin) * stretch
        return np.where(inside & np.isfinite(density), density, 0.0)

    def mean(self) -> float:
        """Expected value, as the mean of 2^18 evenly spaced quantiles beside the atoms (about 1e-5 relative)."""
        parts: list[tuple[float, Distribution]] = [(1.0, self.base)]
        if isinstance(self.base, Mixture):
            parts = list(self.base.parts)
        u = (np.arange(2**18) + 0.5) / 2**18
        smooth = sum(weight * float(np.mean(self._image(part.ppf(u)))) for weight, part in parts)
        return smooth + sum(prob * value for value, prob in self.atoms)

    def _quantile(self, u: Array, v: Array) -> Array:
        return self._image(self.base._quantile(u, v))


def _steepness(scale: str, x: Array) -> Array:
    """Derivative of :func:`to_scale`."""
    if scale == "log":
        return 1.0 / x
    if scale == "logit":
        return 1.0 / (x * (1.0 - x))
    return np.ones_like(x)


def moved_entry(entry: Entry, shift: float = 0.0, widening: float = 1.0, centre: float = 0.0) -> Entry:
    """An entry whose distribution is moved as a whole on its natural scale, atoms and all.

    Parameters
    ----------
    entry : Entry
        Of a quantity with numbers, not ``mode``.
    shift : float
        Added to every position on the scale.
    widening : float
        Factor on every distance from ``centre``, above 0.
    centre : float
        Position on the scale that a widening leaves where it is.

    Returns
    -------
    Entry
        Of family ``moved``; its ``distribution`` is a :class:`Moved`.

    Raises
    ------
    InputError
        When nothing of the distribution would be left in the quantity's domain, and for changes that are none.
    """
    quantity, distribution = QUANTITIES[entry.name], entry.distribution
    if entry.name == "mode":
        raise InputError("[mode]", "has no scale to be moved on", "Give its modes other shares.")
    for argument, value in (("shift", shift), ("widening", widening), ("centre", centre)):
        if math.isnan(argument_number(argument, value)):
            raise InputError(f"{argument} = nan", "is not a number", "Give a float or an int.")
    if not 0.0 < widening < math.inf:
        raise InputError(f"widening = {widening:g}", "is not a finite number above 0", "1 leaves the width as it is.")
    start = shift + (1.0 - widening) * centre
    # the values that the change takes to the ends of the domain
    positions = (to_scale(quantity.scale, (quantity.low, quantity.high)) - start) / widening
    low, high = (float(value) for value in from_scale(quantity.scale, positions))
    cut_low = cut_high = None
    below = above = 0.0
    if low > distribution.support[0]:
        cut_low = low
        below = float(distribution.cdf(math.nextafter(low, -math.inf)))
    if high < distribution.support[1]:
        cut_high = high
        above = float(distribution.sf(high))
    words = f"{distribution.describe()}, {change_in_words(quantity, shift, widening)}"
    try:
        kept = truncated(distribution, cut_low, cut_high)
    except Unusable:
        why = f"{change_in_words(quantity, shift, widening)} leaves nothing within {quantity.domain}"
        raise InputError(f"[{entry.name}] {distribution.describe()}", why, "Move it by less.") from None
    return replace(
        entry,
        family="moved",
        parameters={
            "of": {"family": entry.family, **entry.parameters},
            "shift": shift,
            "widening": widening,
            "centre": centre,
        },
        distribution=Moved(words, kept, quantity.scale, start, widening, (quantity.low, quantity.high), below + above),
    )


def change_in_words(quantity: Quantity, shift: float, widening: float = 1.0) -> str:
    """A change on a natural scale as a reader would say it: ``"moved by -0.1"``, ``"odds multiplied by 2"``."""
    texts = []
    if shift != 0.0 or widening == 1.0:
        factor = "multiplied beyond measure"
        if abs(shift) < 700.0:  # beyond it the exponential overflows
            factor = f"multiplied by {math.exp(shift):.3g}"
        texts.append({"linear": f"moved by {shift:+.3g}", "log": factor, "logit": f"odds {factor}"}[quantity.scale])
    if widening != 1.0:
        texts.append(f"{widening:g} times as wide")
    return " and ".join(texts)


# ---------------------------------------------------------------------------------------- a set with blocks of another


def differing_blocks(first: PriorSet, second: PriorSet) -> tuple[str, ...]:
    """Blocks of quantities that two sets, or any of their members, state differently, in the order of BLOCKS.

    Those with another distribution, and both blocks of a pair of quantities with another correlation.
    """
    if first.members or second.members:
        pairs = [(one, other) for one, _ in first.plain_sets for other, _ in second.plain_sets]
        found = {block for pair in pairs for block in differing_blocks(*pair)}
        return tuple(block for block in BLOCKS if block in found)
    ours, theirs = _correlations(first), _correlations(second)
    correlated = {name for pair in ours.keys() | theirs.keys() if ours.get(pair) != theirs.get(pair) for name in pair}
    return tuple(
        block
        for block, names in BLOCKS.items()
        if correlated & set(names)
        or any(not is_same_entry(first.entries.get(name), second.entries.get(name)) for name in names)
    )


def _correlations(prior: PriorSet) -> dict[frozenset[str], float]:
    """Rank correlations by the two quantities of the law of motion that they tie, which rise with what is stated."""
    found = {frozenset(QUANTITIES[name].determined for name in one.between): one.spearman for one in prior.correlations}
    return {pair: spearman for pair, spearman in found.items() if spearman != 0.0}


def is_same_entry(one: Entry | None, other: Entry | None) -> bool:
    """True where two entries say the same of a quantity, also the same single value in whatever words."""
    if one is None or other is None:
        return one is other
    if (one.family, one.parameters) == (other.family, other.parameters):
        return True
    constant = one.distribution.constant
    return constant is not None and constant == other.distribution.constant


def mixed(first: PriorSet, second: PriorSet, blocks: Collection[str], name: str = "") -> PriorSet:
    """One prior set with some blocks of another.

    Parameters
    ----------
    first, second : PriorSet
        At most one of them a pool: then each of its members takes, or gives, the blocks.
    blocks : collection of str
        Keys of :data:`~mc_sie.quantities.BLOCKS` that are taken from ``second``, also what it leaves out.
    name : str
        Name of the new set.

    Returns
    -------
    PriorSet
        Each quantity as the set that gives its block states it: ``r_total`` and ``max_speed`` are kept as they are
        stated, and make r and rho with the ``alpha_compute`` of the mixed set. A correlation is kept where the blocks
        of both its quantities come from one set; a block that does not differ comes from both. A statement on
        bottlenecks is kept where the blocks that it speaks of (:data:`COUNTED_TOGETHER`) come from one set.

    Raises
    ------
    InputError
        When the blocks do not go together, or one is none.
    """
    if isinstance(blocks, str):
        raise InputError(f"blocks = {blocks!r:.60}", "is text, not a collection", f"Write [{blocks!r:.60}].")
    for block in blocks:
        if block not in BLOCKS:
            raise InputError(f"block {block!r:.60}", "is no block of quantities", nearest(str(block), BLOCKS))
    name = name or f"{first.name} with {', '.join(blocks)} of {second.name}"
    if second.members:
        if first.members:
            why = "are both pools, which have no blocks in common"
            raise InputError(f"{first.name} and {second.name}", why, "Compare their members one by one.")
        return mixed(second, first, [block for block in BLOCKS if block not in blocks], name)
    if first.members:
        members = tuple((mixed(member, second, blocks, member.name), weight) for member, weight in first.members)
        return replace(first, members=members).replaced({}, name)
    changes = {quantity: second.entries.get(quantity) for block in blocks for quantity in BLOCKS[block]}
    shared = set(BLOCKS) - set(differing_blocks(first, second))
    kept = [one for one in second.correlations if _blocks_of(one) <= shared | set(blocks)]
    pairs = {one.pair for one in kept}
    kept += [
        one for one in first.correlations if one.pair not in pairs and not _blocks_of(one) & (set(blocks) - shared)
    ]
    base = replace(first, bottlenecks=_statement(first, second, blocks))
    return base.replaced(changes, name, correlations=kept)


def _blocks_of(correlation: Correlation) -> set[str]:
    return {block for block, names in BLOCKS.items() if correlation.pair & set(names)}


def _statement(first: PriorSet, second: PriorSet, blocks: Collection[str]) -> str | None:
    """Statement on bottlenecks of a mixed set: that of the set from which the numbers come that it speaks of."""
    differing = set(differing_blocks(first, second)) & set(COUNTED_TOGETHER)
    if not differing:
        return first.bottlenecks or second.bottlenecks
    if differing <= set(blocks):
        return second.bottlenecks
    if differing & set(blocks):  # some from one, some from the other: nobody said how these fit together
        return None
    return first.bottlenecks
