"""Quantities set by hand, as ``name=text``: for one trajectory, or in place of the distributions of a prior set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mc_sie.errors import InputError, nearest
from mc_sie.priors.entries import Entry, entry_of_table
from mc_sie.priors.prior_set import PriorSet
from mc_sie.priors.text_entry import table_of_text
from mc_sie.quantities import QUANTITIES


def texts_of(settings: Sequence[str]) -> dict[str, str]:
    """Text of each setting, by the name before its first equals sign.

    Raises InputError for one without an equals sign, or for a name that is set twice.
    """
    texts: dict[str, str] = {}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not equals:
            raise InputError(f"settings {setting}", "is not name=value", "Write it like rho=-0.1.")
        if name in texts:
            raise InputError(f"settings {setting}", f"sets {name} a second time", "Keep one of them.")
        texts[name] = text
    return texts


def with_settings(prior: PriorSet, settings: Sequence[str]) -> PriorSet:
    """A prior set with other distributions for some quantities.

    Parameters
    ----------
    prior : PriorSet
        The set; of a pool every member is changed.
    settings : sequence of str
        ``name=text``, with text as :func:`~mc_sie.priors.text_entry.table_of_text` reads it: ``rho=-0.1``, ``r=0.7 to
        2.5`` or ``mode=continual``; an empty text takes an optional quantity away.

    Returns
    -------
    PriorSet
        The same set without settings; else one whose name ends in ``-changed`` and whose title says what was set.

    Raises
    ------
    InputError
        For a setting that cannot be read, or that the set cannot take.
    """
    if not settings:
        return prior
    changes: dict[str, Entry | None] = {}
    words = []
    for name, text in texts_of(settings).items():
        if name not in QUANTITIES:
            raise InputError(f"settings {name}", "is no quantity", nearest(name, QUANTITIES))
        changes[name] = None
        words.append(f"{name} not given")
        if text:
            table = table_of_text(name, text) | {"source": f"set by hand: {text}"}
            changes[name] = entry_of_table(name, table, f"settings {name}={text}")
            words[-1] = f"{name} = {text}"
    changed = prior.replaced(changes, f"{prior.name}-changed")
    return replace(changed, title=f"{prior.title}, with {', '.join(words)}")
