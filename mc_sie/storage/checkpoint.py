"""Runs that were interrupted: where they stand, and how they go on.

While a run without draws is under way, ``NAME.unfinished/`` holds what was asked (``plan.json``) and what has been
counted so far (``counts.npz``, replaced whole now and then). ``mc-sie resume`` goes on from there, after the same
checks as for a new run, and only with counts of whole batches that carry the digest of this plan.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import source_digest
from mc_sie.analysis.importance.counting import count_job
from mc_sie.engine.counts import CountSpec
from mc_sie.engine.run import check_horizon, check_marks
from mc_sie.engine.streaming import Job
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.priors import PriorSet, load_prior
from mc_sie.sampling import plan as design_of
from mc_sie.stats.stopping import Precision, precision
from mc_sie.storage.reading import entries, entry, open_regular, read_json, reading
from mc_sie.storage.records import design_record
from mc_sie.storage.writing import UNFINISHED, Content, json_text, write_folder, write_whole

_AGAIN = "Start again."


@dataclass(frozen=True)
class Plan:
    """All that is needed to go on with a run.

    Attributes
    ----------
    job : Job
        What is simulated.
    precision : Precision
        Standard error at which it may end before its largest size.
    start : int
        Draws in a replicate before which it never ends.
    command : str
        Command line that began it.
    """

    job: Job
    precision: Precision
    start: int
    command: str


@dataclass(frozen=True)
class Checkpoint:
    """The folder ``NAME.unfinished`` of a run that is under way."""

    folder: Path

    @classmethod
    def begin(cls, target: Path, plan: Plan) -> Checkpoint:
        """Make the folder of a new run with its plan and nothing counted.

        An InputError where another run is under way at this target, or the folder cannot be made.
        """
        self = cls(target.with_name(target.name + UNFINISHED))
        if os.path.lexists(self.folder):
            why = "holds a run that was interrupted, or is under way"
            raise InputError(str(self.folder), why, f"Go on with it: mc-sie resume {target}; or remove it.")
        job = plan.job
        text = {
            "prior": str(job.prior.path.resolve()),
            "prior_digest": job.prior.digest,
            "program": source_digest(),
            "design": design_record(job.design),
            "batch": job.batch,
            "event": str(job.spec.event),
            "levels": list(job.spec.levels),
            "widths": list(job.spec.widths),
            "only_event": job.spec.only_event,
            "horizon_months": job.spec.horizon_months,
            "precision": asdict(plan.precision),
            "start": plan.start,
            "command": plan.command,
        }
        files: dict[str, Content] = {
            "plan.json": json_text(text),
            "counts.npz": lambda path: cls(path.parent).save(job.empty()),  # beside the plan, whose digest it carries
        }
        write_folder(self.folder, target.name, files)
        return self

    @classmethod
    def find(cls, run: Path) -> Checkpoint:
        """The folder of an interrupted run, which may be named with or without its ending.

        An InputError where there is none, or the run is complete.
        """
        where = str(run)
        if run.name in ("", ".."):  # the folder that one stands in, or above
            run = run.resolve()
        folder = run
        if not run.name.endswith(UNFINISHED):
            folder = run.parent / (run.name + UNFINISHED)
        if not os.path.lexists(folder / "plan.json"):
            if os.path.lexists(run / "run.json"):
                raise InputError(where, "is complete", "Start another one with mc-sie run.")
            remedy = f"There is no {folder}/plan.json. Only a run without draws (write_streamed) can be gone on with."
            raise InputError(where, "is no interrupted run", remedy)
        return cls(folder)

    def save(self, rows: NDArray[np.int64]) -> None:
        """Keep what has been counted, whole or not at all."""
        columns = np.flatnonzero(rows.any(axis=0))
        counts = rows[:, columns]
        digest = self._digest(counts, columns)

        def write(partial: Path) -> None:
            with partial.open("wb") as file:
                np.savez(file, counts=counts, columns=columns, digest=np.array(digest))

        write_whole(self.folder / "counts.npz", write)

    def read(self) -> tuple[Plan, NDArray[np.int64]]:
        """The plan, and the counts so far, shape (R, n_counts).

        An InputError where a file cannot be read or has been changed, or the prior or the program has changed since.
        """
        plan = self._read_plan()
        return plan, self._read_counts(plan.job)

    def _read_plan(self) -> Plan:
        """The plan, checked as the options of a new run are."""
        path = self.folder / "plan.json"
        where = str(path)
        text = read_json(path)
        if entry(text, "program", str, where) != source_digest():
            why = "was begun with another version of the program, which may give other bits"
            raise InputError(str(self.folder), why, "Finish it with that version, or start again.")
        name = entry(text, "prior", str, where)
        digest = entry(text, "prior_digest", str, where)
        prior = load_prior(name)
        if prior.digest != digest:
            prior = prior.without_evidence()  # as --without-evidence takes it
        if prior.digest != digest:
            why = f"was begun with another prior {name!r} (digest {digest[:12]!r})"
            raise InputError(str(self.folder), why, "Put the prior file back as it was, or start again.")
        with reading(where):
            try:
                return self._plan(text, prior, where)
            except InputError as error:
                if error.where.startswith(where):
                    raise
                why = f"cannot be gone on with: {error.where} {error.why}"  # names the option that would say the same
                raise InputError(where, why, _AGAIN) from None

    def _plan(self, text: dict[str, Any], prior: PriorSet, where: str) -> Plan:
        """The plan that a file states, refused where no run could have stated it."""
        given = entry(text, "design", dict, where)
        n_draws = entry(given, "n_draws", int, where)
        n_replicates = entry(given, "n_replicates", int, where)
        start = entry(text, "start", int, where)
        batch = entry(text, "batch", int, where)
        begun = design_of(
            start * n_replicates,
            scheme=entry(given, "scheme", str, where),
            seed=entry(given, "seed", int, where),
            n_replicates=n_replicates,
        )
        horizon = entry(text, "horizon_months", float, where)
        event = parse_event(entry(text, "event", str, where))
        levels = entries(text, "levels", float, where)
        widths = entries(text, "widths", float, where)
        check_horizon(horizon)
        event.check_horizon(horizon)
        check_marks(levels, widths)
        if not {*event.levels} <= {*levels} or not {*event.widths} <= {*widths}:
            raise InputError(where, f"does not simulate what {str(event)!r} asks about", _AGAIN)
        stated = {key: value for key, value in entry(text, "precision", dict, where).items() if value is not None}
        errors = {key: entry(stated, key, float, where) for key in ("target_se", "rel_se") if key in stated}
        wanted = precision(
            errors.get("target_se"),
            errors.get("rel_se"),
            n_draws=begun.n_draws,
            max_draws=n_draws,
            n_replicates=n_replicates,
        )
        only_event = entry(text, "only_event", bool, where)
        spec = CountSpec(event, levels, widths, horizon, tuple(prior.dimensions), only_event)
        job = replace(count_job(prior, begun, spec, n_draws), batch=batch)
        # Stopping tests fall on a power of two of batches, and must not fall elsewhere than in the run that was begun.
        is_batch = 1 <= batch <= start and (batch == start or batch & (batch - 1) == 0)
        is_design = given == design_record(job.design) and begun.n_per_replicate == start
        if not is_design or not (wanted.is_asked or job.design == begun):
            raise InputError(f"{where}: design", "is none that a run has", _AGAIN)
        if not is_batch:
            raise InputError(f"{where}: batch = {batch}", f"is no power of two up to {start}", _AGAIN)
        return Plan(job, wanted, start, entry(text, "command", str, where))

    def _read_counts(self, job: Job) -> NDArray[np.int64]:
        """The counts, which must be those of whole batches under this plan."""
        path = self.folder / "counts.npz"
        rows = job.empty()
        with reading(str(path)), open_regular(path) as file:
            with zipfile.ZipFile(file) as parts:  # what would unpack to more than there are counts is no run's
                if sum(part.file_size for part in parts.infolist()) > 2 * rows.nbytes + 2**16:
                    raise ValueError("holds more than the counts of this plan")
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                counts, columns, digest = (np.asarray(stored[name]) for name in ("counts", "columns", "digest"))
            if counts.dtype != rows.dtype or columns.dtype.kind != "i" or columns.min(initial=0) < 0:
                raise TypeError("counts are no whole numbers")
            if str(digest) != self._digest(counts, columns):
                raise InputError(str(path), "does not belong to this plan.json, or has been changed", _AGAIN)
            if counts.shape != (len(rows), columns.size) or (np.diff(columns) <= 0).any():
                raise ValueError("counts and columns do not fit")
            rows[:, columns] = counts
        if not _is_of_whole_batches(job, rows):
            raise InputError(str(path), "does not hold the counts of whole batches", _AGAIN)
        return rows

    def _digest(self, counts: NDArray[np.int64], columns: NDArray[np.int64]) -> str:
        """SHA-256 of the plan and of some counts under it, so that neither is taken without the other."""
        digest = hashlib.sha256()
        with open_regular(self.folder / "plan.json") as file:
            digest.update(hashlib.sha256(file.read()).digest())
        digest.update(f"{counts.shape}".encode())
        digest.update(np.ascontiguousarray(columns, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(counts, dtype="<i8").tobytes())
        return digest.hexdigest()

    def end(self) -> None:
        """Remove the folder of a run that is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_of_whole_batches(job: Job, rows: NDArray[np.int64]) -> bool:
    """True where counts are those of the first batches of a job, as far as counts can tell."""
    spec = job.spec
    drawn = job.n_drawn(rows)
    # Batches go round the replicates: in a round that was cut short the first of them have one more.
    n_rounds, n_ahead = divmod(job.n_batches(rows), job.design.n_replicates)
    batches = n_rounds + (np.arange(job.design.n_replicates) < n_ahead)
    if (rows < 0).any() or (drawn != np.minimum(batches * job.batch, job.design.n_per_replicate)).any():
        return False
    ok, modes, modes_ok, hits = (
        spec.view(rows, name).sum(axis=1) for name in ("statuses", "modes", "modes_ok", "modes_hit")
    )
    n_ok = spec.view(rows, "statuses")[:, 0]
    # A draw of no weight could be simulated, and does not count.
    is_counted = modes_ok <= n_ok if spec.is_weighted else modes_ok == n_ok
    is_same = (modes == ok) & is_counted & (hits == spec.view(rows, "hits")[:, 0]) & (hits <= n_ok)
    return bool(is_same.all())
