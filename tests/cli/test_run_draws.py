"""``run`` with draws that are kept: how many, where they are written, and what an interrupt leaves."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from tests_settings import CHEAP, INTERPRETED, SMALL, everything

import mc_sie
import mc_sie.engine.run
import mc_sie.storage.writing
from mc_sie import load_prior, simulate, summarise


def test_run_without_a_name_takes_the_next_free_one(cli, here):
    for _ in range(2):
        assert cli("run", CHEAP, *SMALL)[0] == 0
    assert {path.name for path in (here / "runs").iterdir()} == {CHEAP, f"{CHEAP}-2"}


def test_run_doubles_the_draws_until_the_error_is_reached(cli, here):
    start = ("--draws", "64", "--quiet")
    status, out, _ = cli("run", CHEAP, *start, "--target-se", "0.1", "--out", "reached")
    assert status == 0
    record = json.loads((here / "reached" / "run.json").read_text(encoding="utf-8"))
    bound = float(re.search(r"--target-se 0.1 is reached: (\S+) is the 90 % bound", out).group(1))
    assert bound < 0.1
    if record["answer"]["se"] is not None:
        assert bound == pytest.approx(record["answer"]["se"] * 1.2018, rel=0.1)  # sqrt(31 / chi2_0.1(31)) = 1.2018
    status, out, _ = cli("run", CHEAP, *start, "--target-se", "1e-6", "--max-draws", "128", "--out", "not")
    assert status == 0
    assert "--target-se 1e-06 is not reached: " in out
    assert "with 128 draws; --max-draws stops there." in out
    assert json.loads((here / "not" / "run.json").read_text(encoding="utf-8"))["design"]["n_draws"] == 128


def test_run_reports_draws_that_could_not_be_simulated(cli, here, monkeypatch):
    honest = mc_sie.simulate

    def simulate(*args, **kwargs):
        simulation = honest(*args, **kwargs)
        status = simulation.outcomes.status.copy()
        status[::8] = 4
        return replace(simulation, outcomes=replace(simulation.outcomes, status=status))

    monkeypatch.setattr("mc_sie.cli.run_draws.simulate", simulate)
    status, out, _ = cli("run", CHEAP, *SMALL)
    n = int(SMALL[1])
    assert status == 0
    assert f"{n // 8} of {n:,} draws could not be simulated; counting them as misses or as hits" in out
    assert "too_many_steps" in out
    assert "all simulated" not in out


def test_more_draws_than_memory_are_refused(cli, here, monkeypatch):
    def simulate(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("mc_sie.cli.run_draws.simulate", simulate)
    status, _, err = cli("run", CHEAP, "--draws", "1000000000", "--out", "new/run", "--quiet")
    assert status == 2
    assert "--draws 1000000000 needs more memory than there is. Ask for fewer draws, or count them" in err
    assert everything(here) == set()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("where", [(mc_sie.engine.run, "fill"), (mc_sie.storage.writing, "digest_of")])
def test_an_interrupt_leaves_nothing_half_written(cli, here, monkeypatch, number, status, where):
    def interrupted(*args, **kwargs):
        os.kill(os.getpid(), number)
        time.sleep(0.05)

    monkeypatch.setattr(*where, interrupted)
    assert cli("run", CHEAP, *SMALL, "--out", "new/run", "--threads", "1")[0::2] == (
        status,
        "mc-sie: interrupted; nothing half-written is left\n",
    )
    assert everything(here) == set()


@pytest.mark.skipif(INTERPRETED, reason="a batch takes minutes, and an interrupt waits for it")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_in_progress_can_be_interrupted(here, number, status):
    command = [sys.executable, "-m", "mc_sie", "run", CHEAP, "--draws", "2000000", "--out", "new/run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "rounded up" in process.stderr.readline()  # said just before the simulation starts
        time.sleep(0.5)
        process.send_signal(number)
        _, err = process.communicate(timeout=90)
    assert process.returncode == status
    assert "interrupted; nothing half-written is left" in err
    assert "Traceback" not in err
    assert everything(here) == set()


def test_run_without_evidence_answers_for_the_set_as_it_was(cli, here):
    assert cli("run", "economists-evidence", "--without-evidence", *SMALL, "--out", "mine")[0] == 0
    record = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    prior = load_prior("economists-evidence").without_evidence()
    n_draws, n_replicates = (record["design"][name] for name in ("n_draws", "n_replicates"))
    drawn = simulate(prior, n_draws, n_replicates=n_replicates)
    assert record["prior"]["digest"] == prior.digest
    assert record["answer"]["n_hits"] == summarise(drawn).answer.n_hits
    assert "evidence" not in record
    assert cli("verify", "mine")[0] == 0


def test_the_answer_stands_on_the_screen_before_its_folder_is_written(cli, here, monkeypatch):
    def refuse(*_, **__):
        raise mc_sie.InputError("folder run", "cannot be written: No space left on device", "Make room.")

    monkeypatch.setattr("mc_sie.cli.run_draws.write_run", refuse)
    status, out, err = cli("run", CHEAP, *SMALL, "--out", "run")
    assert status == 2
    assert "Probability that" in out
    assert "Results" not in out
    assert "No space left on device" in err
