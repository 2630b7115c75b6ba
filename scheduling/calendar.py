"""The calendar of instructors and managers: which days and classes are asked for, and what is found there.

The grid in the browser works with wall times of the clinic that carry no offset, so it shows the same hours whatever
zone the browser is in. A class lasts as long there as in truth, also on the nights on which the clocks change.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core import clock
from core.clock import DAY, WEEK
from scheduling.models import ClassType, Closure, Slot, SlotQuerySet, TimeOff
from scheduling.models.houses import ClosureQuerySet
from scheduling.operations import MOST_AHEAD
from scheduling.timetable import ISO_DAY, KEY

COLOURS = 8  # as many as frontend/css/calendar/entries.css has
BACK = timedelta(days=5 * 366)
LONGEST = timedelta(days=14)  # that the feed answers for at once
HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MINUTES = re.compile(r"[1-9][0-9]{0,2}")


class Look(StrEnum):
    """How much of the calendar is shown, and how."""

    WEEK = "week"
    DAY = "day"
    LIST = "list"

    @property
    def label(self) -> str:
        return {Look.WEEK: _("Week"), Look.DAY: _("Day"), Look.LIST: _("List")}[self]


@dataclass(frozen=True)
class Filters:
    """Whose classes and where; None means all."""

    instructor: int | None = None
    room: int | None = None
    location: int | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """What the address asks for; what is no key is left out."""
        return cls(**{name: int(query[name]) for name in cls.names() if KEY.fullmatch(query.get(name, ""))})

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return ("instructor", "room", "location")

    def in_address(self) -> dict[str, int]:
        return {name: value for name in self.names() if (value := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Shown:
    """What the page shows: a day or the week around it, and which classes."""

    day: date
    look: Look
    filters: Filters

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """What the address asks for, else this week."""
        asked = query.get("view", "")
        look = Look(asked) if asked in list(Look) else Look.WEEK
        return cls(day_asked(query.get("day", "")) or clock.clinic_today(), look, Filters.read(query))

    @property
    def first(self) -> date:
        return self.day if self.look is Look.DAY else clock.monday_of(self.day)

    @property
    def after(self) -> date:
        return self.first + (DAY if self.look is Look.DAY else WEEK)

    @property
    def is_this_week(self) -> bool:
        return self.look is not Look.DAY and self.first <= clock.clinic_today() < self.after

    @property
    def title(self) -> str:
        """`Tuesday 24 November 2026`, or `23 – 29 November 2026` as the grid words it."""
        last = self.after - DAY
        if self.first == last:
            return date_format(last, "l j F Y")
        begin = "j" if self.first.month == last.month else "j F" if self.first.year == last.year else "j F Y"
        return f"{date_format(self.first, begin)} – {date_format(last, 'j F Y')}"

    @property
    def earlier(self) -> str:
        return self.address(day=max(self.first - (DAY if self.look is Look.DAY else WEEK), _reach()[0]))

    @property
    def later(self) -> str:
        return self.address(day=min(self.after, _reach()[1]))

    @property
    def today(self) -> str:
        return self.address(day=clock.clinic_today())

    def looks(self) -> list[tuple[Look, str]]:
        return [(look, self.address(look=look)) for look in Look]

    def address(self, *, day: date | None = None, look: Look | None = None) -> str:
        """The address of the same calendar on another day or with another look."""
        query = {"view": (look or self.look).value, "day": (day or self.day).isoformat()} | self.filters.in_address()
        return f"{reverse('scheduling:calendar')}?{urlencode(query)}"


class Kind(StrEnum):
    """What a stretch means for the calendar in which it stands."""

    CLOSURE = "closure"  # nothing can be planned there
    AWAY = "away"  # nothing either: it is the calendar of the one who is away
    ABSENT = "absent"  # others can teach; it is only good to know


@dataclass(frozen=True)
class Stretch:
    """A time in which nothing can be planned, or somebody is away."""

    key: str
    kind: Kind
    words: str
    starts_at: datetime
    ends_at: datetime
    when: str = ""

    @property
    def hours(self) -> str:
        """`14:00–17:00` within a day, `when` over several of them; nothing for whole days."""
        if clock.whole_days(self.starts_at, self.ends_at):
            return ""
        start, end = wall(self.starts_at), wall(self.ends_at)
        return f"{start:%H:%M}–{end:%H:%M}" if start.date() == end.date() else self.when


@dataclass(frozen=True)
class AgendaDay:
    date: date
    slots: list[Slot]
    stretches: list[Stretch]

    @property
    def is_over(self) -> bool:
        return self.date < clock.clinic_today()


@dataclass(frozen=True)
class Found:
    """All that stands in the calendar in [first, after), read in a fixed number of queries."""

    first: date
    after: date
    slots: list[Slot]
    stretches: list[Stretch]

    def days(self) -> list[AgendaDay]:
        """Day by day, for those who read a list; days on which there is nothing are left out."""
        found = []
        for ahead in range((self.after - self.first).days):
            day = self.first + timedelta(days=ahead)
            start, end = clock.day_bounds(day)
            slots = [slot for slot in self.slots if start <= slot.starts_at < end]
            stretches = [each for each in self.stretches if each.starts_at < end and each.ends_at > start]
            if slots or stretches:
                found.append(AgendaDay(day, slots, stretches))
        return found

    @cached_property
    def colours(self) -> dict[int, int]:
        """Class type → number of its colour: neighbours in the list of class types differ."""
        keys = ClassType.objects.order_by("pk").values_list("pk", flat=True)
        return {key: position % COLOURS for position, key in enumerate(keys)}

    def entries(self) -> list[dict[str, Any]]:
        """What the grid draws: classes, and the stretches behind or above them."""
        return [self._class_entry(slot) for slot in self.slots] + [_drawn(each) for each in self.stretches]

    def _class_entry(self, slot: Slot) -> dict[str, Any]:
        start = wall(slot.starts_at)
        return {
            "id": str(slot.pk),
            "title": slot.class_type.name,
            "start": start.isoformat(timespec="minutes"),
            "end": (start + slot.duration).isoformat(timespec="minutes"),
            "url": reverse("booking:planned_class", args=[slot.pk]),
            "panel": reverse("scheduling:calendar_slot", args=[slot.pk]),
            "move": reverse("scheduling:calendar_move", args=[slot.pk]),
            "editable": not slot.is_cancelled and not slot.has_started,
            "revision": slot.revision,
            "colour": self.colours[slot.class_type_id],
            "occupancy": f"{slot.taken}/{slot.capacity}",
            "place": str(slot.room or _("On-line")),
            "instructor": slot.instructor.name,
            "state": slot.state,
            "stateWord": "" if slot.is_published else str(slot.get_state_display()),
            "isOver": slot.has_started,
            "day": clock.format_day(start),
            "hours": _hours_where_the_clocks_change(slot),
            "places": _("%(taken)s of %(capacity)s places taken") % {"taken": slot.taken, "capacity": slot.capacity},
        }


def read_calendar(user: User, filters: Filters, first: date, after: date) -> Found:
    """What `user` may plan in [first, after), with the closures and times off of those days."""
    start, end = clock.day_bounds(first)[0], clock.day_bounds(after)[0]
    slots = _chosen(Slot.objects.plannable_by(user), filters).overlapping(start, end).with_details()
    closures = _closures(filters).overlapping(start, end).select_related("location", "room__location")
    return Found(first, after, list(slots), [*map(_closed, closures), *_absences(user, filters, start, end)])


def day_asked(text: str) -> date | None:
    """The day written as 2026-11-24, unless it is none or lies where nothing is planned."""
    try:
        day = date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None
    first, last = _reach()
    return day if day and first <= day <= last else None


def days_asked(query: Mapping[str, str]) -> tuple[date, date] | None:
    """The days [start, end) that the grid asks for, unless they are none or too many."""
    first, after = day_asked(query.get("start", "")), day_asked(query.get("end", ""))
    if first is None or after is None or not DAY <= after - first <= LONGEST:
        return None
    return first, after


def new_class(query: Mapping[str, str]) -> dict[str, Any]:
    """When a class shall be that was drawn in the calendar, and whose, for the form that plans it."""
    asked: dict[str, Any] = {"day": day_asked(query.get("day", "")), "instructor": Filters.read(query).instructor}
    if HOURS.fullmatch(query.get("time", "")):
        asked["wall_time"] = time.fromisoformat(query["time"])
    if MINUTES.fullmatch(query.get("minutes", "")):
        asked["minutes"] = int(query["minutes"])
    return {name: value for name, value in asked.items() if value is not None}


def wall(instant: datetime) -> datetime:
    """What the clinic's clock shows then, without zone."""
    return clock.clinic_time(instant).replace(tzinfo=None, fold=0)


