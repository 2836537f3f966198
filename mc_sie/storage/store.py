"""A run's folder: what was asked, what came out, and what it takes to do it again.

``run.json``
    The prior resolved to its last number with its sources, digest, seed, scheme, versions, command, counts, wall time,
    the answer, and a SHA-256 of every other file.
``draws.parquet``
    One row a draw: replicate, its weight where the set is given evidence, the quantities that vary, the main outcomes
    (or all of them).
``draws.nc``
    At most 2^16 draws in whole replicates as an ArviZ DataTree.
``thresholds.csv``, ``quantiles.csv``, ``modes.csv``, ``statuses.csv``
    The tables.

A run whose draws are not kept has, instead of the draws:

``counts.npz``
    All counts, one row a replicate: hits, thresholds, modes, statuses, sums, sketches, curves.
``curves.csv``
    P(event | quantity) in equal-mass bins.

A run with ``--rare`` has ``run.json`` (with the method, the proposal and the diagnostics) and:

``hits.parquet``
    Worlds in which the event holds, each with its weight: the prior's density relative to that of the proposal.
``shifts.csv``
    How the quantities among hits differ from the prior.

A folder is written under another name and renamed when it is complete; an existing folder is never written to.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie._jit import processor
from mc_sie.analysis.importance.conditioning import Conditioned
from mc_sie.analysis.importance.counting import GivenCounts
from mc_sie.analysis.importance.rare import Rare
from mc_sie.analysis.probability.summary import Summary, curve_table
from mc_sie.engine.run import Simulation, check_horizon
from mc_sie.engine.sample import Sample
from mc_sie.engine.streaming import Streamed
from mc_sie.errors import InputError
from mc_sie.events import Event, parse_event
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet, prior_from_dict, shipped_priors
from mc_sie.priors.prior_set import POOL_DIMENSION, plain
from mc_sie.quantities import MODES
from mc_sie.sampling import Design, plan
from mc_sie.stats.estimates import Estimate
from mc_sie.stats.quantile_sketch import RELATIVE_ERROR, upper_edges
from mc_sie.storage.files import AGAIN, digest_of, entry, is_plain_name, read_json, reading, write_folder
from mc_sie.text.escaping import to_csv
from mc_sie.text.showing import Shown

NETCDF_DRAWS_HIGH = 2**16
"""Most draws that go into the netCDF file."""

_LIBRARIES = ("mc-sie", "numpy", "scipy", "numba", "pandas", "pyarrow", "xarray", "arviz-base")


def draws_frame(simulation: Simulation, event: Event, *, all_outcomes: bool = False) -> pd.DataFrame:
    """Draws and outcomes as one table.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    event : Event
        Its outcome is among the columns.
    all_outcomes : bool
        Every outcome at every level instead of the main ones.

    Returns
    -------
    pandas.DataFrame
        ``replicate``, ``weight`` where draws have one, the quantities that are not the same in every draw (nan where
        absent; of a pool also ``prior_set``), ``event`` (whether it holds), ``status`` and outcomes.
    """
    columns: dict[str, Any] = {"replicate": simulation.replicate}
    if simulation.weights is not None:
        columns["weight"] = simulation.weights
    for name, array in simulation.draws.items():
        if name == "mode":
            columns[name] = pd.Categorical.from_codes(array, MODES)
        elif name == "prior_set":
            columns[name] = pd.Categorical.from_codes(array, [member.name for member, _ in simulation.prior.members])
        elif not (np.isnan(array).all() or (array == array[0]).all()):
            columns[name] = array
    columns["event"] = event.holds(simulation.outcomes)
    outcomes = simulation.outcomes.columns()
    if not all_outcomes:
        chosen = [
            "status", "months_to_5", "best_window_months_5", "best_gain_ooms_12", "first_year_ooms", "pace_initial",
            "pace_peak", "first_year_progress_years", "best_year_progress_years", "end",
        ]  # fmt: skip
        chosen += [event.column]
        outcomes = {name: outcomes[name] for name in dict.fromkeys(chosen) if name in outcomes}
    return pd.DataFrame(columns | outcomes, copy=False)


def write_run(
    folder: Path | None,
    simulation: Simulation,
    summary: Summary,
    *,
    command: str,
    all_outcomes: bool = False,
) -> Path:
    """Write a run's folder, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path or None
        A folder that does not exist yet; None means the next free name below ``runs/``.
    simulation, summary : Simulation, Summary
        What to write.
    command : str
        Command line that made it.
    all_outcomes : bool
        Every outcome in ``draws.parquet`` instead of the main ones.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """
    return write_folder(
        folder,
        simulation.prior.name,
        lambda partial: _write_files(partial, simulation, summary, command, all_outcomes),
    )


def write_streamed(folder: Path | None, streamed: Streamed, summary: Summary, *, command: str) -> Path:
    """Write the folder of a run whose draws were not kept, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path or None
        A folder that does not exist yet; None means the next free name below ``runs/``.
    streamed, summary : Streamed, Summary
        What to write.
    command : str
        Command line that made it.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """

    def write(partial: Path) -> None:
        asked = streamed.spec
        to_csv(curve_table(asked, streamed.rows, streamed.design.scheme), partial / "curves.csv")
        arrays: dict[str, Any] = {}
        for name in asked.layout:
            for layer, ending in zip(asked.layers(streamed.rows, name), ("", "_weights", "_squares"), strict=False):
                arrays[name + ending] = layer
        labels = np.array([label for label, _ in asked.quantiles])
        np.savez_compressed(partial / "counts.npz", bins=upper_edges(), outcomes=labels, **arrays)
        _write_tables(partial, summary, run_record(streamed, summary, command))

    return write_folder(folder, streamed.prior.name, write)


def write_rare(folder: Path | None, rare: Rare, *, command: str) -> Path:
    """Write the folder of a run by importance sampling, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path or None
        A folder that does not exist yet; None means the next free name below ``runs/``.
    rare : Rare
        What to write.
    command : str
        Command line that made it.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """

    def write(partial: Path) -> None:
        rare.hits.to_parquet(partial / "hits.parquet", index=False)
        to_csv(rare.shifts, partial / "shifts.csv")
        _write_record(partial, rare_record(rare, command))

    return write_folder(folder, rare.prior.name, write)


def write_analysis(
    folder: Path,
    files: Mapping[str, Callable[[Path], object]],
    record: Mapping[str, Any],
    *,
    command: str,
    record_name: str = "record.json",
) -> Path:
    """Write the folder of an analysis of several reruns, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist yet.
    files : mapping of str to callable
        By name; each is given the path to write to.
    record : mapping
        What was asked and what came out, ready for JSON; versions, command and digests of files are added.
    command : str
        Command line that made it.
    record_name : str
        Name of the record's file.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """

    def write(partial: Path) -> None:
        for name, write_file in files.items():
            write_file(partial / name)
        _write_record(partial, {**record, **_circumstances(command)}, record_name)

    return write_folder(folder, folder.name, write)


