"""Files that may have been broken, or written by somebody else: read with care.

Only plain names of regular files are opened, and whatever is wrong with their content is an
:class:`~mc_sie.errors.InputError`.
"""

from __future__ import annotations

import hashlib
import json
import math
import reprlib
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

from mc_sie.errors import InputError

JSON_BYTES_HIGH = 2**25
"""Largest record that is read, bytes; those of the shipped sets have some 20 kB."""

AGAIN = "Run it again."  # not by the command in the record, which may be anybody's


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Refuse what somebody has changed or broken while it is taken apart, instead of failing at it."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(str(error.filename or where), "is not there", AGAIN) from None
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror or error}", AGAIN) from None
    except Exception as error:  # readers of foreign formats fail in ways of their own at what was broken
        reason = f"{type(error).__name__}: {error}"
        raise InputError(where, f"is not what a run has written ({reason[:200]})", AGAIN) from None


def is_plain_name(name: str) -> bool:
    """True for the name of a file in its folder, False for what leads elsewhere, be it on another system only."""
    return name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"}


def open_regular(path: Path) -> BufferedReader:
    """A file opened to be read in bytes.

    An InputError where it is no file of its own: a link may lead anywhere, and a device or a pipe may never end.
    """
    with reading(str(path)):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise InputError(str(path), "is no regular file", "Put the file itself there, or run it again.")
        return path.open("rb")


def digest_of(path: Path) -> str:
    """SHA-256 of a regular file, 64 hexadecimal digits; an InputError as of :func:`open_regular`."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The record in a JSON file: its numbers are finite and no key stands twice, or it is an InputError."""
    with reading(str(path)), open_regular(path) as file:
        body = file.read(JSON_BYTES_HIGH + 1)
        if len(body) > JSON_BYTES_HIGH:
            raise ValueError(f"more than {JSON_BYTES_HIGH:,} bytes")
        found = json.loads(body, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
        if not isinstance(found, dict):
            raise TypeError("no object in braces")
        json.dumps(found, ensure_ascii=False).encode()  # half a character, which JSON can spell, is no text
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no finite number")
    return value


Kind = TypeVar("Kind")

_KINDS: dict[type, str] = {
    str: "a text", bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "an object",
}  # fmt: skip


def entry(record: Mapping[str, Any], key: str, kind: type[Kind], where: str) -> Kind:
    """One value of a record, of the type that it must have; a whole number is a number, too.

    An InputError where there is none or it has another type; ``where`` is the record's place.
    """
    if key not in record:
        raise InputError(where, f"lacks {key!r}", AGAIN)
    value: Any = record[key]
    if kind is float and type(value) is int and abs(value) < 2**53:  # beyond, a float is not the number written
        value = float(value)
    if type(value) is not kind:  # not isinstance: true is an int in Python, but no number in a record
        raise InputError(f"{where}: {key} = {reprlib.repr(value)}", f"is not {_KINDS[kind]}", AGAIN)
    found: Kind = value
    return found


def entries(record: Mapping[str, Any], key: str, kind: type[Kind], where: str) -> tuple[Kind, ...]:
    """The values of a list in a record, each of the type that it must have; an InputError as of :func:`entry`."""
    return tuple(entry({key: value}, key, kind, where) for value in entry(record, key, list, where))
