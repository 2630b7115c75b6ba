"""Midnight may pass while a series is started: the day that comes within the horizon then is not lost."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from django.db import transaction

from accounts import roles
from accounts.models import User
from core import clock
from scheduling.models import Series
from scheduling.operations import missing_days, stamp_series, start_series
from scheduling.operations.imports import import_timetable
from scheduling.sheet import read_rows
from tests.factories import (
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    RoomFactory,
    SeriesFactory,
    UserFactory,
)
from tests.scheduling.conftest import StandAt

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)  # in Berlin, where Tuesday 24 November begins
BEFORE = MIDNIGHT - timedelta(seconds=1)


def by_hand() -> Callable[[], object]:
    """Start a series on Tuesdays."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    rule = {"recurrence": "FREQ=WEEKLY;BYDAY=TU", "starts_on": date(2026, 11, 24)}
    return lambda: start_series(series=SeriesFactory.build(**rule, **parts))


def by_import() -> Callable[[], object]:
    """Import one on Tuesdays, which has begun before."""
    ClassTypeFactory(name="Gentle Back Care")
    InstructorFactory(user__name="Asha Lind")
    RoomFactory(name="Willow", location=LocationFactory(name="Garden House"), size=20)
    manager: User = UserFactory(role=roles.MANAGER)
    row = "class type;instructor;room;day;time;from\nGentle Back Care;Asha Lind;Willow;Tuesday;18:00;2026-11-03"
    return lambda: import_timetable(rows=read_rows(row.encode()), by=manager)


def passing_midnight(start: Callable[[], object], *, looks: int) -> bool:
    """Start when the clock is looked at so many times before midnight; whether it was looked at afterwards, too."""
    looked = 0

    def now() -> datetime:
        nonlocal looked
        looked += 1
        return BEFORE if looked <= looks else MIDNIGHT

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "reading", now)
        start()
    return looked > looks


@pytest.mark.parametrize("prepare", [by_hand, by_import])
def test_no_day_is_lost_whenever_midnight_passes(
    stand_at: StandAt, prepare: Callable[[], Callable[[], object]]
) -> None:
    stand_at(BEFORE)
    start = prepare()
    tuesdays = [date(2026, 11, 24) + timedelta(weeks=week) for week in range(13)]  # the last one is the new horizon

    for looks in count():
        with transaction.atomic():
            stand_at(BEFORE)
            if not passing_midnight(start, looks=looks):
                break
            stand_at(MIDNIGHT + timedelta(hours=1))
            series = Series.objects.get()
            stamp_series(series=series)
            series.refresh_from_db()

            assert list(series.slots.order_by("series_day").values_list("series_day", flat=True)) == tuesdays, looks
            assert missing_days(series=series) == []
            transaction.set_rollback(True)

    assert looks > 10