@dataclass(frozen=True, repr=False)
class StoredRun(Shown):
    """A run's folder, read back.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    record : dict
        Its ``run.json``.
    sample : Sample
        The draws, asked about an event.
    """

    folder: Path
    record: dict[str, Any]
    sample: Sample

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Folder and answer."""
        return (f"{self.folder}: {self.record.get('sentence', '')}",)


def is_run(path: Path | str) -> bool:
    """True where a path is a run's folder rather than a prior set.

    Parameters
    ----------
    path : pathlib.Path or str
        What the user named.

    Returns
    -------
    bool
        True for a folder that holds a ``run.json``, and for that file itself; the name of a shipped set is that set.
    """
    if str(path) in shipped_priors():  # "./NAME" is the folder
        return False
    path = Path(path)
    try:
        return path.name == "run.json" or (path / "run.json").exists()
    except OSError:  # a name that the system does not even look for
        return False


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a run, after its files have been held to their digests.

    Parameters
    ----------
    folder : pathlib.Path
        A run's folder, or the ``run.json`` in it.

    Returns
    -------
    dict
        ``run.json``.

    Raises
    ------
    InputError
        When there is none, it cannot be read, or a file is lacking or has changed.
    """
    folder = folder.parent if folder.name == "run.json" else folder
    path = folder / "run.json"
    if not os.path.lexists(path):
        raise InputError(str(path), "is not there", "Give the folder that `mc-sie run` has written.")
    record = read_json(path)
    for name, digest in entry(record, "files", dict, str(path)).items():
        if not is_plain_name(name):
            raise InputError(f"{path}: files", f"leads out of the folder: {name!r}", "Nothing of it was read.")
        if digest_of(folder / name) != digest:
            why = f"has changed since the run was written: its digest is not the one in {path}"
            raise InputError(str(folder / name), why, AGAIN)
    return record


