"""The families of a prior file: one pydantic model each, with exactly its keys and the distribution that they make.

Whoever needs to know the families reads :data:`FAMILIES`: the file format, its JSON Schema and messages, the template,
what can be typed in one line, the columns of a table. Types and the bounds of single numbers are pydantic's; whatever
relates two of them is refused where the distribution is made, by :class:`~mc_sie.distributions.base.Unusable`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mc_sie.distributions import families, fitting, tabulated
from mc_sie.distributions.base import Distribution, Unusable
from mc_sie.distributions.metalog import TERMS_HIGH, metalog
from mc_sie.distributions.mixture import PARTS_HIGH
from mc_sie.quantities import MODES

Positive = Annotated[float, Field(gt=0.0)]
Weight = Annotated[float, Field(ge=0.0)]
Scale = Literal["linear", "log"]
ModeName = Literal[MODES]  # type: ignore[valid-type]

COMPONENTS_HIGH = PARTS_HIGH
"""Most components of a mixture."""

CUTS = ("truncate_low", "truncate_high")
"""Keys that cut a distribution."""


class Strict(BaseModel):
    """A table whose keys are exactly those written down: text is text, numbers are finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


class FamilyKeys(Strict):
    """The keys of a family."""

    hint: ClassVar[str] = ""
    """Its keys in a line, for the template of a prior file."""

    fits_in_a_row: ClassVar[bool] = True
    """Its parameters are numbers, so that a row of a table can state them."""

    family: str


