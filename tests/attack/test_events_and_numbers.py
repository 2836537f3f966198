"""Events, numbers, lines of text and tables that nobody would write on purpose: read, or refused in a few words."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mc_sie import evaluate
from mc_sie.derived import SUBJECTS, subject_of
from mc_sie.errors import InputError, McSieError, shortened
from mc_sie.events import parse_event
from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.priors.csv_import import NUMBER_COLUMNS, TEXT_COLUMNS, prior_text
from mc_sie.priors.entries import entry_of_table
from mc_sie.priors.family_keys import FAMILIES
from mc_sie.priors.text_entry import table_of_text
from mc_sie.quantities import MODES, QUANTITIES
from mc_sie.report.render import _inline, _looks_numeric
from mc_sie.storage.tables import evaluate_table
from mc_sie.text.numerals import parse_number, parse_whole

LONGEST_MESSAGE = 4000  # characters
QUICK_SECONDS = 1.0  # of processor time: a pattern that goes back and forth takes minutes on what follows

fuzzed = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

DIGITS = "0123456789\u0660\u0661\u0663\uff13\u2167\u00b2\u00bd"  # among them digits that are not of this script
NUMBERISH = st.text(alphabet=DIGITS + "+-.,eE_ ^*'infatyNA", max_size=12)
NUMBERS = st.one_of(
    NUMBERISH,
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(
        ["1e400", "1e-400", "9" * 5000, "1__0", "0x1F", "True", "nan", "-inf", "1,000", "1.000", "1 000", ""]
    ),
)
NAMES = st.sampled_from([*OUTCOME_KINDS, *SUBJECTS, "best_window", "from_start", "Pace_peak", "rho", "__class__", ""])


@pytest.fixture(scope="module", autouse=True)
def here(tmp_path_factory):
    """A folder for tables."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.chdir(tmp_path_factory.mktemp("tables"))
    yield
    monkeypatch.undo()


def refusal(read, *arguments: object) -> str | None:
    """The words in which something is refused, and they are few; None where it is taken."""
    try:
        read(*arguments)
    except McSieError as error:
        found = str(error)
    except ValueError as error:  # of those that leave the place to their caller: a reason and a remedy
        why, remedy = error.args
        found = f"{why} {remedy}"
    else:
        return None
    return found if len(found) < LONGEST_MESSAGE else pytest.fail(f"a message of {len(found):,} characters")


# --- Numbers ---


@given(NUMBERS | st.text(max_size=20))
@settings(fuzzed, max_examples=1000)
def test_a_number_is_what_float_makes_of_it_or_refused(text):
    if refusal(parse_number, text):
        return
    value = parse_number(text)
    assert value == float(text)
    assert text.isascii()
    assert not set(text) & set("_,'")
    assert not math.isnan(value)
    assert math.isfinite(value) or "inf" in text.lower()


@given(NUMBERS | st.text(max_size=20) | st.tuples(NUMBERISH, st.sampled_from("^*"), NUMBERISH).map("".join))
@settings(fuzzed, max_examples=1000)
@example("0^-1")
@example("2^" + "9" * 300)
@example("9" * 5000)
@example("1e" + "9" * 300)
def test_a_whole_number_is_a_whole_number_or_refused(text):
    if refusal(parse_whole, text):
        return
    value = parse_whole(text)
    assert isinstance(value, int)
    assert abs(value) < 10**30
    assert text.isascii()
    if not set(text) & set("^*,_"):
        assert float(value) == float(text)


@given(st.text(max_size=3000), st.integers(60, 200))
@settings(fuzzed, max_examples=100)
def test_a_shortened_text_keeps_both_ends(text, most):
    short = shortened(text, most)
    assert short == text if len(text) <= most else len(short) <= most
    assert short[:5] == text[:5]
    assert len(str(InputError(text * 1000, text * 1000, text * 1000))) < LONGEST_MESSAGE


# --- Events ---


