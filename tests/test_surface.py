"""What the package shows: public names, a light import, the help."""

import pickle
import resource
import subprocess
import sys

import pytest

import mc_sie
from mc_sie.engine.run import KERNEL_COLUMNS
from mc_sie.errors import EXIT_BAD_INPUT, InputError, McSieError, nearest
from mc_sie.model import law
from mc_sie.quantities import MODES

PUBLIC = [
    "Conditioned",
    "InputError",
    "Outcomes",
    "PriorSet",
    "Sensitivity",
    "Simulation",
    "Summary",
    "breakeven",
    "compare",
    "condition",
    "doubled",
    "evaluate",
    "load_prior",
    "parse_event",
    "sample_of",
    "sensitivity",
    "shipped_priors",
    "simulate",
    "structure",
    "summarise",
    "trace",
    "weigh_evidence",
    "write_run",
]
HEAVY = (
    "numba",
    "pandas",
    "scipy",
    "xarray",
    "pydantic",
    "matplotlib",
    "pyarrow",
    "arviz_base",
    "numpy",
    "distributed",
)


def test_public_names():
    assert mc_sie.__all__ == PUBLIC
    assert dir(mc_sie) == PUBLIC
    for name in PUBLIC:
        assert getattr(mc_sie, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'simualte'"):
        _ = mc_sie.simualte


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("module", ["mc_sie", "mc_sie.cli", "mc_sie.__main__"])
def test_importing_is_light(module):
    loaded = python(f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))")
    assert loaded.split() == []


def test_the_five_lines_of_the_readme():
    assert mc_sie.load_prior("davidson-2025").name == "davidson-2025"
    from mc_sie.engine.run import simulate

    assert mc_sie.simulate is simulate


def test_help_lists_the_commands_at_once():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "mc_sie", "--help"], capture_output=True, text=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert done.stderr == ""
    for command in (
        "run",
        "resume",
        "sensitivity",
        "compare",
        "breakeven",
        "structure",
        "evidence",
        "report",
        "verify",
        "evaluate",
        "trajectory",
        "headlines",
        "reproduce",
        "priors",
    ):
        assert f"\n│ {command} " in done.stdout
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < 0.5  # processor seconds, which a busy machine does not inflate


def test_help_of_every_command_names_its_options():
    for command, option in (
        ("run", "--target-se"),
        ("resume", "--scheduler"),
        ("compare", "--orders"),
        ("breakeven", "--quantity"),
        ("structure", "--horizon-months"),
        ("evaluate", "--output"),
        ("trajectory", "--set"),
        ("headlines", "--draws"),
        ("reproduce", "--differing"),
        ("evidence", "--replicates"),
        ("priors", "schema"),
        ("sensitivity", "--loss-ratio"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "mc_sie", command, "-h"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0
        assert option in done.stdout


def test_without_a_command_there_is_help():
    done = subprocess.run([sys.executable, "-m", "mc_sie"], capture_output=True, text=True, timeout=60)
    assert "Commands" in done.stdout + done.stderr


def test_an_error_says_where_why_and_what_to_do():
    error = InputError("--draws 0", "is below 1.", "Give more.")
    assert str(error) == "--draws 0 is below 1. Give more."
    assert (error.where, error.why, error.remedy) == ("--draws 0", "is below 1.", "Give more.")
    assert isinstance(error, McSieError)
    assert isinstance(error, ValueError)
    assert str(InputError("x", "is odd")) == "x is odd."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert EXIT_BAD_INPUT == 2


def test_the_nearest_name_is_suggested():
    assert nearest("roh", ["rho", "r", "lam"]) == "Did you mean 'rho'?"
    assert nearest("zzz", ["rho", "r"]) == "Known: rho, r."


def test_the_kernel_takes_its_columns_in_the_order_of_the_table():
    assert tuple(column.name.lower() for column in law.Column) == KERNEL_COLUMNS
    assert [getattr(law, mode.upper()) for mode in MODES] == list(range(len(MODES)))
