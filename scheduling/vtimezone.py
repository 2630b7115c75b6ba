"""A time zone as iCalendar describes it (RFC 5545, 3.6.5), as short as the events that need it allow.

icalendar's own `add_missing_timezones` is not used: it writes the onset of an observance in the time after the change,
where the RFC wants the local time before it (TZOFFSETFROM), so clocks would change an hour late; and it lists all the
years from 1970 to 2038.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from core.clock import DAY

SECOND = timedelta(seconds=1)
LOOK_BACK = timedelta(days=400)  # further than from one change of the clocks to the next, where there are any


def describe_zone(zone: ZoneInfo, first: datetime, last: datetime) -> Timezone:
    """The VTIMEZONE of `zone` for all the years from `first` to `last` (instants), one observance for each change."""
    described = Timezone()
    described.add("tzid", zone.key)
    for onset in _onsets(zone, first.astimezone(zone).year, last.astimezone(zone).year):
        described.add_component(_observance(zone, onset))
    return described


def _observance(zone: ZoneInfo, onset: datetime) -> TimezoneStandard | TimezoneDaylight:
    """What the clocks of `zone` show from `onset` on. Its beginning is told in the local time before the change."""
    before, after = (onset - SECOND).astimezone(zone), onset.astimezone(zone)
    offset_before, offset_after = before.utcoffset(), after.utcoffset()
    assert offset_before is not None and offset_after is not None
    observance = TimezoneDaylight() if (after.dst() or timedelta()) > timedelta() else TimezoneStandard()
    observance.add("dtstart", (onset + offset_before).replace(tzinfo=None))
    observance.add("tzoffsetfrom", offset_before)
    observance.add("tzoffsetto", offset_after)
    observance.add("tzname", after.tzname() or zone.key)
    return observance


@lru_cache(maxsize=64)
def _onsets(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[datetime, ...]:
    """The changes in these years, and the last one before them (or a day without one, if it is long ago)."""
    start, end = (datetime(year, 1, 1, tzinfo=zone).astimezone(UTC) for year in (first_year, last_year + 1))
    changes = list(_changes(zone, start - LOOK_BACK, end))
    before = [change for change in changes if change <= start]
    return (before[-1] if before else start - LOOK_BACK, *(change for change in changes if change > start))


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants in (start, end] at which the zone's offset or the name of its time changes."""
    day = start
    while day < end:
        following = day + DAY
        if _shown(zone, day) != _shown(zone, following):
            yield _change_between(zone, day, following)
        day = following


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the new time, found by halving."""
    while after - before > SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _shown(zone, middle) == _shown(zone, before):
            before = middle
        else:
            after = middle
    return after


def _shown(zone: ZoneInfo, instant: datetime) -> tuple[timedelta | None, str | None]:
    local = instant.astimezone(zone)
    return local.utcoffset(), local.tzname()
