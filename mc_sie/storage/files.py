"""Files and folders that are written whole or not at all, refused before anything is computed, and read with care.

What is being written stands under a hidden name beside its place and is renamed when it is complete. What is read may
have been broken, or written by somebody else: only plain names of regular files are opened, and whatever is wrong with
their content is an :class:`~mc_sie.errors.InputError`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
import reprlib
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from mc_sie.errors import InputError

UNFINISHED = ".unfinished"
"""Ending of the folder of a run that is under way or was interrupted."""

RUNS_FOLDER = Path("runs")
"""Where runs go when no folder is named."""

JSON_BYTES_HIGH = 2**25
"""Largest record that is read, bytes; those of the shipped sets have some 20 kB."""

STALE_SECONDS = 86_400.0
"""Age from which something half-written is nobody's any more: writing takes seconds, and simulating comes before it."""

_REMEDY = "Name another place, or make room and see to its permissions."
AGAIN = "Run it again."  # not by the command in the record, which may be anybody's

# A process is known by its number on its own machine only, and folders may be shared between machines.
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_PARTIAL = re.compile(r"\.mc-sie-(?P<host>[0-9a-f]{8})-(?P<process>\d{1,9})-[0-9a-f]{8}\.partial.*")


# ------------------------------------------------------------------------------------------------------------ writing


def partial_path(target: Path) -> Path:
    """Where something is written until it is complete: beside its place, with the same ending.

    Parameters
    ----------
    target : pathlib.Path
        Where it will be.

    Returns
    -------
    pathlib.Path
        A hidden name that nobody else has.
    """
    return target.with_name(f".mc-sie-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.partial{target.suffix}")


def unwritable(where: str, error: OSError) -> InputError:
    """The error for a place that the system refuses.

    Parameters
    ----------
    where : str
        Option and path.
    error : OSError
        What the system said.

    Returns
    -------
    InputError
        To be raised.
    """
    return InputError(where, f"cannot be written: {error.strerror or error}", _REMEDY)


def check_file(path: Path, option: str = "") -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    option : str
        Option that named it, for the error.

    Raises
    ------
    InputError
        When it is a folder, or its folder does not exist or takes no new file.
    """
    where = f"{option} {path}".lstrip()
    try:
        if path.is_dir():
            raise InputError(where, "is a folder", "Name a file.")
        if not path.parent.is_dir():
            raise InputError(where, f"cannot be written: there is no folder {path.parent}", "Make it first.")
        if path.exists() and not os.access(path, os.W_OK):
            raise InputError(where, "cannot be written: it is read-only", "Name another file.")
        if not _is_special(path):
            trial = partial_path(path.resolve())
            trial.touch(exist_ok=False)
            trial.unlink()
    except OSError as error:
        raise unwritable(where, error) from None


def check_folder(folder: Path, where: str) -> None:
    """Refuse a folder that cannot be made or takes no files, without making it.

    Parameters
    ----------
    folder : pathlib.Path
        The folder; it and those above it need not exist.
    where : str
        Option and path, for the error.

    Raises
    ------
    InputError
        When a trial folder in it, or in the nearest folder above it that exists, cannot be made.
    """
    try:
        existing = folder
        while not existing.exists():
            existing = existing.parent
        trial = partial_path(existing / "trial")
        trial.mkdir()
        trial.rmdir()
    except OSError as error:
        raise unwritable(where, error) from None


def check_target(folder: Path | None, name: str, below: Path = RUNS_FOLDER) -> Path:
    """The folder a run will be written to, checked before anything is simulated, and without leaving a trace.

    Parameters
    ----------
    folder : pathlib.Path or None
        What the user asked for; None means the next free name.
    name : str
        Name of the prior set, for that free name.
    below : pathlib.Path
        Where that free name is looked for.

    Returns
    -------
    pathlib.Path
        A path that does not exist yet, in a folder that can be written to or made.

    Raises
    ------
    InputError
        When it exists, or cannot be made.
    """
    target = _free_folder(name, below) if folder is None else Path(os.path.normpath(folder))
    if folder is not None:
        _refuse_existing(target)
    check_folder(target.parent, f"--out {target}")
    return target


def write_folder(folder: Path | None, name: str, write: Callable[[Path], object]) -> Path:
    """Write a folder under another name, and give it its own when it is complete.

    Parameters
    ----------
    folder : pathlib.Path or None
        A folder that does not exist yet; None means the next free name below ``runs/``.
    name : str
        Where that free name starts.
    write : callable
        Given the folder to write to, which is there and empty.

    Returns
    -------
    pathlib.Path
        The folder, all of it. Whatever stops the writing leaves nothing, and what killed processes left half-written
        beside it is removed.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """
    target = check_target(folder, name)
    missing = [parent for parent in target.parents if not parent.exists()]
    partial = partial_path(target.parent / "run")
    try:
        partial.mkdir(parents=True)
        _remove_stale(target.parent)
        write(partial)
        return _settled(partial, target, None if folder else name)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in missing:  # innermost first; one that somebody else uses by now is not empty, and stays
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError):
            raise unwritable(f"--out {target}", error) from error
        raise


def _settled(partial: Path, target: Path, name: str | None) -> Path:
    """Give a complete folder its name: the next free one where another run has taken it in the meantime."""
    while True:
        if name is None:
            _refuse_existing(target)
        elif target.exists():
            target = _free_folder(name, target.parent)
        try:
            partial.rename(target)  # refused by the system where somebody else's folder stands by now
            return target
        except OSError:
            if not target.exists():
                raise


def _free_folder(name: str, below: Path) -> Path:
    number, folder = 1, below / name
    while folder.exists() or folder.with_name(folder.name + UNFINISHED).exists():
        number += 1
        folder = below / f"{name}-{number}"
    return folder


def _refuse_existing(folder: Path) -> None:
    try:
        exists = folder.exists() or folder.is_symlink()
    except OSError as error:
        raise unwritable(f"--out {folder}", error) from None
    if exists:
        why = "exists already, and a run never overwrites another"
        raise InputError(f"--out {folder}", why, "Name a folder that does not exist.")


def _remove_stale(folder: Path) -> None:
    """Remove what killed processes have left half-written in a folder."""
    for path in folder.glob(".mc-sie-*.partial*"):
        with suppress(OSError):  # gone by now, or somebody else's
            if not _is_stale(path):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _is_stale(partial: Path) -> bool:
    if time.time() - partial.lstat().st_mtime > STALE_SECONDS:
        return True
    named = _PARTIAL.fullmatch(partial.name)
    return named is not None and named["host"] == _HOST and not _is_alive(int(named["process"]))


def _is_alive(process: int) -> bool:
    if os.name != "posix":  # elsewhere the signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def write_whole(path: Path, write: Callable[[Path], object], *, is_new: bool = False) -> None:
    """Write a file under another name and rename it when it is complete, so that it is never half there.

    Parameters
    ----------
    path : pathlib.Path
        Where. A link is followed; a device or a pipe is written to as it is.
    write : callable
        Given the path to write to, which has the same ending.
    is_new : bool
        Refuse a file that is there, even one that came while this one was written.

    Raises
    ------
    InputError
        When it cannot be written, or the disk is full.
    """
    try:
        if _is_special(path) and not is_new:
            write(path)
            return
        target = path.resolve()
        partial = partial_path(target)
        _remove_stale(target.parent)
        try:
            write(partial)
            if is_new:
                _take_name(partial, target)
            else:
                partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except BrokenPipeError:
        raise
    except FileExistsError:
        raise existing_file(str(path)) from None
    except OSError as error:
        raise unwritable(str(path), error) from error


def _take_name(partial: Path, target: Path) -> None:
    """Give a complete file its name, unless that is taken: in one operation, where the disk has one for it."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without links: the empty file holds the name for the moment
        target.touch(exist_ok=False)
        partial.replace(target)


