"""Another prior's answer from the draws of a run, by weights: how much likelier the other prior makes each draw.

The two may state the same quantity in different ways. Densities are taken in the model's own coordinates (rho, r, ...):
an entry for ``sigma``, ``max_speed`` or ``r_total`` is changed over with its Jacobian, given the quantities that the
restatement depends on; correlations add the density of their Gaussian copula. Where a value has a probability of its
own, or a quantity is absent, under any of the laws compared, masses are compared with masses: a law without that atom
gives it none. The density of a pool is the sum over its members, so that which member a draw came from does not matter.

Weights answer only where the run has draws. An atom, a mode or a stretch of support that the run lacks, weights whose
tail is heavy (k-hat, [1]_) or too few draws that are left after weighting mean that the run must be simulated again;
:class:`Reweighted` says which.

References
----------
.. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. Journal
       of Machine Learning Research 25(72): 1-58.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.condition import k_high, normalised
from mc_sie.analysis.estimates import WeightedEstimate, effective_size, error_bound, estimate_weighted
from mc_sie.analysis.proposal import TINY, dimension_of
from mc_sie.analysis.psis import pareto_k
from mc_sie.analysis.sample import Sample
from mc_sie.analysis.summary import sentence
from mc_sie.errors import InputError
from mc_sie.events import Event
from mc_sie.priors import Entry, PriorSet
from mc_sie.priors.evidence import Evidence
from mc_sie.quantities import MODEL_QUANTITIES, MODES, QUANTITIES
from mc_sie.sampling import plan, points
from mc_sie.units import sigma_from_rho

Array = NDArray[np.float64]
Draws = Mapping[str, NDArray[np.generic]]

ESS_LOW = 5000.0
"""Fewest draws of equal weight that an answer may stand on."""

K_DOUBTFUL = 0.5
"""Above this k-hat the weights have no variance in the limit, and a warning is given."""

ESS_SHARE_DOUBTFUL = 0.1
"""Below this share of the draws a warning is given."""

_N_TARGET = 2**16  # draws of the other prior, to see whether the run covers it
_SAME = 1e-9  # relative difference below which a value is an atom's, after restatement and back


# --- Densities -------------------------------------------------------------------------------------------------------


def _as_max_speed(draws: Draws) -> tuple[Array, Array]:
    rho, log_alpha = _numbers(draws, "rho"), np.log(_numbers(draws, "alpha_compute"))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log_speed = np.where(rho == 0.0, np.inf, log_alpha / rho)
        return np.exp(log_speed), log_speed + np.log(-log_alpha) - 2.0 * np.log(np.abs(rho))


def _as_sigma(draws: Draws) -> tuple[Array, Array]:
    sigma = sigma_from_rho(_numbers(draws, "rho"))
    return sigma, 2.0 * np.log(sigma)


def _as_r_total(draws: Draws) -> tuple[Array, Array]:
    per_r = 1.0 / ((1.0 - _numbers(draws, "alpha_compute")) * _numbers(draws, "labour_per_efficiency"))
    return _numbers(draws, "r") * per_r, np.log(per_r)


_RESTATED: dict[str, Callable[[Draws], tuple[Array, Array]]] = {
    "sigma": _as_sigma,
    "max_speed": _as_max_speed,
    "r_total": _as_r_total,
}
"""A restatement's value from the model's coordinates, and the logarithm of its derivative by what it determines."""


def restated(draws: Draws) -> dict[str, Array]:
    """Values of the restatements that draws imply, by name.

    Parameters
    ----------
    draws : mapping of str to array of shape (n,)
        Every quantity of the model.

    Returns
    -------
    dict of str to array of shape (n,)
        ``sigma``, ``max_speed`` and ``r_total``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: formula(draws)[0] for name, formula in _RESTATED.items()}


def _numbers(draws: Draws, name: str) -> Array:
    return np.asarray(draws[name], dtype=np.float64)


