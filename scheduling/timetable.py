"""The patient's timetable: what was asked for, and which slots answer it."""

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby

from django.db import models
from django.db.models.functions import ExtractHour
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import WEEK
from scheduling.focus import FocusArea
from scheduling.models import ClassType, Slot, SlotQuerySet

DAYS = 2 * WEEK
HORIZON = timedelta(days=730)
MOST_SLOTS = 150

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AREAS = tuple(FocusArea.values)
LEVELS = frozenset(ClassType.Level.values)
NOON, EVENING, MIDNIGHT = 12, 17, 24


class TimeOfDay(models.TextChoices):
    """When a class begins, on the clinic's wall clock."""

    MORNING = "morning", _("Morning, before 12:00")
    AFTERNOON = "afternoon", _("Afternoon, 12:00 to 17:00")
    EVENING = "evening", _("Evening, from 17:00")

    @property
    def hours(self) -> tuple[int, int]:
        """The first hour, and the hour in which it is over."""
        return {
            TimeOfDay.MORNING: (0, NOON),
            TimeOfDay.AFTERNOON: (NOON, EVENING),
            TimeOfDay.EVENING: (EVENING, MIDNIGHT),
        }[self]


KEY = re.compile(r"[1-9][0-9]{0,17}")
TIMES = frozenset(TimeOfDay.values)


@dataclass(frozen=True)
class Filters:
    """What was asked for: the first day (None: today), which classes (empty: all), and whether as a week overview."""

    first_day: date | None = None
    focus: tuple[str, ...] = ()
    level: str = ""
    instructor: int | None = None
    location: int | None = None
    time: str = ""
    online: bool = False
    places_left: bool = False
    week: bool = False

    @property
    def chosen(self) -> int:
        """How many choices narrow the classes down."""
        others = (self.level, self.instructor, self.location, self.time, self.online, self.places_left)
        return len(self.focus) + sum(map(bool, others))

    def from_day(self, day: date) -> "Filters":
        return replace(self, first_day=day)

    def as_list(self) -> "Filters":
        return replace(self, week=False)

    def as_week(self) -> "Filters":
        return replace(self, week=True)

    def dropped(self) -> "Filters":
        """All classes from today, laid out as before."""
        return Filters(week=self.week)

    def for_calendars(self) -> "Filters":
        """The same kind of classes without days, for a feed; whether full or not, so that none vanishes from it."""
        return replace(self, first_day=None, places_left=False, week=False)

    def address(self) -> str:
        """The query string that asks for the same: `?focus=alignment&from=2026-11-24`, or nothing."""
        query = QueryDict(mutable=True)
        query.setlist("focus", self.focus)
        for name in ("level", "instructor", "location", "time"):
            if value := getattr(self, name):
                query[name] = str(value)
        if self.online:
            query["online"] = "only"
        if self.places_left:
            query["places"] = "left"
        if self.first_day:
            query["from"] = self.first_day.isoformat()
        if self.week:
            query["view"] = "week"
        asked = query.urlencode()
        return f"?{asked}" if asked else ""


def read_filters(params: QueryDict) -> tuple[Filters, bool]:
    """Return the filters that an address asks for, and whether all of it was understood.

    What is not understood is left out. A day in the past means today: an old link still leads to the next classes.
    """
    names = ("level", "instructor", "location", "time", "online", "places", "from", "view")
    asked = {name: params.get(name, "") for name in names}
    areas = [area for area in params.getlist("focus") if area]
    filters = Filters(
        first_day=day_in_reach(asked["from"]),
        focus=tuple(area for area in AREAS if area in areas),
        level=asked["level"] if asked["level"] in LEVELS else "",
        instructor=int(asked["instructor"]) if KEY.fullmatch(asked["instructor"]) else None,
        location=int(asked["location"]) if KEY.fullmatch(asked["location"]) else None,
        time=asked["time"] if asked["time"] in TIMES else "",
        online=asked["online"] == "only",
        places_left=asked["places"] == "left",
        week=asked["view"] == "week",
    )
    understood = {
        "level": filters.level,
        "instructor": filters.instructor,
        "location": filters.location,
        "time": filters.time,
        "online": filters.online,
        "places": filters.places_left,
        "from": filters.first_day,
        "view": filters.week,
    }
    missed = any(asked[name] and not understood[name] for name in asked)
    if filters.first_day and filters.first_day <= clock.clinic_today():
        filters = replace(filters, first_day=None)
    return filters, not missed and set(areas) <= set(AREAS)


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


