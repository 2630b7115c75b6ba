"""The patient's timetable: what was asked for, which slots answer it, and pages kept in memory that are never stale.

Rendering fifty rows costs twenty times as much as sending the page, so each web process keeps rendered pages. A kept
page is used only while the *fingerprint* of what it shows is the same: one short query on every request, over the slots
of the page's days that have not begun, and over all class types, instructors, rooms and locations. So a booking, a new
price, a renamed instructor or a class that begins shows at once, on every process, without any message between them.

The fingerprint is made of `xmin` and `ctid`, the transaction that wrote a row version and where that version lies. Any
change gives a row another pair, and no pair comes back. (A hash of the columns would be blind to a place that is taken
after the fingerprint and before the rows are read, and given back later: 3 taken, 4 taken, 3 taken.) The fingerprint is
read before the rows, so what is kept under it is as new as the fingerprint, or newer and then out of use at once.

A page without slots is never kept: it names the next class with a place, which may lie outside the page's days.
"""

import gzip
import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from threading import Lock

from django.db import connection
from django.http import QueryDict

from core import clock
from scheduling.focus import FocusArea
from scheduling.models import ClassType, Instructor, Location, Room, Slot, SlotQuerySet

DAYS = timedelta(days=14)
HORIZON = timedelta(days=730)
MOST_SLOTS = 150
MOST_BYTES_KEPT = 32 * 1024 * 1024

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEY = re.compile(r"[1-9][0-9]{0,17}")

Fingerprint = tuple[int | None, ...]


@dataclass(frozen=True)
class Filters:
    """What was asked for: the first day (None: today) and which classes (empty: all)."""

    first_day: date | None = None
    focus: tuple[str, ...] = ()
    level: str = ""
    instructor: int | None = None
    location: int | None = None
    places_left: bool = False

    @property
    def chosen(self) -> int:
        """How many choices narrow the classes down."""
        return len(self.focus) + sum(map(bool, (self.level, self.instructor, self.location, self.places_left)))

    def from_day(self, day: date) -> "Filters":
        return replace(self, first_day=day)

    def address(self) -> str:
        """The query string that asks for the same: `?focus=alignment&from=2026-11-24`, or nothing."""
        query = QueryDict(mutable=True)
        query.setlist("focus", self.focus)
        for name in ("level", "instructor", "location"):
            if value := getattr(self, name):
                query[name] = str(value)
        if self.places_left:
            query["places"] = "left"
        if self.first_day:
            query["from"] = self.first_day.isoformat()
        return f"?{query.urlencode()}" if query else ""


def read_filters(params: QueryDict) -> tuple[Filters, bool]:
    """Return the filters that an address asks for, and whether all of it was understood.

    What is not understood is left out. A day in the past means today: an old link still leads to the next classes.
    """
    asked = {name: params.get(name, "") for name in ("level", "instructor", "location", "places", "from")}
    areas = [area for area in params.getlist("focus") if area]
    filters = Filters(
        first_day=day_in_reach(asked["from"]),
        focus=tuple(area for area in FocusArea.values if area in areas),
        level=asked["level"] if asked["level"] in ClassType.Level.values else "",
        instructor=int(asked["instructor"]) if KEY.fullmatch(asked["instructor"]) else None,
        location=int(asked["location"]) if KEY.fullmatch(asked["location"]) else None,
        places_left=asked["places"] == "left",
    )
    understood = {
        "level": filters.level,
        "instructor": filters.instructor,
        "location": filters.location,
        "places": filters.places_left,
        "from": filters.first_day,
    }
    missed = any(asked[name] and not understood[name] for name in asked)
    if filters.first_day and filters.first_day <= clock.clinic_today():
        filters = replace(filters, first_day=None)
    return filters, not missed and set(areas) <= set(FocusArea.values)


def day_in_reach(text: str) -> date | None:
    """The day written as 2026-11-24, unless it is none or lies beyond the horizon."""
    try:
        day = date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day and day <= clock.clinic_today() + HORIZON else None


@dataclass(frozen=True)
class Window:
    """The time that a page covers: whole days, the first of them from now on when it is today."""

    first_day: date
    last_day: date
    start: datetime
    end: datetime


def window_of(filters: Filters) -> Window:
    """The fortnight that begins on the filters' first day."""
    now, first_day = clock.now(), filters.first_day or clock.clinic_today()
    last_day = first_day + DAYS - timedelta(days=1)
    return Window(first_day, last_day, max(now, clock.day_bounds(first_day)[0]), clock.day_bounds(last_day)[1])


def _marks_of(model: type, condition: str = "") -> str:
    table = model._meta.db_table  # type: ignore[attr-defined]
    return f"(SELECT bit_xor(hash_record_extended(ROW(t.xmin, t.ctid), 0)) FROM {table} t {condition})"  # noqa: S608


