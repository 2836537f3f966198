"""Priors from a table: what a spreadsheet exports becomes a file that loads, and what is wrong is named by its cell."""

import pytest

from mc_sie import load_prior
from mc_sie.distributions import families
from mc_sie.errors import InputError
from mc_sie.priors.csv_import import prior_text

PLAIN = '''quantity,family,low,high,q05,q95,value,unit,source,judgement
rho,uniform,-0.4,-0.1,,,,1,"mine, of ""today""",
r,loguniform,0.4,3.6,,,,1,another,a guess
training_months,lognormal,,,2,5,,months,survey,
mode,fixed,,,,,continual,,mine,
'''
EXCEL = '''Quantity;Family;Low;High;Q05;Q95;Value;Unit;SOURCE;Judgement;;
rho;Uniform;-0,4;-0,1;;;;1;"mine, of ""today""";;;
r;loguniform;0,4;3,6;;;;1;another;a guess;;
;;;;;;;;;;;
training_months;lognormal;;;2;5,0;;months;survey;;;
mode;fixed;;;;;continual;;mine;;;
;;;;;;;;;;;
'''


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Writes a table and imports it."""
    monkeypatch.chdir(tmp_path)

    def write_and_import(table, **options):
        content = table if isinstance(table, bytes) else table.encode()
        (tmp_path / "mine.csv").write_bytes(content)
        text = prior_text(tmp_path.joinpath("mine.csv").relative_to(tmp_path), title="Mine", **options)
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        return load_prior("mine.toml")

    return write_and_import


def test_a_table_becomes_a_file_that_loads(read):
    prior = read(PLAIN)
    assert prior.title == "Mine"
    rho, r, months = (prior.entries[name] for name in ("rho", "r", "training_months"))
    assert (rho.family, rho.parameters, rho.source) == ("uniform", {"low": -0.4, "high": -0.1}, 'mine, of "today"')
    assert (r.judgement, rho.judgement) == ("a guess", None)
    assert (months.family, months.parameters["fit"]) == ("quantiles", "lognormal")
    assert months.distribution.ppf([0.05, 0.95]).tolist() == pytest.approx([2.0, 5.0])
    assert prior.entries["mode"].distribution.describe() == "continual"


@pytest.mark.parametrize(
    "table",
    [
        EXCEL,
        "\ufeff" + EXCEL,
        EXCEL.replace("\n", "\r\n"),
        "sep=;\n" + EXCEL,
        EXCEL.replace(";", "\t"),
        EXCEL.replace(";", "\t").encode("utf-16"),
        "\ufeff" + PLAIN.replace("\n", "\r\n"),
    ],
)
def test_exports_of_spreadsheets_say_the_same(read, table):
    assert read(table).digest == read(PLAIN).digest


def test_the_rest_is_inherited(read):
    prior = read(
        "quantity,family,mean,sd,truncate_high,unit,source\nrho,normal,-0.2,0.1,0.5,1,mine\n", extends="epoch-2025"
    )
    base = load_prior("epoch-2025")
    assert prior.entries["rho"].distribution.describe() == "normal, mean -0.2, sd 0.1, truncated to below 0.5"
    assert prior.entries["limit_ooms"].distribution == base.entries["limit_ooms"].distribution


def test_intervals_and_other_parameters_are_read(read):
    table = "quantity,family,low,high,mean,level,fit,median,sd-log,unit,source\n"
    table += "limit_ooms,interval,6,20,12,0.8,lognormal,,,OOM,s\nr,lognormal,,,,,,1.2,0.2,1,s\nlam,fixed,,,,,,,,1,s\n"
    with pytest.raises(InputError, match=r"row 3 \(line 4\): \[lam\] has no value"):
        read(table, extends="davidson-2025")
    prior = read(table.replace("lam,fixed,,,,,,,,1,s\n", "").replace("1.2,0.2", "1.2,0.02"), extends="davidson-2025")
    assert prior.entries["limit_ooms"].distribution.describe().startswith("lognormal with mean 12 and 80 % interval")
    assert prior.entries["r"].distribution == families.lognormal(1.2, 0.02)


HEAD = "quantity,family,low,high,unit,source\n"
RHO = "rho,uniform,-0.4,-0.1,1,s\n"
R = "r,loguniform,0.4,3.6,1,s\n"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            HEAD + "rho,uniform,x,-0.1,1,s\n",
            "mine.csv: row 1 (line 2), column 'low' = 'x' is not a number. Write it in the digits 0 to 9 "
            "with a decimal point, without thousands and units.",
        ),
        (
            HEAD + 'rho,uniform,"-0,4",-0.1,1,s\n',
            "mine.csv: row 1 (line 2), column 'low' = '-0,4' is not a number. Write it in the digits 0 to 9 "
            "with a decimal point, without thousands and units.",
        ),
        (
            HEAD + R + "rho,uniform,-0.4,1.2,1,s\n",
            "mine.csv: row 2 (line 3): [rho] high = 1.2 is above 1. rho lies in [-50, 1): CES substitution "
            "parameter between labour and experiments; sigma = 1/(1 - rho).",
        ),
        (
            HEAD + RHO + R + "sigma,uniform,0.5,0.9,1,s\n",
            "mine.csv: row 3 (line 4): sigma is given again, after row 1 (line 2). State rho in one row only.",
        ),
        (
            HEAD + "rhoo,uniform,0,1,1,s\n",
            "mine.csv: row 1 (line 2), column 'quantity' = 'rhoo' is not a quantity. Did you mean 'rho'?",
        ),
        (
            HEAD + "rho,unifrom,-0.4,-0.1,1,s\n",
            "mine.csv: row 1 (line 2): [rho] family = \"unifrom\" is not a family for rho. Did you mean 'uniform'?",
        ),
        (
            HEAD + ",uniform,-0.4,-0.1,1,s\n",
            "mine.csv: row 1 (line 2), column 'quantity' is empty. Every row needs a quantity and a family.",
        ),
        (
            HEAD + "rho,mixture,-0.4,-0.1,1,s\n",
            "mine.csv: row 1 (line 2), column 'family' = 'mixture' does not fit into one row. State it in the "
            "prior file itself.",
        ),
        (
            HEAD + "rho,uniform,-0.4,-0.1,1,\n",
            'mine.csv: row 1 (line 2): [rho] has no source. Add source = "...": a citation, or whose judgement it is.',
        ),
        (
            HEAD + "rho,uniform,-0.4,-0.1,,s\n",
            'mine.csv: row 1 (line 2): [rho] has no unit. Add unit = "1".',
        ),
        (
            HEAD + RHO,
            "mine.csv does not say what r is. Give one of [r], [r_total], [r_cumulative], or extend a set that has it.",
        ),
        (
            HEAD,
            "mine.csv has no rows. Put one quantity in each row below the column names.",
        ),
        (
            "",
            "mine.csv is empty. The first line names the columns.",
        ),
        (
            "quantity,famly,source\nrho,uniform,s\n",
            "mine.csv: column 'famly' is not a column of a table of priors. Did you mean 'family'? Quantiles are "
            "q05, q50, q95.",
        ),
        (
            "quantity,family,low,Low,source\nrho,uniform,1,2,s\n",
            "mine.csv: column 'low' stands there 2 times. Keep one of them.",
        ),
        (
            "quantity,family,,source\nrho,uniform,7,s\n",
            "mine.csv: line 2, column 3 has a cell but no name. Name it in the first line, or empty it.",
        ),
        (
            "quantity,low\nrho,1\n",
            "mine.csv has no column 'family'. Every prior needs quantity, family and source.",
        ),
        (
            HEAD + 'rho,"uniform" x,1,2,1,s\n',
            "mine.csv: line 2 is not CSV: ',' expected after '\"'. Check the quotes.",
        ),
        (
            b"PK\x03\x04 a workbook",
            'mine.csv is a workbook, not a table in text. Save the sheet as "CSV UTF-8".',
        ),
        (
            "quantity,family,source\nrho,uniform,\xe9\n".encode("latin-1"),
            'mine.csv is not UTF-8: byte 35. Save it as "CSV UTF-8".',
        ),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(read, table, message):
    with pytest.raises(InputError) as caught:
        read(table)
    assert str(caught.value) == message


def test_quantiles_without_a_family_are_a_metalog_and_all_bad_rows_are_said(read):
    head = "quantity,family,q05,q50,q95,high,unit,source\n"
    prior = read(head + "rho,quantiles,-0.5,-0.15,-0.02,0,1,s\nr,quantiles,0.4,1.2,3.6,,1,s\n")
    assert prior.entries["rho"].distribution.describe().startswith("metalog between -50 and 0 with q05 = -0.5")
    assert prior.entries["r"].distribution.ppf([0.05, 0.5, 0.95]).tolist() == pytest.approx([0.4, 1.2, 3.6])
    with pytest.raises(InputError) as caught:
        read(head + "rho,quantiles,-0.5,-0.6,-0.02,0,1,s\nlam,fixed,,,,,1,s\nr,quantiles,0.4,1.2,3.6,,OOM,s\n")
    assert str(caught.value).startswith("mine.csv has 3 errors:\n")
    for place in ("row 1 (line 2): [rho] quantiles.q05", "row 2 (line 3): [lam]", "row 3 (line 4): [r] unit"):
        assert f"mine.csv: {place}" in str(caught.value)
