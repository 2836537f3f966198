"""Tables that users hand in: CSV as programs and spreadsheets write it, to cells that know their place.

Exports of Excel are read as they come: a byte order mark, UTF-16, a ``sep=;`` line, semicolons or tabs between cells
(then with a decimal comma), and empty rows and columns. A number that could have thousands as well as decimals is
refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mc_sie.errors import InputError, shortened
from mc_sie.text.numerals import is_number, parse_number

_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
"""A number of four to six digits with a mark for thousands, or a smaller one with three decimals."""


@dataclass(frozen=True)
class CsvTable:
    """The cells of a table as text, without blanks around them; rows and columns that are empty are left out.

    Attributes
    ----------
    path : pathlib.Path
        File.
    delimiter : str
        Separator of two cells.
    columns : dict of str to list of str
        Cells of each column by its name, one a row.
    lines : list of int
        Line of the file on which each row ends.
    numeric : callable
        Given the name of a column, True where its cells are numbers.
    """

    path: Path
    delimiter: str
    columns: dict[str, list[str]]
    lines: list[int]
    numeric: Callable[[str], bool]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def where(self, row: int, column: str | None = None) -> str:
        """The place of a row, or of a cell, as a message names it."""
        place = f"{self.path}: row {row + 1} (line {self.lines[row]})"
        if column is not None:
            place += f", column {column!r}"
        return place

    def number(self, row: int, column: str) -> float:
        """A cell as a number.

        Parameters
        ----------
        row : int
            From 0.
        column : str
            Its name.

        Returns
        -------
        float
            With a decimal comma, too, where commas do not separate cells.

        Raises
        ------
        InputError
            When it is no number, or could be two.
        """
        text = self.columns[column][row]
        where = f"{self.where(row, column)} = {shortened(repr(text))}"
        if _GROUPED.fullmatch(text) and self.decimal_marks != set(text) & set(",."):
            digits = re.sub("[,.]", "", text)
            decimals = text.replace(",", ".")
            remedy = f"Write {digits} or, with a fourth decimal, {decimals}0: thousands take no mark."
            raise InputError(where, f"can be read as {digits} and as {float(decimals):g}", remedy)
        plain = text
        if self.delimiter != "," and text.count(",") == 1 and "." not in text:
            plain = text.replace(",", ".")
        try:
            return parse_number(plain)
        except ValueError as error:
            raise InputError(where, *error.args) from None

    @cached_property
    def decimal_marks(self) -> set[str]:
        """The marks before decimals, from the cells that can be read in one way only."""
        if self.delimiter == ",":
            return {"."}
        cells = [cell for name, cells in self.columns.items() if self.numeric(name) for cell in cells]
        return {
            mark
            for mark in ",."
            for cell in cells
            if cell.count(mark) == 1 and not _GROUPED.fullmatch(cell) and is_number(cell.replace(",", "."))
        }


def read_csv(
    path: Path, *, numeric: Callable[[str], bool], named: Callable[[str], str] = str, row_is: str = "case"
) -> CsvTable:
    """Read a table.

    Parameters
    ----------
    path : pathlib.Path
        A regular file; its first line that is not empty names the columns.
    numeric : callable
        Given the name of a column, True where its cells are numbers.
    named : callable
        The name of a column here, from its name in the file.
    row_is : str
        Noun for the contents of a row, for the message about a table without rows.

    Returns
    -------
    CsvTable
        Every row has a cell for every column.

    Raises
    ------
    InputError
        When the file cannot be read as a table, or has no rows.
    """
    lines = _text_of(path).splitlines(keepends=True)
    first = 0
    header_line = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header_line.count)
    declared = re.fullmatch(r"sep=([,;|\t])[\r\n]*", "".join(lines[:1]), re.IGNORECASE)
    if declared:  # spreadsheets write "sep=;" above the header, for one another
        first = 1
        delimiter = declared[1]
    reader = csv.reader(io.StringIO("".join(lines[first:]), newline=""), delimiter=delimiter, strict=True)
    try:
        table = [(reader.line_num + first, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        where = f"{path}: line {reader.line_num + first}"
        raise InputError(where, f"is not CSV: {error}", "Check the quotes.") from None
    table = [(line, cells) for line, cells in table if any(cells)]
    if not table:
        raise InputError(str(path), "is empty", "The first line names the columns.")
    header = [named(name) for name in table.pop(0)[1]]
    _check_shape(path, header, table)
    if not table:
        raise InputError(str(path), "has no rows", f"Put one {row_is} in each row below the column names.")
    columns = {name: [cells[place] for _, cells in table] for place, name in enumerate(header) if name}
    return CsvTable(path, delimiter, columns, [line for line, _ in table], numeric)


def _text_of(path: Path) -> str:
    """The text of a file."""
    remedy = "Give the path of a CSV file."
    try:
        if path.is_dir():
            raise InputError(str(path), "is a folder, not a table", remedy)
        if path.exists() and not path.is_file():  # reading a pipe or a device may never end
            raise InputError(str(path), "is no regular file", remedy)
        content = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", remedy) from None
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # zip (.xlsx, .ods) and the old .xls
        raise InputError(str(path), "is a workbook, not a table in text", 'Save the sheet as "CSV UTF-8".')
    encoding = "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # byte order marks of UTF-16, "Unicode text" to spreadsheets
        encoding = "utf-16"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8: byte {error.start}", 'Save it as "CSV UTF-8".') from None


def _check_shape(path: Path, header: Sequence[str], table: Sequence[tuple[int, list[str]]]) -> None:
    """Refuse cells without a column, columns of one name, and rows that end early.

    What has neither a name nor a cell that is filled comes from a spreadsheet, and does no harm.
    """
    n_columns = max(place for place, name in enumerate(header, start=1) if name)
    for line, cells in table:
        n_cells = max(place for place, cell in enumerate(cells, start=1) if cell)
        if n_cells > len(header) or len(cells) < n_columns:
            why = f"has {max(n_cells, len(cells))} cells, but the header names {n_columns} columns"
            raise InputError(f"{path}: line {line}", why, "Leave a cell empty where nothing is given.")
        for place, cell in enumerate(cells):
            if cell and not header[place]:
                where = f"{path}: line {line}, column {place + 1}"
                raise InputError(where, "has a cell but no name", "Name it in the first line, or empty it.")
    for name, count in Counter(filter(None, header)).items():
        if count > 1:
            raise InputError(f"{path}: column {name!r}", f"stands there {count} times", "Keep one of them.")