_FINGERPRINT_SQL = "SELECT " + ", ".join(
    [
        _marks_of(Slot, "WHERE t.state = 'published' AND t.starts_at >= %s AND t.starts_at < %s"),
        *(_marks_of(model) for model in (ClassType, Instructor, Room, Location)),
    ]
)


def fingerprint_of(window: Window) -> Fingerprint:
    """What changes whenever anything changes that a page about `window` may show; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINT_SQL, [window.start, window.end])
        marks: Fingerprint = cursor.fetchone()
    return marks


@dataclass(frozen=True)
class Day:
    """One day's slots, in order."""

    date: date
    slots: list[Slot]

    @property
    def title(self) -> str:
        return clock.format_day(self.date)

    @property
    def is_today(self) -> bool:
        return self.date == clock.clinic_today()

    @property
    def is_tomorrow(self) -> bool:
        return self.date == clock.clinic_today() + timedelta(days=1)


@dataclass(frozen=True)
class Timetable:
    """The answer: the days that have slots, the time they cover, and where to look on."""

    filters: Filters
    days: list[Day]
    first_day: date
    last_day: date

    @property
    def count(self) -> int:
        return sum(len(day.slots) for day in self.days)

    @property
    def starts_today(self) -> bool:
        return self.filters.first_day is None

    @property
    def earlier(self) -> Filters | None:
        """The fortnight before, but nothing before today."""
        return None if self.starts_today else self.filters.from_day(max(self.first_day - DAYS, clock.clinic_today()))

    @property
    def later(self) -> Filters | None:
        """The days after, up to the horizon."""
        day = self.last_day + timedelta(days=1)
        return self.filters.from_day(day) if day <= clock.clinic_today() + HORIZON else None

    @property
    def later_until(self) -> date:
        return self.last_day + DAYS

    @property
    def next_with_a_place(self) -> Slot | None:
        """For an empty answer: the next class with a place that passes the filters, else the next one of any kind."""
        free = Slot.objects.published().upcoming().with_places_left().with_details()
        return _passing(self.filters, free).first() or free.first()


def read_timetable(filters: Filters, window: Window) -> Timetable:
    """Read the slots of `window` that pass the filters; of very many, those of the first whole days."""
    slots = Slot.objects.published().between(window.start, window.end).with_details()
    found = list(_passing(filters, slots)[: MOST_SLOTS + 1])
    days = [
        Day(date, list(of_day))
        for date, of_day in groupby(found, key=lambda slot: clock.clinic_time(slot.starts_at).date())
    ]
    last_day = window.last_day
    if len(found) > MOST_SLOTS and len(days) > 1:
        last_day = days.pop().date - timedelta(days=1)
    return Timetable(filters, days, window.first_day, last_day)


def _passing(filters: Filters, slots: SlotQuerySet) -> SlotQuerySet:
    slots = slots.with_focus(filters.focus)
    if filters.places_left:
        slots = slots.with_places_left()
    wanted = {
        "class_type__level": filters.level,
        "instructor": filters.instructor,
        "room__location": filters.location,
    }
    return slots.filter(**{field: value for field, value in wanted.items() if value})


@dataclass(frozen=True)
class Page:
    """Rendered HTML, ready to be sent as it is or zipped; `etag` names its content."""

    html: bytes
    zipped: bytes
    etag: str

    @classmethod
    def of(cls, html: str) -> "Page":
        body = html.encode()
        digest = blake2b(body, digest_size=12).hexdigest()
        return cls(body, gzip.compress(body, compresslevel=6, mtime=0), f'W/"{digest}"')

    @property
    def size(self) -> int:
        return len(self.html) + len(self.zipped)


class KeptPages:
    """Pages with the fingerprint that they were made under; the least recently used ones go when memory is full."""

    def __init__(self, most_bytes: int = MOST_BYTES_KEPT) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pages: OrderedDict[Hashable, tuple[Fingerprint, Page]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable, fingerprint: Fingerprint) -> Page | None:
        """The page kept under `key`, if nothing has changed since."""
        with self._lock:
            kept = self._pages.get(key)
            if kept is None or kept[0] != fingerprint:
                return None
            self._pages.move_to_end(key)
            return kept[1]

    def keep(self, key: Hashable, fingerprint: Fingerprint, page: Page) -> None:
        """Keep `page` in place of the one before."""
        with self._lock:
            self._drop(key)
            self._pages[key] = fingerprint, page
            self.bytes += page.size
            while self.bytes > self.most_bytes:
                self._drop(next(iter(self._pages)))

    def forget(self) -> None:
        """Drop all pages."""
        with self._lock:
            self._pages.clear()
            self.bytes = 0

    def _drop(self, key: Hashable) -> None:
        if dropped := self._pages.pop(key, None):
            self.bytes -= dropped[1].size


kept_pages = KeptPages()
