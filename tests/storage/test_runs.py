"""A run's folder: what is in it, and that it is there whole or not at all."""

import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mc_sie import load_prior, simulate, summarise
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.quantities import MODES
from mc_sie.storage import runs, writing
from mc_sie.storage.records import is_run
from mc_sie.storage.runs import write_run
from mc_sie.storage.writing import check_target

FILES = {"draws.parquet", "modes.csv", "quantiles.csv", "statuses.csv", "thresholds.csv"}


@pytest.fixture
def summary(simulation):
    return summarise(simulation, "best_window[2.5] < 11.5")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# --- What is in it ---


def test_the_record_says_what_was_asked_and_what_came_out(simulation, summary, tmp_path):
    folder = write_run(tmp_path / "run", simulation, summary, command="mc-sie run davidson-2025")
    assert folder == tmp_path / "run"
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    design = simulation.design
    assert record["prior"]["digest"] == simulation.prior.digest
    assert record["prior"]["entries"]["r"]["parameters"] == {"low": 0.4, "high": 3.6}
    assert "Davidson" in record["prior"]["entries"]["r"]["source"]
    assert record["design"] == {
        "scheme": "sobol",
        "seed": 11,
        "n_replicates": design.n_replicates,
        "n_per_replicate": design.n_per_replicate,
        "n_draws": design.n_draws,
    }
    assert record["event"] == "best_window_months[2.5] < 11.5"
    held = summary.event.holds(simulation.outcomes)
    assert record["answer"]["prob"] == held.mean()
    assert record["answer"]["n_hits"] == held.sum()
    assert record["sentence"] == summary.sentence
    assert record["statuses"] == {"ok": design.n_draws}
    assert record["prob_bounds"] == [held.mean(), held.mean()]
    assert record["horizon_months"] == 240.0
    assert record["levels"] == [1, 2.5, 3, 5, 8]
    assert record["widths"] == [4, 12, 24]
    assert record["command"] == "mc-sie run davidson-2025"
    assert record["wall_seconds"] >= 0.0
    assert record["versions"]["numpy"] == np.__version__
    assert record["versions"]["pandas"] == pd.__version__


def test_the_record_lets_the_run_be_made_again(simulation, summary, tmp_path):
    write_run(tmp_path / "run", simulation, summary, command="")
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    design = record["design"]
    again = simulate(
        load_prior(record["prior"]["name"]),
        design["n_draws"],
        seed=design["seed"],
        scheme=design["scheme"],
        n_replicates=design["n_replicates"],
        horizon_months=record["horizon_months"],
        levels=record["levels"],
        widths=record["widths"],
    )
    assert again.prior.digest == record["prior"]["digest"]
    assert summarise(again, record["event"]).answer == summary.answer


