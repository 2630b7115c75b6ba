"""Fault 30: a series at a wall time that some night has twice. It is asked which one is meant before it starts."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from accounts import roles
from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime
from scheduling.models import Series, Slot
from scheduling.operations import MOST_AHEAD, preview_series, start_series
from scheduling.operations.imports import import_timetable, preview_import
from scheduling.operations.series import ask_which
from scheduling.sheet import read_rows
from tests.factories import (
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    RoomFactory,
    SeriesFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

SUNDAY = date(2026, 11, 29)  # the next night with two equal hours is Sunday 31 October 2027, far beyond the horizon


def nightly(**fields: Any) -> Series:
    """An unsaved series on Sundays at 02:30, Berlin time."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    return SeriesFactory.build(**{"starts_on": SUNDAY, "wall_time": time(2, 30), **parts, **fields})


def comes_twice(series: Series, day: date) -> bool:
    try:
        series.instant_on(day)
    except AmbiguousWallTime:
        return True
    except NonexistentWallTime:
        return False
    return False


class TestBeforeASeriesStarts:
    def test_it_is_asked_of_all_nights_within_two_years(self) -> None:
        for act in (preview_series, start_series):
            with pytest.raises(AmbiguousWallTime, match="02:30 on Sunday 31 October 2027 happens twice in Berlin"):
                act(series=nightly())

        assert not Series.objects.exists()

    @pytest.mark.parametrize("fold", [0, 1])
    def test_an_answer_is_taken(self, fold: int) -> None:
        assert start_series(series=nightly(fold=fold)).fold == fold

    @pytest.mark.parametrize(
        "fields",
        [
            {"wall_time": time(18)},
            {"starts_on": date(2026, 11, 30)},
            {"ends_on": date(2027, 10, 30)},
            {"time_zone": "Asia/Tokyo"},
            {"skipped_days": [date(2027, 10, 31), date(2028, 10, 29)]},
        ],
    )
    def test_nobody_is_asked_who_teaches_on_no_such_night(self, fields: dict[str, Any]) -> None:
        assert start_series(series=nightly(**fields)).fold is None

    def test_a_night_in_another_zone_is_that_of_its_clocks(self) -> None:
        """New York sets its clocks back at 02:00, on the first Sunday of November."""
        elsewhere = {"time_zone": "America/New_York", "wall_time": time(1, 30)}

        with pytest.raises(AmbiguousWallTime, match="01:30 on Sunday 7 November 2027 happens twice in New York"):
            start_series(series=nightly(**elsewhere))

    @given(
        zone=st.sampled_from(sorted(available_timezones())),
        wall=st.builds(time, st.sampled_from([0, 1, 2]), st.sampled_from([0, 30])),
    )
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_it_is_asked_in_each_zone_where_the_time_comes_twice(self, zone: str, wall: time) -> None:
        series = Series(recurrence="FREQ=DAILY", starts_on=SUNDAY, time_zone=zone, wall_time=wall)
        reach = (series.today + MOST_AHEAD - SUNDAY).days
        days = (SUNDAY + timedelta(days=ahead) for ahead in range(reach + 1))
        nights = [clock.format_day(day) for day in days if comes_twice(series, day)]

        with pytest.raises(AmbiguousWallTime, match=nights[0]) if nights else nullcontext():
            ask_which(series)
        event(f"{len(nights)} nights")

    def test_an_import_asks_in_the_row_and_takes_the_answer(self) -> None:
        ClassTypeFactory(name="Gentle Back Care")
        InstructorFactory(user__name="Asha Lind")
        RoomFactory(name="Willow", location=LocationFactory(name="Garden House"), size=20)
        manager = UserFactory(role=roles.MANAGER)
        row = "class type;instructor;room;day;time\nGentle Back Care;Asha Lind;Willow;Sunday;02:30"
        unsaid, said = (read_rows(text.encode()) for text in (row, f"{row} second"))

        [asked] = preview_import(rows=unsaid, by=manager)
        import_timetable(rows=said, by=manager)

        assert "02:30 on Sunday 31 October 2027 happens twice in Berlin" in str(asked.problem)
        assert Series.objects.get().fold == 1
        assert Slot.objects.earliest("starts_at").starts_at == datetime(2026, 11, 29, 1, 30, tzinfo=UTC)
