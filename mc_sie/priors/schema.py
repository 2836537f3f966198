"""What a prior file may say: one pydantic model a family, with exactly its keys, and the JSON Schema of the whole file.

Types and the bounds of single numbers are pydantic's; whatever relates two of them is refused where the law is made, by
:class:`~mc_sie.distributions.base.Unusable`. :mod:`mc_sie.priors.loading` turns both kinds into one of
message.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, cached_property, partial, reduce
from operator import or_
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic.json_schema import GenerateJsonSchema

from mc_sie import units
from mc_sie.distributions import families, fitting, tabulated
from mc_sie.distributions.base import Distribution, Unusable
from mc_sie.distributions.mixture import PARTS_HIGH
from mc_sie.priors import evidence
from mc_sie.quantities import MODES, QUANTITIES, Quantity

Positive = Annotated[float, Field(gt=0.0)]
Weight = Annotated[float, Field(ge=0.0)]
Scale = Literal["linear", "log"]


def _not_blank(text: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise Unusable("", "is blank", "Write something, or leave the key out where it may be left out.")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_not_blank)]
ModeName = Literal[MODES]  # type: ignore[valid-type]
_NUMBER_NAMES = tuple(name for name in QUANTITIES if name != "mode")
NumberName = Literal[_NUMBER_NAMES]  # type: ignore[valid-type]

_CONVERSIONS = {
    ("years", "months"): f"Multiply by {units.MONTHS_PER_YEAR:g}",
    ("days", "months"): f"Divide by {units.DAYS_PER_MONTH:g}",
    ("%", "1"): "Divide by 100",
    ("doublings", "OOM"): f"Multiply by {units.OOMS_PER_DOUBLING:.5f}",
}
_UNIT_NAMES = {"year": "years", "yr": "years", "day": "days", "percent": "%", "doubling": "doublings"}


COMPONENTS_HIGH = PARTS_HIGH
"""Most components of a mixture."""

MEMBERS_HIGH = 64
"""Most members of a pool: each is a file of its own."""

EVIDENCE_HIGH = 64
"""Most pieces of evidence: each keeps a number for every draw."""

SD_LOG_HIGH = 100.0
"""Largest error of a reading, as a natural logarithm: it may then be off by a factor of 10^43."""


class Strict(BaseModel):
    """A table whose keys are exactly those written down: text is text, numbers are finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


# -------------------------------------------------------------------------------------------------- families