def test_the_digests_are_those_of_the_files(simulation, summary, tmp_path):
    folder = write_run(tmp_path / "run", simulation, summary, command="")
    files = json.loads((folder / "run.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == FILES
    assert everything(folder) == FILES | {"run.json"}
    for name, digest in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_tables_are_those_of_the_summary(failing, tmp_path):
    summary = summarise(failing)
    folder = write_run(tmp_path / "run", failing, summary, command="")
    for name in ("thresholds", "quantiles", "modes", "statuses"):
        read = pd.read_csv(folder / f"{name}.csv", keep_default_na=name != "statuses")
        pd.testing.assert_frame_equal(read, getattr(summary, name), check_dtype=False, rtol=1e-14)


def test_a_record_of_failures_is_valid_json(failing, tmp_path):
    outcomes = replace(failing.outcomes, status=np.full(len(failing.outcomes), 5, dtype=np.int8))
    failed = replace(failing, outcomes=outcomes)
    folder = write_run(tmp_path / "run", failed, summarise(failed), command="")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert record["answer"]["prob"] is None
    assert record["prob_bounds"] == [0.0, 1.0]


def test_draws_hold_what_varies_and_the_main_outcomes(simulation, summary, tmp_path):
    folder = write_run(tmp_path / "run", simulation, summary, command="")
    frame = pd.read_parquet(folder / "draws.parquet")
    assert list(frame) == [
        "replicate", "rho", "r", "mode", "lam", "limit_ooms", "software_doubling_months", "training_months",
        "training_floor_months", "retraining_compute_share", "event", "status", "months_to_5", "best_window_months_5",
        "best_gain_ooms_12", "first_year_ooms", "pace_initial", "pace_peak", "first_year_progress_years",
        "best_year_progress_years", "end", "best_window_months_2.5",
    ]  # fmt: skip
    assert frame["replicate"].tolist() == simulation.replicate.tolist()
    np.testing.assert_array_equal(frame["r"], simulation.draws["r"])
    assert list(frame["mode"]) == [MODES[code] for code in simulation.draws["mode"]]
    np.testing.assert_array_equal(frame["event"], summary.event.holds(simulation.outcomes))
    np.testing.assert_array_equal(frame["best_window_months_2.5"], simulation.outcomes.best_window_months[:, 1])
    np.testing.assert_array_equal(frame["event"], frame["best_window_months_2.5"] < 11.5)


def test_all_outcomes_are_stored_on_request(simulation, summary, tmp_path):
    folder = write_run(tmp_path / "run", simulation, summary, command="", all_outcomes=True)
    frame = pd.read_parquet(folder / "draws.parquet")
    assert set(simulation.outcomes.to_frame()) < set(frame)


def test_draws_of_a_pool_name_the_member_and_leave_absent_quantities_empty(pooled):
    frame = pooled.to_frame(all_outcomes=False)
    members = [member.name for member, _ in pooled.prior.members]
    assert list(frame["prior_set"]) == [members[index] for index in pooled.draws["prior_set"]]
    gives = frame["prior_set"] == "davidson-houlden-2025"
    np.testing.assert_array_equal(frame["speedup_initial"].notna(), gives)


def test_two_levels_that_look_alike_keep_their_columns(here):
    prior = load_prior("davidson-houlden-2025")
    event = "best_window[5.0000001] < 12"
    simulation = simulate(prior, 32, n_replicates=2, levels=(5, 5.0000001))
    folder = write_run(here / "run", simulation, summarise(simulation, event), command="")
    assert "best_window_months_5.0000001" in pd.read_parquet(folder / "draws.parquet")


# --- Whole or not at all ---


class Boom(BaseException):
    """Something nobody expects, such as an interrupt."""


@pytest.mark.parametrize(
    ("module", "victim"),
    [(runs, "draws_frame"), (writing, "to_csv"), (writing, "digest_of")],
)
@pytest.mark.parametrize("error", [Boom(), KeyboardInterrupt(), ValueError("x")])
def test_a_failure_in_the_middle_leaves_nothing(simulation, summary, here, monkeypatch, module, victim, error):
    def fail(*args, **kwargs):
        assert any(here.rglob("*.partial"))  # the work is under way, out of sight
        assert not (here / "deep" / "er" / "run").exists()
        raise error

    monkeypatch.setattr(module, victim, fail)
    with pytest.raises(type(error)):
        write_run(here / "deep" / "er" / "run", simulation, summary, command="")
    assert everything(here) == set()


def test_a_full_disk_leaves_nothing_and_is_an_input_error(simulation, summary, here, monkeypatch):
    def fail(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "digest_of", fail)
    with pytest.raises(InputError, match=r"folder .*run cannot be written: No space left on device\. Name another"):
        write_run(Path("run"), simulation, summary, command="")
    assert everything(here) == set()


def test_a_folder_that_was_there_before_stays(simulation, summary, here, monkeypatch):
    (here / "mine").mkdir()
    monkeypatch.setattr(writing, "digest_of", lambda path: (_ for _ in ()).throw(Boom()))
    with pytest.raises(Boom):
        write_run(here / "mine" / "new" / "run", simulation, summary, command="")
    assert everything(here) == {"mine"}


def test_a_run_is_never_written_over(simulation, summary, here):
    write_run(Path("run"), simulation, summary, command="first")
    before = (here / "run" / "run.json").read_bytes()
    with pytest.raises(InputError, match="exists already, and a run never overwrites another"):
        write_run(Path("run"), simulation, summary, command="second")
    assert (here / "run" / "run.json").read_bytes() == before


def test_a_run_that_appears_meanwhile_is_not_written_over(simulation, summary, here, monkeypatch):
    part = runs.draws_frame

    def slow(*args, **kwargs):
        (here / "run").mkdir()
        (here / "run" / "run.json").write_text("theirs")
        return part(*args, **kwargs)

    monkeypatch.setattr(runs, "draws_frame", slow)
    with pytest.raises(InputError, match="exists already"):
        write_run(Path("run"), simulation, summary, command="")
    assert everything(here) == {"run", "run/run.json"}
    assert (here / "run" / "run.json").read_text() == "theirs"


def test_runs_without_a_name_take_the_next_free_one(simulation, summary, here):
    folders = [write_run(None, simulation, summary, command="") for _ in range(3)]
    assert [folder.as_posix() for folder in folders] == [
        "runs/davidson-2025", "runs/davidson-2025-2", "runs/davidson-2025-3",
    ]  # fmt: skip


def test_two_runs_at_once_both_keep_their_results(simulation, summary, here, monkeypatch):
    barrier, part = threading.Barrier(2, timeout=60), runs.draws_frame

    def together(*args, **kwargs):
        barrier.wait()  # both have chosen the same free name by now
        return part(*args, **kwargs)

    monkeypatch.setattr(runs, "draws_frame", together)
    both = [threading.Thread(target=write_run, args=(None, simulation, summary), kwargs={"command": ""}) for _ in "12"]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert {path.name for path in (here / "runs").iterdir()} == {"davidson-2025", "davidson-2025-2"}
    for folder in (here / "runs").iterdir():
        assert everything(folder) == FILES | {"run.json"}


# --- The check beforehand ---


def test_checking_leaves_no_trace(here):
    assert check_target(Path("a/b/c"), "x") == Path("a/b/c")
    assert check_target(None, "x") == Path("runs/x")
    assert everything(here) == set()


@pytest.mark.parametrize("folder", ["", ".", "..", "file", "folder", "missing/..", "dangling"])
def test_what_exists_is_refused(here, folder):
    (here / "file").touch()
    (here / "folder").mkdir()
    (here / "dangling").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"folder .* exists already.* Name a folder that does not exist\."):
        check_target(Path(folder), "x")


@pytest.mark.parametrize("folder", ["file/run", "file/deep/run", "/proc/run", "/proc/deep/run", "x" * 300])
def test_what_cannot_be_made_is_refused(here, folder):
    if folder.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    (here / "file").touch()
    with pytest.raises(InputError) as caught:
        check_target(Path(folder), "x")
    assert caught.value.where == f"folder {folder}"
    assert caught.value.why.startswith("cannot be written: ")
    assert everything(here) == {"file"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(here):
    (here / "locked").mkdir(mode=0o500)
    with pytest.raises(InputError, match="Permission denied"):
        check_target(Path("locked/run"), "x")


def test_the_longest_name_that_the_disk_takes_is_taken(simulation, summary, here):
    assert write_run(Path("x" * 255), simulation, summary, command="").is_dir()


# --- Reading it back ---

DESIGN = {"scheme": "sobol", "seed": 0, "n_replicates": 4, "n_per_replicate": 4, "n_draws": 16}


@pytest.mark.parametrize("name", ["davidson-2025", "agnostic", "economists", "davidson-2025-explicit"])
def test_a_run_reads_back_as_it_was(name, tmp_path):
    simulation = simulate(load_prior(name), 512, n_replicates=4, levels=(5.0, 2.5))
    event = parse_event("best_window[2.5] < 11.5")
    write_run(tmp_path / "run", simulation, summarise(simulation, event), command="mc-sie run")
    here = sample_of(simulation, event)
    for path in (tmp_path / "run", tmp_path / "run" / "run.json"):
        assert is_run(path)
        stored = runs.read_run(path).sample
        assert stored.prior.digest == here.prior.digest
        assert (stored.design, stored.horizon_months, stored.event) == (here.design, here.horizon_months, event)
        assert list(stored.draws) == list(here.draws)
        for quantity, values in here.draws.items():
            assert stored.draws[quantity].dtype == values.dtype
            np.testing.assert_array_equal(stored.draws[quantity], values)
        np.testing.assert_array_equal(stored.hits, here.hits)
        np.testing.assert_array_equal(stored.is_ok, here.is_ok)
        np.testing.assert_array_equal(stored.replicate, simulation.replicate)
    other = runs.read_run(tmp_path / "run", parse_event("months_to[5] < 24")).sample
    np.testing.assert_array_equal(other.hits, parse_event("months_to[5] < 24").holds(simulation.outcomes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"design": {}}, r"run.json: design lacks 'seed'"),
        ({"design": None}, "run.json: design = None is not an object"),
        ({"design": DESIGN | {"n_replicates": 1, "n_draws": 4}}, "n_replicates = 1 is out of"),
        ({"design": DESIGN | {"scheme": "best"}}, "scheme = best is not a"),
        ({"design": DESIGN | {"seed": -1}}, "seed = -1 is out of range"),
        ({"design": DESIGN | {"seed": 1.5}}, "design: seed = 1.5 is not a whole number"),
        ({"design": DESIGN | {"n_draws": 17}}, "design: n_draws = 17 is not 16"),
        (
            {"design": DESIGN | {"n_per_replicate": 5, "n_draws": 20}},
            "n_per_replicate = 5 cannot be drawn: sobol takes 8",
        ),
        ({"event": 5}, "run.json: event = 5 is not a text"),
        ({"event": "often"}, "cannot be asked again: event = 'often' is not an event"),
        ({"event": "months_to[5] < 300"}, "cannot be asked again: .* trajectories end after"),
        ({"horizon_months": None}, "horizon_months = None is not a number"),
        ({"horizon_months": -1}, "cannot be asked again: horizon_months = -1"),
        ({"prior": {}}, "run.json: prior describes no prior set"),
        ({"prior": [1]}, r"run.json: prior = \[1\] is not an object"),
        ({"files": None}, "run.json: files = None is not an object"),
        ({"files": {"/etc/passwd": "0"}}, "files leads out of the folder: '/etc/passwd'"),
        ({"files": {"../run.json": "0"}}, "files leads out of the folder: '../run.json'"),
        ({"files": {"..": "0"}}, "files leads out of the folder: '..'"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused_by_its_name(simulation, summary, tmp_path, changes, said):
    path = write_run(tmp_path / "run", simulation, summary, command="mc-sie run davidson-2025") / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    with pytest.raises(InputError, match=said) as refused:
        runs.read_run(path.parent)
    assert str(path) in refused.value.where


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda draws: draws.iloc[1:], r"has [\d,]+ of [\d,]+ draws. Run it again\."),
        (lambda draws: draws.drop(columns="status"), "KeyError: 'status'"),
        (lambda draws: draws.assign(mode="none"), "is not what a run has written"),
        (lambda draws: draws.assign(rho="low"), "is not what a run has written"),
    ],
)
def test_draws_that_are_not_those_of_the_record_are_refused(simulation, summary, tmp_path, change, said):
    folder = write_run(tmp_path / "run", simulation, summary, command="mc-sie run davidson-2025")
    change(pd.read_parquet(folder / "draws.parquet")).to_parquet(folder / "draws.parquet", index=False)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["files"]["draws.parquet"] = hashlib.sha256((folder / "draws.parquet").read_bytes()).hexdigest()
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=said) as refused:
        runs.read_run(folder)
    assert refused.value.where.endswith("draws.parquet")


