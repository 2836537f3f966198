"""Names for people: labels of quantities and outcomes, with the code name behind them where somebody has to type it,
and with the symbol where it is only read.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.quantities import MODES, QUANTITIES

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


_GREEK = ("alpha", "beta", "lambda", "rho", "sigma", "mu", "phi", "psi", "eta", "chi", "tau", "Delta", "Lambda")
_LETTERS = re.compile("|".join(_GREEK))
_BEHIND = re.compile(rf" \(({'|'.join(QUANTITIES)}|(?:{'|'.join(OUTCOME_KINDS)})(?:_[\d.]+)?)\)")
_CODES = (*(name for name in (*QUANTITIES, *MODES) if "_" in name), "rho", "lam", "r")  # none that is a word
_BARE = re.compile(rf"(?<![\w('./=-])(?<![*/=] )({'|'.join(_CODES)})(?![\w\['(=./-])(?! [*/=])")


def symbol(name: str) -> str:
    """The symbol of a quantity in Greek: ``"τ₀"`` for ``training_months``."""
    greek = _LETTERS.sub(_letter, QUANTITIES[name].symbol)
    return re.sub(r"_([012])", lambda found: "₀₁₂"[int(found[1])], greek)


def _letter(found: re.Match[str]) -> str:
    case = "SMALL"
    if found[0].istitle():
        case = "CAPITAL"
    return unicodedata.lookup(f"GREEK {case} LETTER {found[0].upper().replace('LAMBDA', 'LAMDA')}")


def for_readers(text: str) -> str:
    """A text in which code names have given way to symbols behind a label, and to labels elsewhere.

    Parameters
    ----------
    text : str
        Anything said of quantities and outcomes, such as ``"returns to software R&D (r)"``.

    Returns
    -------
    str
        What a reader needs who types nothing.
    """
    return _BARE.sub(lambda found: _without_code(found[1]), _BEHIND.sub(_symbol_behind, text))


def _symbol_behind(found: re.Match[str]) -> str:
    if found[1] in QUANTITIES and found[1] != "mode":
        return f" ({symbol(found[1])})"
    return ""


def _without_code(name: str) -> str:
    if name in QUANTITIES:
        return QUANTITIES[name].label
    return name.replace("_", " ")


_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def plain_number(value: float, digits: int = 3) -> str:
    """A number as it is said: ``"10.6 million"``, ``"35,000"``, ``"0.126"``, and the power of ten beyond a thousand
    trillion.
    """
    if value != value or abs(value) < 1e4 or abs(value) >= 1e15:
        return f"{value:.{digits}g}"
    rounded = float(f"{value:.{digits}g}")
    for size, word in _LARGE:
        if abs(rounded) >= size:
            return f"{rounded / size:.{digits}g} {word}"
    return f"{rounded:,.0f}"


def axis_label(name: str, unit: str = "", width: int = 40) -> str:
    """A quantity with its unit, in lines that fit below a panel of a figure."""
    if name in QUANTITIES:
        unit = QUANTITIES[name].unit
    shown = for_readers(labelled(name))
    if unit not in ("", "1", "mode"):
        shown += f", {unit}"
    return textwrap.fill(shown, width)
