"""The one family of errors that a user can cause, and how they are worded.

An error says where it happened, what was found, why that cannot be used, and what to do about it. The command line
prints the message and exits with :data:`EXIT_BAD_INPUT`; from Python the same text is the exception's ``str``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_BAD_INPUT = 2
"""Exit status of the command line for anything the user can put right."""


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
        self.where = where
        self.why = why
        self.remedy = remedy
        super().__init__(f"{where} {why.rstrip('.')}." + (f" {remedy}" if remedy else ""))

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
