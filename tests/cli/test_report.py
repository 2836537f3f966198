"""Reports: everything on one page, made again to the same numbers, refused where it cannot be."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tests_settings import INTERPRETED, ROOT

from mc_sie import InputError, load_prior
from mc_sie.published.davidson_houlden_tables import SOURCE
from mc_sie.report import verification
from mc_sie.report.build import make_report, make_request, write_report
from mc_sie.report.verification import verify
from mc_sie.storage.reading import digest_of

pytestmark = pytest.mark.skipif(INTERPRETED, reason="a million runs of the model")

CHEAP = "davidson-houlden-2025"
SMALL = ("--draws", "16384", "--quiet")
SECTIONS = [
    "answer", "assumptions", "drivers", "worlds", "measure", "disagree", "retraining",
    "sets", "structure",
]  # fmt: skip
EXAMPLE = ROOT / "reports" / "davidson-2025"


def test_a_report_has_every_section_and_comes_back(cli):
    status, out, err = cli("report", CHEAP, "--out", "page", *SMALL)
    assert status == 0, err
    assert "the probability that software alone raises effective training compute by at least 5 OOM" in out
    assert "Monte Carlo SE" in out  # no probability without its error
    assert "Strip(" not in out
    assert {path.name for path in Path("page").iterdir()} == {"index.html", "report.md", "numbers.csv", "run.json"}
    page = Path("page/index.html").read_text(encoding="utf-8")
    for slug in (*SECTIONS, "checks", "reproduce"):
        assert f'<section id="{slug}"' in page
    assert "http://" not in page.replace("http://www.w3.org", "")  # nothing is fetched
    assert "Every check held." in page
    assert len(page) < 5e6
    numbers = pd.read_csv("page/numbers.csv")
    shapley = numbers[(numbers["table"] == "groups") & numbers["row"].str.contains("shapley")]
    assert shapley.loc[shapley["column"] == "value", "value"].sum() == pytest.approx(1.0, abs=1e-9)
    status, out, err = cli("verify", "page", "--quiet")
    assert status == 0, out + err
    assert "numbers come back" in out
    numbers.loc[7, "value"] += 0.1
    numbers.to_csv("page/numbers.csv", index=False)
    assert cli("verify", "page", "--quiet")[0] == 2  # a file that has changed is not verified but refused


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A report and its folder; its figures are made but not drawn."""
    sizes = {"event": None, "against": "none", "loss_ratio": 1.0, "n_draws": 4096, "seed": None, "horizon_months": None}
    request = make_request(CHEAP, **sizes)
    document = make_report(request, command="mc-sie report")
    folder = tmp_path_factory.mktemp("small") / "page"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mc_sie.report.render.inline_svg", lambda figure, name, alt: f'<svg aria-label="{alt}"></svg>')
        return document, write_report(folder, document, request, command="mc-sie report")


CHANGED = {
    "a number of the page": ("index.html", r">(\d)(\d\.\d) ", r">9\2 "),
    "a word of the page": ("index.html", "Every check held", "No check held"),
    "a number of the text": ("report.md", r"\| (\d+\.\d)", r"| 1\1"),
    "a sentence of the text": ("report.md", r"\. The ", ". Not the "),
    "an error among the numbers": ("numbers.csv", r"(?m)^(answer,thresholds,[^\n]*,se,)0\.\d+$", r"\g<1>0"),
    "all errors among the numbers": ("numbers.csv", r"(?m),se,[^,\n]+$", ",se,0"),
    "the event": ("run.json", "best_window_months", "months_to"),
    "the loss ratio": ("run.json", '"loss_ratio": 1.0', '"loss_ratio": 2.0'),
    "a source": ("run.json", "Davidson & Houlden 2025", "Me"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_no_page_passes_that_was_changed(small, tmp_path, monkeypatch, case):
    """Signed by whoever changed it, and held to the report as it was."""
    written = small[1]
    monkeypatch.setattr(verification, "_done_again", lambda *_: written)
    folder = Path(shutil.copytree(written, tmp_path / "page"))
    assert verify(folder).drift.empty
    name, old, new = CHANGED[case]
    text = (folder / name).read_text(encoding="utf-8")
    changed, n = re.subn(old, new, text, count=0 if case.startswith("all") else 1)
    assert n > 0
    (folder / name).write_text(changed, encoding="utf-8")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["files"] = {name: digest_of(folder / name) for name in record["files"]}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    try:
        drift = verify(folder).drift
    except InputError:
        return
    assert set(drift["file"]) in ({name}, {"run.json"})


def test_a_report_of_a_run_is_about_its_draws(cli, cheap_report):
    event = "best_window[3] < 12"
    assert cli("run", CHEAP, "--event", event, "--seed", "5", "--out", "run", *SMALL)[0] == 0
    status, _, err = cli("report", "run", "--against", "none", "--out", "page", "--quiet")
    assert status == 0, err
    record = json.loads(Path("page/run.json").read_text())
    answer = json.loads(Path("run/run.json").read_text())["answer"]
    assert (record["event"], record["design"]["seed"], record["against"]) == ("best_window_months[3] < 12", 5, None)
    numbers = pd.read_csv("page/numbers.csv")
    assert answer["prob"] in numbers.loc[numbers["table"] == "convergence", "value"].to_numpy().round(10) or (
        (numbers["value"] - answer["prob"]).abs().min() < 1e-9
    )


def test_a_set_given_evidence_has_its_evidence_in_the_report(cli, cheap_report):
    status, _, err = cli("report", "davidson-2025-evidence", "--out", "page", *SMALL)
    assert status == 0, err
    page = Path("page/index.html").read_text(encoding="utf-8")
    assert '<section id="evidence"' in page
    for part in (
        "disagree",
        "retraining",
        "structure",
        "sets",
    ):  # each given the evidence, and what its draws are worth
        assert "effective sample size" in page.split(f'<section id="{part}"')[1].split("</section>")[0]
    assert cli("verify", "page", "--quiet")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "is neither a shipped prior nor an existing file"),
        ((CHEAP, "--event", "best_window[5] < 300"), "asks about 300 months, but trajectories end after 240"),
        ((CHEAP, "--loss-ratio", "0"), "--loss-ratio 0"),
        ((CHEAP, "--against", "nobody"), "is neither a shipped prior nor an existing file"),
        ((CHEAP, "--draws", "0"), "--draws 0 is out of range"),
    ],
)
def test_what_cannot_be_reported_is_refused(cli, arguments, words):
    status, _, err = cli("report", *arguments, "--out", "page", "--quiet")
    assert (status, words in err) == (2, True), err
    assert "Traceback" not in err
    assert not Path("page").exists()


