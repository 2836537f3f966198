"""Schema of a prior file: the header, an entry for each quantity, correlations, evidence; and its JSON Schema.

The families of an entry are in :mod:`mc_sie.priors.family_keys`; :mod:`mc_sie.priors.messages` turns what pydantic
finds wrong into one kind of message.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, partial, reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator
from pydantic.json_schema import GenerateJsonSchema

from mc_sie import units
from mc_sie.distributions.base import Unusable
from mc_sie.distributions.families import check_ends, check_weights
from mc_sie.priors import evidence
from mc_sie.priors.family_keys import (
    COMPONENTS,
    MODE_FAMILIES,
    NUMBER_FAMILIES,
    Absent,
    LinearPool,
    Mixture,
    Positive,
    Several,
    Strict,
    Weight,
    Weighted,
)
from mc_sie.quantities import QUANTITIES, Quantity


def _not_blank(text: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise Unusable("", "is blank", "Write something, or leave the key out where it may be left out.")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_not_blank)]
_NUMBER_NAMES = tuple(name for name in QUANTITIES if name != "mode")
NumberName = Literal[_NUMBER_NAMES]  # type: ignore[valid-type]

_CONVERSIONS = {
    ("years", "months"): f"Multiply by {units.MONTHS_PER_YEAR:g}",
    ("days", "months"): f"Divide by {units.DAYS_PER_MONTH:g}",
    ("%", "1"): "Divide by 100",
    ("doublings", "OOM"): f"Multiply by {units.OOMS_PER_DOUBLING:.5f}",
}
_UNIT_NAMES = {"year": "years", "yr": "years", "day": "days", "percent": "%", "doubling": "doublings"}


MEMBERS_HIGH = 64
"""Most members of a pool: each is a file of its own."""

EVIDENCE_HIGH = 64
"""Most pieces of evidence: each keeps a number for every draw."""

SD_LOG_HIGH = 100.0
"""Largest error of a reading, as a natural logarithm: it may then be off by a factor of 10^43."""


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
        check_weights("members", self.members.values())
        return self


class Measurement(Strict):
    """One piece of evidence: what was measured, how well, and who had used it already."""

    name: Text = Field(description="short; once in a file. One of an inherited name takes its place")
    about: Text = Field(description="a derived quantity, a quantity or an outcome, e.g. pace_at_compute[0.1]")
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
            why = f'is not the unit of {subject.name}, "{subject.unit}"'
            raise Unusable("unit", why, f'Write unit = "{subject.unit}".')
        _check_keys(self.likelihood, self.parameters)
        if self.likelihood == "interval":
            check_ends(self.parameters["low"], self.parameters["high"])
        if "sd_log" in self.parameters:
            for key in evidence.KEYS[self.likelihood].readings:
                if self.parameters[key] <= 0.0:
                    raise Unusable(key, "is not above 0", "A reading with sd_log is a positive number; or give sd.")
        return self


def _check_keys(likelihood: str, given: Mapping[str, float]) -> None:
    """Refuse keys that do not belong to a likelihood, and the lack of those that it needs."""
    keys = evidence.KEYS[likelihood]
    remedy = f"It needs {' and '.join(keys.readings)}"
    if keys.needs_error:
        remedy += f", and {' or '.join(keys.errors)}."
    else:
        remedy += f"; {' or '.join(keys.errors)} may say how good it is."
    for key in given:
        if key not in (*keys.readings, *keys.errors):
            raise Unusable(key, f'is not a key of likelihood = "{likelihood}"', remedy)
    for key in keys.readings:
        if key not in given:
            raise Unusable("", f"has no {key}", remedy)
    stated = [key for key in keys.errors if key in given]
    if len(stated) > 1:
        raise Unusable("sd_log", "is given beside sd", "Both say how good the reading is: keep one of them.")
    if keys.needs_error and not stated:
        raise Unusable("", f"does not say how good it is: it has no {' or '.join(keys.errors)}", "Give one.")


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


@cache
def prior_file() -> type[Header]:
    """The model of a whole prior file: the header and one entry for each quantity, None where the file leaves it out.

    Made when first asked for, because building it takes longer than importing this package.
    """
    component = _one_of(Weighted, NUMBER_FAMILIES)
    mixture = _several(Mixture, component)
    expert = _one_of(Weighted, (*NUMBER_FAMILIES, mixture))
    numbers = (*NUMBER_FAMILIES, mixture, _several(LinearPool, expert))
    number, mode = _one_of(Measured, numbers), _one_of(Sourced, MODE_FAMILIES)
    number_or_absent = number | _with(Sourced, Absent)
    fields: dict[str, Any] = {}
    for quantity in QUANTITIES.values():
        kind = number
        if quantity.name == "mode":
            kind = mode
        elif quantity.optional:
            kind = number_or_absent
        meaning = f"{quantity.meaning} [{quantity.unit}], in {quantity.domain}"
        unit: dict[str, Any] = {"properties": {"unit": {"const": quantity.unit}}}
        fields[quantity.name] = (
            Annotated[
                kind,
                Field(discriminator="family"),
                BeforeValidator(partial(_with_bounds, quantity)),
                AfterValidator(partial(_suited, quantity)),
            ],
            Field(None, description=meaning, json_schema_extra=unit),
        )
    return create_model("PriorFile", __base__=Header, **fields)


def _several(family: type[Several], component: Any) -> type[Several]:
    return create_model(
        family.__name__, __base__=family, __doc__=family.__doc__, components=(list[component], COMPONENTS)
    )


def _with(extra: type[Strict], family: type[Strict]) -> type[Strict]:
    return create_model(f"{family.__name__}{extra.__name__}", __base__=(extra, family), __doc__=family.__doc__)


def _one_of(extra: type[Strict], kinds: tuple[type[Strict], ...]) -> Any:
    """Union of families, each with further keys, told apart by ``family``."""
    return Annotated[reduce(or_, (_with(extra, family) for family in kinds)), Field(discriminator="family")]


def _with_bounds(quantity: Quantity, raw: Any) -> Any:
    """The table of an entry, with the ends of the domain where a metalog, here or in a component, states none.

    A record then holds the bounds that the draws had, whatever the table of quantities will say.
    """
    if not isinstance(raw, dict):
        return raw
    found = dict(raw)
    if isinstance(raw.get("components"), list):
        found["components"] = [_with_bounds(quantity, component) for component in raw["components"]]
    if raw.get("family") == "quantiles" and raw.get("fit", "metalog") == "metalog":
        ends = {"low": quantity.low, "high": quantity.high}
        found = {key: end for key, end in ends.items() if math.isfinite(end)} | found
    return found


def _suited(quantity: Quantity, entry: Any) -> Any:
    """The entry, when its unit and its values are the quantity's."""
    if entry.unit not in (None, quantity.unit):
        remedy = f'Write unit = "{quantity.unit}".'
        conversion = _CONVERSIONS.get((_UNIT_NAMES.get(entry.unit, entry.unit), quantity.unit))
        if conversion:
            remedy = f'{conversion} and write unit = "{quantity.unit}".'
        raise Unusable("unit", f'is not the unit of {quantity.name}, "{quantity.unit}"', remedy)
    if not isinstance(entry, Absent):
        _check_domain(quantity, entry)
    return entry