class Family(Strict):
    """A law and its parameters, in the quantity's unit."""

    family: str

    @cached_property
    def distribution(self) -> Distribution:
        """The law."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _has_a_law(self) -> Family:
        _ = self.distribution
        return self


class Fixed(Family):
    """One value with certainty."""

    family: Literal["fixed"]
    value: float = Field(allow_inf_nan=True, description="the value; inf where that means no limit")

    @cached_property
    def distribution(self) -> Distribution:
        """The law."""
        return families.fixed(self.value)


class Truncatable(Family):
    """A law that may be cut to an interval and renormalised, without atoms at the ends."""

    truncate_low: float | None = Field(None, description="nothing below this; the rest is renormalised")
    truncate_high: float | None = Field(None, description="nothing above this; the rest is renormalised")

    def whole(self) -> Distribution:
        """The law before it is cut."""
        raise NotImplementedError

    @cached_property
    def distribution(self) -> Distribution:
        """The law."""
        return families.truncated(self.whole(), self.truncate_low, self.truncate_high)


class Uniform(Truncatable):
    """Equally likely anywhere between two ends."""

    family: Literal["uniform"]
    low: float
    high: float

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.uniform(self.low, self.high)


class Loguniform(Truncatable):
    """Equally likely in every factor between two positive ends."""

    family: Literal["loguniform"]
    low: float
    high: float

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.loguniform(self.low, self.high)


class Normal(Truncatable):
    """Normal."""

    family: Literal["normal"]
    mean: float
    sd: Positive

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.normal(self.mean, self.sd)


class Lognormal(Truncatable):
    """Lognormal."""

    family: Literal["lognormal"]
    median: Positive
    sd_log: Positive = Field(description="standard deviation of the natural logarithm")

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.lognormal(self.median, self.sd_log)


class Beta(Truncatable):
    """Beta, from 0 to 1 unless other ends are given."""

    family: Literal["beta"]
    a: Positive
    b: Positive
    low: float = 0.0
    high: float = 1.0

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.beta(self.a, self.b, self.low, self.high)


class Triangular(Truncatable):
    """Triangular."""

    family: Literal["triangular"]
    low: float
    peak: float
    high: float

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.triangular(self.low, self.peak, self.high)


class Pert(Truncatable):
    """PERT: a smooth triangular whose mean is (low + 4 peak + high)/6."""

    family: Literal["pert"]
    low: float
    peak: float
    high: float

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.pert(self.low, self.peak, self.high)


class StudentT(Truncatable):
    """Student t."""

    family: Literal["student_t"]
    location: float
    scale: Positive
    df: Positive = Field(description="degrees of freedom")

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.student_t(self.location, self.scale, self.df)


class Fitted(Truncatable):
    """A family named by ``fit``, with what it needs beyond what it is fitted to."""

    fit: fitting.FittedFamily
    df: Positive | None = Field(None, description="degrees of freedom, for student_t")
    low: float | None = Field(None, description="lower end, for beta (0 unless given)")
    high: float | None = Field(None, description="upper end, for beta (1 unless given)")

    @property
    def further(self) -> dict[str, float]:
        """``df``, ``low`` and ``high`` as given, checked."""
        wanted = {"beta": ("low", "high"), "student_t": ("df",)}.get(self.fit, ())
        given = {key: value for key in ("df", "low", "high") if (value := getattr(self, key)) is not None}
        for key in given:
            if key not in wanted:
                raise Unusable(
                    key, f'does not belong to fit = "{self.fit}"', "df is for student_t, low and high for beta."
                )
        if self.fit == "student_t" and not given:
            raise Unusable("", "has no df", 'Nothing else determines it: fit = "student_t" needs df.')
        if self.fit == "beta":
            families.check_ends(given.get("low", 0.0), given.get("high", 1.0))
        return given


class Quantiles(Fitted):
    """Two or three quantiles, and the family that shall have them."""

    family: Literal["quantiles"]
    quantiles: dict[str, float] = Field(
        description="q and the decimals of the probability, at least two: q05 for 5 %, q50, q95, q975 for 97.5 %",
        json_schema_extra={"propertyNames": {"pattern": "^q[0-9]{2,}$"}, "minProperties": 2, "maxProperties": 3},
    )

    def whole(self) -> Distribution:
        """The law before it is cut."""
        found = fitting.fit(self.fit, self.quantiles, **self.further)
        stated = ", ".join(f"{key} = {value:g}" for key, value in self.quantiles.items())
        if len(self.quantiles) == 2:
            return replace(found.distribution, words=f"{self.fit} with {stated}")
        miss = f"misses by at most {found.miss_points:.2g} points of probability"
        return replace(found.distribution, words=f"{self.fit} through {stated}: {miss}")


class Interval(Fitted):
    """A mean and an equal-tailed interval, and the family that comes nearest to them."""

    family: Literal["interval"]
    mean: float
    interval: list[float] = Field(min_length=2, max_length=2, description="its low and its high end")
    level: float = Field(0.9, gt=0.0, lt=1.0, description="probability of the interval, half of the rest on each side")

    def whole(self) -> Distribution:
        """The law before it is cut."""
        low, high = self.interval
        found = fitting.fit_interval(self.fit, self.mean, (low, high), level=self.level, **self.further)
        words = f"{self.fit} with mean {self.mean:g} and {100.0 * self.level:g} % interval {low:g} to {high:g}"
        if found.miss_share > 1e-9:
            words += (
                f": misses the interval by at most {found.miss_points:.2g} points of probability, "
                f"the mean by {100.0 * found.miss_mean:.2g} % of the interval"
            )
        return replace(found.distribution, words=words)


class Histogram(Truncatable):
    """Chips on bins, as in a roulette elicitation; even within a bin."""

    family: Literal["histogram"]
    edges: list[float] = Field(min_length=2, description="ends of the bins, rising, one more than bins")
    chips: list[Weight] = Field(min_length=1, description="chips on each bin; only their shares matter")
    scale: Scale = Field("linear", description='what is even within a bin: "linear" steps or "log" factors')

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return tabulated.histogram(self.edges, self.chips, is_log=self.scale == "log")


class Tabulated(Truncatable):
    """A quantile function by points of it, and a monotone cubic between them."""

    family: Literal["tabulated"]
    p: list[float] = Field(min_length=2, description="probabilities, rising from 0 to 1")
    x: list[float] = Field(min_length=2, description="the quantiles there, rising; the first and last are the ends")
    scale: Scale = Field("linear", description='what is interpolated: the value, or with "log" its logarithm')

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return tabulated.tabulated(self.p, self.x, is_log=self.scale == "log")


class Weighted(Strict):
    """Share of a mixture."""

    weight: Weight


_COMPONENTS = Field(min_length=1, max_length=COMPONENTS_HIGH)


class Several(Truncatable):
    """Laws with weights that sum to 1."""

    components: list[Any] = _COMPONENTS

    @property
    def weighted(self) -> list[tuple[float, Distribution]]:
        """Weights and laws."""
        families.check_weights("components", [component.weight for component in self.components])
        return [(component.weight, component.distribution) for component in self.components]


class Mixture(Several):
    """Several laws with weights that sum to 1; a fixed one among them is a value with a probability of its own."""

    family: Literal["mixture"]

    def whole(self) -> Distribution:
        """The law before it is cut."""
        return families.mixture(self.weighted)


class LinearPool(Several):
    """Several experts on one quantity, weighted: now this one is right and now that. A mixture of their laws."""

    family: Literal["linear_pool"]

    def whole(self) -> Distribution:
        """The law before it is cut."""
        law = families.mixture(self.weighted)
        return replace(law, words=f"linear pool{law.words.removeprefix('mixture')}")


class Absent(Strict):
    """Takes away an optional quantity that would be inherited."""

    family: Literal["absent"]


def fixed_mode(mode: str) -> Distribution:
    """One retraining mode with certainty.

    Parameters
    ----------
    mode : str
        One of MODES.

    Returns
    -------
    Distribution
        An atom at its index in MODES.
    """
    return families.fixed(MODES.index(mode), mode)


class FixedMode(Family):
    """One retraining mode."""

    family: Literal["fixed"]
    value: ModeName

    @cached_property
    def distribution(self) -> Distribution:
        """The law of the mode's index in MODES."""
        return fixed_mode(self.value)


