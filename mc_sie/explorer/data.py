"""Everything that Python knows and the live page needs, as plain values for one JSON text."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from mc_sie import __version__
from mc_sie.analysis.importance.proposal import PICK_DIMENSION, Proposal
from mc_sie.derived import DERIVED, SUBJECTS
from mc_sie.engine.run import DRAWS_DEFAULT
from mc_sie.model.status import ENDS
from mc_sie.outcomes import LEVELS_DEFAULT, OUTCOME_KINDS, STATUS_NAMES, WIDTHS_DEFAULT
from mc_sie.priors import PriorSet, load_prior
from mc_sie.priors.consistency import AUTONOMOUS_MODES
from mc_sie.priors.digest import plain
from mc_sie.priors.evidence import KEYS
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS
from mc_sie.priors.shipped import shipped_priors
from mc_sie.quantities import (
    BLOCKS,
    HORIZON_MONTHS_DEFAULT,
    IDLE,
    MODES,
    PAIRED,
    PRIOR_SET_DIMENSION,
    QUANTITIES,
    SOFTWARE_CAP_OOMS,
    TOP_OOMS,
    Quantity,
)
from mc_sie.sampling import N_REPLICATES_DEFAULT

PROPOSALS = Path(__file__).parent / "proposals.json"
"""Proposals of the shipped sets with evidence, by name, each with the digest of the set."""

FIRST = ("rho", "r", "lam", "limit_ooms", "mode", "training_months", "software_doubling_months")
"""Quantities of the model that the page shows first: six cards, training duration with its mode."""

_SENTENCE = re.compile(r"(?<=[a-z)\d][.!?])\s+(?=[A-Z])")


def page_data() -> dict[str, Any]:
    """Facts of the page, but for those of the set that it starts from.

    Returns
    -------
    dict
        Plain values; numbers that JSON does not know are the texts ``"inf"``, ``"-inf"`` and ``"nan"``.
    """
    return {
        "version": __version__,
        "horizon": HORIZON_MONTHS_DEFAULT,
        "top": TOP_OOMS,
        "softwareCap": SOFTWARE_CAP_OOMS,
        "draws": DRAWS_DEFAULT,
        "replicates": N_REPLICATES_DEFAULT,
        "levels": list(LEVELS_DEFAULT),
        "widths": list(WIDTHS_DEFAULT),
        "modes": list(MODES),
        "autonomousModes": list(AUTONOMOUS_MODES),
        "statuses": list(STATUS_NAMES),
        "ends": list(ENDS),
        "priorSetDimension": PRIOR_SET_DIMENSION,
        "pickDimension": PICK_DIMENSION,
        "quantities": {name: _quantity(one) for name, one in QUANTITIES.items()},
        "reparametrisations": [
            {"name": one.name, "others": list(one.others), "remedy": one.remedy} for one in REPARAMETRISATIONS.values()
        ],
        "idle": [plain(vars(one)) for one in IDLE],
        "paired": [list(pair) for pair in PAIRED],
        "outcomes": {
            name: {"label": one.label, "unit": one.unit, "indexUnit": one.index_unit, "meaning": one.meaning}
            for name, one in OUTCOME_KINDS.items()
        },
        "derived": {
            name: {"unit": one.unit, "indexUnit": one.index_unit, "inputs": list(one.inputs), "meaning": one.meaning}
            for name, one in DERIVED.items()
        },
        "subjects": list(SUBJECTS),
        "likelihoods": {
            name: {"readings": list(keys.readings), "errors": list(keys.errors), "needsError": keys.needs_error}
            for name, keys in KEYS.items()
        },
        "sets": {name: shipped_set(name) for name in shipped_priors()},
        "proposals": {name: row["proposal"] for name, row in stored_proposals().items()},
    }


def _quantity(one: Quantity) -> dict[str, Any]:
    """The row of a quantity."""
    tier = "more"
    if QUANTITIES[one.determined].optional:
        tier = "extension"
    elif one.determined in FIRST:
        tier = "first"
    return {
        "name": one.name,
        "label": one.label,
        "symbol": one.symbol,
        "unit": one.unit,
        "meaning": one.meaning,
        "low": plain(one.low),
        "high": plain(one.high),
        "lowOpen": one.low_open,
        "highOpen": one.high_open,
        "scale": one.scale,
        "optional": one.optional,
        "default": plain(one.default),
        "dimension": one.dimension,
        "determines": one.determined,
        "modes": list(one.modes),
        "tier": tier,
        "block": next(block for block, names in BLOCKS.items() if one.name in names),
    }


@cache
def _headlines() -> dict[str, dict[str, Any]]:
    record = json.loads((Path(__file__).parent.parent / "_headlines.json").read_text("utf-8"))
    return {row["name"]: row for row in record}


def shipped_set(name: str) -> dict[str, Any]:
    """A set as the page has it.

    Parameters
    ----------
    name : str
        Shipped name.

    Returns
    -------
    dict
        ``title``, ``sentence`` (the first of the description), ``table`` (the file as TOML has it), ``hasEvidence``,
        ``isPool``, ``isShipped``; ``prob``, ``se`` (None where only a bound is known) and ``label`` of the record.
    """
    prior = load_prior(name)
    recorded = _headlines().get(name, {})
    return {
        "title": prior.title,
        "sentence": first_sentence(prior.description),
        "table": plain(tomllib.loads(shipped_priors()[name].read_text("utf-8"))),
        "hasEvidence": bool(prior.evidence),
        "isPool": bool(prior.members),
        "isShipped": True,
        **{key: recorded.get(key) for key in ("prob", "se", "label")},
    }


def first_sentence(text: str) -> str:
    """The first sentence of a paragraph, on one line.

    Parameters
    ----------
    text : str
        The paragraph.

    Returns
    -------
    str
        With its full stop.
    """
    return _SENTENCE.split(" ".join(text.split()), maxsplit=1)[0]


# --- Proposals -------------------------------------------------------------------------------------------------------


def stored_proposals() -> dict[str, dict[str, Any]]:
    """Proposals of shipped sets, for draws given their evidence.

    Returns
    -------
    dict of str to dict
        By name: ``digest`` of the set, and ``proposal`` (:func:`proposal_record`).
    """
    found: dict[str, dict[str, Any]] = json.loads(PROPOSALS.read_text("utf-8"))
    return found


def proposal_of(prior: PriorSet) -> dict[str, Any] | None:
    """The proposal that ``mc-sie run`` draws from with seed 0, where it draws from one.

    Parameters
    ----------
    prior : PriorSet
        A set with evidence.

    Returns
    -------
    dict or None
        Of :func:`proposal_record`; None where weighted draws of the prior will do, or nothing but tempering.
    """
    from mc_sie.analysis.importance.conditioning import condition

    found = condition(prior)
    if found.proposal is None:
        return None
    return proposal_record(found.proposal)


def proposal_record(proposal: Proposal) -> dict[str, Any]:
    """A proposal as plain values, with its boxes: they are what they are whatever becomes of the prior.

    Parameters
    ----------
    proposal : Proposal
        On the cube of a prior set.

    Returns
    -------
    dict
        ``dimensions``; ``priorShare``; ``cells``, each with ``box`` (ends by dimension) and ``names`` (of its own
        dimensions); and ``parts``, each with the number of its ``cell``, its ``share``, ``rotation`` (null for the
        quantities' own axes) and ``axes`` (``[number, edges, masses]``).
    """
    cells = list({cell.label: cell for cell, _ in proposal.parts}.values())
    labels = [cell.label for cell in cells]
    return {
        "dimensions": list(proposal.prior.dimensions),
        "priorShare": proposal.prior_share,
        "cells": [
            {"box": {name: list(ends) for name, ends in cell.box.items()}, "names": list(cell.names)} for cell in cells
        ],
        "parts": [
            {
                "cell": labels.index(cell.label),
                "share": part.share,
                "rotation": None if part.rotation is None else part.rotation.tolist(),
                "axes": [
                    [axis, histogram.edges.tolist(), histogram.masses.tolist()] for axis, histogram in part.axes.items()
                ],
            }
            for cell, part in proposal.parts
        ],
    }


def store_proposals(path: Path = PROPOSALS) -> None:
    """Make the stored proposals anew: ``python -m mc_sie.explorer.data``, after a change of a shipped set."""
    priors = {name: load_prior(name) for name in shipped_priors()}
    found = {}
    for name, prior in priors.items():
        proposal = None
        if prior.evidence:
            proposal = proposal_of(prior)
        if proposal is not None:
            found[name] = {"digest": prior.digest, "proposal": proposal}
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    store_proposals()
