"""Files and folders that are written whole or not at all, and refused before anything is computed.

What is being written stands under a hidden name beside its place and is renamed when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from mc_sie.errors import InputError
from mc_sie.storage.reading import digest_of
from mc_sie.text.escaping import to_csv

if TYPE_CHECKING:
    import pandas as pd

UNFINISHED = ".unfinished"
"""Ending of the folder of a run that is under way or was interrupted."""

RUNS_FOLDER = Path("runs")
"""Where runs go when no folder is named."""

STALE_SECONDS = 86_400.0
"""Age from which something half-written is nobody's any more: writing takes seconds, and simulating comes before it."""

Content = Union[str, "pd.DataFrame", Callable[[Path], object]]
"""Content of a file: a text, a table (written as CSV), or what writes it, given the path to write to."""

# A process is known by its number on its own machine only, and folders may be shared between machines.
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_PARTIAL = re.compile(r"\.mc-sie-(?P<host>[0-9a-f]{8})-(?P<process>\d{1,9})-[0-9a-f]{8}\.partial.*")


def partial_path(target: Path) -> Path:
    """Where something is written until it is complete: beside its place, hidden, with the same ending."""
    return target.with_name(f".mc-sie-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.partial{target.suffix}")


def unwritable(where: str, error: OSError) -> InputError:
    """The error for a place that the system refuses."""
    remedy = "Name another place, or make room and see to its permissions."
    return InputError(where, f"cannot be written: {error.strerror or error}", remedy)


# ------------------------------------------------------------------------------------------ before anything is computed


def check_file(path: Path, argument: str = "") -> None:
    """Refuse a file that cannot be written; ``argument`` is what named it, for the error."""
    where = f"{argument} {path}".lstrip()
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


def check_new(path: Path) -> None:
    """Refuse a file that exists already, or cannot be written as of :func:`check_file`."""
    check_file(path)
    if path.exists():
        raise _existing_file(path)


def check_folder(folder: Path, where: str) -> None:
    """Refuse a folder in which, or in the nearest one above it that exists, no trial folder can be made."""
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
    if folder is None:
        target = _free_folder(name, below)
    else:
        target = Path(os.path.normpath(folder))
        _refuse_existing(target)
    check_folder(target.parent, f"folder {target}")
    return target


def _free_folder(name: str, below: Path) -> Path:
    number = 1
    folder = below / name
    while folder.exists() or folder.with_name(folder.name + UNFINISHED).exists():
        number += 1
        folder = below / f"{name}-{number}"
    return folder


def _refuse_existing(folder: Path) -> None:
    try:
        exists = folder.exists() or folder.is_symlink()  # a link to nowhere does not exist, and takes the name
    except OSError as error:
        raise unwritable(f"folder {folder}", error) from None
    if exists:
        why = "exists already, and a run never overwrites another"
        raise InputError(f"folder {folder}", why, "Name a folder that does not exist.")


def _existing_file(path: Path) -> InputError:
    return InputError(str(path), "exists already", "Name a file that does not exist.")


def _is_special(path: Path) -> bool:
    """True of a device or a pipe, which has no other name to stand under meanwhile."""
    return path.exists() and not path.is_file()


# ------------------------------------------------------------------------------------------------------------- folders


def write_folder(
    folder: Path | None,
    name: str,
    files: Mapping[str, Content],
    record: Mapping[str, Any] | None = None,
    record_name: str = "run.json",
) -> Path:
    """Write a folder under another name, and give it its own when it is complete.

    Parameters
    ----------
    folder : pathlib.Path or None
        A folder that does not exist yet; None means the next free name below ``runs/``.
    name : str
        Where that free name starts.
    files : mapping of str to Content
        Contents by the names of their files, written in this order.
    record : mapping, optional
        Written last, as JSON, with a SHA-256 of every other file under ``files``.
    record_name : str
        Name of the record's file.

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
        for file_name, content in files.items():
            _write(partial / file_name, content)
        if record is not None:
            digests = {path.name: digest_of(path) for path in sorted(partial.iterdir())}
            _write(partial / record_name, json_text({**record, "files": digests}))
        return _settled(partial, target, None if folder else name)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in missing:  # innermost first; one that somebody else uses by now is not empty, and stays
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError):
            raise unwritable(f"folder {target}", error) from error
        raise


def json_text(content: Mapping[str, Any]) -> str:
    """Content as JSON for people to read; a ValueError for what JSON has no number for."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, content: Content) -> None:
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif callable(content):
        content(path)
    else:
        to_csv(content, path)


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


# --------------------------------------------------------------------------------------------------------------- files


def write_whole(path: Path, content: Content, *, is_new: bool = False) -> None:
    """Write a file under another name and rename it when it is complete, so that it is never half there.

    Parameters
    ----------
    path : pathlib.Path
        Where. A link is followed; a device or a pipe is written to as it is.
    content : Content
        What; a callable is given a path to write to that has the same ending.
    is_new : bool
        Refuse a file that is there, even one that came while this one was written.

    Raises
    ------
    InputError
        When it cannot be written, or the disk is full.
    """
    try:
        if _is_special(path) and not is_new:
            _write(path, content)
            return
        target = path.resolve()
        partial = partial_path(target)
        _remove_stale(target.parent)
        try:
            _write(partial, content)
            if is_new:
                _take_name(partial, target)
            else:
                partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except BrokenPipeError:  # whoever read our output has stopped, which the command line takes for no error
        raise
    except FileExistsError:
        raise _existing_file(path) from None
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


def write_new_text(path: Path, text: str) -> None:
    """Write a text file; an InputError where it exists already or cannot be written."""
    check_new(path)
    write_whole(path, text, is_new=True)


def write_csv(frame: pd.DataFrame, path: Path | None) -> None:
    """Write a table as CSV, whole under its final name; to standard output where there is no path."""
    if path is None:
        to_csv(frame, sys.stdout)
    else:
        write_whole(path, frame)


def write_json(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as JSON, one object a row."""
    text = frame.to_json(orient="records", indent=1, force_ascii=False)
    write_whole(path, f"{text}\n")
