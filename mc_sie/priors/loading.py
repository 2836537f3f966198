"""Prior files and records: TOML, or what a run recorded, in; :class:`PriorSet` out. The only reader of either.

A file has one table a quantity, or a ``[pool]`` of whole sets. It may extend another, whose entries it inherits whole
and replaces whole. Everything that is wrong with a file is an :class:`~mc_sie.errors.InputError` that says where, what,
why and what to do; only what is right but doubtful becomes a warning.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from mc_sie.errors import Faults, InputError, nearest, shortened
from mc_sie.priors import messages, schema
from mc_sie.priors.consistency import check_names, uncorrelated
from mc_sie.priors.copula import Correlation
from mc_sie.priors.entries import DEFAULT_ORIGIN, Entry, entry_of_model, with_defaults
from mc_sie.priors.evidence import Evidence
from mc_sie.priors.prior_set import PriorSet, check_member, pool_of, set_of
from mc_sie.priors.shipped import RETIRED, shipped_priors, shown
from mc_sie.quantities import QUANTITIES

BYTES_HIGH = 2_000_000
"""Largest prior file."""

CHAIN_HIGH = 20
"""Longest chain of files each of which extends the next."""

# Reading a dotted key takes time in the square of its parts. No look-ahead here takes more than the text is long.
_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")


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
    where = f"prior {shortened(str(name_or_path))!r}"
    if not isinstance(name_or_path, str | Path):
        raise InputError(where, "is neither a name nor a path", "Give a shipped name or the path of a .toml file.")
    return _load(_located(name_or_path, Path(), where), ())


def _located(reference: str | Path, folder: Path, where: str) -> Path:
    shipped = shipped_priors()
    if isinstance(reference, str) and reference in shipped:
        return shipped[reference]
    path = Path(reference)
    try:
        path = folder / path.expanduser()
        path.stat()
    except FileNotFoundError:
        pass
    except OSError as error:  # a name that is too long, a folder that may not be entered, a link to itself
        raise InputError(where, f"cannot be read: {error.strerror}", "Give the path of a .toml file.") from None
    except (RuntimeError, ValueError) as error:  # the home of nobody, a name with a null in it
        raise InputError(where, f"is no path: {error}", "Give the path of a .toml file.") from None
    else:
        return path
    if reference in RETIRED:
        remedy = f"In its place: {', '.join(RETIRED[str(reference)])}."
        raise InputError(where, "is a set that is no longer shipped", remedy)
    remedy = nearest(path.stem, shipped)
    if path.suffix == ".toml" and not remedy.startswith("Did"):
        remedy = "`mc-sie priors new FILE` starts a prior file, `mc-sie priors list` names the shipped sets."
    raise InputError(where, "is neither a shipped prior nor an existing file", remedy)


# --------------------------------------------------------------------------------------- from text to a model


def _parsed(path: Path) -> dict[str, Any]:
    file = shown(path)
    if path.is_dir():
        raise InputError(file, "is a folder, not a prior file", "Give the path of a .toml file.")
    if not path.is_file():  # reading a pipe or a device might never end
        raise InputError(file, "is no regular file", "Save the prior in a file.")
    try:
        with path.open("rb") as stream:
            content = stream.read(BYTES_HIGH + 1)
    except OSError as error:
        raise InputError(file, f"cannot be read: {error.strerror}") from None
    if len(content) > BYTES_HIGH:
        raise InputError(file, f"is larger than {BYTES_HIGH:,} bytes", "Give a prior file.")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        remedy = "Save the file as UTF-8."
        raise InputError(f"{file}: byte {error.start} (0x{content[error.start]:02x})", "is not UTF-8", remedy) from None
    if dotted := _DOTTED.search(text):
        line = text.count("\n", 0, dotted.start()) + 1
        raise InputError(f"{file}: line {line}", "has a key of many parts", "No key of a prior file has more than two.")
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise InputError(file, "is nested too deeply", "No key of a prior file goes that deep.") from None
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rstrip(")").partition(" (at ")
        if not place.startswith("line"):  # "at end of document"
            lines = text.split("\n")
            place = f"line {len(lines)}, column {len(lines[-1]) + 1}"
        raise InputError(f"{file}: {place}", f"is not TOML: {reason[:1].lower()}{reason[1:]}") from None
    except ValueError:  # of int(): thousands of digits
        digits = re.search("[0-9_]{1000}", text)
        line = text.count("\n", 0, digits.start()) + 1 if digits else 1
        raise InputError(f"{file}: line {line}", "holds a number of too many digits", "Write it like 1.5e6.") from None
    if not raw:
        raise InputError(file, "is empty", "Start one with `mc-sie priors new FILE`.")
    return raw


def _document(path: Path, *, is_referred: bool) -> tuple[schema.Header, dict[str, Any]]:
    """The file, checked entry by entry, and what TOML made of it; ``is_referred`` where another file led to it."""
    raw = _parsed(path)
    faults = Faults(shown(path))
    with faults.gathered():
        document = messages.checked(shown(path), raw, is_quoted=not is_referred)
    if faults.errors:  # the names of the entries can be wrong too
        names = [name for name in QUANTITIES if name in raw and messages.value_at(raw, [name, "family"]) != "absent"]
        is_whole = raw.keys() <= schema.prior_file().model_fields.keys() - {"extends", "pool"}
        check_names(faults, names, is_whole=is_whole)
    faults.raise_any()
    return document, raw


# ------------------------------------------------------------------------------------ from models to a prior


def _load(path: Path, trail: tuple[Path, ...]) -> PriorSet:
    """The prior set of a file; ``trail`` is the files that lead to it."""
    document, raw = _document(path, is_referred=bool(trail))
    header: dict[str, Any] = {
        "name": path.stem,
        "title": document.title,
        "description": document.description.strip(),
        "path": path,
    }
    if document.pool is not None:
        citations, bottlenecks = tuple(document.citations), _stripped(document.bottlenecks)
        members = _members(path, document.pool, raw, trail)
        evidence = tuple(_evidence(model, shown(path)) for model in document.evidence)
        return pool_of(members, citations=citations, bottlenecks=bottlenecks, evidence=evidence, **header)
    faults = Faults(shown(path))
    layer = _layer(path, document, raw, trail, faults)
    header |= {
        "citations": layer.citations,
        "bottlenecks": layer.bottlenecks,
        "evidence": tuple(layer.evidence.values()),
    }
    with faults.gathered():
        correlations = tuple(layer.correlations.values())
        found = set_of(layer.entries, shown(path), correlations, counted_in=layer.counted_in, **header)
    faults.raise_any()
    return found


def _members(
    path: Path, pool: schema.Pool, raw: dict[str, Any], trail: tuple[Path, ...]
) -> tuple[tuple[PriorSet, float], ...]:
    file = shown(path)
    faults = Faults(file)
    for key in raw:
        if key in ("extends", "correlation") or key in QUANTITIES:
            remedy = "A pool takes whole sets: state this in a file of its own and make that a member."
            faults.add(f"{file}: {messages.written(raw, [key])}", "stands beside [pool]", remedy)
    members: list[tuple[PriorSet, float]] = []
    for reference, weight in pool.members.items():
        where = f"{file}: {messages.written(raw, ['pool', 'members', reference])}"
        with faults.gathered():
            member = _load(_followed(reference, path, trail, where), (*trail, path))
            check_member(where, member, [other for other, _ in members])
            members.append((member, weight))
    faults.raise_any()
    return tuple(members)


@dataclass(frozen=True)
class _Layer:
    """Statements of a file, on top of those that it inherits."""

    entries: dict[str, Entry]
    citations: tuple[str, ...]
    bottlenecks: str | None
    correlations: dict[frozenset[str], Correlation]
    evidence: dict[str, Evidence]
    counted_in: str  # the file whose entries may count a bottleneck twice


def _layer(path: Path, document: schema.Header, raw: dict[str, Any], trail: tuple[Path, ...], faults: Faults) -> _Layer:
    """The statements of a file and of those that it extends; what is wrong with them together goes into ``faults``."""
    file = shown(path)
    stated = {name: model for name in QUANTITIES if (model := getattr(document, name)) is not None}
    own_faults = Faults(file)
    check_names(own_faults, list(stated), is_whole=False)
    base = _Layer({}, (), None, {}, {}, file)
    if document.extends is not None:
        where = f"{file}: {messages.written(raw, ['extends'])}"
        base_path = _followed(document.extends, path, trail, where)
        base_document, base_raw = _document(base_path, is_referred=True)
        if base_document.pool is not None:
            raise InputError(where, "is a pool, which has no entries to inherit", "Extend one of its members.")
        base = _layer(base_path, base_document, base_raw, (*trail, path), faults)
    determined = {QUANTITIES[name].determined for name in stated}
    kept = {name: entry for name, entry in base.entries.items() if QUANTITIES[name].determined not in determined}
    own = {name: entry_of_model(name, model, file) for name, model in stated.items() if model.family != "absent"}
    citations = tuple(dict.fromkeys((*document.citations, *base.citations)))
    # a statement of how r and alpha_compute fit together does not speak of other numbers
    inherited = None if {"r", "alpha_compute"} & {QUANTITIES[name].determined for name in own} else base.bottlenecks
    correlations = base.correlations | _correlations(own_faults, document, raw, kept | own)
    faults.errors += own_faults.errors
    evidence = base.evidence | {model.name: _evidence(model, file) for model in document.evidence}
    counted_in = base.counted_in
    if {"rho", "r", "alpha_compute"} & determined:
        counted_in = file
    statement = _stripped(document.bottlenecks) or inherited
    return _Layer(kept | own, citations, statement, correlations, evidence, counted_in)


def _correlations(
    faults: Faults, document: schema.Header, raw: dict[str, Any], stated: Mapping[str, Entry]
) -> dict[frozenset[str], Correlation]:
    """The correlations that a file states itself, by pair; ``stated`` is what it has entries for, inherited or own."""
    found: dict[frozenset[str], Correlation] = {}
    places: dict[frozenset[str], str] = {}
    entries = with_defaults(stated)
    for index, model in enumerate(document.correlation):
        where = f"{faults.where}: {messages.written(raw, ['correlation', index, model.key])}"
        for pair in _pairs(model, faults.where):
            if problem := uncorrelated(pair.between, entries):
                faults.add(where, *problem)
            elif pair.pair in found:
                why = f"states the correlation of {' and '.join(pair.between)} again, after {places[pair.pair]}"
                faults.add(where, why, "State each pair once: a group stands for every pair in it.")
            else:
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
        raise InputError(where, f"leads back to itself: {' -> '.join(map(shown, cycle))}", "Take one link out.")
    if len(visited) > CHAIN_HIGH:
        raise InputError(where, f"is the end of a chain of more than {CHAIN_HIGH} files", "State its entries here.")
    return found


def _evidence(model: schema.Measurement, origin: str) -> Evidence:
    stated = {key: getattr(model, key) for key in ("name", "about", "likelihood", "unit", "source", "judgement")}
    used_by = tuple(model.already_used_by)
    return Evidence(**stated, parameters=model.parameters, already_used_by=used_by, origin=origin)


def _stripped(text: str | None) -> str | None:
    if not text:
        return None
    return text.strip()


# ----------------------------------------------------------------------------------------- from a run's record


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
            given = messages.checked(where, raw).evidence
            header["evidence"] = tuple(_evidence(model, origin) for model, origin in zip(given, origins, strict=True))
        digest = record["digest"]
        if "members" in record:
            members = tuple((prior_from_dict(row["prior"], where), float(row["weight"])) for row in record["members"])
            found = pool_of(members, **header)
        else:
            rows = {name: row for name, row in record["entries"].items() if row["origin"] != DEFAULT_ORIGIN}
            pairs = record.get("correlations", [])
            raw["correlation"] = [_without(row, "origin") for row in pairs]
            raw |= {name: _raw_entry(row) for name, row in rows.items()}
            document = messages.checked(where, raw)
            stated = {name: entry_of_model(name, getattr(document, name), rows[name]["origin"]) for name in rows}
            correlations = [
                pair
                for model, row in zip(document.correlation, pairs, strict=True)
                for pair in _pairs(model, row["origin"])
            ]
            found = set_of(stated, where, correlations, **header)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(where, f"describes no prior set ({type(error).__name__}: {error})") from None
    if found.digest != digest:
        why = f"describes a prior set of digest {found.digest[:12]}, but says {str(digest)[:12]}"
        raise InputError(where, why, "It was changed by hand, or is of another version: run it again.")
    said = record.get("warnings", found.warnings)  # they name the file that was read, which the record is not
    if not isinstance(said, list | tuple) or not all(isinstance(warning, str) for warning in said):
        raise InputError(f"{where}: warnings", "are no list of texts", "Run it again.")
    return replace(found, warnings=tuple(said))


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


def _from_plain(value: Any) -> Any:
    """The inverse of :func:`plain`."""
    if isinstance(value, Mapping):
        return {key: _from_plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_from_plain(inner) for inner in value]
    if value in ("inf", "-inf"):
        return float(value)
    return value
