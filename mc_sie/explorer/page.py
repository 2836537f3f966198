"""The live page as one HTML file: modules joined, the kernel and what Python knows inside, nothing from elsewhere."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any

from mc_sie.engine.run import DRAWS_DEFAULT
from mc_sie.events import HEADLINE
from mc_sie.explorer.bundle import joined
from mc_sie.explorer.data import first_sentence, page_data, proposal_of
from mc_sie.priors import PriorSet, shipped_priors
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.report.render import content_policy

_ALLOWED = {
    "script-src": "'wasm-unsafe-eval' blob:",  # the kernel; workers made of the page's own script
    "worker-src": "blob:",
    "img-src": "blob:",  # figures saved as PNG
}


def explorer_page(
    prior: PriorSet,
    *,
    event: str = HEADLINE,
    seed: int = 0,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    n_draws: int = DRAWS_DEFAULT,
    command: str = "",
    version: str = "",
) -> str:
    """The page.

    Parameters
    ----------
    prior : PriorSet
        The set that it opens with.
    event : str
        Event that it opens with.
    seed : int
        Seed of its draws: with the same one, ``mc-sie run`` gives the same number.
    horizon_months : float
        End of each trajectory.
    n_draws : int
        Draws of the final answer.
    command : str
        Command line that makes the page.
    version : str
        Of this program.

    Returns
    -------
    str
        HTML with style, script, kernel and data inside.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = resources.files("mc_sie.explorer")
    style = (resources.files("mc_sie.report") / "templates" / "report.css").read_text(encoding="utf-8")
    style += (folder / "page" / "page.css").read_text(encoding="utf-8")
    script = joined()
    data = page_data()
    start, more = _start(prior)
    data["sets"] |= more
    if more and prior.evidence:  # a search of some seconds: the page then draws as mc-sie run does
        proposal = proposal_of(prior)
        if proposal is not None:
            data["proposals"][start] = proposal
    data |= {"start": start, "event": event, "seed": seed, "horizon": horizon_months, "draws": n_draws}
    data["layout"] = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    text = json.dumps(_plain(data), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    facts = {
        "prior": prior.name,
        "seed": str(seed),
        "horizon": f"{horizon_months:g} months",
        "version": f"mc_sie {version}",
    }
    if command:
        facts["command"] = command
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((folder / "page" / "page.html").read_text(encoding="utf-8")).render(
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(script, _ALLOWED),
        data=Markup(text),
        kernel=Markup(base64.b64encode((folder / "kernel.wasm").read_bytes()).decode()),
        facts=facts,
    )


def _start(prior: PriorSet) -> tuple[str, dict[str, Any]]:
    """The name of the set that a page opens with, and what the page does not know of it by name."""
    shipped = shipped_priors()
    if prior.name in shipped and shipped[prior.name] == prior.path:
        return prior.name, {}
    found = {member.name: _stated(member) for member, _ in prior.members if member.name not in shipped}
    name = prior.name
    if name in shipped:
        name = f"{name} (file)"
    return name, {**found, name: _stated(prior)}


def _stated(prior: PriorSet) -> dict[str, Any]:
    """A set that is not shipped, as the page holds sets."""
    return {
        "title": prior.title,
        "sentence": first_sentence(prior.description),
        "table": file_table(prior),
        "hasEvidence": bool(prior.evidence),
        "isShipped": False,
    }


def file_table(prior: PriorSet) -> dict[str, Any]:
    """The prior file that states a whole set.

    Parameters
    ----------
    prior : PriorSet
        Any set.

    Returns
    -------
    dict
        A table that extends nothing: ``mc-sie run`` takes it as a TOML file.
    """
    table: dict[str, Any] = {"title": prior.title}
    for key in ("description", "citations", "bottlenecks"):
        if value := getattr(prior, key):
            table[key] = list(value) if isinstance(value, tuple) else value
    if prior.members:
        table["pool"] = {"members": {member.name: weight for member, weight in prior.members}, "source": "mine"}
    else:
        table |= {
            name: {"family": one.family, **one.parameters, **_said(one)}
            for name, one in prior.entries.items()
            if not one.is_default
        }
        if prior.correlations:
            table["correlation"] = [
                {"between": list(one.between), "spearman": one.spearman, **_said(one)} for one in prior.correlations
            ]
    if prior.evidence:
        table["evidence"] = [
            {"name": one.name, "about": one.about, "likelihood": one.likelihood, **one.parameters, **_said(one)}
            for one in prior.evidence
        ]
    return table


def _said(one: Any) -> dict[str, Any]:
    """Remarks written beside the numbers, as far as there are any."""
    keys = ("unit", "source", "judgement", "already_used_by")
    found = {key: getattr(one, key, None) for key in keys}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items() if value}


def _plain(value: Any) -> Any:
    """A value as JSON takes it: ``"inf"``, ``"-inf"`` and ``"nan"`` are text there."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