class Family(FamilyKeys):
    """A distribution and its parameters, in the quantity's unit."""

    @cached_property
    def distribution(self) -> Distribution:
        """The distribution."""
        return self._made()

    def _made(self) -> Distribution:
        """The distribution that its own keys make."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _has_a_distribution(self) -> Family:
        _ = self.distribution
        return self


class Fixed(Family):
    """One value with certainty."""

    hint = "value"

    family: Literal["fixed"]
    value: float = Field(allow_inf_nan=True, description="the value; inf where that means no limit")

    def _made(self) -> Distribution:
        return families.fixed(self.value)


class Truncatable(Family):
    """A distribution that may be cut to an interval and renormalised, without atoms at the ends."""

    truncate_low: float | None = Field(None, description="nothing below this; the rest is renormalised")
    truncate_high: float | None = Field(None, description="nothing above this; the rest is renormalised")

    @cached_property
    def distribution(self) -> Distribution:
        """The distribution, cut."""
        return families.truncated(self._made(), self.truncate_low, self.truncate_high)


class Uniform(Truncatable):
    """Equally likely anywhere between two ends."""

    hint = "low, high"

    family: Literal["uniform"]
    low: float
    high: float

    def _made(self) -> Distribution:
        return families.uniform(self.low, self.high)


class Loguniform(Truncatable):
    """Equally likely in every factor between two positive ends."""

    hint = "low, high"

    family: Literal["loguniform"]
    low: float
    high: float

    def _made(self) -> Distribution:
        return families.loguniform(self.low, self.high)


class Normal(Truncatable):
    """Normal."""

    hint = "mean, sd"

    family: Literal["normal"]
    mean: float
    sd: Positive

    def _made(self) -> Distribution:
        return families.normal(self.mean, self.sd)


class Lognormal(Truncatable):
    """Lognormal."""

    hint = "median, sd_log (sd of the natural logarithm)"

    family: Literal["lognormal"]
    median: Positive
    sd_log: Positive = Field(description="standard deviation of the natural logarithm")

    def _made(self) -> Distribution:
        return families.lognormal(self.median, self.sd_log)


class ShiftedLognormal(Truncatable):
    """A number plus a lognormal."""

    hint = "shift; median, sd_log of what lies above it"

    family: Literal["shifted_lognormal"]
    shift: float = Field(description="lower end, to which the lognormal is added")
    median: Positive = Field(description="of what lies above the lower end")
    sd_log: Positive = Field(description="standard deviation of the natural logarithm of what lies above it")

    def _made(self) -> Distribution:
        return families.shifted_lognormal(self.shift, self.median, self.sd_log)


class Beta(Truncatable):
    """Beta, from 0 to 1 unless other ends are given."""

    hint = "a, b; low = 0, high = 1 unless given"

    family: Literal["beta"]
    a: Positive
    b: Positive
    low: float = 0.0
    high: float = 1.0

    def _made(self) -> Distribution:
        return families.beta(self.a, self.b, self.low, self.high)


class Triangular(Truncatable):
    """Triangular."""

    hint = "low, peak, high"

    family: Literal["triangular"]
    low: float
    peak: float
    high: float

    def _made(self) -> Distribution:
        return families.triangular(self.low, self.peak, self.high)


class Pert(Truncatable):
    """PERT: a smooth triangular whose mean is (low + 4 peak + high)/6."""

    hint = "low, peak, high"

    family: Literal["pert"]
    low: float
    peak: float
    high: float

    def _made(self) -> Distribution:
        return families.pert(self.low, self.peak, self.high)


class StudentT(Truncatable):
    """Student t."""

    hint = "location, scale, df"

    family: Literal["student_t"]
    location: float
    scale: Positive
    df: Positive = Field(description="degrees of freedom")

    def _made(self) -> Distribution:
        return families.student_t(self.location, self.scale, self.df)


# ------------------------------------------------------------------------------------- fitted to what is stated


def as_quantiles(fit: str = "lognormal") -> str:
    """Advice to who has an interval and no mean."""
    return f'A 90 % interval alone is family = "quantiles", quantiles = {{ q05 = ..., q95 = ... }}, fit = "{fit}".'


class Fitted(Truncatable):
    """A family named by ``fit``, with what it needs beyond what it is fitted to."""

    fit: str
    df: Positive | None = Field(None, description="degrees of freedom, for student_t")
    low: float | None = Field(None, description="lower end, for beta (0 unless given) and metalog (the domain's)")
    high: float | None = Field(None, description="upper end, for beta (1 unless given) and metalog (the domain's)")

    @property
    def further(self) -> dict[str, float]:
        """``df``, ``low`` and ``high`` as given, checked."""
        wanted = {"beta": ("low", "high"), "metalog": ("low", "high"), "student_t": ("df",)}.get(self.fit, ())
        given = {key: value for key in ("df", "low", "high") if (value := getattr(self, key)) is not None}
        for key in given:
            if key not in wanted:
                remedy = "df is for student_t, low and high for beta and metalog."
                raise Unusable(key, f'does not belong to fit = "{self.fit}"', remedy)
        if self.fit == "student_t" and not given:
            raise Unusable("", "has no df", 'Nothing else determines it: fit = "student_t" needs df.')
        if self.fit == "beta":
            families.check_ends(given.get("low", 0.0), given.get("high", 1.0))
        if self.fit == "metalog":
            families.check_ends(given.get("low", -math.inf), given.get("high", math.inf))
        return given


class Quantiles(Fitted):
    """Quantiles, which a metalog has exactly; or two or three, and another family that shall have them."""

    hint = 'quantiles = { q05 = -0.5, q50 = -0.15, q95 = -0.02 }; fit = "metalog" unless given'

    family: Literal["quantiles"]
    fit: Literal["metalog", fitting.FittedFamily] = Field(
        "metalog", description="metalog: smooth, one hump, every quantile exactly; another family: two or three, nearly"
    )
    quantiles: dict[str, float] = Field(
        description="q and the decimals of the probability, at least two: q05 for 5 %, q50, q95, q975 for 97.5 %",
        json_schema_extra={
            "propertyNames": {"pattern": "^q[0-9]{2,}$"},
            "minProperties": 2,
            "maxProperties": TERMS_HIGH,
        },
    )

    def _made(self) -> Distribution:
        if self.fit == "metalog":
            return metalog(self.quantiles, **self.further)
        found = fitting.fit(self.fit, self.quantiles, **self.further)
        stated = ", ".join(f"{key} = {value:g}" for key, value in self.quantiles.items())
        if len(self.quantiles) == 2:  # two determine the family: nothing is missed
            return replace(found.distribution, words=f"{self.fit} with {stated}")
        miss = f"misses by at most {found.miss_points:.2g} points of probability"
        return replace(found.distribution, words=f"{self.fit} through {stated}: {miss}")


class Interval(Fitted):
    """A mean and an equal-tailed interval, and the family that comes nearest to them."""

    hint = 'mean, interval = [2, 32], level = 0.9 unless given; fit = "lognormal"'

    family: Literal["interval"]
    fit: fitting.FittedFamily
    mean: float
    interval: list[float] = Field(min_length=2, max_length=2, description="its low and its high end")
    level: float = Field(0.9, gt=0.0, lt=1.0, description="probability of the interval, half of the rest on each side")

    def _made(self) -> Distribution:
        low, high = self.interval
        found = fitting.fit_interval(self.fit, self.mean, (low, high), level=self.level, **self.further)
        words = f"{self.fit} with mean {self.mean:g} and {100.0 * self.level:g} % interval {low:g} to {high:g}"
        if found.miss_share > 1e-9:  # less is rounding of the search
            words += (
                f": misses the interval by at most {found.miss_points:.2g} points of probability, "
                f"the mean by {100.0 * found.miss_mean:.2g} % of the interval"
            )
        return replace(found.distribution, words=words)


# --------------------------------------------------------------------------------------------- given by numbers


class Histogram(Truncatable):
    """Chips on bins, as in a roulette elicitation; even within a bin."""

    hint = 'edges = [0, 1, 2, 4], chips = [3, 10, 7]; scale = "log" for even factors in a bin'
    fits_in_a_row = False

    family: Literal["histogram"]
    edges: list[float] = Field(min_length=2, description="ends of the bins, rising, one more than bins")
    chips: list[Weight] = Field(min_length=1, description="chips on each bin; only their shares matter")
    scale: Scale = Field("linear", description='what is even within a bin: "linear" steps or "log" factors')

    def _made(self) -> Distribution:
        return tabulated.histogram(self.edges, self.chips, is_log=self.scale == "log")


class Tabulated(Truncatable):
    """A quantile function by points of it, and a monotone cubic between them."""

    hint = "p = [0, 0.1, 0.9, 1], x = [1, 2, 8, 20]: points of the quantile function"
    fits_in_a_row = False

    family: Literal["tabulated"]
    p: list[float] = Field(min_length=2, description="probabilities, rising from 0 to 1")
    x: list[float] = Field(min_length=2, description="the quantiles there, rising; the first and last are the ends")
    scale: Scale = Field("linear", description='what is interpolated: the value, or with "log" its logarithm')

    def _made(self) -> Distribution:
        return tabulated.tabulated(self.p, self.x, is_log=self.scale == "log")


# -------------------------------------------------------------------------------------------- several with weights


class Weighted(Strict):
    """Share of a mixture."""

    weight: Weight


COMPONENTS = Field(min_length=1, max_length=COMPONENTS_HIGH)
"""How many components there may be."""


class Several(Truncatable):
    """Distributions with weights that sum to 1."""

    fits_in_a_row = False

    components: list[Any] = COMPONENTS

    def _made(self) -> Distribution:
        families.check_weights("components", [component.weight for component in self.components])
        return families.mixture([(component.weight, component.distribution) for component in self.components])


class Mixture(Several):
    """Several distributions with weights that sum to 1; a fixed one is a value with a probability of its own."""

    hint = 'components = [ { weight = 0.2, family = "fixed", value = 0 }, { weight = 0.8, ... } ]'

    family: Literal["mixture"]


class LinearPool(Several):
    """Several experts on one quantity, weighted: now this one is right and now that. A mixture."""

    hint = "components as in a mixture: several experts on one quantity"

    family: Literal["linear_pool"]

    def _made(self) -> Distribution:
        pooled = super()._made()
        return replace(pooled, words=f"linear pool{pooled.words.removeprefix('mixture')}")


# ------------------------------------------------------------------------------------- none, and retraining modes


class Absent(FamilyKeys):
    """Takes away an optional quantity that would be inherited."""

    hint = "takes away an optional quantity that is inherited"

    family: Literal["absent"]


def fixed_mode(mode: str) -> Distribution:
    """One retraining mode with certainty: an atom at its index in MODES."""
    return families.fixed(MODES.index(mode), mode)


class FixedMode(Family):
    """One retraining mode."""

    family: Literal["fixed"]
    value: ModeName

    def _made(self) -> Distribution:
        return fixed_mode(self.value)


class Categorical(Family):
    """Retraining modes with credences that sum to 1."""

    hint = "values = { shortening = 0.5, continual = 0.5 } (for mode only)"
    fits_in_a_row = False

    family: Literal["categorical"]
    values: dict[ModeName, Weight]

    def _made(self) -> Distribution:
        families.check_weights("values", self.values.values())
        weighted = [(self.values[mode], fixed_mode(mode)) for mode in MODES if mode in self.values]
        words = ", ".join(f"{100.0 * weight:.3g} % {one.describe()}" for weight, one in weighted)
        return families.mixture(weighted, words)


# --------------------------------------------------------------------------------------------------- all of them

NUMBER_FAMILIES: tuple[type[Family], ...] = (
    *(Fixed, Uniform, Loguniform, Normal, Lognormal, ShiftedLognormal, Beta, Triangular, Pert, StudentT),
    *(Quantiles, Interval, Histogram, Tabulated),
)
"""Families of a number that may stand in a mixture."""

MODE_FAMILIES: tuple[type[Family], ...] = (FixedMode, Categorical)
"""Families of the retraining mode."""

_ALL: tuple[type[FamilyKeys], ...] = (Categorical, *NUMBER_FAMILIES, Mixture, LinearPool, Absent)

FAMILIES = {get_args(family.model_fields["family"].annotation)[0]: family for family in _ALL}
"""Every family by its name in the file. (``fixed`` has the same keys for ``mode``.)"""
