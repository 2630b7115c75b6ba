"""A timetable as a spreadsheet: the columns of its CSV file, and how the file is read and written.

Spreadsheets take cells that begin with = + - @ for formulas, whoever wrote them. So the writer puts an apostrophe
before such a cell, and the reader takes it away again: what was written is read as it was.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.money import plain_amount

COLUMNS = (
    "class type",
    "instructor",
    "room",
    "day",
    "time",
    "minutes",
    "places",
    "price",
    "from",
    "until",
    "repeats",
    "except",
    "state",
    "link",
)
REQUIRED = ("class type", "day", "time")
MOST_BYTES = 1_000_000
MOST_ROWS = 5000
DELIMITERS = ";,\t"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
QUOTE = "'"


class FileTooLarge(InvalidInput):
    code = "file_too_large"
    message = _("This file is too large. A timetable has at most %(rows)s rows; please split it.")


class NotUtf8(InvalidInput):
    code = "not_utf8"
    message = _("This file is not written in UTF-8. Please save it again as “CSV UTF-8”.")


class NotATable(InvalidInput):
    code = "not_a_table"
    message = _("This is not a CSV file (%(why)s). Please save the sheet as “CSV UTF-8”.")


class EmptyTable(InvalidInput):
    code = "empty_table"
    message = _("This file has no rows. The first row names the columns, each further one is a class.")


class ColumnsMissing(InvalidInput):
    code = "columns_missing"
    message = _("The first row must name the columns %(required)s. Not found: %(missing)s.")


class ColumnsUnknown(InvalidInput):
    code = "columns_unknown"
    message = _("There is no column called %(unknown)s. The columns are: %(known)s.")


class ColumnsTwice(InvalidInput):
    code = "columns_twice"
    message = _("The first row names %(twice)s twice. Please keep one of the two.")


@dataclass(frozen=True)
class Row:
    """One row as it was written; `number` counts as spreadsheets do, the row of column names being 1."""

    number: int
    cells: dict[str, str]
    surplus: bool = False  # it has more cells than the first row

    def __getitem__(self, column: str) -> str:
        """The cell of a column, empty where the file does not have it."""
        if column not in COLUMNS:
            raise KeyError(column)  # templates look here first for what is an attribute
        return self.cells.get(column, "")

    @property
    def marks(self) -> list[str]:
        """What tells the row from others, each cell cut to a line."""
        named = (self[column] for column in ("class type", "instructor", "day", "time"))
        return [f"{cell[:59]}…" if len(cell) > 60 else cell for cell in named if cell]


def read_rows(data: bytes) -> list[Row]:
    """The rows of a CSV file in UTF-8, separated by semicolons, commas or tabs; empty rows are left out.

    Raises FileTooLarge, NotUtf8, NotATable, EmptyTable, ColumnsMissing, ColumnsUnknown or ColumnsTwice.
    """
    if len(data) > MOST_BYTES:
        raise FileTooLarge(rows=f"{MOST_ROWS:,}")
    table = _table(_decoded(data))
    header = next(table, None)
    if header is None:
        raise EmptyTable()
    columns = _columns(header[1])
    rows = [_row(number, columns, cells) for number, cells in table]
    if not rows:
        raise EmptyTable()
    if len(rows) > MOST_ROWS:
        raise FileTooLarge(rows=f"{MOST_ROWS:,}")
    return rows


def write_rows(rows: Iterable[dict[str, str]]) -> bytes:
    """A CSV file of all columns, as the spreadsheets of the clinic's country open it, in UTF-8 with its mark."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=_delimiter())
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([neutral(row.get(column, "")) for column in COLUMNS])
    return written.getvalue().encode("utf-8-sig")


def neutral(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return QUOTE + cell if cell.lstrip(" ").startswith((*FORMULA_STARTS, QUOTE)) else cell


def original(cell: str) -> str:
    """The cell before `neutral`."""
    bare = cell[1:]
    return bare if cell.startswith(QUOTE) and bare.lstrip(" ").startswith((*FORMULA_STARTS, QUOTE)) else cell


def looks_like_formula(cell: str) -> bool:
    """Whether a cell as it was written begins like a formula; a negative number is none."""
    return cell.startswith(("=", "+", "@")) or (cell.startswith("-") and not cell[1:2].isdigit())


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotUtf8() from error
    if "\0" in text:
        raise NotATable(why=_("it holds NUL characters"))
    return text


def _table(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with its number."""
    first_line = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise NotATable(why=_("a cell is too long or a quotation mark is not closed")) from error


def _columns(header: list[str]) -> list[str]:
    names = [" ".join(name.replace("_", " ").split()).casefold() for name in header]
    while names and not names[-1]:
        names.pop()
    if missing := [name for name in REQUIRED if name not in names]:
        raise ColumnsMissing(required=", ".join(REQUIRED), missing=", ".join(missing))
    if unknown := [name[:60] or "“”" for name in names if name not in COLUMNS]:
        raise ColumnsUnknown(unknown=", ".join(unknown[:5]), known=", ".join(COLUMNS))
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise ColumnsTwice(twice=", ".join(twice))
    return names


def _row(number: int, columns: list[str], cells: list[str]) -> Row:
    surplus = any(cell.strip() for cell in cells[len(columns) :])
    return Row(number, {column: cell.strip(" ") for column, cell in zip(columns, cells, strict=False)}, surplus)


def _delimiter() -> str:
    """Where amounts have a decimal comma, spreadsheets separate cells by semicolons."""
    return ";" if "," in plain_amount(1000, settings.CLINIC_CURRENCY) else ","
