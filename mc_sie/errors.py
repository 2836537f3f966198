"""The one family of errors that a user can cause, and how they are worded.

An error says where it happened, what was found, why that cannot be used, and what to do about it. The command line
prints the message and exits with :data:`EXIT_BAD_INPUT`; from Python the same text is the exception's ``str``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_BAD_INPUT = 2
"""Exit status of the command line for anything the user can put right."""

EXIT_RERUN = 3
"""Exit status of ``mc-sie reweight`` where the draws of the run do not answer, and the prior must be simulated."""


PART_LENGTH = 1000
"""Characters of each part of a message: whatever a user gave, no message repeats all of a long text."""


def shortened(text: str, most: int = 80) -> str:
    """Text whose middle is left out where it is long.

    Parameters
    ----------
    text : str
        Any.
    most : int
        Characters that are kept of it, from both ends.

    Returns
    -------
    str
        The text itself where it is no longer.
    """
    if len(text) <= most:
        return text
    return f"{text[: most - most // 3]} ... {text[-(most // 3) :]}"


class McSieError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(McSieError, ValueError):
    """Something the user gave cannot be used.

    Parameters
    ----------
    where : str
        File, option or argument, with the path into the document, e.g. ``priors/mine.toml: [rho] high = 1.2``.
    why : str
        What is wrong with it, as the end of a sentence that starts with ``where``, e.g. ``is not below 1``.
    remedy : str, optional
        What would be accepted, as a sentence of its own.
    """

    def __init__(self, where: str, why: str, remedy: str = "") -> None:  # noqa: D107 (the class says it)
        self.where = shortened(where, PART_LENGTH)
        self.why = shortened(why, PART_LENGTH)
        self.remedy = shortened(remedy, PART_LENGTH)
        message = f"{self.where} {self.why.rstrip('.')}."
        super().__init__(f"{message} {self.remedy}" if self.remedy else message)

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        """Its three parts, so that it comes back whole from another process."""
        return type(self), (self.where, self.why, self.remedy)


def nearest(word: str, choices: Iterable[str]) -> str:
    """A sentence that suggests the nearest of some names, and lists them when none is near.

    Parameters
    ----------
    word : str
        What the user typed.
    choices : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"Did you mean 'rho'?"`` or ``"Known: a, b, c."``.
    """
    known = list(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
