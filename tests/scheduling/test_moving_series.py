"""A series every few weeks that is moved to other weekdays stays in its weeks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock
from scheduling.models import Series, Slot
from scheduling.operations import Scope, Wanted, change_slots, missing_days, stamp_series, start_series
from scheduling.rules import rule_in_words
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory
from tests.scheduling.conftest import StandAt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def moved(recurrence: str, starts_on: date, by: int) -> Series:
    """The series after all of its upcoming classes were moved by so many days."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    series = start_series(series=SeriesFactory.build(recurrence=recurrence, starts_on=starts_on, **parts))
    slot = Slot.objects.with_details().select_related("series").filter(series=series).earliest("starts_at")
    local = clock.clinic_time(slot.starts_at)
    starts_at = clock.instant_of(local.date() + timedelta(days=by), local.time())
    wanted = Wanted.like(slot, starts_at=starts_at)
    change_slots(slot=slot, wanted=wanted, scope=Scope.UPCOMING, revision=slot.revision, by=None)
    slot.refresh_from_db()
    assert slot.series is not None
    return slot.series


@pytest.mark.parametrize(
    ("recurrence", "starts_on", "by", "days"),
    [
        # One of several days goes past Sunday.
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
            date(2026, 11, 30),
            1,
            ["12-01", "12-07", "12-15", "12-21", "12-29", "01-04", "01-12", "01-18"],
        ),
        # The first day is none of the rule, and what was early in the week is moved to its end.
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            date(2026, 11, 25),
            5,
            ["12-13", "12-27", "01-10", "01-24", "02-07"],
        ),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", date(2026, 11, 30), -1, ["11-29", "12-02", "12-13", "12-16"]),
    ],
)
def test_all_its_days_move_by_as_many_days(
    recurrence: str, starts_on: date, by: int, days: list[str], stand_at: StandAt
) -> None:
    series = moved(recurrence, starts_on, by)
    stand_at(datetime(2026, 11, 27, tzinfo=UTC))

    stamp_series(series=series)

    stamped = [day for day in series.slots.order_by("starts_at").values_list("series_day", flat=True) if day]
    assert [f"{day:%m-%d}" for day in stamped][: len(days)] == days
    assert missing_days(series=series) == []


def test_its_words_begin_the_week_with_the_day_that_is_now_its_first() -> None:
    series = moved("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", date(2026, 11, 30), 1)

    assert rule_in_words(series.recurrence, series.starts_on) == "every 2 weeks on Tuesday and Monday"
    assert [f"{day:%a %d}" for day in series.days(date(2026, 12, 1), date(2026, 12, 16))] == [
        "Tue 01",
        "Mon 07",
        "Tue 15",
    ]