@given(
    st.tuples(
        NAMES | st.text(max_size=10),
        st.sampled_from(["", "[", "]", "[[", "[]"]) | NUMBERS.map("[{}]".format),
        st.sampled_from(["<", "<=", ">", ">=", "==", "<>", "<<", " ", "≤"]),
        NUMBERS,
    ).map("".join)
    | st.text(alphabet="[]<>=_ \tab5.", max_size=40)
)
@settings(fuzzed, max_examples=1500)
def test_an_event_is_read_and_reads_back_or_is_refused(text):
    if refusal(parse_event, text):
        return
    event = parse_event(text)
    assert parse_event(str(event)) == event
    for one in event.conditions:
        assert one.outcome in OUTCOME_KINDS
        assert math.isfinite(one.threshold)
    assert event.in_words
    refusal(event.check_horizon, 240.0)


@given(st.tuples(NAMES, st.just("") | NUMBERS.map("[{}]".format)).map("".join) | st.text(max_size=15))
@settings(fuzzed, max_examples=500)
def test_what_evidence_is_about_is_known_or_refused(text):
    if not refusal(subject_of, text):
        subject = subject_of(text)
        assert subject.name in SUBJECTS
        assert subject.index is None or 0.0 < subject.index < math.inf


# --- Lines of text ---


@given(
    st.sampled_from(sorted(QUANTITIES)),
    st.lists(
        st.sampled_from(
            [
                *FAMILIES,
                *MODES,
                "to",
                "..",
                "-",
                "from",
                "=",
                "low=",
                "q05=",
                "q\u0665=",
                "months",
                "%",
                "x",
                "[",
                "]",
                "{",
                '"',
            ]
        )
        | NUMBERS
        | st.text(max_size=4),
        max_size=6,
    ),
    st.sampled_from([" ", "", ", ", "=", "\n"]),
)
@settings(fuzzed, max_examples=1500)
@example("r", ["uniform", "[" * 3000 + "]" * 3000], " ")
@example("r", ["uniform", "9" * 5000], " ")
@example("r", ["uniform", "[" + "9" * 5000 + "]"], " ")
def test_a_line_of_text_is_a_prior_or_refused(name, words, between):
    text = between.join(words)
    if refusal(table_of_text, name, text):
        return
    refusal(entry_of_table, name, table_of_text(name, text) | {"source": "fuzz"}, "here")


# --- Tables ---

CELLS = st.one_of(
    NUMBERS, st.sampled_from([*MODES, *FAMILIES, *QUANTITIES, "", " ", "=1+1", "rho;r", "a,b"]), st.text(max_size=6)
)
LINES = st.sampled_from(["\n", "\r\n", "\r", "\n\n", ";;\n"])


def tables(columns: list[str]) -> st.SearchStrategy[str]:
    """Tables with some of these columns, other columns, any delimiter, any line ends and ragged rows."""

    def joined(header: list[str], rows: list[list[str]], delimiter: str, end: str, first: str) -> str:
        return first + end.join(delimiter.join(row) for row in (header, *rows)) + end

    names = st.lists(st.sampled_from(columns) | st.text(max_size=4), min_size=1, max_size=5)
    rows = st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=4)
    return st.builds(
        joined,
        names,
        rows,
        st.sampled_from([",", ";", "\t", "|"]),
        LINES,
        st.sampled_from(["", "", "sep=;\n", "\ufeff"]),
    )


@given(tables(["rho", "r", "mode", "lam", "limit_ooms", "id", "months_to_5", "horizon_months"]) | st.text())
@settings(fuzzed, max_examples=400)
@example('rho,r\n"')
@example("rho;r\n1.000;1,000\n")
def test_a_table_of_cases_is_evaluated_or_refused(text):
    Path("cases.csv").write_bytes(text.encode("utf-8", "surrogatepass"))
    if not refusal(evaluate_table, Path("cases.csv")):
        frame = evaluate_table(Path("cases.csv"))
        assert len(frame) > 0
        assert np.isfinite(frame["r"]).all()