def test_a_folder_named_like_a_shipped_set_is_not_taken_for_it(simulation, summary, here):
    write_run(Path("davidson-2025"), simulation, summary, command="")
    assert not is_run("davidson-2025")
    assert is_run("./davidson-2025")
    assert is_run("davidson-2025/run.json")


def test_a_run_that_cannot_be_read_says_why(simulation, summary, tmp_path):
    folder = write_run(tmp_path / "run", simulation, summary, command="mc-sie run davidson-2025")
    with pytest.raises(InputError, match=r"has no column best_window_months_7.*event = 'best_window_months\[7\] < 12'"):
        runs.read_run(folder, parse_event("best_window[7] < 12"))
    with pytest.raises(InputError, match="asks about 300 months, but trajectories end after"):
        runs.read_run(folder, parse_event("months_to[5] < 300"))
    with pytest.raises(InputError, match=r"elsewhere/run.json is not there. Give the folder"):
        runs.read_run(tmp_path / "elsewhere")
    draws = (folder / "draws.parquet").read_bytes()
    (folder / "draws.parquet").write_bytes(draws[:-7])
    with pytest.raises(InputError, match=r"draws.parquet has changed since the run was written.*Run it again\."):
        runs.read_run(folder)
    (folder / "draws.parquet").write_bytes(draws)
    text = (folder / "run.json").read_text(encoding="utf-8")
    record = json.loads(text)
    record["prior"]["entries"]["r"]["parameters"]["high"] = 3.5
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"describes a prior set of digest .* but says .* changed by hand"):
        runs.read_run(folder)
    (folder / "run.json").write_text(text[:200], encoding="utf-8")
    with pytest.raises(InputError, match="is not what a run has written"):
        runs.read_run(folder)
    (folder / "run.json").write_text(text, encoding="utf-8")
    (folder / "draws.parquet").unlink()
    with pytest.raises(InputError, match=r"draws.parquet is not there. Run it again\."):
        runs.read_run(folder)
    record = json.loads(text)
    del record["files"]["draws.parquet"]
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match="kept no draws"):
        runs.read_run(folder)