def _reach() -> tuple[date, date]:
    today = clock.clinic_today()
    return today - BACK, today + MOST_AHEAD + WEEK


def _chosen(slots: SlotQuerySet, filters: Filters) -> SlotQuerySet:
    asked = {"instructor": filters.instructor, "room": filters.room, "room__location": filters.location}
    return slots.filter(**{field: key for field, key in asked.items() if key is not None})


def _closures(filters: Filters) -> ClosureQuerySet:
    """All, or those that concern the chosen room or location."""
    whole_clinic = Q(location__isnull=True, room__isnull=True)
    if filters.room is not None:
        return Closure.objects.filter(whole_clinic | Q(location__rooms=filters.room) | Q(room=filters.room))
    if filters.location is not None:
        here = Q(location=filters.location) | Q(room__location=filters.location)
        return Closure.objects.filter(whole_clinic | here)
    return Closure.objects.all()


def _closed(closure: Closure) -> Stretch:
    words = _("%(place)s closed: %(reason)s") % {"place": closure.place, "reason": closure.reason}
    return Stretch(f"closure-{closure.pk}", Kind.CLOSURE, words, closure.starts_at, closure.ends_at)


def _absences(user: User, filters: Filters, start: datetime, end: datetime) -> list[Stretch]:
    absences = TimeOff.objects.plannable_by(user).overlapping(start, end).select_related("instructor")
    if not has_role(user, MANAGER):
        return [_away(absence, Kind.AWAY) for absence in absences]
    if filters.instructor is not None:
        return [_away(absence, Kind.AWAY) for absence in absences.filter(instructor=filters.instructor)]
    return [_away(absence, Kind.ABSENT) for absence in absences]


def _away(absence: TimeOff, kind: Kind) -> Stretch:
    words = _("%(name)s is away") % {"name": absence.instructor.name}
    return Stretch(f"away-{absence.pk}", kind, words, absence.starts_at, absence.ends_at, absence.when)


def _drawn(stretch: Stretch) -> dict[str, Any]:
    entry = {"id": stretch.key, "title": stretch.words, "kind": stretch.kind.value}
    start, end = wall(stretch.starts_at), wall(stretch.ends_at)
    if stretch.kind is not Kind.ABSENT:
        times = {"start": start.isoformat(timespec="minutes"), "end": end.isoformat(timespec="minutes")}
        return entry | times | {"display": "background"}
    after = wall(stretch.ends_at - timedelta.resolution).date() + DAY
    days = {"start": start.date().isoformat(), "end": after.isoformat(), "allDay": True}
    return entry | days | {"when": stretch.when, "hours": stretch.hours}


def _hours_where_the_clocks_change(slot: Slot) -> str:
    """`01:30–03:30` for a class over a clock change, which the grid draws as long as it lasts; else nothing."""
    start, end = wall(slot.starts_at), wall(slot.ends_at)
    return "" if end - start == slot.duration else f"{start:%H:%M}–{end:%H:%M}"
