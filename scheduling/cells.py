"""What the cells of a timetable's spreadsheet mean (scheduling/sheet.py): names, days, times and figures."""

import difflib
import re
from calendar import day_abbr, day_name
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core.errors import InvalidInput
from core.money import NotAnAmount, parse_amount
from scheduling.models import ClassType, Instructor, Room, Slot
from scheduling.sheet import Row, looks_like_formula, original

MOST_CHARACTERS = 5000
SHOWN = 80  # characters of a cell that a sentence repeats
ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
DOTTED_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
WALL_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?:[:.]([0-5][0-9]))?(?: +(first|second))?")
FOLDS = {"first": 0, "second": 1}
SMALL_NUMBER = re.compile(r"[0-9]{1,6}")
YEARS = range(2000, 2101)
ON_LINE = {"", "on-line", "online"}

Named = TypeVar("Named", ClassType, Instructor, Room)


class BadCell(InvalidInput):
    code = "bad_cell"
    message = _("%(column)s: %(why)s")


class UnknownName(InvalidInput):
    """Looks for a similar name only when it is shown: a file may have thousands of unknown ones."""

    code = "unknown_name"
    message = _("There is no %(what)s called “%(name)s”.")
    suggestion = _("Did you mean “%(like)s”?")

    def __init__(self, *, known: dict[str, list[Any]], **details: Any) -> None:
        super().__init__(**details)
        self.known = known

    def __str__(self) -> str:
        like = difflib.get_close_matches(_key(self.details["name"]), self.known, n=1)
        said = super().__str__()
        return f"{said} {self.suggestion % {'like': self.known[like[0]][0]}}" if like else said


class AmbiguousName(InvalidInput):
    code = "ambiguous_name"
    message = _("“%(name)s” may mean more than one %(what)s. Please write %(instead)s.")


class NotOwnClass(InvalidInput):
    code = "not_own_class"
    message = _("You can plan your own classes only. Leave the instructor empty, or write your own name.")


def cell(row: Row, column: str) -> str:
    """The cell without its apostrophe. Raises BadCell for a formula, and for more text than any cell needs."""
    written = row[column]
    if len(written) > MOST_CHARACTERS:
        raise BadCell(column=column, why=_("this cell is too long."))
    if looks_like_formula(written):
        raise BadCell(column=column, why=_("this looks like a formula. Please write the value itself."))
    return original(written)


def read_day(row: Row, column: str) -> date | None:
    """A date as 2026-11-24 or 24.11.2026; None for an empty cell."""
    return parse_day(column, cell(row, column))


def parse_day(column: str, text: str) -> date | None:
    if not text:
        return None
    if found := ISO_DAY.fullmatch(text):
        year, month, day = found.groups()
    elif found := DOTTED_DAY.fullmatch(text):
        day, month, year = found.groups()
    else:
        raise BadCell(column=column, why=_("please write the date as 2026-11-24."))
    try:
        if int(year) in YEARS:
            return date(int(year), int(month), int(day))
    except ValueError:
        pass
    raise BadCell(column=column, why=_("there is no such day. Please look at the calendar."))


def read_weekday(row: Row) -> int | None:
    """The weekday in the column `day`, Monday being 0; None when something else is in it."""
    return _weekdays(get_language()).get(cell(row, "day").casefold())


def read_time(row: Row) -> tuple[time, int | None]:
    """The wall time, and which of two equal ones: `02:30`, `02:30 first`, `02:30 second`."""
    found = WALL_TIME.fullmatch(cell(row, "time").casefold())
    if not found:
        raise BadCell(column="time", why=_("please write hours and minutes, such as 18:30."))
    return time(int(found[1]), int(found[2]), int(found[3] or 0)), FOLDS.get(found[4])


def read_days(row: Row, column: str) -> list[date]:
    """Several dates, with spaces or commas between them."""
    days = [parse_day(column, each) for each in re.split(r"[\s,]+", cell(row, column)) if each]
    return sorted({day for day in days if day})


