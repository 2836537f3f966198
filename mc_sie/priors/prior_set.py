"""A prior set: entries and their correlations, or a pool of whole sets; from points in the unit cube to quantities."""

from __future__ import annotations

import hashlib
import html
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.distributions.base import Array
from mc_sie.errors import InputError, nearest
from mc_sie.priors import messages
from mc_sie.priors.consistency import (
    check_together,
    counts_twice,
    lost,
    repaired,
    uncorrelated,
    used_already,
    warnings_about,
)
from mc_sie.priors.copula import INDEPENDENT, Correlation, Dependence, dependence_between
from mc_sie.priors.entries import Entry, fixed_entry, with_defaults
from mc_sie.priors.evidence import Evidence
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS, kept_inside
from mc_sie.priors.shipped import recorded
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES

POOL_DIMENSION = "prior_set"
"""Name of the latent "which prior set" of a pool."""

N_IMPLIED = 2**16
"""Points behind quantiles and means that have no closed form."""


@dataclass(frozen=True)
class PriorSet:
    """A joint prior over the model's quantities: entries and their correlations, or a pool of whole sets.

    Attributes
    ----------
    name : str
        Shipped name, or the file's name without its ending.
    title, description : str
        From the file.
    citations : tuple of str
        From the file, then those it inherits.
    bottlenecks : str or None
        The statement of how rho, alpha_compute and r fit together, its own or inherited.
    path : pathlib.Path
        The file.
    entries : mapping of str to Entry
        What is stated and, marked as such, what is left to its default, in the order of the table of quantities. Empty
        for a pool.
    members : tuple of (PriorSet, float)
        Sets and weights of a pool, else empty.
    warnings : tuple of str
        About what may be meant but looks like a mistake.
    digest : str
        SHA-256 of what determines the draws: families and numbers, not prose.
    correlations : tuple of Correlation
        Pairs as stated, zeros included; what is inherited comes first. Empty for a pool: its members have their own.
    dependence : Dependence
        The copula that they make, independence without any.
    evidence : tuple of Evidence
        What the set is conditioned on, by name; :meth:`values` draws from what it was before. See
        :func:`mc_sie.condition`.
    """

    name: str
    title: str
    description: str
    citations: tuple[str, ...]
    bottlenecks: str | None
    path: Path
    entries: Mapping[str, Entry]
    members: tuple[tuple[PriorSet, float], ...]
    warnings: tuple[str, ...]
    digest: str
    correlations: tuple[Correlation, ...] = ()
    dependence: Dependence = INDEPENDENT
    evidence: tuple[Evidence, ...] = ()

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the latent dimensions that are random, in the order of the sampler's dimensions."""
        random = {
            QUANTITIES[name].determined for name, entry in self.entries.items() if entry.distribution.constant is None
        }
        random |= {dimension for member, _ in self.members for dimension in member.dimensions}
        ordered = tuple(name for name in MODEL_QUANTITIES if name in random)
        if self.members:
            return (*ordered, POOL_DIMENSION)
        return ordered

    def values(self, points: Mapping[str, Array]) -> dict[str, NDArray[Any]]:
        """Values of every quantity at points of the unit cube.

        Parameters
        ----------
        points : mapping of str to ndarray of float64
            For each name in :attr:`dimensions` an array in (0, 1), all of one shape (n,), independent of each other
            also where quantities are not. Others are not looked at, except for their shape when nothing is random;
            without any there is one draw.

        Returns
        -------
        dict of str to ndarray
            Every name of ``MODEL_QUANTITIES`` in its unit (float64, ``nan`` where not given), but ``mode`` as an index
            in ``MODES`` (int8); then the reparametrisations in use (``sigma``, ``max_speed``, ``r_total``), and for a
            pool ``prior_set``, the index of the member (int16).

        Notes
        -----
        ``rho = (sigma - 1)/sigma``, ``rho = ln(alpha_compute)/ln(max_speed)`` and
        ``r = (1 - alpha_compute) labour_per_efficiency r_total``.
        """
        n = 1
        if points:
            n = next(iter(points.values())).size
        if self.members:
            return self._pooled(points, n)
        points = self.dependence.applied(points)
        found: dict[str, NDArray[Any]] = {}
        for name, entry in self.entries.items():
            distribution = entry.distribution
            drawn = (
                distribution.ppf(points[QUANTITIES[name].determined])
                if distribution.constant is None
                else np.full(n, distribution.constant)
            )
            found[name] = kept_inside(QUANTITIES[name], drawn)  # rounding may put a draw on an excluded bound
        for name, reparametrisation in REPARAMETRISATIONS.items():
            if name in found:
                determined = reparametrisation.determined
                found[determined.name] = kept_inside(determined, reparametrisation.forward(found))
        found["mode"] = found["mode"].astype(np.int8)
        stated = [name for name in REPARAMETRISATIONS if name in found]
        return {name: found.get(name, np.full(n, np.nan)) for name in (*MODEL_QUANTITIES, *stated)}

    def ranks(self, points: Mapping[str, Array]) -> dict[str, Array]:
        """Ranks of each draw in the distributions of its own prior set, from 0 to 1: arguments of the quantile
        functions.

        Parameters
        ----------
        points : mapping of str to ndarray of float64
            As for :meth:`values`.

        Returns
        -------
        dict of str to ndarray of float64
            By name of the dimension; the points themselves where nothing is correlated.
        """
        found = dict(self.dependence.applied(points))
        if any(member.dependence.names for member, _ in self.members):
            which = self._member_of(points)
            found = {name: column.copy() for name, column in found.items()}
            for index, (member, _) in enumerate(self.members):
                rows = np.flatnonzero(which == index)
                mixed = member.dependence.applied({name: column[rows] for name, column in points.items()})
                for name in member.dependence.names:
                    found[name][rows] = mixed[name]
        return found

    def _member_of(self, points: Mapping[str, Array]) -> NDArray[np.int16]:
        cuts = np.cumsum([weight for _, weight in self.members[:-1]])
        return np.searchsorted(cuts, points[POOL_DIMENSION]).astype(np.int16)

    def _pooled(self, points: Mapping[str, Array], n: int) -> dict[str, NDArray[Any]]:
        which = self._member_of(points)
        found: dict[str, NDArray[Any]] = {}
        for index, (member, _) in enumerate(self.members):
            rows = np.flatnonzero(which == index)
            chosen = member.values({name: points[name][rows] for name in (*member.dimensions, POOL_DIMENSION)})
            for name, values in chosen.items():
                if name not in found and name == "mode":
                    found[name] = np.zeros(n, np.int8)
                elif name not in found:
                    found[name] = np.full(n, np.nan)
                found[name][rows] = values
        stated = [name for name in REPARAMETRISATIONS if name in found]
        return {name: found[name] for name in (*MODEL_QUANTITIES, *stated)} | {POOL_DIMENSION: which}

    @property
    def plain_sets(self) -> tuple[tuple[PriorSet, float], ...]:
        """The member sets of a pool with their weights; of any other set, itself with weight 1."""
        return self.members or ((self, 1.0),)

    @property
    def may_count_twice(self) -> bool:
        """True where rho, alpha_compute and r may count one bottleneck twice and nothing says how they fit together."""
        if self.members:
            return any(member.may_count_twice for member, _ in self.members)
        return counts_twice(self.entries, self.bottlenecks)

    def replaced(
        self,
        changes: Mapping[str, Entry | None],
        name: str = "",
        *,
        correlations: Sequence[Correlation] | None = None,
    ) -> PriorSet:
        """This set with other entries for some quantities.

        Parameters
        ----------
        changes : mapping of str to (Entry or None)
            By code name. An entry takes the place of whatever determined the same quantity (one for ``rho`` that of
            one for ``sigma``); None leaves it to its default, or absent. In a pool every member is changed.
        name : str
            Name of the new set; that of this one if not given.
        correlations : sequence of Correlation, optional
            In place of those of the set (in a pool: of every member). If not given, a correlation stays as long as both
            its quantities are stated under the same names and vary; the others are named in the new set's warnings.

        Returns
        -------
        PriorSet
            Checked as if it had been read from a file.

        Raises
        ------
        InputError
            When the entries do not go together, or are no entries of the quantities under whose names they stand.
        """
        _check_changes(changes)
        if correlations is not None:
            correlations = _correlations_of(correlations)
        header = self._header | {"name": name or self.name}
        if self.members:
            members = tuple(
                (member.replaced(changes, correlations=correlations), weight) for member, weight in self.members
            )
            return pool_of(members, **header)
        determined = {QUANTITIES[changed].determined for changed in changes}
        kept = {
            key: entry
            for key, entry in self.entries.items()
            if not entry.is_default and QUANTITIES[key].determined not in determined
        }
        given = {key: entry for key, entry in changes.items() if entry is not None}
        where = name or self.name
        if correlations is None:
            return set_of(kept | given, where, self.correlations, **header)
        # unlike one that the set had before, a correlation that is asked for must be possible
        _check_correlations(where, correlations, with_defaults(kept | given))
        return set_of(kept | given, where, tuple(correlations), **header)

    @property
    def _header(self) -> dict[str, Any]:
        kept = ("name", "title", "description", "citations", "bottlenecks", "path", "evidence")
        return {key: getattr(self, key) for key in kept}

    def given(self, evidence: Sequence[Evidence]) -> PriorSet:
        """This set, conditioned on other evidence.

        Parameters
        ----------
        evidence : sequence of Evidence
            All of it; none leaves the set as it was before.

        Returns
        -------
        PriorSet
            With a digest of its own.

        Raises
        ------
        InputError
            For what is no evidence.
        """
        if not isinstance(evidence, Sequence) or not all(isinstance(item, Evidence) for item in evidence):
            remedy = "Give a list of mc_sie.priors.evidence.Evidence, such as the evidence of another set."
            raise InputError(f"evidence = {evidence!r:.60}", "is no list of evidence", remedy)
        header = self._header | {"evidence": tuple(evidence)}
        if self.members:
            return pool_of(self.members, **header)
        stated = {key: entry for key, entry in self.entries.items() if not entry.is_default}
        return set_of(stated, self.name, self.correlations, **header)

    def without_evidence(self) -> PriorSet:
        """This set as it was before its evidence.

        Returns
        -------
        PriorSet
            Itself where it has none.
        """
        if not self.evidence:
            return self
        return self.given(())

    def pinned(self, quantity: str, value: float | str, name: str = "") -> PriorSet:
        """This set with one quantity at one value.

        Parameters
        ----------
        quantity : str
            Code name.
        value : float or str
            In the quantity's unit; for ``mode`` the name of a mode.
        name : str
            Name of the new set.

        Returns
        -------
        PriorSet
            With every other distribution as it was: a quantity that is correlated with this one keeps its whole range,
            and is not what is expected of it given the value.

        Raises
        ------
        InputError
            When the value is outside the quantity's domain.
        """
        return self.replaced({quantity: fixed_entry(quantity, value)}, name)

    def quantiles(self, name: str, probs: Sequence[float]) -> Array:
        """Quantiles of one quantity, stated or implied.

        Parameters
        ----------
        name : str
            A quantity that the set gives.
        probs : sequence of float
            In (0, 1).

        Returns
        -------
        ndarray of float64
            In the quantity's unit. Exact for what an entry states; for what is derived, and in a pool, from
            2^16 quasi-random points, which puts each at a probability within 0.001 of the one asked for. Where only
            some members of a pool give the quantity, the quantiles are those given that it is given (within 0.005 for
            a member of weight 0.05).
        """
        if name in self.entries:
            return self.entries[name].distribution.ppf(probs)
        rising = np.sort(self._given(name))
        at = np.ceil(np.asarray(probs) * rising.size).astype(int) - 1
        return np.asarray(rising[np.clip(at, 0, rising.size - 1)])

    def mean(self, name: str) -> float:
        """Expected value of one quantity, stated or implied.

        Parameters
        ----------
        name : str
            A quantity that the set gives.

        Returns
        -------
        float
            In the quantity's unit; ``inf`` where "no limit" has a probability. Exactness as for :meth:`quantiles`,
            with an error of about 0.001 standard deviations where it is not exact.
        """
        if name in self.entries:
            return self.entries[name].distribution.mean()
        return float(np.mean(self._given(name)))

    def _given(self, name: str) -> Array:
        values = self._implied.get(name, np.array([])).astype(np.float64)
        values = values[~np.isnan(values)]
        if values.size == 0:
            given = [known for known in self._implied if not np.isnan(self._implied[known]).all()]
            raise InputError(f"{name}", f"is not given by {self.name}", nearest(name, given))
        return values

    def __repr__(self) -> str:
        """One line."""
        if self.members:
            what = f"a pool of {', '.join(member.name for member, _ in self.members)}"
        else:
            what = f"{sum(not entry.is_default for entry in self.entries.values())} quantities stated"
        return f"<PriorSet {self.name}: {self.title}; {what}; digest {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        """Every quantity with its distribution and source, for notebooks."""
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
            for member in ([member for member, _ in self.members] or [self])
            for entry in member.entries.values()
            for cells in [(member.name, entry.name, entry.unit, entry.distribution.describe(), entry.source)]
        )
        heads = "".join(f"<th>{head}</th>" for head in ("set", "quantity", "unit", "prior", "source"))
        return f"<p>{html.escape(repr(self))}</p><table><tr>{heads}</tr>{rows}</table>"

    def __getstate__(self) -> dict[str, Any]:
        """State for other processes, without the implied values, which are large and easily made again."""
        return {name: value for name, value in vars(self).items() if name != "_implied"}

    @cached_property
    def _implied(self) -> dict[str, NDArray[Any]]:
        return self.values(_spread_points(self.dimensions))

    def to_dict(self) -> dict[str, Any]:
        """The set as it was resolved, with nothing left to other files.

        Returns
        -------
        dict
            Plain values that JSON can hold; infinity is the text ``"inf"``.
        """
        found: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "citations": list(self.citations),
            "bottlenecks": self.bottlenecks,
            "path": recorded(self.path),
            "digest": self.digest,
            "warnings": list(self.warnings),
        }
        if self.evidence:
            found["evidence"] = [item.record() | {"words": item.words} for item in self.evidence]
        if self.members:
            found["members"] = [{"weight": weight, "prior": member.to_dict()} for member, weight in self.members]
            return found
        found["entries"] = {}
        for name, entry in self.entries.items():
            row = {key: value for key, value in vars(entry).items() if key not in ("name", "distribution")}
            found["entries"][name] = plain(row) | {"words": entry.distribution.describe()}
        if self.correlations:
            found["correlations"] = [plain(vars(correlation)) for correlation in self.correlations]
            found["latent_correlation"] = {"names": list(self.dependence.names), "matrix": plain(self.dependence.used)}
        return found


def _check_changes(changes: object) -> None:
    """Refuse what is no mapping from quantities to entries of theirs."""
    if not isinstance(changes, Mapping):
        remedy = 'Write prior.replaced({"rho": mc_sie.priors.entry("rho", ...)}).'
        raise InputError(f"changes = {changes!r:.60}", "is no mapping from quantities to entries", remedy)
    for key, change in changes.items():
        if not isinstance(key, str) or key not in QUANTITIES:
            raise InputError(f"{key!s:.60}", "is no quantity", nearest(str(key), QUANTITIES))
        if change is not None and not isinstance(change, Entry):
            remedy = f'Make one with mc_sie.priors.entry("{key}", ..., source="..."), or use pinned("{key}", value).'
            raise InputError(f"{key} = {change!r:.60}", "is no entry", remedy)
        if change is not None and change.name != key:
            raise InputError(f"changes[{key!r}]", f"is an entry of {change.name}", f"Write {{{change.name!r}: ...}}.")


def _correlations_of(correlations: object) -> tuple[Correlation, ...]:
    """Correlations that were given as an argument."""
    if not isinstance(correlations, Sequence):
        raise InputError(f"correlations = {correlations!r:.60}", "is no sequence", "Give a list of Correlation.")
    for one in correlations:
        if not isinstance(one, Correlation):
            remedy = 'Make one with mc_sie.priors.Correlation(("r", "lam"), 0.5, source="...").'
            raise InputError(f"correlations: {one!r:.60}", "is no correlation", remedy)
    return tuple(correlations)


def _check_correlations(where: str, correlations: Sequence[Correlation], entries: Mapping[str, Entry]) -> None:
    """Refuse correlations that some entries cannot have, and a pair that is stated twice."""
    pairs = [one.pair for one in correlations]
    for place, one in enumerate(correlations):
        problem = uncorrelated(one.between, entries)
        if one.pair in pairs[:place]:
            problem = "stands there twice", "State each pair once."
        if problem:
            raise InputError(f"{where}: correlation of {' and '.join(one.between)}", *problem)


def _spread_points(dimensions: Sequence[str]) -> dict[str, Array]:
    """Evenly spread points in the unit cube: multiples of powers of the generalised golden ratio (Roberts 2018)."""
    d = len(dimensions)
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (d + 1.0))
    index = np.arange(1.0, N_IMPLIED + 1.0)
    return {name: (0.5 + index * ratio ** -(j + 1.0)) % 1.0 for j, name in enumerate(dimensions)}


def set_of(stated: Mapping[str, Entry], where: str, correlations: Sequence[Correlation], **header: Any) -> PriorSet:
    """The set of some entries, checked together.

    Parameters
    ----------
    stated : mapping of str to Entry
        By code name.
    where : str
        Where they are stated, for errors and warnings.
    correlations : sequence of Correlation
        One that these entries cannot have is left out, with a warning.
    **header
        Attributes of :class:`PriorSet` that are neither.

    Returns
    -------
    PriorSet
        With defaults, warnings and digest.

    Raises
    ------
    InputError
        When the entries do not go together.
    """
    entries = with_defaults(stated)
    check_together(where, entries)
    problem = {correlation: uncorrelated(correlation.between, entries) for correlation in correlations}
    kept = tuple(correlation for correlation in correlations if problem[correlation] is None)
    latent = [
        (QUANTITIES[one.between[0]].determined, QUANTITIES[one.between[1]].determined, one.spearman) for one in kept
    ]
    dependence = dependence_between(MODEL_QUANTITIES, latent)
    found = [
        *warnings_about(where, entries, header["bottlenecks"]),
        *(lost(where, correlation, *why) for correlation, why in problem.items() if why is not None),
        *repaired(where, dependence, entries),
        *used_already(header.get("evidence", ()), entries),
    ]
    drawn: dict[str, Any] = {name: {"family": entry.family, **entry.parameters} for name, entry in entries.items()}
    if dependence.names:  # a set without correlations has the digest it had before there were any
        spearmans = sorted([*sorted(one.between), one.spearman] for one in kept if one.spearman != 0.0)
        drawn = {"entries": drawn, "correlations": spearmans}
    return PriorSet(
        entries=entries,
        members=(),
        warnings=tuple(dict.fromkeys(found)),
        digest=_digest_given(_digest(drawn), header.get("evidence", ())),
        correlations=kept,
        dependence=dependence,
        **header,
    )


def check_set(stated: Mapping[str, Entry], where: str) -> None:
    """Refuse entries that do not make a prior set.

    Parameters
    ----------
    stated : mapping of str to Entry
        By code name.
    where : str
        Where they are stated, for errors.

    Raises
    ------
    InputError
        When something is missing, or they do not go together.
    """
    check_together(where, with_defaults(stated))


def pool(name: str, members: Sequence[tuple[PriorSet, float]], source: str) -> PriorSet:
    """A pool of whole sets, made in Python.

    Parameters
    ----------
    name : str
        Its name.
    members : sequence of (PriorSet, float)
        Sets of different names that are no pools themselves, without evidence, and weights that sum to 1.
    source : str
        Whose pool it is.

    Returns
    -------
    PriorSet
        One draw takes one whole set.

    Raises
    ------
    InputError
        As for a file.
    """
    for place, (member, _) in enumerate(members):
        check_member(f"pool {name!r}: {member.name}", member, [other for other, _ in members[:place]])
    stated = {"members": {member.name: weight for member, weight in members}, "source": source}
    messages.checked(f"pool {name!r}", {"title": name, "pool": stated})
    return pool_of(
        tuple(members), name=name, title=source, description="", citations=(), bottlenecks=None, path=Path(name)
    )


def check_member(where: str, member: PriorSet, others: Sequence[PriorSet]) -> None:
    """Refuse what cannot be a member of a pool.

    Parameters
    ----------
    where : str
        Where it is stated, for errors.
    member : PriorSet
        The set.
    others : sequence of PriorSet
        Members before it.

    Raises
    ------
    InputError
        For a pool, a set with evidence, or the name of another member: tables tell members apart by their names.
    """
    if member.members:
        raise InputError(where, "is itself a pool", "List its members here, with their weights multiplied out.")
    if member.evidence:
        why = f"is conditioned on evidence ({', '.join(item.name for item in member.evidence)})"
        remedy = "A pool is conditioned as a whole: list the set without it, and state [[evidence]] in this file."
        raise InputError(where, why, remedy)
    if member.name in (other.name for other in others):
        why = f"is a second member of the name {member.name!r}"
        raise InputError(where, why, "Give the files different names, or add the weights up if they are one.")


def pool_of(members: tuple[tuple[PriorSet, float], ...], **header: Any) -> PriorSet:
    """The pool of some sets.

    Parameters
    ----------
    members : tuple of (PriorSet, float)
        Sets that are no pools themselves, and weights that sum to 1.
    **header
        Attributes of :class:`PriorSet`.

    Returns
    -------
    PriorSet
        With warnings and digest.
    """
    evidence = header.get("evidence", ())
    found = [warning for member, _ in members for warning in member.warnings]
    found += [warning for member, _ in members for warning in used_already(evidence, member.entries)]
    digest = _digest_given(_digest([[member.digest, weight] for member, weight in members]), evidence)
    return PriorSet(entries={}, members=members, warnings=tuple(dict.fromkeys(found)), digest=digest, **header)


def _digest(drawn: Any) -> str:
    return hashlib.sha256(json.dumps(plain(drawn), sort_keys=True).encode()).hexdigest()


def _digest_given(digest: str, evidence: Sequence[Evidence]) -> str:
    """The digest of a set given evidence, in whatever order and by whatever names; without any, its own."""
    if not evidence:
        return digest
    return _digest([digest, *sorted(_digest(item.numbers) for item in evidence)])


def plain(value: Any) -> Any:
    """The value in types that JSON has: inf, which is no number there, as text, and nan as null.

    Parameters
    ----------
    value : object
        A mapping, a sequence, a number (NumPy's too) or text.

    Returns
    -------
    object
        With dicts, lists and Python's numbers.
    """
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return None
        return str(value)
    return value
