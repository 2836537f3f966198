"""Folders and files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from mc_sie.errors import InputError
from mc_sie.storage.writing import STALE_SECONDS, partial_path, write_folder, write_whole


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*")}


def left_by_a_process_that_was_killed(where: Path) -> Path:
    program = (
        "import sys, pathlib, mc_sie.storage.writing as writing; "
        "print(writing.partial_path(pathlib.Path(sys.argv[1]) / 'run').name)"
    )
    told = subprocess.run([sys.executable, "-c", program, str(where)], capture_output=True, text=True, check=True)
    return where / told.stdout.strip()


# --- Written whole ---


def test_what_a_killed_process_left_is_removed_by_the_next_that_writes_there():
    Path("runs").mkdir()
    folder, file = (left_by_a_process_that_was_killed(Path("runs")) for _ in "12")
    folder.mkdir()
    (folder / "draws.parquet").write_text("half")
    file.write_text("half")
    write_folder(Path("runs/new"), "new", {"a": "whole"})
    assert everything() == {"runs", "runs/new", "runs/new/a"}
    file.write_text("half")
    write_whole(Path("runs/page.html"), lambda partial: partial.write_text("whole"))
    assert everything() == {"runs", "runs/new", "runs/new/a", "runs/page.html"}


def test_what_another_process_writes_at_the_moment_stays():
    mine = partial_path(Path("run"))
    elsewhere = Path(".mc-sie-00000000-1-00000000.partial")  # of another machine, whose processes nobody knows here
    strange = Path(".mc-sie-something.partial")
    for path in (mine, elsewhere, strange):
        path.mkdir()
    write_folder(Path("new"), "new", {})
    assert all(path.is_dir() for path in (mine, elsewhere, strange))
    yesterday = time.time() - STALE_SECONDS - 10.0
    for path in (mine, elsewhere, strange):
        os.utime(path, (yesterday, yesterday))
    write_folder(Path("newer"), "newer", {})
    assert everything() == {"new", "newer"}


def test_a_link_that_looks_half_written_takes_nothing_with_it():
    Path("mine").mkdir()
    Path("mine/work").write_text("mine")
    left_by_a_process_that_was_killed(Path()).symlink_to("mine")
    write_folder(Path("new"), "new", {})
    assert everything() == {"mine", "mine/work", "new"}


def test_of_two_that_write_one_file_one_wins_and_the_other_is_told():
    barrier, errors = threading.Barrier(2, timeout=60), []

    def write(text):
        def slowly(partial):
            partial.write_text(text)
            barrier.wait()

        try:
            write_whole(Path("page.html"), slowly, is_new=True)
        except InputError as error:
            errors.append(str(error))

    both = [threading.Thread(target=write, args=(text,)) for text in ("one", "other")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert errors == ["page.html exists already. Name a file that does not exist."]
    assert Path("page.html").read_text() in ("one", "other")
    assert everything() == {"page.html"}


def test_of_two_that_write_one_folder_one_wins_and_the_other_is_told():
    def late(path):
        path.write_text("mine")
        write_folder(Path("run"), "run", {"a": "theirs"})

    with pytest.raises(InputError, match="folder run exists already"):
        write_folder(Path("run"), "run", {"a": late})
    assert everything() == {"run", "run/a"}
    assert Path("run/a").read_text() == "theirs"


def test_where_the_disk_has_no_links_a_new_file_is_new_all_the_same(monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_whole(Path("a"), lambda partial: partial.write_text("one"), is_new=True)
    with pytest.raises(InputError, match="a exists already"):
        write_whole(Path("a"), lambda partial: partial.write_text("other"), is_new=True)
    assert Path("a").read_text() == "one"
    assert everything() == {"a"}


def test_a_folder_holds_texts_tables_whatever_else_writes_and_a_record_with_their_digests():
    files = {"a.txt": "ä\n", "b.csv": pd.DataFrame({"x": [1.5, 2.0]}), "c": lambda path: path.write_bytes(b"\0")}
    folder = write_folder(None, "name", files, {"prob": 0.25})
    assert folder == Path("runs/name")
    contents = {"a.txt": "ä\n".encode(), "b.csv": b"x\n1.5\n2.0\n", "c": b"\0"}
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"} == contents
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert json.loads((folder / "run.json").read_text()) == {"prob": 0.25, "files": digests}


def test_a_record_that_json_has_no_number_for_leaves_nothing():
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_folder(None, "name", {"a": "text"}, {"prob": float("nan")})
    assert everything() == set()
