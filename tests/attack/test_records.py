"""Folders that somebody has broken or changed: refused in one sentence, and never said to be what they are not.

Some thousand mutations of the records, tables, draws and checkpoints of small runs, the same ones every time.
"""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate, summarise
from mc_sie._jit import source_digest
from mc_sie.analysis.probability.summary import summarise_counts
from mc_sie.engine.counts import CountSpec
from mc_sie.engine.streaming import Job, stream
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, parse_event
from mc_sie.report import verification
from mc_sie.report.verification import verify
from mc_sie.sampling import plan
from mc_sie.stats.stopping import Precision
from mc_sie.storage.checkpoint import Checkpoint, Plan
from mc_sie.storage.reading import digest_of
from mc_sie.storage.records import read_record, run_spec_of
from mc_sie.storage.runs import read_run, write_run, write_streamed

pytestmark = pytest.mark.skipif(INTERPRETED, reason="simulates a run again for many of its mutations")

CHEAP = "davidson-houlden-2025"

fixed = settings(
    derandomize=True, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


# --- What is attacked ---


@dataclass(frozen=True)
class Original:
    """A run's folder as it was written; :meth:`again` gives a copy to be changed."""

    folder: Path
    work: Path
    record: dict[str, Any]

    def again(self) -> Path:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.folder, self.work)
        return self.work


def original(folder: Path) -> Original:
    return Original(folder, folder.with_name(f"{folder.name}-changed"), json.loads((folder / "run.json").read_text()))


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Original:
    drawn = simulate(load_prior(CHEAP), 64, n_replicates=4)
    return original(write_run(tmp_path_factory.mktemp("k") / "run", drawn, summarise(drawn, HEADLINE), command="it"))


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> Original:
    job = small_job()
    streamed = stream(job, threads=1)
    summary = summarise_counts(streamed)
    return original(write_streamed(tmp_path_factory.mktemp("c") / "run", streamed, summary, command="it"))


def small_job() -> Job:
    prior, design = load_prior(CHEAP), plan(64, n_replicates=4)
    spec = CountSpec(parse_event(HEADLINE), (5.0,), (), 240.0, tuple(prior.dimensions), only_event=True)
    return Job(prior, design, spec, batch=4)


@pytest.fixture(params=["kept", "counted"])
def run(request, monkeypatch) -> Original:
    """One of the two; what is to be made again unchanged is not simulated again each time."""
    found = request.getfixturevalue(request.param)
    make, asked = verification._done_again, question(found.record)

    def remembering(record, target, *how):
        return found.folder if question(record) == asked else make(record, target, *how)

    monkeypatch.setattr(verification, "_done_again", remembering)
    return found


def question(record: dict[str, Any]) -> str:
    keys = ("method", "prior", "event", "design", "horizon_months", "levels", "widths", "draws_kept", "only_event")
    return json.dumps([record.get(key) for key in (*keys, "all_outcomes")], sort_keys=True)


def passes(folder: Path) -> bool:
    """Whether a folder is said to be as it was; anything but a refusal or a comparison is an error of the test."""
    for read in (read_run, lambda place: run_spec_of(read_record(place), "run.json")):
        refusal(read, folder)
    found = refusal(lambda place: verify(place, threads=1), folder)
    return not isinstance(found, InputError) and len(found.drift) == 0


def refusal(read, folder: Path) -> Any:
    """What came of reading a folder, or why it was refused; anything else is an error of the test."""
    try:
        return read(folder)
    except InputError as refused:
        told = refused
    assert len(str(told)) < 10_000
    return told


def sign(folder: Path) -> None:
    """Put the digests of the files as they are into the record, as an attacker would."""
    record = json.loads((folder / "run.json").read_text())
    record["files"] = {name: digest_of(folder / name) for name in record["files"]}
    (folder / "run.json").write_text(json.dumps(record))


# --- How ---

HOSTILE = st.sampled_from(
    [
        None, True, False, 0, 1, -1, 2**63, 10**400, 0.5, -0.0, 1e308, 5e-324, "", " ", "0", "nan", "x", "../../X",
        "/etc/passwd", "/dev/zero", "a\0b", "\x1b[31m", "\u202e", "\ud800", "best_window_months[5] < 12 ", [], {}, [[]],
        [None], ["a"], {"a": 1}, [1.0] * 1000, "9" * 5000, {"prior": {"prior": {}}},
    ]
)  # fmt: skip

