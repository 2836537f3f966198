"""A page that answers for other priors by itself: draws and densities inside, no server, nothing from elsewhere."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.distributions.base import Continuous, Distribution, Truncated
from mc_sie.distributions.mixture import Mixture
from mc_sie.explorer.densities import density_of, restated
from mc_sie.explorer.draws import (
    ESS_FEWEST,
    ESS_LOW,
    EXCEEDANCE_STEPS,
    LACKING_HIGH,
    TRAJECTORY_OOMS,
    Carried,
    theirs,
)
from mc_sie.priors import Entry, PriorSet
from mc_sie.priors.digest import plain
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS
from mc_sie.quantities import BLOCKS, GROUPS, MODES, PAIRED, QUANTITIES, TOP_OOMS
from mc_sie.quantities import group as group_of
from mc_sie.report.render import content_policy
from mc_sie.stats.estimates import BOUND_LEVEL, RARE_HITS, least_se, student_t
from mc_sie.stats.pareto import k_high

N_TIMES = 60_000
"""Steps in which the time of a trajectory is written."""

NEVER = 65_535
"""Code of a gain that is not reached."""


def explorer_page(carried: Carried, *, command: str, version: str) -> str:
    """The page.

    Parameters
    ----------
    carried : Carried
        Draws, from :func:`mc_sie.explorer.draws.carry`.
    command : str
        Command line that makes the page.
    version : str
        Of this program.

    Returns
    -------
    str
        HTML with style, script and draws inside.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    arrays = _arrays(carried)
    facts = _facts(carried, arrays)
    facts["manifest"], packed = _packed(arrays)
    folder = resources.files("mc_sie.report") / "templates"
    text = {name: (folder / name).read_text(encoding="utf-8") for name in ("report.css", "explorer.css", "explorer.js")}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    data = json.dumps(facts, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return environment.from_string((folder / "explorer.html").read_text(encoding="utf-8")).render(
        title=carried.base.title,
        style=Markup(text["report.css"] + text["explorer.css"]),
        script=Markup(text["explorer.js"]),
        policy=content_policy(text["explorer.js"]),
        data=Markup(data),
        draws=Markup(packed),
        facts={
            "prior": carried.base.name,
            "prior digest": carried.base.digest[:12],
            "draws": f"{carried.design.n_draws:,} in {carried.design.n_replicates} randomisations",
            "seed": str(carried.design.seed),
            "horizon": f"{carried.horizon_months:g} months",
            "version": f"mc_sie {version}",
            "command": command,
        },
        n_lost=int((~carried.is_counted).sum()),
        n_draws=carried.design.n_draws,
    )


def _facts(carried: Carried, arrays: dict[str, NDArray[np.generic]]) -> dict[str, Any]:
    """Everything but the arrays; adds columns of laws that the page does not know to those."""
    sets = {carried.base.name: carried.base}
    sets |= {name: one for name, one in theirs().items() if one.digest != carried.base.digest and name not in sets}
    shipped = theirs()
    ranges = _ranges(carried)
    return {
        "page": carried.base.digest[:12],
        "base": carried.base.name,
        "n": carried.design.n_draws,
        "replicates": carried.design.n_replicates,
        "horizon": carried.horizon_months,
        "window": carried.window_months,
        "events": [{"text": str(event), "words": event.in_words} for event in carried.events],
        "rule": {
            "fewest": ESS_FEWEST,
            "enough": ESS_LOW,
            "k": k_high(carried.design.n_draws),
            "lacking": LACKING_HIGH,
            "rare": RARE_HITS,
            "bound": BOUND_LEVEL,
            "t": student_t(carried.design.n_replicates - 1),
            "least": least_se(carried.design.n_replicates, 1.0),
        },
        "top": TOP_OOMS,
        "steps": EXCEEDANCE_STEPS,
        "gains": list(TRAJECTORY_OOMS),
        "times": N_TIMES,
        "never": NEVER,
        "quantities": {
            name: {
                "symbol": one.symbol,
                "unit": one.unit,
                "low": plain(one.low),
                "high": plain(one.high),
                "lowOpen": one.low_open,
                "highOpen": one.high_open,
                "scale": one.scale,
                "meaning": one.meaning,
                "modes": list(one.modes),
                "optional": one.optional,
                "determines": one.determined,
                "partners": list(REPARAMETRISATIONS[name].partners) if name in REPARAMETRISATIONS else [],
                "group": group_of(name),
                "block": next(block for block, names in BLOCKS.items() if name in names),
                "default": plain(one.default),
                "range": ranges.get(name, [0.0, 1.0]),
            }
            for name, one in QUANTITIES.items()
        },
        "groups": list(GROUPS),
        "modes": list(MODES),
        "paired": [list(pair) for pair in PAIRED],
        "codings": {
            name: {**vars(coding), "values": ["nan" if math.isnan(value) else plain(value) for value in coding.values]}
            for name, coding in carried.codings.items()
        },
        "sets": {
            name: _set(one, name in shipped and shipped[name].digest == one.digest, carried, arrays)
            for name, one in sets.items()
        },
    }


def _set(prior: PriorSet, is_shipped: bool, carried: Carried, arrays: dict[str, NDArray[np.generic]]) -> dict[str, Any]:
    return {
        "title": prior.title,
        "isShipped": is_shipped,
        "bottlenecks": prior.bottlenecks,
        "citations": list(prior.citations),
        "members": [
            {
                "weight": weight,
                "entries": {name: _entry(one, carried, arrays) for name, one in member.entries.items()},
            }
            for member, weight in prior.plain_sets
        ],
    }


def _entry(entry: Entry, carried: Carried, arrays: dict[str, NDArray[np.generic]]) -> dict[str, Any]:
    law = _law(entry.distribution)
    if law is None:
        quantity = QUANTITIES[entry.name].determined
        found = density_of(entry, quantity, carried.draws)
        with np.errstate(divide="ignore"):
            column = np.where(carried.is_exact[quantity], np.log(found.mass), found.log_density)
        name = f"law {sum(known.startswith('law ') for known in arrays)}"
        arrays[name] = column
        law = {"column": name, "quantiles": [float(x) for x in entry.distribution.ppf([0.05, 0.5, 0.95])]}
    return {
        "family": entry.family,
        "parameters": plain(entry.parameters),
        "source": entry.source,
        "judgement": entry.judgement,
        "isDefault": entry.is_default,
        "words": entry.distribution.describe(),
        "law": law,
    }


def _law(law: Distribution) -> dict[str, Any] | None:
    """A law in parts that the page can compute; None where there are others."""
    weighted = law.parts if isinstance(law, Mixture) else ((1.0, law),)
    parts = [_part(weight, part) for weight, part in weighted]
    if any(part is None for part in parts):
        return None
    return {"parts": parts, "atoms": [[plain(value), prob] for value, prob in law.atoms]}


def _part(weight: float, part: Distribution) -> dict[str, Any] | None:
    base = part.base if isinstance(part, Truncated) else part
    if not isinstance(base, Continuous) or not base.standard.kind or base.shift != 0.0:
        return None
    low, high = part.support
    return {
        "weight": weight,
        "kind": base.standard.kind,
        "shape": list(base.standard.shape),
        "at": base.location,
        "scale": base.scale,
        "isLog": base.is_log,
        "low": plain(low),
        "high": plain(high),
        "mass": part.mass if isinstance(part, Truncated) else 1.0,
    }


def _ranges(carried: Carried) -> dict[str, list[float]]:
    """Between which values the draws lie, all but one in twenty, by name of the quantity: ends of the sliders."""
    found = {}
    for name, values in {**carried.draws, **restated(carried.draws)}.items():
        numbers = np.asarray(values, dtype=np.float64)
        numbers = numbers[np.isfinite(numbers) & carried.is_counted]
        if len(numbers) and numbers.min() < numbers.max():
            spread = numbers[
                ~carried.is_exact[QUANTITIES[name].determined][np.isfinite(np.asarray(values)) & carried.is_counted]
            ]
            ends = np.quantile(spread if len(spread) > 100 else numbers, [0.03, 0.98])
            found[name] = [float(f"{end:.3g}") for end in ends]
    return found


def _arrays(carried: Carried) -> dict[str, NDArray[np.generic]]:
    times = np.rint(
        carried.months / carried.horizon_months * N_TIMES,
        where=np.isfinite(carried.months),
        out=np.full(carried.months.shape, float(NEVER)),
    )
    return {
        **{f"draws {name}": codes for name, codes in carried.codes.items()},
        "log proposal": carried.log_proposal,
        "counted": np.packbits(carried.is_counted, bitorder="little"),
        "hits": np.packbits(carried.hits, axis=1, bitorder="little").ravel(),
        "gains": carried.gain_codes,
        "shown": carried.shown.astype(np.uint32),
        "months": times.astype(np.uint16).ravel(),
    }


def _packed(arrays: Mapping[str, NDArray[np.generic]]) -> tuple[list[list[Any]], str]:
    """Where each array lies, and all of them: bytes of like place together, deflated, in base 64."""
    manifest: list[list[Any]] = []
    blocks = []
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        manifest.append([name, f"{array.dtype.kind}{array.dtype.itemsize}", array.size])
        blocks.append(little.view(np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes())
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = deflater.compress(b"".join(blocks)) + deflater.flush()
    return manifest, base64.b64encode(content).decode()
