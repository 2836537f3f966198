"""Names for people: the label of a quantity or an outcome, with the code name that has to be typed behind it."""

from __future__ import annotations

import textwrap

from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.quantities import QUANTITIES

_INDEXED = {"OOM": "k", "months": "w"}  # the letter for the index in labels of outcomes, by what it counts


def labelled(name: str, width: int | None = None) -> str:
    """A quantity or an outcome as tables and figures name it.

    Parameters
    ----------
    name : str
        Code name, of an outcome with an index as in ``best_window_months_5``; several may be joined by `` + ``.
    width : int, optional
        Characters in a line; one line if not given.

    Returns
    -------
    str
        ``"returns to software R&D (r)"``; any other name, such as one derived in a prior file, stays as it is.
    """
    shown = " + ".join(_labelled(part) for part in name.split(" + "))
    if width is None:
        return shown
    return textwrap.fill(shown, width)


def _labelled(name: str) -> str:
    if name in QUANTITIES:
        return _behind(QUANTITIES[name].label, name)
    stem, _, index = name.rpartition("_")
    if name in OUTCOME_KINDS:
        return _behind(OUTCOME_KINDS[name].label, name)
    if stem in OUTCOME_KINDS and OUTCOME_KINDS[stem].index_unit is not None:
        letter = _INDEXED[str(OUTCOME_KINDS[stem].index_unit)]
        words = [index if word == letter else word for word in OUTCOME_KINDS[stem].label.split(" ")]
        return _behind(" ".join(words), name)
    return name


def _behind(label: str, name: str) -> str:
    if label == name.replace("_", " "):  # nothing that the code name does not say
        return label
    return f"{label} ({name})"


def axis_label(name: str, unit: str = "", width: int = 40) -> str:
    """A quantity with its unit, in lines that fit below a panel of a figure."""
    if name in QUANTITIES:
        unit = QUANTITIES[name].unit
    shown = labelled(name)
    if unit not in ("", "1", "mode"):
        shown += f", {unit}"
    return textwrap.fill(shown, width)
