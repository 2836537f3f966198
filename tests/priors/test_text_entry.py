"""Priors in one line of text: what people type becomes an entry, and what cannot be one is named."""

import math
import tomllib

import pytest

from mc_sie.errors import InputError
from mc_sie.priors import entry, load_prior
from mc_sie.priors.entries import entry_of_table
from mc_sie.priors.family_keys import FAMILIES
from mc_sie.priors.text_entry import file_text, parameters_of, table_of_text
from mc_sie.quantities import QUANTITIES

SOURCE = {"source": "me"}

SHAPES = {
    "a number": ("r", "0.4", {"family": "fixed", "value": 0.4}),
    "a number with its unit": ("training_months", "3 months", {"family": "fixed", "value": 3.0}),
    "a number with its unit attached": ("labour_multiplier", "900x", {"family": "fixed", "value": 900.0}),
    "no limit": ("limit_ooms", "inf OOM", {"family": "fixed", "value": math.inf}),
    "per cent": ("post_training_share", "30 %", {"family": "fixed", "value": 0.3}),
    "a family": ("rho", "uniform -0.4 -0.1", {"family": "uniform", "low": -0.4, "high": -0.1}),
    "commas between numbers": ("r", "Triangular 3, 5, 8", {"family": "triangular", "low": 3, "peak": 5, "high": 8}),
    "names": ("r", "uniform high = 0.9 low=.3", {"family": "uniform", "high": 0.9, "low": 0.3}),
    "a name, then places": ("r", "triangular peak=5 3 8", {"family": "triangular", "peak": 5, "low": 3, "high": 8}),
    "what may be left out": ("r", "beta 2 5 1 3", {"family": "beta", "a": 2, "b": 5, "low": 1, "high": 3}),
    "a cut": ("r", "normal 1 .5 truncate_low=.1", {"family": "normal", "mean": 1, "sd": 0.5, "truncate_low": 0.1}),
    "quantiles": (
        "r",
        "lognormal q05=2 q50=8 q95=32 truncate_low=0.1 truncate_high=100",
        {"family": "quantiles", "fit": "lognormal", "quantiles": {"q05": 2, "q50": 8, "q95": 32}},
    ),
    "an interval and a mean": (
        "r",
        "interval lognormal 5 [2, 11] truncate_high=100 truncate_low=0.1",
        {"family": "interval", "fit": "lognormal", "mean": 5, "interval": [2, 11]},
    ),
    "chips": ("r", "histogram [1, 2, 4] [3, 7] log", {"family": "histogram", "edges": [1, 2, 4], "chips": [3, 7]}),
    "a mixture": (
        "r",
        'mixture [{weight = 0.5, family = "fixed", value = 1}, {weight = 0.5, family = "uniform", low = 1, high = 2}]',
        {"family": "mixture"},
    ),
    "nothing": ("rho_long", "absent", {"family": "absent"}),
    "a mode": ("mode", "continual", {"family": "fixed", "value": "continual"}),
    "a mode as a family": ("mode", "fixed continual", {"family": "fixed", "value": "continual"}),
    "modes": (
        "mode",
        "shortening 0.3, from_scratch = 0.7",
        {"family": "categorical", "values": {"shortening": 0.3, "from_scratch": 0.7}},
    ),
    "shares before modes": (
        "mode",
        "30% shortening 70 % none",
        {"family": "categorical", "values": {"shortening": 0.3, "none": 0.7}},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_people_type_becomes_an_entry(shape):
    name, text, expected = SHAPES[shape]
    table = table_of_text(name, text)
    assert expected.items() <= table.items()
    assert table.get("unit", "mode") == QUANTITIES[name].unit
    made = entry_of_table(name, table | SOURCE, "here")
    assert (made is None) == (text == "absent")


@pytest.mark.parametrize(
    ("name", "text", "fit"),
    [
        ("rho", "-0.4 to -0.1", "normal"),
        ("r", "0.9 .. 1.5", "lognormal"),
        ("alpha_compute", "from 20% to 60%", "beta"),
        ("limit_ooms", "4 - 16 OOM", "lognormal"),
        ("speedup_initial", "2 to 32", "lognormal"),
        ("max_speed", "5 to 30", "lognormal"),
    ],
)
def test_a_range_is_a_90_percent_interval_of_the_family_of_the_scale(name, text, fit):
    table = table_of_text(name, text)
    assert (table["family"], table["fit"]) == ("quantiles", fit)
    stated = [table["quantiles"]["q05"], table["quantiles"]["q95"]]
    distribution = entry_of_table(name, table | SOURCE, "here").distribution
    # cutting where the domain ends takes away next to nothing, but for max_speed (1e-4 below 1)
    assert distribution.ppf([0.05, 0.95]).tolist() == pytest.approx(stated, rel=1e-3)


def test_an_interval_near_the_end_of_the_domain_is_cut_and_says_so():
    made = entry_of_table("rho", table_of_text("rho", "0.5 to 0.99") | SOURCE, "here")
    assert "truncated" in made.distribution.describe()
    low, high = made.distribution.ppf([0.05, 0.95])
    assert 0.45 < low < 0.5
    assert 0.9 < high < 0.985


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("categorical", "absent")])
def test_every_family_can_be_typed_in_the_order_that_is_shown(family):
    example = {
        "fixed": "1",
        "uniform": "1 2",
        "loguniform": "1 2",
        "normal": "5 1 truncate_low=0.1 truncate_high=9",
        "lognormal": "1 0.5 truncate_low=0.1 truncate_high=9",
        "shifted_lognormal": "0.5 1 0.5 truncate_high=9",
        "beta": "2 5 1 3",
        "triangular": "1 2 3",
        "pert": "1 2 3",
        "student_t": "5 1 4 truncate_low=0.1 truncate_high=9",
        "quantiles": "{q25=1, q75=2} uniform",
        "interval": "uniform 1.5 [1, 2]",
        "histogram": "[1, 2, 3] [5, 5]",
        "tabulated": "[0, 0.5, 1] [1, 2, 3]",
    }.get(family, '[{weight=0.5, family="uniform", low=1, high=2}, {weight=0.5, family="uniform", low=1, high=3}]')
    assert entry_of_table("r", table_of_text("r", f"{family} {example}") | SOURCE, "here").family == family
    assert all(isinstance(needed, bool) for needed in parameters_of(family).values())


