"""The one family of errors that a user can cause, and their wording.

An error says where it happened, what was found, why that cannot be used, and what to do about it. The library names
arguments; the command line puts its flags in their place (:func:`mc_sie.cli.app.message_of`), prints the message and
exits with :data:`EXIT_BAD_INPUT`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

EXIT_BAD_INPUT = 2
"""Exit status of the command line for anything the user can put right."""

ERRORS_SHOWN = 20
"""Most errors of a file in one message."""

_PARTS_SHOWN = (400, 500, 900)  # characters of where, why and remedy: whatever the input, a message can be read


class McSieError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(McSieError, ValueError):
    """Something the user gave cannot be used.

    Parameters
    ----------
    where : str
        File or argument, with the path into the document, e.g. ``priors/mine.toml: [rho] high = 1.2``.
    why : str
        The fault, as the end of a sentence that starts with ``where``, e.g. ``is not below 1``.
    remedy : str, optional
        The way out, as a sentence of its own.
    """

    def __init__(self, where: str, why: str, remedy: str = "") -> None:  # noqa: D107 (the class says it)
        self.where, self.why, self.remedy = map(shortened, (where, why, remedy), _PARTS_SHOWN)
        message = f"{self.where} {self.why.rstrip('.')}."
        if self.remedy:
            message += f" {self.remedy}"
        super().__init__(message)

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        """Its three parts, so that it comes back whole from another process."""
        return type(self), (self.where, self.why, self.remedy)


class CombinedInputError(InputError):
    """Several things of one file that cannot be used, each on a line of the message.

    Parameters
    ----------
    where : str
        The file.
    errors : sequence of InputError
        Each with its place, reason and remedy; the message shows the first :data:`ERRORS_SHOWN`.
    """

    def __init__(self, where: str, errors: Sequence[InputError]) -> None:  # noqa: D107 (the class says it)
        super().__init__(where, f"has {len(errors)} errors")
        self.errors = tuple(errors)
        lines = [f"{self.where} {self.why}:", *map(str, self.errors[:ERRORS_SHOWN])]
        if len(errors) > ERRORS_SHOWN:
            lines.append(f"... and {len(errors) - ERRORS_SHOWN} more.")
        self.args = ("\n".join(lines),)

    def __reduce__(self) -> Any:
        """Its parts, so that it comes back whole from another process."""
        return type(self), (self.where, self.errors)


class Faults:
    """Errors of one file, gathered so that all are raised at once.

    Parameters
    ----------
    where : str
        The file.
    """

    def __init__(self, where: str) -> None:  # noqa: D107 (the class says it)
        self.where = where
        self.errors: list[InputError] = []

    def add(self, where: str, why: str, remedy: str = "") -> None:
        """Take an error up, with the parts of an :class:`InputError`."""
        self.errors.append(InputError(where, why, remedy))

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """A block whose errors are taken up and end it."""
        try:
            yield
        except CombinedInputError as several:
            self.errors += several.errors
        except InputError as error:
            self.errors.append(error)

    def raise_any(self) -> None:
        """Raise the error, or all of them as one."""
        found = list({str(error): error for error in self.errors}.values())
        if len(found) > 1:
            raise CombinedInputError(self.where, found)
        if found:
            raise found[0]


def shortened(text: str, n_shown: int = 80) -> str:
    """Text that a message may repeat: its beginning and its end where it is long.

    Parameters
    ----------
    text : str
        From the user, of any length.
    n_shown : int
        Most characters to show.

    Returns
    -------
    str
        ``"aaaa ... (1,048,576 characters) ... aaaa"``.
    """
    if len(text) <= n_shown:
        return text
    gap = f" ... ({len(text):,} characters) ... "
    n_ends = max(n_shown - len(gap), 2)
    return f"{text[: n_ends - n_ends // 2]}{gap}{text[len(text) - n_ends // 2 :]}"


def nearest(word: str, choices: Iterable[str]) -> str:
    """A sentence that suggests the nearest of some names, and lists them when none is near.

    Parameters
    ----------
    word : str
        The word that the user typed.
    choices : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"Did you mean 'rho'?"`` or ``"Known: a, b, c."``.
    """
    known = list(choices)
    # a word twice as long as the longest name is near to none, and comparing it would take as long as it is long
    if len(word) <= 2 * max(map(len, known), default=0):
        close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
        if close:
            return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(known)}."
