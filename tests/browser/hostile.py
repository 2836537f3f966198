"""Links that somebody else made, to be opened on any page that takes its view from its address.

``tests/data/hostile_links.json`` lists them: what is wrong, what should come of it, and the parts of the link. A part
that ends in ``_text`` stands as it is, one that ends in ``_json`` is encoded as it is, ``changes`` and ``theirs`` are
encoded as a page does it.

"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

from tests_settings import DATA

WORDS = "WORDS OF THE LINK"
"""What no page may show, whatever a link says."""

_FILE = DATA / "hostile_links.json"


def encoded(text: str) -> str:
    """Base 64 as in addresses."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def flat(changes: Any) -> Any:
    """Changes as a link of the page states them: parameters beside the family."""
    if not isinstance(changes, dict):
        return changes
    found = {}
    for name, one in changes.items():
        found[name] = one
        if isinstance(one, dict) and isinstance(one.get("parameters"), dict):
            found[name] = {**{key: value for key, value in one.items() if key != "parameters"}, **one["parameters"]}
    return found


def fragment(link: dict[str, Any]) -> str:
    """What follows the page's address."""
    given = {"v": "1", "set": "davidson-2025", "event": "best_window_months[5] < 12", "look": "rho"}
    for key, value in link.items():
        name, _, form = key.partition("_")
        name = {"start": "set"}.get(name, name)
        if form == "json":
            value = encoded(value)
        elif not form and name in ("changes", "theirs"):
            value = encoded(json.dumps(flat(value)))
        given[name] = value
    return "#" + urlencode(given)


def hostile_links() -> list[tuple[str, str, str]]:
    """Name, outcome and fragment of each."""
    links = json.loads(_FILE.read_text(encoding="utf-8"))
    part = {"weight": 1, "family": "uniform", "low": -0.4, "high": -0.1}
    many = {"rho": {"family": "mixture", "parameters": {"components": [part] * 2000}}}
    links += [
        {"name": "thousands of parts", "outcome": "refused", "link": {"changes": many}},
        {"name": "deep nesting", "outcome": "refused", "link": {"changes_json": "[" * 20_000 + "]" * 20_000}},
    ]
    return [(one["name"], one["outcome"], fragment(one["link"])) for one in links]