@dataclass(frozen=True)
class RunSpec:
    """Specification of a run: prior set, event, design and horizon.

    Attributes
    ----------
    prior : PriorSet
        The set, as it was resolved.
    event : Event
        The event.
    design : Design
        Scheme, seed, replicates and draws.
    horizon_months : float
        End of each trajectory at the latest.
    """

    prior: PriorSet
    event: Event
    design: Design
    horizon_months: float


def run_spec_of(record: Mapping[str, Any], where: str) -> RunSpec:
    """Specification of the run that a record is of.

    Parameters
    ----------
    record : mapping
        Of a run or a report, from :func:`read_record`.
    where : str
        Where it stands, for errors.

    Returns
    -------
    RunSpec
        Checked.

    Raises
    ------
    InputError
        When something lacks or makes no sense.
    """
    prior = prior_of(record, "prior", where)
    given, horizon_months = entry(record, "design", dict, where), entry(record, "horizon_months", float, where)
    there, event = f"{where}: design", entry(record, "event", str, where)
    sizes = {name: entry(given, name, int, there) for name in ("seed", "n_replicates", "n_per_replicate")}
    design = Design(entry(given, "scheme", str, there), **sizes)
    if entry(given, "n_draws", int, there) != design.n_draws:
        raise InputError(f"{there}: n_draws = {given['n_draws']}", f"is not {design.n_draws}", "Run it again.")
    try:
        asked = parse_event(event)
        check_horizon(horizon_months)
        asked.check_horizon(horizon_months)
        again = plan(design.n_draws, scheme=design.scheme, seed=design.seed, n_replicates=design.n_replicates)
    except InputError as error:  # names the option that would say the same
        raise InputError(where, f"cannot be asked again: {error.where} {error.why}", "Run it again.") from None
    if again != design:
        why = f"cannot be drawn: {design.scheme} takes {again.n_per_replicate} draws in a replicate"
        raise InputError(f"{there}: n_per_replicate = {design.n_per_replicate}", why, "Run it again.")
    return RunSpec(prior, asked, design, horizon_months)


def prior_of(record: Mapping[str, Any], key: str, where: str) -> PriorSet:
    """The prior set that a record describes.

    Parameters
    ----------
    record : mapping
        Of a run or a report, from :func:`read_record`.
    key : str
        Where it stands in the record.
    where : str
        Where the record stands, for errors.

    Returns
    -------
    PriorSet
        Its digest is checked, and its name is the name of a file: folders and pages are called after it.

    Raises
    ------
    InputError
        When it describes none.
    """
    described, there = entry(record, key, dict, where), f"{where}: {key}"
    with reading(there):
        prior = prior_from_dict(described, there)
        for name in (prior.name, *(member.name for member, _ in prior.members)):
            if not is_plain_name(name):
                raise InputError(f"{there}.name = {name!r}", "leads out of the folder", "Name it like a file.")
    return prior


def prior_record(prior: PriorSet) -> dict[str, Any]:
    """A prior set as a record holds it, ready for JSON.

    Parameters
    ----------
    prior : PriorSet
        The set.

    Returns
    -------
    dict
        ``prior``, and a SHA-256 of it with its words: the set's own digest is that of its draws.
    """
    described = prior.to_dict()
    text = json.dumps(described, sort_keys=True, ensure_ascii=False)
    return {"prior": described, "prior_sha256": hashlib.sha256(text.encode()).hexdigest()}


