"""Prior files: TOML in, :class:`PriorSet` out. The only reader of the format.

A file has one table a quantity, or a ``[pool]`` of whole sets. It may extend another, whose entries it inherits whole
and replaces whole. Everything that is wrong with a file is an :class:`~mc_sie.errors.InputError` that says where, what,
why and what to do; only what is right but doubtful becomes a warning.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mc_sie import units
from mc_sie.errors import InputError, nearest
from mc_sie.priors import families, foreign, problems, schema
from mc_sie.priors.dependence import INDEPENDENT, Correlation, Dependence, dependence_between
from mc_sie.priors.evidence import Evidence, used_twice
from mc_sie.priors.families import Array, Distribution
from mc_sie.quantities import MODEL_QUANTITIES, MODES, PAIRED, QUANTITIES, Quantity

POOL_DIMENSION = "prior_set"
"""Name of the latent "which prior set" of a pool."""

N_IMPLIED = 2**16
"""Points behind quantiles and means that have no closed form."""

DEFAULT_ORIGIN = "default"
"""Origin of an entry that no file states."""

AUTONOMOUS_MODES = ("shortening", "shortening_accelerating_only")
"""Retraining modes whose law of motion must not depend on time."""


@dataclass(frozen=True)
class Entry:
    """What a prior set says about one quantity.

    Attributes
    ----------
    name : str
        Code name of the quantity.
    family : str
        Name of the family, as in the file.
    parameters : mapping
        Its parameters, as in the file and in the quantity's unit.
    unit : str
        Unit of the quantity.
    source : str
        Where the numbers come from.
    judgement : str or None
        Why it is a judgement call, when it is one.
    origin : str
        File that states it, or ``"default"``.
    distribution : Distribution
        The law; for ``mode`` that of the index in :data:`~mc_sie.quantities.MODES`.
    """

    name: str
    family: str
    parameters: Mapping[str, Any]
    unit: str
    source: str
    judgement: str | None
    origin: str
    distribution: Distribution

    @property
    def is_default(self) -> bool:
        """Whether no file states it."""
        return self.origin == DEFAULT_ORIGIN


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
        What may be meant but looks like a mistake.
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
        random = {_determined(name) for name, entry in self.entries.items() if entry.distribution.constant is None}
        random |= {dimension for member, _ in self.members for dimension in member.dimensions}
        ordered = tuple(name for name in MODEL_QUANTITIES if name in random)
        return (*ordered, POOL_DIMENSION) if self.members else ordered

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
            in ``MODES`` (int8); then the restatements in use (``sigma``, ``max_speed``, ``r_total``), and for a pool
            ``prior_set``, the index of the member (int16).

        Notes
        -----
        ``rho = (sigma - 1)/sigma``, ``rho = ln(alpha_compute)/ln(max_speed)`` and
        ``r = (1 - alpha_compute) labour_per_efficiency r_total``.
        """
        n = next(iter(points.values())).size if points else 1
        if self.members:
            return self._pooled(points, n)
        points = self.dependence.applied(points)
        found: dict[str, NDArray[Any]] = {}
        for name, entry in self.entries.items():
            law = entry.distribution
            drawn = law.ppf(points[_determined(name)]) if law.constant is None else np.full(n, law.constant)
            found[name] = _kept_inside(QUANTITIES[name], drawn)
        for name, restatement in _RESTATEMENTS.items():
            if name in found:
                determined = QUANTITIES[_determined(name)]
                found[determined.name] = _kept_inside(determined, restatement.formula(found))
        found["mode"] = found["mode"].astype(np.int8)
        restated = [name for name in _RESTATEMENTS if name in found]
        return {name: found.get(name, np.full(n, np.nan)) for name in (*MODEL_QUANTITIES, *restated)}

    def ranks(self, points: Mapping[str, Array]) -> dict[str, Array]:
        """Where each draw stands in the laws of its own prior set, from 0 to 1: what the quantile functions are given.

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
                if name not in found:
                    found[name] = np.zeros(n, np.int8) if name == "mode" else np.full(n, np.nan)
                found[name][rows] = values
        restated = [name for name in _RESTATEMENTS if name in found]
        return {name: found[name] for name in (*MODEL_QUANTITIES, *restated)} | {POOL_DIMENSION: which}

    @property
    def may_count_twice(self) -> bool:
        """Whether rho, alpha_compute and r may count one bottleneck twice, and nothing says how they fit together."""
        if self.members:
            return any(member.may_count_twice for member, _ in self.members)
        return _may_count_twice(self.entries, self.bottlenecks)

    def replaced(
        self,
        changes: Mapping[str, Entry | None],
        name: str = "",
        *,
        correlations: Sequence[Correlation] | None = None,
    ) -> PriorSet:
        """The same set with other entries for some quantities.

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
            When the entries do not go together.
        """
        header = self._header | {"name": name or self.name}
        if self.members:
            members = tuple(
                (member.replaced(changes, correlations=correlations), weight) for member, weight in self.members
            )
            return _pool_of(members, **header)
        determined = {_determined(changed) for changed in changes}
        kept = {
            key: entry
            for key, entry in self.entries.items()
            if not entry.is_default and _determined(key) not in determined
        }
        given = {key: entry for key, entry in changes.items() if entry is not None}
        where = name or self.name
        if correlations is None:
            return _set_of(kept | given, where, self.correlations, **header)
        entries = _with_defaults(kept | given)
        pairs = [correlation.pair for correlation in correlations]
        for place, correlation in enumerate(correlations):
            problem = _uncorrelated(correlation.between, entries)
            if correlation.pair in pairs[:place]:
                problem = "stands there twice", "State each pair once."
            if problem:
                raise InputError(f"{where}: correlation of {' and '.join(correlation.between)}", *problem)
        return _set_of(kept | given, where, tuple(correlations), **header)

    @property
    def _header(self) -> dict[str, Any]:
        kept = ("name", "title", "description", "citations", "bottlenecks", "path", "evidence")
        return {key: getattr(self, key) for key in kept}

    def given(self, evidence: Sequence[Evidence]) -> PriorSet:
        """The same set, conditioned on other evidence.

        Parameters
        ----------
        evidence : sequence of Evidence
            All of it; none leaves the set as it was before.

        Returns
        -------
        PriorSet
            With a digest of its own.
        """
        header = self._header | {"evidence": tuple(evidence)}
        if self.members:
            return _pool_of(self.members, **header)
        stated = {key: entry for key, entry in self.entries.items() if not entry.is_default}
        return _set_of(stated, self.name, self.correlations, **header)

    def pinned(self, quantity: str, value: float | str, name: str = "") -> PriorSet:
        """The same set with one quantity at one value.

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
            With every other law as it was: a quantity that is correlated with this one keeps its whole range, and is
            not what is expected of it given the value.

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

    def __getstate__(self) -> dict[str, Any]:
        """What travels to other processes: all but the implied values, which are large and easily made again."""
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
            "path": _recorded(self.path),
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
            found["entries"][name] = _plain(row) | {"words": entry.distribution.describe()}
        if self.correlations:
            found["correlations"] = [_plain(vars(correlation)) for correlation in self.correlations]
            found["latent_correlation"] = {"names": list(self.dependence.names), "matrix": _plain(self.dependence.used)}
        return found