def existing_file(where: str) -> InputError:
    """The error for a file that is there and would be overwritten.

    Parameters
    ----------
    where : str
        Option and path.

    Returns
    -------
    InputError
        To be raised.
    """
    return InputError(where, "exists already", "Name a file that does not exist.")


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


# ------------------------------------------------------------------------------------------------------------ reading


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Refuse what somebody has changed or broken while it is taken apart, instead of failing at it.

    Parameters
    ----------
    where : str
        The file or folder, for the error.

    Raises
    ------
    InputError
        With what could not be understood.
    """
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
        why = f"is not what a run has written ({reason[:200]})"
        raise InputError(where, why, AGAIN) from None


def is_plain_name(name: str) -> bool:
    """True for the name of a file in its folder, False for what leads out of it or nowhere.

    Parameters
    ----------
    name : str
        Of unknown origin.

    Returns
    -------
    bool
        False also for names that lead elsewhere on another system only.
    """
    return name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"}


def check_regular(path: Path) -> None:
    """Refuse what is no file of its own: a link may lead anywhere, and a device or a pipe may never end.

    Parameters
    ----------
    path : pathlib.Path
        Of a file that is to be read.

    Raises
    ------
    InputError
        When it is not there, or no regular file.
    """
    with reading(str(path)):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise InputError(str(path), "is no regular file", "Put the file itself there, or run it again.")


def open_regular(path: Path) -> BinaryIO:
    """A file, opened to be read.

    Parameters
    ----------
    path : pathlib.Path
        Its place.

    Returns
    -------
    binary file
        At its beginning.

    Raises
    ------
    InputError
        When it is not there, cannot be read, or is no regular file.
    """
    check_regular(path)
    with reading(str(path)):
        return path.open("rb")


def digest_of(path: Path) -> str:
    """SHA-256 of a file.

    Parameters
    ----------
    path : pathlib.Path
        A regular file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The record in a JSON file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    dict
        Its numbers are finite, and no key stands twice.

    Raises
    ------
    InputError
        When it cannot be read, or holds anything else.
    """
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
    """One value of a record, of the type that it must have.

    Parameters
    ----------
    record : mapping
        From :func:`read_json`.
    key : str
        Its key.
    kind : type
        One that JSON has; a whole number is a number, too.
    where : str
        Where the record stands, for errors.

    Returns
    -------
    str, bool, int, float, list or dict
        The value.

    Raises
    ------
    InputError
        When there is none, or one of another type.
    """
    if key not in record:
        raise InputError(where, f"lacks {key!r}", AGAIN)
    value: Any = record[key]
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not kind:
        raise InputError(f"{where}: {key} = {reprlib.repr(value)}", f"is not {_KINDS[kind]}", AGAIN)
    found: Kind = value
    return found