class Categorical(Family):
    """Retraining modes with credences that sum to 1."""

    family: Literal["categorical"]
    values: dict[ModeName, Weight]

    @cached_property
    def distribution(self) -> Distribution:
        """The law of the mode's index in MODES."""
        families.check_weights("values", self.values.values())
        weighted = [(self.values[mode], fixed_mode(mode)) for mode in MODES if mode in self.values]
        return families.mixture(
            weighted, ", ".join(f"{100.0 * weight:.3g} % {law.describe()}" for weight, law in weighted)
        )


# --------------------------------------------------------------------------------------- entries and the file


class Sourced(Strict):
    """Where an entry's numbers come from."""

    source: Text = Field(description="citation, or whose judgement it is")
    judgement: Text | None = Field(None, description="marks a judgement call of this file's author, and says why")
    unit: str | None = None


class Measured(Sourced):
    """Where an entry's numbers come from, and their unit."""

    unit: str


class Correlation(Strict):
    """Spearman correlation of two quantities, or of every pair in a group; what is not stated is 0."""

    between: list[NumberName] | None = Field(
        None, min_length=2, max_length=2, description="two quantities of this set, by the names they are stated under"
    )
    group: list[NumberName] | None = Field(None, min_length=2, description="quantities, every pair of them")
    spearman: float = Field(gt=-1.0, lt=1.0, description="rank correlation, between -1 and 1; 0 takes one away")
    unit: Literal["1"] | None = None
    source: Text = Field(description="citation, or whose judgement it is")
    judgement: Text | None = Field(None, description="marks a judgement call of this file's author, and says why")

    @model_validator(mode="after")
    def _has_pairs(self) -> Correlation:
        if (self.between is None) == (self.group is None):
            why = "has neither between nor group" if self.group is None else "has both between and group"
            raise Unusable("", why, 'Write between = ["r", "lam"] for one pair, or group = [...] for all of several.')
        for place, name in enumerate(self.names):
            if name in self.names[:place]:
                raise Unusable(f"{self.key}.{place}", "stands there twice", "A quantity is not correlated with itself.")
        return self

    @property
    def key(self) -> str:
        """Where the names stand."""
        return "between" if self.group is None else "group"

    @property
    def names(self) -> list[str]:
        """The quantities."""
        return self.between or self.group or []


class Pool(Strict):
    """Whole prior sets with weights that sum to 1; one draw takes one whole set."""

    members: dict[str, Weight] = Field(
        min_length=1, max_length=MEMBERS_HIGH, description="shipped names or paths relative to this file"
    )
    source: Text

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> Pool:
        families.check_weights("members", self.members.values())
        return self


