"""The rule behind a series: split in two, or shifted by days. The slots stay the rows that they are."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from scheduling.models import Series, Slot
from scheduling.recurrence import CODES, parts_of

COUNT = re.compile(r"COUNT=([0-9]+)", re.IGNORECASE)


class CannotShift(InvalidInput):
    code = "cannot_shift"
    message = _(
        "A series that does not repeat by the day or the week cannot be moved to another day as a whole. Please move "
        "single classes, or end this series and start a new one."
    )


def split_series(*, series: Series, day: date) -> Series:
    """End `series` before `day`, and return a new one that goes on from there with all its slots from that day on.

    Where nothing of it lies before `day`, the series itself is returned. The caller holds the lock on the series.
    """
    earlier = list(series.days(series.starts_on, day - timedelta(days=1)))
    has_earlier_slots = series.slots.filter(series_day__lt=day).exists()
    if not earlier and not has_earlier_slots:
        return series
    later = Series.objects.get(pk=series.pk)
    later.pk, later._state.adding, later.split_from = None, True, series
    later.starts_on = day
    if later.ends_on and later.ends_on < day:  # it has ended; what goes on is a single exception
        later.ends_on, later.stamped_until = day, max(later.stamped_until or day, day)
    later.recurrence = _count_less(series.recurrence, _days_counted(series, day))
    last_day = day - timedelta(days=1)
    series.ends_on = min(series.ends_on, last_day) if series.ends_on else last_day
    series.save(update_fields=["ends_on"])
    later.save(force_insert=True)
    Slot.objects.filter(series=series, series_day__gte=day).update(series=later)
    return later


def end_series(*, series: Series, slots: Sequence[Slot]) -> None:
    """Let the series stamp nothing from the first of `slots` on; what is there stays."""
    first = min(slot.series_day for slot in slots if slot.series_day is not None)
    last_day = max(first - timedelta(days=1), series.starts_on)
    if last_day >= first:  # nothing of it is left: its one possible day has its slot
        series.stamped_until = max(series.stamped_until or first, first)
    series.ends_on = min(series.ends_on, last_day) if series.ends_on else last_day
    series.save(update_fields=["ends_on", "stamped_until"])


def shift_rule(*, series: Series, days: int) -> None:
    """Move an unsaved change of the rule by `days`, to other weekdays. Raises CannotShift."""
    parts = parts_of(series.recurrence)
    if parts is None or parts["FREQ"] == "MONTHLY":
        raise CannotShift()
    if "BYDAY" in parts:
        parts["BYDAY"] = ",".join(dict.fromkeys(_shifted(code, days) for code in parts["BYDAY"].split(",")))
    if parts["FREQ"] == "WEEKLY" and "INTERVAL" in parts:  # else days would change their weeks
        parts["WKST"] = _shifted(parts.get("WKST", CODES[0]), days)
    series.recurrence = ";".join(f"{name}={value}" for name, value in parts.items())
    shift = timedelta(days=days)
    series.starts_on += shift
    series.ends_on = series.ends_on + shift if series.ends_on else None
    series.skipped_days = [day + shift for day in series.skipped_days]
    series.stamped_until = series.stamped_until + shift if series.stamped_until else None
    # In one statement, the exceptions and the cancelled ones too: the days are unique only when all have moved.
    series.slots.update(series_day=F("series_day") + shift)


def _shifted(code: str, days: int) -> str:
    return CODES[(CODES.index(code) + days) % len(CODES)]


def _days_counted(series: Series, before: date) -> int:
    """How many days of the rule lie before `before`, those left out included: COUNT counts them too."""
    whole = Series(recurrence=series.recurrence, starts_on=series.starts_on)
    return len(list(whole.days(series.starts_on, before - timedelta(days=1))))


def _count_less(recurrence: str, days: int) -> str:
    return COUNT.sub(lambda found: f"COUNT={max(int(found[1]) - days, 1)}", recurrence)
