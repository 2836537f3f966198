"""Folders and files that are written whole, and what is read of strangers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mc_sie.errors import InputError
from mc_sie.storage import files
from mc_sie.storage.files import (
    digest_of,
    entry,
    is_plain_name,
    open_regular,
    partial_path,
    read_json,
    write_folder,
    write_whole,
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*")}


def left_by_a_process_that_was_killed(where: Path) -> Path:
    program = (
        "import sys, mc_sie.storage.files as f, pathlib; print(f.partial_path(pathlib.Path(sys.argv[1]) / 'run').name)"
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
    write_folder(Path("runs/new"), "new", lambda partial: (partial / "a").write_text("whole"))
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
    write_folder(Path("new"), "new", lambda partial: None)
    assert all(path.is_dir() for path in (mine, elsewhere, strange))
    yesterday = time.time() - files.STALE_SECONDS - 10.0
    for path in (mine, elsewhere, strange):
        os.utime(path, (yesterday, yesterday))
    write_folder(Path("newer"), "newer", lambda partial: None)
    assert everything() == {"new", "newer"}


def test_a_link_that_looks_half_written_takes_nothing_with_it():
    Path("mine").mkdir()
    Path("mine/work").write_text("mine")
    left_by_a_process_that_was_killed(Path()).symlink_to("mine")
    write_folder(Path("new"), "new", lambda partial: None)
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
    def late(partial):
        (partial / "a").write_text("mine")
        write_folder(Path("run"), "run", lambda other: (other / "a").write_text("theirs"))

    with pytest.raises(InputError, match="--out run exists already"):
        write_folder(Path("run"), "run", late)
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


# --- Read with care ---


@pytest.mark.parametrize("name", ["", ".", "..", "/", "a/b", "../a", "/etc/passwd", "a/", "a\\b", "a\0"])
def test_what_leads_out_of_a_folder_is_no_plain_name(name):
    assert not is_plain_name(name)


@pytest.mark.parametrize("name", ["run.json", "a$x^$b", "...", "mit Leerzeichen", "~", "ä"])
def test_whatever_a_file_may_be_called_is_a_plain_name(name):
    assert is_plain_name(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_only_regular_files_are_opened():
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("file").write_text("{}")
    Path("link").symlink_to("file")
    for name in ("pipe", "folder", "link", "/dev/zero"):
        for read in (open_regular, digest_of, read_json):
            with pytest.raises(InputError, match=f"{name} is no regular file"):
                read(Path(name))
    with pytest.raises(InputError, match="nothing is not there"):
        digest_of(Path("nothing"))
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        digest_of(Path("x" * 300))
    assert read_json(Path("file")) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSONDecodeError"),
        ("[1]", "no object"),
        ("{", "JSONDecodeError"),
        ('{"a": "\\ud800"}', "UnicodeEncodeError"),
        ('{"a": NaN}', "NaN is no finite number"),
        ('{"a": 1e999}', "1e999 is no finite number"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a": ' + "9" * 5000 + "}", "Exceeds the limit"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "RecursionError"),
    ],
)
def test_a_record_that_is_none_is_refused(text, why):
    Path("run.json").write_text(text)
    with pytest.raises(InputError, match=why) as refused:
        read_json(Path("run.json"))
    assert refused.value.where == "run.json"
    assert len(str(refused.value)) < 400


def test_a_record_in_other_bytes_or_beyond_measure_is_refused(monkeypatch):
    Path("run.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InputError, match="UnicodeDecodeError"):
        read_json(Path("run.json"))
    monkeypatch.setattr(files, "JSON_BYTES_HIGH", 10)
    Path("run.json").write_text('{"a": 123456}')
    with pytest.raises(InputError, match="more than 10 bytes"):
        read_json(Path("run.json"))


def test_an_entry_has_the_type_that_it_must_have():
    record = {"text": "a", "whole": 3, "number": 1.5, "truth": True, "list": [1], "object": {}}
    for key, kind in (("text", str), ("whole", int), ("number", float), ("truth", bool), ("list", list)):
        assert entry(record, key, kind, "run.json") == record[key]
    assert entry(record, "whole", float, "run.json") == 3.0
    for key, kind, said in (
        ("truth", int, "run.json: truth = True is not a whole number"),
        ("truth", float, "run.json: truth = True is not a number"),
        ("number", int, "run.json: number = 1.5 is not a whole number"),
        ("text", float, "run.json: text = 'a' is not a number"),
        ("list", dict, r"run.json: list = \[1\] is not an object"),
        ("other", str, "run.json lacks 'other'"),
    ):
        with pytest.raises(InputError, match=said):
            entry(record, key, kind, "run.json")
    with pytest.raises(InputError, match="is not a number"):
        entry({"huge": 10**400}, "huge", float, "run.json")
