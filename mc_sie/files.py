"""Files and folders that are written whole or not at all, and refused before anything is computed.

What is being written stands under a hidden name beside its place and is renamed when it is complete.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from mc_sie.errors import InputError

UNFINISHED = ".unfinished"
"""Ending of the folder of a run that is under way or was interrupted."""

_REMEDY = "Name another place, or make room and see to its permissions."


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
    return target.with_name(f".mc-sie-{os.getpid()}-{secrets.token_hex(4)}.partial{target.suffix}")


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


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name and rename it when it is complete, so that it is never half there.

    Parameters
    ----------
    path : pathlib.Path
        Where. A link is followed; a device or a pipe is written to as it is.
    write : callable
        Given the path to write to, which has the same ending.

    Raises
    ------
    InputError
        When it cannot be written, or the disk is full.
    """
    try:
        if _is_special(path):
            write(path)
            return
        target = path.resolve()
        partial = partial_path(target)
        try:
            write(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(str(path), error) from error


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()