def read_run(folder: Path, event: Event | None = None) -> StoredRun:
    """Read a run that kept its draws.

    Parameters
    ----------
    folder : pathlib.Path
        A run's folder, or the ``run.json`` in it.
    event : Event, optional
        What to ask; the run's own event if not given.

    Returns
    -------
    StoredRun
        The draws as they were stored, after every file was held to its digest.

    Raises
    ------
    InputError
        When the folder is no run, a file has changed, the draws were not kept, or the event's outcome is not among
        what was stored.
    """
    record = read_record(folder)
    folder = folder.parent if folder.name == "run.json" else folder
    if "draws.parquet" not in record["files"]:
        why = "kept no draws (--no-draws or --rare)"
        raise InputError(str(folder), why, "Run it again without that option.")
    asked = run_spec_of(record, str(folder / "run.json"))
    path, event = folder / "draws.parquet", event or asked.event
    event.check_horizon(asked.horizon_months)
    with reading(str(path)):
        frame = pd.read_parquet(path)
        if len(frame) != asked.design.n_draws:
            raise InputError(str(path), f"has {len(frame):,} of {asked.design.n_draws:,} draws", AGAIN)
        draws, outcomes = _read_draws(frame, asked.prior)
        if event.column not in outcomes:
            why = f"has no column {event.column}, which {str(event)!r} asks about"
            remedy = f"Run it again with --event {shlex.quote(str(event))}, or with --all-outcomes."
            raise InputError(str(path), why, remedy)
        is_ok = np.asarray(outcomes["status"] == "ok")
        hits = event.holds_of(outcomes[event.column].to_numpy(dtype=np.float64)) & is_ok
        weights = None
        if asked.prior.evidence:
            weights = frame["weight"].to_numpy(dtype=np.float64)
            if not (np.isfinite(weights) & (weights >= 0.0)).all():
                raise ValueError("a weight is no number that is at least 0")
    sample = Sample(asked.prior, asked.design, asked.horizon_months, event, draws, hits, is_ok, outcomes, weights)
    return StoredRun(folder, record, sample)


def _read_draws(frame: pd.DataFrame, prior: PriorSet) -> tuple[dict[str, NDArray[np.generic]], pd.DataFrame]:
    """Every quantity of each draw, those that vary from the table and the rest from the prior; and the outcomes."""
    if not frame.columns.is_unique:
        raise ValueError("two columns have one name")
    middle = {name: np.array([0.5]) for name in (*prior.dimensions, POOL_DIMENSION)}
    words = {"mode": list(MODES), POOL_DIMENSION: [member.name for member, _ in prior.members]}
    draws: dict[str, NDArray[np.generic]] = {}
    for name, value in prior.values(middle).items():
        if name not in frame:
            draws[name] = np.broadcast_to(value, len(frame))
        elif name in words:
            codes = frame[name].cat
            if list(codes.categories) != words[name] or (codes.codes < 0).any():  # codes of other words mean others
                raise ValueError(f"{name} is not one of {', '.join(words[name])}")
            draws[name] = codes.codes.to_numpy(dtype=value.dtype)
        else:
            draws[name] = frame[name].to_numpy(dtype=np.float64)
    return draws, frame.drop(columns=[name for name in ("replicate", "weight", "event", *draws) if name in frame])


