"""Faults 28 to 31: instants and the clinic's wall clock, through clock changes and in any process zone."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime, instant_of
from tests.factories import BookingFactory

BERLIN = ZoneInfo("Europe/Berlin")
ROOT = Path(__file__).resolve().parents[2]
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))
wall_times = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Sao_Paulo", "Africa/Casablanca"]
).map(ZoneInfo)


def test_28_six_in_the_evening_stays_six_in_the_evening_when_the_clocks_go_back() -> None:
    before, after = (instant_of(day, time(18)) for day in (date(2026, 10, 24), date(2026, 10, 25)))

    assert (before, after) == (datetime(2026, 10, 24, 16, tzinfo=UTC), datetime(2026, 10, 25, 17, tzinfo=UTC))
    assert [clock.clinic_time(instant).hour for instant in (before, after)] == [18, 18]
    assert clock.clinic_time(before + timedelta(days=1)).hour == 17  # control: counting in hours would move the class


def test_29_a_wall_time_that_the_clocks_jump_over_is_refused_with_the_reason() -> None:
    with pytest.raises(NonexistentWallTime) as refusal:
        instant_of(date(2028, 3, 26), time(2, 30))

    assert str(refusal.value) == (
        "There is no 02:30 on Sunday 26 March 2028 in Berlin: the clocks jump over it that night. "
        "Please choose an earlier or later time."
    )


@pytest.mark.parametrize(("wall", "hour"), [(time(1, 59), 0), (time(3), 1)])
def test_29_the_minutes_around_the_jump_exist(wall: time, hour: int) -> None:
    assert instant_of(date(2027, 3, 28), wall) == datetime(2027, 3, 28, hour, wall.minute, tzinfo=UTC)


@pytest.mark.parametrize("fold", [0, 1])
def test_29_naming_one_of_two_does_not_bring_a_missing_wall_time_into_being(fold: int) -> None:
    with pytest.raises(NonexistentWallTime):
        instant_of(date(2027, 3, 28), time(2, 30), fold=fold)


def test_30_a_wall_time_that_happens_twice_asks_which() -> None:
    with pytest.raises(AmbiguousWallTime) as question:
        instant_of(date(2026, 10, 25), time(2, 30))

    assert "happens twice" in str(question.value)
    assert instant_of(date(2026, 10, 25), time(2, 30), fold=0) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant_of(date(2026, 10, 25), time(2, 30), fold=1) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("wall", [time(1, 59), time(3)])
def test_30_the_minutes_around_the_repeated_hour_happen_once(wall: time) -> None:
    assert instant_of(date(2026, 10, 25), wall) == instant_of(date(2026, 10, 25), wall, fold=1)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_31_the_zone_of_the_process_changes_nothing(zone: str) -> None:
    program = (
        "import django; django.setup()\n"
        "from datetime import date, time, UTC, datetime\n"
        "from core import clock\n"
        "start = clock.instant_of(date(2026, 11, 24), time(18))\n"
        "print(start.isoformat(), clock.day_bounds(date(2026, 11, 24))[0].isoformat())\n"
        "print(clock.format_when(start))"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"TZ": zone, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.splitlines()[0] == "2026-11-24T17:00:00+00:00 2026-11-23T23:00:00+00:00"
    assert ", 18:00 (Berlin time)" in answer.stdout


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 24), 24)]
)
def test_a_clinic_day_is_as_long_as_its_clock_says(day: date, hours: int) -> None:
    first, after = clock.day_bounds(day)

    assert after - first == timedelta(hours=hours)
    assert clock.clinic_time(first).time() == clock.clinic_time(after).time() == time()


def test_today_is_the_clinics_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 11, 24, 23, 30, tzinfo=UTC))

    assert clock.clinic_today() == date(2026, 11, 25)


@pytest.mark.django_db
def test_who_stands_in_time_makes_rows_of_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2031, 5, 6, 7, tzinfo=UTC)
    monkeypatch.setattr(clock, "reading", lambda: moment)

    booking = BookingFactory()

    assert {booking.made_at, booking.slot.created_at, booking.order.created_at} == {clock.now()} == {moment}


def test_a_moment_is_written_on_the_clinics_clock_and_names_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 11, 1, tzinfo=UTC))
    start = datetime(2026, 11, 24, 17, tzinfo=UTC)

    assert clock.format_when(start) == "Tuesday 24 November, 18:00 (Berlin time)"
    assert clock.format_when(start, start + timedelta(hours=1)) == "Tuesday 24 November, 18:00–19:00 (Berlin time)"


def test_a_moment_beside_which_the_zone_is_named_does_not_repeat_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 11, 1, tzinfo=UTC))
    start = datetime(2026, 11, 24, 17, tzinfo=UTC)

    assert clock.format_when(start, with_zone=False) == "Tuesday 24 November, 18:00"


def test_another_year_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 12, 30, tzinfo=UTC))

    assert clock.format_day(date(2026, 12, 31)) == "Thursday 31 December"
    assert clock.format_day(date(2027, 1, 1)) == "Friday 1 January 2027"


def test_a_zone_of_two_words_is_named_readably(settings: Settings) -> None:
    settings.CLINIC_TIME_ZONE = "America/New_York"

    assert clock.zone_label() == "New York time"


@given(day=days, wall=wall_times, zone=zones, fold=st.sampled_from([0, 1]))
@example(day=date(2026, 10, 25), wall=time(2, 30), zone=BERLIN, fold=1)
def test_an_instant_shows_the_wall_time_it_was_made_from(day: date, wall: time, zone: ZoneInfo, fold: int) -> None:
    try:
        instant = instant_of(day, wall, zone, fold=fold)
    except NonexistentWallTime:
        assume(False)

    local = instant.astimezone(zone)
    assert (local.date(), local.time()) == (day, wall)


@given(day=days, wall=wall_times, zone=zones)
def test_a_wall_time_is_refused_only_when_the_clocks_are_changed_around_it(
    day: date, wall: time, zone: ZoneInfo
) -> None:
    around = [datetime.combine(day, wall, tzinfo=zone) + timedelta(hours=hours) for hours in (-3, 3)]

    try:
        instant_of(day, wall, zone)
    except (NonexistentWallTime, AmbiguousWallTime):
        assert len({moment.utcoffset() for moment in around}) == 2


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-12-23T23:00", "2026-12-24T23:00", "Thursday 24 December"),
        ("2026-12-23T23:00", "2026-12-26T23:00", "Thursday 24 December – Saturday 26 December"),
        ("2026-12-24T11:00", "2026-12-24T15:30", "Thursday 24 December, 12:00–16:30 (Berlin time)"),
        (
            "2026-12-24T11:00",
            "2026-12-26T07:00",
            "Thursday 24 December, 12:00 – Saturday 26 December, 08:00 (Berlin time)",
        ),
    ],
)
def test_a_span_of_whole_days_needs_no_hours(
    monkeypatch: pytest.MonkeyPatch, first: str, last: str, words: str
) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 11, 23, tzinfo=UTC))
    starts_at, ends_at = (datetime.fromisoformat(f"{moment}+00:00") for moment in (first, last))

    assert clock.format_span(starts_at, ends_at) == words


def test_a_whole_day_may_end_at_one_where_the_clocks_jump_over_midnight(settings: Settings) -> None:
    settings.CLINIC_TIME_ZONE = "America/Santiago"
    saturday, sunday = date(2027, 9, 4), date(2027, 9, 5)  # which begins at 01:00
    first, after = clock.day_bounds(saturday)

    assert clock.clinic_time(after).time() == time(1)
    assert clock.whole_days(first, after) == (saturday, saturday)
    assert clock.whole_days(first, clock.day_bounds(sunday)[1]) == (saturday, sunday)
    assert clock.whole_days(first, after + timedelta(hours=1)) is None
    assert clock.format_span(first, after) == "Saturday 4 September 2027"