class Measurement(Strict):
    """One piece of evidence: what was measured, how well, and who had used it already."""

    name: Text = Field(description="short; once in a file. One of an inherited name takes its place")
    about: Text = Field(description="a derived quantity, a quantity or an outcome, e.g. pace_tenth_compute")
    likelihood: Literal[tuple(evidence.KEYS)] = Field(  # type: ignore[valid-type]
        description="normal or lognormal around a value, an interval, or a soft bound"
    )
    value: float | None = Field(None, description="what was measured; of at_least and at_most the bound")
    low: float | None = Field(None, description="lower end of an interval")
    high: float | None = Field(None, description="upper end of an interval")
    sd: Positive | None = Field(None, description="standard deviation of the reading, in the unit")
    sd_log: Positive | None = Field(
        None, le=SD_LOG_HIGH, description="standard deviation of the natural logarithm of the reading"
    )
    unit: str
    source: Text = Field(description="citation, or whose judgement it is")
    judgement: Text | None = Field(None, description="marks a judgement call of this file's author, and says why")
    already_used_by: list[Text] = Field(default=[], description="prior sets that were made with this evidence in mind")

    @property
    def parameters(self) -> dict[str, float]:
        """The keys of its likelihood."""
        given = {key: getattr(self, key) for key in ("value", "low", "high", "sd", "sd_log")}
        return {key: value for key, value in given.items() if value is not None}

    @model_validator(mode="after")
    def _can_be_used(self) -> Measurement:
        from mc_sie.derived import subject_of

        try:
            subject = subject_of(self.about)
        except ValueError as error:
            raise Unusable("about", *error.args) from None
        if self.unit != subject.unit:
            raise Unusable(
                "unit", f'is not the unit of {subject.name}, "{subject.unit}"', f'Write unit = "{subject.unit}".'
            )
        needed, errors, must = evidence.KEYS[self.likelihood]
        given = self.parameters
        for key in given:
            if key not in (*needed, *errors):
                raise Unusable(
                    key, f'is not a key of likelihood = "{self.likelihood}"', _evidence_keys(self.likelihood)
                )
        for key in needed:
            if key not in given:
                raise Unusable("", f"has no {key}", _evidence_keys(self.likelihood))
        stated = [key for key in errors if key in given]
        if len(stated) > 1:
            raise Unusable("sd_log", "is given beside sd", "Both say how good the reading is: keep one of them.")
        if must and not stated:
            raise Unusable("", f"does not say how good it is: it has no {' or '.join(errors)}", "Give one.")
        if self.likelihood == "interval":
            families.check_ends(given["low"], given["high"])
        if stated == ["sd_log"]:
            for key in needed:
                if given[key] <= 0.0:
                    raise Unusable(key, "is not above 0", "A reading with sd_log is a positive number; or give sd.")
        return self


def _evidence_keys(likelihood: str) -> str:
    needed, errors, must = evidence.KEYS[likelihood]
    error = " or ".join(errors)
    return f"It needs {' and '.join(needed)}" + (f", and {error}." if must else f"; {error} may say how good it is.")


class Header(Strict):
    """A prior set: what is believed about each quantity, with units and sources."""

    title: Text = Field(description="one line")
    description: str = Field("", description="a paragraph of rationale")
    citations: list[str] = Field(default=[], description="literature")
    extends: Text | None = Field(
        None, description="prior set to inherit from: a shipped name or a path relative to this file"
    )
    bottlenecks: Text | None = Field(
        None, description="how rho, alpha_compute and r fit together: which bottleneck is counted where"
    )
    pool: Pool | None = None
    correlation: list[Correlation] = Field(
        default=[], description="Spearman correlations between quantities; inherited pair by pair"
    )
    evidence: list[Measurement] = Field(
        default=[], max_length=EVIDENCE_HIGH, description="what was measured, to condition the set on"
    )

    @model_validator(mode="after")
    def _has_each_name_once(self) -> Header:
        names = [item.name for item in self.evidence]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise Unusable(f"evidence.{place}.name", "is the name of another piece", "Give each its own name.")
        return self


_NUMBERS = (
    *(Fixed, Uniform, Loguniform, Normal, Lognormal, Beta, Triangular, Pert, StudentT),
    *(Quantiles, Interval, Histogram, Tabulated),
)
_MODES = (FixedMode, Categorical)

FAMILIES: dict[str, type[Strict]] = {
    get_args(family.model_fields["family"].annotation)[0]: family
    for family in (Categorical, *_NUMBERS, Mixture, LinearPool, Absent)
}
"""Every family by its name in the file. (``fixed`` has the same keys for ``mode``.)"""


