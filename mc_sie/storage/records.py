"""Records of runs: how ``run.json`` is made, and what it says to somebody who reads it back."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mc_sie._jit import processor
from mc_sie.analysis.importance.conditioning import Conditioned
from mc_sie.analysis.importance.counting import GivenCounts
from mc_sie.analysis.importance.rare import Rare
from mc_sie.analysis.probability.summary import Summary
from mc_sie.engine.run import Simulation, check_horizon
from mc_sie.engine.streaming import Streamed
from mc_sie.errors import InputError
from mc_sie.events import Event, parse_event
from mc_sie.priors import PriorSet, prior_from_dict, shipped_priors
from mc_sie.priors.digest import plain
from mc_sie.sampling import Design, plan
from mc_sie.stats.estimates import Estimate
from mc_sie.stats.quantile_sketch import RELATIVE_ERROR
from mc_sie.storage.reading import AGAIN, digest_of, entry, is_plain_name, read_json, reading
from mc_sie.storage.versions import version_of

_LIBRARIES = ("mc-sie", "numpy", "scipy", "numba", "pandas", "pyarrow", "xarray", "arviz-base")


# ------------------------------------------------------------------------------------------------------ what is written


def prior_record(prior: PriorSet) -> dict[str, Any]:
    """A prior set with a SHA-256 that covers its words too: the set's own digest is that of its draws."""
    described = prior.to_dict()
    text = json.dumps(described, sort_keys=True, ensure_ascii=False)
    return {"prior": described, "prior_sha256": hashlib.sha256(text.encode()).hexdigest()}


def design_record(design: Design) -> dict[str, Any]:
    """A design, and its draws in all."""
    return {**asdict(design), "n_draws": design.n_draws}


def estimate_record(estimate: Estimate | None) -> dict[str, Any] | None:
    """An estimate as it stands in records: its attributes in types that JSON has; None for none."""
    if estimate is None:
        return None
    record: dict[str, Any] = plain(vars(estimate))
    return record


def circumstances(command: str) -> dict[str, Any]:
    """Command, machine, and versions of libraries."""
    return {
        "command": command,
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "processor": processor(),
        "versions": {name: version_of(name) for name in _LIBRARIES},
    }