BAD = {
    "nothing": ("r", " ", "[r] is empty. Type ?"),
    "a decimal comma": ("r", "0,4", "[r] 0,4 has a comma inside a number. Write numbers with a decimal point"),
    "two numbers": ("r", "0.3 0.9", "[r] 0.3 0.9 has 2 numbers and no family. Write one number, a 90 % interval"),
    "a range without blanks": ("r", "0.3-0.9", "is neither a number nor a range."),
    "a range that is half": ("r", "0.3 to much", "[r] 0.3 to much: much is not a number."),
    "a range that falls": ("r", "0.9 to 0.3", "[r] 0.9 to 0.3 does not rise. Write the smaller end first: 0.3 to 0.9."),
    "a range outside": ("rho", "0 to 1.5", "[rho] 0 to 1.5 reaches 1.5, outside the domain. rho lies in [-50, 1): CES"),
    "a family's name": ("r", "unifrom 1 2", "Did you mean 'uniform'?"),
    "too many numbers": ("r", "uniform 1 2 3", "[r] uniform 1 2 3 has 3 left over. uniform takes low, high."),
    "a key twice": ("r", "uniform low=1 low=2", "states low twice. Keep one of them."),
    "an open bracket": ("r", "histogram [1, 2", "has an open bracket or quote. Close it."),
    "modes without shares": ("mode", "none continual shortening", "is neither a mode nor modes with their shares."),
    "a mode twice": ("mode", "none 0.5 none 0.5", "states none twice."),
}


@pytest.mark.parametrize("case", BAD)
def test_a_line_of_no_known_shape_is_refused(case):
    name, text, message = BAD[case]
    with pytest.raises(InputError) as error:
        table_of_text(name, text)
    assert message in str(error.value)


REFUSED_BY_THE_SCHEMA = {
    "outside the domain": ("rho", "1.2", "here: [rho] value = 1.2 is above 1. rho lies in [-50, 1)"),
    "a parameter short": ("r", "lognormal 5", "here: [r] has no sd_log. It needs family, median, sd_log."),
    "an unknown key": ("r", "uniform low=1 hihg=2", '[r] hihg = 2.0 is not a key of family = "uniform". Did you mean'),
    "a word for a number": ("r", "uniform low 2", 'here: [r] low = "low" is not a number.'),
    "another unit": ("training_months", "1 to 2 years", "Multiply by 12"),
    "a mode": ("mode", "continuous", "is not one of the names. Did you mean 'continual'?"),
    "shares": ("mode", "none 0.5 continual 0.6", "sum to 1.1"),
    "what cannot be absent": ("rho", "absent", "Only what is optional can be absent"),
}


@pytest.mark.parametrize("case", REFUSED_BY_THE_SCHEMA)
def test_what_has_a_shape_but_cannot_be_used_gets_the_error_of_a_file(case):
    name, text, message = REFUSED_BY_THE_SCHEMA[case]
    with pytest.raises(InputError) as error:
        entry_of_table(name, table_of_text(name, text) | SOURCE, "here")
    assert message in str(error.value)


def test_an_entry_from_python_cannot_be_absent():
    with pytest.raises(InputError, match="is no entry"):
        entry("rho_long", {"family": "absent"}, unit="1", source="me")


def test_a_file_is_written_so_that_it_reads_the_same(tmp_path):
    tables = {name: table_of_text(name, text) | SOURCE for name, text, _ in SHAPES.values() if name != "rho_long"}
    tables["r"]["source"] = 'he said "0.4",\tthen ünsure\x7f'
    text = file_text({"title": "T", "extends": "davidson-2025"}, tables)
    assert tomllib.loads(text) == {"title": "T", "extends": "davidson-2025", **tables}
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert load_prior(tmp_path / "mine.toml").entries["r"].source == tables["r"]["source"]