# --------------------------------------------------------------------------------------------- finding files


def shipped_priors() -> dict[str, Path]:
    """Prior sets that come with the package.

    Returns
    -------
    dict of str to pathlib.Path
        Name to file, by name; from the installed package, else from the checkout's ``priors/``.
    """
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped_priors"
    folder = installed if installed.is_dir() else package.parent / "priors"
    return {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}


def load_prior(name_or_path: str | Path) -> PriorSet:
    """A prior set, by its shipped name or from a file.

    Parameters
    ----------
    name_or_path : str or pathlib.Path
        ``"davidson-2025"``, or the path of a TOML file. A shipped name wins over a file of the same name; a
        :class:`~pathlib.Path` is always a file.

    Returns
    -------
    PriorSet
        Checked, with defaults filled in.

    Raises
    ------
    InputError
        When there is no such prior, or it cannot be used.
    """
    return _load(_located(name_or_path, Path(), f"prior {str(name_or_path)!r}"), ())


def _located(reference: str | Path, folder: Path, where: str) -> Path:
    shipped = shipped_priors()
    if isinstance(reference, str) and reference in shipped:
        return shipped[reference]
    path = folder / Path(reference).expanduser()
    if not path.exists():
        raise InputError(
            where, "is neither a shipped prior nor an existing file", nearest(Path(reference).stem, shipped)
        )
    return path


def _recorded(path: Path) -> str:
    """A path as a record holds it; of a shipped set that within the project, wherever it is installed."""
    is_shipped = shipped_priors().get(path.stem) == path
    return f"priors/{path.name}" if is_shipped else str(path)