@dataclass(frozen=True)
class Day:
    """One day's slots, in order."""

    date: date
    slots: list[Slot]

    @property
    def weekday(self) -> str:
        return date_format(self.date, "l")

    @property
    def date_words(self) -> str:
        """`24 November`; with the year when it is not this one."""
        return date_format(self.date, "j F" if self.date.year == clock.clinic_today().year else "j F Y")

    @property
    def anchor(self) -> str:
        """Where the page's links to this day lead: `day-2026-11-24`."""
        return f"day-{self.date.isoformat()}"

    @property
    def begins_week(self) -> bool:
        return self.date.weekday() == calendar.MONDAY

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
    def first_start(self) -> datetime | None:
        """When the first of the slots begins, and with that leaves the timetable."""
        return self.days[0].slots[0].starts_at if self.days else None

    @property
    def shown_days(self) -> list[Day]:
        """The days as they are laid out: a list leaves out those without a class, a week does not."""
        if not self.filters.week or not self.days:
            return self.days
        with_slots = {day.date: day for day in self.days}
        dates = (self.first_day + timedelta(days=nth) for nth in range((self.last_day - self.first_day).days + 1))
        return [with_slots.get(date) or Day(date, []) for date in dates]

    @cached_property
    def next_place(self) -> Slot | None:
        """When the first class is full: the next one with a place, of these days or of those after them."""
        if not self.days or not self.days[0].slots[0].is_full:
            return None
        shown = (slot for day in self.days for slot in day.slots if not slot.is_full)
        later = passing(self.filters, _with_a_place()).filter(starts_at__gte=self.end)
        return next(shown, None) or later.first()

    @property
    def start(self) -> datetime:
        """The first instant of the days shown."""
        return clock.day_bounds(self.first_day)[0]

    @property
    def end(self) -> datetime:
        """The first instant after the days shown."""
        return clock.day_bounds(self.last_day)[1]

    @property
    def reach(self) -> datetime | None:
        """The end of the time that the answer speaks of; None if that is all time to come."""
        if not self.days:
            return None
        if not self.days[0].slots[0].is_full:
            return self.end
        return max(self.end, self.next_place.ends_at) if self.next_place else None

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
    def next_match(self) -> Slot | None:
        """For an empty answer: the next class with a place, on any day, that passes the filters."""
        return passing(self.filters, _with_a_place()).first()

    @property
    def next_other(self) -> Slot | None:
        """For an empty answer: the next class with a place, on any day and of any kind."""
        return _with_a_place().first()


def read_timetable(filters: Filters, window: Window) -> Timetable:
    """Read the slots of `window` that pass the filters; of very many, those of the first whole days or week."""
    slots = Slot.objects.published().between(window.start, window.end).with_details()
    found = list(passing(filters, slots)[: MOST_SLOTS + 1])
    days = [
        Day(date, list(of_day))
        for date, of_day in groupby(found, key=lambda slot: clock.clinic_time(slot.starts_at).date())
    ]
    last_day = window.last_day
    if len(found) > MOST_SLOTS and len(days) > 1:
        last_day = days.pop().date - timedelta(days=1)
        if filters.week and last_day >= window.first_day + WEEK:
            last_day = window.first_day + WEEK - timedelta(days=1)
            days = [day for day in days if day.date <= last_day]
    return Timetable(filters, days, window.first_day, last_day)


def _with_a_place() -> SlotQuerySet:
    return Slot.objects.published().upcoming().with_places_left().with_details()


def passing(filters: Filters, slots: SlotQuerySet) -> SlotQuerySet:
    """Those of `slots` that the filters ask for, whenever they are."""
    slots = slots.with_focus(filters.focus)
    if filters.places_left:
        slots = slots.with_places_left()
    if filters.online:
        slots = slots.filter(room=None)
    if filters.time:
        first, after = TimeOfDay(filters.time).hours
        slots = slots.alias(hour=ExtractHour("starts_at", tzinfo=clock.clinic_zone())).filter(
            hour__gte=first, hour__lt=after
        )
    wanted = {
        "class_type__level": filters.level,
        "instructor": filters.instructor,
        "room__location": filters.location,
    }
    return slots.filter(**{field: value for field, value in wanted.items() if value})