@given(st.lists(st.tuples(NUMBERISH, NUMBERISH), min_size=1, max_size=3), st.sampled_from([",", ";", "\t"]))
@settings(fuzzed, max_examples=400)
@example([("-0,4", "1,500")], ";")
@example([("3", "1,500")], ";")
def test_a_cell_is_never_read_as_a_thousandth_of_what_it_says(rows, delimiter):
    quoted = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    Path("cells.csv").write_text("\n".join([f"rho{delimiter}r", *quoted]) + "\n", encoding="utf-8")
    if refusal(evaluate_table, Path("cells.csv")):
        return
    frame = evaluate_table(Path("cells.csv"))
    for value, (_, cell) in zip(frame["r"], [row for row in rows if any(part.strip() for part in row)], strict=True):
        assert value == float(cell.strip().replace(",", "."))


@given(tables([*TEXT_COLUMNS, *NUMBER_COLUMNS, "q05", "q95", "q\u0665"]) | st.text())
@settings(fuzzed, max_examples=400)
def test_a_table_of_priors_becomes_a_file_or_is_refused(text):
    Path("priors.csv").write_bytes(text.encode("utf-8", "surrogatepass"))
    refusal(lambda: prior_text(Path("priors.csv"), title="fuzz", extends="davidson-2025"))


# --- Arguments ---

ATOMS = st.one_of(
    *(st.floats(), st.integers(), st.booleans(), st.none(), st.text(max_size=3), st.complex_numbers()),
    *(st.binary(max_size=2), st.sampled_from([*MODES, {}, object])),
)
VALUES = ATOMS | st.lists(ATOMS, max_size=3)


@given(
    st.dictionaries(st.sampled_from(sorted(QUANTITIES)) | st.text(max_size=3) | st.integers(), VALUES, max_size=4),
    VALUES,
)
@settings(fuzzed, max_examples=400)
def test_whatever_is_given_is_evaluated_or_refused_by_name(quantities, levels):
    given_quantities = {"rho": -0.1, "r": 1.2, **quantities}
    if not refusal(lambda: evaluate(given_quantities, levels=(5.0,), widths=(), threads=1)):
        assert set(quantities) <= {*QUANTITIES, "horizon_months", "prior_set"}
        assert not any(isinstance(value, bool | str) for name, value in quantities.items() if name != "mode")
    refusal(lambda: evaluate({"rho": -0.1, "r": 1.2}, levels=levels, widths=(), threads=1))


# --- Time ---

LONG = 100_000
SLOW = {
    "blanks in an event": lambda: parse_event(" " * LONG),
    "blanks behind an outcome": lambda: parse_event("months_to" + " " * LONG + "x < 3"),
    "blanks in an index": lambda: parse_event("months_to[" + " " * LONG + "x] < 3"),
    "brackets in an event": lambda: parse_event("[" * LONG + "<"),
    "comparisons": lambda: parse_event("<" * LONG),
    "digits in an event": lambda: parse_event("pace_peak > " + "9" * LONG),
    "points": lambda: parse_event("pace_peak > " + "." * LONG),
    "a name in evidence": lambda: subject_of("x" * LONG),
    "brackets in evidence": lambda: subject_of("[" * LONG),
    "a whole number": lambda: parse_whole("9" * LONG),
    "a power": lambda: parse_whole("9" * LONG + "^" + "9" * LONG),
    "groups": lambda: parse_whole("1" + ",000" * LONG),
    "blanks in a line": lambda: table_of_text("r", "uniform" + " " * LONG + "x"),
    "brackets in a line": lambda: table_of_text("r", "uniform " + "[" * LONG),
    "quotes in a line": lambda: table_of_text("r", '"' * LONG),
    "commas in a line": lambda: table_of_text("r", "1," * LONG),
    "equals in a line": lambda: table_of_text("r", "uniform" + " = " * LONG),
    "brackets in a paragraph": lambda: _inline("[" * LONG),
    "backticks in a paragraph": lambda: _inline("`" * LONG),
    "blanks in a cell": lambda: _looks_numeric("1" + " " * LONG + "y"),
    "brackets in a cell": lambda: _looks_numeric("1 (" + ")" * LONG + "x"),
}


@pytest.mark.parametrize("case", SLOW)
def test_every_pattern_takes_time_in_proportion_to_the_text(case):
    began = time.process_time()
    refusal(SLOW[case])
    assert time.process_time() - began < QUICK_SECONDS
