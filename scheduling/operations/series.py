"""Series: what a rule would stamp, starting one, and keeping the horizon full."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import DAY, AmbiguousWallTime, NonexistentWallTime
from core.errors import DomainError, InvalidInput
from scheduling.history import KEPT
from scheduling.models import Series, Slot
from scheduling.operations.planning import (
    MOST_AHEAD,
    ClinicIsClosed,
    check_figures,
    lock_for_planning,
    obstacles_to,
)
from scheduling.recurrence import parts_of

MOST_DAYS = 800  # of one series in one preview or stamping: two years of every day

logger = logging.getLogger(__name__)


class RuleNotUnderstood(InvalidInput):
    code = "rule_not_understood"
    message = _(
        "This recurrence is not understood. Please write a plain RRULE of days, weeks or months, such as "
        "FREQ=WEEKLY;BYDAY=TU."
    )


class NoDays(InvalidInput):
    code = "no_days"
    message = _("This series has no days in the future. Please look at its first and last day.")


class DaysBlocked(DomainError):
    code = "days_blocked"
    message = _("Some days cannot be planned: %(days)s. Please choose another time, or leave these days out.")

    def __init__(self, blocked: list["PlannedDay"]) -> None:
        self.blocked = blocked
        named = "; ".join(f"{clock.format_day(each.day)} – {str(each.problem).rstrip('.')}" for each in blocked[:5])
        super().__init__(days=named if len(blocked) <= 5 else f"{named} …")

    @property
    def members(self) -> dict[str, Any]:
        """All the days; each with the key of the slot there, if it is one that would be changed."""
        return {"blocked": [_plain(each) for each in self.blocked]}


@dataclass(frozen=True)
class PlannedDay:
    """One day of a rule: the slot that it would stamp, or why there can be none.

    Of a change that is refused: the day on which a slot would be, the slot as it is, and why it cannot be changed.
    """

    day: date
    slot: Slot | None
    problem: DomainError | None

    @property
    def is_closed(self) -> bool:
        """Whether a closure skips it: no fault, and nothing to decide."""
        return isinstance(self.problem, ClinicIsClosed)


def horizon() -> date:
    """The day up to and with which series are stamped."""
    return clock.clinic_today() + settings.SERIES_HORIZON


def reach_of_new(series: Series) -> date:
    """The day up to which a new series is stamped: the horizon, or as far from its first day when that lies beyond."""
    end = horizon()
    return end if series.starts_on <= end else series.starts_on + settings.SERIES_HORIZON


def check_rule(series: Series) -> None:
    """Raise RuleNotUnderstood for a recurrence that is no plain rule."""
    if parts_of(series.recurrence) is None:
        raise RuleNotUnderstood()


def check_new_series(series: Series) -> None:
    """What a series must pass that is to be started, whoever asks for it: its rule and its wall time.

    Raises RuleNotUnderstood, and AmbiguousWallTime as `ask_which` unless the series says which one is meant.
    """
    check_rule(series)
    if series.fold is None:
        ask_which(series)


def ask_which(series: Series) -> None:
    """Raise AmbiguousWallTime for the first night within reach on which the series has two equal wall times.

    It is asked of all nights at once: later, when the sweep stamps them, nobody is there to be asked.
    """
    for night in _nights_set_back(series.time_zone, series.today):
        try:
            clock.instant_of(night, series.wall_time, series.zone)
        except AmbiguousWallTime:
            if any(series.days(night, night)):
                raise


def preview_series(*, series: Series) -> list[PlannedDay]:
    """What an unsaved series would stamp from today on, day by day, as far from its first day as the horizon is away.

    Raises as `check_new_series` and `check_figures`.
    """
    check_new_series(series)
    return _plan_new(series, max(horizon(), series.starts_on + settings.SERIES_HORIZON))


def start_series(*, series: Series) -> Series:
    """Save a new series and stamp its first slots, all of them or none: what takes the times is there at once.

    Days on which the clinic is closed are skipped. Raises RuleNotUnderstood, AmbiguousWallTime, NoDays, what
    `check_figures` raises, and DaysBlocked when a day is not free; `skipped_days` of the series leave such days out.
    """
    check_new_series(series)
    until = reach_of_new(series)
    with transaction.atomic():
        lock_for_planning([series.instructor_id], [series.room_id])
        planned = _plan_new(series, until)
        if not planned:
            raise NoDays()
        if blocked := [each for each in planned if each.problem and not each.is_closed]:
            raise DaysBlocked(blocked)
        series.stamped_until = until
        series.save(force_insert=True)
        _stamp(each.slot for each in planned if each.slot)
    return series


def stamp_series(*, series: Series, until: date | None = None) -> int:
    """Stamp what is missing up to `until` (the horizon); return how many slots that were.

    May be called anywhere and any number of times. A day on which there can be no class, because it is not free or the
    series as such has become impossible, is left out and logged: the series' page shows it as missing.
    """
    until = until or horizon()
    with transaction.atomic():
        series = locked_series(series.pk)
        first = series.today
        if series.stamped_until is not None:
            first = max(first, series.stamped_until + DAY)
        if first > until:
            return 0
        lock_for_planning([series.instructor_id], [series.room_id])
        planned = _plan(series, first, until)
        for each in planned:
            if each.problem and not each.is_closed:
                logger.warning("series %s has no slot on %s: %s", series.pk, each.day, each.problem.code)
        stamped = _stamp(each.slot for each in planned if each.slot)
        series.stamped_until = until
        series.save(update_fields=["stamped_until"])
    return stamped


def missing_days(*, series: Series) -> list[PlannedDay]:
    """Days to come that were dealt with and have no slot, each with what stands in the way now, if anything does.

    Raises RuleNotUnderstood.
    """
    check_rule(series)
    if series.stamped_until is None:
        return []
    return _plan(series, series.today, series.stamped_until)


def stamp_missing_days(*, series: Series, fold: int | None = None) -> int:
    """Stamp those of the missing days that are free by now; return how many. Raises as `missing_days`.

    `fold` says from now on which of two equal wall times is meant, of a series that has not said so yet.
    """
    with transaction.atomic():
        series = locked_series(series.pk)
        if fold is not None and series.fold is None:
            series.fold = fold
            series.save(update_fields=["fold"])
        lock_for_planning([series.instructor_id], [series.room_id])
        return _stamp(each.slot for each in missing_days(series=series) if each.slot)


def locked_series(pk: int) -> Series:
    """The series with its details, as it is under its lock; locked first and read afterwards, as `locked_slot`."""
    Series.objects.select_for_update(no_key=True).get(pk=pk)
    return Series.objects.with_details().get(pk=pk)


def _plain(blocked: PlannedDay) -> dict[str, Any]:
    assert blocked.problem is not None
    slot = blocked.slot.pk if blocked.slot else None
    return {"day": blocked.day.isoformat(), "slot": slot, "code": blocked.problem.code, "detail": str(blocked.problem)}


@lru_cache(maxsize=100)
def _nights_set_back(zone: str, first: date) -> tuple[date, ...]:
    """The days within reach on which the clock of the zone may show a time twice: longer ones, and those before."""
    days = (first + timedelta(days=ahead) for ahead in range(MOST_AHEAD.days + 1))
    bounds = ((day, *clock.day_bounds(day, ZoneInfo(zone))) for day in days)
    long_days = [day for day, start, end in bounds if end - start > DAY]
    return tuple(night for day in long_days for night in (day - DAY, day))


def _plan(series: Series, first: date, last: date) -> list[PlannedDay]:
    """The days of the rule in [first, last] that have no slot yet, and what stands in the way of each."""
    slots, impossible = _slots_to_come(series, first, last)
    for day, slot in slots.items():
        try:
            check_figures(slot)
        except DomainError as error:
            impossible[day] = error
    return _judged({day: slot for day, slot in slots.items() if day not in impossible}, impossible)


def _plan_new(series: Series, last: date) -> list[PlannedDay]:
    """As `_plan`, of a series that is not saved yet: raises what `check_figures` raises, for whoever can mend it."""
    slots, impossible = _slots_to_come(series, series.today, last)
    for slot in slots.values():
        check_figures(slot)
    return _judged(slots, impossible)


def _slots_to_come(series: Series, first: date, last: date) -> tuple[dict[date, Slot], dict[date, DomainError]]:
    """The slots that are not there yet and have not begun, by their days, and the days that have no such time."""
    days = list(series.days(first, last))[:MOST_DAYS]
    there: set[date | None] = set()
    if series.pk:
        there = set(series.slots.filter(series_day__in=days).values_list("series_day", flat=True))
    slots: dict[date, Slot] = {}
    impossible: dict[date, DomainError] = {}
    for day in days:
        if day in there:
            continue
        try:
            slot = slot_of(series, day)
        except (NonexistentWallTime, AmbiguousWallTime) as error:
            impossible[day] = error
            continue
        if not slot.has_started:
            slots[day] = slot
    return slots, impossible


def _judged(slots: dict[date, Slot], impossible: dict[date, DomainError]) -> list[PlannedDay]:
    """All these days, the slots among them each with what stands in its way."""
    reasons = obstacles_to(list(slots.values()))
    problems = impossible | {day: reasons[place] for place, day in enumerate(slots) if place in reasons}
    days = sorted(slots.keys() | impossible.keys())
    return [PlannedDay(day, None if day in problems else slots[day], problems.get(day)) for day in days]


def slot_of(series: Series, day: date) -> Slot:
    """The unsaved slot that the series stamps for `day`. Raises NonexistentWallTime or AmbiguousWallTime."""
    starts_at = series.instant_on(day)
    return Slot(
        series=series,
        series_day=day,
        class_type=series.class_type,
        instructor=series.instructor,
        room=series.room,
        online_link=series.online_link,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=series.minutes),
        capacity=series.capacity,
        price=series.price,
        state=Slot.State.PUBLISHED if series.publishes else Slot.State.DRAFT,
        published_at=clock.now() if series.publishes else None,
    )


def is_as_stamped(slot: Slot, series: Series) -> bool:
    """Whether the slot is planned as the series would stamp it, be it published or not."""
    assert slot.series_day is not None
    try:
        stamped = slot_of(series, slot.series_day)
    except (NonexistentWallTime, AmbiguousWallTime):
        return False
    return all(getattr(slot, name) == getattr(stamped, name) for name in KEPT)


def _stamp(slots: Iterable[Slot]) -> int:
    return len(Slot.objects.bulk_create(slots))
