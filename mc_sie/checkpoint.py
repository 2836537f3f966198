"""Runs that were interrupted: where they stand, and how they go on.

While a run without draws is under way, ``NAME.unfinished/`` holds what was asked (``plan.json``) and what has been
counted so far (``counts.npz``, replaced whole now and then). ``mc-sie resume`` goes on from there.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import source_digest
from mc_sie.analysis.precision import Precision
from mc_sie.analysis.streaming import Job
from mc_sie.analysis.tally import Questions
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.files import UNFINISHED, unwritable, write_whole
from mc_sie.priors import load_prior
from mc_sie.sampling import Design


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
    out : pathlib.Path or None
        Folder asked for; None for the next free name below ``runs/``.
    """

    job: Job
    precision: Precision
    start: int
    command: str
    out: Path | None


@dataclass(frozen=True)
class Checkpoint:
    """The folder of a run that is under way.

    Attributes
    ----------
    folder : pathlib.Path
        ``NAME.unfinished``.
    """

    folder: Path

    @classmethod
    def begin(cls, target: Path, plan: Plan) -> Checkpoint:
        """Make the folder of a new run.

        Parameters
        ----------
        target : pathlib.Path
            Where the run will be.
        plan : Plan
            What it does.

        Returns
        -------
        Checkpoint
            With the plan written and nothing counted.

        Raises
        ------
        InputError
            When another run is under way there, or the folder cannot be made.
        """
        folder = target.with_name(target.name + UNFINISHED)
        job = plan.job
        text = {
            "prior": str(job.prior.path.resolve()),
            "prior_digest": job.prior.digest,
            "program": source_digest(),
            "design": asdict(job.design),
            "batch": job.batch,
            "event": str(job.questions.event),
            "levels": list(job.questions.levels),
            "widths": list(job.questions.widths),
            "only_event": job.questions.only_event,
            "horizon_months": job.questions.horizon_months,
            "precision": asdict(plan.precision),
            "start": plan.start,
            "command": plan.command,
            "out": None if plan.out is None else str(plan.out),
        }
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            why = "holds a run that was interrupted, or is under way"
            raise InputError(str(folder), why, f"Go on with it: mc-sie resume {target}; or remove it.") from None
        except OSError as error:
            raise unwritable(f"--out {target}", error) from error
        self = cls(folder)
        body = json.dumps(text, indent=1)
        write_whole(folder / "plan.json", lambda partial: partial.write_text(body + "\n", encoding="utf-8"))
        self.save(job.empty())
        return self

    @classmethod
    def find(cls, run: Path) -> Checkpoint:
        """The folder of an interrupted run.

        Parameters
        ----------
        run : pathlib.Path
            The run's name, with or without the ending.

        Returns
        -------
        Checkpoint
            To be read.

        Raises
        ------
        InputError
            When there is none, or the run is complete.
        """
        folder = run if run.name.endswith(UNFINISHED) else run.with_name(run.name + UNFINISHED)
        if not (folder / "plan.json").is_file():
            finished = (run / "run.json").is_file()
            why = "is complete" if finished else "is no interrupted run"
            remedy = (
                "Start another one with mc-sie run."
                if finished
                else f"There is no {folder}/plan.json. Only a run with --no-draws can be gone on with."
            )
            raise InputError(str(run), why, remedy)
        return cls(folder)

    def save(self, rows: NDArray[np.int64]) -> None:
        """Keep what has been counted, whole or not at all."""
        filled = rows[:, rows.any(axis=0)], np.flatnonzero(rows.any(axis=0))

        def write(partial: Path) -> None:
            with partial.open("wb") as file:
                np.savez(file, counts=filled[0], columns=filled[1], shape=np.array(rows.shape))

        write_whole(self.folder / "counts.npz", write)

    def read(self) -> tuple[Plan, NDArray[np.int64]]:
        """What was asked, and what has been counted.

        Returns
        -------
        plan : Plan
            What was asked.
        rows : array of shape (R, n_counts), int64
            What has been counted.

        Raises
        ------
        InputError
            When a file cannot be read, or the prior or the program has changed since.
        """
        text = self._read_json()
        prior = load_prior(text["prior"])
        if prior.digest != text["prior_digest"]:
            why = f"was begun with another prior {text['prior']!r} (digest {text['prior_digest'][:12]})"
            raise InputError(str(self.folder), why, "Put the prior file back as it was, or start again.")
        if source_digest() != text["program"]:
            why = "was begun with another version of the program, which may give other bits"
            raise InputError(str(self.folder), why, "Finish it with that version, or start again.")
        questions = Questions(
            parse_event(text["event"]), tuple(text["levels"]), tuple(text["widths"]), text["horizon_months"],
            tuple(prior.dimensions), text["only_event"],
        )  # fmt: skip
        job = Job(prior, Design(**text["design"]), questions, text["batch"])
        out = None if text["out"] is None else Path(text["out"])
        plan = Plan(job, Precision(**text["precision"]), text["start"], text["command"], out)
        try:
            with np.load(self.folder / "counts.npz", allow_pickle=False) as stored:
                rows = np.zeros(tuple(stored["shape"]), dtype=np.int64)
                rows[:, stored["columns"]] = stored["counts"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{self.folder}/counts.npz", f"cannot be read: {error}", "Start again.") from None
        if rows.shape != job.empty().shape:
            raise InputError(f"{self.folder}/counts.npz", "does not fit plan.json", "Start again.")
        return plan, rows

    def _read_json(self) -> dict[str, Any]:
        try:
            text = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
            return dict(text)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.folder}/plan.json", f"cannot be read: {error}", "Start again.") from None

    def end(self) -> None:
        """Remove the folder of a run that is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