UNLIKE = {"command", "python", "machine", "processor", "device", "versions", "wall_seconds"}
"""Keys of a record that nothing makes again."""


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a record, of nested ones too."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*path, key) for key, _ in parts] + [deep for key, part in parts for deep in places(part, (*path, key))]


def changed(data: st.DataObject, record: dict[str, Any]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """A record with one value replaced, moved a little, renamed or left out; and where."""
    path = data.draw(st.sampled_from(places(record)))
    found = copy.deepcopy(record)
    at = found
    for key in path[:-1]:
        at = at[key]
    old = at[path[-1]]
    how = data.draw(st.sampled_from(["replaced", "moved", "left out", "renamed"]))
    if how == "moved" and isinstance(old, (int, float)) and not isinstance(old, bool):
        at[path[-1]] = old + 1 if old == 0 else old * 1.01 if isinstance(old, float) else old + 1
    elif how == "moved" and isinstance(old, str):
        at[path[-1]] = old + data.draw(st.sampled_from(["x", " ", "1", "\n"]))
    elif how == "left out":
        del at[path[-1]]
    elif how == "renamed" and isinstance(at, dict):
        at[data.draw(st.sampled_from(["", "../x", "x", "se", "/dev/zero", "a\0b", "\ud800"]))] = at.pop(path[-1])
    else:
        at[path[-1]] = data.draw(HOSTILE)
    return found, path


def is_same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def broken(data: st.DataObject, body: bytes) -> bytes:
    """Some bytes cut off, flipped, doubled, or others altogether."""
    how = data.draw(st.sampled_from(["cut", "flipped", "doubled", "others", "none"]))
    place = data.draw(st.integers(0, max(len(body) - 1, 0)))
    if how == "cut":
        return body[:place]
    if how == "flipped" and body:
        mask = data.draw(st.integers(1, 255))
        return body[:place] + bytes([body[place] ^ mask]) + body[place + 1 :]
    if how == "doubled":
        return body[:place] + body
    if how == "others":
        return data.draw(
            st.sampled_from([b"\0" * 100, b"PAR1" + b"\xff" * 60 + b"PAR1", b"PK\3\4", b"\x89HDF\r\n\x1a\n"])
        )
    return b""


# --- The record ---


@settings(fixed, max_examples=60)
@given(data=st.data())
def test_no_change_of_a_record_passes(run, data):
    record, path = changed(data, run.record)
    folder = run.again()
    (folder / "run.json").write_text(json.dumps(record))
    known = {key: part for key, part in run.record.items() if key in record or key != "prior_sha256"}
    assert passes(folder) <= (is_same(record, known) or path[0] in UNLIKE or is_in_no_file(run, path))


def is_in_no_file(run: Original, path: tuple[Any, ...]) -> bool:
    """True for a gain in OOM that was simulated beside those of the tables: no file of the run holds a number of it."""
    if path[0] != "levels" or len(path) == 1:
        return False
    return f"months_to[{run.record['levels'][path[1]]:g}]," not in (run.folder / "quantiles.csv").read_text()


@settings(fixed, max_examples=40)
@given(data=st.data())
def test_a_broken_record_is_refused(run, data):
    folder = run.again()
    body = (folder / "run.json").read_bytes()
    (folder / "run.json").write_bytes(broken(data, body))
    try:
        record = json.loads((folder / "run.json").read_text())
        is_like = is_same(
            *({key: part for key, part in one.items() if key not in UNLIKE} for one in (record, run.record))
        )
    except (ValueError, AttributeError):
        is_like = False
    assert passes(folder) <= is_like


HOSTILE_NAMES = (
    "",
    ".",
    "..",
    "../run.json",
    "/etc/passwd",
    "a/b",
    "run.json",
    "x" * 300,
    "a\0b",
    "\\\\host\\a",
    "\ud800",
)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_of_a_file_leads_anywhere(run, name):
    folder = run.again()
    record = copy.deepcopy(run.record)
    record["files"][name] = "0" * 64
    (folder / "run.json").write_text(json.dumps(record))
    assert not passes(folder)


def test_every_file_must_be_on_the_list(run):
    for names in ((), *((name,) for name in run.record["files"])):
        folder = run.again()
        kept_files = {name: run.record["files"][name] for name in names}
        (folder / "run.json").write_text(json.dumps({**run.record, "files": kept_files}))
        assert not passes(folder)
        for path in folder.iterdir():  # nor does it pass when what is off the list is gone
            if path.name not in (*names, "run.json"):
                path.unlink()
        assert not passes(folder)


def test_a_file_that_no_such_run_writes_does_not_pass(run):
    folder = run.again()
    (folder / "more.csv").write_text("prob\n0.9\n")
    assert not passes(folder)
    record = {**run.record, "files": {**run.record["files"], "more.csv": digest_of(folder / "more.csv")}}
    (folder / "run.json").write_text(json.dumps(record))
    assert not passes(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link"])
def test_only_regular_files_are_read(run, kind):
    for name in (*run.record["files"], "run.json"):
        folder = run.again()
        (folder / name).unlink()
        if kind == "pipe":
            os.mkfifo(folder / name)
        elif kind == "folder":
            (folder / name).mkdir()
        else:
            (folder / name).symlink_to("/dev/zero" if kind == "device" else run.folder / name)
        assert not passes(folder)


def test_a_prior_named_like_a_path_writes_nowhere(kept):
    for name in ("../../X", "/tmp/X", "..", "", "a/b", "a\\b"):
        folder = kept.again()
        (folder / "run.json").write_text(json.dumps({**kept.record, "prior": {**kept.record["prior"], "name": name}}))
        with pytest.raises(InputError, match=r"run\.json: prior"):
            run_spec_of(read_record(folder), str(folder / "run.json"))


# --- Files ---


@settings(fixed, max_examples=60)
@given(data=st.data(), is_signed=st.booleans())
def test_no_change_of_a_file_passes(run, data, is_signed):
    folder = run.again()
    name = data.draw(st.sampled_from(sorted(run.record["files"])))
    body = (folder / name).read_bytes()
    (folder / name).write_bytes(broken(data, body))
    if is_signed:
        sign(folder)
    if passes(folder):  # bytes that say nothing, such as padding
        then, now = (verification._READERS.get(Path(name).suffix)(place / name) for place in (run.folder, folder))
        assert is_signed or (folder / name).read_bytes() == body
        assert list(then) == list(now)
        for column, array in then.items():
            if array.dtype.kind == "f":  # as far as numbers are compared
                np.testing.assert_allclose(array, now[column], rtol=verification.SAME)
            else:
                np.testing.assert_array_equal(array, now[column])


@settings(fixed, max_examples=60)
@given(data=st.data())
def test_no_change_of_a_table_passes(run, data):
    folder = run.again()
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    tables = {name: readers[Path(name).suffix](folder / name) for name in sorted(run.record["files"])
              if Path(name).suffix in readers and (folder / name).stat().st_size > 1}  # fmt: skip
    name = data.draw(st.sampled_from([name for name, table in tables.items() if table.size]))
    frame = tables[name]
    row, column = (data.draw(st.integers(0, size - 1)) for size in frame.shape)
    how = data.draw(st.sampled_from(["cell", "row", "column", "name", "kind"]))
    old = frame.iloc[row, column]
    if how == "cell":
        if isinstance(old, (float, np.floating)):
            new = 0.5 if not math.isfinite(old) or old == 0.0 else data.draw(st.sampled_from([old * 1.01, 0.0, -old]))
        elif isinstance(old, (bool, np.bool_)):
            new = not old
        elif isinstance(old, (int, np.integer)):
            new = old + 1
        else:
            frame = frame.astype({frame.columns[column]: object})
            new = "another"
        frame.iloc[row, column] = new
    elif how == "row":
        frame = frame.drop(index=row)
    elif how == "column":
        frame = frame.drop(columns=frame.columns[column])
    elif how == "name":
        frame = frame.rename(columns={frame.columns[column]: "x"})
    else:
        frame = frame.astype({frame.columns[column]: object})
        frame.iloc[:, column] = "x"
    frame.to_csv(folder / name, index=False) if name.endswith(".csv") else frame.to_parquet(folder / name, index=False)
    sign(folder)
    assert not passes(folder)


# --- Checkpoints ---


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> tuple[Path, Plan, np.ndarray]:
    """A run that was stopped after six of sixteen batches."""
    folder, begun, saved = tmp_path_factory.mktemp("s"), Plan(small_job(), Precision(), 16, "it"), []

    def stop(done, _):
        if done == 24:
            raise KeyboardInterrupt

    checkpoint = Checkpoint.begin(folder / "run", begun)
    with pytest.raises(KeyboardInterrupt):
        stream(begun.job, threads=1, progress=stop, checkpoint=lambda rows: saved.append(rows.copy()))
    checkpoint.save(saved[-1])
    return checkpoint.folder, begun, saved[-1]


def resumed(folder: Path) -> tuple[Plan, np.ndarray] | None:
    """What a run would go on from; None where it is refused."""
    found = refusal(lambda place: Checkpoint.find(place).read(), folder)
    return None if isinstance(found, InputError) else found


def copied(stopped: tuple[Path, Plan, np.ndarray]) -> Path:
    work = stopped[0].with_name("changed.unfinished")
    shutil.rmtree(work, ignore_errors=True)
    return Path(shutil.copytree(stopped[0], work))


def test_what_was_stopped_goes_on(stopped):
    found = resumed(copied(stopped))
    assert found is not None
    assert found[0].job.design == stopped[1].job.design
    np.testing.assert_array_equal(found[1], stopped[2])


@settings(fixed, max_examples=500)
@given(data=st.data(), is_signed=st.booleans())
def test_no_change_of_a_plan_is_taken_for_the_plan(stopped, data, is_signed):
    folder = copied(stopped)
    text = json.loads((folder / "plan.json").read_text())
    record, _ = changed(data, text)
    (folder / "plan.json").write_text(json.dumps(record))
    with np.load(folder / "counts.npz") as stored:
        parts = dict(stored)
    if is_signed:
        parts["digest"] = np.array(Checkpoint(folder)._digest(parts["counts"], parts["columns"]))
        np.savez(folder / "counts.npz", **parts)
    found = resumed(folder)
    if not is_signed:
        assert found is None
    if found is not None:  # another run that could have been begun, and it says so
        assert record["program"] == source_digest()
        assert str(found[0].job.spec.event) == str(parse_event(record["event"]))
        assert found[0].job.design.seed == record["design"]["seed"]


@settings(fixed, max_examples=500)
@given(data=st.data(), name=st.sampled_from(["counts.npz", "plan.json"]))
def test_a_broken_checkpoint_is_refused(stopped, data, name):
    folder = copied(stopped)
    body = broken(data, (folder / name).read_bytes())
    (folder / name).write_bytes(body)
    found = resumed(folder)
    if found is not None:  # bytes that say nothing
        np.testing.assert_array_equal(found[1], stopped[2])


@settings(fixed, max_examples=60)
@given(data=st.data())
def test_counts_of_another_kind_are_refused(stopped, data):
    folder = copied(stopped)
    with np.load(folder / "counts.npz") as stored:
        parts = dict(stored)
    name = data.draw(st.sampled_from(sorted(parts)))
    kinds = [
        np.array(0), np.zeros(0), np.zeros((0, 0), dtype=np.int64), np.array(["x"]), np.array([np.nan]),
        np.array([2**63], dtype=np.uint64), np.zeros((4, 3, 2), dtype=np.int64), np.array([True]), np.zeros(10**6),
        parts[name].astype(str), parts[name].T.copy(), parts[name][..., None],
    ]  # fmt: skip
    if name != "digest":
        kinds += [parts[name] + 1, -parts[name], parts[name].astype(float), parts[name][::-1].copy(), parts[name][:-1]]
    parts[name] = kinds[data.draw(st.integers(0, len(kinds) - 1))]
    if name != "digest" and data.draw(st.booleans()):
        with suppress(ValueError, RuntimeWarning):  # no numbers
            parts["digest"] = np.array(Checkpoint(folder)._digest(parts["counts"], parts["columns"]))
    np.savez(folder / "counts.npz", **parts)
    found = resumed(folder)
    if found is not None:
        np.testing.assert_array_equal(found[1], stopped[2])