def read_figure(row: Row, column: str, least: int, most: int) -> int | None:
    text = cell(row, column)
    if not text:
        return None
    number = int(text) if SMALL_NUMBER.fullmatch(text) else -1
    if not least <= number <= most:
        why = _("please enter a number from %(least)s to %(most)s.") % {"least": least, "most": most}
        raise BadCell(column=column, why=why)
    return number


def read_price(row: Row) -> int | None:
    text = cell(row, "price")
    try:
        return parse_amount(text, settings.CLINIC_CURRENCY) if text else None
    except NotAnAmount as error:
        raise BadCell(column="price", why=error) from error


def read_state(row: Row, *, publish: bool) -> str:
    text = cell(row, "state").casefold() or (Slot.State.PUBLISHED if publish else Slot.State.DRAFT)
    if text not in (Slot.State.DRAFT, Slot.State.PUBLISHED):
        raise BadCell(column="state", why=_("please write draft or published."))
    return text


def read_link(row: Row) -> str:
    text = cell(row, "link")
    try:
        if text:
            URLValidator(["http", "https"])(text)
    except ValidationError:
        raise BadCell(
            column="link", why=_("please write a whole address, such as https://meet.example.org/back.")
        ) from None
    if len(text) > 500:
        raise BadCell(column="link", why=_("this cell is too long."))
    return text


@dataclass(frozen=True)
class Names:
    """Whom and what the cells may name, read at once. `own` is the one instructor that somebody may plan for."""

    class_types: dict[str, list[ClassType]]
    instructors: dict[str, list[Instructor]]
    rooms: dict[str, list[Room]]
    own: Instructor | None
    plans_for_all: bool

    @classmethod
    def known_to(cls, user: User) -> "Names":
        instructors = list(Instructor.objects.teaching().select_related("user"))
        return cls(
            _by_name(ClassType.objects.filter(is_active=True), lambda each: (each.name,)),
            _by_name(instructors, lambda each: (each.name, each.user.email)),
            _by_name(Room.objects.select_related("location"), lambda each: (str(each), each.name)),
            next((each for each in instructors if each.user_id == user.pk), None),
            has_role(user, MANAGER),
        )

    def class_type(self, row: Row) -> ClassType:
        text = cell(row, "class type")
        if not text:
            raise BadCell(column="class type", why=_("please name what is taught."))
        return _one(self.class_types, text, _("class type"), _("its exact name"))

    def instructor(self, row: Row) -> Instructor:
        """Raises NotOwnClass when somebody plans for others who may not."""
        text = cell(row, "instructor")
        if not self.plans_for_all:
            if self.own is None or (text and self.own not in self.instructors.get(_key(text), [])):
                raise NotOwnClass()
            return self.own
        if not text:
            raise BadCell(column="instructor", why=_("please name who teaches."))
        return _one(self.instructors, text, _("instructor"), _("the account's e-mail address"))

    def room(self, row: Row) -> Room | None:
        text = cell(row, "room")
        if text.casefold() in ON_LINE:
            return None
        return _one(self.rooms, text, _("room"), _("the location too, such as “Willow, Garden House”"))


def _by_name(rows: Iterable[Named], names: Callable[[Named], Iterable[str]]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for row in rows:
        for name in {_key(name) for name in names(row)}:
            found.setdefault(name, []).append(row)
    return found


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _one(known: dict[str, list[Named]], text: str, what: Any, instead: Any) -> Named:
    """The row of that name in any spelling of capitals; of several, the one that is spelt exactly so."""
    rows = known.get(_key(text), [])
    if len(rows) > 1:
        exact = [row for row in rows if str(row) == text]
        if len(exact) != 1:
            raise AmbiguousName(name=text[:SHOWN], what=what, instead=instead)
        return exact[0]
    if rows:
        return rows[0]
    raise UnknownName(known=known, what=what, name=text[:SHOWN])


@cache
def _weekdays(language: str | None) -> dict[str, int]:
    """The names of the weekdays, whole and short, in English and in the reader's language."""
    found = {name.casefold(): number for names in (day_name, day_abbr) for number, name in enumerate(names)}
    return found | {str(name).casefold(): day for names in (WEEKDAYS, WEEKDAYS_ABBR) for day, name in names.items()}