@pytest.mark.parametrize("event", ["best_window[16] < 0.01", "best_window[0.1] < 200"])
def test_an_event_that_never_or_always_happens_has_its_bound_instead_of_drivers(cli, cheap_report, event):
    status, _, err = cli("report", CHEAP, "--event", event, "--draws", "2048", "--out", "page", "--quiet")
    assert status == 0, err
    page = Path("page/index.html").read_text(encoding="utf-8")
    assert "(binomial 95 % bound: " in page
    assert 'id="ranking"' not in page
    assert '<section id="checks"' in page


def test_a_report_with_one_hit_says_what_cannot_be_told_and_comes_back(cli, cheap_report):
    status, out, err = cli("report", "economists", "--draws", "8192", "--seed", "5", "--out", "page", "--quiet")
    assert status == 0, err
    assert "holds in 1 of the 8,192 draws, all of one randomisation (binomial 95 % bound: below 0.058 %)" in out
    text = Path("page/report.md").read_text(encoding="utf-8")
    assert "mc-sie run economists --rare --event 'best_window_months[5] < 12'" in text
    for title in ("What if you disagree?", "What do others believe?", "Does the form of the model matter?"):
        assert title in text
    status, out, err = cli("verify", "page", "--quiet")
    assert status == 0, out + err


def test_a_set_in_which_everything_is_fixed_has_a_report(cli, cheap_report):
    prior = load_prior("epoch-2025")
    lines = ['title = "One world"', 'extends = "epoch-2025"']
    for name in prior.dimensions:
        value, unit = ('"none"', "") if name == "mode" else (repr(float(prior.quantiles(name, [0.5])[0])), "")
        unit = f'unit = "{prior.entries[name].unit}"' if name != "mode" else unit
        lines += [f"[{name}]", 'family = "fixed"', f"value = {value}", unit, 'source = "mine"']
    Path("fixed.toml").write_text("\n".join(lines), encoding="utf-8")
    assert load_prior("fixed.toml").dimensions == ()
    status, out, err = cli("report", "fixed.toml", "--draws", "2048", "--out", "page", "--quiet")
    assert status == 0, err
    assert "fixed has no input that varies" in out
    page = Path("page/index.html").read_text(encoding="utf-8")
    assert "the only one" in page
    assert 'id="densities"' not in page


def test_a_part_that_cannot_be_worked_out_costs_no_other(cli, cheap_report, monkeypatch):
    """Four that cannot, each with a reason of its own, which stands in its own section and in no other."""
    parts = {"breakeven": "disagree", "retraining": "retraining", "compare": "sets", "structure": "structure"}

    def refusing(part):
        def refuse(*_args, **_named):
            raise InputError(f"mine: [{part}]", "goes too far", "Move it by less.")

        return refuse

    for part in parts:
        monkeypatch.setattr(f"mc_sie.report.build.{part}", refusing(part))
    status, _, err = cli("report", CHEAP, "--draws", "2048", "--out", "page", "--quiet")
    assert status == 0, err
    page = Path("page/index.html").read_text(encoding="utf-8")
    for slug in (*SECTIONS, "checks", "reproduce"):
        section = page.partition(f'<section id="{slug}"')[2].partition("</section>")[0]
        assert section, slug
        refused = [
            part for part in parts if f"Not worked out: mine: [{part}] goes too far. Move it by less." in section
        ]
        assert refused == [part for part, title in parts.items() if title == slug]


def test_an_existing_report_is_never_written_to(cli, cheap_report):
    Path("page").mkdir()
    status, _, err = cli("report", CHEAP, "--out", "page", *SMALL)
    assert (status, "exists already" in err) == (2, True)
    Path("reports", CHEAP).mkdir(parents=True)
    event = ("--event", "best_window[16] < 0.01")  # hardly anything to work out
    status, out, _ = cli("report", CHEAP, *event, "--draws", "2048", "--quiet")
    assert status == 0
    assert f"Report: reports/{CHEAP}-2/index.html" in out
    assert list(Path("reports", CHEAP).iterdir()) == []


# --- The reports that come with the project ---


def test_the_example_report_is_of_todays_prior_set():
    record = json.loads((EXAMPLE / "run.json").read_text(encoding="utf-8"))
    assert record["prior"]["digest"] == load_prior(EXAMPLE.name).digest


def test_the_example_report_comes_back():
    found = verify(EXAMPLE)
    assert found.n_compared > 1000
    assert found.drift.empty


def test_the_published_numbers_in_a_report_are_those_of_reproduce(small):
    published = next(part for _, part in small[0].parts() if part.name == "published")
    assert SOURCE not in set(published.numbers["source"])  # a million draws of another simulator
    assert published.numbers.drop(columns="source").to_numpy().sum() > 100