def rare_record(rare: Rare, command: str) -> dict[str, Any]:
    """Everything about a run by importance sampling but its hits.

    Parameters
    ----------
    rare : Rare
        The run.
    command : str
        Command line that made it.

    Returns
    -------
    dict
        Ready for JSON.
    """
    diagnostics = (
        "n_search", "n_plain", "n_plain_search", "n_failed", "ess_hits", "largest_share", "beyond_share", "pareto_k",
        "n_plain_needed", "gain", "n_kept_per_replicate",
    )  # fmt: skip
    return {
        "method": "importance sampling",
        **prior_record(rare.prior),
        "design": {**asdict(rare.design), "n_draws": rare.design.n_draws},
        "horizon_months": rare.horizon_months,
        "event": str(rare.event),
        "answer": estimate_record(rare.answer),
        "sentence": rare.sentence,
        "method_in_words": rare.method,
        "doubts": list(rare.warnings),
        **{name: _finite(getattr(rare, name)) for name in diagnostics},
        "proposal": rare.proposal,
        "wall_seconds": round(rare.wall_seconds, 3),
        **_circumstances(command),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _write_files(folder: Path, simulation: Simulation, summary: Summary, command: str, all_outcomes: bool) -> None:
    frame = draws_frame(simulation, summary.event, all_outcomes=all_outcomes)
    words = [name for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    frame.to_parquet(folder / "draws.parquet", index=False, use_dictionary=words)
    _netcdf_part(simulation).to_netcdf(folder / "draws.nc", engine="h5netcdf")
    record = run_record(simulation, summary, command)
    if all_outcomes:
        record["all_outcomes"] = True
    if isinstance(simulation, Conditioned):
        record["evidence"] = evidence_record(simulation, summary)
    _write_tables(folder, summary, record)


def _write_tables(folder: Path, summary: Summary, record: dict[str, Any]) -> None:
    """The tables as CSV, then run.json with the digests of all files."""
    for name in ("thresholds", "quantiles", "modes", "statuses"):
        to_csv(getattr(summary, name), folder / f"{name}.csv")
    _write_record(folder, record)


def _write_record(folder: Path, record: dict[str, Any], name: str = "run.json") -> None:
    """The record of a run or an analysis, with the digests of all other files."""
    record["files"] = {path.name: digest_of(path) for path in sorted(folder.iterdir())}
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / name).write_text(text + "\n", encoding="utf-8")


def run_record(simulation: Simulation | Streamed, summary: Summary, command: str) -> dict[str, Any]:
    """Everything about a run but its draws.

    Parameters
    ----------
    simulation : Simulation or Streamed
        The run.
    summary : Summary
        What it says.
    command : str
        Command line that made it.

    Returns
    -------
    dict
        Ready for JSON.
    """
    design, prior = simulation.design, simulation.prior
    marks = simulation.spec if isinstance(simulation, Streamed) else simulation.outcomes
    record = {
        **prior_record(prior),
        "design": {**asdict(design), "n_draws": design.n_draws},
        "horizon_months": simulation.horizon_months,
        "levels": list(marks.levels),
        "widths": list(marks.widths),
        "event": str(summary.event),
        "answer": estimate_record(summary.answer),
        "from_start": None if summary.from_start is None else estimate_record(summary.from_start),
        "sentence": summary.sentence,
        "statuses": dict(zip(summary.statuses["status"], map(int, summary.statuses["n_draws"]), strict=True)),
        "prob_bounds": [summary.statuses.attrs["prob_low"], summary.statuses.attrs["prob_high"]],
        "wall_seconds": round(simulation.wall_seconds, 3),
        **_circumstances(command),
    }
    if isinstance(simulation, Streamed):
        record["draws_kept"] = False
        record["only_event"] = simulation.spec.only_event
        if isinstance(simulation, GivenCounts):
            record["evidence"] = evidence_record(simulation, summary)
        if simulation.spec.quantiles:
            record["quantiles_relative_error"] = RELATIVE_ERROR
    return record


def evidence_record(conditioned: Conditioned | GivenCounts, summary: Summary) -> dict[str, Any]:
    """How a run was conditioned on its evidence, which stands with the prior.

    Parameters
    ----------
    conditioned : Conditioned or GivenCounts
        The draws, or their counts.
    summary : Summary
        What they say.

    Returns
    -------
    dict
        Ready for JSON.
    """
    numbers = ("pareto_k", "pareto_k_prior", "ess", "log_marginal", "n_search")
    return {
        "items": [item.name for item in conditioned.prior.evidence],
        "way": conditioned.method,
        "method_in_words": conditioned.method_in_words,
        "doubts": list(conditioned.warnings),
        "before": None if summary.before is None else estimate_record(summary.before),
        **{name: _finite(getattr(conditioned, name)) for name in numbers},
        "proposal": None if conditioned.proposal is None else conditioned.proposal.record(),
    }


def _circumstances(command: str) -> dict[str, Any]:
    """Command, time, machine and versions of libraries."""
    return {
        "command": command,
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "processor": processor(),
        "versions": {name: version_of(name) for name in _LIBRARIES},
    }


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """An estimate as it stands in records: its attributes in types that JSON has."""
    record: dict[str, Any] = plain(vars(estimate))
    return record


def version_of(name: str) -> str:
    """Version of an installed package, or that it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _netcdf_part(simulation: Simulation) -> Any:
    """The first replicates, as many as fit; of a single larger one, its first draws."""
    design = simulation.design
    n_chains = max(1, min(design.n_replicates, NETCDF_DRAWS_HIGH // design.n_per_replicate))
    n = min(n_chains * design.n_per_replicate, NETCDF_DRAWS_HIGH)
    outcomes = simulation.outcomes
    part = Outcomes(
        **{name: value if name in ("levels", "widths") else value[:n] for name, value in outcomes.__dict__.items()}
    )
    tree = part.to_datatree({name: array[:n] for name, array in simulation.draws.items()}, n_chains)
    if simulation.weights is not None:
        weights = simulation.weights[:n].reshape(n_chains, -1)
        attributes = {"units": "1", "long_name": "weight of the draw given the evidence, with mean 1 over the run"}
        node = tree["prior_predictive"]
        node.dataset = node.to_dataset().assign(weight=(("chain", "draw"), weights, attributes))
    return tree
