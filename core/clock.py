"""Time: what it is now, and how instants (UTC) and clinic wall time meet.

Business rules ask `now()` here and nowhere else, so that tests can stand at any moment.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

DAY, WEEK = timedelta(days=1), timedelta(days=7)

# Where the time is read. Whoever wants to stand in time replaces this and never `now`: the defaults of the models have
# taken hold of that function.
reading: Callable[[], datetime] = timezone.now


class NonexistentWallTime(InvalidInput):
    code = "nonexistent_wall_time"
    message = _(
        "There is no %(wall)s in %(city)s: the clocks jump over it that night. Please choose an earlier or later time."
    )


class AmbiguousWallTime(InvalidInput):
    code = "ambiguous_wall_time"
    message = _(
        "%(wall)s happens twice in %(city)s, because the clocks are set back that night. Please say which one you mean."
    )


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return reading()


def clinic_zone() -> ZoneInfo:
    """The zone in which the clinic's wall clocks run."""
    return _zone(settings.CLINIC_TIME_ZONE)


def clinic_time(instant: datetime) -> datetime:
    """The same instant on the clinic's wall clock."""
    return instant.astimezone(clinic_zone())


def clinic_today() -> date:
    """Today's date at the clinic."""
    return clinic_time(now()).date()


def day_bounds(day: date, zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """The first instant of a local day and the first instant after it; 23, 24 or 25 hours apart."""
    zone = zone or clinic_zone()
    first = datetime.combine(day, time.min, tzinfo=zone)
    after = datetime.combine(day + DAY, time.min, tzinfo=zone)
    return first.astimezone(UTC), after.astimezone(UTC)


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def instant_of(day: date, wall: time, zone: ZoneInfo | None = None, *, fold: int | None = None) -> datetime:
    """The instant (UTC) at which the wall clock of `zone` shows `wall` on `day`.

    `fold` chooses between the first (0) and the second (1) of two equal wall times, as in PEP 495.

    Raises NonexistentWallTime in the hour that a clock change skips, and AmbiguousWallTime in the hour that it repeats
    unless `fold` says which one is meant.
    """
    zone = zone or clinic_zone()
    first = datetime.combine(day, wall.replace(fold=0), tzinfo=zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    names = {
        "wall": translate("%(time)s on %(day)s") % {"time": f"{wall:%H:%M}", "day": format_day(day)},
        "city": _city(zone.key),
    }
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == first.replace(tzinfo=None, fold=0)
    if not exists:
        raise NonexistentWallTime(**names)
    if fold is None:
        raise AmbiguousWallTime(**names)
    return (second if fold else first).astimezone(UTC)


def format_day(day: date | datetime) -> str:
    """`Tuesday 24 November`; with the year when it is not this one."""
    pattern = "l j F" if day.year == clinic_today().year else "l j F Y"
    return date_format(day, pattern)


def format_when(starts_at: datetime, ends_at: datetime | None = None, *, with_zone: bool = True) -> str:
    """`Tuesday 24 November, 18:00–19:00 (Berlin time)`, always on the clinic's clock.

    Without the zone only where it is named beside it.
    """
    start = clinic_time(starts_at)
    hours = time_format(start, "H:i")
    if ends_at is not None:
        hours += f"–{time_format(clinic_time(ends_at), 'H:i')}"
    zone = f" ({zone_label()})" if with_zone else ""
    return f"{format_day(start)}, {hours}{zone}"


def format_span(starts_at: datetime, ends_at: datetime) -> str:
    """`Thursday 24 December – Saturday 26 December` for whole days at the clinic, else with the hours and the zone."""
    if whole := whole_days(starts_at, ends_at):
        return " – ".join(map(format_day, dict.fromkeys(whole)))
    if clinic_time(starts_at).date() == clinic_time(ends_at).date():
        return format_when(starts_at, ends_at)
    return f"{format_when(starts_at, with_zone=False)} – {format_when(ends_at)}"


def whole_days(starts_at: datetime, ends_at: datetime) -> tuple[date, date] | None:
    """The first and the last day of a span of whole days at the clinic; None for any other span."""
    first, last = clinic_time(starts_at).date(), clinic_time(ends_at - timedelta.resolution).date()
    return (first, last) if (starts_at, ends_at) == (day_bounds(first)[0], day_bounds(last)[1]) else None


def zone_label(zone: str = "") -> str:
    """How a zone, by default the clinic's, is named to people: `Berlin time`."""
    return translate("%(city)s time") % {"city": _city(zone or settings.CLINIC_TIME_ZONE)}


def _city(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
