"""Files that may be broken or somebody else's, and values of records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mc_sie.errors import InputError
from mc_sie.storage import reading
from mc_sie.storage.reading import digest_of, entry, is_plain_name, open_regular, read_json


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
    monkeypatch.setattr(reading, "JSON_BYTES_HIGH", 10)
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