def _check_domain(quantity: Quantity, entry: Any) -> None:
    """Refuse an entry that can have values outside the domain of its quantity."""
    atoms = [value for value, _ in entry.distribution.atoms]
    low, high = entry.distribution.reach
    # an excluded bound may be the end of a continuous distribution, which has no probability there, but no atom
    too_low = low < quantity.low or (low == quantity.low and quantity.low_open and low in atoms)
    too_high = high > quantity.high or (high == quantity.high and quantity.high_open and high in atoms)
    if too_low:
        key = _blamed(entry, "low")
        why = f"below {quantity.low:g}" if low < quantity.low else f"not above {quantity.low:g}"
    elif too_high:
        key = _blamed(entry, "high")
        why = f"above {quantity.high:g}" if high > quantity.high else f"not below {quantity.high:g}"
    else:
        return
    remedy = f"{quantity.name} lies in {quantity.domain}: {quantity.meaning}."
    if not key.endswith(("family", *_LISTS)):
        raise Unusable(key, f"is {why}", remedy)
    # no single number is to blame: a list, or a family without ends
    cuts = []
    if too_low:
        cuts.append(f"truncate_low = {quantity.low:g}")
    if too_high:
        cuts.append(f"truncate_high = {quantity.high:g}")
    raise Unusable(key, f"reaches {why}", f"{remedy} Cut it with {' and '.join(cuts)}.")


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
    """JSON Schema without null, which TOML has not: an optional key is not required. OpenAPI's discriminator goes."""

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