def _stated(prior: PriorSet, quantity: str) -> Entry | None:
    """The entry that determines a quantity of the model; None where it is absent."""
    return next(
        (entry for name, entry in prior.entries.items() if (QUANTITIES[name].determines or name) == quantity), None
    )


@dataclass(frozen=True)
class Densities:
    """One quantity of every draw under one entry.

    Attributes
    ----------
    mass : array of shape (n,)
        Probability of that very value; 0 where it has none of its own.
    log_density : array of shape (n,)
        Logarithm of the density of the rest, in the model's coordinate.
    """

    mass: Array
    log_density: Array


def density_of(entry: Entry | None, quantity: str, draws: Draws) -> Densities:
    """Probability and density of one quantity of every draw under an entry.

    Parameters
    ----------
    entry : Entry or None
        What determines the quantity; None where it is absent.
    quantity : str
        Of the model.
    draws : mapping of str to array of shape (n,)
        Every quantity of the model.

    Returns
    -------
    Densities
        Masses and logarithms of densities.
    """
    model_values = _numbers(draws, quantity)
    is_absent = np.isnan(model_values)
    if entry is None:
        return Densities(is_absent.astype(np.float64), np.full(len(model_values), -np.inf))
    law = entry.distribution
    values, log_slope = _elicited(entry, quantity, draws)
    mass = np.zeros(len(values))
    for atom, probability in law.atoms:
        mass += np.where(np.isclose(values, atom, rtol=_SAME, atol=0.0) | (values == atom), probability, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_density = np.log(law.pdf(values)) + log_slope
    return Densities(mass, np.where(np.isnan(log_density), -np.inf, log_density))


def _elicited(entry: Entry, quantity: str, draws: Draws) -> tuple[Array, Array]:
    """Values in the coordinate that an entry states, and the logarithm of their derivative by the model's."""
    values = _numbers(draws, quantity)
    log_slope = np.zeros(len(values))
    if entry.name != quantity:
        values, log_slope = _RESTATED[entry.name](draws)
    inside = np.clip(values, *entry.distribution.support)  # restatement and back rounds past an end
    return np.where(np.isclose(values, inside, rtol=_SAME, atol=0.0), inside, values), log_slope


def _log_copula(prior: PriorSet, draws: Draws) -> Array | float:
    """Logarithm of the density of a set's Gaussian copula: what correlations make likelier than independence."""
    from scipy.special import ndtri

    copula = prior.dependence
    if not copula.names:
        return 0.0
    latent = []
    for name in copula.names:
        entry = _stated(prior, name)
        assert entry is not None
        values, _ = _elicited(entry, name, draws)
        below, above = (np.clip(tail(values), TINY, 1.0) for tail in (entry.distribution.cdf, entry.distribution.sf))
        latent.append(np.where(below <= above, ndtri(below), -ndtri(above)))
    z = np.array(latent)
    excess = np.linalg.inv(copula.matrix) - np.eye(len(z))
    _, log_determinant = np.linalg.slogdet(copula.matrix)
    return np.asarray(-0.5 * (log_determinant + np.einsum("in,ij,jn->n", z, excess, z)))


def own_probability(prior: PriorSet, draws: Draws) -> dict[str, NDArray[np.bool_]]:
    """Of which draws a quantity has a value with a probability of its own under a set, or is absent in it.

    Parameters
    ----------
    prior : PriorSet
        Of a pool every member is looked at.
    draws : mapping of str to array of shape (n,)
        Every quantity of the model.

    Returns
    -------
    dict of str to array of shape (n,), bool
        By quantity of the model.
    """
    members = prior.members or ((prior, 1.0),)
    return {
        quantity: np.any([density_of(_stated(one, quantity), quantity, draws).mass > 0.0 for one, _ in members], axis=0)
        for quantity in MODEL_QUANTITIES
    }


def log_densities(
    priors: Sequence[PriorSet], draws: Draws, atoms: Mapping[str, NDArray[np.bool_]] | None = None
) -> list[Array]:
    """Logarithm of the joint density of draws under several prior sets, all with respect to the same measure.

    Parameters
    ----------
    priors : sequence of PriorSet
        Sets to compare; their evidence is not looked at.
    draws : mapping of str to array of shape (n,)
        Every quantity of the model, ``mode`` as a code, nan where a quantity is absent.
    atoms : mapping of str to array of shape (n,), bool, optional
        From :func:`own_probability` of a further set, with which these are compared.

    Returns
    -------
    list of array of shape (n,)
        For each set; -inf where it gives a draw no density. Only differences between them mean anything.
    """
    members = [prior.members or ((prior, 1.0),) for prior in priors]
    n = len(draws["rho"])
    totals = [[np.full(n, math.log(weight)) if weight else np.full(n, -np.inf) for _, weight in one] for one in members]
    for quantity in MODEL_QUANTITIES:
        columns = [[density_of(_stated(member, quantity), quantity, draws) for member, _ in one] for one in members]
        is_atom = np.any([column.mass > 0.0 for one in columns for column in one], axis=0)
        if atoms is not None:
            is_atom |= atoms[quantity]
        for one, sums in zip(columns, totals, strict=True):
            for column, total in zip(one, sums, strict=True):
                with np.errstate(divide="ignore"):
                    total += np.where(is_atom, np.log(column.mass), column.log_density)
    for pool, sums in zip(members, totals, strict=True):
        for (member, _), total in zip(pool, sums, strict=True):
            total += _log_copula(member, draws)
    return [np.logaddexp.reduce(np.array(sums), axis=0) for sums in totals]


# --- Whether the run covers the other prior --------------------------------------------------------------------------


def _lacks(source: PriorSet, target: PriorSet) -> list[str]:
    """What a set states that another cannot draw, for sets that are no pools."""
    found = []
    for quantity in MODEL_QUANTITIES:
        old, new = _stated(source, quantity), _stated(target, quantity)
        if old is None or new is None:
            if old is not new:
                found.append(f"{quantity} is {'absent from the run' if old is None else 'absent from the new prior'}")
            continue
        if old.name != new.name:
            continue  # draws of the new prior will tell
        old_atoms = [value for value, _ in old.distribution.atoms]
        for value, _ in new.distribution.atoms:
            if value not in old_atoms:
                words = MODES[int(value)] if quantity == "mode" else f"{value:g}"
                found.append(f"the run gives {new.name} = {words} no probability of its own")
        (low, high), (new_low, new_high) = old.distribution.support, new.distribution.support
        is_continuous = sum(probability for _, probability in new.distribution.atoms) < 1.0 - 1e-12
        if is_continuous and (new_low < low or new_high > high):
            found.append(
                f"{new.name} reaches from {new_low:g} to {new_high:g}, in the run only from {low:g} to {high:g}"
            )
    return found


def _correlated_atoms(source: PriorSet, target: PriorSet) -> list[str]:
    """Values with a probability of their own in quantities that are correlated, which have no simple joint density."""
    if source.given(()).digest == target.given(()).digest:
        return []
    found = set()
    for prior in (source, target):
        for member, _ in prior.members or ((prior, 1.0),):
            stated = {name: _stated(member, name) for name in member.dependence.names}
            found |= {name for name, entry in stated.items() if entry is not None and entry.distribution.atoms}
    return [f"{name} has values of their own probability and is correlated with others" for name in sorted(found)]


def _tail_from_target(log_ratio: Array) -> float:
    """The k-hat of the run's weights as seen from draws of the other prior.

    If the weight's tail falls with index 1/k under the run's prior, it falls with index 1/k - 1 under the other: a draw
    of the other sees the heavy end of the weights as often as they count.
    """
    weights = np.exp(log_ratio - log_ratio.max())
    k = pareto_k(weights)
    return k / (1.0 + k) if k > 0.0 else -math.inf


# --- The answer ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reweighted:
    """Another prior's answer from the draws of a run. Made by :func:`reweight`.

    Attributes
    ----------
    source, target : PriorSet
        What the run was drawn from, and what was asked for.
    sample : Sample
        The draws of the run, with the weights of the target.
    answer, from_start : WeightedEstimate
        The event, and the same counted from the day of automation (None where the run does not say).
    modes : pandas.DataFrame
        By retraining mode: ``mode``, ``share``, ``prob``, ``se``.
    pareto_k : float
        Shape of the tail of the weights, the larger of what the run's draws and the target's show.
    ess : float
        Draws of equal weight that the run's are worth.
    reasons : tuple of str
        Why the run must be simulated again; none if the answer may be used.
    warnings : tuple of str
        What makes it doubtful.
    """

    source: PriorSet
    target: PriorSet
    sample: Sample
    answer: WeightedEstimate
    from_start: WeightedEstimate | None
    modes: pd.DataFrame
    pareto_k: float
    ess: float
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether the answer may be used."""
        return not self.reasons

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        return sentence(self.answer, self.from_start)

    def record(self) -> dict[str, Any]:
        """Everything but the weights, ready for JSON."""

        def plain(value: Any) -> Any:
            return None if isinstance(value, float) and not math.isfinite(value) else value

        def estimate(one: WeightedEstimate | None) -> dict[str, Any] | None:
            return None if one is None else {key: plain(value) for key, value in vars(one).items()}

        return {
            "method": "reweighted draws of a run",
            "source_digest": self.source.digest,
            "prior": self.target.to_dict(),
            "event": str(self.sample.event),
            "answer": estimate(self.answer),
            "from_start": estimate(self.from_start),
            "sentence": self.sentence,
            "pareto_k": plain(self.pareto_k),
            "ess": self.ess,
            "n_draws": len(self.sample.hits),
            "is_accepted": self.is_accepted,
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
        }


def reweight(sample: Sample, target: PriorSet, *, target_se: float | None = None) -> Reweighted:
    """Answer for another prior from the draws that there are.

    Parameters
    ----------
    sample : Sample
        Draws and the event, from :func:`mc_sie.analysis.sample.sample_of` or a stored run.
    target : PriorSet
        The other prior. Its evidence is taken in; the run's own evidence must be among it.
    target_se : float, optional
        Standard error that the answer must surely (at 90 %) have.

    Returns
    -------
    Reweighted
        With the reasons, if any, why the answer may not be used.

    Raises
    ------
    InputError
        When the run's own prior gives some of its draws no density.

    Notes
    -----
    The estimate is the self-normalised weighted share with the raw weights, and its error the delete-one-replicate
    jackknife's. Smoothing the largest weights would tie the replicates together, from whose spread the error comes;
    k-hat decides whether the raw weights may be used.
    """
    source = sample.prior
    n = len(sample.hits)
    log_target, log_source = log_densities((target, source), sample.draws)
    if np.isneginf(log_source).any():
        lost = int(np.isneginf(log_source).sum())
        why = f"holds {lost:,} draws that its own prior gives no density"
        raise InputError(f"the run of {source.name}", why, "It is of another version: run it again.")
    reasons = _evidence_reasons(source, target)
    log_weights = log_target - log_source
    for item in target.evidence:
        if item.numbers in [other.numbers for other in source.evidence]:
            continue
        implied = _implied_by(item, sample)
        if implied is None:
            reasons.append(f"evidence {item.name!r} is about {item.about}, which the run did not store")
        else:
            log_weights = log_weights + item.log_likelihood(implied)
    if sample.weights is not None:
        with np.errstate(divide="ignore"):
            log_weights = log_weights + np.log(sample.weights)
    is_hopeless = bool(np.isneginf(log_weights).all())
    weights = np.zeros(n) if is_hopeless else normalised(log_weights)[0]
    k = pareto_k(weights) if not is_hopeless else math.nan
    reasons += _coverage_reasons(source, target)
    if not reasons:
        k = max(k, _tail_from_target(_target_log_ratio(source, target)))
    weighted = Sample(
        target, sample.design, sample.horizon_months, sample.event, sample.draws, sample.hits, sample.is_ok,
        sample.outcomes, weights,
    )  # fmt: skip
    n_replicates = sample.design.n_replicates
    answer = estimate_weighted(sample.hits, sample.is_ok, weights, n_replicates)
    ess = effective_size(np.where(sample.is_ok, weights, 0.0))
    if k > k_high(n):
        reasons.append(f"the weights have a heavy tail (Pareto k-hat {k:.2f}, above {k_high(n):.2f})")
    if ess < ESS_LOW:
        reasons.append(f"the {n:,} draws are worth only {ess:,.0f} of equal weight, below {ESS_LOW:,.0f}")
    bound = error_bound(answer, n_replicates)
    if target_se is not None and not bound < target_se:
        reasons.append(f"the standard error may be {bound:.2g}, not below --target-se {target_se:g}")
    warnings = []
    if K_DOUBTFUL < k <= k_high(n):
        warnings.append(f"Pareto k-hat is {k:.2f}: above {K_DOUBTFUL} errors are larger than they look")
    if ess < ESS_SHARE_DOUBTFUL * n:
        warnings.append(f"the {n:,} draws are worth only {ess:,.0f} of equal weight")
    twin = sample.event.from_start
    from_start = None
    if twin is not None and twin.column in sample.outcomes:
        hits = twin.holds_of(sample.outcomes[twin.column].to_numpy(dtype=np.float64)) & sample.is_ok
        from_start = estimate_weighted(hits, sample.is_ok, weights, n_replicates)
    return Reweighted(
        source, target, weighted, answer, from_start, _modes(weighted), k, ess, tuple(reasons), tuple(warnings)
    )


def _implied_by(item: Evidence, sample: Sample) -> Array | None:
    """What the draws of a run imply for a piece of evidence; None where that was not stored."""
    subject = item.subject
    if not subject.is_outcome:
        return subject.values(sample.draws)
    column = Event(subject.name, subject.index, "<", 0.0).column
    if column not in sample.outcomes:
        return None
    return np.asarray(sample.outcomes[column].to_numpy(dtype=np.float64))


def _evidence_reasons(source: PriorSet, target: PriorSet) -> list[str]:
    """Evidence of the run that the other prior does not share: weights cannot take it back where it excludes."""
    shared = [item.numbers for item in target.evidence]
    lacking = [repr(item.name) for item in source.evidence if item.numbers not in shared]
    return [f"the run is conditioned on {', '.join(lacking)}, which the new prior does not state"] if lacking else []


def _target_draws(target: PriorSet) -> dict[str, NDArray[Any]]:
    design = plan(_N_TARGET, n_replicates=2)
    uniforms = {name: points(design, dimension_of(name), 0, design.n_draws) for name in target.dimensions}
    return {name: np.broadcast_to(array, design.n_draws) for name, array in target.values(uniforms).items()}


def _target_log_ratio(source: PriorSet, target: PriorSet) -> Array:
    """Log weight of the other prior's own draws, inf where the run has none."""
    log_target, log_source = log_densities((target, source), _target_draws(target))
    return np.asarray(log_target - log_source)


def _coverage_reasons(source: PriorSet, target: PriorSet) -> list[str]:
    """Parts of the other prior in which the run has no draws."""
    found = [] if source.members or target.members else _lacks(source, target)
    found += _correlated_atoms(source, target)
    if found:
        return found
    lost = float(np.isinf(_target_log_ratio(source, target)).mean())
    if not lost:
        return []
    share = f"{100 * lost:.2g} %" if lost < 0.995 else "nearly all"
    return [f"{share} of the new prior lies where the run has no draws"]


def _modes(sample: Sample) -> pd.DataFrame:
    assert sample.weights is not None
    mode, rows = sample.draws["mode"], []
    total = float(sample.weights.sum())
    for code, name in enumerate(MODES):
        among = np.asarray(mode == code)
        share = float(sample.weights[among].sum())
        if share > 0.0:
            one = estimate_weighted(sample.hits, sample.is_ok & among, sample.weights, sample.design.n_replicates)
            rows.append({"mode": name, "share": share / total, **vars(one)})
    return pd.DataFrame(rows)
