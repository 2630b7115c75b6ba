"""The sweep keeps the horizon full, whatever has become of a series since it was started."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from scheduling import tasks
from scheduling.models import Instructor, Room, Series
from scheduling.operations import missing_days, stamp_missing_days, stamp_series
from tests.booking.reading import words
from tests.factories import SeriesFactory
from tests.scheduling.conftest import StandAt
from tests.scheduling.tuesdays import series_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

WEEK = timedelta(weeks=1)
AUTUMN = datetime(2027, 10, 4, 8, tzinfo=UTC)
NIGHT = date(2027, 10, 31)  # the clocks are set back from 03:00 to 02:00


def problems(series: Series) -> dict[date, str]:
    series.refresh_from_db()
    return {each.day: each.problem.code for each in missing_days(series=series) if each.problem}


def has_left(series: Series) -> None:
    Instructor.objects.filter(pk=series.instructor_id).update(is_active=False)


def is_too_small(series: Series) -> None:
    Room.objects.filter(pk=series.room_id).update(size=series.capacity - 1)


class TestASeriesThatHasBecomeImpossible:
    @pytest.mark.parametrize(("what", "code"), [(has_left, "instructor_has_left"), (is_too_small, "room_too_small")])
    def test_has_its_new_days_as_missing_ones_each_with_the_reason(
        self, instructor: Instructor, stand_at: StandAt, what: Callable[[Series], None], code: str
    ) -> None:
        series = series_of(instructor)
        before = series.slots.count()
        what(series)
        stand_at(clock.now() + 2 * WEEK)

        stamped = stamp_series(series=series)

        assert (stamped, series.slots.count()) == (0, before)
        assert problems(series) == {date(2027, 2, 16): code, date(2027, 2, 23): code}
        assert series.stamped_until == clock.clinic_today() + 12 * WEEK

    def test_has_them_planned_on_demand_when_it_is_possible_again(
        self, instructor: Instructor, stand_at: StandAt
    ) -> None:
        series = series_of(instructor)
        is_too_small(series)
        stand_at(clock.now() + 2 * WEEK)
        stamp_series(series=series)
        Room.objects.update(size=series.capacity)

        assert stamp_missing_days(series=series) == 2
        assert missing_days(series=series) == []

    def test_tells_the_reason_on_its_page(
        self, instructor: Instructor, managers_client: Client, stand_at: StandAt
    ) -> None:
        series = series_of(instructor)
        has_left(series)
        stand_at(clock.now() + WEEK)
        stamp_series(series=series)

        page = managers_client.get(f"/teach/series/{series.pk}/")

        assert "Tuesday 16 February" in words(page)
        assert "Asha Lind does not teach at present." in words(page)


class TestANightWithTwoEqualHours:
    """Fault 30, of a series that was never asked which one it means."""

    @pytest.fixture
    def nightly(self, instructor: Instructor, stand_at: StandAt) -> Series:
        stand_at(AUTUMN)
        nightly: Series = SeriesFactory(
            instructor=instructor, recurrence="FREQ=DAILY", wall_time=time(2, 30), starts_on=date(2027, 10, 5)
        )
        return nightly

    def test_is_a_missing_day_and_all_others_are_stamped(self, nightly: Series) -> None:
        stamped = stamp_series(series=nightly)

        assert stamped == 12 * 7 - 1
        assert problems(nightly) == {NIGHT: "ambiguous_wall_time"}

    def test_is_told_on_the_page_of_the_series(self, nightly: Series, managers_client: Client) -> None:
        stamp_series(series=nightly)

        page = managers_client.get(f"/teach/series/{nightly.pk}/")

        assert "Sunday 31 October 02:30 on Sunday 31 October happens twice in Berlin" in words(page)
        assert (
            "When 02:30 happens twice, which one does this series mean? The first, before the clocks are set back "
            "The second, after the clocks are set back" in words(page)
        )

    @pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
    def test_is_planned_once_somebody_has_said_which(
        self, nightly: Series, managers_client: Client, fold: int, hour: int
    ) -> None:
        stamp_series(series=nightly)

        answer = managers_client.post(f"/teach/series/{nightly.pk}/fill/", {"fold": fold}, follow=True)

        nightly.refresh_from_db()
        assert "1 more class is planned." in words(answer)
        assert "happens twice" not in words(answer)
        assert nightly.fold == fold
        assert nightly.slots.get(series_day=NIGHT).starts_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)

    @pytest.mark.parametrize("said", ["", "2", "first"])
    def test_stays_missing_without_an_answer(self, nightly: Series, managers_client: Client, said: str) -> None:
        stamp_series(series=nightly)

        answer = managers_client.post(f"/teach/series/{nightly.pk}/fill/", {"fold": said}, follow=True)

        assert "0 more classes are planned." in words(answer)
        assert problems(nightly) == {NIGHT: "ambiguous_wall_time"}

    def test_is_not_asked_about_again(self, nightly: Series, managers_client: Client) -> None:
        Series.objects.update(fold=0)
        stamp_series(series=nightly)

        managers_client.post(f"/teach/series/{nightly.pk}/fill/", {"fold": 1})

        nightly.refresh_from_db()
        assert nightly.fold == 0
        assert nightly.slots.get(series_day=NIGHT).starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


class TestTheSweep:
    def weekly(self, **fields: Any) -> Series:
        series: Series = SeriesFactory(starts_on=date(2026, 11, 24), **fields)
        return series

    def test_stamps_each_series_that_is_behind(self) -> None:
        series = [self.weekly(), self.weekly(stamped_until=clock.clinic_today() + 3 * WEEK)]

        tasks.fill_horizon()

        assert [each.slots.count() for each in series] == [12, 9]

    def test_goes_on_after_a_series_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        broken, series = self.weekly(time_zone="Europe/Atlantis"), self.weekly()

        tasks.fill_horizon()

        assert series.slots.count() == 12
        assert f"series {broken.pk} could not be stamped" in caplog.text

    def test_lets_those_that_fail_for_weeks_starve_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks, "MOST_AT_ONCE", 2)
        today = clock.clinic_today()
        for weeks in range(2):
            self.weekly(time_zone="Europe/Atlantis", stamped_until=today + weeks * WEEK)
        series = self.weekly(stamped_until=today + 11 * WEEK)

        tasks.fill_horizon()

        assert series.slots.count() == 1


class TestASeriesElsewhere:
    """It is by its own clock that a day of it is over, not by the clinic's."""

    @pytest.fixture(params=["Europe/Berlin", "Pacific/Kiritimati"])
    def evening(self, request: pytest.FixtureRequest, stand_at: StandAt, settings: Any) -> None:
        """Monday 23:30 on Niue; at the clinic it is Tuesday, or even Wednesday."""
        settings.CLINIC_TIME_ZONE = request.param
        stand_at(datetime(2026, 11, 24, 10, 30, tzinfo=UTC))

    @pytest.fixture
    def late(self, instructor: Instructor, evening: None) -> Series:
        """Mondays at 23:45 on Niue."""
        return series_of(instructor, time_zone="Pacific/Niue", wall_time=time(23, 45), starts_on=date(2026, 11, 23))

    def test_starts_with_the_class_of_its_own_today(self, late: Series) -> None:
        assert late.slots.earliest("starts_at").starts_at == datetime(2026, 11, 24, 10, 45, tzinfo=UTC)

    def test_is_stamped_from_its_own_today_on(self, late: Series) -> None:
        late.slots.all().delete()
        Series.objects.update(stamped_until=None)

        stamp_series(series=late)

        assert late.slots.earliest("starts_at").series_day == date(2026, 11, 23)

    def test_misses_the_class_of_its_own_today(self, late: Series, managers_client: Client) -> None:
        late.slots.filter(series_day=date(2026, 11, 23)).delete()

        listed = words(managers_client.get("/teach/series/"))

        assert [each.day for each in missing_days(series=late)] == [date(2026, 11, 23)]
        assert "23 Nov Why?" in listed

    def test_begins_with_the_next_class_when_that_of_today_is_over(self, instructor: Instructor, evening: None) -> None:
        early = series_of(instructor, time_zone="Pacific/Niue", wall_time=time(23), starts_on=date(2026, 11, 23))

        assert early.slots.earliest("starts_at").series_day == date(2026, 11, 30)
        assert missing_days(series=early) == []
