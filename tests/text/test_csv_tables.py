"""Tables as programs and spreadsheets write them; what can be read in two ways is refused."""

import os
from pathlib import Path

import pytest

from mc_sie.errors import InputError
from mc_sie.priors.csv_import import prior_text
from mc_sie.storage.tables import evaluate_simulator_table, evaluate_table
from mc_sie.text.csv_tables import read_csv


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str | bytes):
    path = Path("t.csv")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv(path, numeric=lambda name: name != "text")


def numbers(text: str) -> list[float]:
    """The numbers of a table, a row after the other."""
    table = read(text)
    return [table.number(row, name) for row in range(len(table)) for name in table.columns if name != "text"]


# --- Decimals and thousands ---


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("a;b\n-0,4;1,25\n", [-0.4, 1.25]),
        ("a;b\n-0,4;1,500\n", [-0.4, 1.5]),  # the comma is the decimal mark, as the cell beside it shows
        ("a;b\n-0.4;1.500\n", [-0.4, 1.5]),
        ("a\tb\n0,125\t0,500\n", [0.125, 0.5]),  # thousands never begin with 0
        ("a;b\n1,5;0.5\n", [1.5, 0.5]),  # each of them can be read in one way only
        ("a,b\n1.500,2\n", [1.5, 2.0]),  # where commas separate cells, decimals follow a point
        ("a;b\n1000;1e3\n", [1000.0, 1000.0]),
        ("a;text\n1000;1,500\n", [1000.0]),
        ("a;b\n1,5000;2,0000\n", [1.5, 2.0]),
    ],
)
def test_a_number_is_read_where_it_can_be_read_in_one_way_only(table, found):
    assert numbers(table) == found


@pytest.mark.parametrize(
    ("table", "cell", "ways"),
    [
        ("a;b\n-0,4;1.000\n", "1.000", "1000 and as 1"),
        ("a;b\n-0.4;1,000\n", "1,000", "1000 and as 1"),
        ("a;b\n3;1.500\n", "1.500", "1500 and as 1.5"),
        ("a\tb\n3\t-12,345\n", "-12,345", "-12345 and as -12.345"),
        ("a;b\n-0,4;+999.999\n", "+999.999", "+999999 and as 999.999"),
        ("a;b;c\n-0,4;0.5;1,000\n", "1,000", "1000 and as 1"),  # both marks stand before decimals: no help
        ("a;b;text\n3;1.500;0.5\n", "1.500", "1500 and as 1.5"),  # what is no number is no help either
    ],
)
def test_a_number_that_could_have_thousands_is_refused_with_its_place(table, cell, ways):
    with pytest.raises(InputError) as caught:
        numbers(table)
    message = str(caught.value)
    assert message.startswith("t.csv: row 1 (line 2), column ")
    assert f"= {cell!r} can be read as {ways}." in message
    assert f"Write {ways.split()[0]} or, with a fourth decimal, {cell.replace(',', '.')}0" in message


@pytest.mark.parametrize(
    "cell", ["1.000.000", "1.000,5", "1,000.5", "1 000", "1'000", "True", "1_0", "٣", "nan", "1;0"]
)
def test_a_number_with_marks_for_thousands_or_foreign_digits_is_none(cell):
    with pytest.raises(InputError, match=r"is not a number\. Write it in the digits 0 to 9 with a decimal point"):
        numbers(f'a;b\n-0,4;"{cell}"\n')


GERMAN_PRIORS = "quantity;family;unit;source;low;high\nrho;uniform;1;t;-0,4;-0,1\nlabour_multiplier;uniform;x;t;{};{}\n"


@pytest.mark.parametrize(("low", "high"), [("1.000", "2.000"), ("1.500", "2000")])
def test_priors_of_a_thousand_do_not_become_priors_of_one(low, high):
    Path("p.csv").write_text(GERMAN_PRIORS.format(low, high))
    with pytest.raises(
        InputError, match=r"p\.csv: row 2 \(line 3\), column 'low' = '1\.[05]00' can be read as 1[05]00"
    ):
        prior_text(Path("p.csv"), title="T", extends="davidson-2025")
    Path("p.csv").write_text(GERMAN_PRIORS.format(1000, 2000))
    assert "low = 1000.0\nhigh = 2000.0" in prior_text(Path("p.csv"), title="T", extends="davidson-2025")


# --- Shapes ---


def test_spreadsheets_are_evaluated_as_they_are_exported():
    plain, exported = Path("plain.csv"), Path("exported.csv")
    plain.write_text("id,rho,r,mode,lam\n1,-0.2,1.2,shortening,0.5\n2,-0.1,1.5,continual,0.6\n")
    ours = evaluate_table(plain)
    semicolons = "id;rho;r;mode;lam;;\n1;-0,2;1,2;shortening;0,5;;\n;;;;;;\n2;-0,1;1,5;continual;0,6;;\n;;;;;;\n"
    for content in (
        semicolons.encode(),
        f"\ufeff{semicolons}".replace("\n", "\r\n").encode(),
        f"sep=;\n{semicolons}".encode(),
        semicolons.replace(";", "\t").encode("utf-16"),
        semicolons.replace(",", ".").replace(";", ",").encode(),
    ):
        exported.write_bytes(content)
        assert evaluate_table(exported).equals(ours)


def test_the_simulator_reads_the_same_tables():
    Path("a.csv").write_text("option,f,r0,limit_years,p\nbase,8,1.5,5.5,0.3\n")
    Path("b.csv").write_text("option;f;r0;limit_years;p\nbase;8;1,5;5,5;0,3\n;;;;\n")
    ours = evaluate_simulator_table(Path("a.csv"))
    assert evaluate_simulator_table(Path("b.csv")).equals(ours)


def test_a_row_is_named_by_its_number_and_its_line():
    table = read('a,text\n1,"two\nlines"\n,\n\n3,\n')
    assert table.columns == {"a": ["1", "3"], "text": ["two\nlines", ""]}
    assert [table.where(row) for row in (0, 1)] == ["t.csv: row 1 (line 3)", "t.csv: row 2 (line 6)"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("a,b\n1\n", "t.csv: line 2 has 1 cells, but the header names 2 columns. Leave a cell empty"),
        ("a,b\n1,2,3\n", "t.csv: line 2 has 3 cells, but the header names 2 columns."),
        ("a,,b\n1,2,3\n", "t.csv: line 2, column 2 has a cell but no name."),
        ("a,b,a\n1,2,3\n", "t.csv: column 'a' stands there 2 times. Keep one of them."),
        (",,\n\n", "t.csv is empty. The first line names the columns."),
        ("a,b\n,\n", "t.csv has no rows. Put one case in each row below the column names."),
        (b"a,b\n1,\xff\n", 't.csv is not UTF-8: byte 6. Save it as "CSV UTF-8".'),
        (b"PK\x03\x04", "t.csv is a workbook, not a table in text."),
        ('a,b\n"1,2\n', "t.csv: line 2 is not CSV: unexpected end of data. Check the quotes."),
        ("a,b\n1," + "9" * 200_000, "is not CSV: field larger than field limit"),
    ],
)
def test_a_table_without_shape_is_refused(table, message):
    with pytest.raises(InputError) as caught:
        read(table)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_what_is_no_regular_file_is_refused_and_never_waited_for(here):
    os.mkfifo("pipe")
    for path in (Path("pipe"), Path("/dev/zero")):
        with pytest.raises(InputError, match=r"is no regular file\. Give the path of a CSV file\."):
            evaluate_table(path)
    with pytest.raises(InputError, match=r"cannot be read: File name too long"):
        evaluate_table(Path("x" * 300))
