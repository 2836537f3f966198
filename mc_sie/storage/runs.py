"""A run's folder: what was asked, what came out, and what it takes to do it again.

``run.json``
    The prior resolved to its last number with its sources, digest, seed, scheme, versions, command, counts, wall time,
    the answer, and a SHA-256 of every other file.
``draws.parquet``
    One row a draw: replicate, its weight where the set is given evidence, the quantities that vary, the main outcomes
    (or all of them).
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

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.importance.conditioning import Conditioned
from mc_sie.analysis.importance.rare import Rare
from mc_sie.analysis.probability.summary import Summary, curve_table
from mc_sie.engine.draws_frame import draws_frame
from mc_sie.engine.run import Simulation, simulate_prior
from mc_sie.engine.sample import Sample, sample_of
from mc_sie.engine.streaming import Streamed
from mc_sie.errors import InputError
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import MODES
from mc_sie.stats.quantile_sketch import upper_edges
from mc_sie.storage.reading import AGAIN, reading
from mc_sie.storage.records import evidence_record, rare_record, read_record, run_folder, run_record, run_spec_of
from mc_sie.storage.writing import Content, write_folder
from mc_sie.text.showing import Shown

if TYPE_CHECKING:
    import xarray as xr


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

    def write_draws(path: Path) -> None:
        frame = draws_frame(simulation, summary.event, all_outcomes=all_outcomes)
        words = [name for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)]
        frame.to_parquet(path, index=False, use_dictionary=words)

    files: dict[str, Content] = {
        "draws.parquet": write_draws,
        **_tables(summary),
    }
    record = run_record(simulation, summary, command)
    if all_outcomes:
        record["all_outcomes"] = True
    if isinstance(simulation, Conditioned):
        record["evidence"] = evidence_record(simulation, summary)
    return write_folder(folder, simulation.prior.name, files, record)


def write_streamed(folder: Path | None, streamed: Streamed, summary: Summary, *, command: str) -> Path:
    """Write the folder of a run whose draws were not kept, as :func:`write_run` does."""
    spec = streamed.spec

    def write_counts(path: Path) -> None:
        arrays: dict[str, Any] = {}
        for name in spec.layout:
            for layer, ending in zip(spec.layers(streamed.rows, name), ("", "_weights", "_squares"), strict=False):
                arrays[name + ending] = layer
        labels = np.array([label for label, _ in spec.quantiles])
        np.savez_compressed(path, bins=upper_edges(), outcomes=labels, **arrays)

    files: dict[str, Content] = {
        "curves.csv": curve_table(spec, streamed.rows, streamed.design.scheme),
        "counts.npz": write_counts,
        **_tables(summary),
    }
    return write_folder(folder, streamed.prior.name, files, run_record(streamed, summary, command))


def write_rare(folder: Path | None, rare: Rare, *, command: str) -> Path:
    """Write the folder of a run by importance sampling, as :func:`write_run` does."""
    files: dict[str, Content] = {
        "hits.parquet": lambda path: rare.hits.to_parquet(path, index=False),
        "shifts.csv": rare.shifts,
    }
    return write_folder(folder, rare.prior.name, files, rare_record(rare, command))


def _tables(summary: Summary) -> dict[str, Content]:
    return {f"{name}.csv": getattr(summary, name) for name in ("thresholds", "quantiles", "modes", "statuses")}


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

    def to_datatree(self) -> xr.DataTree:
        """Draws, outcomes and evidence as of :meth:`mc_sie.Simulation.to_datatree`, with the outcomes that were stored.

        Draws of a set before its evidence are not stored; they are simulated again.
        """
        from mc_sie.engine.datatree import datatree_of

        sample = self.sample
        before = None
        if sample.weights is not None:
            design = sample.design
            simulation = simulate_prior(
                sample.prior.given(()),
                design.n_draws,
                seed=design.seed,
                scheme=design.scheme,
                n_replicates=design.n_replicates,
                horizon_months=sample.horizon_months,
                levels=self.record["levels"],
                widths=self.record["widths"],
            )
            drawn = sample_of(simulation, sample.event)
            before = replace(drawn, outcomes=drawn.outcomes[list(sample.outcomes)])
        return datatree_of(sample, before)

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Folder and answer."""
        return (f"{self.folder}: {self.record.get('sentence', '')}",)


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
    folder = run_folder(folder)
    if "draws.parquet" not in record["files"]:
        why = "kept no draws (write_streamed or estimate_rare)"
        raise InputError(str(folder), why, "Run it again without that.")
    spec = run_spec_of(record, str(folder / "run.json"))
    path = folder / "draws.parquet"
    event = event or spec.event
    event.check_horizon(spec.horizon_months)
    with reading(str(path)):
        frame = pd.read_parquet(path)
        if len(frame) != spec.design.n_draws:
            raise InputError(str(path), f"has {len(frame):,} of {spec.design.n_draws:,} draws", AGAIN)
        draws, outcomes = _read_draws(frame, spec.prior)
        missing = [column for column in event.columns if column not in outcomes]
        if missing:
            why = f"has no column {missing[0]}, which {str(event)!r} asks about"
            remedy = f"Run it again with event = {shlex.quote(str(event))}, or with all_outcomes."
            raise InputError(str(path), why, remedy)
        is_ok = np.asarray(outcomes["status"] == "ok")
        hits = event.holds_of(outcomes) & is_ok
        weights = None
        if spec.prior.evidence:
            weights = frame["weight"].to_numpy(dtype=np.float64)
            if not (np.isfinite(weights) & (weights >= 0.0)).all():
                raise ValueError("a weight is no number that is at least 0")
    sample = Sample(spec.prior, spec.design, spec.horizon_months, event, draws, hits, is_ok, outcomes, weights)
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