def _shown(path: Path) -> str:
    """A path as a reader would write it here."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def prior_from_dict(record: Mapping[str, Any], where: str) -> PriorSet:
    """The prior set that :meth:`PriorSet.to_dict` described.

    Parameters
    ----------
    record : mapping
        As in a run's ``run.json``.
    where : str
        Where it stands, for errors.

    Returns
    -------
    PriorSet
        The same draws: the digest is checked.

    Raises
    ------
    InputError
        When the record is not one of a prior set, or the set it describes has another digest.
    """
    try:
        header: dict[str, Any] = {
            "name": record["name"],
            "title": record["title"],
            "description": record["description"],
            "citations": tuple(record["citations"]),
            "bottlenecks": record["bottlenecks"],
            "path": Path(record["path"]),
        }
        raw = {"title": header["title"]}
        if "evidence" in record:
            raw["evidence"] = [_raw_evidence(row) for row in record["evidence"]]
            origins = [row["origin"] for row in record["evidence"]]
            given = schema.prior_file().model_validate(raw).evidence
            header["evidence"] = tuple(_evidence(model, origin) for model, origin in zip(given, origins, strict=True))
        digest = record["digest"]
        if "members" in record:
            members = tuple((prior_from_dict(row["prior"], where), float(row["weight"])) for row in record["members"])
            found = _pool_of(members, **header)
        else:
            rows = {name: row for name, row in record["entries"].items() if row["origin"] != DEFAULT_ORIGIN}
            pairs = record.get("correlations", [])
            raw["correlation"] = [_without(row, "origin") for row in pairs]
            raw |= {name: _raw_entry(row) for name, row in rows.items()}
            document = schema.prior_file().model_validate(raw)
            stated = {name: entry_of_model(name, getattr(document, name), rows[name]["origin"]) for name in rows}
            correlations = [
                pair
                for model, row in zip(document.correlation, pairs, strict=True)
                for pair in _pairs(model, row["origin"])
            ]
            found = _set_of(stated, where, correlations, **header)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(where, f"describes no prior set ({type(error).__name__}: {error})") from None
    except ValidationError as error:
        raise problems.worded(where, raw, error) from None
    if found.digest != digest:
        why = f"describes a prior set of digest {found.digest[:12]}, but says {str(digest)[:12]}"
        raise InputError(where, why, "It was changed by hand, or is of another version: run it again.")
    return found


def _without(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key and value is not None}


def _raw_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as a file would state it."""
    stated = {"family": row["family"], "source": row["source"], "judgement": row["judgement"], "unit": row["unit"]}
    return {**_from_plain(row["parameters"]), **{key: value for key, value in stated.items() if value is not None}}


def _raw_evidence(row: Mapping[str, Any]) -> dict[str, Any]:
    """A piece of evidence as a file would state it."""
    stated = {
        key: row[key] for key in ("name", "about", "likelihood", "unit", "source", "judgement", "already_used_by")
    }
    return {**row["parameters"], **{key: value for key, value in stated.items() if value is not None}}


def fixed_entry(quantity: str, value: float | str) -> Entry:
    """An entry that gives a quantity one value.

    Parameters
    ----------
    quantity : str
        Code name.
    value : float or str
        In the quantity's unit; for ``mode`` the name of a mode.

    Returns
    -------
    Entry
        Of family ``fixed``.

    Raises
    ------
    InputError
        For a name that is no quantity, or a value outside its domain.
    """
    if quantity not in QUANTITIES:
        raise InputError(quantity, "is no quantity", nearest(quantity, QUANTITIES))
    raw = {"family": "fixed", "value": value, "source": "pinned", "unit": QUANTITIES[quantity].unit}
    return _entry_of(quantity, raw, "pinned")


def entry(
    quantity: str,
    law: Any,
    *,
    source: str,
    unit: str | None = None,
    judgement: str | None = None,
    truncate_low: float | None = None,
    truncate_high: float | None = None,
) -> Entry:
    """An entry from Python, for :meth:`PriorSet.replaced`.

    Parameters
    ----------
    quantity : str
        Code name.
    law : object
        What a file would state, e.g. ``{"family": "uniform", "low": -0.4, "high": -0.1}``; or a frozen SciPy
        distribution, an object of PreliZ or squigglepy, anything with ``ppf`` (or ``icdf``) and ``cdf``, or a number.
    source : str
        Citation, or whose judgement it is.
    unit : str, optional
        The quantity's unit; ``mode`` has none.
    judgement : str, optional
        Marks a judgement call, and says why.
    truncate_low, truncate_high : float, optional
        Cut the law there and renormalise.

    Returns
    -------
    Entry
        Of a named family with its parameters where there is one. Any other law is tabulated, and the source says how
        well: so a run's record holds the law itself.

    Raises
    ------
    InputError
        As for a file.

    Examples
    --------
    >>> entry("rho", {"family": "uniform", "low": -0.4, "high": -0.1}, unit="1", source="mine").distribution.describe()
    'uniform from -0.4 to -0.1'
    """
    where = "in Python"
    if quantity not in QUANTITIES:
        raise InputError(f"{where}: {quantity}", "is no quantity", nearest(quantity, QUANTITIES))
    raw, remark = foreign.stated(law, f"{where}: [{quantity}]")
    given = {
        "unit": unit,
        "source": f"{source} [{remark}]" if remark else source,
        "judgement": judgement,
        "truncate_low": max(bounds) if (bounds := _stated(truncate_low, raw.get("truncate_low"))) else None,
        "truncate_high": min(bounds) if (bounds := _stated(truncate_high, raw.get("truncate_high"))) else None,
    }
    return _entry_of(quantity, raw | {key: value for key, value in given.items() if value is not None}, where)


