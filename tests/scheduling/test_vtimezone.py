"""Time zones as calendars read them: by RFC 5545, in dateutil's parser, in every zone."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from scheduling.vtimezone import describe_zone
from tests.scheduling.test_series_properties import days_of_transitions

AUTUMN = datetime(2026, 10, 1, tzinfo=UTC)
SPRING = datetime(2027, 4, 30, tzinfo=UTC)


def written(zone: str, first: datetime = AUTUMN, last: datetime = SPRING) -> str:
    return describe_zone(ZoneInfo(zone), first, last).to_ical().decode()


def test_an_onset_is_told_in_the_local_time_before_the_change() -> None:
    """RFC 5545, 3.6.5: Berlin's clocks go from 02:00 to 03:00 in spring, and from 03:00 to 02:00 in autumn."""
    assert written("Europe/Berlin").splitlines() == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Berlin",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "TZNAME:CET",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20260329T020000",
        "TZNAME:CEST",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20261025T030000",
        "TZNAME:CET",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20270328T020000",
        "TZNAME:CEST",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20271031T030000",
        "TZNAME:CET",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


def test_a_zone_whose_clocks_never_change_has_one_observance() -> None:
    assert written("Asia/Kolkata").count("BEGIN:STANDARD") == 1
    assert "BEGIN:DAYLIGHT" not in written("Asia/Kolkata")
    assert "TZOFFSETTO:+0530" in written("Asia/Kolkata")


def test_control_the_librarys_own_zone_changes_an_hour_late() -> None:
    """Why we write our own; when this fails, the library may be right by now."""
    calendar, event = Calendar(), Event()
    event.add("dtstart", AUTUMN.astimezone(ZoneInfo("Europe/Berlin")))
    calendar.add_component(event)
    calendar.add_missing_timezones()

    assert b"BEGIN:DAYLIGHT\r\nDTSTART:19800406T030000\r\n" in calendar.to_ical()


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_another_parser_reads_the_same_wall_times_in_every_zone(data: st.DataObject) -> None:
    """Around each change within the covered time, from two hours before to two hours after it."""
    name = data.draw(st.sampled_from(sorted(days_of_transitions())))
    day = data.draw(st.sampled_from(days_of_transitions()[name]))
    minutes = data.draw(st.integers(-26 * 60, 26 * 60))
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    first = instant - timedelta(days=data.draw(st.integers(0, 300)))
    last = instant + timedelta(days=data.draw(st.integers(0, 300)))
    zone = ZoneInfo(name)

    read = tzical(io.StringIO(written(name, first, last).replace("\r\n", "\n"))).get()

    wall = instant.astimezone(zone)
    assert wall.replace(tzinfo=read).utcoffset() == wall.utcoffset()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin"])
def test_every_line_ends_as_it_must_and_is_short(zone: str) -> None:
    lines = describe_zone(ZoneInfo(zone), AUTUMN, SPRING).to_ical().split(b"\r\n")

    assert max(map(len, lines)) <= 75
    assert b"".join(lines).count(b"\n") == 0
