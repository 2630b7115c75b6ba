"""The timetable to come as rows of a spreadsheet, such that importing them gives the same timetable again.

A series is one row. Those of its days on which there is no class as the rule says, because it was moved, cancelled,
or could not be planned, stand under `except`; a moved class has a row of its own.
"""

from calendar import day_name
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, time

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from core import clock
from core.money import plain_amount
from scheduling.cells import FOLDS
from scheduling.models import Instructor, Series, Slot
from scheduling.operations.series import is_as_stamped, reach_of_new
from scheduling.recurrence import CODES

Cells = dict[str, str]
WHICH = {which: word for word, which in FOLDS.items()}


def timetable_rows(user: User) -> Iterator[Cells]:
    """The series and single classes to come that `user` may plan, but not what was cancelled."""
    slots = list(Slot.objects.plannable_by(user).upcoming().not_cancelled().with_details())
    of_series: dict[int, list[Slot]] = defaultdict(list)
    for slot in slots:
        if slot.series_id:
            of_series[slot.series_id].append(slot)
    names = _addresses_of_namesakes()
    told: set[int] = set()
    for series in _series_to_come(user, of_series):
        days = set(series.days(clock.clinic_today(), _looked_at_until(series)))
        stamped = [slot for slot in of_series[series.pk] if slot.series_day in days and _says_all(series, slot)]
        told |= {slot.pk for slot in stamped}
        yield _series_row(series, days - {slot.series_day for slot in stamped}, names)
    for slot in slots:
        if slot.pk not in told:
            yield _slot_row(slot, names)


def _series_to_come(user: User, with_slots: Iterable[int]) -> Iterator[Series]:
    """Series of the clinic's present zone that have a slot to come, or may stamp more."""
    today = clock.clinic_today()
    series = Series.objects.plannable_by(user).with_details().filter(time_zone=settings.CLINIC_TIME_ZONE)
    goes_on = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    for each in series.filter(goes_on, Q(pk__in=list(with_slots)) | Q(class_type__is_active=True)):
        if next(each.days(today, _looked_at_until(each)), None):
            yield each


def _looked_at_until(series: Series) -> date:
    """As far as the days of a series are dealt with; for one without a slot yet, as far as an import looks."""
    return series.stamped_until or reach_of_new(series)


def _says_all(series: Series, slot: Slot) -> bool:
    """Whether the import of the series' row would make this slot again."""
    return is_as_stamped(slot, series) and slot.is_published == series.publishes


def _series_row(series: Series, missing: set[date], names: dict[int, str]) -> Cells:
    left_out = missing | {day for day in series.skipped_days if day >= clock.clinic_today()}
    if series.recurrence.upper() in ("FREQ=WEEKLY", f"FREQ=WEEKLY;BYDAY={CODES[series.starts_on.weekday()]}"):
        when = {"day": day_name[series.starts_on.weekday()], "from": series.starts_on.isoformat()}
    else:
        when = {"day": series.starts_on.isoformat(), "repeats": series.recurrence}
    when |= {
        "time": _time(series.wall_time, series.fold),
        "until": series.ends_on.isoformat() if series.ends_on else "",
        "except": " ".join(day.isoformat() for day in sorted(left_out)),
    }
    state = Slot.State.PUBLISHED if series.publishes else Slot.State.DRAFT
    return when | _common(series, names) | {"minutes": str(series.minutes), "state": state}


def _slot_row(slot: Slot, names: dict[int, str]) -> Cells:
    start = clock.clinic_time(slot.starts_at)
    twice = start.replace(fold=0).utcoffset() != start.replace(fold=1).utcoffset()
    when = {"day": start.date().isoformat(), "time": _time(start.time(), start.fold if twice else None)}
    return when | _common(slot, names) | {"minutes": str(slot.minutes), "state": slot.state}


def _common(planned: Series | Slot, names: dict[int, str]) -> Cells:
    return {
        "class type": planned.class_type.name,
        "instructor": names.get(planned.instructor_id, planned.instructor.name),
        "room": str(planned.room or ""),
        "places": str(planned.capacity),
        "price": plain_amount(planned.price, settings.CLINIC_CURRENCY),
        "link": planned.online_link,
    }


def _time(wall: time, fold: int | None) -> str:
    written = f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"
    return written if fold is None else f"{written} {WHICH[fold]}"


def _addresses_of_namesakes() -> dict[int, str]:
    """The e-mail addresses of instructors who share their name with another: it alone would not tell which one."""
    instructors = list(Instructor.objects.select_related("user"))
    count = Counter(instructor.name.casefold() for instructor in instructors)
    return {each.pk: each.user.email for each in instructors if count[each.name.casefold()] > 1}