def run_record(simulation: Simulation | Streamed, summary: Summary, command: str) -> dict[str, Any]:
    """Everything about a run but its draws, ready for JSON."""
    marks = simulation.spec if isinstance(simulation, Streamed) else simulation.outcomes
    record = {
        **prior_record(simulation.prior),
        "design": design_record(simulation.design),
        "horizon_months": simulation.horizon_months,
        "levels": list(marks.levels),
        "widths": list(marks.widths),
        "event": str(summary.event),
        "answer": estimate_record(summary.answer),
        "from_start": estimate_record(summary.from_start),
        "sentence": summary.sentence,
        "statuses": dict(zip(summary.statuses["status"], map(int, summary.statuses["n_draws"]), strict=True)),
        "prob_bounds": [summary.statuses.attrs["prob_low"], summary.statuses.attrs["prob_high"]],
        "wall_seconds": round(simulation.wall_seconds, 3),
        **circumstances(command),
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
    """How a run was conditioned on its evidence, which stands with the prior."""
    numbers = ("pareto_k", "pareto_k_prior", "ess", "log_marginal", "n_search")
    return {
        "items": [item.name for item in conditioned.prior.evidence],
        "way": conditioned.method,
        "method_in_words": conditioned.method_in_words,
        "doubts": list(conditioned.warnings),
        "before": estimate_record(summary.before),
        **{name: _finite(getattr(conditioned, name)) for name in numbers},
        "proposal": None if conditioned.proposal is None else conditioned.proposal.record(),
    }


def rare_record(rare: Rare, command: str) -> dict[str, Any]:
    """Everything about a run by importance sampling but its hits, ready for JSON."""
    diagnostics = (
        "n_search", "n_plain", "n_plain_search", "n_failed", "ess_hits", "largest_share", "beyond_share", "pareto_k",
        "n_plain_needed", "gain", "n_kept_per_replicate",
    )  # fmt: skip
    return {
        "method": "importance sampling",
        **prior_record(rare.prior),
        "design": design_record(rare.design),
        "horizon_months": rare.horizon_months,
        "event": str(rare.event),
        "answer": estimate_record(rare.answer),
        "sentence": rare.sentence,
        "method_in_words": rare.method,
        "doubts": list(rare.warnings),
        **{name: _finite(getattr(rare, name)) for name in diagnostics},
        "proposal": rare.proposal,
        "wall_seconds": round(rare.wall_seconds, 3),
        **circumstances(command),
    }


def _finite(value: float) -> float | None:
    if np.isfinite(value):
        return value
    return None


# --------------------------------------------------------------------------------------------------------- what is read


def is_run(path: Path | str) -> bool:
    """True for a folder that holds a ``run.json``, and for that file; the name of a shipped set is that set."""
    if str(path) in shipped_priors():  # "./NAME" is the folder
        return False
    path = Path(path)
    try:
        return path.name == "run.json" or (path / "run.json").exists()
    except OSError:  # a name that the system does not even look for
        return False


def run_folder(path: Path) -> Path:
    """The folder of a run, named by itself or by the ``run.json`` in it."""
    if path.name == "run.json":
        return path.parent
    return path


def read_record(folder: Path) -> dict[str, Any]:
    """The record in a run's folder, which may be named by the ``run.json`` in it.

    An InputError where there is none, it cannot be read, or a file is lacking or has another digest than it says.
    """
    folder = run_folder(folder)
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
    """Specification of a run: prior set as it was resolved, event, design, and end of each trajectory."""

    prior: PriorSet
    event: Event
    design: Design
    horizon_months: float


def run_spec_of(record: Mapping[str, Any], where: str) -> RunSpec:
    """Specification of the run that a record of a run or a report is of.

    Checked as arguments are: an InputError says what lacks or makes no sense. ``where`` is the record's place.
    """
    prior = prior_of(record, "prior", where)
    event = entry(record, "event", str, where)
    horizon_months = entry(record, "horizon_months", float, where)
    given = entry(record, "design", dict, where)
    there = f"{where}: design"
    sizes = {name: entry(given, name, int, there) for name in ("seed", "n_replicates", "n_per_replicate")}
    design = Design(entry(given, "scheme", str, there), **sizes)
    if entry(given, "n_draws", int, there) != design.n_draws:
        raise InputError(f"{there}: n_draws = {given['n_draws']}", f"is not {design.n_draws}", AGAIN)
    try:
        parsed = parse_event(event)
        check_horizon(horizon_months)
        parsed.check_horizon(horizon_months)
        planned = plan(design.n_draws, scheme=design.scheme, seed=design.seed, n_replicates=design.n_replicates)
    except InputError as error:  # names the argument that would say the same
        raise InputError(where, f"cannot be asked again: {error.where} {error.why}", AGAIN) from None
    if planned != design:
        why = f"cannot be drawn: {design.scheme} takes {planned.n_per_replicate} draws in a replicate"
        raise InputError(f"{there}: n_per_replicate = {design.n_per_replicate}", why, AGAIN)
    return RunSpec(prior, parsed, design, horizon_months)


def prior_of(record: Mapping[str, Any], key: str, where: str) -> PriorSet:
    """The prior set that a record describes under a key; an InputError where it describes none.

    Its digest is checked, and its name is the name of a file: folders and pages are called after it.
    """
    described = entry(record, key, dict, where)
    there = f"{where}: {key}"
    with reading(there):
        prior = prior_from_dict(described, there)
        for name in (prior.name, *(member.name for member, _ in prior.members)):
            if not is_plain_name(name):
                raise InputError(f"{there}.name = {name!r}", "leads out of the folder", "Name it like a file.")
    return prior
