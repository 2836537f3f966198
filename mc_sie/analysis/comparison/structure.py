"""Structural variants: what the probability is under each form of the model, and how much of the doubt lies between.

A prior set gives credences to forms of the model: how new algorithms reach the deployed system, whether software has
limits, and so on. Every variant is run on the same points. Where it has a credence, it is the prior set given that
variant, so that the average over variants is the answer of the whole set; where it has none, it is a what-if.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mc_sie.analysis.comparison.common_draws import Answer, CommonDraws, common_draws, evidence_notes, steps
from mc_sie.distributions.families import truncated
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import check_prior_set
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import Entry, PriorSet, fixed_entry
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import failed_of_counts, least_se
from mc_sie.stats.jackknife import Array, jackknife, quotient
from mc_sie.text.showing import Shown

DRAWS_DEFAULT = 2**16
"""Draws for each variant when nothing else is asked for."""

_Changes = Mapping[str, Entry | None]
_Form = Callable[[PriorSet], tuple[float, _Changes]]


@dataclass(frozen=True, repr=False)
class Structure(Shown):
    """The answer by structural variant.

    Attributes
    ----------
    common : CommonDraws
        Event, points and horizon.
    prior : PriorSet
        The set.
    answer : Answer
        What the whole set answers.
    variants : pandas.DataFrame
        One row a variant: ``aspect``, ``variant``, ``credence``, the probability with its error, ``n_failed``, and
        ``remark`` (why it was not run; that it has no credence; what it leaves out). nan where it was not run. For a
        set that states evidence also ``credence_given``, what the evidence makes of the credence, and ``ess``.
    aspects : pandas.DataFrame
        One row an aspect: ``aspect``, ``n_variants`` with a credence, ``average`` (weighted by credence, given evidence
        by the credence given it) with ``se_average``, ``share`` of the variance that lies between variants, its ``se``,
        ``low`` and ``high`` (90 % t), ``remark``. nan where too few draws tell.
    notes : tuple of str
        In which variants draws failed, and the bounds that they leave.
    """

    common: CommonDraws
    prior: PriorSet
    answer: Answer
    variants: pd.DataFrame
    aspects: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Set and event, and what is to be noted."""
        return (f"{self.prior.name}: {self.common.event}", *self.notes)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Variants and aspects."""
        return (self.variants, self.aspects)


def structure(
    prior: PriorSet,
    *,
    event: Event | str = HEADLINE,
    n_draws: int = DRAWS_DEFAULT,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Structure:
    """The probability by structural variant, and the share of its variance between variants.

    Parameters
    ----------
    prior : PriorSet
        A set or a pool.
    event : Event or str
        The event.
    n_draws : int
        Draws for each variant.
    seed, scheme, n_replicates, horizon_months, threads, progress
        As in :func:`mc_sie.simulate`.

    Returns
    -------
    Structure
        Aspects: ``retraining mode``, ``limits``, ``routes``, ``cheaper experiments`` (phi 0, between, 1),
        ``reconfiguration``, and for a pool ``prior set``.

    Raises
    ------
    InputError
        For an event or sizes that cannot be used.

    Notes
    -----
    The share is ``sum c (p_v - p)^2 / (p (1 - p))`` with credences c and p their average. Its error, and the removal of
    the bias that noise in p_v gives it, are a jackknife over the independent randomisations. A set in which
    correlations tie an aspect to other quantities is taken as if they did not: each variant keeps the others'
    distributions.

    Given evidence each variant is asked given it, with weights of its own: a variant in which the evidence is likelier
    gains credence, by Bayes' rule, so that the average over variants stays the set's own answer.
    """
    check_prior_set(prior, "structure")
    common = common_draws(
        event, n_draws=n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        priors=[prior], threads=threads,
    )  # fmt: skip
    variants = [variant for aspect, forms in _aspects(prior).items() for variant in _variants(prior, aspect, forms)]
    # Variants of different aspects can be the same set, which is asked once.
    todo = {prior.digest: prior}
    todo |= {variant.prior.digest: variant.prior for variant in variants if variant.prior is not None}
    answers = {
        digest: common.ask(one, progress=steps(progress, done, len(todo)))
        for done, (digest, one) in enumerate(todo.items())
    }
    table = _table(variants, answers)
    aspects: list[dict[str, object]] = []
    for aspect in dict.fromkeys(variant.aspect for variant in variants):
        held = [variant for variant in variants if variant.aspect == aspect and variant.credence > 0.0]
        aspects.append({"aspect": aspect, **_share_between(held, answers, answers[prior.digest])})
    worths = [answer.worth for answer in answers.values()]
    notes = (*failures(table, "variant"), *evidence_notes(worths, common.design.n_draws, "variants"))
    return Structure(common, prior, answers[prior.digest], table, pd.DataFrame(aspects), notes)


def _table(variants: Sequence[_Variant], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """One row a variant, with its credence before and given evidence."""
    rows = []
    for variant in variants:
        row = {"aspect": variant.aspect, "variant": variant.name, "credence": variant.credence, **_NOT_RUN}
        if variant.prior is not None:
            row |= answers[variant.prior.digest].columns()
        rows.append(row | {"remark": variant.remark})
    table = pd.DataFrame(rows)
    if any(answer.weights is not None for answer in answers.values()):
        marginals = [0.0 if one.prior is None else math.exp(answers[one.prior.digest].log_marginal) for one in variants]
        joint = table["credence"] * marginals
        table.insert(3, "credence_given", joint / joint.groupby(table["aspect"]).transform("sum"))
    return table


_NOT_RUN: dict[str, object] = {
    "prob": math.nan, "se": math.nan, "low": math.nan, "high": math.nan, "interval": "", "n_hits": 0, "n_draws": 0,
    "n_failed": 0,
}  # fmt: skip


def failures(table: pd.DataFrame, column: str) -> list[str]:
    """Sentences about the rows of a table of answers in which draws failed, with the bounds that they leave.

    The table has the columns of :meth:`~mc_sie.analysis.comparison.common_draws.Answer.columns`, or is empty;
    ``column`` names its rows.
    """
    found = []
    for row in table.to_dict("records"):
        n_draws = row["n_draws"] + row["n_failed"]
        if row["n_failed"] and "ess" in row:
            found.append(f"{row[column]}: {row['n_failed']:,} draws could not be simulated.")
        elif row["n_failed"]:
            found.append(f"{row[column]}: {failed_of_counts(row['n_hits'], row['n_failed'], n_draws)}")
    return found


def ask_modes(common: CommonDraws, prior: PriorSet, progress: Progress | None = None) -> pd.DataFrame:
    """The answer with all credence on each retraining mode in turn.

    One row a mode: ``mode``, ``credence``, the probability with its error, ``remark``.
    """
    variants = _variants(prior, "retraining mode", _aspects(prior)["retraining mode"])
    answers = {}
    for done, variant in enumerate(variants):
        if variant.prior is not None:
            answer = common.ask(variant.prior, progress=steps(progress, done, len(variants)))
            answers[variant.prior.digest] = answer
    return _table(variants, answers).drop(columns="aspect").rename(columns={"variant": "mode"})


# -------------------------------------------------------------------------------------- aspects and variants


@dataclass(frozen=True)
class _Variant:
    """One form of the model; its prior set is None where it cannot be run."""

    aspect: str
    name: str
    credence: float
    prior: PriorSet | None
    remark: str


class _NotGivenError(Exception):
    """A set says nothing of what a variant would need."""


def _aspects(prior: PriorSet) -> dict[str, dict[str, _Form]]:
    """Aspects and their variants; a form gives its credence in a plain set, and the changes that make it certain."""

    def mode(name: str) -> _Form:
        def form(one: PriorSet) -> tuple[float, _Changes]:
            credences = dict(one.entries["mode"].distribution.atoms)
            return credences.get(float(MODES.index(name)), 0.0), {"mode": fixed_entry("mode", name)}

        return form

    def given(names: tuple[str, str]) -> _Form:
        def form(one: PriorSet) -> tuple[float, _Changes]:
            if names[0] not in one.entries:
                raise _NotGivenError(f"{' and '.join(names)} are not given, so that there is no law to run")
            return 1.0, {}

        return form

    def absent(names: tuple[str, str]) -> _Form:
        return lambda one: (0.0 if names[0] in one.entries else 1.0, dict.fromkeys(names))

    def at(name: str, value: float) -> _Form:
        def form(one: PriorSet) -> tuple[float, _Changes]:
            return dict(one.entries[name].distribution.atoms).get(value, 0.0), {name: fixed_entry(name, value)}

        return form

    reconfiguration = ("rho_long", "reconfiguration_half_life_months")
    second = ("route2_rho", "route2_alpha_compute")
    phi = "experiment_efficiency_share"
    found: dict[str, dict[str, _Form]] = {
        "retraining mode": {name: mode(name) for name in MODES},
        "limits": {"limits": _finite_limits, "none": at("limit_ooms", math.inf)},
        "routes": {"one": absent(second), "two": given(second)},
        "cheaper experiments": {"phi = 0": at(phi, 0.0), "phi between": _phi_between, "phi = 1": at(phi, 1.0)},
        "reconfiguration": {"none": absent(reconfiguration), "some": given(reconfiguration)},
    }
    if prior.members:
        found["prior set"] = {member.name: _member(member) for member, _ in prior.members}
    return found


def _member(wanted: PriorSet) -> _Form:
    def form(one: PriorSet) -> tuple[float, _Changes]:
        if one.digest != wanted.digest or one.name != wanted.name:
            raise _NotGivenError("is another member")
        return 1.0, {}

    return form


def _finite_limits(one: PriorSet) -> tuple[float, _Changes]:
    entry = one.entries["limit_ooms"]
    unlimited = dict(entry.distribution.atoms).get(math.inf, 0.0)
    if unlimited >= 1.0:
        raise _NotGivenError("no finite limit is given, so that there is no law to run")
    if unlimited == 0.0:
        return 1.0, {}
    return 1.0 - unlimited, {"limit_ooms": _within(entry, None, sys.float_info.max)}


def _phi_between(one: PriorSet) -> tuple[float, _Changes]:
    entry = one.entries["experiment_efficiency_share"]
    atoms = dict(entry.distribution.atoms)
    inside = 1.0 - atoms.get(0.0, 0.0) - atoms.get(1.0, 0.0)
    if inside < 1e-12:
        raise _NotGivenError("no value between 0 and 1 is given, so that there is no law to run")
    if inside == 1.0:
        return 1.0, {}
    return inside, {entry.name: _within(entry, math.nextafter(0.0, 1.0), math.nextafter(1.0, 0.0))}


def _within(entry: Entry, low: float | None, high: float | None) -> Entry:
    """An entry given that it lies in an interval."""
    parameters = {"of": {"family": entry.family, **entry.parameters}, "low": low, "high": high}
    return replace(entry, family="given", parameters=parameters, distribution=truncated(entry.distribution, low, high))


def _variants(prior: PriorSet, aspect: str, forms: Mapping[str, _Form]) -> list[_Variant]:
    return [_variant(prior, aspect, name, form) for name, form in forms.items()]


def _variant(prior: PriorSet, aspect: str, name: str, form: _Form) -> _Variant:
    """The prior set given a variant; of a pool the members that have it, weighted by their credences."""
    found: list[tuple[PriorSet, float, float]] = []
    refused: dict[str, str] = {}  # the member that was refused first, by the reason
    for member, weight in prior.plain_sets:
        try:
            credence, changes = form(member)
            found.append((member.replaced(changes), weight, credence))
        except InputError as error:
            refused.setdefault(error.why, member.name)
        except _NotGivenError as error:
            refused.setdefault(str(error), member.name)
    if not found:
        return _Variant(aspect, name, 0.0, None, next(iter(refused)))
    credence = math.fsum(weight * held for _, weight, held in found)
    weights = [weight * held for _, weight, held in found]
    remark = ""
    if credence == 0.0:  # nobody holds it: what would be if all who can did
        weights = [weight for _, weight, _ in found]
        remark = "no credence: a what-if"
        if refused and prior.members:
            remark += f"; without {', '.join(refused.values())}, which cannot have it"
    kept = [(one, w / math.fsum(weights)) for (one, _, _), w in zip(found, weights, strict=True) if w > 0.0]
    label = f"{prior.name}: {name}"
    if len(kept) > 1:
        pool = replace(prior, members=tuple(kept)).replaced({}, label)
        return _Variant(aspect, name, credence, pool, remark)
    only = kept[0][0]
    if prior.evidence and not only.evidence:  # that of a pool is the pool's, not its members'
        only = only.given(prior.evidence)
    return _Variant(aspect, name, credence, replace(only, name=label), remark)


# ----------------------------------------------------------------------------------------- variance between


def _share_between(held: list[_Variant], answers: Mapping[str, Answer], whole: Answer) -> dict[str, object]:
    """The average over variants and the share of variance between them, with jackknife errors."""
    row: dict[str, object] = {"n_variants": len(held)}
    if len(held) < 2:
        names = [variant.name for variant in held] or ["none"]
        row |= {"average": whole.estimate.prob, "se_average": whole.estimate.se}
        row |= dict.fromkeys(("share", "se", "low", "high"), 0.0)
        return row | {"remark": f"all credence is on {names[0]}"}
    credence = np.array([variant.credence for variant in held])
    of_held = [answers[variant.prior.digest] for variant in held if variant.prior]
    sums_of_held = np.stack([answer.sums for answer in of_held], axis=1)
    is_given = whole.weights is not None

    def shares(sums: Array) -> Array:
        probs = quotient(sums[..., 0], sums[..., 1])
        credences = np.broadcast_to(credence, probs.shape)
        if is_given:  # by Bayes' rule: the sums of weights are the likelihoods that the variants expect
            joint = credence * sums[..., 1]
            credences = quotient(joint, joint.sum(axis=1, keepdims=True))
        average = (probs * credences).sum(axis=1)
        between = ((probs - average[:, None]) ** 2 * credences).sum(axis=1)
        return np.stack([average, quotient(between, average * (1.0 - average))], axis=1)

    found = jackknife(sums_of_held, shares)
    n_replicates = whole.design.n_replicates
    row |= {
        "average": float(shares(sums_of_held.sum(axis=0)[None])[0, 0]),
        "se_average": max(float(found.se[0]), least_se(n_replicates, whole.ess / n_replicates)),
        "share": float(found.value[1]),
        "se": float(found.se[1]),
    }
    if not np.isfinite(found.se[1]):
        return row | {"low": math.nan, "high": math.nan, "remark": "too few draws hit, or miss, to tell"}
    return row | {"low": max(0.0, float(found.low[1])), "high": min(1.0, float(found.high[1])), "remark": ""}
