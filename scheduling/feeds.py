"""Calendar feeds (RFC 5545): an instructor's classes, a location's, and the published timetable.

A calendar asks for its feed again and again and replaces what it knew, so a feed holds all of four past weeks and of
everything planned, in order of time, up to MOST_EVENTS classes: 200 weekly classes for a year fit. Of more it holds the
first, and the log says so. A class keeps its UID for ever; SEQUENCE counts its changes. What was cancelled stays in, as
such, for a calendar that only dropped it might leave people in front of a closed door. No feed names a patient.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from scheduling import ics
from scheduling.freshness import marks_of_slots
from scheduling.models import FeedToken, Instructor, Location, Slot, SlotChange, SlotQuerySet
from scheduling.operations import MOST_AHEAD
from scheduling.timetable import Filters, passing
from scheduling.vtimezone import describe_zone

PAST = timedelta(weeks=4)
MOST_EVENTS = 12_000  # some 5.5 MB, and a second of a processor until something changes: then a mere "not modified"
ASK_AGAIN = "PT1H"
LAST_CHANGE = Subquery(
    SlotChange.objects.filter(slot=OuterRef("pk")).order_by("-revision").values("made_at")[:1]  # by its unique index
)
PUBLIC, LOCATION, OWN = "public", "location", "own"
STATUS = {
    Slot.State.DRAFT: "TENTATIVE",
    Slot.State.PUBLISHED: "CONFIRMED",
    Slot.State.CANCELLED: "CANCELLED",
}
NAMED = ("class_type", "instructor", "room__location")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feed:
    """Which classes a feed shows, and to whom: `kind` decides what is said of each of them."""

    kind: str
    name: str
    key: str
    slots: SlotQuerySet

    @property
    def start(self) -> datetime:
        """The beginning of the first day: the same for a whole day, so that an answer stays the same as well."""
        return clock.day_bounds(clock.clinic_today() - PAST)[0]

    @property
    def end(self) -> datetime:
        return clock.day_bounds(clock.clinic_today() + MOST_AHEAD)[1]

    def etag(self) -> str:
        """Names the present content: it changes with every change of a slot or of what slots refer to. One query."""
        told = (self.kind, self.key, self.name, get_language(), self.start, *marks_of_slots(self.start, self.end))
        return f'"{sha256(repr(told).encode()).hexdigest()[:32]}"'

    def events(self) -> list[Slot]:
        """The slots in order, each with its `last_change`; of more than MOST_EVENTS, the first. Five queries.

        What they refer to is read once instead of with each of them, which halves the time.
        """
        slots = self.slots.between(self.start, self.end).prefetch_related(*NAMED).annotate(last_change=LAST_CHANGE)
        found: list[Slot] = list(slots.order_by("starts_at", "id")[: MOST_EVENTS + 1])
        if len(found) > MOST_EVENTS:
            logger.warning("feed %s, %s, is cut: it ends before %s", self.kind, self.key, found[-1].starts_at)
        return found[:MOST_EVENTS]


def private_feed(token: FeedToken) -> Feed:
    """The feed that a token opens."""
    if token.instructor is not None:
        return _feed_of_instructor(token.instructor)
    assert token.location is not None
    return _feed_of_location(token.location)


def public_feed(filters: Filters) -> Feed:
    """The published timetable as far as it passes the filters, with what was cancelled of it."""
    names = {"name": settings.CLINIC_NAME}
    return Feed(PUBLIC, _("%(name)s: classes") % names, filters.address(), passing(filters, Slot.objects.announced()))


def write_feed(feed: Feed) -> bytes:
    """The feed as an iCalendar file with the VTIMEZONE of the clinic for just its years."""
    slots, zone = feed.events(), clock.clinic_zone()
    head = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", ics.text(f"-//{settings.CLINIC_NAME}//Timetable//EN")),
        ("NAME", ics.text(feed.name)),  # RFC 7986, as REFRESH-INTERVAL, and the older names of both
        ("X-WR-CALNAME", ics.text(feed.name)),
        ("REFRESH-INTERVAL;VALUE=DURATION", ASK_AGAIN),
        ("X-PUBLISHED-TTL", ASK_AGAIN),
    ]
    events = chain.from_iterable(_event(slot, feed.kind, zone) for slot in slots)
    body = ics.write(chain(events, [("END", "VCALENDAR")]))
    return b"".join([ics.write(head), describe_zone(zone, *_reach(slots)).to_ical(), body])


def _feed_of_instructor(instructor: Instructor) -> Feed:
    slots = Slot.objects.filter(instructor=instructor)
    name = _("%(instructor)s: my classes") % {"instructor": instructor.name}
    return Feed(OWN, name, f"instructor {instructor.pk}", slots)


def _feed_of_location(location: Location) -> Feed:
    slots = Slot.objects.announced().filter(room__location=location)
    return Feed(LOCATION, str(location), f"location {location.pk}", slots)


def _reach(slots: Iterable[Slot]) -> tuple[datetime, datetime]:
    """From when to when the feed's zone must be right; without slots, now."""
    times = [(slot.starts_at, slot.ends_at) for slot in slots] or [(clock.now(), clock.now())]
    return times[0][0], max(end for _start, end in times)


def _event(slot: Slot, kind: str, zone: ZoneInfo) -> list[ics.Line]:
    changed = ics.instant(_changed_at(slot))
    page = settings.SITE_URL + _page_of(slot, kind)
    return [
        ("BEGIN", "VEVENT"),
        ("UID", f"slot-{slot.pk}@{urlsplit(settings.SITE_URL).hostname}"),
        ("DTSTAMP", changed),  # without a METHOD this is the time of the last change (RFC 5545, 3.8.7.2)
        ("LAST-MODIFIED", changed),
        ("CREATED", ics.instant(slot.created_at)),
        ("SEQUENCE", str(slot.revision)),
        ("STATUS", STATUS[Slot.State(slot.state)]),
        ("TRANSP", "OPAQUE" if kind == OWN and not slot.is_cancelled else "TRANSPARENT"),
        ics.wall_time("DTSTART", slot.starts_at, zone),
        ics.wall_time("DTEND", slot.ends_at, zone),
        ("SUMMARY", ics.text(_title(slot))),
        ("LOCATION", ics.text(f"{slot.room}, {slot.room.location.address}" if slot.room else _("On-line"))),
        ("URL", page),
        ("DESCRIPTION", ics.text("\n".join(_description(slot, kind, page)))),
        ("END", "VEVENT"),
    ]


def _title(slot: Slot) -> str:
    """The class type's name; many calendars do not show a STATUS, so the state is said as well."""
    if slot.is_cancelled:
        return _("Cancelled: %(name)s") % {"name": slot.class_type.name}
    if slot.state == Slot.State.DRAFT:
        return _("Draft: %(name)s") % {"name": slot.class_type.name}
    return slot.class_type.name


def _description(slot: Slot, kind: str, page: str) -> list[str]:
    told = [page] if kind == OWN else [_("With %(instructor)s") % {"instructor": slot.instructor.name}, page]
    if kind == OWN and slot.online_link and not slot.is_cancelled:
        told.insert(0, slot.online_link)
    return told


def _page_of(slot: Slot, kind: str) -> str:
    return reverse("booking:planned_class" if kind == OWN else "booking:slot", args=[slot.pk])


def _changed_at(slot: Slot) -> datetime:
    """When the slot last changed."""
    change: datetime | None = getattr(slot, "last_change", None)
    times = (slot.created_at, slot.published_at, slot.moved_at, slot.cancelled_at, change)
    return max(time for time in times if time is not None)
