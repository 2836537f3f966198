"""A published number, what we get for it, and how well the two agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from mc_sie.stats.estimates import decimals

VERDICTS = ("exact", "reproduced", "explained", "not reproduced")
"""From best to worst; :attr:`Target.verdict` says what each means."""

N_SE = 3.0
"""Joint standard errors within which two sampled numbers agree."""

ABOUT = 0.1
"""Relative precision of a number given in round words."""


@dataclass(frozen=True)
class Target:
    """One published number beside ours.

    Attributes
    ----------
    source : str
        Authors and year.
    quantity : str
        What the number is, in words, with its unit.
    published : str
        The number as printed; its last digit is its precision. ``"inf"`` and a range such as ``"10-40"`` are allowed.
    ours : float
        What the replica of the published procedure gives.
    recorded : {"exact", "reproduced", "explained", "not reproduced"}
        The verdict on record; :attr:`verdict` is computed afresh.
    reason : str
        Why the numbers differ, or on what reading they agree. Required unless the verdict is exact.
    matches : str
        Where a source's text, code and table disagree: which of them ours follows.
    se, published_se : float
        Monte Carlo standard errors of ours and of the published number, 0 for computed ones.
    is_about : bool
        The source gives it in round words ("about 300x"): it is good to :data:`ABOUT`.
    is_printed : bool
        The source printed it; if not, others recomputed it from the source.
    instead : float, optional
        What gives the published number: the same quantity under the slip or the other parameter that ``reason`` names.
    law : float, optional
        The same question put to our law of motion, where it can be.
    law_se : float
        Its Monte Carlo standard error.
    """

    source: str
    quantity: str
    published: str
    ours: float
    recorded: str = "exact"
    reason: str = ""
    matches: str = ""
    se: float = 0.0
    published_se: float = 0.0
    is_about: bool = False
    is_printed: bool = True
    instead: float | None = None
    law: float | None = None
    law_se: float = 0.0

    @property
    def value(self) -> float:
        """The published number; the nearest one of a range."""
        if self.bounds is None:
            return float(self.published)
        return min(max(self.ours, self.bounds[0]), self.bounds[1])

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Ends of a published range."""
        low, dash, high = self.published.partition("-")
        if low and dash:  # a dash at the beginning is a minus sign
            return float(low), float(high)
        return None

    @property
    def last_digit(self) -> float:
        """One unit of the last printed digit; 1 for ``inf``."""
        number = self.published
        if self.bounds:
            number = self.published.partition("-")[2]
        exponent = Decimal(number).as_tuple().exponent
        if isinstance(exponent, int):
            return 10.0**exponent
        return 1.0

    @property
    def given_by(self) -> str:
        """Who gave the published number: the ``source`` itself, or ``others`` who recomputed it."""
        if self.is_printed:
            return "source"
        return "others"

    @property
    def ours_shown(self) -> str:
        """Ours: with its error, to the digits that it leaves, or with one digit more than the published number has."""
        return _shown(self.ours, self.se, self.published)

    @property
    def law_shown(self) -> str:
        """The law's answer in the same way; empty where it was not asked."""
        if self.law is None:
            return ""
        return _shown(self.law, self.law_se, self.published)

    @property
    def is_sampled(self) -> bool:
        """True where either number is a Monte Carlo estimate."""
        return self.se > 0.0 or self.published_se > 0.0

    @property
    def joint_se(self) -> float:
        """Standard error of the difference of two sampled numbers, the rounding of the printed one included."""
        return math.sqrt(self.se**2 + self.published_se**2 + self.last_digit**2 / 12.0)

    @property
    def difference(self) -> str:
        """Ours minus published: in joint standard errors, or in units of the last printed digit."""
        if self.ours == self.value:
            return "0"
        unit = self.last_digit
        name = "digits"
        if self.is_sampled:
            unit = self.joint_se
            name = "SE"
        gap = round((self.ours - self.value) / unit, 1)
        if gap == 0.0:
            return f"0 {name}"
        if abs(gap) < 1e4:
            return f"{gap:+.1f} {name}"
        return f"{gap:+.0e} {name}"

    @property
    def verdict(self) -> str:
        """The verdict on how well the numbers agree.

        ``exact``: the same to every printed digit. ``reproduced``: within three joint standard errors (sampled
        numbers), within a printed range, or within a tenth where the source speaks in round words. ``explained``: they
        differ, and the published number comes back under the slip or the parameter that ``reason`` names.
        ``not reproduced``: none of these.
        """
        if self._agrees(self.ours):
            if self.is_sampled or self.is_about or self.bounds:
                return "reproduced"
            return "exact"
        if self.instead is not None and self._agrees(self.instead):
            return "explained"
        return "not reproduced"

    @property
    def verdict_shown(self) -> str:
        """The verdict, and how many digits stand behind an exact one when there is only one."""
        is_short = self.verdict == "exact" and len(self.published.strip("-0.").replace(".", "")) == 1
        if is_short and self.ours != self.value:
            return "exact (1 digit)"
        return self.verdict

    def _agrees(self, number: float) -> bool:
        if number == self.value:
            return True
        if self.is_about:
            return abs(number - self.value) <= ABOUT * abs(self.value)
        if self.is_sampled:
            return abs(number - self.value) <= N_SE * self.joint_se
        return abs(number - self.value) <= 0.5 * self.last_digit * (1.0 + 1e-9)


def _shown(number: float, se: float, published: str) -> str:
    """A sampled number and its standard error, or a computed one with at least three significant digits."""
    if se > 0.0:
        return f"{number:.{decimals(se)}f} (SE {se:.{decimals(se)}f})"
    digits = sum(character.isdigit() for character in published.partition("e")[0])
    return f"{number:.{max(3, digits + 1)}g}"