def _stated(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def _entry_of(quantity: str, raw: dict[str, Any], where: str) -> Entry:
    document = {"title": where, quantity: raw}
    try:
        return entry_of_model(quantity, getattr(schema.prior_file().model_validate(document), quantity), where)
    except ValidationError as error:
        raise problems.worded(where, document, error) from None


# --------------------------------------------------------------------------------------- from text to a model


def _parsed(path: Path) -> dict[str, Any]:
    file = _shown(path)
    if path.is_dir():
        raise InputError(file, "is a folder, not a prior file", "Give the path of a .toml file.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(file, f"cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        remedy = "Save the file as UTF-8."
        raise InputError(f"{file}: byte {error.start} (0x{content[error.start]:02x})", "is not UTF-8", remedy) from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rstrip(")").partition(" (at ")
        if not place.startswith("line"):  # "at end of document"
            lines = text.split("\n")
            place = f"line {len(lines)}, column {len(lines[-1]) + 1}"
        raise InputError(f"{file}: {place}", f"is not TOML: {reason[:1].lower()}{reason[1:]}") from None
    if not raw:
        raise InputError(file, "is empty", "Start from the template that `mc-sie priors new` writes.")
    return raw


def _document(path: Path) -> tuple[schema.Header, dict[str, Any]]:
    """The file, checked entry by entry, and what TOML made of it."""
    raw = _parsed(path)
    try:
        return schema.prior_file().model_validate(raw), raw
    except ValidationError as error:
        raise problems.worded(_shown(path), raw, error) from None


# ------------------------------------------------------------------------------------ from models to a prior


def _load(path: Path, trail: tuple[Path, ...]) -> PriorSet:
    """The prior set of a file; ``trail`` is the files that lead to it."""
    document, raw = _document(path)
    header: dict[str, Any] = {
        "name": path.stem,
        "title": document.title,
        "description": document.description.strip(),
        "path": path,
    }
    if document.pool is not None:
        citations, bottlenecks = tuple(document.citations), _stripped(document.bottlenecks)
        members = _members(path, document.pool, raw, trail)
        evidence = tuple(_evidence(model, _shown(path)) for model in document.evidence)
        return _pool_of(members, citations=citations, bottlenecks=bottlenecks, evidence=evidence, **header)
    layer = _layer(path, document, raw, trail)
    header |= {
        "citations": layer.citations,
        "bottlenecks": layer.bottlenecks,
        "evidence": tuple(layer.evidence.values()),
    }
    return _set_of(layer.entries, _shown(path), tuple(layer.correlations.values()), **header)


def _set_of(stated: Mapping[str, Entry], where: str, correlations: Sequence[Correlation], **header: Any) -> PriorSet:
    """The set of some entries, checked together; ``where`` it is stated, for errors and warnings.

    A correlation that these entries cannot have is left out, with a warning.
    """
    entries = _with_defaults(stated)
    _check_together(where, entries)
    problem = {correlation: _uncorrelated(correlation.between, entries) for correlation in correlations}
    kept = tuple(correlation for correlation in correlations if problem[correlation] is None)
    latent = [(_determined(one.between[0]), _determined(one.between[1]), one.spearman) for one in kept]
    dependence = dependence_between(MODEL_QUANTITIES, latent)
    doubts = [
        *_doubts(where, entries, header["bottlenecks"]),
        *(_lost(where, correlation, *why) for correlation, why in problem.items() if why is not None),
        *_repaired(where, dependence, entries),
        *_used_already(header.get("evidence", ()), entries),
    ]
    drawn: dict[str, Any] = {name: {"family": entry.family, **entry.parameters} for name, entry in entries.items()}
    if dependence.names:  # a set without correlations has the digest it had before there were any
        spearmans = sorted([*sorted(one.between), one.spearman] for one in kept if one.spearman != 0.0)
        drawn = {"entries": drawn, "correlations": spearmans}
    return PriorSet(
        entries=entries,
        members=(),
        warnings=tuple(dict.fromkeys(doubts)),
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
    _check_together(where, _with_defaults(stated))


def pool(name: str, members: Sequence[tuple[PriorSet, float]], source: str) -> PriorSet:
    """A pool of whole sets, made in Python.

    Parameters
    ----------
    name : str
        Its name.
    members : sequence of (PriorSet, float)
        Sets that are no pools themselves, and weights that sum to 1.
    source : str
        Whose pool it is.

    Returns
    -------
    PriorSet
        One draw takes one whole set.
    """
    return _pool_of(
        tuple(members), name=name, title=source, description="", citations=(), bottlenecks=None, path=Path(name)
    )


def _pool_of(members: tuple[tuple[PriorSet, float], ...], **header: Any) -> PriorSet:
    """The pool of some sets."""
    evidence = header.get("evidence", ())
    doubts = [warning for member, _ in members for warning in member.warnings]
    doubts += [doubt for member, _ in members for doubt in _used_already(evidence, member.entries)]
    digest = _digest_given(_digest([[member.digest, weight] for member, weight in members]), evidence)
    return PriorSet(entries={}, members=members, warnings=tuple(dict.fromkeys(doubts)), digest=digest, **header)


def _digest(drawn: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(drawn), sort_keys=True).encode()).hexdigest()


def _digest_given(digest: str, evidence: Sequence[Evidence]) -> str:
    """The digest of a set given evidence, in whatever order and by whatever names; without any, its own."""
    return _digest([digest, *sorted(_digest(item.numbers) for item in evidence)]) if evidence else digest


def _members(
    path: Path, pool: schema.Pool, raw: dict[str, Any], trail: tuple[Path, ...]
) -> tuple[tuple[PriorSet, float], ...]:
    file = _shown(path)
    for key in raw:
        if key in ("extends", "correlation") or key in QUANTITIES:
            remedy = "A pool takes whole sets: state this in a file of its own and make that a member."
            raise InputError(f"{file}: {problems.written(raw, [key])}", "stands beside [pool]", remedy)
    members = []
    for reference, weight in pool.members.items():
        where = f"{file}: {problems.written(raw, ['pool', 'members', reference])}"
        member = _load(_followed(reference, path, trail, where), (*trail, path))
        if member.members:
            raise InputError(where, "is itself a pool", "List its members here, with their weights multiplied out.")
        if member.evidence:
            why = f"is conditioned on evidence ({', '.join(item.name for item in member.evidence)})"
            remedy = "A pool is conditioned as a whole: list the set without it, and state [[evidence]] in this file."
            raise InputError(where, why, remedy)
        members.append((member, weight))
    return tuple(members)


@dataclass(frozen=True)
class _Layer:
    """What a file states, on top of what it inherits."""

    entries: dict[str, Entry]
    citations: tuple[str, ...]
    bottlenecks: str | None
    correlations: dict[frozenset[str], Correlation]
    evidence: dict[str, Evidence]


def _layer(path: Path, document: schema.Header, raw: dict[str, Any], trail: tuple[Path, ...]) -> _Layer:
    file = _shown(path)
    stated = {name: model for name in QUANTITIES if (model := getattr(document, name)) is not None}
    groups: dict[str, str] = {}
    for name in stated:
        other = groups.setdefault(_determined(name), name)
        if other != name:
            remedy = f"Both determine {_determined(name)}: keep one of them."
            raise InputError(f"{file}: [{name}]", f"is given beside [{other}]", remedy)
    base = _Layer({}, (), None, {}, {})
    if document.extends is not None:
        where = f"{file}: {problems.written(raw, ['extends'])}"
        base_path = _followed(document.extends, path, trail, where)
        base_document, base_raw = _document(base_path)
        if base_document.pool is not None:
            raise InputError(where, "is a pool, which has no entries to inherit", "Extend one of its members.")
        base = _layer(base_path, base_document, base_raw, (*trail, path))
    kept = {name: entry for name, entry in base.entries.items() if _determined(name) not in groups}
    own = {name: entry_of_model(name, model, file) for name, model in stated.items() if model.family != "absent"}
    citations = tuple(dict.fromkeys((*document.citations, *base.citations)))
    # a statement of how r and alpha_compute fit together does not speak of other numbers
    inherited = None if {"r", "r_total", "alpha_compute"} & set(own) else base.bottlenecks
    correlations = base.correlations | _correlations(file, document, raw, kept | own)
    evidence = base.evidence | {model.name: _evidence(model, file) for model in document.evidence}
    return _Layer(kept | own, citations, _stripped(document.bottlenecks) or inherited, correlations, evidence)


def _correlations(
    file: str, document: schema.Header, raw: dict[str, Any], stated: Mapping[str, Entry]
) -> dict[frozenset[str], Correlation]:
    """The correlations that a file states itself, by pair; ``stated`` is what it has entries for, inherited or own."""
    found: dict[frozenset[str], Correlation] = {}
    places: dict[frozenset[str], str] = {}
    entries = _with_defaults(stated)
    for index, model in enumerate(document.correlation):
        where = f"{file}: {problems.written(raw, ['correlation', index, model.key])}"
        for pair in _pairs(model, file):
            if problem := _uncorrelated(pair.between, entries):
                raise InputError(where, *problem)
            if pair.pair in found:
                why = f"states the correlation of {' and '.join(pair.between)} again, after {places[pair.pair]}"
                raise InputError(where, why, "State each pair once: a group stands for every pair in it.")
            found[pair.pair] = pair
            places[pair.pair] = f"correlation[{index}]"
    return found


def _pairs(model: schema.Correlation, origin: str) -> list[Correlation]:
    return [
        Correlation(between, model.spearman, model.source, model.judgement, origin)
        for between in combinations(model.names, 2)
    ]


def _followed(reference: str, path: Path, trail: tuple[Path, ...], where: str) -> Path:
    """The file that another one refers to."""
    found = _located(reference, path.parent, where)
    visited = [*trail, path]
    resolved = [step.resolve() for step in visited]
    if found.resolve() in resolved:
        cycle = [*visited[resolved.index(found.resolve()) :], found]
        raise InputError(where, f"leads back to itself: {' -> '.join(map(_shown, cycle))}", "Take one link out.")
    return found


def entry_of_model(name: str, model: Any, origin: str) -> Entry:
    """An entry from what pydantic made of it.

    Parameters
    ----------
    name : str
        Code name of the quantity.
    model : Family
        Its checked model, with source and judgement.
    origin : str
        File that states it.

    Returns
    -------
    Entry
        The same, without pydantic.
    """
    return Entry(
        name=name,
        family=model.family,
        parameters=model.model_dump(exclude={"family", "unit", "source", "judgement"}, exclude_none=True),
        unit=QUANTITIES[name].unit,
        source=model.source,
        judgement=model.judgement,
        origin=origin,
        distribution=model.distribution,
    )


def _evidence(model: schema.Measurement, origin: str) -> Evidence:
    stated = {key: getattr(model, key) for key in ("name", "about", "likelihood", "unit", "source", "judgement")}
    used_by = tuple(model.already_used_by)
    return Evidence(**stated, parameters=model.parameters, already_used_by=used_by, origin=origin)


def _with_defaults(stated: Mapping[str, Entry]) -> dict[str, Entry]:
    """Entries in the order of the table, with defaults for what has one and is not stated."""
    entries = {}
    for quantity in QUANTITIES.values():
        value = quantity.default
        if quantity.name in stated:
            entries[quantity.name] = stated[quantity.name]
        elif value is not None:
            entries[quantity.name] = Entry(
                name=quantity.name,
                family="fixed",
                parameters={"value": value},
                unit=quantity.unit,
                source="default of this project (mc_sie/quantities.py)",
                judgement="ours: no published value" if quantity.default_is_ours else None,
                origin=DEFAULT_ORIGIN,
                distribution=schema.fixed_mode(value) if isinstance(value, str) else families.fixed(value),
            )
    return entries


# ------------------------------------------------------------------------------------ what must hold of a set


def _check_together(file: str, entries: Mapping[str, Entry]) -> None:
    """Refuse entries that are each right but not together."""
    for required in ("rho", "r"):
        ways = [name for name in QUANTITIES if _determined(name) == required]
        if not any(name in entries for name in ways):
            remedy = f"Give one of {', '.join(f'[{name}]' for name in ways)}, or extend a set that has it."
            raise InputError(file, f"does not say what {required} is", remedy)
    for pair in PAIRED:
        given = [name for name in pair if name in entries]
        if len(given) == 1:
            (lacking,) = set(pair) - set(given)
            raise InputError(f"{file}: [{given[0]}]", f"is given without [{lacking}]", "Give both or neither.")
    for code, prob in entries["mode"].distribution.atoms:
        mode = MODES[int(code)]
        if mode in AUTONOMOUS_MODES and "rho_long" in entries:
            why = f"gives {mode} a credence of {100.0 * prob:.3g} % although [rho_long] is given"
            remedy = (
                "Shortening needs a law that does not change with time: choose other modes, or take away rho_long "
                'and reconfiguration_half_life_months with family = "absent".'
            )
            raise InputError(f"{file}: [mode]", why, remedy)
    for name, restatement in _RESTATEMENTS.items():
        if name in entries:
            _check_image(file, name, restatement, entries)


def _uncorrelated(between: Sequence[str], entries: Mapping[str, Entry]) -> tuple[str, str] | None:
    """Why two quantities of a set cannot be correlated and what to do about it; None where they can."""
    for name in between:
        if name not in QUANTITIES:
            return f"names {name}, which is no quantity", nearest(name, QUANTITIES)
        determined = _determined(name)
        other = next((key for key in entries if _determined(key) == determined and key != name), None)
        if name not in entries and other is None:
            return f"names {name}, which is not given", f"State [{name}], or take the correlation away."
        if name not in entries:
            remedy = f"Correlate {other}, which rises with {name}."  # so does every restatement
            return f"names {name}, but the set states {other}", remedy
        if name == "mode":
            return "names mode, which has categories", "Retraining modes have no order: correlate numbers."
        if (value := entries[name].distribution.constant) is not None:
            of = "left to its default" if entries[name].is_default else "fixed"
            return f"names {name}, which is {of} ({value:g})", f"Give [{name}] a range, or take the correlation away."
    return None


def _lost(file: str, correlation: Correlation, why: str, remedy: str) -> str:
    first, second = correlation.between
    return f"{file}: the correlation of {first} and {second} ({correlation.origin}) is left out: it {why}. {remedy}"


def _repaired(file: str, dependence: Dependence, entries: Mapping[str, Entry]) -> Iterator[str]:
    """What was done to correlations that do not go together."""
    if not dependence.is_repaired:
        return
    as_stated = {_determined(name): name for name in entries}
    low = float(np.linalg.eigvalsh(np.array(dependence.stated))[0])
    changes = [
        f"{as_stated[first]} and {as_stated[second]} from {before:.3f} to {after:.3f} ({after - before:+.3f})"
        for first, second, before, after in dependence.moved()
    ]
    yield (
        f"{file}: the correlations cannot all hold together (smallest eigenvalue {low:.3g}, it must not be negative). "
        f"The nearest correlation matrix takes their place: {'; '.join(changes)}."
    )


def _check_image(file: str, name: str, restatement: _Restatement, entries: Mapping[str, Entry]) -> None:
    """Refuse a restatement that leads outside the domain of what it determines."""
    determined = QUANTITIES[_determined(name)]
    inputs = (name, *restatement.others)
    corners = np.array(list(product(*(entries[key].distribution.reach for key in inputs)))).T
    with np.errstate(divide="ignore", invalid="ignore"):  # monotone in each input, so that the corners decide
        images = restatement.formula(dict(zip(inputs, corners, strict=True)))
    for image, inside in (
        (np.min(images), determined.low <= np.min(images)),
        (np.max(images), np.max(images) <= determined.high),
    ):
        if not inside:
            why = f"makes {determined.name} = {image:.4g} possible, outside {determined.domain}"
            raise InputError(f"{file}: [{name}]", why, restatement.remedy)


def _doubts(file: str, entries: Mapping[str, Entry], bottlenecks: str | None) -> Iterator[str]:
    """What may be meant but looks like a mistake."""
    alpha = entries["alpha_compute"].distribution
    if _is_bottlenecked(entries) and alpha.atoms and alpha.atoms[0][0] == 0.0:
        yield f"{file}: [alpha_compute] can be 0 where rho is below 0: no weight on experiments, no ceiling."
    if _may_count_twice(entries, bottlenecks):
        yield (
            f"{file}: rho below 0, alpha_compute above 0 and r stated directly may count one bottleneck twice: say how "
            'they fit together in bottlenecks = "...", or state [r_total].'
        )


def _is_bottlenecked(entries: Mapping[str, Entry]) -> bool:
    """Whether rho can be below 0."""
    if "rho" in entries:
        return entries["rho"].distribution.reach[0] < 0.0
    if "sigma" in entries:
        return entries["sigma"].distribution.reach[0] < 1.0
    return math.isfinite(entries["max_speed"].distribution.reach[0])


def _may_count_twice(entries: Mapping[str, Entry], bottlenecks: str | None) -> bool:
    is_direct = "r" in entries and entries["alpha_compute"].distribution.reach[1] > 0.0 and bottlenecks is None
    return is_direct and _is_bottlenecked(entries)


def _used_already(evidence: Sequence[Evidence], entries: Mapping[str, Entry]) -> Iterator[str]:
    """Evidence that a belief of the set was made with."""
    for item in evidence:
        for name, used_by in used_twice(item, entries, _determined):
            yield (
                f"{item.origin}: evidence {item.name!r} is counted twice: it bears on {name}, which is that of "
                f"{used_by}, and that was made with it in mind."
            )


# ------------------------------------------------------------------------------------------------ small tools


@dataclass(frozen=True)
class _Restatement:
    """How something else determines a quantity."""

    others: tuple[str, ...]
    formula: Callable[[Mapping[str, Array]], Array]
    remedy: str


_RESTATEMENTS = {
    "sigma": _Restatement(
        (),
        lambda given: units.rho_from_sigma(given["sigma"]),
        "rho = (sigma - 1)/sigma: keep sigma above 1/51 with truncate_low = 0.02.",
    ),
    "max_speed": _Restatement(
        ("alpha_compute",),
        lambda given: np.log(given["alpha_compute"]) / np.log(given["max_speed"]) + 0.0,  # + 0.0: never -0.0
        "rho = ln(alpha_compute)/ln(max_speed): keep max_speed away from 1 and alpha_compute from 0 with truncate_low.",
    ),
    "r_total": _Restatement(
        ("alpha_compute", "labour_per_efficiency"),
        lambda given: (1.0 - given["alpha_compute"]) * given["labour_per_efficiency"] * given["r_total"],
        "r = (1 - alpha_compute) labour_per_efficiency r_total: truncate what makes it so small or large.",
    ),
}


def _determined(name: str) -> str:
    """The model quantity that a quantity is, or restates."""
    return QUANTITIES[name].determines or name


def _kept_inside(quantity: Quantity, values: Array) -> Array:
    """Values that rounding has put on an excluded bound, moved to the next number inside; no other is outside."""
    low = math.nextafter(quantity.low, math.inf) if quantity.low_open else quantity.low
    high = math.nextafter(quantity.high, -math.inf) if quantity.high_open else quantity.high
    return np.clip(values, low, high)


def _spread_points(dimensions: Sequence[str]) -> dict[str, Array]:
    """Evenly spread points in the unit cube: multiples of powers of the generalised golden ratio (Roberts 2018)."""
    d = len(dimensions)
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (d + 1.0))
    index = np.arange(1.0, N_IMPLIED + 1.0)
    return {name: (0.5 + index * ratio ** -(j + 1.0)) % 1.0 for j, name in enumerate(dimensions)}


def _stripped(text: str | None) -> str | None:
    return text.strip() if text else None


def _plain(value: Any) -> Any:
    """Values that JSON can hold; infinity has no number there."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _from_plain(value: Any) -> Any:
    """The inverse of :func:`_plain`."""
    if isinstance(value, Mapping):
        return {key: _from_plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_from_plain(inner) for inner in value]
    return float(value) if value in ("inf", "-inf") else value


# --------------------------------------------------------------------------------------------------- template


def new_prior_text(extends: str = "davidson-2025") -> str:
    """A prior file to start from: it loads as it is, and lists everything that can be stated.

    Parameters
    ----------
    extends : str
        Shipped name, or a path relative to where the text will be written.

    Returns
    -------
    str
        TOML with comments.
    """
    ways = (
        'family = "fixed"        value',
        'family = "uniform"      low, high',
        'family = "loguniform"   low, high',
        'family = "normal"       mean, sd',
        'family = "lognormal"    median, sd_log (sd of the natural logarithm)',
        'family = "beta"         a, b; low = 0, high = 1 unless given',
        'family = "triangular"   low, peak, high',
        'family = "pert"         low, peak, high',
        'family = "student_t"    location, scale, df',
        'family = "quantiles"    quantiles = { q05 = 2, q95 = 32 }, two or three; fit = "lognormal"',
        'family = "interval"     mean, interval = [2, 32], level = 0.9 unless given; fit = "lognormal"',
        'family = "histogram"    edges = [0, 1, 2, 4], chips = [3, 10, 7]; scale = "log" for even factors in a bin',
        'family = "tabulated"    p = [0, 0.1, 0.9, 1], x = [1, 2, 8, 20]: points of the quantile function',
        'family = "mixture"      components = [ { weight = 0.2, family = "fixed", value = 0 }, { weight = 0.8, ... } ]',
        'family = "linear_pool"  components as in a mixture: several experts on one quantity; or "logarithmic_pool"',
        'family = "categorical"  values = { shortening = 0.5, continual = 0.5 } (for mode only)',
        'family = "absent"       takes away an optional quantity that is inherited',
    )
    lines = [
        'title = "My beliefs"',
        'description = """Why they are what they are."""',
        "citations = []",
        f"extends = {json.dumps(extends)}  # everything not stated here is inherited",
        "# How do rho, alpha_compute and r fit together, which bottleneck is counted where?",
        "# (Inherited, unless this file states r, r_total or alpha_compute.)",
        '# bottlenecks = "..."',
        "",
        "[rho]",
        'family = "uniform"',
        "low = -0.4",
        "high = -0.1",
        'unit = "1"',
        'source = "mine: replace this by your own range and reason"',
        '# judgement = "ours: why", marks a number that nobody has published',
        "",
        "# Families and their keys. All but fixed, categorical and absent can be cut by truncate_low, truncate_high.",
        *(f"#   {way}" for way in ways),
        "#",
        "# What goes together: Spearman correlations between quantities that vary, by the names they are stated under.",
        "# (What is not stated is 0; a pair stated here replaces the inherited one, and spearman = 0 takes it away.)",
        "#   [[correlation]]",
        '#   between = ["r", "limit_ooms"]  # or group = ["r", "limit_ooms", "lam"] for every pair of several',
        "#   spearman = 0.4",
        '#   source = "..."',
        "#",
        "# What somebody measured, to condition all of this on; mc-sie evidence shows what it does.",
        "#   [[evidence]]",
        '#   name = "a tenth of the compute"',
        '#   about = "pace_tenth_compute"  # or another derived quantity, a quantity or an outcome',
        '#   likelihood = "lognormal"      # or normal, interval, at_least, at_most',
        "#   value = 0.5",
        "#   sd_log = 0.4",
        '#   unit = "x"',
        '#   source = "..."',
        "#   already_used_by = []  # prior sets that were made with it in mind",
        "#",
        f"# Retraining modes: {', '.join(MODES)}.",
        "#",
        "# Quantities, each a table of its own with family, unit and source:",
    ]
    for quantity in QUANTITIES.values():
        lines.append(f'#   [{quantity.name}] unit = "{quantity.unit}", in {quantity.domain}: {quantity.meaning}')
    return "\n".join(lines) + "\n"
