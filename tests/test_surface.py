"""What the package shows: public names, a light import, the help."""

import pickle
import re
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from tests_settings import ROOT

import mc_sie
from mc_sie.errors import EXIT_BAD_INPUT, InputError, McSieError, nearest
from mc_sie.model import law
from mc_sie.quantities import MODES

PUBLIC = [
    "BreakEven", "Comparison", "Conditioned", "Design", "Document", "Entry", "Estimate", "Event", "Evidence",
    "EvidenceReport", "InputError", "McSieError", "Measurement", "Outcomes", "Precision", "PriorSet", "Rare",
    "Reading", "ReportRequest", "Retraining", "Sample", "Sensitivity", "Simulation", "StoredRun", "Structure",
    "Summary", "Verification", "WeightedEstimate", "arviz_summary", "breakeven", "compare", "doubled", "entry",
    "estimate_rare", "evaluate", "evidence", "load_prior", "make_report", "make_request", "measure", "parse_event",
    "pool", "precision", "read_run", "retraining", "sample_of", "scan", "sensitivity", "shipped_priors", "simulate",
    "structure", "summarise", "trajectories", "trajectory", "verify", "write_report", "write_run",
]  # fmt: skip
TUTORIALS = [f"docs/tutorials/{path.name}" for path in sorted((ROOT / "docs/tutorials").glob("*.md"))]
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
    assert mc_sie.__version__ == version("mc-sie")


CLIENT = """
import mc_sie
from mc_sie import simulate, trajectory

reveal_type(mc_sie.simulate)
reveal_type(mc_sie.summarise(simulate(mc_sie.load_prior("davidson-2025"))).answer.prob)
reveal_type(trajectory)
mc_sie.simualte
simulate("davidson-2025")
simulate(mc_sie.load_prior("davidson-2025"), horizon_moths=12.0)
"""


def test_a_type_checker_sees_real_types_and_misspelt_names(tmp_path):
    pytest.importorskip("mypy", reason="a tool of development")
    client = tmp_path / "client.py"
    client.write_text(CLIENT)
    options = ("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", *options, str(client)],
        capture_output=True, text=True, timeout=300, cwd=ROOT,
    )  # fmt: skip
    said = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert 'Revealed type is "def (prior: mc_sie.priors.prior_set.PriorSet, n_draws: ' in said[0]
    assert "Any" not in said[0]
    assert 'Revealed type is "float"' in said[1]
    assert 'Revealed type is "def (row: ' in said[2]
    assert 'Module has no attribute "simualte"' in said[3]
    assert 'has incompatible type "str"; expected "PriorSet"' in said[4]
    assert 'Unexpected keyword argument "horizon_moths"' in said[5]


def test_the_stub_and_the_marker_of_types_come_with_the_package():
    package = Path(mc_sie.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / "__init__.pyi").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md", *TUTORIALS])
def test_what_the_documents_import_is_public(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for names in re.findall(r"^from mc_sie import (.+)$", text, re.MULTILINE):
        assert set(names.split(", ")) <= set(PUBLIC)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("module", ["mc_sie", "mc_sie.cli", "mc_sie.__main__"])
def test_importing_is_light(module):
    loaded = python(f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))")
    assert loaded.split() == []


def test_help_lists_the_commands_at_once():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "mc_sie", "--help"], capture_output=True, text=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert done.stderr == ""
    for command in (
        "run",
        "resume",
        "netcdf",
        "sensitivity",
        "measure",
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
        ("measure", "--sd-log"),
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


def test_modes_have_the_codes_of_the_law():
    assert [getattr(law, mode.upper()) for mode in MODES] == list(range(len(MODES)))