@cache
def prior_file() -> type[Header]:
    """The model of a whole prior file: the header and one entry for each quantity, with the keys of its family.

    Returns
    -------
    type
        A pydantic model; a quantity that the file leaves out is ``None``.

    Notes
    -----
    Made when first asked for, because building it takes longer than importing this package.
    """
    component = _one_of(Weighted, _NUMBERS)
    mixture = _several(Mixture, component)
    expert = _one_of(Weighted, (*_NUMBERS, mixture))
    numbers = (*_NUMBERS, mixture, _several(LinearPool, expert))
    number, mode = _one_of(Measured, numbers), _one_of(Sourced, _MODES)
    number_or_absent = number | _with(Sourced, Absent)
    fields: dict[str, Any] = {}
    for quantity in QUANTITIES.values():
        kind = mode if quantity.name == "mode" else number_or_absent if quantity.optional else number
        meaning = f"{quantity.meaning} [{quantity.unit}], in {quantity.domain}"
        unit: dict[str, Any] = {"properties": {"unit": {"const": quantity.unit}}}
        fields[quantity.name] = (
            Annotated[kind, Field(discriminator="family"), AfterValidator(partial(_suited, quantity))],
            Field(None, description=meaning, json_schema_extra=unit),
        )
    return create_model("PriorFile", __base__=Header, **fields)


def _several(family: type[Several], component: Any) -> type[Several]:
    return create_model(
        family.__name__, __base__=family, __doc__=family.__doc__, components=(list[component], _COMPONENTS)
    )


def _with(extra: type[Strict], family: type[Strict]) -> type[Strict]:
    return create_model(f"{family.__name__}{extra.__name__}", __base__=(extra, family), __doc__=family.__doc__)


def _one_of(extra: type[Strict], kinds: tuple[type[Strict], ...]) -> Any:
    """Union of families, each with further keys, told apart by ``family``."""
    return Annotated[reduce(or_, (_with(extra, family) for family in kinds)), Field(discriminator="family")]


def _suited(quantity: Quantity, entry: Any) -> Any:
    """The entry, when its unit and its values are the quantity's."""
    if entry.unit not in (None, quantity.unit):
        conversion = _CONVERSIONS.get((_UNIT_NAMES.get(entry.unit, entry.unit), quantity.unit))
        advice = (
            f'{conversion} and write unit = "{quantity.unit}".' if conversion else f'Write unit = "{quantity.unit}".'
        )
        raise Unusable("unit", f'is not the unit of {quantity.name}, "{quantity.unit}"', advice)
    if isinstance(entry, Absent):
        return entry
    atoms = [value for value, _ in entry.distribution.atoms]
    low, high = entry.distribution.reach
    too_low = low < quantity.low or (low == quantity.low and quantity.low_open and low in atoms)
    too_high = high > quantity.high or (high == quantity.high and quantity.high_open and high in atoms)
    if too_low or too_high:
        key = _blamed(entry, "low" if too_low else "high")
        is_list = key.endswith(("family", *_LISTS))
        verb = "reaches" if is_list else "is"
        if too_low:
            why = f"below {quantity.low:g}" if low < quantity.low else f"not above {quantity.low:g}"
        else:
            why = f"above {quantity.high:g}" if high > quantity.high else f"not below {quantity.high:g}"
        advice = f"{quantity.name} lies in {quantity.domain}: {quantity.meaning}."
        if is_list:
            cuts = [f"truncate_low = {quantity.low:g}"] * too_low + [f"truncate_high = {quantity.high:g}"] * too_high
            advice += f" Cut it with {' and '.join(cuts)}."
        raise Unusable(key, f"{verb} {why}", advice)
    return entry


_LISTS = ("edges", "x")


def _blamed(entry: Any, side: Literal["low", "high"]) -> str:
    """The key that sets one end of an entry's values."""
    end = ("low", "high").index(side)
    cut = f"truncate_{side}"
    if getattr(entry, cut, None) == entry.distribution.support[end]:
        return cut
    if isinstance(entry, Mixture | LinearPool):
        extreme = min if side == "low" else max
        ends = [component.distribution.reach[end] for component in entry.components]
        place = ends.index(extreme(ends))
        return f"components.{place}.{_blamed(entry.components[place], side)}"
    return next((key for key in (side, "value", *_LISTS) if key in entry.model_fields_set), "family")


class _ForToml(GenerateJsonSchema):
    """What may be left out is simply not required, as TOML has no null; ``discriminator`` is OpenAPI's and goes."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found

    def tagged_union_schema(self, schema: Any) -> dict[str, Any]:
        found = super().tagged_union_schema(schema)
        del found["discriminator"]
        return found


def json_schema() -> dict[str, Any]:
    """JSON Schema of a prior file, for editors that check TOML while it is typed.

    Returns
    -------
    dict
        Draft 2020-12: every quantity with its meaning, every family with exactly its keys.
    """
    schema = prior_file().model_json_schema(schema_generator=_ForToml)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
