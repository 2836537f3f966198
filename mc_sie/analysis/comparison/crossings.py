"""Crossings: the positions of an input at which a probability passes a target.

The probability need not rise or fall throughout. It is asked for on a grid of positions. Between two neighbours that
lie on different sides of the target, both beyond doubt, bisection narrows the crossing down until the Monte Carlo error
blurs it, and one step along the local slope does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mc_sie.analysis.comparison.common_draws import Answer, CommonDraws
from mc_sie.analysis.importance.common_points import Worth
from mc_sie.errors import InputError
from mc_sie.priors import PriorSet
from mc_sie.stats.estimates import Estimate, student_t

POSITION_HIGH = 600.0
"""Scans end here on any natural scale: e^-600 still is a number."""

_RESOLUTION = 1e-9  # share of an interval of the grid at which a probability that still leaps is said to jump
_STEPS_AHEAD = 1.0  # an unusual position is asked for if a step as large as the last would bring P to the target
_STEP_LOW = 1e-6  # shortest step of a local slope, as a share of the interval


class TooFarError(InputError):
    """A position whose prior set would lie mostly outside the domain of the input: scans end before it."""


@dataclass(frozen=True)
class Crossing:
    """A crossing on the natural scale of an input."""

    kind: str  # ``jump`` where the probability leaps over the target, ``between`` where no finite position can be named
    # where it is, with its standard error and the ends of its 90 % interval
    position: float
    se: float
    low: float
    high: float
    direction: str  # what the probability does there


class Scan:
    """The probability as a function of a position, asked once at each; ``grid`` is where searches start from.

    Parameters
    ----------
    common : CommonDraws
        Event and points.
    set_at : callable
        The prior set at a position.
    on_rerun : callable
        Called after each rerun.
    known : dict of float to Answer, optional
        Answers that are known already.
    """

    def __init__(
        self,
        common: CommonDraws,
        set_at: Callable[[float], PriorSet],
        on_rerun: Callable[[], None],
        known: dict[float, Answer] | None = None,
    ) -> None:
        """Ask nothing yet."""
        self._common = common
        self._set_at = set_at
        self._on_rerun = on_rerun
        self.answers: dict[float, Estimate] = {}
        self.log_marginals: dict[float, float] = {}
        self.worths: list[Worth | None] = []
        self.refused: dict[float, str] = {}
        self.failed: dict[float, str] = {}
        self.grid: list[float] = []
        for position, answer in (known or {}).items():
            self._keep(position, answer)

    def over(self, grid: Sequence[float]) -> None:
        """Ask at every position of a grid that makes a prior set."""
        for position in grid:
            try:
                self.at(position)
            except TooFarError:  # where the scan ends is in the table
                continue
            except InputError as error:
                self.refused[position] = f"{error.where} {error.why}"
        self.grid = sorted(self.answers)

    def extend(
        self, targets: Sequence[float], usual: tuple[float, float], domain: tuple[float, float] = (-math.inf, math.inf)
    ) -> None:
        """Go on beyond the grid in doubling steps while P moves towards a target.

        Beyond the ``usual`` positions only where one more step like the last would reach it, and never beyond the
        domain.
        """
        for is_upper in (False, True):
            while len(self.grid) > 1:
                inner, last = self.grid[-2:] if is_upper else self.grid[1::-1]
                following = last + 2.0 * (last - inner)
                step = self.at(last).prob - self.at(inner).prob
                gap = self._gap(inner, last, targets)
                if not usual[0] <= following <= usual[1] and gap > _STEPS_AHEAD * abs(step):
                    break
                if math.isinf(gap) or not (domain[0] < following < domain[1] and abs(following) <= POSITION_HIGH):
                    break
                self.over([following])
                if following not in self.answers:
                    break

    def _gap(self, inner: float, last: float, targets: Sequence[float]) -> float:
        """How far P is from the next target that it moves towards, beyond doubt; inf where there is none."""
        before = self.at(inner)
        here = self.at(last)
        gaps = [math.inf]
        if here.low > before.high:
            gaps += [target - here.prob for target in targets if target > here.low]
        if here.high < before.low:
            gaps += [here.prob - target for target in targets if target < here.high]
        return min(gaps)

    def at(self, position: float) -> Estimate:
        """The probability at one position."""
        if position not in self.answers:
            answer = self._common.ask(self._set_at(position))
            self._keep(position, answer)
            if answer.n_failed:
                self.failed[position] = answer.failed_in_words
            self._on_rerun()
        return self.answers[position]

    def _keep(self, position: float, answer: Answer) -> None:
        """Keep what is told of an answer; its draws would take too much room."""
        self.answers[position] = answer.estimate
        self.log_marginals[position] = answer.log_marginal
        self.worths.append(answer.worth)

    def log_marginal(self, position: float) -> float:
        """Logarithm of the likelihood that the set at a position expects of its evidence, between those asked for."""
        known = sorted(self.log_marginals)
        return float(np.interp(position, known, [self.log_marginals[one] for one in known]))

    def crossings(self, target: float) -> list[Crossing]:
        """Every crossing of the target that the Monte Carlo error does not blur, in rising order."""
        sure = [position for position in self.grid if self._side(position, target)]
        pairs = [(low, high) for low, high in pairwise(sure) if self._side(low, target) != self._side(high, target)]
        return [self._narrowed(low, high, target) for low, high in pairs]

    def _side(self, position: float, target: float) -> int:
        """1 where P is surely above the target, -1 where surely below, else 0."""
        estimate = self.at(position)
        return (estimate.low > target) - (estimate.high < target)

    def _narrowed(self, low: float, high: float, target: float) -> Crossing:
        """The crossing between two positions on different sides, by bisection as far as the error allows."""
        direction = "rising" if self._side(high, target) > 0 else "falling"
        if math.isinf(low) or math.isinf(high):
            return Crossing("between", math.nan, math.nan, low, high, direction)
        width_low = _RESOLUTION * max(high - low, _RESOLUTION)
        while True:
            middle = 0.5 * (low + high)
            if high - low <= width_low or middle in (low, high):
                return Crossing("jump", middle, 0.0, low, high, direction)
            side = self._side(middle, target)
            if side == 0:
                return self._solved(low, middle, high, target, direction)
            if side == self._side(low, target):
                low = middle
            else:
                high = middle

    def _solved(self, low: float, middle: float, high: float, target: float, direction: str) -> Crossing:
        """The crossing near a position where P is the target within its error: one step along the local slope."""
        here = self.at(middle)
        slope = (self.at(high).prob - self.at(low).prob) / (high - low)
        error = here.se
        if not here.has_error:
            error = 0.5 * (here.high - here.low)  # only a bound is known: half of what it leaves
        # The local slope is taken over some errors of P to either side: nearer, noise would make most of it.
        reach = min(max(4.0 * error / abs(slope), _STEP_LOW * (high - low)), 0.5 * (high - low))
        left = middle - reach
        right = middle + reach
        local = (self.at(right).prob - self.at(left).prob) / (right - left)
        if local * slope > 0.0:
            slope = local
        position = min(max(middle + (target - here.prob) / slope, low), high)
        se = error / abs(slope)
        half = student_t(self._common.design.n_replicates - 1) * se
        return Crossing("crossing", position, se, position - half, position + half, direction)
