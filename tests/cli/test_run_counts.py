"""Runs in constant memory: interrupted, killed, gone on with, refused."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import INTERPRETED

import mc_sie.engine.run
import mc_sie.storage.checkpoint
from mc_sie import load_prior
from mc_sie.analysis.probability.summary import event_estimate
from mc_sie.engine import streaming
from mc_sie.engine.counts import CountSpec
from mc_sie.engine.streaming import Job
from mc_sie.events import parse_event
from mc_sie.sampling import plan
from mc_sie.stats.stopping import Precision
from mc_sie.storage.checkpoint import Checkpoint

CHEAP = "davidson-houlden-2025"
SMALL = ("--draws", "64", "--replicates", "4", "--quiet") if INTERPRETED else ("--draws", "4096", "--quiet")


def counts(folder: str) -> dict[str, np.ndarray]:
    with np.load(Path(folder) / "counts.npz") as stored:
        return dict(stored)


def test_a_run_without_draws_answers_like_one_with(cli):
    status, out, _ = cli("run", CHEAP, "--out", "kept", *SMALL)
    assert status == 0
    status, other, _ = cli("run", CHEAP, "--out", "counted", "--no-draws", *SMALL)
    assert status == 0
    sentence = next(line for line in out.split("\n") if "Monte Carlo SE" in line or "binomial 95 %" in line)
    assert sentence in other
    for name in ("thresholds", "modes", "statuses"):
        assert Path("kept", f"{name}.csv").read_text() == Path("counted", f"{name}.csv").read_text()
    record = json.loads(Path("counted/run.json").read_text())
    assert record["draws_kept"] is False
    assert record["quantiles_relative_error"] == 0.005
    assert set(record["files"]) == {path.name for path in Path("counted").iterdir()} - {"run.json"}
    curves = pd.read_csv("counted/curves.csv")
    assert set(curves["quantity"]) == {"r", "lam", "limit_ooms", "speedup_initial"}
    assert not Path("counted.unfinished").exists()


@pytest.mark.skipif(INTERPRETED, reason="starts the program as a user does")
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(cli):
    program = (
        "import sys, mc_sie.engine.streaming as s; s.CHECKPOINT_SECONDS = 0.1\n"
        "from mc_sie.__main__ import main; sys.argv[0] = 'mc-sie'; main()"
    )
    asked = ("run", "davidson-2025", "--no-draws", "--draws", "131072", "--quiet", "--threads", "1")
    status, whole, _ = cli(*asked, "--out", "whole")
    assert status == 0
    for signal_number, part in ((signal.SIGINT, "interrupted"), (signal.SIGKILL, "killed")):
        command = [sys.executable, "-c", program, *asked, "--out", part]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        stored = Path(f"{part}.unfinished/counts.npz")
        deadline = time.monotonic() + 60
        while not (stored.exists() and stored.stat().st_size > 30_000) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal_number)
        _, err = process.communicate(timeout=60)
        assert not Path(part).exists()
        if signal_number == signal.SIGINT:
            assert process.returncode == 130
            assert err.endswith(f"go on with: mc-sie resume {part}\nmc-sie: interrupted; what was counted is kept\n")
        status, resumed, err = cli("resume", part, "--quiet")
        assert status == 0
        assert "Going on after" in err
        one, other = counts("whole"), counts(part)
        assert set(one) == set(other)
        for name, array in one.items():
            np.testing.assert_array_equal(array, other[name])
        assert resumed.split("\n")[3] == whole.split("\n")[3]
        assert not Path(f"{part}.unfinished").exists()


@pytest.fixture
def interrupted(cli, monkeypatch):
    """A run that was stopped after three batches, in ``run.unfinished``."""
    count_batch, monkey = streaming.count_batch, {"left": 3}

    def stopping(*arguments):
        monkey["left"] -= 1
        if monkey["left"] < 0:
            raise KeyboardInterrupt
        return count_batch(*arguments)

    Path("mine.toml").write_text(f'title = "mine"\nextends = "{CHEAP}"\n')
    with monkeypatch.context() as patch:
        patch.setattr(streaming, "count_batch", stopping)
        patch.setattr(streaming, "BATCH_DEFAULT", 4)
        where = ("--out", "run", "--draws", "64", "--replicates", "4", "--quiet", "--threads", "1")
        assert cli("run", "mine.toml", "--no-draws", *where)[0] != 0
    return Path("run.unfinished")


def test_resume_finishes_what_was_begun(cli, interrupted):
    assert interrupted.is_dir()
    status, _, err = cli("run", "mine.toml", "--no-draws", "--out", "run", *SMALL)
    assert status == 2
    assert "run.unfinished holds a run that was interrupted, or is under way. Go on with it: mc-sie resume run" in err
    status, out, err = cli("resume", str(interrupted), "--quiet")
    assert status == 0
    assert "Going on after 12 draws." in err
    assert "64 draws" in out
    status, _, err = cli("resume", "run")
    assert status == 2
    assert "run is complete." in err


def test_resume_refuses_another_prior(cli, interrupted):
    Path("mine.toml").write_text(Path("mine.toml").read_text().replace("mine", "other") + "[r]\nfamily = \"fixed\"\n"
                                 "value = 2.0\nunit = \"1\"\nsource = \"me\"\n")  # fmt: skip
    status, _, err = cli("resume", "run")
    assert status == 2
    assert "was begun with another prior" in err
    assert interrupted.is_dir()


def test_resume_refuses_another_program(cli, interrupted, monkeypatch):
    monkeypatch.setattr(mc_sie.storage.checkpoint, "source_digest", lambda: "another")
    status, _, err = cli("resume", "run")
    assert status == 2
    assert "was begun with another version of the program" in err


@pytest.mark.parametrize(("name", "text"), [("counts.npz", "no"), ("plan.json", "{")])
def test_resume_refuses_broken_files(cli, interrupted, name, text):
    (interrupted / name).write_text(text)
    status, _, err = cli("resume", "run")
    assert status == 2
    assert f"run.unfinished/{name} is not what a run has written" in err


def rewrite_plan(folder: Path, change) -> None:
    """Change a plan as somebody would who knows how the counts are tied to it."""
    text = json.loads((folder / "plan.json").read_text())
    change(text)
    with np.load(folder / "counts.npz") as stored:
        parts = dict(stored)
    (folder / "plan.json").write_text(json.dumps(text))
    parts["digest"] = np.array(Checkpoint(folder)._digest(parts["counts"], parts["columns"]))
    np.savez(folder / "counts.npz", **parts)


CHANGES = {
    "event": lambda plan: plan.update(event="best_window_months[3] < 12"),
    "seed": lambda plan: plan["design"].update(seed=5),
    "horizon": lambda plan: plan.update(horizon_months=120.0),
    "scheme": lambda plan: plan["design"].update(scheme="philox"),
    "command": lambda plan: plan.update(command="mc-sie run agnostic"),
    "start": lambda plan: plan.update(start=8),
}


@pytest.mark.parametrize("name", CHANGES)
def test_counts_are_taken_under_their_own_plan_only(cli, interrupted, name):
    text = json.loads((interrupted / "plan.json").read_text())
    CHANGES[name](text)
    (interrupted / "plan.json").write_text(json.dumps(text))
    status, _, err = cli("resume", "run")
    assert status == 2
    assert "run.unfinished/" in err
    assert not Path("run").exists()
    if name != "start":
        assert "counts.npz does not belong to this plan.json, or has been changed" in err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plan: plan.pop("event"), "plan.json lacks 'event'"),
        (lambda plan: plan.update(event=5), "plan.json: event = 5 is not a text"),
        (lambda plan: plan.update(event="often"), "plan.json cannot be gone on with: --event 'often' is not an event"),
        (lambda plan: plan.update(event="months_to[5] < 999"), "plan.json cannot be gone on with: --event "),
        (lambda plan: plan.update(event="best_window[7] < 12"), "does not simulate what 'best_window_months[7] < 12'"),
        (lambda plan: plan.update(horizon_months=-1), "plan.json cannot be gone on with: --horizon-months -1"),
        (lambda plan: plan.update(horizon_months="12"), "plan.json: horizon_months = '12' is not a number"),
        (lambda plan: plan.update(levels=[5.0, 99.0]), "cannot be gone on with: levels: 99 OOM is outside"),
        (lambda plan: plan.update(levels=5.0), "plan.json: levels = 5.0 is not a list"),
        (lambda plan: plan.update(widths=["a"]), "plan.json: widths = 'a' is not a number"),
        (lambda plan: plan["design"].update(seed=-1), "cannot be gone on with: --seed -1 is out of range"),
        (lambda plan: plan["design"].update(scheme="best"), "cannot be gone on with: --scheme best is not a"),
        (lambda plan: plan["design"].update(n_replicates=1), "cannot be gone on with: --replicates 1 is out of"),
        (lambda plan: plan["design"].update(n_draws=128), "plan.json: design is none that a run has"),
        (lambda plan: plan["design"].update(n_per_replicate=32, n_draws=128), "design is none that a run has"),
        (lambda plan: plan.update(design=None), "plan.json: design = None is not an object"),
        (lambda plan: plan.update(start=0), "cannot be gone on with: --draws 0 is out of range"),
        (lambda plan: plan.update(batch=3), "plan.json: batch = 3 is no power of two up to 16"),
        (lambda plan: plan.update(batch=0), "plan.json: batch = 0 is no power of two up to 16"),
        (lambda plan: plan.update(batch=8), "counts.npz does not hold the counts of whole batches"),
        (
            lambda plan: plan.update(precision={"target_se": 2.0, "rel_se": None}),
            "--target-se 2 is not between 0 and 1",
        ),
        (lambda plan: plan.update(precision=[]), "plan.json: precision = [] is not an object"),
        (lambda plan: plan.update(prior="/nowhere.toml"), "/nowhere.toml"),
        (lambda plan: plan.update(program=""), "was begun with another version of the program"),
    ],
)
def test_a_plan_is_checked_like_a_new_run(cli, interrupted, change, said):
    rewrite_plan(interrupted, change)
    status, _, err = cli("resume", "run")
    assert status == 2
    assert said in err
    assert not Path("run").exists()


def rewrite_counts(folder: Path, change) -> None:
    with np.load(folder / "counts.npz") as stored:
        parts = dict(stored)
    change(parts)
    if {"counts", "digest"} <= set(parts):
        parts["digest"] = np.array(Checkpoint(folder)._digest(parts["counts"], parts["columns"]))
    np.savez(folder / "counts.npz", **parts)


def half_a_batch(parts):
    parts["counts"] = parts["counts"] // 2


def one_hit_more(parts):
    parts["counts"][0, np.flatnonzero(parts["counts"][0])[-1]] += 1


@pytest.mark.parametrize(
    "change",
    [
        half_a_batch,
        lambda parts: parts.update(counts=-parts["counts"]),
        lambda parts: parts.update(counts=parts["counts"][::-1].copy()),
        lambda parts: parts.update(counts=parts["counts"].astype(float)),
        lambda parts: parts.update(columns=parts["columns"] + 10**9),
        lambda parts: parts.update(columns=-parts["columns"]),
        lambda parts: parts.update(counts=parts["counts"][:2]),
        lambda parts: parts.update(more=np.zeros(10**7)),
        lambda parts: parts.pop("digest"),
        lambda parts: parts.pop("counts"),
    ],
)
def test_counts_that_no_run_has_are_refused(cli, interrupted, change):
    rewrite_counts(interrupted, change)
    status, _, err = cli("resume", "run")
    assert status == 2
    assert "run.unfinished/counts.npz" in err
    assert not Path("run").exists()


def test_counts_that_were_edited_are_refused(cli, interrupted):
    with np.load(interrupted / "counts.npz") as stored:
        parts = dict(stored)
    one_hit_more(parts)
    np.savez(interrupted / "counts.npz", **parts)
    status, _, err = cli("resume", "run")
    assert status == 2
    assert "counts.npz does not belong to this plan.json, or has been changed. Start again." in err


@pytest.mark.parametrize("run", [".", "..", "/", "x" * 300, "file", "file/run"])
def test_resume_of_what_is_no_run_is_refused(cli, here, run):
    Path("file").touch()
    status, _, err = cli("resume", run)
    assert status == 2
    assert "is no interrupted run" in err


def test_resume_takes_the_folder_that_one_stands_in(cli, interrupted, monkeypatch):
    monkeypatch.chdir(interrupted)
    assert cli("resume", ".", "--quiet")[0] == 0


@pytest.mark.skipif(INTERPRETED, reason="needs some thousand draws")
@pytest.mark.parametrize("is_asked_first", [True, False])
@pytest.mark.parametrize("n_questions", [1, 2, 3])
def test_a_run_that_is_stopped_at_a_stopping_test_ends_where_it_should(monkeypatch, here, n_questions, is_asked_first):
    """Interrupted before or after the first, second or third question whether it is enough."""
    prior, design = load_prior(CHEAP), plan(256, n_replicates=4)
    spec = CountSpec(parse_event("best_window[5] < 12"), (5.0,), (12.0,), 240.0, tuple(prior.dimensions))
    job = Job.growing(prior, design, spec, 4096)
    sought = Precision(target_se=0.02)

    def is_enough(counts):
        return sought.is_reached(event_estimate(spec, counts, "sobol"), 4)

    whole = streaming.stream(job, is_enough=is_enough, threads=1)
    assert design.n_draws < whole.design.n_draws < 4096
    saved, asked = [], []

    def interrupting(counts):
        answer = is_asked_first and is_enough(counts)
        asked.append(1)
        if len(asked) == n_questions:
            raise KeyboardInterrupt
        return answer or is_enough(counts)

    try:
        part = streaming.stream(
            job, is_enough=interrupting, threads=1, checkpoint=lambda rows: saved.append(rows.copy())
        )
    except KeyboardInterrupt:
        part = streaming.stream(job, saved[-1], is_enough=is_enough, threads=1)
    assert part.design == whole.design
    np.testing.assert_array_equal(part.rows, whole.rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resume", "nothing"), "nothing is no interrupted run. There is no nothing.unfinished/plan.json."),
        (("run", CHEAP, "--no-draws", "--all-outcomes"), "--all-outcomes stores draws, and --no-draws keeps none."),
        (("run", CHEAP, "--only-event", "--all-outcomes"), "--only-event takes one outcome, and --all-outcomes takes"),
        (("run", CHEAP, "--rel-se", "2"), "--rel-se 2 is not between 0 and 1."),
    ],
)
def test_what_is_refused_leaves_nothing(cli, here, arguments, message):
    status, _, err = cli(*arguments)
    assert status == 2
    assert message in err
    assert list(here.iterdir()) == []


@pytest.mark.skipif(INTERPRETED, reason="needs some thousand draws")
def test_draws_are_doubled_until_the_precision_is_reached(cli):
    asked = ("run", CHEAP, "--rel-se", "0.01", "--draws", "1024", "--quiet")
    status, kept, _ = cli(*asked, "--out", "kept")
    assert status == 0
    status, counted, _ = cli(*asked, "--no-draws", "--out", "counted")
    assert status == 0
    reached = [line for line in kept.split("\n") if "--rel-se 0.01 is reached" in line]
    assert len(reached) == 1
    assert reached[0] in counted
    one, other = (json.loads(Path(name, "run.json").read_text()) for name in ("kept", "counted"))
    assert one["design"] == other["design"]
    assert one["answer"] == other["answer"]
    status, out, _ = cli("run", CHEAP, "--target-se", "1e-9", "--draws", "1024", "--max-draws", "2048", "--no-draws",
                         "--quiet", "--out", "short")  # fmt: skip
    assert status == 0
    assert "is not reached" in out
    assert "2,048 draws" in out


compiled = pytest.mark.skipif(INTERPRETED, reason="a pilot of sixteen thousand draws")


@compiled
def test_a_set_given_evidence_is_counted_with_its_weights(cli, here):
    asked = ("run", "economists-evidence", "--no-draws", "--only-event", *SMALL)
    status, out, err = cli(*asked, "--out", "mine")
    assert status == 0, err
    assert "given 4 pieces of evidence" in out
    assert re.search(r"Given the evidence: .*, worth [\d,]+ of equal weight", " ".join(out.split()))
    record = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    assert record["answer"]["ess"] == pytest.approx(record["evidence"]["ess"])
    assert record["evidence"]["before"]["prob"] < record["answer"]["prob"]
    with np.load(here / "mine" / "counts.npz") as counts:
        assert counts["hits_weights"].shape == counts["hits_squares"].shape == counts["hits"].shape
    status, out, err = cli("verify", "mine")
    assert status == 0, out + err
    status, out, _ = cli("run", "economists-evidence", "--without-evidence", *asked[2:], "--out", "bare")
    assert status == 0
    assert "of evidence" not in out
    bare = json.loads((here / "bare" / "run.json").read_text(encoding="utf-8"))
    assert bare["prior"]["digest"] == load_prior("economists-evidence").without_evidence().digest
    assert "evidence" not in bare


@compiled
@pytest.mark.parametrize("options", [(), ("--without-evidence",)])
def test_an_interrupted_run_given_evidence_goes_on_to_the_same_counts(cli, here, monkeypatch, options):
    asked = ("run", "economists-evidence", "--no-draws", "--only-event", *SMALL, *options)
    assert cli(*asked, "--out", "whole")[0] == 0
    count_batch, left = streaming.count_batch, [40]

    def stopping(job, number):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return count_batch(job, number)

    monkeypatch.setattr(streaming, "BATCH_HITS", 8)
    monkeypatch.setattr(streaming, "count_batch", stopping)
    status, _, err = cli(*asked, "--out", "part", "--threads", "1")
    assert status != 0
    assert "mc-sie resume part" in err
    monkeypatch.setattr(streaming, "count_batch", count_batch)
    status, _, err = cli("resume", "part", "--quiet")
    assert status == 0, err
    with np.load(here / "whole" / "counts.npz") as whole, np.load(here / "part" / "counts.npz") as part:
        for name in whole.files:
            np.testing.assert_array_equal(whole[name], part[name])
